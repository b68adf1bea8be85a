//! The frame: a header, the payload, an 8-byte checksum.

use twox_hash::XxHash64;

use super::error::{DecodeError, DecodeErrorKind};
use super::header::{FrameHeader, FrameKind, truncated};
use super::offset::{Offset, saturate};

const CHECKSUM_LEN: usize = 8;

/// What a frame has besides its payload, in bytes.
pub(crate) const OVERHEAD: usize = FrameHeader::LEN + CHECKSUM_LEN;

/// The length of the longest frame of a kind, in bytes.
pub(crate) const fn max_frame_bytes(kind: FrameKind) -> usize {
    OVERHEAD.saturating_add(kind.max_payload_bytes())
}

/// A frame whose header, length and checksum have been checked.
pub(crate) struct Frame<'a> {
    /// The writer's generation.
    pub(crate) generation: u8,
    pub(crate) payload: &'a [u8],
}

/// Checks everything about a frame but its payload: `bytes` must be that frame, whole and alone.
pub(crate) fn open(bytes: &[u8], kind: FrameKind) -> Result<Frame<'_>, DecodeError> {
    let header = FrameHeader::parse(bytes)?.expect_kind(kind)?;
    let len = header.frame_len();
    let Some((frame, trailing)) = bytes.split_at_checked(len) else {
        return Err(truncated(bytes.len(), len));
    };
    if !trailing.is_empty() {
        let extra = saturate(trailing.len());
        return Err(DecodeErrorKind::Trailing { extra }.at(Offset::of(len)));
    }
    // A frame is longer than its checksum.
    let (summed, checksum) = frame
        .split_last_chunk()
        .unwrap_or((&[], &[0; CHECKSUM_LEN]));
    if xxh64(summed) != u64::from_le_bytes(*checksum) {
        return Err(DecodeErrorKind::BadChecksum.at(Offset::of(summed.len())));
    }
    Ok(Frame {
        generation: header.generation(),
        payload: summed.get(FrameHeader::LEN..).unwrap_or_default(),
    })
}

/// Where the payload goes in `frame`.
pub(crate) fn payload_mut(frame: &mut [u8]) -> Option<&mut [u8]> {
    frame.get_mut(FrameHeader::LEN..frame.len().checked_sub(CHECKSUM_LEN)?)
}

/// Completes the frame around a payload that is in its place in `frame`; `None` where `frame` is
/// too short or its payload too long for one.
pub(crate) fn seal(frame: &mut [u8], kind: FrameKind, min_generation: u8) -> Option<()> {
    let (summed, checksum) = frame.split_last_chunk_mut::<CHECKSUM_LEN>()?;
    let payload_len = summed.len().checked_sub(FrameHeader::LEN)?;
    if payload_len > kind.max_payload_bytes() {
        return None;
    }
    let header = summed.first_chunk_mut()?;
    *header = FrameHeader::bytes(kind, min_generation, Offset::of(payload_len).get());
    *checksum = xxh64(summed).to_le_bytes();
    Some(())
}

fn xxh64(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}
