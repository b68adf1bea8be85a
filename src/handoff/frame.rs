//! The frame: a fixed 16-byte header, the payload, an 8-byte checksum.
//!
//! The header is placed by hand, not by a codec, so that it can never change with one.

use twox_hash::XxHash64;

use super::error::DecodeError;
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_REPORT_PAYLOAD_BYTES};

/// The generation of the wire format that this crate writes, and the newest that it reads whole.
pub const GENERATION: u8 = 1;

const MAGIC: [u8; 4] = [0x89, b'm', b's', b'b'];
const CHECKSUM_LEN: usize = 8;
/// What a frame has besides its payload.
pub(super) const OVERHEAD: usize = FrameHeader::LEN + CHECKSUM_LEN;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameKind {
    /// Host → guest: [`HandoffInit`](crate::HandoffInit).
    HandoffInit,
    /// Guest → host: [`GuestReport`](crate::GuestReport).
    GuestReport,
}

impl FrameKind {
    /// The kind's byte in the header.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::HandoffInit => 1,
            Self::GuestReport => 2,
        }
    }

    const fn max_payload_bytes(self) -> usize {
        match self {
            Self::HandoffInit => MAX_PAYLOAD_BYTES,
            Self::GuestReport => MAX_REPORT_PAYLOAD_BYTES,
        }
    }

    const fn from_u8(kind: u8) -> Option<Self> {
        match kind {
            1 => Some(Self::HandoffInit),
            2 => Some(Self::GuestReport),
            _ => None,
        }
    }
}

/// A frame's header: all that a reader needs to know how many bytes to read.
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
        let [
            _,
            _,
            _,
            _,
            kind,
            generation,
            min_generation,
            flags,
            l0,
            l1,
            l2,
            l3,
            reserved @ ..,
        ] = *header;
        let differs = MAGIC.iter().zip(header).position(|(want, got)| want != got);
        if let Some(at) = differs {
            return Err(DecodeError::BadMagic { offset: narrow(at) });
        }
        let Some(kind) = FrameKind::from_u8(kind) else {
            return Err(DecodeError::UnknownKind { kind });
        };
        if min_generation == 0 || min_generation > generation {
            return Err(DecodeError::BadGeneration {
                generation,
                min_generation,
            });
        }
        if min_generation > GENERATION {
            return Err(DecodeError::TooNew {
                min_generation,
                generation: GENERATION,
            });
        }
        if flags != 0 {
            return Err(DecodeError::BadFlags { flags });
        }
        let payload_len = u32::from_le_bytes([l0, l1, l2, l3]);
        let max = kind.max_payload_bytes();
        if widen(payload_len) > max {
            return Err(DecodeError::PayloadTooLarge {
                len: payload_len,
                max: narrow(max),
            });
        }
        let value = u32::from_le_bytes(reserved);
        if value != 0 {
            return Err(DecodeError::BadReserved { value });
        }
        Ok(Self {
            kind,
            generation,
            min_generation,
            payload_len,
        })
    }

    /// What the frame holds.
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// The writer's generation.
    pub const fn generation(&self) -> u8 {
        self.generation
    }

    /// The lowest reader generation that may act on the frame.
    pub const fn min_generation(&self) -> u8 {
        self.min_generation
    }

    /// The payload's length in bytes.
    pub const fn payload_len(&self) -> usize {
        widen(self.payload_len)
    }

    /// The whole frame's length in bytes, header and checksum included.
    pub const fn frame_len(&self) -> usize {
        // At most 4 MiB + 24 since `parse` is the only constructor.
        OVERHEAD.saturating_add(self.payload_len())
    }
}

/// A frame whose header, length and checksum have been checked.
pub(super) struct Frame<'a> {
    pub(super) generation: u8,
    pub(super) payload: &'a [u8],
}

/// Checks everything about a frame but its payload: `bytes` must be that frame, whole and alone.
pub(super) fn open(bytes: &[u8], kind: FrameKind) -> Result<Frame<'_>, DecodeError> {
    let header = FrameHeader::parse(bytes)?;
    if header.kind != kind {
        return Err(DecodeError::WrongKind {
            expected: kind.as_u8(),
            found: header.kind.as_u8(),
        });
    }
    let len = header.frame_len();
    let Some((frame, trailing)) = bytes.split_at_checked(len) else {
        return Err(truncated(bytes.len(), len));
    };
    if !trailing.is_empty() {
        return Err(DecodeError::Trailing {
            offset: narrow(len),
            extra: saturate(trailing.len()),
        });
    }
    // A frame is longer than its checksum.
    let (summed, checksum) = frame
        .split_last_chunk()
        .unwrap_or((&[], &[0; CHECKSUM_LEN]));
    if xxh64(summed) != u64::from_le_bytes(*checksum) {
        return Err(DecodeError::BadChecksum {
            offset: narrow(summed.len()),
        });
    }
    let payload = summed.get(FrameHeader::LEN..).unwrap_or_default();
    Ok(Frame {
        generation: header.generation,
        payload,
    })
}

/// Where the payload goes in `frame`.
pub(super) fn payload_mut(frame: &mut [u8]) -> Option<&mut [u8]> {
    frame.get_mut(FrameHeader::LEN..frame.len().checked_sub(CHECKSUM_LEN)?)
}

/// Completes the frame around a payload that is in its place in `frame`; `None` where `frame` is
/// too short or its payload too long for one.
pub(super) fn seal(frame: &mut [u8], kind: FrameKind) -> Option<()> {
    let (summed, checksum) = frame.split_last_chunk_mut::<CHECKSUM_LEN>()?;
    let payload_len = u32::try_from(summed.len().checked_sub(FrameHeader::LEN)?).ok()?;
    let header = summed.first_chunk_mut::<{ FrameHeader::LEN }>()?;
    let [m0, m1, m2, m3] = MAGIC;
    let [l0, l1, l2, l3] = payload_len.to_le_bytes();
    // Generation 1 has no field that a reader must not ignore: `min_generation` is 1.
    let kind = kind.as_u8();
    *header = [
        m0, m1, m2, m3, kind, GENERATION, 1, 0, l0, l1, l2, l3, 0, 0, 0, 0,
    ];
    *checksum = xxh64(summed).to_le_bytes();
    Some(())
}

fn xxh64(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

/// The error for `len` bytes where `wanted` are needed.
pub(super) fn truncated(len: usize, wanted: usize) -> DecodeError {
    DecodeError::Truncated {
        len: narrow(len),
        missing: narrow(wanted.wrapping_sub(len)),
    }
}

/// A length that a caller gives, as an error's `u32`.
pub(super) fn saturate(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A length or a place within a frame, which is far shorter than the range of `u32`.
#[allow(clippy::as_conversions)] // a guest would pay for a check at each place
pub(super) const fn narrow(len: usize) -> u32 {
    len as u32
}

/// A `u32` as a length; `usize` has at least 32 bits wherever this crate builds.
#[allow(clippy::as_conversions)] // `usize::try_from` would add an error that cannot happen
pub(super) const fn widen(len: u32) -> usize {
    const { assert!(usize::BITS >= u32::BITS) };
    len as usize
}
