//! What a program that runs as PID 1 of the guest needs and the system calls alone do not give.
//!
//! No libc, no std, no heap: nothing here or in the agent allocates.
#![no_std]

// Gives `_start` and `memcpy`, which no `use` mentions.
extern crate origin as _;

pub mod console;
pub mod file;
pub mod port;
pub mod sysfs;
pub mod text;
pub mod uevent;

use core::panic::PanicInfo;

use rustix::event::pause;
use rustix::fs::sync;
use rustix::system::{RebootCommand, reboot};

/// Ends the VM: were PID 1 to return or crash, the kernel would panic.
pub fn power_off() -> ! {
    sync();
    let _ = reboot(RebootCommand::PowerOff);
    loop {
        pause();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    console::say(&[b"guest: internal error"]);
    power_off()
}
