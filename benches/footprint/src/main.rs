//! Reads a message from standard input, decodes it, and has the lists for `execve(2)` ready; then
//! writes how many allocations that took, as 8 bytes, to standard output.
#![no_std]
#![no_main]

// Gives `_start` and `memcpy`, which no `use` mentions.
extern crate origin as _;

/// A guest without a peer links without an allocator.
#[cfg(feature = "peers")]
mod heap;

#[cfg(feature = "path")]
use core::ffi::CStr;
#[cfg(any(feature = "view", feature = "path"))]
use core::ffi::c_char;
use core::hint::black_box;
use core::panic::PanicInfo;

use rustix::io::{read, write};
use rustix::stdio::{stdin, stdout};

const ROOM: usize = 1 << 20;

/// Aligned, as an archive that is read in place wants it.
#[repr(align(16))]
struct Buffer([u8; ROOM]);

static mut MESSAGE: Buffer = Buffer([0; ROOM]);
static mut POINTERS: [usize; 4096] = [0; 4096];

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// What `_start` calls.
// SAFETY: no other symbol of the program has this name; `origin` declares it with this signature.
#[unsafe(no_mangle)]
unsafe fn origin_main(_argc: usize, _argv: *mut *mut u8, _envp: *mut *mut u8) -> i32 {
    let (message, pointers) = (&raw mut MESSAGE, &raw mut POINTERS);
    // SAFETY: this runs once, and nothing else uses the two.
    let (Buffer(message), pointers) = unsafe { (&mut *message, &mut *pointers) };
    // SAFETY: nothing closes them.
    let (stdin, stdout) = unsafe { (stdin(), stdout()) };
    let mut len = 0;
    while let Some(rest) = message.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match read(stdin, rest) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(_) => return 1,
        }
    }
    let message = message.get(..len).unwrap_or_default();
    let Some(()) = decode(black_box(message), pointers) else {
        return 2;
    };
    black_box(pointers);
    #[cfg(feature = "peers")]
    let allocations = heap::allocations();
    #[cfg(not(feature = "peers"))]
    let allocations = 0u64;
    match write(stdout, &allocations.to_le_bytes()) {
        Ok(8) => 0,
        _ => 1,
    }
}

#[cfg(feature = "view")]
fn decode(message: &[u8], pointers: &mut [usize]) -> Option<()> {
    let view = microsandbox_types::HandoffInitRef::decode(message).ok()?;
    let pointers = list(pointers, view.argv_ptrs())?;
    list(pointers, view.envp_ptrs())?;
    black_box(view.cwd_ptr());
    Some(())
}

/// All that this crate does for an agent: it reports, reads the frame, merges the environment.
#[cfg(feature = "path")]
fn decode(message: &[u8], pointers: &mut [usize]) -> Option<()> {
    use microsandbox_types::{
        FrameHeader, FrameKind, GENERATION, GuestFacts, GuestReport, HandoffInitRef,
    };

    let report = |report: GuestReport| {
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        black_box(report.encode(&mut buffer)).is_ok().then_some(())
    };
    report(GuestReport::Ready {
        generation: GENERATION,
        facts: GuestFacts::default(),
    })?;
    let header = FrameHeader::parse(message);
    let frame = match header.and_then(|header| header.expect_kind(FrameKind::HandoffInit)) {
        Ok(header) => message.get(..header.frame_len())?,
        Err(error) => return report(error.into()),
    };
    let view = match HandoffInitRef::decode(frame) {
        Ok(view) => view,
        Err(error) => return report(error.into()),
    };
    black_box((view.is_auto(), view.cmd_cstr(), view.cwd_cstr()));
    let mut scratch = [0; 512];
    let envp = view.merge_env(black_box(&[c"HOME=/"]), &mut scratch).ok()?;
    let pointers = list(pointers, view.argv().map(CStr::as_ptr))?;
    list(pointers, envp.map(CStr::as_ptr))?;
    report(GuestReport::Accepted)
}

/// What a guest does with a setup: it reads the frame and looks at all of it.
#[cfg(feature = "setup")]
fn decode(message: &[u8], _: &mut [usize]) -> Option<()> {
    let view = microsandbox_types::GuestSetupRef::decode(message).ok()?;
    black_box((view.then(), view.root(), view.hostname()));
    black_box((view.restricted(), view.clock()));
    view.mounts().for_each(|mount| drop(black_box(mount)));
    view.interfaces().for_each(|one| drop(black_box(one)));
    view.dns().for_each(|server| drop(black_box(server)));
    view.search().for_each(|domain| drop(black_box(domain)));
    for entry in view.hosts() {
        black_box(entry.address);
        entry.names().for_each(|name| drop(black_box(name)));
    }
    view.rlimits().for_each(|limit| drop(black_box(limit)));
    Some(())
}

/// Writes pointers and a null into `room`; returns the room left.
#[cfg(any(feature = "view", feature = "path"))]
fn list(room: &mut [usize], pointers: impl Iterator<Item = *const c_char>) -> Option<&mut [usize]> {
    let mut slots = room.iter_mut();
    for pointer in pointers {
        *slots.next()? = pointer.expose_provenance();
    }
    *slots.next()? = 0;
    Some(slots.into_slice())
}

/// What execve takes has to outlive the call, so nothing is freed.
#[cfg(feature = "peers")]
fn decode(message: &[u8], _: &mut [usize]) -> Option<()> {
    black_box(core::mem::ManuallyDrop::new(lists(message)?));
    Some(())
}

#[cfg(feature = "bincode")]
use peers::bincode::lists;
#[cfg(feature = "bitcode")]
use peers::bitcode::lists;
#[cfg(feature = "ciborium")]
use peers::ciborium::lists;
#[cfg(feature = "incumbent")]
use peers::incumbent::lists;
#[cfg(feature = "owned")]
use peers::owned::lists;
#[cfg(feature = "postcard")]
use peers::postcard::lists;
#[cfg(feature = "rkyv")]
use peers::rkyv::lists;

#[cfg(feature = "simple")]
use peers::simple::lists;

#[cfg(feature = "none")]
fn decode(message: &[u8], _: &mut [usize]) -> Option<()> {
    black_box(message);
    Some(())
}
