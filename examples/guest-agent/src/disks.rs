//! Leaving disks clean where the boot fails: what is merely synced still wants its journal read.

use core::ffi::CStr;

use guest_agent::file::open_at;
use guest_agent::text::Text;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{CWD, OFlags, sync};
use rustix::io::read;
use rustix::mount::{MountFlags, mount_remount};

/// Makes every file system read-only, as far as that goes; `hidden` is one that no path leads to.
pub fn close(hidden: Option<&OwnedFd>) {
    sync();
    if let Ok(list) = open_at(CWD, c"/proc/self/mountinfo", OFlags::RDONLY) {
        for_each_path(&list, &mut |path| close_one(path));
    }
    if let Some(hidden) = hidden {
        let mut path = Text::<96>::new();
        path.push(b"/proc/self/fd/");
        path.push_decimal(hidden.as_raw_fd().unsigned_abs());
        if let Ok(path) = path.path() {
            close_one(path);
        }
    }
}

fn close_one(path: &CStr) {
    let _ = mount_remount(path, MountFlags::RDONLY, c"");
}

/// Calls `each` with the fifth word of every line.
fn for_each_path(list: &OwnedFd, each: &mut dyn FnMut(&CStr)) {
    let mut path = Text::<4096>::new();
    let mut word = 0;
    let mut escape = None;
    let mut buffer = [0; 512];
    while let Ok(len @ 1..) = read(list, &mut buffer) {
        for byte in buffer.get(..len).unwrap_or_default() {
            match (*byte, escape) {
                (b'\n', _) => {
                    if let Ok(path) = path.path() {
                        each(path);
                    }
                    path.clear();
                    word = 0;
                }
                (b' ', _) => word += 1,
                _ if word != 4 => {}
                (b'\\', _) => escape = Some((0, 0)),
                // A space and the like are a backslash and three octal digits.
                (digit, Some((value, count))) => {
                    let value = value * 8 + (digit & 7);
                    escape = (count < 2).then_some((value, count + 1));
                    if escape.is_none() {
                        path.push(&[value]);
                    }
                }
                (byte, None) => path.push(&[byte]),
            }
        }
    }
}
