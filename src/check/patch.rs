//! The rules of changes to the root filesystem.

use alloc::format;

use super::Place;
use super::text::{filled, guest_directory, guest_directory_below_root, guest_file, path_too_long};
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::{MAX_FILE_MODE, MAX_PATH_BYTES};
use crate::spec::{Patch, SandboxSpec, SecurityProfile};

/// The set-user-ID and set-group-ID bits of a file mode.
const SET_ID_BITS: u32 = 0o6000;

pub(super) fn patches(found: &mut Findings, at: &Place<'_>, spec: &SandboxSpec) {
    let restricted = spec.security_profile == SecurityProfile::Restricted;
    for (n, patch) in spec.patches.iter().enumerate() {
        let at = at.index(n);
        let file = |found: &mut Findings, variant, field, path| {
            guest_file(found, &at.field(variant).field(field), path);
        };
        let file_mode = |found: &mut Findings, variant, bits: &Option<u32>| {
            let at_variant = at.field(variant);
            let at_mode = at_variant.field("mode");
            mode(found, &at_mode, *bits);
            if restricted && bits.is_some_and(|bits| bits & SET_ID_BITS != 0) {
                let message = "set-ID bits have no effect under the restricted profile";
                found.note(&at_mode, FindingCode::RestrictedOverrides, message);
            }
        };
        match patch {
            Patch::Text { path, mode, .. } => {
                file(found, "Text", "path", path);
                file_mode(found, "Text", mode);
            }
            Patch::File { path, mode, .. } => {
                file(found, "File", "path", path);
                file_mode(found, "File", mode);
            }
            Patch::CopyFile { src, dst, mode, .. } => {
                filled(found, &at.field("CopyFile").field("src"), src.as_str());
                file(found, "CopyFile", "dst", dst);
                file_mode(found, "CopyFile", mode);
            }
            Patch::CopyDir { src, dst, .. } => {
                filled(found, &at.field("CopyDir").field("src"), src.as_str());
                // What the directory holds may well go to the root.
                guest_directory(found, &at.field("CopyDir").field("dst"), dst);
            }
            Patch::Symlink { target, link, .. } => {
                let at_symlink = at.field("Symlink");
                let at_target = at_symlink.field("target");
                filled(found, &at_target, target);
                if target.len() > MAX_PATH_BYTES {
                    path_too_long(found, &at_target, target.len());
                }
                file(found, "Symlink", "link", link);
            }
            Patch::Mkdir { path, mode: bits } => {
                let at = at.field("Mkdir");
                guest_directory_below_root(found, &at.field("path"), path);
                mode(found, &at.field("mode"), *bits);
            }
            Patch::Remove { path } => {
                let at = at.field("Remove");
                guest_directory_below_root(found, &at.field("path"), path);
            }
            Patch::Append { path, .. } => file(found, "Append", "path", path),
        }
    }
}

/// Modes that people know by their octal digits, and how those digits read as a decimal number.
const OCTAL_BY_HABIT: [u32; 23] = [
    400, 440, 444, 500, 550, 555, 600, 640, 644, 660, 664, 666, 700, 711, 750, 755, 770, 775, 777,
    1777, 2755, 2775, 4755,
];

fn mode(found: &mut Findings, at: &Place<'_>, mode: Option<u32>) {
    let Some(mode) = mode else {
        return;
    };
    let habit = OCTAL_BY_HABIT.contains(&mode).then(|| {
        let meant = u32::from_str_radix(&format!("{mode}"), 8).unwrap_or(mode);
        format!("for octal {mode}, write {meant}")
    });
    let bits = || format!("mode {mode} (octal {mode:o}) has more than the permission bits");
    match habit {
        Some(help) if mode > MAX_FILE_MODE => {
            found.note_help(at, FindingCode::ModeBits, bits(), help);
        }
        Some(help) => {
            let message = format!("mode {mode} is octal {mode:o}: JSON numbers are decimal");
            found.note_help(at, FindingCode::ModeDecimal, message, help);
        }
        None if mode > MAX_FILE_MODE => {
            let limit = Limit::new(MAX_FILE_MODE, "chmod(2), octal 7777");
            found.note_limit(at, FindingCode::ModeBits, bits(), limit);
        }
        None => {}
    }
}
