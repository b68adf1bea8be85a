//! The header: 16 bytes, placed by hand, not by a codec, so that it can never change with one.

use super::error::{DecodeError, DecodeErrorKind};
use super::frame::OVERHEAD;
use super::offset::{Offset, widen};
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_REPORT_PAYLOAD_BYTES, MAX_SETUP_PAYLOAD_BYTES};

/// The generation of the wire format that this crate writes, and the newest that it reads whole.
pub const GENERATION: u8 = 2;

const MAGIC: [u8; 4] = [0x89, b'm', b's', b'b'];

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameKind {
    /// Host → guest: [`HandoffInitRef`](crate::HandoffInitRef).
    HandoffInit,
    /// Guest → host: [`GuestReport`](crate::GuestReport).
    GuestReport,
    /// Host → guest: [`GuestSetupRef`](crate::GuestSetupRef).
    GuestSetup,
}

impl FrameKind {
    /// Returns the kind's byte in the header.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::HandoffInit => 1,
            Self::GuestReport => 2,
            Self::GuestSetup => 3,
        }
    }

    /// Returns the longest payload of this kind, in bytes.
    #[must_use]
    pub const fn max_payload_bytes(self) -> usize {
        match self {
            Self::HandoffInit => MAX_PAYLOAD_BYTES,
            Self::GuestReport => MAX_REPORT_PAYLOAD_BYTES,
            Self::GuestSetup => MAX_SETUP_PAYLOAD_BYTES,
        }
    }

    /// The kind of this byte in a frame of this generation.
    const fn from_u8(kind: u8, generation: u8) -> Option<Self> {
        match kind {
            1 => Some(Self::HandoffInit),
            2 => Some(Self::GuestReport),
            3 if generation >= 2 => Some(Self::GuestSetup),
            _ => None,
        }
    }
}

impl core::fmt::Display for FrameKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::HandoffInit => "handoff",
            Self::GuestReport => "report",
            Self::GuestSetup => "setup",
        })
    }
}

/// A frame's header: all that a reader needs to know how many more bytes to read.
///
/// ```
/// use microsandbox_types::{FrameHeader, FrameKind, GuestReport};
///
/// let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
/// let frame = GuestReport::Accepted.encode(&mut buffer).unwrap();
/// let header = FrameHeader::parse(frame)?.expect_kind(FrameKind::GuestReport)?;
/// assert_eq!(header.frame_len(), frame.len());
/// # Ok::<(), microsandbox_types::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    kind: FrameKind,
    generation: u8,
    min_generation: u8,
    payload_len: u32,
}

impl FrameHeader {
    /// The header's length in bytes.
    pub const LEN: usize = 16;

    /// Reads the header at the start of `bytes`; what follows it is not looked at.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are fewer than [`LEN`](Self::LEN), the magic, kind,
    /// generations, flags, payload length or reserved field break their rules, or the frame may
    /// be acted on only by a reader newer than [`GENERATION`].
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(header) = bytes.first_chunk::<{ Self::LEN }>() else {
            return Err(truncated(bytes.len(), Self::LEN));
        };
        #[rustfmt::skip] // a line a field
        let [
            m0, m1, m2, m3,
            kind, generation, min_generation, flags,
            l0, l1, l2, l3,
            reserved @ ..,
        ] = *header;
        let mut magic = MAGIC.iter().zip([m0, m1, m2, m3]);
        if let Some(at) = magic.position(|(want, got)| *want != got) {
            return Err(DecodeErrorKind::BadMagic.at(Offset::of(at)));
        }
        let at = |offset, kind: DecodeErrorKind| Err(kind.at(Offset::new(offset)));
        let Some(kind) = FrameKind::from_u8(kind, generation) else {
            return at(4, DecodeErrorKind::UnknownKind { kind });
        };
        if min_generation == 0 || min_generation > generation {
            let offset = if generation == 0 { 5 } else { 6 };
            let error = DecodeErrorKind::BadGeneration {
                generation,
                min_generation,
            };
            return at(offset, error);
        }
        if min_generation > GENERATION {
            let error = DecodeErrorKind::TooNew {
                min_generation,
                generation: GENERATION,
            };
            return at(6, error);
        }
        if flags != 0 {
            return at(7, DecodeErrorKind::BadFlags { flags });
        }
        let payload_len = u32::from_le_bytes([l0, l1, l2, l3]);
        let max = kind.max_payload_bytes();
        if widen(payload_len) > max {
            let max = Offset::of(max).get();
            let len = payload_len;
            return at(8, DecodeErrorKind::PayloadTooLarge { len, max });
        }
        let value = u32::from_le_bytes(reserved);
        if value != 0 {
            return at(12, DecodeErrorKind::BadReserved { value });
        }
        Ok(Self {
            kind,
            generation,
            min_generation,
            payload_len,
        })
    }

    /// Returns the header if it announces a frame of this kind.
    ///
    /// # Errors
    /// [`DecodeErrorKind::WrongKind`].
    pub fn expect_kind(self, expected: FrameKind) -> Result<Self, DecodeError> {
        if self.kind == expected {
            return Ok(self);
        }
        let found = self.kind;
        Err(DecodeErrorKind::WrongKind { expected, found }.at(Offset::new(4)))
    }

    /// The header's bytes before a payload of `payload_len` bytes.
    pub(super) const fn bytes(
        kind: FrameKind,
        min_generation: u8,
        payload_len: u32,
    ) -> [u8; Self::LEN] {
        let [m0, m1, m2, m3] = MAGIC;
        let [l0, l1, l2, l3] = payload_len.to_le_bytes();
        #[rustfmt::skip] // a line a field
        return [
            m0, m1, m2, m3,
            kind.as_u8(), GENERATION, min_generation, 0,
            l0, l1, l2, l3,
            0, 0, 0, 0,
        ];
    }

    /// Returns what the frame holds.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// Returns the writer's generation.
    #[must_use]
    pub const fn generation(&self) -> u8 {
        self.generation
    }

    /// Returns the lowest reader generation that may act on the frame.
    #[must_use]
    pub const fn min_generation(&self) -> u8 {
        self.min_generation
    }

    /// Returns the payload's length in bytes.
    #[must_use]
    pub const fn payload_len(&self) -> usize {
        widen(self.payload_len)
    }

    /// Returns the whole frame's length in bytes, header and checksum included.
    #[must_use]
    pub const fn frame_len(&self) -> usize {
        // No overflow: `parse` bounds the payload.
        OVERHEAD.saturating_add(self.payload_len())
    }
}

/// The error for `len` bytes where `wanted` are needed.
pub(crate) fn truncated(len: usize, wanted: usize) -> DecodeError {
    let (len, wanted) = (Offset::of(len), Offset::of(wanted));
    let missing = (wanted - len).get();
    DecodeErrorKind::Truncated { missing }.at(len)
}
