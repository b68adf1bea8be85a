//! An environment merged over the one that a process inherits.

use core::cmp::Ordering;
use core::ffi::CStr;
use core::fmt;
use core::iter::FusedIterator;

use thiserror_no_std::Error;

use super::strings::{Strings, c_str, debug_len};
use crate::error::is_error;
use crate::wire::{saturate, widen};

/// An environment merged over an inherited one, each key once; see
/// [`HandoffInitRef::merge_env`](crate::HandoffInitRef::merge_env).
///
/// `Debug` shows how many entries are left, not what they hold.
#[derive(Clone)]
pub struct MergedEnv<'a, 's> {
    inherited: &'a [&'a CStr],
    text: &'a [u8],
    ids: core::slice::Iter<'s, u32>,
}

impl fmt::Debug for MergedEnv<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_len(f, "MergedEnv", self.len())
    }
}

/// Stands for an entry that a later one overrides; sorts after every other.
const OVERRIDDEN: u32 = u32::MAX;

impl<'a, 's> MergedEnv<'a, 's> {
    /// Numbers every entry in order, drops what a later one overrides, and keeps the order: an
    /// inherited entry's number is its index, one of the frame's is its offset in `text` behind
    /// those. Two sorts in place, so n entries take n log n steps, and no heap.
    pub(crate) fn new(
        inherited: &'a [&'a CStr],
        frame_env: Strings<'a>,
        scratch: &'s mut [u32],
    ) -> Result<Self, ScratchTooSmall> {
        let text = frame_env.text.as_bytes();
        let needed = inherited.len().saturating_add(frame_env.len());
        let mut frame_env = frame_env;
        let offsets = core::iter::from_fn(|| frame_env.next_at())
            .map(|at| saturate(inherited.len().saturating_add(at)));
        let ids = scratch
            .get_mut(..needed)
            .ok_or(ScratchTooSmall { needed })?;
        for (slot, id) in ids
            .iter_mut()
            .zip((0..saturate(inherited.len())).chain(offsets))
        {
            *slot = id;
        }
        let by_key = |a, b| compare_keys(inherited, text, a, b);
        sort(ids, &|a, b| by_key(a, b).then(a.cmp(&b)).is_lt());
        let mut later: Option<u32> = None;
        for id in ids.iter_mut().rev() {
            if later.is_some_and(|later| by_key(later, *id).is_eq()) {
                *id = OVERRIDDEN;
            } else {
                later = Some(*id);
            }
        }
        sort(ids, &|a, b| a < b);
        let kept = ids.partition_point(|id| *id != OVERRIDDEN);
        let ids = ids.get(..kept).unwrap_or_default().iter();
        Ok(Self {
            inherited,
            text,
            ids,
        })
    }
}

/// The frame's strings from the entry that `id` stands for.
fn from_frame<'a>(inherited: &[&CStr], text: &'a [u8], id: u32) -> &'a [u8] {
    text.get(widen(id).saturating_sub(inherited.len())..)
        .unwrap_or_default()
}

/// Reads no further than the two keys agree: a sort compares some keys with most of the others.
fn compare_keys(inherited: &[&CStr], text: &[u8], a: u32, b: u32) -> Ordering {
    let key = |id| {
        let entry = match inherited.get(widen(id)) {
            Some(entry) => entry.to_bytes(),
            None => from_frame(inherited, text, id),
        };
        entry.iter().take_while(|byte| **byte != b'=')
    };
    key(a).cmp(key(b))
}

/// Sorts in place: a heap sort, since the standard library's unstable sort, once for each of the
/// two orders, would be a quarter of a small agent's code.
fn sort(ids: &mut [u32], less: &dyn Fn(u32, u32) -> bool) {
    for node in (0..ids.len() / 2).rev() {
        sift_down(ids, node, less);
    }
    for end in (1..ids.len()).rev() {
        ids.swap(0, end);
        sift_down(ids.get_mut(..end).unwrap_or_default(), 0, less);
    }
}

/// Moves what is at `node` down to where no child of it is greater.
fn sift_down(heap: &mut [u32], mut node: usize, less: &dyn Fn(u32, u32) -> bool) {
    loop {
        let left = node.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let child = match (heap.get(left), heap.get(right)) {
            (Some(at_left), Some(at_right)) if less(*at_left, *at_right) => right,
            _ => left,
        };
        match (heap.get(node), heap.get(child)) {
            (Some(parent), Some(greatest)) if less(*parent, *greatest) => heap.swap(node, child),
            _ => return,
        }
        node = child;
    }
}

impl<'a> Iterator for MergedEnv<'a, '_> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        let id = *self.ids.next()?;
        Some(match self.inherited.get(widen(id)) {
            Some(entry) => entry,
            None => c_str(from_frame(self.inherited, self.text, id)),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ids.size_hint()
    }
}

impl ExactSizeIterator for MergedEnv<'_, '_> {}
impl FusedIterator for MergedEnv<'_, '_> {}

/// The scratch list for [`HandoffInitRef::merge_env`](crate::HandoffInitRef::merge_env) is too
/// short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("scratch list is too small: {needed} slots are needed")]
pub struct ScratchTooSmall {
    /// How many slots are needed.
    pub needed: usize,
}

#[cfg(not(feature = "std"))]
impl core::error::Error for ScratchTooSmall {}
const _: () = is_error::<ScratchTooSmall>();
