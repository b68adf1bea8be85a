//! What a program that runs as PID 1 of the guest needs and the system calls alone do not give.
#![no_std]

// Gives `_start` and `memcpy`, which no `use` mentions.
extern crate origin as _;

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr::null_mut;

use rustix::event::pause;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat};
use rustix::io::{self, Errno, read, write};
use rustix::system::{RebootCommand, reboot};
use rustix::termios::tcdrain;
use rustix::thread::{Timespec, nanosleep};

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
    for _ in 0..1000 {
        if let Ok(port) = find_port(name) {
            return Ok(port);
        }
        // Woken early, it only looks again earlier.
        let _ = nanosleep(&MILLISECONDS_10);
    }
    find_port(name)
}

const MILLISECONDS_10: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 10_000_000,
};

/// A port's device is called `vport0p1` or the like; its name is in sysfs.
fn find_port(name: &[u8]) -> io::Result<OwnedFd> {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let ports = open_at(CWD, c"/sys/class/virtio-ports", folder)?;
    let dev = open_at(CWD, c"/dev", folder)?;
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(&ports, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let port = open_at(&ports, entry.file_name(), folder);
        let Ok(file) = port.and_then(|port| open_at(port, c"name", OFlags::RDONLY)) else {
            continue;
        };
        let mut text = [0; 64];
        let len = read(&file, &mut text)?;
        if text.get(..len).and_then(|text| text.strip_suffix(b"\n")) == Some(name) {
            return open_at(&dev, entry.file_name(), OFlags::RDWR);
        }
    }
    Err(Errno::NOENT)
}

/// Opens a file that the init will not inherit.
pub fn open_at(folder: impl AsFd, path: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    openat(folder, path, flags | OFlags::CLOEXEC, Mode::empty())
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

/// Writes one line, given in parts, to the console; what cannot be written is lost.
// `core::fmt` would be a fifth of the agent.
pub fn say(parts: &[&[u8]]) {
    if let Ok(console) = open_at(CWD, c"/dev/console", OFlags::WRONLY | OFlags::NOCTTY) {
        for part in parts.iter().chain(&[b"\n".as_slice()]) {
            let _ = write_all(&console, part);
        }
        // A serial line is slow: the VM must not be off before the line is out.
        let _ = tcdrain(&console);
    }
}

/// A number in decimal digits.
pub struct Decimal {
    /// Filled from the end, with zeroes before the number.
    digits: [u8; 10],
}

impl Decimal {
    pub fn new(number: u32) -> Self {
        let (mut digits, mut left) = ([b'0'; 10], number);
        for digit in digits.iter_mut().rev() {
            let [low, ..] = (left % 10).to_le_bytes();
            *digit += low;
            left /= 10;
        }
        Self { digits }
    }

    /// The digits from the first that is not 0, or the last one.
    pub fn digits(&self) -> &[u8] {
        let leading = self
            .digits
            .iter()
            .take(9)
            .take_while(|digit| **digit == b'0');
        self.digits.get(leading.count()..).unwrap_or_default()
    }
}

/// Ends the VM: were PID 1 to return or crash, the kernel would panic.
pub fn power_off() -> ! {
    let _ = reboot(RebootCommand::PowerOff);
    loop {
        pause();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    say(&[b"guest: internal error"]);
    power_off()
}
