//! Frames over `std`'s byte streams.

use alloc::vec::Vec;
use std::io::{self, Read};

use thiserror_no_std::Error;

use super::error::{DecodeError, EncodeError};
use super::header::{FrameHeader, FrameKind, truncated};

/// Why no frame could be read from a stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are not a frame that this reader can act on; an early end is
    /// [`DecodeErrorKind::Truncated`](crate::DecodeErrorKind::Truncated).
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Why no frame could be written to a stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The stream itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The message was not encoded; nothing was written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Reads one whole frame of this kind, and never a byte past it.
///
/// A frame of another kind is refused as soon as its header is there. Short and interrupted reads
/// are repeated; a stream must block, for one that answers `WouldBlock` loses what was read.
/// Memory grows with the bytes that arrive, not with the length that the header announces.
///
/// # Errors
/// [`ReadError::Decode`] where the header is refused or the stream ends early,
/// [`ReadError::Io`] where the stream fails. Only the header is checked here: pass the frame to a
/// `decode`.
pub fn read_frame(mut reader: impl Read, kind: FrameKind) -> Result<Vec<u8>, ReadError> {
    let mut frame = Vec::new();
    read_up_to(&mut reader, &mut frame, FrameHeader::LEN)?;
    let header = FrameHeader::parse(&frame)?.expect_kind(kind)?;
    let len = header.frame_len();
    read_up_to(&mut reader, &mut frame, len)?;
    if frame.len() < len {
        return Err(truncated(frame.len(), len).into());
    }
    Ok(frame)
}

fn read_up_to(reader: &mut impl Read, frame: &mut Vec<u8>, len: usize) -> io::Result<()> {
    let missing = len.saturating_sub(frame.len());
    reader
        .take(missing.try_into().unwrap_or(u64::MAX))
        .read_to_end(frame)?;
    Ok(())
}
