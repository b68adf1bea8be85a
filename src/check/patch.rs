//! The rules of changes to the root filesystem.

use alloc::format;

use super::Place;
use super::text::{filled, guest_path_below_root, no_nul};
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::MAX_FILE_MODE;
use crate::spec::{Patch, SandboxSpec, SecurityProfile};

/// The set-user-ID and set-group-ID bits of a file mode.
const SET_ID_BITS: u32 = 0o6000;

pub(super) fn patches(found: &mut Findings, at: &Place<'_>, spec: &SandboxSpec) {
    let restricted = spec.security_profile == SecurityProfile::Restricted;
    for (n, patch) in spec.patches.iter().enumerate() {
        let at = at.index(n);
        let path = |found: &mut Findings, variant, field, path| {
            guest_path_below_root(found, &at.field(variant).field(field), path);
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
            Patch::Text {
                path: file, mode, ..
            } => {
                path(found, "Text", "path", file);
                file_mode(found, "Text", mode);
            }
            Patch::File {
                path: file, mode, ..
            } => {
                path(found, "File", "path", file);
                file_mode(found, "File", mode);
            }
            Patch::CopyFile { src, dst, mode, .. } => {
                filled(found, &at.field("CopyFile").field("src"), src.as_str());
                path(found, "CopyFile", "dst", dst);
                file_mode(found, "CopyFile", mode);
            }
            Patch::CopyDir { src, dst, .. } => {
                filled(found, &at.field("CopyDir").field("src"), src.as_str());
                // What the directory holds may well go to the root.
                super::text::guest_path(found, &at.field("CopyDir").field("dst"), dst);
            }
            Patch::Symlink { target, link, .. } => {
                filled(found, &at.field("Symlink").field("target"), target);
                path(found, "Symlink", "link", link);
            }
            Patch::Mkdir {
                path: directory,
                mode: bits,
            } => {
                path(found, "Mkdir", "path", directory);
                mode(found, &at.field("Mkdir").field("mode"), *bits);
            }
            Patch::Remove { path: removed } => path(found, "Remove", "path", removed),
            Patch::Append {
                path: file,
                content,
            } => {
                path(found, "Append", "path", file);
                no_nul(found, &at.field("Append").field("content"), content);
            }
        }
    }
}

/// Modes that people know by their octal digits, and how those digits read as a decimal number.
const OCTAL_BY_HABIT: [u32; 12] = [400, 440, 444, 600, 640, 644, 660, 664, 700, 750, 755, 777];

fn mode(found: &mut Findings, at: &Place<'_>, mode: Option<u32>) {
    let Some(mode) = mode else {
        return;
    };
    if mode > MAX_FILE_MODE {
        found.note_limit(
            at,
            FindingCode::ModeBits,
            format!("mode {mode} (octal {mode:o}) has more than permission bits"),
            Limit::new(MAX_FILE_MODE, "chmod(2), octal 7777"),
        );
    } else if OCTAL_BY_HABIT.contains(&mode) {
        let meant = u32::from_str_radix(&format!("{mode}"), 8).unwrap_or(mode);
        found.note_help(
            at,
            FindingCode::ModeDecimal,
            format!("mode {mode} is octal {mode:o}: JSON numbers are decimal"),
            format!("octal {mode} is {meant}"),
        );
    }
}
