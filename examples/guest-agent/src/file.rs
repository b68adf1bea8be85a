//! Files, for a program without std.

use core::ffi::CStr;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{self, Errno, read, write};

/// Opens a file that the init will not inherit.
///
/// # Errors
/// Those of `openat(2)`.
pub fn open_at(folder: impl AsFd, path: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    openat(folder, path, flags | OFlags::CLOEXEC, Mode::empty())
}

/// Reads until `buffer` is full or the file ends; returns how many bytes there are.
///
/// # Errors
/// The first one of `read(2)` that is not an interruption.
pub fn read_all(fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match read(fd, rest) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(len)
}

/// Reads the number that a file of the kernel's starts with.
///
/// # Errors
/// Those of `read(2)`.
pub fn read_number(fd: &OwnedFd) -> io::Result<u32> {
    let mut text = [0; 16];
    let len = read_all(fd, &mut text)?;
    let digits = text.iter().take(len).take_while(|b| b.is_ascii_digit());
    Ok(digits.fold(0u32, |number, digit| {
        let digit = u32::from(digit - b'0');
        number.wrapping_mul(10).wrapping_add(digit)
    }))
}

/// Writes all of `bytes`.
///
/// # Errors
/// The first one of `write(2)` that is not an interruption.
pub fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Forgives one error.
///
/// # Errors
/// Any other.
pub fn unless(fine: Errno, result: io::Result<()>) -> io::Result<()> {
    result.or_else(|errno| if errno == fine { Ok(()) } else { Err(errno) })
}
