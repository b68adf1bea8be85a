//! Text that is put together in place, for paths, options and lines.

use core::ffi::CStr;

use rustix::io::{self, Errno};

/// Up to `N` - 1 bytes and the NUL that system calls want behind them.
pub struct Text<const N: usize> {
    /// Zeroes from `len` on.
    bytes: [u8; N],
    len: usize,
    /// Whether something was left out for want of room.
    cut: bool,
}

impl<const N: usize> Text<N> {
    #[inline(never)]
    pub const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
            cut: false,
        }
    }

    /// Appends all of `part`, or nothing where there is no room; `path` will tell.
    pub fn push(&mut self, part: &[u8]) {
        match append(&mut self.bytes, self.len, part) {
            Some(len) => self.len = len,
            None => self.cut = true,
        }
    }

    pub fn push_decimal(&mut self, number: u32) {
        self.push(Digits::decimal(number).as_bytes());
    }

    pub fn push_octal(&mut self, number: u32) {
        self.push(Digits::in_base(8, number).as_bytes());
    }

    pub fn clear(&mut self) {
        self.truncate(0);
        self.cut = false;
    }

    /// Drops what is behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        if let Some(behind) = self.bytes.get_mut(len..self.len) {
            behind.fill(0);
            self.len = len;
        }
    }

    pub fn room(&self) -> usize {
        N - 1 - self.len
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The bytes that `write` fills in, to be read back with [`as_bytes`](Self::as_bytes).
    pub fn fill(&mut self, write: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        self.clear();
        let room = self.bytes.get_mut(..N - 1).unwrap_or_default();
        self.len = write(room)?;
        Ok(())
    }

    /// The text as a system call takes it.
    ///
    /// # Errors
    /// `NAMETOOLONG` where something did not fit.
    pub fn path(&self) -> io::Result<&CStr> {
        if self.cut {
            return Err(Errno::NAMETOOLONG);
        }
        CStr::from_bytes_until_nul(&self.bytes).map_err(|_| Errno::NAMETOOLONG)
    }
}

/// Puts `part` behind the first `len` bytes, with a NUL left behind it; returns the new length.
#[inline(never)] // once, not for each length and place
fn append(bytes: &mut [u8], len: usize, part: &[u8]) -> Option<usize> {
    let (room, _) = bytes.get_mut(len..)?.split_at_mut_checked(part.len() + 1)?;
    let (room, _) = room.split_at_mut_checked(part.len())?;
    room.copy_from_slice(part);
    Some(len + part.len())
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A number in digits.
pub struct Digits {
    /// Filled from the end, with zeroes before the number.
    digits: [u8; 11],
}

impl Digits {
    pub fn decimal(number: u32) -> Self {
        Self::in_base(10, number)
    }

    fn in_base(base: u32, number: u32) -> Self {
        let (mut digits, mut left) = ([b'0'; 11], number);
        for digit in digits.iter_mut().rev() {
            let [low, ..] = (left % base).to_le_bytes();
            *digit += low;
            left /= base;
        }
        Self { digits }
    }

    /// The digits from the first that is not 0, or the last one.
    pub fn as_bytes(&self) -> &[u8] {
        let mut digits = self.digits.iter().take(10);
        let leading = digits.position(|digit| *digit != b'0').unwrap_or(10);
        self.digits.get(leading..).unwrap_or_default()
    }
}
