//! What the host must know of this guest, to send it no more than its `execve(2)` takes.

use core::ffi::CStr;

use guest_agent::file::{open_at, read_all};
use microsandbox_types::{ExecLimits, GuestFacts};
use rustix::fs::{CWD, OFlags};
use rustix::process::{Resource, getrlimit};

/// Linux's `AT_PAGESZ`.
const PAGE_SIZE: usize = 6;
/// The size where the kernel does not say.
const USUAL_PAGE_SIZE: u32 = 4096;

/// Says what this guest is like; it adds these variables to those of the handoff.
pub fn about(inherited: &[&CStr]) -> GuestFacts {
    let limits = exec_limits();
    let bytes = inherited.iter().map(|entry| entry.count_bytes() + 1).sum();
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    GuestFacts::new(
        limits.page_size,
        limits.stack_limit,
        narrow(inherited.len()),
        narrow(bytes),
    )
}

/// What `execve(2)` takes from this process.
pub fn exec_limits() -> ExecLimits {
    let stack = getrlimit(Resource::Stack).current;
    ExecLimits::new(page_size(), stack.unwrap_or(u64::MAX))
}

/// From what the kernel has for the C library: pairs of words, of which the first says what the
/// second is.
fn page_size() -> u32 {
    const WORD: usize = size_of::<usize>();
    let mut bytes = [0; 64 * WORD];
    let read = open_at(CWD, c"/proc/self/auxv", OFlags::RDONLY)
        .and_then(|file| read_all(&file, &mut bytes));
    let bytes = bytes.get(..read.unwrap_or(0)).unwrap_or_default();
    let (words, _) = bytes.as_chunks::<WORD>();
    let mut words = words.iter().map(|word| usize::from_ne_bytes(*word));
    while let (Some(what), Some(value)) = (words.next(), words.next()) {
        if what == PAGE_SIZE {
            return u32::try_from(value).unwrap_or(USUAL_PAGE_SIZE);
        }
    }
    USUAL_PAGE_SIZE
}
