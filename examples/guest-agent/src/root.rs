//! From the initramfs, which the agent starts in, to the sandbox's own root.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use guest_agent::file::{open_at, unless};
use guest_agent::text::Text;
use microsandbox_types::{BlockDevice, BootStep, Root, Upper};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, fstat, fstatfs, mkdir, unlinkat};
use rustix::io::{self, Errno};
use rustix::mount::{MountFlags, mount, mount_move};
use rustix::process::{chdir, chroot};

use crate::base::kernel_paths;
use crate::failure::{At, Failure};
use crate::filesystem::{mount_block, mount_tmpfs, mount_virtiofs};

const NEW: &CStr = c"/.root";
const LOWER: &CStr = c"/.lower";
const UPPER: &CStr = c"/.upper";

/// An initramfs is one of these.
const RAMFS: u64 = 0x8584_58f6;
const TMPFS: u64 = 0x0102_1994;
/// How deep a folder of the initramfs may be to be emptied.
const MAX_DEPTH: u32 = 64;

/// Makes the root that the setup names the one of this process and of all that come after it.
/// Returns the disk that is below it and cannot be reached by any path, if there is one.
pub fn enter(root: &Root<&'static CStr>) -> Result<Option<OwnedFd>, Failure> {
    let mut hidden = None;
    let (what, mounted) = match root {
        Root::Initramfs => return Ok(None),
        Root::Virtiofs { tag, readonly } => (
            *tag,
            make_folder(NEW).and_then(|()| mount_virtiofs(tag, NEW, flags(*readonly))),
        ),
        Root::Block { device, readonly } => (device.serial, mount_disk(device, NEW, *readonly)),
        Root::Overlay { lower, upper } => {
            mount_disk(lower, LOWER, true).at(BootStep::Root, 0, lower.serial)?;
            let what = match upper {
                Upper::Block(device) => device.serial,
                Upper::Tmpfs { .. } => c"tmpfs",
            };
            (what, overlay(upper).map(|upper| hidden = Some(upper)))
        }
    };
    mounted.at(BootStep::Root, 0, what)?;
    for path in kernel_paths() {
        move_into(path).at(BootStep::BaseMounts, 0, path)?;
    }
    switch().at(BootStep::Root, 0, what)?;
    Ok(hidden)
}

fn flags(readonly: bool) -> MountFlags {
    let mut flags = MountFlags::empty();
    flags.set(MountFlags::RDONLY, readonly);
    flags
}

fn mount_disk(device: &BlockDevice<&CStr>, target: &CStr, readonly: bool) -> io::Result<()> {
    make_folder(target)?;
    mount_block(device, target, flags(readonly))
}

fn make_folder(path: &CStr) -> io::Result<()> {
    unless(Errno::EXIST, mkdir(path, Mode::from_raw_mode(0o755)))
}

/// Mounts what is written to over the lower disk, which never changes.
fn overlay(upper: &Upper<&CStr>) -> io::Result<OwnedFd> {
    match upper {
        Upper::Block(device) => mount_disk(device, UPPER, false)?,
        Upper::Tmpfs { size_mib } => {
            make_folder(UPPER)?;
            mount_tmpfs(UPPER, MountFlags::empty(), *size_mib, Some(0o755))?
        }
    }
    make_folder(c"/.upper/upper")?;
    make_folder(c"/.upper/work")?;
    make_folder(NEW)?;
    let options = c"lowerdir=/.lower,upperdir=/.upper/upper,workdir=/.upper/work";
    mount(c"overlay", NEW, c"overlay", MountFlags::empty(), options)?;
    open_at(CWD, UPPER, OFlags::PATH)
}

fn move_into(path: &CStr) -> io::Result<()> {
    let mut target = Text::<96>::new();
    target.push(NEW.to_bytes());
    target.push(path.to_bytes());
    make_folder(target.path()?)?;
    mount_move(path, target.path()?)
}

/// `pivot_root(2)` refuses to leave an initramfs; moving the new root over it is the other way.
fn switch() -> io::Result<()> {
    let old = open_at(CWD, c"/", OFlags::RDONLY | OFlags::DIRECTORY)?;
    chdir(NEW)?;
    // Its files would hold their memory for ever.
    let kind = fstatfs(&old)?.f_type.cast_unsigned();
    if matches!(kind, RAMFS | TMPFS) {
        let device = fstat(&old)?.st_dev;
        remove_all_in(&old, device, 0);
    }
    mount_move(c".", c"/")?;
    chroot(c".")?;
    chdir(c"/")
}

/// Removes what is in a folder, other file systems excepted. What cannot be removed stays.
fn remove_all_in(folder: &OwnedFd, device: u64, depth: u32) {
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        match entry.file_type() {
            FileType::Directory => {}
            // `/dev/console` takes no memory, and removed, it would show as deleted in the init's
            // `/proc/self/fd`.
            FileType::CharacterDevice => continue,
            _ => {
                let _ = unlinkat(folder, name, AtFlags::empty());
                continue;
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let Ok(inner) = open_at(folder, name, flags) else {
            continue;
        };
        let here = fstat(&inner).is_ok_and(|stat| stat.st_dev == device);
        if here && depth < MAX_DEPTH {
            remove_all_in(&inner, device, depth + 1);
            let _ = unlinkat(folder, name, AtFlags::REMOVEDIR);
        }
    }
}
