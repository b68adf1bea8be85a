//! The guest's answers to the host.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_REPORT_PAYLOAD_BYTES;
use crate::wire::{
    DecodeError, DecodeErrorKind, EncodeError, FrameHeader, FrameKind, GENERATION, OVERHEAD,
    Offset, max_frame_bytes, open, payload_mut, seal,
};

/// What a guest agent tells the host about the handoff, so that a boot which fails says why
/// instead of ending in a time-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuestReport {
    /// Sent first: the agent listens, and reads frames of up to this generation.
    Ready {
        /// The agent's [`GENERATION`](crate::GENERATION).
        generation: u8,
    },
    /// The frame was decoded and is valid: `execve(2)` comes next.
    Accepted,
    /// The frame was refused.
    Refused {
        /// The [`DecodeError::code`].
        reason: u8,
        /// The [`DecodeError::offset`].
        offset: u32,
    },
    /// The init could not be started.
    ExecFailed {
        /// Linux's `errno` of the call that failed.
        errno: i32,
    },
    /// A report of a newer guest that this crate does not know; it cannot be encoded.
    Unknown,
}

impl From<DecodeError> for GuestReport {
    fn from(e: DecodeError) -> Self {
        Self::Refused {
            reason: e.code(),
            offset: e.offset(),
        }
    }
}

impl fmt::Display for GuestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { generation } => write!(f, "ready for generation {generation}"),
            Self::Accepted => f.write_str("accepted the frame"),
            Self::Refused { reason, offset } => {
                write!(f, "refused the frame: code {reason} at byte {offset}")
            }
            Self::ExecFailed { errno } => write!(f, "could not start the init: errno {errno}"),
            Self::Unknown => f.write_str("sent an unknown report"),
        }
    }
}

impl GuestReport {
    /// The longest frame of a report, in bytes: a buffer of this length takes any report.
    pub const MAX_FRAME_BYTES: usize = max_frame_bytes(FrameKind::GuestReport);

    /// Writes the report's frame into `buffer` and returns that part of it.
    ///
    /// # Errors
    /// [`EncodeError::UnknownReport`] for [`GuestReport::Unknown`].
    pub fn encode<'b>(
        &self,
        buffer: &'b mut [u8; Self::MAX_FRAME_BYTES],
    ) -> Result<&'b [u8], EncodeError> {
        let payload = payload_mut(buffer).unwrap_or_default();
        let len = self.write(payload)?.saturating_add(OVERHEAD);
        let too_small = EncodeError::BufferTooSmall { needed: len };
        let frame = buffer.get_mut(..len).ok_or(too_small)?;
        seal(frame, FrameKind::GuestReport, 1).ok_or(too_small)?;
        Ok(frame)
    }

    /// Writes the payload, an enum as postcard has it: the variant's number, then its fields.
    fn write(&self, payload: &mut [u8]) -> Result<usize, EncodeError> {
        match *self {
            Self::Ready { generation } => put(&(0u8, generation), payload),
            Self::Accepted => put(&1u8, payload),
            Self::Refused { reason, offset } => put(&(2u8, reason, offset), payload),
            Self::ExecFailed { errno } => put(&(3u8, errno), payload),
            Self::Unknown => Err(EncodeError::UnknownReport),
        }
    }

    /// Reads a report's frame.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact frame of a report.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = open(bytes, FrameKind::GuestReport)?;
        let newer = frame.generation > GENERATION;
        let bad = DecodeErrorKind::BadReport.at(Offset::of(FrameHeader::LEN));
        // postcard reads a padded varint, but this crate does not write one.
        let mut canonical = [0; MAX_REPORT_PAYLOAD_BYTES];
        let is_canonical = |rest: &[u8], written: Result<usize, EncodeError>| {
            written.is_ok_and(|len| frame.payload.len().checked_sub(rest.len()) == Some(len))
        };
        let (variant, fields) = get::<u32>(frame.payload).ok_or(bad)?;
        if !is_canonical(fields, put(&variant, &mut canonical)) {
            return Err(bad);
        }
        let (report, rest) = match variant {
            0 => get(fields).map(|(generation, rest)| (Self::Ready { generation }, rest)),
            1 => Some((Self::Accepted, fields)),
            2 => {
                get(fields).map(|((reason, offset), rest)| (Self::Refused { reason, offset }, rest))
            }
            3 => get(fields).map(|(errno, rest)| (Self::ExecFailed { errno }, rest)),
            _ if newer => return Ok(Self::Unknown),
            _ => None,
        }
        .ok_or(bad)?;
        if !is_canonical(rest, report.write(&mut canonical)) {
            return Err(bad);
        }
        if !newer && !rest.is_empty() {
            let read = frame.payload.len().saturating_sub(rest.len());
            let at = Offset::of(FrameHeader::LEN) + Offset::of(read);
            return Err(DecodeErrorKind::LeftOver.at(at));
        }
        Ok(report)
    }
}

fn put(fields: &impl Serialize, payload: &mut [u8]) -> Result<usize, EncodeError> {
    // A report takes a tenth of the room that it has.
    let written = postcard::to_slice(fields, payload);
    written
        .map(|bytes| bytes.len())
        .map_err(|_| EncodeError::BufferTooSmall {
            needed: GuestReport::MAX_FRAME_BYTES,
        })
}

fn get<'a, T: Deserialize<'a>>(fields: &'a [u8]) -> Option<(T, &'a [u8])> {
    postcard::take_from_bytes(fields).ok()
}
