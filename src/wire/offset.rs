//! Arithmetic on places in a frame.

use core::ops::{Add, Sub};

/// A place in a frame, or the length of a part of one, in bytes.
///
/// A frame is a few MiB long, so sums of places in it are far from the end of `u32`. Debug builds
/// check that; a guest does not pay for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Offset(u32);

impl Offset {
    pub(crate) const fn new(at: u32) -> Self {
        Self(at)
    }

    /// The length of a part of a frame.
    #[allow(clippy::as_conversions)] // see the type
    pub(crate) const fn of(len: usize) -> Self {
        Self(len as u32)
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    pub(crate) const fn index(self) -> usize {
        widen(self.0)
    }
}

impl Add for Offset {
    type Output = Self;

    fn add(self, len: Self) -> Self {
        debug_assert!(self.0.checked_add(len.0).is_some());
        Self(self.0.wrapping_add(len.0))
    }
}

impl Sub for Offset {
    type Output = Self;

    fn sub(self, len: Self) -> Self {
        debug_assert!(self.0 >= len.0);
        Self(self.0.wrapping_sub(len.0))
    }
}

/// A `u32` as a length; `usize` has at least 32 bits wherever this crate builds.
#[allow(clippy::as_conversions)] // `usize::try_from` would add an error that cannot happen
pub(crate) const fn widen(len: u32) -> usize {
    const { assert!(usize::BITS >= u32::BITS) };
    len as usize
}

/// A length of any size as an error's `u32`.
pub(crate) fn saturate(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
