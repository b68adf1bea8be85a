//! Walks the strings of a checked message.

use core::ffi::{CStr, c_char};
use core::iter::FusedIterator;
use core::{mem, ptr, str};

use super::frame::widen;

/// A run of strings in a checked text, each with its NUL.
#[derive(Clone)]
pub(super) struct Strings<'a> {
    /// The lengths of those that are left.
    pub(super) lens: &'a [u8],
    pub(super) text: &'a [u8],
    /// Where the first of those that are left starts in `text`.
    pub(super) at: usize,
    /// Whether the string at the start of `text` comes before those.
    pub(super) first: bool,
}

impl<'a> Strings<'a> {
    /// Steps over the next string; where it starts in the text.
    pub(super) fn next_at(&mut self) -> Option<usize> {
        if mem::take(&mut self.first) {
            return Some(0);
        }
        let len = take_len(&mut self.lens)?;
        let at = self.at;
        self.at = at.wrapping_add(len).wrapping_add(1);
        Some(at)
    }

    /// The text from the next string on.
    pub(super) fn next_tail(&mut self) -> Option<&'a [u8]> {
        let at = self.next_at()?;
        self.text.get(at..)
    }

    pub(super) fn len(&self) -> usize {
        count(self.lens).wrapping_add(usize::from(self.first))
    }

    pub(super) fn strs(self) -> Strs<'a> {
        let text = as_str(self.text);
        Strs {
            strings: self,
            text,
        }
    }

    pub(super) fn pointers(&self) -> Pointers<'a> {
        let text: *const c_char = self.text.as_ptr().cast();
        Pointers {
            lens: self.lens,
            first: if self.first { text } else { ptr::null() },
            next: text.wrapping_add(self.at),
        }
    }
}

/// A run of strings as `&str`, without their NULs.
#[derive(Clone)]
pub(super) struct Strs<'a> {
    strings: Strings<'a>,
    text: &'a str,
}

impl<'a> Iterator for Strs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let at = self.strings.next_at()?;
        self.text.get(at..self.strings.at.wrapping_sub(1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.strings.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for Strs<'_> {}
impl FusedIterator for Strs<'_> {}

/// The pointers of a run of strings.
#[derive(Clone)]
pub(super) struct Pointers<'a> {
    /// The lengths of those that are left.
    lens: &'a [u8],
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
        let len = take_len(&mut self.lens)?;
        let next = self.next;
        self.next = next.wrapping_add(len).wrapping_add(1);
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = count(self.lens).wrapping_add(usize::from(!self.first.is_null()));
        (left, Some(left))
    }
}

impl ExactSizeIterator for Pointers<'_> {}
impl FusedIterator for Pointers<'_> {}

/// Takes a length off a checked index.
#[inline] // as the walk that calls it for each string
fn take_len(lens: &mut &[u8]) -> Option<usize> {
    let (byte, mut rest) = lens.split_first()?;
    let (mut len, mut last, mut shift) = (u32::from(*byte), *byte, 0u32);
    while last >= 0x80 {
        let (byte, after) = rest.split_first()?;
        shift = shift.wrapping_add(7);
        // The last byte's high bit, which says that there is another, is taken off.
        len ^= (u32::from(*byte) ^ 1) << shift;
        (last, rest) = (*byte, after);
    }
    *lens = rest;
    Some(widen(len))
}

/// How many lengths there are.
fn count(lens: &[u8]) -> usize {
    lens.iter().filter(|byte| **byte < 0x80).count()
}

/// A part of a checked text, which is UTF-8.
pub(super) fn as_str(text: &[u8]) -> &str {
    str::from_utf8(text).unwrap_or_default()
}

/// The string at the start of `tail`: decoding has shown that it ends in a NUL.
pub(super) fn c_str(tail: &[u8]) -> &CStr {
    CStr::from_bytes_until_nul(tail).unwrap_or_default()
}
