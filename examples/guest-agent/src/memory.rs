//! Whether there is memory for what comes next. Linux hands out pages as they are written to; where
//! there are none left, all that it can do in a guest with one process is to panic, and the host
//! would never hear why.

use core::ffi::CStr;

use microsandbox_types::BootStep;
use rustix::io::Errno;
use rustix::system::sysinfo;

use crate::failure::{Failure, fail};

/// What the kernel keeps for itself, in bytes, which is less where there is little.
const MAX_KEPT: u64 = 6 << 20;

/// What is never refused, in bytes: it takes less than the agent itself has taken.
const SMALL: usize = 128 << 10;

/// Fails where there are not this many bytes.
// `MemAvailable` counts the initramfs as if its memory could be had. What is cached of a disk can
// be.
pub fn expect(bytes: usize, what: &CStr) -> Result<(), Failure> {
    if bytes < SMALL {
        return Ok(());
    }
    let memory = sysinfo();
    let kept = (memory.totalram / 6).min(MAX_KEPT);
    let free = memory.freeram.saturating_add(memory.bufferram);
    let free = free.saturating_sub(kept);
    if usize::try_from(free).is_ok_and(|free| free < bytes) {
        return Err(fail(BootStep::Memory, 0, what, Errno::NOMEM));
    }
    Ok(())
}
