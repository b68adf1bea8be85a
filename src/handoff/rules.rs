//! What a message's strings must keep to, each for itself.

use super::error::HandoffRule;
use super::exec::is_auto;
use super::frame::{narrow, saturate, widen};
use crate::limits::MAX_PATH_BYTES;
use crate::path;

/// Whether what is there for speed alone is left out; see `build.rs`.
pub(super) const FOR_SIZE: bool = cfg!(for_size);

pub(super) fn check_cmd(cmd: &[u8]) -> Result<(), HandoffRule> {
    if is_auto(cmd) {
        return Ok(());
    }
    if !path::is_absolute(cmd) {
        return Err(HandoffRule::NotAbsoluteOrAuto);
    }
    check_path_len(cmd)
}

pub(super) fn check_cwd(cwd: &[u8]) -> Result<(), HandoffRule> {
    if !path::is_absolute(cwd) {
        return Err(HandoffRule::NotAbsolute);
    }
    check_path_len(cwd)
}

fn check_path_len(path: &[u8]) -> Result<(), HandoffRule> {
    if !path::fits_path_max(path) {
        let (len, max) = (saturate(path.len()), narrow(MAX_PATH_BYTES));
        return Err(HandoffRule::PathTooLong { len, max });
    }
    Ok(())
}

pub(super) fn check_nul(string: &str) -> Result<(), HandoffRule> {
    if holds(string.as_bytes(), 0) {
        Err(HandoffRule::Nul)
    } else {
        Ok(())
    }
}

#[inline(always)] // as `holds`
pub(super) fn check_key(key: &str) -> Result<(), HandoffRule> {
    if key.is_empty() {
        return Err(HandoffRule::EmptyKey);
    }
    if holds(key.as_bytes(), b'=') {
        return Err(HandoffRule::EqualsInKey);
    }
    Ok(())
}

/// Whether `byte` is in `string`, in blocks that overlap at the end: most strings are too short
/// for a search that starts by aligning itself.
#[inline(always)] // a call takes as long as most searches
fn holds(string: &[u8], byte: u8) -> bool {
    let mut rest = string;
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        if in_block(block, byte) {
            return true;
        }
        rest = after;
    }
    if let Some(last) = string.last_chunk::<16>() {
        return in_block(last, byte);
    }
    if let (Some(first), Some(last)) = (string.first_chunk::<8>(), string.last_chunk::<8>()) {
        return in_word(*first, byte) | in_word(*last, byte);
    }
    if let (Some([a, b, c, d]), Some([e, f, g, h])) =
        (string.first_chunk::<4>(), string.last_chunk::<4>())
    {
        return in_word([*a, *b, *c, *d, *e, *f, *g, *h], byte);
    }
    in_block(string, byte)
}

fn in_block(block: &[u8], byte: u8) -> bool {
    // Without an early exit the compiler compares the whole block at once.
    block.iter().fold(false, |any, b| any | (*b == byte))
}

fn in_word(word: [u8; 8], byte: u8) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let differs = u64::from_ne_bytes(word) ^ u64::from_ne_bytes([byte; 8]);
    // A subtraction of 1 from each byte sets the top bit of one that is 0 and had it clear, and of
    // none unless there is one.
    differs.wrapping_sub(ONES) & !differs & (ONES << 7) != 0
}

/// Checks an entry of a frame, `KEY=VALUE`.
pub(super) fn check_entry(entry: &[u8]) -> Result<(), HandoffRule> {
    match entry.iter().position(|byte| *byte == b'=') {
        Some(0) => Err(HandoffRule::EmptyKey),
        Some(_) => Ok(()),
        None => Err(HandoffRule::NoEquals),
    }
}

/// Whether [`check_entry`] finds nothing.
#[inline(always)] // as `holds`
pub(super) fn has_key(entry: &[u8]) -> bool {
    !entry.starts_with(b"=") && holds(entry, b'=')
}

/// Checks a string of `len` bytes, its NUL not counted.
pub(super) fn check_string(len: usize, max: u32) -> Result<(), HandoffRule> {
    if len >= widen(max) {
        let len = saturate(len).saturating_add(1);
        return Err(HandoffRule::StringTooLong { len, max });
    }
    Ok(())
}

pub(super) fn count_nuls(text: &[u8]) -> usize {
    if FOR_SIZE {
        return text.iter().filter(|byte| **byte == 0).count();
    }
    let mut nuls = 0usize;
    // The count of a chunk fits a byte, which lets the compiler count 32 bytes at a time; a
    // multiple of 32 leaves it no odd ones.
    for chunk in text.chunks(7 * 32) {
        let in_chunk = chunk
            .iter()
            .fold(0u8, |n, byte| n.wrapping_add(u8::from(*byte == 0)));
        nuls = nuls.wrapping_add(usize::from(in_chunk));
    }
    nuls
}
