//! The check of whole documents: every finding at once, each with its field path.
//!
//! Every rule takes time linear in what it looks at, but for a sort or an ordered map: a hostile
//! document cannot make a check slow.

#[cfg(feature = "cloud")]
mod cloud;
mod finding;
mod mount;
mod network;
mod patch;
mod path;
mod place;
mod process;
mod reference;
mod text;

pub use self::finding::{Edit, Finding, FindingCode, Findings, Limit, Related, Severity};
pub use self::path::{FieldPath, PathStep};
pub(crate) use self::place::Place;
#[cfg(feature = "std")]
pub(crate) use self::place::{Shown, kept};

/// Returns whether a text follows the grammar of image references.
#[cfg(feature = "std")]
pub(crate) fn is_image_reference(text: &str) -> bool {
    reference::check(text).is_ok()
}

use self::text::{filled, label_map, label_pairs, not_zero, sandbox_name, stored_name};
use crate::exec::ExecLimits;
use crate::spec::{
    NamedVolumeCreate, NamedVolumeMode, SandboxSpec, SnapshotDestination, SnapshotSpec, VolumeSpec,
};

impl SandboxSpec {
    /// Checks the whole spec, for a guest with the usual [`ExecLimits`].
    ///
    /// Nothing on the host is looked at: an image, a volume or a path may still be missing there.
    ///
    /// ```
    /// use microsandbox_types::{FindingCode, SandboxSpec};
    ///
    /// let json = r#"{"name": "web-1", "image": {"Oci": {"reference": "alpine:3.20"}},
    ///     "mounts": [{"type": "Tmpfs", "guest": "tmp"}], "resources": {"cpus": 0}}"#;
    /// let spec: SandboxSpec = serde_json::from_str(json)?;
    /// let findings = spec.validate().unwrap_err();
    /// let found: Vec<_> = findings.iter().map(|one| (one.path.as_str(), one.code)).collect();
    /// assert_eq!(found, [
    ///     ("resources.cpus", FindingCode::Zero),
    ///     ("mounts[0].guest", FindingCode::PathNotAbsolute),
    /// ]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// All findings, warnings included, if at least one of them is an error. Where there are
    /// warnings only, [`check`](Self::check) has them.
    pub fn validate(&self) -> Result<(), Findings> {
        self.check().into_result()
    }

    /// [`validate`](Self::validate) for a guest with these limits.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, limits: &ExecLimits) -> Result<(), Findings> {
        self.check_with(limits).into_result()
    }

    /// Returns all errors and warnings about the spec, for a guest with the usual [`ExecLimits`].
    #[must_use]
    pub fn check(&self) -> Findings {
        self.check_with(&ExecLimits::default())
    }

    /// [`check`](Self::check) for a guest with these limits.
    #[must_use]
    pub fn check_with(&self, limits: &ExecLimits) -> Findings {
        let mut findings = Findings::default();
        let (found, root) = (&mut findings, Place::ROOT);
        sandbox_name(found, &root.field("name"), &self.name);
        mount::rootfs(found, &root.field("image"), &self.image);
        let at = root.field("resources");
        not_zero(found, &at.field("cpus"), self.resources.cpus);
        not_zero(found, &at.field("memory_mib"), self.resources.memory_mib);
        process::runtime(found, &root.field("runtime"), &self.runtime);
        process::execution(found, &root, self, limits);
        label_map(found, &root.field("labels"), &self.labels);
        process::rlimits(found, &root.field("rlimits"), &self.rlimits);
        mount::mounts(found, &root.field("mounts"), &self.mounts);
        patch::patches(found, &root.field("patches"), self);
        network::network(found, &root.field("network"), &self.network);
        process::lifecycle(found, &root.field("lifecycle"), &self.lifecycle);
        findings
    }
}

impl VolumeSpec {
    /// Checks the whole volume.
    ///
    /// # Errors
    /// All findings, warnings included, if at least one of them is an error.
    pub fn validate(&self) -> Result<(), Findings> {
        self.check().into_result()
    }

    /// Returns all errors and warnings about the volume.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut found = Findings::default();
        mount::volume(&mut found, &Place::ROOT, &self.into(), true);
        found
    }
}

impl NamedVolumeCreate {
    /// Checks the whole request.
    ///
    /// # Errors
    /// All findings, warnings included, if at least one of them is an error.
    pub fn validate(&self) -> Result<(), Findings> {
        self.check().into_result()
    }

    /// Returns all errors and warnings about the request.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut found = Findings::default();
        let created = self.mode() != NamedVolumeMode::Existing;
        mount::volume(&mut found, &Place::ROOT, &self.into(), created);
        found
    }
}

impl SnapshotSpec {
    /// Checks the whole snapshot.
    ///
    /// # Errors
    /// All findings, warnings included, if at least one of them is an error.
    pub fn validate(&self) -> Result<(), Findings> {
        self.check().into_result()
    }

    /// Returns all errors and warnings about the snapshot.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut found = Findings::default();
        let root = Place::ROOT;
        sandbox_name(
            &mut found,
            &root.field("source_sandbox"),
            &self.source_sandbox,
        );
        let at = root.field("destination");
        match &self.destination {
            SnapshotDestination::Name(name) => {
                stored_name(&mut found, &at.field("Name"), "snapshot name", name);
            }
            SnapshotDestination::Path(path) => filled(&mut found, &at.field("Path"), path.as_str()),
        }
        label_pairs(&mut found, &root.field("labels"), &self.labels);
        found
    }
}
