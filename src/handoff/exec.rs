//! What `execve(2)` takes: its limits, and the `argv` and `envp` of a decoded handoff.

use core::cmp::Ordering;
use core::ffi::CStr;
use core::fmt;
use core::iter::FusedIterator;

use super::error::{HandoffRule, ScratchTooSmall};
use super::frame::{saturate, widen};
use super::strings::{Strings, c_str};

/// The `cmd` that leaves the choice of the init to the guest.
pub const AUTO_INIT: &str = "auto";

/// Whether `cmd` is [`AUTO_INIT`].
pub(super) fn is_auto(cmd: &[u8]) -> bool {
    const AUTO: &[u8; AUTO_INIT.len()] = AUTO_INIT.as_bytes().first_chunk().unwrap();
    // An array's comparison is smaller than a slice's.
    cmd.len() == AUTO.len() && cmd.first_chunk() == Some(AUTO)
}

/// Where a guest looks for an init when `cmd` is [`AUTO_INIT`], best first.
///
/// `argv[0]` is then the path found, not `auto`: an init such as busybox's goes by that name. The
/// limit on the whole message counts the longest of these.
pub const AUTO_INIT_CANDIDATES: &[&CStr] = &[
    c"/sbin/init",
    c"/etc/init",
    c"/bin/init",
    c"/lib/systemd/systemd",
    c"/usr/lib/systemd/systemd",
    c"/bin/sh",
];

/// Linux's `ARG_MAX`: what `execve(2)` takes whatever the stack limit.
const ARG_MAX: u64 = 128 * 1024;
/// Linux's `_STK_LIM / 4 * 3`: what it takes at the most, whatever the stack limit.
const TOTAL_MAX: u64 = 6 * 1024 * 1024;
/// Linux's `MAX_ARG_STRLEN` in pages.
const STRING_MAX_PAGES: u32 = 32;
/// A pointer of a 64-bit guest; a 32-bit one has more room than this counts.
const POINTER_BYTES: u64 = 8;

/// What the guest's `execve(2)` takes (Linux, `fs/exec.c`).
///
/// The default is 4 KiB pages and the usual 8 MiB stack limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExecLimits {
    /// The guest's page size in bytes: one string is at most 32 pages long.
    pub page_size: u32,
    /// The guest agent's soft `RLIMIT_STACK` in bytes: strings and pointers together take at most
    /// a quarter of it, though never less than 128 KiB nor more than 6 MiB.
    pub stack_limit: u64,
}

impl Default for ExecLimits {
    fn default() -> Self {
        Self {
            page_size: 4096,
            stack_limit: 8 * 1024 * 1024,
        }
    }
}

impl ExecLimits {
    /// The longest single string in bytes, its NUL counted (`MAX_ARG_STRLEN`).
    pub const fn max_string_bytes(&self) -> u32 {
        self.page_size.saturating_mul(STRING_MAX_PAGES)
    }

    /// The most that all strings with their NULs, the path of the init once more, and 8 bytes for
    /// each `argv` and `envp` pointer may come to, in bytes.
    pub const fn max_total_bytes(&self) -> u32 {
        let quarter = self.stack_limit / 4;
        let total = if quarter < ARG_MAX {
            ARG_MAX
        } else if quarter > TOTAL_MAX {
            TOTAL_MAX
        } else {
            quarter
        };
        #[allow(clippy::as_conversions)] // at most 6 MiB
        return total as u32;
    }

    /// Checks `strings` strings of `bytes` bytes in all, NULs counted, that go with `cmd`.
    pub(super) fn check_total(
        &self,
        cmd: &[u8],
        strings: usize,
        bytes: usize,
    ) -> Result<(), HandoffRule> {
        let init = if is_auto(cmd) {
            LONGEST_CANDIDATE
        } else {
            cmd.len()
        };
        // Strings in memory and a pointer to each come to less than `u64` holds.
        // The kernel puts the path on the stack for itself, then again as `argv[0]`.
        let init_bytes = wide(init).wrapping_add(1).wrapping_mul(2);
        let pointers = wide(strings).wrapping_add(1).wrapping_mul(POINTER_BYTES);
        let total = wide(bytes).wrapping_add(init_bytes).wrapping_add(pointers);
        let max = self.max_total_bytes();
        if total > u64::from(max) {
            let len = u32::try_from(total).unwrap_or(u32::MAX);
            return Err(HandoffRule::TotalTooLarge { len, max });
        }
        Ok(())
    }
}

/// The length of the longest of [`AUTO_INIT_CANDIDATES`].
const LONGEST_CANDIDATE: usize = {
    let mut longest = 0;
    let mut left = AUTO_INIT_CANDIDATES;
    while let Some((path, rest)) = left.split_first() {
        let len = path.count_bytes();
        if len > longest {
            longest = len;
        }
        left = rest;
    }
    longest
};

fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Strings of a frame as `execve(2)` takes them, borrowed from it.
///
/// `Debug` shows how many are left, not what they hold.
#[derive(Clone)]
pub struct CStrings<'a> {
    strings: Strings<'a>,
}

impl fmt::Debug for CStrings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_len(f, "CStrings", self.len())
    }
}

fn debug_len(f: &mut fmt::Formatter<'_>, name: &str, len: usize) -> fmt::Result {
    f.debug_struct(name).field("len", &len).finish()
}

impl<'a> CStrings<'a> {
    pub(super) fn new(strings: Strings<'a>) -> Self {
        Self { strings }
    }
}

impl<'a> Iterator for CStrings<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        self.strings.next_tail().map(c_str)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.strings.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for CStrings<'_> {}
impl FusedIterator for CStrings<'_> {}

/// An environment merged over an inherited one, each key once; see
/// [`HandoffInitRef::envp_over`](crate::HandoffInitRef::envp_over).
///
/// `Debug` shows how many entries are left, not what they hold.
#[derive(Clone)]
pub struct EnvpOver<'a, 's> {
    inherited: &'a [&'a CStr],
    text: &'a [u8],
    ids: core::slice::Iter<'s, u32>,
}

impl fmt::Debug for EnvpOver<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_len(f, "EnvpOver", self.len())
    }
}

/// Stands for an entry that a later one overrides; sorts after every other.
const OVERRIDDEN: u32 = u32::MAX;

impl<'a, 's> EnvpOver<'a, 's> {
    /// Numbers every entry in order, drops what a later one overrides, and keeps the order: an
    /// inherited entry's number is its index, one of the frame's is its offset in `text` behind
    /// those. Two sorts in place, so n entries take n log n steps, and no heap.
    pub(super) fn new(
        inherited: &'a [&'a CStr],
        frame_env: Strings<'a>,
        scratch: &'s mut [u32],
    ) -> Result<Self, ScratchTooSmall> {
        let text = frame_env.text;
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

impl<'a> Iterator for EnvpOver<'a, '_> {
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

impl ExactSizeIterator for EnvpOver<'_, '_> {}
impl FusedIterator for EnvpOver<'_, '_> {}
