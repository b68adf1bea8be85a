//! Kernel modules: what the kernel's builder did not build in.

use guest_agent::console::say;
use guest_agent::file::{open_at, unless};
use guest_agent::text::{Digits, Text};
use rustix::fs::{CWD, OFlags};
use rustix::io::{self, Errno};
use rustix::system::finit_module;

/// Loads `/modules/0.ko`, `1.ko` and so on, as many as there are: whoever made the initramfs has
/// numbered them in the order in which they are to be loaded.
///
/// One that does not load is named on the console, and no more: whatever needs it fails later,
/// at a step that can be reported.
pub fn load() {
    for number in 0.. {
        let mut path = Text::<96>::new();
        path.push(b"/modules/");
        path.push_decimal(number);
        path.push(b".ko");
        match load_one(&path) {
            // There are no more.
            Err(Errno::NOENT) => return,
            Err(errno) => say(&[
                b"agent: module ",
                path.as_bytes(),
                b" failed: errno ",
                Digits::decimal(errno.raw_os_error().unsigned_abs()).as_bytes(),
            ]),
            Ok(()) => {}
        }
    }
}

fn load_one(path: &Text<96>) -> io::Result<()> {
    let module = open_at(CWD, path.path()?, OFlags::RDONLY)?;
    match finit_module(&module, c"", 0) {
        // An unknown symbol, which is not the end of the list.
        Err(Errno::NOENT) => Err(Errno::NOEXEC),
        // The kernel may have it built in.
        loaded => unless(Errno::EXIST, loaded),
    }
}
