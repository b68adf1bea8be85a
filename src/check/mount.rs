//! The rules of root filesystems, mounts and volumes.

use alloc::format;
use alloc::string::String;

use super::place::Shown;
use super::text::{
    FirstSeen, filled, guest_directory_below_root, label_pairs, not_zero_if_set, stored_name,
};
use super::{Place, reference};
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::{
    MAX_FSTYPE_BYTES, MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES, MAX_SETUP_MOUNTS,
};
use crate::spec::{
    DiskImageFormat, NamedVolumeCreate, NamedVolumeMode, RootfsSource, VolumeKind, VolumeMount,
    VolumeSpec,
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
            filesystem_type(found, &at.field("fstype"), fstype.as_deref());
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
        Fault::PathTooLong => {
            let limit = Limit::new(MAX_IMAGE_NAME_BYTES, "distribution grammar, path");
            found.note_limit(at, code, message, limit);
        }
        Fault::TagTooLong => {
            let limit = Limit::new(MAX_IMAGE_TAG_BYTES, "distribution grammar, tag");
            found.note_limit(at, code, message, limit);
        }
        Fault::UpperCase => found.note_help(at, code, message, "write it in lower case"),
        Fault::Identifier => {
            let help = "name the image, and put its digest behind `@sha256:`";
            found.note_help(at, code, message, help);
        }
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

/// Compares a disk image's format with the one that its extension means, if any.
fn format_fits(found: &mut Findings, at: &Place<'_>, path: &str, format: DiskImageFormat) {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let meant = file.rsplit_once('.').and_then(|(_, extension)| {
        DiskImageFormat::from_extension(&extension.to_ascii_lowercase())
    });
    if let Some(meant) = meant.filter(|meant| *meant != format) {
        found.note_help(
            at,
            FindingCode::FormatExtension,
            format!("format is {format}, but the file extension suggests {meant}"),
            "reading a disk in the wrong format can destroy it",
        );
    }
}

/// Checks a filesystem's name against what the guest's setup takes.
fn filesystem_type(found: &mut Findings, at: &Place<'_>, fstype: Option<&str>) {
    let Some(fstype) = fstype else {
        return;
    };
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b);
    let code = FindingCode::FilesystemType;
    if fstype.is_empty() {
        found.note(at, FindingCode::Empty, "must not be empty");
    } else if fstype.len() > MAX_FSTYPE_BYTES {
        let message = format!("filesystem type is {} bytes long", fstype.len());
        let limit = Limit::new(MAX_FSTYPE_BYTES, "the guest's setup");
        found.note_limit(at, code, message, limit);
    } else if !fstype.bytes().all(fits) {
        found.note_help(
            at,
            code,
            format!("is not a filesystem type: `{}`", Shown(fstype)),
            "use a name from /proc/filesystems, such as `ext4`",
        );
    }
}

/// Directories that the guest mounts for itself.
const RESERVED: [&str; 3] = ["/dev", "/proc", "/sys"];

pub(super) fn mounts(found: &mut Findings, at: &Place<'_>, mounts: &[VolumeMount]) {
    let mut first = FirstSeen::default();
    for (n, mount) in mounts.iter().enumerate() {
        let at_mount = at.index(n);
        let (at_guest, guest) = (at_mount.field("guest"), mount.guest());
        let path = guest.strip_suffix('/').unwrap_or(guest);
        if guest_directory_below_root(found, &at_guest, guest) {
            if RESERVED.contains(&path) {
                found.note_help(
                    &at_guest,
                    FindingCode::MountReserved,
                    format!("the guest mounts `{path}` itself"),
                    "mount it on another path",
                );
            }
            if let Some(earlier) = first.see(path, n) {
                let message = format!("duplicates the path of {}", at.index(earlier));
                found.note(&at_guest, FindingCode::MountRepeated, message);
            }
        }
        one(found, &at_mount, mount);
    }
    if mounts.len() > MAX_SETUP_MOUNTS {
        found.note_limit(
            at,
            FindingCode::MountsTooMany,
            format!("there are {} mounts", mounts.len()),
            Limit::new(MAX_SETUP_MOUNTS, "the guest's setup"),
        );
    }
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
                    let message = "does not match the mount's volume name";
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
            filesystem_type(found, &at.field("fstype"), fstype.as_deref());
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
                "limit it with `quota_mib`, or make it a disk",
            );
        }
        (VolumeKind::Disk, _) | (VolumeKind::Directory, None) => {}
    }
    if volume.kind == VolumeKind::Disk && volume.quota_mib.is_some() {
        found.note(
            &at.field("quota_mib"),
            FindingCode::QuotaOnDisk,
            "a disk volume is limited by its capacity, not by a quota",
        );
    }
    label_pairs(found, &at.field("labels"), volume.labels);
}
