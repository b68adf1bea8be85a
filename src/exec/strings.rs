//! Walks the strings of a checked message.

use core::ffi::{CStr, c_char};
use core::fmt;
use core::iter::FusedIterator;
use core::{mem, ptr};

use crate::wire::widen;

/// The lengths of strings, as varints that have been checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths<'a>(pub(crate) &'a [u8]);

impl Iterator for Lengths<'_> {
    type Item = usize;

    #[inline] // as the walk over pointers that calls it for each string
    fn next(&mut self) -> Option<usize> {
        let (byte, mut rest) = self.0.split_first()?;
        let (mut len, mut last, mut shift) = (u32::from(*byte), *byte, 0u32);
        while last >= 0x80 {
            let (byte, after) = rest.split_first()?;
            shift = shift.wrapping_add(7);
            // The last byte's high bit, which says that there is another, is taken off.
            len ^= (u32::from(*byte) ^ 1).wrapping_shl(shift);
            (last, rest) = (*byte, after);
        }
        self.0 = rest;
        Some(widen(len))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.iter().filter(|byte| **byte < 0x80).count();
        (len, Some(len))
    }
}

impl ExactSizeIterator for Lengths<'_> {}

/// A run of strings in a checked text, each with its NUL.
#[derive(Clone)]
pub(crate) struct Strings<'a> {
    /// Those of the strings that are left.
    pub(crate) lengths: Lengths<'a>,
    pub(crate) text: &'a str,
    /// Where the first of those that are left starts in `text`.
    pub(crate) at: usize,
    /// Whether the string at the start of `text` comes before those.
    pub(crate) first: bool,
}

impl<'a> Strings<'a> {
    /// Steps over the next string; where it starts in the text.
    pub(super) fn next_at(&mut self) -> Option<usize> {
        if mem::take(&mut self.first) {
            return Some(0);
        }
        let len = self.lengths.next()?;
        let at = self.at;
        // No overflow: a checked string and its NUL lie in the text.
        self.at = at.wrapping_add(len).wrapping_add(1);
        Some(at)
    }

    pub(super) fn len(&self) -> usize {
        self.lengths.len().wrapping_add(usize::from(self.first))
    }

    pub(crate) fn strs(self) -> Strs<'a> {
        Strs(self)
    }

    pub(crate) fn pointers(&self) -> Pointers<'a> {
        let text: *const c_char = self.text.as_ptr().cast();
        Pointers {
            lengths: self.lengths,
            first: if self.first { text } else { ptr::null() },
            next: text.wrapping_add(self.at),
        }
    }
}

/// A run of strings as `&str`, without their NULs.
#[derive(Clone)]
pub(crate) struct Strs<'a>(Strings<'a>);

impl<'a> Iterator for Strs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let Self(strings) = self;
        let at = strings.next_at()?;
        strings.text.get(at..strings.at.wrapping_sub(1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for Strs<'_> {}
impl FusedIterator for Strs<'_> {}

/// The pointers of a run of strings.
#[derive(Clone)]
pub(crate) struct Pointers<'a> {
    lengths: Lengths<'a>,
    /// Comes before those, unless it is null.
    first: *const c_char,
    next: *const c_char,
}

impl Iterator for Pointers<'_> {
    type Item = *const c_char;

    // Inlined, its state stays in registers: a third of the time of walking the lists.
    #[inline]
    fn next(&mut self) -> Option<*const c_char> {
        if !self.first.is_null() {
            return Some(mem::replace(&mut self.first, ptr::null()));
        }
        let len = self.lengths.next()?;
        let next = self.next;
        self.next = next.wrapping_add(len).wrapping_add(1);
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let first = usize::from(!self.first.is_null());
        let left = self.lengths.len().wrapping_add(first);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Pointers<'_> {}
impl FusedIterator for Pointers<'_> {}

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

pub(super) fn debug_len(f: &mut fmt::Formatter<'_>, name: &str, len: usize) -> fmt::Result {
    f.debug_struct(name).field("len", &len).finish()
}

impl<'a> CStrings<'a> {
    pub(crate) fn new(strings: Strings<'a>) -> Self {
        Self { strings }
    }
}

impl<'a> Iterator for CStrings<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        let at = self.strings.next_at()?;
        self.strings.text.as_bytes().get(at..).map(c_str)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.strings.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for CStrings<'_> {}
impl FusedIterator for CStrings<'_> {}

/// The string at the start of `tail`: decoding has shown that it ends in a NUL.
#[inline(never)] // small code is not repeated
pub(crate) fn c_str(tail: &[u8]) -> &CStr {
    CStr::from_bytes_until_nul(tail).unwrap_or_default()
}
