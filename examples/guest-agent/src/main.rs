//! A small guest agent: PID 1 of a Linux VM, which sets the guest up as the host says and
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
mod etc;
mod facts;
mod failure;
mod filesystem;
mod handoff;
mod host;
mod identity;
mod limits;
mod memory;
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

use guest_agent::power_off;
use microsandbox_types::{
    BootStep, FrameHeader, FrameKind, GENERATION, GuestReport, GuestSetupRef, HandoffInitRef,
    MAX_PAYLOAD_BYTES, MAX_SETUP_PAYLOAD_BYTES, RlimitResource, Then,
};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::getpid;
use static_cell::ConstStaticCell;

use crate::failure::{At, Failure, refused};
use crate::handoff::Lists;
use crate::host::Host;

/// A frame's header and checksum, besides its payload.
const OVERHEAD: usize = FrameHeader::LEN + 8;
/// The kernel hands its init at most 32 variables.
const MAX_INHERITED: usize = 32;

/// All that grows with the frames. The pages are the kernel's zeroes until they are written to, so
/// small frames cost little memory.
struct Memory {
    setup: [u8; OVERHEAD + MAX_SETUP_PAYLOAD_BYTES],
    handoff: [u8; OVERHEAD + MAX_PAYLOAD_BYTES],
    lists: Lists,
}

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
    setup: [0; OVERHEAD + MAX_SETUP_PAYLOAD_BYTES],
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

/// Returns when the guest is to be powered off; a failure has been reported by then.
fn run(inherited: &[&'static CStr]) {
    // Without the port there is nobody to report to.
    let Ok(mut host) = prepare(inherited) else {
        return;
    };
    let mut hidden = None;
    let ended = boot(&mut host, inherited, &mut hidden);
    // First: a host that hears of a failure may end the VM at once.
    disks::close(hidden.as_ref());
    if let Some(report) = ended.err().and_then(Failure::report) {
        // Where this fails, the console says so.
        let _ = host.send(report);
    }
}

/// What the agent needs to talk to the host, up to `Ready`.
fn prepare(inherited: &[&CStr]) -> Result<Host, Failure> {
    base::mount_kernel()?;
    modules::load();
    Host::find(GuestReport::Ready {
        generation: GENERATION,
        facts: facts::about(inherited),
    })
}

/// From the first frame to the init, to the end of an agent that stays, or to the reason why
/// neither.
#[inline(never)] // in a large stack frame each access costs more bytes
fn boot(
    host: &mut Host,
    inherited: &[&'static CStr],
    hidden: &mut Option<OwnedFd>,
) -> Result<(), Failure> {
    let memory = MEMORY
        .try_take()
        .ok_or(Errno::BUSY)
        .at(BootStep::Memory, 0, c"the frames")?;
    let mut limits = facts::exec_limits();
    let mut bytes = [0; FrameHeader::LEN];
    let mut header = host.receive_header(&mut bytes)?;
    let mut setup = None;
    if header.kind() == FrameKind::GuestSetup {
        let frame = host.receive_rest(FrameKind::GuestSetup, header, bytes, &mut memory.setup)?;
        let view = GuestSetupRef::decode(frame).map_err(refused)?;
        setup::set_up(&view, hidden)?;
        host.send(GuestReport::SetUp)?;
        if view.then() == Then::Stay {
            return resident::stay(host);
        }
        let mut stacks = view
            .rlimits()
            .filter(|limit| limit.resource == RlimitResource::Stack);
        if let Some(stack) = stacks.next() {
            limits.stack_limit = stack.soft;
        }
        setup = Some(view);
        header = host.receive_header(&mut bytes)?;
    }
    let frame = host.receive_rest(FrameKind::HandoffInit, header, bytes, &mut memory.handoff)?;
    let handoff = HandoffInitRef::decode_with(frame, &limits).map_err(refused)?;
    // Of each string there will be another copy, of its address two, and a number of each entry of
    // the environment, to merge it.
    let env = handoff.env().len();
    let strings = handoff.args().len() + env;
    let lists = strings * 2 * size_of::<usize>() + env * size_of::<u32>();
    memory::expect(frame.len().saturating_add(lists), c"argv and envp")?;
    if setup.is_none() {
        setup::set_up_bare()?;
    }
    match handoff::hand_off(host, setup.as_ref(), &handoff, inherited, &mut memory.lists)? {}
}
