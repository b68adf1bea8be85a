//! A guest agent in small: PID 1 of a Linux VM, which becomes the init that the host names.
//!
//! It reads one handoff frame from the virtio-serial port `agent.0` and calls `execve(2)` with the
//! strings where the frame has them: no libc, no std, no heap. What goes wrong is reported to the
//! host over the port and to the console in one line; then the VM is powered off.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::ffi::CStr;
use core::iter::once;

use guest_agent::{Decimal, open_at, open_port, power_off, say, write_all};
use microsandbox_types::{
    AUTO_INIT_CANDIDATES, DecodeError, FrameHeader, GENERATION, GuestReport, HandoffInitRef,
    MAX_PAYLOAD_BYTES,
};
use rustix::fd::OwnedFd;
use rustix::fs::{Access, CWD, FileType, Mode, OFlags, access, fcntl_setfl, mkdir, stat};
use rustix::io::{Errno, read};
use rustix::mount::{MountFlags, mount};
use rustix::process::{chdir, getpid};
use rustix::runtime::execve;
use rustix::system::finit_module;
use static_cell::ConstStaticCell;

const PORT: &[u8] = b"agent.0";

/// The longest frame: its header, its payload and a checksum of 8 bytes.
const MAX_FRAME: usize = FrameHeader::LEN + MAX_PAYLOAD_BYTES + 8;
/// The kernel hands its init 32 variables at the most.
const MAX_INHERITED: usize = 32;
/// More strings than `execve(2)` takes: a quarter of an 8 MiB stack at 9 bytes each.
const MAX_STRINGS: usize = 256 * 1024;

/// All that grows with the frame. The pages are the kernel's zeroes until they are written to, so
/// a small frame costs little memory.
struct Memory {
    frame: [u8; MAX_FRAME],
    /// `argv` and `envp`, a null after each.
    pointers: [usize; MAX_STRINGS],
    scratch: [u32; MAX_STRINGS],
}

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
    frame: [0; MAX_FRAME],
    pointers: [0; MAX_STRINGS],
    scratch: [0; MAX_STRINGS],
});

/// Why there is no init.
#[derive(Clone, Copy)]
enum Failure {
    /// The frame is not one that this agent can act on.
    Frame(DecodeError),
    /// A step that the console line names failed.
    Step(&'static str, Errno),
}

/// Names the step that an `Errno` comes from.
fn step(name: &'static str) -> impl Fn(Errno) -> Failure {
    move |errno| Failure::Step(name, errno)
}

impl Failure {
    fn report(&self) -> GuestReport {
        match self {
            Self::Frame(error) => GuestReport::from(*error),
            Self::Step(_, errno) => GuestReport::ExecFailed {
                errno: errno.raw_os_error(),
            },
        }
    }

    fn say(&self) {
        match self {
            Self::Frame(error) => say(&[
                b"agent: handoff refused: code ",
                Decimal::new(error.code().into()).digits(),
                b" at byte ",
                Decimal::new(error.offset()).digits(),
            ]),
            Self::Step(step, errno) => say(&[
                b"agent: ",
                step.as_bytes(),
                b" failed: errno ",
                Decimal::new(errno.raw_os_error().unsigned_abs()).digits(),
            ]),
        }
    }
}

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

/// Returns only after a failure that has been told.
fn run(inherited: &[&CStr]) {
    let port = match prepare() {
        Ok(port) => port,
        // Without the port there is nobody else to tell.
        Err(failure) => return failure.say(),
    };
    let Err(failure) = hand_off(&port, inherited);
    failure.say();
    // While the host is not connected a write waits for it, as `Ready` should. This one must not:
    // the failure may be that the host has gone.
    let last = fcntl_setfl(&port, OFlags::NONBLOCK).map_err(step("unblocking the port"));
    if let Err(failure) = last.and_then(|()| send(&port, &failure.report())) {
        failure.say();
    }
}

/// Gives the kernel what it needs for the port, and opens it.
fn prepare() -> Result<OwnedFd, Failure> {
    mount_at(c"/dev", c"devtmpfs")?;
    mount_at(c"/proc", c"proc")?;
    mount_at(c"/sys", c"sysfs")?;
    // Whoever built the root has put the modules here in the order in which they are to be loaded.
    let folder = open_at(CWD, c"/modules", OFlags::RDONLY | OFlags::DIRECTORY);
    let folder = folder.map_err(step("opening /modules"))?;
    for name in [
        c"0.ko", c"1.ko", c"2.ko", c"3.ko", c"4.ko", c"5.ko", c"6.ko", c"7.ko",
    ] {
        let Ok(module) = open_at(&folder, name, OFlags::RDONLY) else {
            break;
        };
        // The kernel may have it built in.
        let loaded = unless(Errno::EXIST, finit_module(&module, c"", 0));
        loaded.map_err(step("loading a module"))?;
    }
    open_port(PORT).map_err(step("opening the port agent.0"))
}

fn mount_at(folder: &CStr, fs: &CStr) -> Result<(), Failure> {
    let made = mkdir(folder, Mode::from_raw_mode(0o755));
    unless(Errno::EXIST, made).map_err(step("mkdir"))?;
    // The kernel may have mounted /dev itself.
    let mounted = mount(fs, folder, fs, MountFlags::empty(), None);
    unless(Errno::BUSY, mounted).map_err(step("mount"))
}

/// Forgives one error.
fn unless(fine: Errno, result: Result<(), Errno>) -> Result<(), Errno> {
    result.or_else(|errno| if errno == fine { Ok(()) } else { Err(errno) })
}

/// From `Ready` to the init, or to the reason why there is none.
fn hand_off(port: &OwnedFd, inherited: &[&CStr]) -> Result<Infallible, Failure> {
    let again = Failure::Step("taking the memory twice", Errno::BUSY);
    let memory = MEMORY.try_take().ok_or(again)?;
    let ready = GuestReport::Ready {
        generation: GENERATION,
    };
    send(port, &ready)?;
    let handoff = receive(port, &mut memory.frame)?;
    let path = init_path(&handoff)?;
    // `argv[0]` is the path found for `auto`: an init such as busybox's goes by it.
    let argv = once(path).chain(handoff.argv().skip(1));
    let (argv, pointers) = list(&mut memory.pointers, argv)?;
    let envp = handoff
        .envp_over(inherited, &mut memory.scratch)
        .map_err(|_| Failure::Step("merging the environment", Errno::TOOBIG))?;
    let (envp, _) = list(pointers, envp)?;
    if let Some(cwd) = handoff.cwd_cstr() {
        chdir(cwd).map_err(step("entering cwd"))?;
    }
    send(port, &GuestReport::Accepted)?;
    // SAFETY: `list` puts a null behind the addresses of C strings; those of the frame, of the
    // inherited environment and of the candidates all outlive the call.
    let errno = unsafe { execve(path, argv.as_ptr().cast(), envp.as_ptr().cast()) };
    Err(Failure::Step("execve", errno))
}

fn send(port: &OwnedFd, report: &GuestReport) -> Result<(), Failure> {
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    let frame = report.encode(&mut buffer).unwrap_or_default();
    write_all(port, frame).map_err(step("reporting to the host"))
}

/// Reads one frame and not a byte more: what follows is the init's.
fn receive<'a>(port: &OwnedFd, buffer: &'a mut [u8]) -> Result<HandoffInitRef<'a>, Failure> {
    let header_len = fill(port, buffer, 0, FrameHeader::LEN)?;
    let (bytes, _) = buffer.split_at(header_len);
    let header = FrameHeader::parse(bytes).map_err(Failure::Frame)?;
    let len = fill(port, buffer, header_len, header.frame_len())?;
    let (bytes, _) = buffer.split_at(len);
    HandoffInitRef::decode(bytes).map_err(Failure::Frame)
}

/// Reads until `buffer` holds `until` bytes or the host has closed the port; decoding says how
/// many bytes were missing then.
fn fill(port: &OwnedFd, buffer: &mut [u8], from: usize, until: usize) -> Result<usize, Failure> {
    let mut len = from;
    while let Some(rest) = buffer.get_mut(len..until).filter(|rest| !rest.is_empty()) {
        match read(port, rest) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::Step("reading the frame", errno)),
        }
    }
    Ok(len)
}

/// The init's path: `cmd`, or the first candidate that can run.
fn init_path<'a>(handoff: &HandoffInitRef<'a>) -> Result<&'a CStr, Failure> {
    if !handoff.is_auto() {
        let path = handoff.cmd_cstr();
        check_runnable(path).map_err(step("checking the init"))?;
        return Ok(path);
    }
    let mut candidates = AUTO_INIT_CANDIDATES.iter();
    let found = candidates.find(|path| check_runnable(path).is_ok());
    found
        .copied()
        .ok_or(Failure::Step("finding an init for auto", Errno::NOENT))
}

/// Whether `execve(2)` would take the file's type and mode, with the errno that it would give.
fn check_runnable(path: &CStr) -> Result<(), Errno> {
    let mode = stat(path)?.st_mode;
    if FileType::from_raw_mode(mode) != FileType::RegularFile {
        return Err(Errno::ACCESS);
    }
    access(path, Access::EXEC_OK)
}

/// Writes the strings' addresses and a null into `room`; returns them and the room left.
fn list<'m, 'a>(
    room: &'m mut [usize],
    strings: impl Iterator<Item = &'a CStr>,
) -> Result<(&'m [usize], &'m mut [usize]), Failure> {
    let full = || Failure::Step("listing argv and envp", Errno::TOOBIG);
    let mut len = 0;
    for string in strings {
        *room.get_mut(len).ok_or_else(full)? = string.as_ptr().expose_provenance();
        len += 1;
    }
    *room.get_mut(len).ok_or_else(full)? = 0;
    let (list, left) = room.split_at_mut_checked(len + 1).ok_or_else(full)?;
    Ok((list, left))
}
