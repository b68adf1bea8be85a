//! Puts reports together from whatever pieces they arrive in.

use crate::report::GuestReport;
use crate::wire::{DecodeError, FrameHeader, FrameKind, truncated};

/// The bytes of one report: never more, so that what follows the last one stays in the stream.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: [u8; GuestReport::MAX_FRAME_BYTES],
    /// How many of them have arrived.
    len: usize,
    /// How many are known to come: the header's, then the frame's.
    wanted: usize,
}

impl Inbox {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; GuestReport::MAX_FRAME_BYTES],
            len: 0,
            wanted: FrameHeader::LEN,
        }
    }

    /// Where the next bytes of the stream go.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes
            .get_mut(self.len..self.wanted)
            .unwrap_or_default()
    }

    /// Whether nothing of a report has arrived.
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The error of a stream that ends here.
    pub(super) fn cut_short(&self) -> DecodeError {
        truncated(self.len, self.wanted)
    }

    /// Takes note of bytes that are in the room; the report, once it is whole.
    pub(super) fn filled(&mut self, len: usize) -> Result<Option<GuestReport>, DecodeError> {
        self.len = self.len.saturating_add(len).min(self.wanted);
        if self.len < self.wanted {
            return Ok(None);
        }
        let frame = self.bytes.get(..self.len).unwrap_or_default();
        if self.len == FrameHeader::LEN {
            let header = FrameHeader::parse(frame)?.expect_kind(FrameKind::GuestReport)?;
            // More than a header: each frame ends in its checksum.
            self.wanted = header.frame_len();
            return Ok(None);
        }
        let report = GuestReport::decode(frame)?;
        (self.len, self.wanted) = (0, FrameHeader::LEN);
        Ok(Some(report))
    }
}
