//! Frames over `std`'s byte streams.

use alloc::vec::Vec;
use std::io::{Read, Write};

use super::error::{ReadError, WriteError};
use super::frame::{FrameHeader, truncated};
use super::{GuestReport, HandoffInit};

/// Reads one whole frame of any kind, and never a byte past it.
///
/// Short and interrupted reads are repeated; a stream must block, for one that answers
/// `WouldBlock` loses what was read. Memory grows with the bytes that arrive, not with
/// the length that the header announces.
///
/// # Errors
/// [`ReadError::Decode`] where the header is refused or the stream ends early (then
/// [`DecodeError::Truncated`](crate::DecodeError::Truncated) says how many bytes were missing),
/// [`ReadError::Io`] where the stream fails. Only the header is checked here: pass the frame to a
/// `decode`.
pub fn read_frame(mut reader: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut frame = Vec::new();
    read_up_to(&mut reader, &mut frame, FrameHeader::LEN)?;
    let len = FrameHeader::parse(&frame)?.frame_len();
    read_up_to(&mut reader, &mut frame, len)?;
    if frame.len() < len {
        return Err(truncated(frame.len(), len).into());
    }
    Ok(frame)
}

fn read_up_to(reader: &mut impl Read, frame: &mut Vec<u8>, len: usize) -> Result<(), ReadError> {
    let missing = len.saturating_sub(frame.len());
    reader
        .take(missing.try_into().unwrap_or(u64::MAX))
        .read_to_end(frame)?;
    Ok(())
}

impl HandoffInit {
    /// Reads one frame from `reader`, and never a byte past it, and decodes it.
    ///
    /// # Errors
    /// As [`read_frame`] and [`decode`](Self::decode).
    pub fn read_from(reader: impl Read) -> Result<Self, ReadError> {
        Ok(Self::decode(&read_frame(reader)?)?)
    }

    /// Encodes the message, writes the frame to `writer` and flushes it.
    ///
    /// # Errors
    /// [`WriteError::Encode`] as [`encode`](Self::encode), then nothing was written;
    /// [`WriteError::Io`] where the stream fails.
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), WriteError> {
        let frame = self.encode()?;
        writer.write_all(&frame)?;
        Ok(writer.flush()?)
    }
}

impl GuestReport {
    /// Reads one frame from `reader`, and never a byte past it, and decodes it.
    ///
    /// # Errors
    /// As [`read_frame`] and [`decode`](Self::decode).
    pub fn read_from(reader: impl Read) -> Result<Self, ReadError> {
        Ok(Self::decode(&read_frame(reader)?)?)
    }
}
