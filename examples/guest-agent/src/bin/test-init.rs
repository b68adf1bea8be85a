//! An init that tells what it was given, for the tests and the example.
//!
//! It writes text lines to the port `init.0`, every string with Rust's byte escapes, so a line is
//! both readable and exact: `pid`, `cwd`, one `argv` or `env` each, one `fd` for each descriptor
//! that was open, `end`. Then it waits for the host to close the port and powers off.
//!
//! With `try` as its first argument it does what the others say, each a verb and what it is about,
//! and writes what came of it; see [`attempt`].
//!
//! With `start` as its first argument, or started as `/init`, as the kernel starts the agent, it
//! tells its console how it was started; see [`tell_start`].
//!
//! With `probe` as its first argument it asks the kernel about the limits of `execve(2)` instead;
//! see [`probe`].
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::fmt::{self, Write};
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::net::{Ipv6Addr, SocketAddrV6};

use guest_agent::console::say;
use guest_agent::file::{open_at, write_all};
use guest_agent::port::open_port;
use guest_agent::power_off;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, RawDir, mkdir, open, readlinkat_raw};
use rustix::io::{Errno, read};
use rustix::mount::{MountFlags, mount, mount_remount};
use rustix::net::{AddressFamily, SocketType, bind, socket};
use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};
use rustix::runtime::execve;
use rustix::termios::tcdrain;
use static_cell::ConstStaticCell;

const PORT: &[u8] = b"init.0";
const MODE: Mode = Mode::from_raw_mode(0o644);

/// What `_start` calls.
///
/// # Safety
/// `argv` and `envp` must be the null-terminated lists that the kernel put on the stack.
// SAFETY: no other symbol of the program has this name; `origin` declares it with this signature.
#[unsafe(no_mangle)]
unsafe fn origin_main(_argc: usize, argv: *mut *mut u8, envp: *mut *mut u8) -> i32 {
    // Elsewhere than in a guest, powering off would be a bad surprise.
    if !getpid().is_init() {
        return 1;
    }
    // SAFETY: passed on from the kernel as they are.
    let (argv, envp) = unsafe { (strings(argv), strings(envp)) };
    if run(argv, envp).is_err() {
        say(&[b"init: its port failed"]);
    }
    power_off()
}

/// # Safety
/// `list` must be null-terminated, and its C strings must not change while the program runs.
unsafe fn strings(list: *mut *mut u8) -> impl Iterator<Item = &'static CStr> + Clone {
    (0..).map_while(move |i| {
        // SAFETY: `map_while` stops at the null.
        let entry = unsafe { *list.add(i) };
        // SAFETY: not the null, so one of the C strings.
        (!entry.is_null()).then(|| unsafe { CStr::from_ptr(entry.cast()) })
    })
}

fn run(
    argv: impl Iterator<Item = &'static CStr> + Clone,
    envp: impl Iterator<Item = &'static CStr>,
) -> fmt::Result {
    let mut words = argv.clone();
    if words.next() == Some(c"/init") || words.next() == Some(c"start") {
        return tell_start();
    }
    let mut fds = [false; 256];
    list_open_fds(&mut fds);
    let port = open_port(PORT).map_err(|_| fmt::Error)?;
    let mut out = Out {
        port: &port,
        buffer: [0; 4096],
        len: 0,
    };
    if argv.clone().nth(1) == Some(c"probe") {
        probe(&mut out, argv)?;
    } else if argv.clone().nth(1) == Some(c"try") {
        let mut words = argv.skip(2);
        while let (Some(verb), Some(what)) = (words.next(), words.next()) {
            attempt(&mut out, verb, what)?;
        }
    } else {
        writeln!(out, "pid {}", getpid().as_raw_nonzero())?;
        let mut cwd = [0; 4096];
        let len = readlinkat_raw(CWD, c"/proc/self/cwd", &mut cwd).map_err(failed)?;
        let cwd = cwd.get(..len).unwrap_or_default();
        writeln!(out, "cwd {}", cwd.escape_ascii())?;
        for string in argv {
            writeln!(out, "argv {}", string.to_bytes().escape_ascii())?;
        }
        for string in envp {
            writeln!(out, "env {}", string.to_bytes().escape_ascii())?;
        }
        show_fds(&mut out, &fds)?;
    }
    out.write_str("end\n")?;
    out.flush()?;
    // Powered off at once, the VM would lose what the host has not read yet.
    let (Ok(_) | Err(_)) = read(&port, &mut [0]);
    Ok(())
}

/// What says how a process was started, by descriptor or by what it inherits.
const START: [&CStr; 14] = [
    c"/proc/self/status",
    c"/proc/self/stat",
    c"/proc/self/limits",
    c"/proc/self/environ",
    c"/proc/self/oom_score_adj",
    c"/proc/self/personality",
    c"/proc/self/coredump_filter",
    c"/proc/self/timerslack_ns",
    c"/proc/self/autogroup",
    c"/proc/self/loginuid",
    c"/proc/self/sessionid",
    c"/proc/self/fdinfo/0",
    c"/proc/self/fdinfo/1",
    c"/proc/self/fdinfo/2",
];

/// As `START`, and links.
const START_LINKS: [&CStr; 11] = [
    c"/proc/self/cwd",
    c"/proc/self/root",
    c"/proc/self/fd/0",
    c"/proc/self/fd/1",
    c"/proc/self/fd/2",
    c"/proc/self/ns/cgroup",
    c"/proc/self/ns/ipc",
    c"/proc/self/ns/mnt",
    c"/proc/self/ns/net",
    c"/proc/self/ns/pid",
    c"/proc/self/ns/user",
];

/// Writes it to the console, as the kernel alone makes no port.
fn tell_start() -> fmt::Result {
    // The agent has mounted it; the kernel has not.
    let _ = mkdir(c"/proc", Mode::from_raw_mode(0o755));
    let _ = mount(c"proc", c"/proc", c"proc", MountFlags::empty(), None);
    let mut fds = [false; 256];
    list_open_fds(&mut fds);
    let console = OFlags::WRONLY | OFlags::NOCTTY;
    let console = open_at(CWD, c"/dev/console", console).map_err(failed)?;
    let mut out = Out {
        port: &console,
        buffer: [0; 4096],
        len: 0,
    };
    show_fds(&mut out, &fds)?;
    for path in START {
        show_file(&mut out, path)?;
    }
    for path in START_LINKS {
        let mut target = [0; 256];
        let target = match readlinkat_raw(CWD, path, &mut target) {
            Ok(len) => target.get(..len).unwrap_or_default(),
            Err(_) => b"nothing",
        };
        let name = path.to_bytes().escape_ascii();
        writeln!(out, "{name}: {}", target.escape_ascii())?;
    }
    out.flush()?;
    tcdrain(&console).map_err(failed)
}

fn show_fds(out: &mut Out<'_>, fds: &[bool]) -> fmt::Result {
    for (fd, open) in fds.iter().enumerate() {
        if *open {
            writeln!(out, "fd {fd}")?;
        }
    }
    Ok(())
}

fn failed(_: Errno) -> fmt::Error {
    fmt::Error
}

/// Does one thing and writes `ok` or the errno, each verb what a guest might try:
/// - `read`: writes the lines of a file, `list`: the names in a folder
/// - `write`: opens a file for writing, made if missing
/// - `remount`: asks for a mount without `ro`, on the mount itself and on what is mounted
/// - `mount`: mounts the share with this tag on `/srv`
/// - `bind`: binds a socket to this IPv6 address
fn attempt(out: &mut Out<'_>, verb: &CStr, what: &CStr) -> fmt::Result {
    let result = match verb.to_bytes() {
        b"read" => return show_file(out, what),
        b"list" => return show_folder(out, what),
        b"write" => open(what, OFlags::WRONLY | OFlags::CREATE, MODE).map(drop),
        b"remount" => mount_remount(what, MountFlags::BIND, c"")
            .and_then(|()| mount_remount(what, MountFlags::empty(), c"")),
        b"mount" => mount(what, c"/srv", c"virtiofs", MountFlags::empty(), None),
        b"bind" => bind_to(what),
        _ => Err(Errno::NOSYS),
    };
    let verb = verb.to_bytes().escape_ascii();
    let what = what.to_bytes().escape_ascii();
    match result {
        Ok(()) => writeln!(out, "{verb} {what}: ok"),
        Err(errno) => writeln!(out, "{verb} {what}: errno {}", errno.raw_os_error()),
    }
}

fn bind_to(address: &CStr) -> rustix::io::Result<()> {
    let address = address.to_str().ok().and_then(|text| text.parse().ok());
    let address: Ipv6Addr = address.ok_or(Errno::INVAL)?;
    let socket = socket(AddressFamily::INET6, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV6::new(address, 80, 0, 0))
}

/// Writes the names in a folder, each behind its path.
fn show_folder(out: &mut Out<'_>, path: &CStr) -> fmt::Result {
    let name = path.to_bytes().escape_ascii();
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let folder = open_at(CWD, path, folder).map_err(failed)?;
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(&folder, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let entry = entry.file_name().to_bytes().escape_ascii();
        writeln!(out, "{name}: {entry}")?;
    }
    Ok(())
}

/// Writes a file's lines, each behind its path, or the errno.
fn show_file(out: &mut Out<'_>, path: &CStr) -> fmt::Result {
    let name = path.to_bytes().escape_ascii();
    let file = match open_at(CWD, path, OFlags::RDONLY) {
        Ok(file) => file,
        Err(errno) => return writeln!(out, "{name}: errno {}", errno.raw_os_error()),
    };
    let mut buffer = [0; 1024];
    let mut starts_line = true;
    loop {
        let len = match read(&file, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => len,
            Err(errno) => return writeln!(out, "{name}: errno {}", errno.raw_os_error()),
        };
        for byte in buffer.get(..len).unwrap_or_default() {
            if starts_line {
                write!(out, "{name}: ")?;
            }
            starts_line = *byte == b'\n';
            match byte {
                b'\n' => out.write_str("\n")?,
                byte => write!(out, "{}", byte.escape_ascii())?,
            }
        }
        if !starts_line && len < buffer.len() {
            out.write_str("\n")?;
            starts_line = true;
        }
    }
}

fn list_open_fds(fds: &mut [bool; 256]) {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let Ok(dir) = open_at(CWD, c"/proc/self/fd", folder) else {
        return;
    };
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let fd = entry
            .file_name()
            .to_str()
            .ok()
            .and_then(|name| name.parse::<usize>().ok());
        if let Some(open) = fd.and_then(|fd| fds.get_mut(fd)) {
            *open = fd != usize::try_from(dir.as_raw_fd()).ok();
        }
    }
}

/// Collects text, since each write to the port wakes the host.
struct Out<'p> {
    port: &'p OwnedFd,
    buffer: [u8; 4096],
    len: usize,
}

impl Out<'_> {
    fn flush(&mut self) -> fmt::Result {
        let len = core::mem::take(&mut self.len);
        write_all(self.port, self.buffer.get(..len).unwrap_or_default()).map_err(failed)
    }
}

impl Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.len == self.buffer.len() {
                self.flush()?;
            }
            if let Some(slot) = self.buffer.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
        }
        Ok(())
    }
}

/// The most that the kernel takes for one string, its NUL counted, and one more.
const FILLER: usize = 32 * 4096 + 1;

struct Probe {
    filler: [u8; FILLER + 1],
    argv: [usize; 256 * 1024],
}

static PROBE: ConstStaticCell<Probe> = ConstStaticCell::new(Probe {
    filler: [0; FILLER + 1],
    argv: [0; 256 * 1024],
});

/// Finds out where `execve(2)` refuses.
///
/// `argv` is the path, `probe`, a list of steps, and any filler. A step is one of
/// - `total:STACK:BYTES:LEN`: with the soft stack limit STACK, filler of at most LEN bytes a
///   string, its NUL counted, that brings pointers, strings and path to BYTES;
/// - `string:LEN`: one string of LEN bytes, its NUL counted.
///
/// Each step is tried with one byte more first, then as it is. The latter replaces this program by
/// itself: the list then begins with the step that just succeeded, and the next one follows. A
/// line of the output is the step, `+1` where it had a byte more, and `ok` or the errno.
fn probe(out: &mut Out<'_>, mut argv: impl Iterator<Item = &'static CStr>) -> fmt::Result {
    let (Some(path), _, Some(steps)) = (argv.next(), argv.next(), argv.next()) else {
        return Err(fmt::Error);
    };
    let bytes = steps.to_bytes_with_nul();
    let done = bytes
        .split(|b| *b == b',' || *b == 0)
        .next()
        .unwrap_or_default();
    writeln!(out, "{} ok", done.escape_ascii())?;
    let Some(rest) = bytes.get(done.len() + 1..).filter(|rest| !rest.is_empty()) else {
        return Ok(());
    };
    let rest = CStr::from_bytes_until_nul(rest).map_err(|_| fmt::Error)?;
    let step = rest
        .to_str()
        .map_err(|_| fmt::Error)?
        .split(',')
        .next()
        .unwrap_or_default();
    let mut words = step.split(':');
    let kind = words.next();
    let mut number = || {
        words
            .next()
            .and_then(|word| word.parse::<usize>().ok())
            .ok_or(fmt::Error)
    };
    let fixed = [path, c"probe", rest];
    let Probe { filler, argv } = PROBE.try_take().ok_or(fmt::Error)?;
    filler[..FILLER].fill(b'x');
    let (total, len) = match kind {
        Some("total") => {
            let stack = u64::try_from(number()?).map_err(|_| fmt::Error)?;
            grow_stack();
            let limits = Rlimit {
                current: Some(stack),
                ..getrlimit(Resource::Stack)
            };
            setrlimit(Resource::Stack, limits).map_err(failed)?;
            (number()?, number()?)
        }
        _ => {
            let len = number()?;
            (cost(&fixed) + 8 + len, len)
        }
    };
    for extra in [1, 0] {
        // One string too long, or a total too large, by one byte.
        let longest = if kind == Some("total") {
            len
        } else {
            len + extra
        };
        let errno = exec_with(&fixed, total + extra, longest, filler, argv);
        let extra = if extra == 1 { " +1" } else { "" };
        writeln!(out, "{step}{extra} errno {}", errno.raw_os_error())?;
        // A successful attempt forgets what has not been written.
        out.flush()?;
    }
    Ok(())
}

/// Takes the room that the stack will need. The kernel put the pointers of the step before on it,
/// which left none, and once the stack is larger than its limit it does not grow any more.
#[inline(never)]
fn grow_stack() {
    black_box(&mut [0u8; 64 * 1024]);
}

/// What the strings add to the total: themselves, and the path of the program once more.
fn cost(fixed: &[&CStr; 3]) -> usize {
    let strings: usize = fixed
        .iter()
        .map(|string| string.count_bytes() + 1 + 8)
        .sum();
    strings + fixed[0].count_bytes() + 1
}

/// Replaces this program by itself with filler that brings the total to `total` bytes.
fn exec_with(
    fixed: &[&CStr; 3],
    total: usize,
    longest: usize,
    filler: &[u8; FILLER + 1],
    argv: &mut [usize; 256 * 1024],
) -> Errno {
    let mut left = total - cost(fixed);
    let mut count = 0;
    for string in fixed {
        argv[count] = string.as_ptr().expose_provenance();
        count += 1;
    }
    while left > 0 {
        // A string takes its pointer and its NUL at least; no remainder may be shorter.
        let next = (longest + 8).min(left);
        let next = if left - next > 0 && left - next < 9 {
            next - 9
        } else {
            next
        };
        argv[count] = filler[FILLER + 1 - (next - 8)..]
            .as_ptr()
            .expose_provenance();
        count += 1;
        left -= next;
    }
    argv[count] = 0;
    // SAFETY: both lists end in a null behind the addresses of C strings that outlive the call:
    // `filler` ends in a NUL, and so does each of its tails.
    unsafe { execve(fixed[0], argv.as_ptr().cast(), [0_usize].as_ptr().cast()) }
}
