//! Which bytes a string of a setup holds, seen in one pass.

/// A string of a setup, without its NUL.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    /// The classes that every one of its bytes is in.
    classes: u8,
}

/// A class of bytes: a bit.
#[derive(Clone, Copy)]
pub(super) struct Class(u8);

impl Class {
    /// ASCII but for NUL.
    pub(super) const PLAIN: Self = Self(1);
    /// What a tag and a serial are made of.
    pub(super) const TAG: Self = Self(1 << 1);
    /// What a filesystem's name is made of.
    pub(super) const FSTYPE: Self = Self(1 << 2);
    /// What an interface's name is made of. Linux takes the byte 0xa0 for a space, and what follows
    /// `%` for a pattern to fill in.
    pub(super) const INTERFACE: Self = Self(1 << 3);
    /// All but NUL and `/`.
    pub(super) const FILE: Self = Self(1 << 4);
    /// All but ASCII control characters, space and `/`.
    pub(super) const HOSTNAME: Self = Self(1 << 5);
    /// All but ASCII control characters, space and `#`.
    pub(super) const DOMAIN: Self = Self(1 << 6);

    /// The classes of a byte.
    const fn of(byte: u8) -> u8 {
        let is_lower = byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_fstype = is_lower || matches!(byte, b'_' | b'.' | b'-');
        let is_visible = byte.is_ascii_graphic();
        let is_in = [
            (Self::PLAIN, byte.is_ascii() && byte != 0),
            (Self::TAG, is_fstype || byte.is_ascii_uppercase()),
            (Self::FSTYPE, is_fstype),
            (
                Self::INTERFACE,
                is_visible && !matches!(byte, b'/' | b':' | b'%'),
            ),
            (Self::FILE, !matches!(byte, 0 | b'/')),
            (
                Self::HOSTNAME,
                (is_visible || !byte.is_ascii()) && byte != b'/',
            ),
            (
                Self::DOMAIN,
                (is_visible || !byte.is_ascii()) && byte != b'#',
            ),
        ];
        let mut classes = 0;
        let mut left = is_in.as_slice();
        while let [(class, is_in), rest @ ..] = left {
            if *is_in {
                classes |= class.0;
            }
            left = rest;
        }
        classes
    }
}

/// The classes of each byte.
#[allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing
)] // once, by the compiler
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = Class::of(byte as u8);
        byte += 1;
    }
    classes
};

impl<'a> Text<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let classes = bytes.iter().fold(u8::MAX, |classes, byte| {
            classes & CLASSES.get(usize::from(*byte)).copied().unwrap_or_default()
        });
        Self { bytes, classes }
    }

    /// Whether every byte is in `class`.
    pub(super) fn is(&self, class: Class) -> bool {
        self.classes & class.0 != 0
    }

    /// Whether there are 1 to `max` bytes, every one in `class`.
    pub(super) fn is_name(&self, class: Class, max: usize) -> bool {
        (1..=max).contains(&self.bytes.len()) && self.is(class)
    }
}
