//! The check of whole documents: every finding at once, each with its field path.
//!
//! Every rule takes time linear in what it looks at, but for a sort or an ordered map: a hostile
//! document cannot make a check slow.

#[cfg(feature = "cloud")]
mod cloud;
mod code;
mod finding;
mod mount;
mod network;
mod patch;
mod path;
mod place;
mod process;
mod reference;
mod text;

pub use self::code::{FindingCode, Severity};
pub use self::finding::{Finding, Findings, Limit, Related};
pub use self::path::{FieldPath, PathStep};
pub(crate) use self::place::Place;
#[cfg(feature = "std")]
pub(crate) use self::place::{Shown, kept};

use self::text::{filled, label_map, label_pairs, not_zero, sandbox_name, stored_name};
#[cfg(feature = "cloud")]
use crate::cloud::CloudCreateSandboxRequest;
use crate::exec::ExecLimits;
#[cfg(feature = "std")]
use crate::handoff::HandoffInit;
use crate::spec::{
    NamedVolumeCreate, NamedVolumeMode, SandboxSpec, SnapshotDestination, SnapshotSpec, VolumeSpec,
};

/// Gives a type of document its `validate` and `check`, and those for a guest with other limits
/// where the rules ask for them.
macro_rules! checks {
    ($(#[$docs:meta])* $document:ident, with limits, $rules:expr) => {
        impl $document {
            /// Checks the whole document, for a guest with the usual [`ExecLimits`].
            $(#[$docs])*
            ///
            /// # Errors
            /// All findings, warnings included, if at least one of them is an error. Where there
            /// are warnings only, [`check`](Self::check) has them.
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

            /// Returns all errors and warnings about the document, for a guest with the usual
            /// [`ExecLimits`].
            #[must_use]
            pub fn check(&self) -> Findings {
                self.check_with(&ExecLimits::default())
            }

            /// [`check`](Self::check) for a guest with these limits.
            #[must_use]
            pub fn check_with(&self, limits: &ExecLimits) -> Findings {
                let mut found = Findings::default();
                $rules(&mut found, &Place::ROOT, self, limits);
                found
            }
        }
    };
    ($document:ident, $rules:expr) => {
        impl $document {
            /// Checks the whole document.
            ///
            /// # Errors
            /// All findings, warnings included, if at least one of them is an error. Where there
            /// are warnings only, [`check`](Self::check) has them.
            pub fn validate(&self) -> Result<(), Findings> {
                self.check().into_result()
            }

            /// Returns all errors and warnings about the document.
            #[must_use]
            pub fn check(&self) -> Findings {
                let mut found = Findings::default();
                $rules(&mut found, &Place::ROOT, self);
                found
            }
        }
    };
}

checks! {
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
    SandboxSpec, with limits, sandbox
}
#[cfg(feature = "cloud")]
checks! { CloudCreateSandboxRequest, with limits, cloud::request }
checks! { VolumeSpec, volume }
checks! { NamedVolumeCreate, named_volume }
checks! { SnapshotSpec, snapshot }

/// Checks a handoff as a document: unlike its `validate`, every part of it.
#[cfg(feature = "std")]
pub(crate) fn handoff(init: &HandoffInit, limits: &ExecLimits) -> Findings {
    let mut found = Findings::default();
    process::handoff(&mut found, &Place::ROOT, init, limits);
    found
}

fn sandbox(found: &mut Findings, root: &Place<'_>, spec: &SandboxSpec, limits: &ExecLimits) {
    let limits = &spec.exec_limits(limits);
    sandbox_name(found, &root.field("name"), &spec.name);
    mount::rootfs(found, &root.field("image"), &spec.image);
    let at = root.field("resources");
    not_zero(found, &at.field("cpus"), spec.resources.cpus);
    not_zero(found, &at.field("memory_mib"), spec.resources.memory_mib);
    process::runtime(found, &root.field("runtime"), &spec.runtime);
    process::execution(found, root, spec, limits);
    label_map(found, &root.field("labels"), &spec.labels);
    process::rlimits(found, &root.field("rlimits"), &spec.rlimits);
    mount::mounts(found, &root.field("mounts"), &spec.mounts);
    patch::patches(found, &root.field("patches"), spec);
    network::network(found, &root.field("network"), &spec.network);
    process::lifecycle(found, &root.field("lifecycle"), &spec.lifecycle);
}

fn volume(found: &mut Findings, root: &Place<'_>, volume: &VolumeSpec) {
    mount::volume(found, root, &volume.into(), true);
}

fn named_volume(found: &mut Findings, root: &Place<'_>, volume: &NamedVolumeCreate) {
    let created = volume.mode() != NamedVolumeMode::Existing;
    mount::volume(found, root, &volume.into(), created);
}

fn snapshot(found: &mut Findings, root: &Place<'_>, spec: &SnapshotSpec) {
    sandbox_name(found, &root.field("source_sandbox"), &spec.source_sandbox);
    let at = root.field("destination");
    match &spec.destination {
        SnapshotDestination::Name(name) => {
            stored_name(found, &at.field("Name"), "snapshot name", name);
        }
        SnapshotDestination::Path(path) => filled(found, &at.field("Path"), path.as_str()),
    }
    label_pairs(found, &root.field("labels"), &spec.labels);
}
