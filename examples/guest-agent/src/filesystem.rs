//! Mounting one file system from a device that may yet have to turn up.

use core::ffi::CStr;

use guest_agent::file::{open_at, read_all};
use guest_agent::sysfs;
use guest_agent::text::Text;
use guest_agent::uevent::wait_until;
use microsandbox_types::BlockDevice;
use rustix::fs::{CWD, OFlags};
use rustix::io::{self, Errno};
use rustix::mount::{MountFlags, mount};

/// Mounts a share that the host calls `tag`.
///
/// # Errors
/// `NXIO` where there still is none after ten seconds; those of `mount(2)`.
pub fn mount_virtiofs(tag: &CStr, target: &CStr, flags: MountFlags) -> io::Result<()> {
    let mut mounted = Err(Errno::NXIO);
    wait_until(&mut || match mount(tag, target, c"virtiofs", flags, None) {
        // Linux's word for a tag that is not there, or not yet.
        Err(Errno::INVAL) => false,
        result => {
            mounted = result;
            true
        }
    });
    mounted
}

/// Mounts what is on a disk.
///
/// # Errors
/// `NXIO` where no disk has the serial number after ten seconds; those of `mount(2)`, `INVAL`
/// where no file system of the kernel's knows what is on the disk.
pub fn mount_block(
    device: &BlockDevice<&CStr>,
    target: &CStr,
    flags: MountFlags,
) -> io::Result<()> {
    let mut disk = Err(Errno::NXIO);
    wait_until(&mut || {
        let found = sysfs::find(c"/sys/block", c"serial", device.serial.to_bytes());
        disk = found.ok_or(Errno::NXIO);
        disk.is_ok()
    });
    let mut path = Text::<96>::new();
    path.push(b"/dev/");
    path.push(disk?.as_bytes());
    let path = path.path()?;
    match device.fstype {
        Some(fstype) => mount_as(fstype, path, target, flags),
        None => mount_as_any(path, target, flags),
    }
}

/// Tries what the kernel has for disks, in its order, as the kernel does for its own root.
fn mount_as_any(path: &CStr, target: &CStr, flags: MountFlags) -> io::Result<()> {
    let list = open_at(CWD, c"/proc/filesystems", OFlags::RDONLY)?;
    let mut text = [0; 4096];
    let len = read_all(&list, &mut text)?;
    let lines = text.get(..len).unwrap_or_default().split(|b| *b == b'\n');
    // The others' lines begin with `nodev`.
    for name in lines.filter_map(|line| line.strip_prefix(b"\t")) {
        let mut fstype = Text::<96>::new();
        fstype.push(name);
        // Each that is wrong would complain to the console.
        match mount_as(fstype.path()?, path, target, flags | MountFlags::SILENT) {
            Err(Errno::INVAL) => {}
            result => return result,
        }
    }
    Err(Errno::INVAL)
}

fn mount_as(fstype: &CStr, path: &CStr, target: &CStr, flags: MountFlags) -> io::Result<()> {
    // What is not to be written to must not have its journal replayed.
    let options = match fstype.to_bytes() {
        b"ext3" | b"ext4" if flags.contains(MountFlags::RDONLY) => Some(c"noload"),
        b"xfs" if flags.contains(MountFlags::RDONLY) => Some(c"norecovery"),
        _ => None,
    };
    mount(path, target, fstype, flags, options)
}

/// Mounts an empty file system in memory.
///
/// # Errors
/// Those of `mount(2)`.
pub fn mount_tmpfs(
    target: &CStr,
    flags: MountFlags,
    size_mib: Option<u32>,
    mode: Option<u32>,
) -> io::Result<()> {
    let mut options = Text::<96>::new();
    if let Some(size) = size_mib {
        options.push(b"size=");
        options.push_decimal(size);
        options.push(b"m,");
    }
    if let Some(mode) = mode {
        options.push(b"mode=");
        options.push_octal(mode);
    }
    mount(c"tmpfs", target, c"tmpfs", flags, options.path()?)
}
