//! Devices as sysfs lists them: a folder a class, in it a folder a device, in that its attributes.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, OFlags, RawDir};

use crate::file::{open_at, read_all};
use crate::text::Text;

/// The name of a device, which is short in Linux.
pub type Name = Text<96>;

/// Finds the device of a class whose attribute reads `wanted`.
pub fn find(class: &CStr, attribute: &CStr, wanted: &[u8]) -> Option<Name> {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let devices = open_at(CWD, class, folder).ok()?;
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(&devices, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let Ok(device) = open_at(&devices, entry.file_name(), folder) else {
            continue;
        };
        if reads(&device, attribute, wanted) {
            let mut name = Name::new();
            name.push(entry.file_name().to_bytes());
            return Some(name);
        }
    }
    None
}

fn reads(device: &OwnedFd, attribute: &CStr, wanted: &[u8]) -> bool {
    let mut text = [0; 64];
    let read = open_at(device, attribute, OFlags::RDONLY)
        .and_then(|attribute| read_all(&attribute, &mut text));
    let text = text.get(..read.unwrap_or(0)).unwrap_or_default();
    text.strip_suffix(b"\n").unwrap_or(text) == wanted
}
