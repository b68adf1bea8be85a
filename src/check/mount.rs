//! The rules of root filesystems, mounts and volumes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::text::{
    filled, filled_if_set, guest_path_below_root, label_pairs, not_zero_if_set, stored_name,
};
use super::{Place, reference};
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::{MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES};
use crate::spec::{
    DiskImageFormat, MountOptions, NamedVolumeCreate, NamedVolumeMode, RootfsSource, SandboxSpec,
    SecurityProfile, VolumeKind, VolumeMount, VolumeSpec,
};

pub(super) fn rootfs(found: &mut Findings, at: &Place<'_>, image: &RootfsSource) {
    match image {
        RootfsSource::Bind(host) => filled(found, &at.field("Bind"), host.as_str()),
        RootfsSource::Oci(source) => {
            let at = at.field("Oci");
            image_reference(found, &at.field("reference"), &source.reference);
            not_zero_if_set(found, &at.field("upper_size_mib"), source.upper_size_mib);
        }
        RootfsSource::DiskImage {
            path,
            format,
            fstype,
        } => {
            let at = at.field("DiskImage");
            filled(found, &at.field("path"), path.as_str());
            format_fits(found, &at.field("format"), path.as_str(), *format);
            filled_if_set(found, &at.field("fstype"), fstype.as_deref());
        }
    }
}

pub(super) fn image_reference(found: &mut Findings, at: &Place<'_>, reference: &str) {
    use reference::Fault;

    let Err(fault) = reference::check(reference) else {
        return;
    };
    let code = FindingCode::ImageReference;
    let message = fault.message();
    match fault {
        Fault::NameTooLong => {
            let limit = Limit::new(MAX_IMAGE_NAME_BYTES, "distribution grammar, name");
            found.note_limit(at, code, message, limit);
        }
        Fault::TagTooLong => {
            let limit = Limit::new(MAX_IMAGE_TAG_BYTES, "distribution grammar, tag");
            found.note_limit(at, code, message, limit);
        }
        Fault::UpperCase => found.note_help(at, code, message, "write it in lower case"),
        Fault::Empty => {
            let help = "name an image, such as `alpine:3.20`";
            found.note_help(at, code, message, help);
        }
        _ if reference.contains("://") => {
            let help = "leave out the scheme and its `://`";
            found.note_help(at, code, message, help);
        }
        _ => {
            let help = "a reference looks like `registry.example/team/app:1.2`";
            found.note_help(at, code, message, help);
        }
    }
}

/// Compares a disk image's format with what its extension stands for, if anything.
fn format_fits(found: &mut Findings, at: &Place<'_>, path: &str, format: DiskImageFormat) {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let meant = file.rsplit_once('.').and_then(|(_, extension)| {
        DiskImageFormat::from_extension(&extension.to_ascii_lowercase())
    });
    if let Some(meant) = meant.filter(|meant| *meant != format) {
        found.note_help(
            at,
            FindingCode::FormatExtension,
            format!("format is {format}, the file's extension stands for {meant}"),
            "a disk that is read in the wrong format can be destroyed",
        );
    }
}

pub(super) fn mounts(found: &mut Findings, at: &Place<'_>, spec: &SandboxSpec) {
    for (n, mount) in spec.mounts.iter().enumerate() {
        let at = at.index(n);
        guest_path_below_root(found, &at.field("guest"), mount.guest());
        one(found, &at, mount);
        if spec.security_profile == SecurityProfile::Restricted {
            restricted(found, &at.field("options"), mount.options());
        }
    }
    covered(found, at, &spec.mounts);
}

fn one(found: &mut Findings, at: &Place<'_>, mount: &VolumeMount) {
    match mount {
        VolumeMount::Bind {
            host, quota_mib, ..
        } => {
            filled(found, &at.field("host"), host.as_str());
            not_zero_if_set(found, &at.field("quota_mib"), *quota_mib);
        }
        VolumeMount::Named { name, create, .. } => {
            stored_name(found, &at.field("name"), "volume name", name);
            if let Some(create) = create {
                let at = at.field("create");
                let created = create.mode() != NamedVolumeMode::Existing;
                volume(found, &at, &create.into(), created);
                if create.name() != name {
                    let message = "names another volume than the mount";
                    found.note(&at.field("name"), FindingCode::VolumeMismatch, message);
                }
            }
        }
        VolumeMount::Tmpfs { size_mib, .. } => {
            not_zero_if_set(found, &at.field("size_mib"), *size_mib);
        }
        VolumeMount::DiskImage {
            host,
            format,
            fstype,
            ..
        } => {
            filled(found, &at.field("host"), host.as_str());
            format_fits(found, &at.field("format"), host.as_str(), *format);
            filled_if_set(found, &at.field("fstype"), fstype.as_deref());
        }
    }
}

/// Warns where flags were chosen and the profile sets more. A mount without any flag chose
/// nothing, and is left alone.
fn restricted(found: &mut Findings, at: &Place<'_>, options: &MountOptions) {
    if *options != MountOptions::default() && !(options.nosuid && options.nodev) {
        found.note(
            at,
            FindingCode::RestrictedOverrides,
            "the restricted profile mounts it `nosuid` and `nodev` all the same",
        );
    }
}

/// The parts of a path below the root, whatever its slashes. `None` where the path does not tell
/// its place.
fn parts(path: &str) -> Option<Vec<&str>> {
    let told = path.starts_with('/') && !path.split('/').any(|part| part == "..");
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    told.then(|| parts.collect::<Vec<_>>())
        .filter(|parts| !parts.is_empty())
}

/// A mount's path among those that hold the current one.
struct Above<'a> {
    parts: Vec<&'a str>,
    /// The first mount on the path.
    first: usize,
    /// The last mount on a path above.
    last_above: Option<usize>,
    /// The last mount on the path or above.
    last: usize,
}

/// Finds mounts on one path, and mounts below the path of a later one.
///
/// Sorted by its parts, a path comes right before all that lie below it. So one pass suffices,
/// with the paths that hold the current one on a stack.
fn covered(found: &mut Findings, at: &Place<'_>, mounts: &[VolumeMount]) {
    let mut sorted = mounts
        .iter()
        .enumerate()
        .filter_map(|(n, mount)| parts(mount.guest()).map(|parts| (parts, n)))
        .collect::<Vec<_>>();
    sorted.sort();

    let mut told = Vec::new();
    let mut stack: Vec<Above<'_>> = Vec::new();
    for (parts, n) in sorted {
        while stack.pop_if(|top| !parts.starts_with(&top.parts)).is_some() {}
        let last_above = match stack.last_mut() {
            Some(top) if top.parts == parts => {
                told.push((n, FindingCode::MountRepeated, top.first));
                top.last = top.last.max(n);
                top.last_above
            }
            top => {
                let last_above = top.map(|top| top.last);
                stack.push(Above {
                    parts,
                    first: n,
                    last_above,
                    last: last_above.map_or(n, |above| above.max(n)),
                });
                last_above
            }
        };
        if let Some(later) = last_above.filter(|above| *above > n) {
            told.push((n, FindingCode::MountHidden, later));
        }
    }

    told.sort_by_key(|(n, _, other)| (*n, *other));
    for (n, code, other) in told {
        let (at_mount, other) = (at.index(n), at.index(other));
        let at_guest = at_mount.field("guest");
        if code == FindingCode::MountRepeated {
            found.note(&at_guest, code, format!("{other} is on this path too"));
        } else {
            found.note_help(
                &at_guest,
                code,
                format!("{other} is mounted over this path later and hides it"),
                "list the mount of the outer path first",
            );
        }
    }
}

/// A volume as `VolumeSpec` and `NamedVolumeCreate` both describe it.
pub(super) struct Volume<'a> {
    pub(super) name: &'a str,
    pub(super) kind: VolumeKind,
    pub(super) quota_mib: Option<u32>,
    pub(super) capacity_mib: Option<u32>,
    pub(super) labels: &'a [(String, String)],
}

impl<'a> From<&'a VolumeSpec> for Volume<'a> {
    fn from(volume: &'a VolumeSpec) -> Self {
        Self {
            name: &volume.name,
            kind: volume.kind,
            quota_mib: volume.quota_mib,
            capacity_mib: volume.capacity_mib,
            labels: &volume.labels,
        }
    }
}

impl<'a> From<&'a NamedVolumeCreate> for Volume<'a> {
    fn from(volume: &'a NamedVolumeCreate) -> Self {
        Self {
            name: volume.name(),
            kind: volume.kind(),
            quota_mib: volume.quota_mib(),
            capacity_mib: volume.capacity_mib(),
            labels: volume.labels(),
        }
    }
}

/// The rules of a volume that may have to be created, or, where `created` is not set, must be
/// there already.
pub(super) fn volume(found: &mut Findings, at: &Place<'_>, volume: &Volume<'_>, created: bool) {
    stored_name(found, &at.field("name"), "volume name", volume.name);
    not_zero_if_set(found, &at.field("quota_mib"), volume.quota_mib);
    not_zero_if_set(found, &at.field("capacity_mib"), volume.capacity_mib);
    let at_capacity = at.field("capacity_mib");
    match (volume.kind, volume.capacity_mib) {
        (VolumeKind::Disk, None) if created => {
            found.note(
                &at_capacity,
                FindingCode::CapacityMissing,
                "a disk volume needs a capacity in MiB",
            );
        }
        (VolumeKind::Directory, Some(_)) => {
            found.note_help(
                &at_capacity,
                FindingCode::CapacityOnDirectory,
                "a directory volume has no capacity",
                "bound it with `quota_mib`, or make it a disk",
            );
        }
        (VolumeKind::Disk, _) | (VolumeKind::Directory, None) => {}
    }
    if volume.kind == VolumeKind::Disk && volume.quota_mib.is_some() {
        found.note(
            &at.field("quota_mib"),
            FindingCode::QuotaOnDisk,
            "a disk volume is bounded by its capacity, not by a quota",
        );
    }
    label_pairs(found, &at.field("labels"), volume.labels);
}
