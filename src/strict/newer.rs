//! What newer releases write into the same documents, and this contract does not know.

use alloc::format;
use alloc::string::String;
use core::ops::Range;

use super::check_json;
use super::document::closed;
use super::names::Names;
use super::shape::Shape;
#[cfg(feature = "cloud")]
use super::table::CLOUD_CREATE_SANDBOX_REQUEST;
use super::table::{
    HANDOFF_INIT, MOUNT_OPTIONS, NETWORK_SPEC, OCI_ROOTFS_SOURCE, SANDBOX_RESOURCES,
    SANDBOX_RUNTIME_OPTIONS, SANDBOX_SPEC, SNAPSHOT_SPEC, VOLUME_MOUNT,
};
use crate::check::{self, Finding, FindingCode, Findings, Place};
use crate::exec::ExecLimits;
use crate::handoff::HandoffInit;
use crate::spec::SandboxSpec;

/// A published release that is to read a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Release 0.6.3, which has the contract of this crate.
    V0_6_3,
}

impl Release {
    /// Every release that a document can be checked for.
    pub const ALL: &'static [Self] = &[Self::V0_6_3];

    /// Returns the release's version, such as `0.6.3`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_6_3 => "0.6.3",
        }
    }

    /// Notes what this release passes over in the handoff at `init`.
    fn note_cwd(self, at: &Place<'_>, init: &HandoffInit, found: &mut Findings) {
        if init.cwd.is_none() {
            return;
        }
        let message = format!("release {} ignores \"cwd\"", self.as_str());
        found.push(FindingCode::CwdIgnored, || Finding {
            help: Some(String::from(
                "change the directory in the command: \
                 `\"cmd\": \"/bin/sh\", \"args\": [\"-c\", \"cd /srv && exec /sbin/init\"]`",
            )),
            note: Some(String::from("every other published release ignores it too")),
            ..Finding::new(at.field("cwd").path(), FindingCode::CwdIgnored, message)
        });
    }
}

impl SandboxSpec {
    /// [`check_json`](Self::check_json) for a spec that this release is to read. That adds a
    /// warning where the spec has what the release ignores: `init.cwd`.
    ///
    /// ```
    /// use microsandbox_types::{FindingCode, Release, SandboxSpec};
    ///
    /// let json = r#"{"name": "web-1", "image": {"Bind": "/srv"}, "init": {"cmd": "auto", "cwd": "/"}}"#;
    /// assert!(SandboxSpec::check_json(json).is_empty());
    /// let found = SandboxSpec::check_json_for(json, Release::V0_6_3);
    /// assert_eq!(found.as_slice()[0].code, FindingCode::CwdIgnored);
    /// ```
    #[must_use]
    pub fn check_json_for(json: &str, release: Release) -> Findings {
        check_json(json, closed(&SANDBOX_SPEC), |spec: &Self| {
            let mut found = spec.check();
            if let Some(init) = &spec.init {
                release.note_cwd(&Place::ROOT.field("init"), init, &mut found);
            }
            found
        })
    }
}

impl HandoffInit {
    /// [`check_json`](Self::check_json) for a handoff that this release is to read. That adds a
    /// warning where it has what the release ignores: `cwd`.
    #[must_use]
    pub fn check_json_for(json: &str, release: Release) -> Findings {
        check_json(json, closed(&HANDOFF_INIT), |init: &Self| {
            let mut found = check::handoff(init, &ExecLimits::default());
            release.note_cwd(&Place::ROOT, init, &mut found);
            found
        })
    }
}

/// Something that a newer release brought.
#[derive(Debug)]
pub(super) struct Newer {
    name: &'static str,
    change: &'static str,
    release: &'static str,
    lost: Lost,
    /// What to write here, where the same can be said here.
    instead: Option<&'static str>,
}

/// What is lost where a reader passes over a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Security,
    Resources,
    Other,
    /// All of it, because the document cannot be read.
    Document,
}

const fn added(name: &'static str, release: &'static str, lost: Lost) -> Newer {
    Newer {
        name,
        change: "was added",
        release,
        lost,
        instead: None,
    }
}

const fn became(
    name: &'static str,
    change: &'static str,
    release: &'static str,
    instead: &'static str,
) -> Newer {
    Newer {
        name,
        change,
        release,
        lost: Lost::Document,
        instead: Some(instead),
    }
}

impl Newer {
    const fn instead(mut self, help: &'static str) -> Self {
        self.instead = Some(help);
        self
    }

    pub(super) fn note(&self, at: &Place<'_>, span: Range<usize>, found: &mut Findings) {
        let Self {
            name,
            change,
            release,
            ..
        } = self;
        let here = Release::V0_6_3.as_str();
        let lost = match self.lost {
            Lost::Security => "ignores it: this security setting would be lost",
            Lost::Resources => "ignores it: this resource setting would be lost",
            Lost::Other => "ignores it: this setting would be lost",
            Lost::Document => "cannot read it",
        };
        let message = format!("\"{name}\" {change} in release {release}");
        found.push(FindingCode::NewerField, || Finding {
            help: Some(self.instead.map_or_else(
                || format!("remove it, or use release {release} or later"),
                String::from,
            )),
            note: Some(format!("release {here} {lost}")),
            span: Some(span),
            ..Finding::new(at.path(), FindingCode::NewerField, message)
        });
    }
}

#[cfg(feature = "cloud")]
const MOVED_UP: &str = "write its fields at the top level of the request";
const CLOUD_IMAGE: &str = "write it as `\"image\": \"alpine:3.20\"`";

/// The fields of each object that newer releases added. `tests/data/newer-fields.tsv` has the same.
static FIELDS: &[(&Shape, &[Newer])] = &[
    (
        &SANDBOX_SPEC,
        &[
            added("deployment_profile", "0.6.9", Lost::Security),
            added("vsock", "0.6.9", Lost::Other),
        ],
    ),
    (
        &OCI_ROOTFS_SOURCE,
        &[added("root_disk", "0.6.7", Lost::Resources)
            .instead("for a managed disk, write it as `\"upper_size_mib\": 8192`")],
    ),
    (
        &SANDBOX_RESOURCES,
        &[
            added("max_cpus", "0.6.4", Lost::Resources),
            added("max_memory_mib", "0.6.4", Lost::Resources),
            added("cpu_placement", "0.6.9", Lost::Resources),
            added("placement_profile", "0.6.9", Lost::Resources),
            added("thp", "0.6.9", Lost::Resources),
            added("nested_virt", "0.7.12", Lost::Resources),
        ],
    ),
    (
        &SANDBOX_RUNTIME_OPTIONS,
        &[added("guest_clock", "0.7.7", Lost::Other)],
    ),
    (
        &VOLUME_MOUNT,
        &[added("follow_root_symlinks", "0.6.7", Lost::Security)],
    ),
    (
        &MOUNT_OPTIONS,
        &[
            added("override_uid", "0.6.15", Lost::Security),
            added("override_gid", "0.6.15", Lost::Security),
        ],
    ),
    (
        &NETWORK_SPEC,
        &[
            added("rate_limiter", "0.6.9", Lost::Resources),
            added("outbound_proxy", "0.6.17", Lost::Security),
            added("strict", "0.6.18", Lost::Security),
            added("max_tcp_connections", "0.7.0", Lost::Resources)
                .instead("write it as `\"max_connections\"`"),
            added("max_udp_connections", "0.7.0", Lost::Resources),
            added("http", "0.7.5", Lost::Other),
            added("nat64_prefixes", "0.7.5", Lost::Security),
            added("tcp_accept_queue_size", "0.7.5", Lost::Resources),
            added("max_inbound_tcp_connections", "0.7.9", Lost::Resources),
        ],
    ),
    (
        &SNAPSHOT_SPEC,
        &[
            added("name", "0.6.7", Lost::Other)
                .instead("write it as `\"destination\": {\"Name\": \"daily\"}`"),
            added("dest_dir", "0.6.7", Lost::Other)
                .instead("write it as `\"destination\": {\"Path\": \"/srv/snapshots/daily\"}`"),
            added("resumable", "0.6.7", Lost::Other),
            added("full", "0.7.0", Lost::Other),
            added("group", "0.7.0", Lost::Other),
            added("guest_flush", "0.7.1", Lost::Other),
        ],
    ),
    #[cfg(feature = "cloud")]
    (
        &CLOUD_CREATE_SANDBOX_REQUEST,
        &[
            added("resources", "0.6.7", Lost::Resources)
                .instead("write `\"vcpus\"` and `\"memory_mib\"` at the top level of the request"),
            added("runtime", "0.6.7", Lost::Other).instead(MOVED_UP),
            added("lifecycle", "0.6.7", Lost::Resources).instead(MOVED_UP),
            added("labels", "0.6.7", Lost::Other),
            added("rlimits", "0.6.7", Lost::Resources),
            added("mounts", "0.6.7", Lost::Other),
            added("patches", "0.6.7", Lost::Other),
            added("network", "0.6.7", Lost::Security),
            added("init", "0.6.7", Lost::Other),
            added("pull_policy", "0.6.7", Lost::Other),
            added("security_profile", "0.6.7", Lost::Security),
            added("source", "0.7.0", Lost::Other).instead(CLOUD_IMAGE),
            added("reference", "0.7.0", Lost::Other).instead(CLOUD_IMAGE),
            added("path", "0.7.0", Lost::Other),
            added("format", "0.7.0", Lost::Other),
            added("fstype", "0.7.0", Lost::Other),
            added("disk_snapshot_ref", "0.7.0", Lost::Other),
        ],
    ),
];

/// Finds a field that a newer release added to an object.
pub(super) fn field(object: &Shape, name: &str) -> Option<&'static Newer> {
    let (_, fields) = FIELDS.iter().find(|(of, _)| core::ptr::eq(*of, object))?;
    fields.iter().find(|newer| newer.name == name)
}

/// Finds the newer form of a field that this contract has with another shape. `value` is its JSON.
pub(super) fn form(at: &Place<'_>, wanted: &Shape, value: &str) -> Option<&'static Newer> {
    static ROOT_DIRECTORY: Newer = became(
        "Bind",
        "became an object",
        "0.6.7",
        "write it as `\"Bind\": \"/srv/root\"`",
    );
    static IMAGE: Newer = became("image", "became an object", "0.6.7", CLOUD_IMAGE);
    static ENV: Newer = became(
        "env",
        "became a list",
        "0.6.7",
        "write it as `\"env\": {\"TOKEN\": \"…\"}`",
    );
    let is_object_with = |name| value.starts_with('{') && value.contains(name);
    match (at.name(), wanted) {
        (("Bind", false), Shape::Text) if is_object_with("\"path\"") => Some(&ROOT_DIRECTORY),
        // Only a cloud request has these two in the older form.
        (("image", false), Shape::Text) if is_object_with("\"type\"") => Some(&IMAGE),
        (("env", false), Shape::Map(_)) => {
            let first = value.strip_prefix('[')?.trim_start();
            first.starts_with(['{', ']']).then_some(&ENV)
        }
        _ => None,
    }
}

/// Finds a type of mount that a newer release added.
pub(super) fn mount_type(name: &str) -> Option<&'static Newer> {
    static OWNED: Newer = became(
        "Owned",
        "was added",
        "0.7.0",
        "use a named volume: `{\"type\": \"Named\", \"name\": \"data\", \"guest\": \"/data\"}`",
    );
    (name == "Owned").then_some(&OWNED)
}

/// Names the field of an object that newer releases have others in place of, if one of those is
/// present.
pub(super) fn replaced(object: &Shape, present: &Names<'_>) -> Option<&'static str> {
    let is = |of| core::ptr::eq(object, of);
    let has = |names: &[&str]| names.iter().any(|name| present.get(name).is_some());
    if is(&SNAPSHOT_SPEC) && has(&["name", "dest_dir"]) {
        return Some("destination");
    }
    #[cfg(feature = "cloud")]
    if is(&CLOUD_CREATE_SANDBOX_REQUEST) && has(&["source", "disk_snapshot_ref"]) {
        return Some("image");
    }
    None
}

#[cfg(all(test, feature = "cloud"))]
// A test fails by a panic.
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const DATA: &str = include_str!("../../tests/data/newer-fields.tsv");

    fn root(document: &str) -> &'static Shape {
        match document {
            "SandboxSpec" => &SANDBOX_SPEC,
            "SnapshotSpec" => &SNAPSHOT_SPEC,
            "CloudCreateSandboxRequest" => &CLOUD_CREATE_SANDBOX_REQUEST,
            other => panic!("{other}"),
        }
    }

    /// The object at a path such as `mounts[].options`.
    fn object_at(root: &'static Shape, path: &str) -> &'static Shape {
        path.split('.').fold(root, |object, step| {
            let name = step.trim_end_matches("[]");
            let fields = match object {
                Shape::Object(fields) | Shape::Variants(fields) => fields,
                Shape::Tagged(variants) => variants[0].fields,
                other => panic!("{path}: {other:?}"),
            };
            let shape = fields
                .iter()
                .find(|field| field.name == name)
                .unwrap()
                .shape;
            match shape {
                Shape::List(of) | Shape::Optional(of) => of,
                shape => shape,
            }
        })
    }

    #[test]
    fn the_table_is_that_of_the_data_file() {
        let mut rows = 0;
        for line in DATA.lines().skip(1) {
            rows += 1;
            let columns: Vec<_> = line.split('\t').collect();
            let [document, path, release, lost] = columns[..] else {
                panic!("{line}");
            };
            let (object, name) = match path.rsplit_once('.') {
                Some((object, name)) => (object_at(root(document), object), name),
                None => (root(document), path),
            };
            let newer = field(object, name).unwrap_or_else(|| panic!("{line}"));
            let loses = match newer.lost {
                Lost::Security => "security",
                Lost::Resources => "resources",
                Lost::Other => "other",
                Lost::Document => "document",
            };
            assert_eq!((newer.release, loses), (release, lost), "{line}");
        }
        let known: usize = FIELDS.iter().map(|(_, fields)| fields.len()).sum();
        assert_eq!(
            rows, known,
            "a row of the table is not in the data file, or twice"
        );
    }
}
