//! What a program that runs as PID 1 of the guest needs and the system calls alone do not give.
#![no_std]

// Gives `_start` and `memcpy`, which no `use` mentions.
extern crate origin as _;

use core::alloc::{GlobalAlloc, Layout};
use core::fmt::{self, Write};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr::null_mut;

use rustix::event::pause;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, RawDir, open, openat};
use rustix::io::{self, Errno, read, write};
use rustix::process::getpid;
use rustix::system::{RebootCommand, reboot};
use rustix::termios::tcdrain;
use rustix::thread::{NanosleepRelativeResult, Timespec, nanosleep};

/// The types crate names `alloc`, so the program needs an allocator to link. This one has nothing
/// to give: it proves that none of the paths here allocates.
struct NoHeap;

#[global_allocator]
static HEAP: NoHeap = NoHeap;

// SAFETY: a null pointer is how an allocator refuses, so there never is a block to free.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// Opens the virtio-serial port that the host gave this name, waiting up to ten seconds for it:
/// ports turn up one by one after their driver has been loaded.
///
/// # Errors
/// The last attempt's, `NOENT` where no port has this name.
pub fn open_port(name: &[u8]) -> io::Result<OwnedFd> {
    const STEP: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 10_000_000,
    };
    let mut result = find_port(name);
    for _ in 0..1000 {
        if result.is_ok() {
            break;
        }
        let (NanosleepRelativeResult::Ok
        | NanosleepRelativeResult::Interrupted(_)
        | NanosleepRelativeResult::Err(_)) = nanosleep(&STEP);
        result = find_port(name);
    }
    result
}

/// A port's device is called `vport0p1` or the like; its name is in sysfs.
fn find_port(name: &[u8]) -> io::Result<OwnedFd> {
    let dir_flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let ports = open(c"/sys/class/virtio-ports", dir_flags, Mode::empty())?;
    let dev = open(c"/dev", dir_flags, Mode::empty())?;
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(&ports, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let Ok(port) = openat(&ports, entry.file_name(), dir_flags, Mode::empty()) else {
            continue;
        };
        let Ok(file) = openat(
            &port,
            c"name",
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        ) else {
            continue;
        };
        let mut text = [0; 64];
        let len = read(&file, &mut text)?;
        if text.get(..len).and_then(|text| text.strip_suffix(b"\n")) == Some(name) {
            return openat(
                &dev,
                entry.file_name(),
                OFlags::RDWR | OFlags::CLOEXEC,
                Mode::empty(),
            );
        }
    }
    Err(Errno::NOENT)
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

/// Writes one line to the console; what cannot be written is lost.
pub fn say(line: fmt::Arguments<'_>) {
    struct Console(OwnedFd);

    impl Write for Console {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            write_all(&self.0, text.as_bytes()).map_err(|_| fmt::Error)
        }
    }

    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    if let Ok(console) = open(c"/dev/console", flags, Mode::empty()) {
        let mut console = Console(console);
        let written = writeln!(console, "{line}");
        // A serial line is slow: the VM must not be off before the line is out.
        let drained = tcdrain(&console.0);
        let (Ok(()) | Err(fmt::Error), Ok(()) | Err(_)) = (written, drained);
    }
}

/// Whether this is the guest's init. Elsewhere these programs must not run: they power off.
pub fn is_pid_1() -> bool {
    getpid().is_init()
}

/// Ends the VM: were PID 1 to return or crash, the kernel would panic.
pub fn power_off() -> ! {
    let (Ok(()) | Err(_)) = reboot(RebootCommand::PowerOff);
    loop {
        pause();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    say(format_args!("guest: internal error"));
    power_off()
}
