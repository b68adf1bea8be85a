//! Fills a payload from its start, in the layout of postcard.

#[cfg(feature = "alloc")]
use super::bytes::copy;

/// Writes into a buffer that has been measured before; `None` where it is too short.
pub(crate) struct Writer<'a> {
    left: &'a mut [u8],
}

impl<'a> Writer<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { left: buffer }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<()> {
        copy(self.left.split_off_mut(..bytes.len())?, bytes);
        Some(())
    }

    pub(crate) fn byte(&mut self, byte: u8) -> Option<()> {
        *self.left.split_off_first_mut()? = byte;
        Some(())
    }

    /// How many bytes are left.
    pub(crate) fn room(&self) -> usize {
        self.left.len()
    }

    /// Writes a length as a varint.
    #[cfg(feature = "alloc")]
    pub(crate) fn len(&mut self, len: usize) -> Option<()> {
        self.varint(u64::try_from(len).unwrap_or(u64::MAX))
    }

    /// Writes a signed number as postcard does: its sign is the lowest bit of a varint.
    pub(crate) fn signed_varint(&mut self, value: i32) -> Option<()> {
        let sign = value >> (i32::BITS.saturating_sub(1));
        self.varint(((value << 1) ^ sign).cast_unsigned().into())
    }

    pub(crate) fn varint(&mut self, value: u64) -> Option<()> {
        let mut left = value;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80)?;
        }
    }
}
