//! Takes a payload off, field by field, as postcard lays it out, and refuses what postcard would
//! let pass: padded varints, tags that stand for nothing, bytes left over.

use core::ffi::CStr;
use core::str;

use super::bytes::varints_len;
use super::error::{DecodeError, DecodeErrorKind};
use super::frame::Frame;
use super::header::{FrameHeader, GENERATION};
use super::offset::{Offset, widen};

/// What is left of a part of a frame.
#[derive(Clone, Copy)]
pub(crate) struct Rest<'a> {
    pub(crate) bytes: &'a [u8],
    /// Where it ends in the frame.
    pub(crate) end: Offset,
}

impl<'a> Rest<'a> {
    /// Where it starts in the frame.
    pub(crate) fn at(&self) -> Offset {
        self.end - Offset::of(self.bytes.len())
    }

    /// Takes `len` bytes off, if there are as many.
    pub(crate) fn take(&mut self, len: usize) -> Option<Rest<'a>> {
        let (bytes, rest) = self.bytes.split_at_checked(len)?;
        let end = self.at() + Offset::of(len);
        self.bytes = rest;
        Some(Rest { bytes, end })
    }
}

/// Reads fields from the front. What fails returns `None` and leaves its reason in `error`: an
/// error handed up from call to call is copied by each, in code that a small guest pays for
/// (1,350 bytes of the handoff's view).
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) rest: Rest<'a>,
    /// Why reading stopped: the payload ends early, unless something else has been said.
    pub(crate) error: DecodeError,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(frame: &Frame<'a>) -> Self {
        let bytes = frame.payload;
        let end = Offset::of(FrameHeader::LEN) + Offset::of(bytes.len());
        Self {
            rest: Rest { bytes, end },
            error: DecodeErrorKind::PayloadTruncated.at(end),
        }
    }

    /// Reads fields that have been checked.
    pub(crate) fn of_checked(bytes: &'a [u8]) -> Self {
        let end = Offset::of(bytes.len());
        Self {
            rest: Rest { bytes, end },
            error: DecodeErrorKind::PayloadTruncated.at(end),
        }
    }

    /// Where the next field starts in the frame.
    pub(crate) fn at(&self) -> Offset {
        self.rest.at()
    }

    pub(crate) fn fail<T>(&mut self, kind: DecodeErrorKind, at: Offset) -> Option<T> {
        self.error = kind.at(at);
        None
    }

    /// Takes one byte off.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.bytes.split_first()?;
        self.rest.bytes = rest;
        Some(*byte)
    }

    /// Takes the byte off that is a truth value, or says whether an optional field follows.
    pub(crate) fn tag(&mut self) -> Option<bool> {
        let at = self.at();
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => self.fail(DecodeErrorKind::BadOption, at),
        }
    }

    /// Takes a `u32` off: seven bits a byte, the lowest first.
    #[inline]
    pub(crate) fn varint(&mut self) -> Option<u32> {
        // Nearly every number has one byte.
        if let Some((byte @ 0..0x80, rest)) = self.rest.bytes.split_first() {
            self.rest.bytes = rest;
            return Some(u32::from(*byte));
        }
        self.long_varint()
    }

    #[inline(never)] // small code is not repeated, and what is rare stays out of the loops
    fn long_varint(&mut self) -> Option<u32> {
        let at = self.at();
        let (mut value, mut shift) = (0u64, 0u32);
        while shift < 5 * 7 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    return self.fail(DecodeErrorKind::NonCanonicalVarint, at);
                }
                return match u32::try_from(value) {
                    Ok(value) => Some(value),
                    Err(_) => self.fail(DecodeErrorKind::VarintTooLarge, at),
                };
            }
            shift = shift.saturating_add(7);
        }
        self.fail(DecodeErrorKind::VarintTooLarge, at)
    }

    /// Takes `count` varints off without reading them: each ends at a byte below 0x80.
    pub(crate) fn varints(&mut self, count: u32) -> Option<Rest<'a>> {
        let len = varints_len(self.rest.bytes, count)?;
        self.rest.take(len)
    }

    /// Takes a `u64` off: seven bits a byte, the lowest first.
    pub(crate) fn varint_u64(&mut self) -> Option<u64> {
        let at = self.at();
        let (mut value, mut shift) = (0u64, 0u32);
        while shift < u64::BITS {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits.leading_zeros() < shift {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    return self.fail(DecodeErrorKind::NonCanonicalVarint, at);
                }
                return Some(value);
            }
            shift = shift.saturating_add(7);
        }
        self.fail(DecodeErrorKind::VarintTooLarge, at)
    }

    /// Takes the number of an enum's variant off, which must be one of the first `count`.
    pub(crate) fn variant(&mut self, count: u32) -> Option<u32> {
        let at = self.at();
        let variant = self.varint()?;
        if variant >= count {
            return self.fail(DecodeErrorKind::UnknownVariant, at);
        }
        Some(variant)
    }

    /// Takes an optional field off.
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.tag()? {
            read(self).map(Some)
        } else {
            Some(None)
        }
    }

    /// Takes `N` bytes off.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.bytes.split_first_chunk()?;
        self.rest.bytes = rest;
        Some(*array)
    }

    /// Takes a string off: its length, then its bytes.
    pub(crate) fn str(&mut self) -> Option<&'a str> {
        let bytes = self.bytes()?;
        self.utf8(bytes)
    }

    #[inline(never)] // small code is not repeated
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.varint()?;
        Some(self.rest.take(widen(len))?.bytes)
    }

    /// The bytes that were taken off last as text.
    #[inline(never)] // small code is not repeated
    fn utf8(&mut self, bytes: &'a [u8]) -> Option<&'a str> {
        match str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let at = self.at() - Offset::of(bytes.len());
                self.fail(
                    DecodeErrorKind::NotUtf8,
                    at + Offset::of(error.valid_up_to()),
                )
            }
        }
    }

    /// Takes a string off that holds one NUL, at its end.
    #[inline(never)] // small code is not repeated
    pub(crate) fn c_str(&mut self) -> Option<&'a CStr> {
        let bytes = self.bytes()?;
        // Nearly every string is ASCII, which takes a quarter of the instructions to see.
        if !bytes.is_ascii() {
            self.utf8(bytes)?;
        }
        if let Ok(string) = CStr::from_bytes_with_nul(bytes) {
            return Some(string);
        }
        let (end, len) = (self.at(), Offset::of(bytes.len()));
        match bytes.iter().position(|byte| *byte == 0) {
            Some(nul) => self.fail(DecodeErrorKind::StrayNul, end - len + Offset::of(nul)),
            None => self.fail(DecodeErrorKind::MissingNul, end),
        }
    }

    /// Checks that nothing is left over in a frame that this crate knows all fields of.
    pub(crate) fn finish(&mut self, generation: u8) -> Option<()> {
        if generation <= GENERATION && !self.rest.bytes.is_empty() {
            return self.fail(DecodeErrorKind::LeftOver, self.at());
        }
        Some(())
    }
}
