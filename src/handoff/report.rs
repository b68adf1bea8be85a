//! The guest's answers to the host.

use serde::{Deserialize, Serialize};

use super::error::{DecodeError, EncodeError};
use super::frame::{self, FrameHeader, FrameKind, GENERATION, OVERHEAD, narrow};

/// What a guest agent tells the host about the handoff, so that a boot which fails says why
/// instead of ending in a time-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    #[serde(skip)]
    Unknown,
}

/// How many variants are on the wire: a greater index is [`GuestReport::Unknown`].
const KNOWN: u8 = 4;

impl From<DecodeError> for GuestReport {
    fn from(e: DecodeError) -> Self {
        Self::Refused {
            reason: e.code(),
            offset: e.offset(),
        }
    }
}

impl GuestReport {
    /// The longest payload of a report, in bytes.
    pub const MAX_PAYLOAD_BYTES: usize = 64;

    /// The longest frame of a report, in bytes: a buffer of this length takes any report.
    pub const MAX_FRAME_BYTES: usize = OVERHEAD + Self::MAX_PAYLOAD_BYTES;

    /// Writes the report's frame into `buffer` and returns that part of it.
    ///
    /// # Errors
    /// [`EncodeError::UnknownReport`] for [`GuestReport::Unknown`].
    pub fn encode<'b>(
        &self,
        buffer: &'b mut [u8; Self::MAX_FRAME_BYTES],
    ) -> Result<&'b [u8], EncodeError> {
        let payload = buffer.get_mut(FrameHeader::LEN..).unwrap_or_default();
        let written = postcard::to_slice(self, payload).map_err(|_| EncodeError::UnknownReport)?;
        let len = written.len().saturating_add(OVERHEAD);
        let too_small = EncodeError::BufferTooSmall { needed: len };
        let frame = buffer.get_mut(..len).ok_or(too_small)?;
        frame::seal(frame, FrameKind::GuestReport).ok_or(too_small)?;
        Ok(frame)
    }

    /// Reads a report's frame.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact frame of a report.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = frame::open(bytes, FrameKind::GuestReport)?;
        let bad = DecodeError::BadReport {
            offset: narrow(FrameHeader::LEN),
        };
        let newer = frame.generation > GENERATION;
        if frame.payload.len() > Self::MAX_PAYLOAD_BYTES {
            return Err(bad);
        }
        if newer
            && frame
                .payload
                .first()
                .is_some_and(|variant| *variant >= KNOWN)
        {
            return Ok(Self::Unknown);
        }
        let (report, rest): (Self, _) =
            postcard::take_from_bytes(frame.payload).map_err(|_| bad)?;
        // Padded varints read well but are not what this crate writes.
        let mut canonical = [0; Self::MAX_PAYLOAD_BYTES];
        let canonical = postcard::to_slice(&report, &mut canonical).map_err(|_| bad)?;
        if !frame.payload.starts_with(canonical) {
            return Err(bad);
        }
        if !newer && !rest.is_empty() {
            let offset = frame.payload.len().saturating_sub(rest.len());
            let offset = narrow(FrameHeader::LEN.saturating_add(offset));
            return Err(DecodeError::LeftOver { offset });
        }
        Ok(report)
    }
}
