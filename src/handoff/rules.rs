//! What a message's strings must keep to, each for itself.

use crate::exec::is_auto;
use crate::limits::MAX_PATH_BYTES;
use crate::path;
use crate::rule::MessageRule;
use crate::wire::{Offset, contains, saturate, widen};

pub(super) fn check_cmd(cmd: &[u8]) -> Result<(), MessageRule> {
    if is_auto(cmd) {
        return Ok(());
    }
    if !path::is_absolute(cmd) {
        return Err(MessageRule::NotAbsoluteOrAuto);
    }
    check_path_len(cmd)
}

pub(super) fn check_cwd(cwd: &[u8]) -> Result<(), MessageRule> {
    if !path::is_absolute(cwd) {
        return Err(MessageRule::NotAbsolute);
    }
    check_path_len(cwd)
}

fn check_path_len(path: &[u8]) -> Result<(), MessageRule> {
    if !path::fits_path_max(path) {
        let (len, max) = (saturate(path.len()), Offset::of(MAX_PATH_BYTES).get());
        return Err(MessageRule::PathTooLong { len, max });
    }
    Ok(())
}

/// Checks an entry of a frame, `KEY=VALUE`.
pub(super) fn check_entry(entry: &[u8]) -> Result<(), MessageRule> {
    match entry.iter().position(|byte| *byte == b'=') {
        Some(0) => Err(MessageRule::EmptyKey),
        Some(_) => Ok(()),
        None => Err(MessageRule::NoEquals),
    }
}

/// Whether [`check_entry`] finds nothing.
#[inline(always)] // as `contains`
pub(super) fn has_key(entry: &[u8]) -> bool {
    !entry.starts_with(b"=") && contains(entry, b'=')
}

/// Checks a string of `len` bytes, its NUL not counted.
pub(super) fn check_string(len: usize, max: u32) -> Result<(), MessageRule> {
    if len >= widen(max) {
        let len = saturate(len.saturating_add(1));
        return Err(MessageRule::StringTooLong { len, max });
    }
    Ok(())
}
