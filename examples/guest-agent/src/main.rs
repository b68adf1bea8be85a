//! A guest agent in small: PID 1 of a Linux VM, which sets the guest up as the host says and
//! becomes the init that the host names.
//!
//! It speaks frames over the virtio-serial port `agent.0`: no libc, no std, no heap. What goes
//! wrong is reported to the host over the port and to the console in one line; then the VM is
//! powered off. The steps are in `setup.rs` and `handoff.rs`; `resident.rs` is where an agent that
//! stays goes on.
#![no_std]
#![no_main]

mod base;
mod disks;
mod draft;
mod etc;
mod failure;
mod filesystem;
mod handoff;
mod host;
mod identity;
mod limits;
mod modules;
mod mounts;
mod netlink;
mod network;
mod resident;
mod root;
mod setup;
mod start;
mod target;

use core::ffi::CStr;

use guest_agent::file::{open_at, read_all};
use guest_agent::power_off;
use microsandbox_types::{
    BootStep, ExecLimits, FrameHeader, FrameKind, GENERATION, GuestFacts, GuestReport,
    HandoffInitRef, MAX_PAYLOAD_BYTES,
};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, getpid, getrlimit};
use static_cell::ConstStaticCell;

use crate::draft::{GuestSetupRef, RlimitResource, Then};
use crate::failure::{Failure, at};
use crate::handoff::Lists;
use crate::host::Host;

/// A frame's header and checksum, besides its payload.
const OVERHEAD: usize = FrameHeader::LEN + 8;
/// The kernel hands its init 32 variables at the most.
const MAX_INHERITED: usize = 32;

/// All that grows with the frames. The pages are the kernel's zeroes until they are written to, so
/// small frames cost little memory.
struct Memory {
    setup: [u8; OVERHEAD + 512 * 1024],
    handoff: [u8; OVERHEAD + MAX_PAYLOAD_BYTES],
    lists: Lists,
}

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
    setup: [0; OVERHEAD + 512 * 1024],
    handoff: [0; OVERHEAD + MAX_PAYLOAD_BYTES],
    lists: Lists::new(),
});

/// What `_start` calls.
///
/// # Safety
/// `envp` must be the null-terminated list that the kernel put on the stack.
// SAFETY: no other symbol of the program has this name; `origin` declares it with this signature.
#[unsafe(no_mangle)]
unsafe fn origin_main(_argc: usize, _argv: *mut *mut u8, envp: *mut *mut u8) -> i32 {
    // Elsewhere than in a guest, powering off would be a bad surprise.
    if !getpid().is_init() {
        return 1;
    }
    let mut inherited = [c""; MAX_INHERITED];
    let mut len = 0;
    while let Some(slot) = inherited.get_mut(len) {
        // SAFETY: the list ends in a null, behind which this loop does not read.
        let entry = unsafe { *envp.add(len) };
        if entry.is_null() {
            break;
        }
        // SAFETY: the kernel's strings end in a NUL and stay as they are until the next `execve`.
        *slot = unsafe { CStr::from_ptr(entry.cast()) };
        len += 1;
    }
    run(inherited.get(..len).unwrap_or_default());
    power_off()
}

/// Returns when the guest is to be powered off; a failure has been told then.
fn run(inherited: &[&'static CStr]) {
    if let Err(failure) = base::mount_kernel() {
        return failure.say();
    }
    modules::load();
    let mut host = match Host::find() {
        Ok(host) => host,
        // Without the port there is nobody else to tell.
        Err(errno) => return Failure::Port(errno).say(),
    };
    let mut hidden = None;
    let ended = boot(&mut host, inherited, &mut hidden);
    disks::close(hidden.as_ref());
    let Err(failure) = ended else { return };
    failure.say();
    if let Some(Err(failure)) = failure.report().map(|report| host.send_last(report)) {
        failure.say();
    }
}

/// From `Ready` to the init, to the end of an agent that stays, or to the reason why neither.
fn boot(
    host: &mut Host,
    inherited: &[&'static CStr],
    hidden: &mut Option<OwnedFd>,
) -> Result<(), Failure> {
    let again = at(BootStep::Memory, 0, c"the frames");
    let memory = MEMORY.try_take().ok_or_else(|| again(Errno::BUSY))?;
    let stack = getrlimit(Resource::Stack).current.unwrap_or(u64::MAX);
    let mut limits = ExecLimits::new(page_size(), stack);
    host.send(ready(&limits, inherited))?;

    let mut header_bytes = [0; FrameHeader::LEN];
    let header = host.receive_header(&mut header_bytes)?;
    let mut setup = None;
    if let Some(view) = draft::load(&mut memory.setup) {
        setup::set_up(&view, hidden)?;
        host.send(GuestReport::SetUp)?;
        if view.then() == Then::Stay {
            resident::stay(host);
            return Ok(());
        }
        let stack = |limit: &draft::SetupRlimit| limit.resource == RlimitResource::Stack;
        if let Some(limit) = view.rlimits().find(stack) {
            limits.stack_limit = limit.soft;
        }
        setup = Some(view);
    }
    let frame = host.receive_rest(header, FrameKind::HandoffInit, &header_bytes, &mut memory.handoff)?;
    let handoff = HandoffInitRef::decode_with(frame, &limits).map_err(Failure::Refused)?;
    if setup.is_none() {
        setup::set_up_bare()?;
    }
    let never = handoff::hand_off(host, setup.as_ref(), &handoff, inherited, &mut memory.lists)?;
    match never {}
}

/// What the kernel put on the stack for the C library: pairs of words, the first of them saying
/// what the second is.
fn page_size() -> u32 {
    const AT_PAGESZ: usize = 6;
    const WORD: usize = size_of::<usize>();
    let mut words = [0; 64 * WORD];
    let read = open_at(CWD, c"/proc/self/auxv", OFlags::RDONLY)
        .and_then(|file| read_all(&file, &mut words));
    let words = words.get(..read.unwrap_or(0)).unwrap_or_default();
    let mut words = words.as_chunks::<WORD>().0.iter().map(|word| usize::from_ne_bytes(*word));
    while let (Some(kind), Some(value)) = (words.next(), words.next()) {
        if kind == AT_PAGESZ {
            return u32::try_from(value).unwrap_or(4096);
        }
    }
    4096
}

fn ready(limits: &ExecLimits, inherited: &[&CStr]) -> GuestReport {
    let bytes: usize = inherited.iter().map(|entry| entry.count_bytes() + 1).sum();
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let strings = u32::try_from(inherited.len()).unwrap_or(u32::MAX);
    GuestReport::Ready {
        generation: GENERATION,
        facts: GuestFacts::new(limits.page_size, limits.stack_limit, strings, bytes),
    }
}
