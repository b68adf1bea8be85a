//! A list of a setup: checked once, walked where it lies.

use core::fmt;

use super::read::Parts;
use crate::wire::{Reader, widen};

/// A list whose items have been checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct List<'a> {
    pub(super) len: u32,
    pub(super) items: &'a [u8],
}

impl<'a> List<'a> {
    pub(super) fn walk<T>(self, read: fn(&mut Parts<'a>) -> Option<T>) -> Items<'a, T> {
        Items { left: self, read }
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("len", &self.len).finish()
    }
}

/// The items that are left of a checked list.
pub(super) struct Items<'a, T> {
    left: List<'a>,
    read: fn(&mut Parts<'a>) -> Option<T>,
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left.len = self.left.len.checked_sub(1)?;
        let mut parts = Parts::new(Reader::of_checked(self.left.items));
        let item = (self.read)(&mut parts);
        self.left.items = parts.reader.rest.bytes;
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = widen(self.left.len);
        (len, Some(len))
    }
}

impl<T> ExactSizeIterator for Items<'_, T> {}
