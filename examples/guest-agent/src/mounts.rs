//! The mounts that the setup asks for.

use core::ffi::CStr;

use guest_agent::file::{open_at, unless};
use guest_agent::text::Text;
use microsandbox_types::{BootStep, GuestSetupRef, MAX_SETUP_MOUNTS, Mount, MountSource};
use rustix::fd::AsRawFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags, openat2, rmdir, statx};
use rustix::io::{self, Errno};
use rustix::mount::{MountFlags, UnmountFlags, mount_bind, mount_remount, unmount};

use crate::base::{is_replaceable, kernel_paths};
use crate::failure::{At, Failure, fail};
use crate::filesystem::{mount_block, mount_tmpfs, mount_virtiofs};
use crate::target::{make_file, make_folder};

/// Where a share is seen whole while one file of it is bound. In `/dev`, which no entry replaces.
const STAGE: &CStr = c"/dev/.stage";

/// Mounts each entry in turn.
#[inline(never)]
pub fn mount_all(setup: &GuestSetupRef<'static>) -> Result<(), Failure> {
    let mut ids = [0; MAX_SETUP_MOUNTS];
    let mut kernel_ids = [0; 3];
    for (slot, path) in kernel_ids.iter_mut().zip(kernel_paths()) {
        *slot = mount_id(path);
    }
    for (n, entry) in setup.mounts().enumerate() {
        mount_one(&entry, flags(&entry, setup.restricted())).at(BootStep::Mount, n, entry.guest)?;
        if let Some(slot) = ids.get_mut(n) {
            *slot = mount_id(entry.guest);
        }
        // Through a link an entry may have come to lie over another, of which the init would
        // see nothing.
        let mut earlier = setup.mounts().take(n).map(|entry| entry.guest);
        if is_hidden(&mut earlier, &ids) || is_hidden(&mut kernel_paths(), &kernel_ids) {
            return Err(fail(BootStep::Mount, n, entry.guest, Errno::LOOP));
        }
    }
    Ok(())
}

/// Whether one of these paths no longer leads to its mount.
fn is_hidden(paths: &mut dyn Iterator<Item = &CStr>, ids: &[u64]) -> bool {
    paths.zip(ids).any(|(path, id)| mount_id(path) != *id)
}

/// The number of the mount that a path leads to (a kernel before 5.8 does not tell: 0).
fn mount_id(path: &CStr) -> u64 {
    statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID)
        .map_or(u64::MAX, |found| found.stx_mnt_id)
}

fn flags(entry: &Mount<&CStr>, restricted: bool) -> MountFlags {
    let mut flags = MountFlags::empty();
    flags.set(MountFlags::RDONLY, entry.flags.readonly);
    flags.set(MountFlags::NOEXEC, entry.flags.noexec);
    flags.set(MountFlags::NOSUID, entry.flags.nosuid || restricted);
    flags.set(MountFlags::NODEV, entry.flags.nodev || restricted);
    flags
}

fn mount_one(entry: &Mount<&CStr>, flags: MountFlags) -> io::Result<()> {
    let target = entry.guest;
    if is_replaceable(target) {
        // What has been bound from it lives on.
        unless(Errno::INVAL, unmount(target, UnmountFlags::DETACH))?;
    }
    match &entry.source {
        MountSource::VirtiofsFile { .. } => make_file(target)?,
        _ => make_folder(target)?,
    }
    match &entry.source {
        MountSource::Virtiofs { tag } => mount_virtiofs(tag, target, flags),
        MountSource::VirtiofsFile { tag, file } => mount_file(tag, file, target, flags),
        MountSource::Block(device) => mount_block(device, target, flags),
        MountSource::Tmpfs { size_mib, mode } => mount_tmpfs(target, flags, *size_mib, *mode),
    }
}

/// Shows one file of a share, and nothing else of it.
fn mount_file(tag: &CStr, file: &CStr, target: &CStr, flags: MountFlags) -> io::Result<()> {
    unless(
        Errno::EXIST,
        rustix::fs::mkdir(STAGE, Mode::from_raw_mode(0o700)),
    )?;
    mount_virtiofs(tag, STAGE, flags)?;
    let bound = bind_file(file, target, flags);
    // The bound file keeps the file system alive.
    let detached = unmount(STAGE, UnmountFlags::DETACH).and_then(|()| rmdir(STAGE));
    bound.and(detached)
}

fn bind_file(file: &CStr, target: &CStr, flags: MountFlags) -> io::Result<()> {
    let stage = open_at(CWD, STAGE, OFlags::PATH | OFlags::DIRECTORY)?;
    // A link in the share would lead into the guest.
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let open = OFlags::PATH | OFlags::CLOEXEC;
    let source = openat2(&stage, file, open, Mode::empty(), resolve)?;
    let mut path = Text::<96>::new();
    path.push(b"/proc/self/fd/");
    path.push_decimal(source.as_raw_fd().unsigned_abs());
    mount_bind(path.path()?, target)?;
    // Binding alone ignores the flags.
    mount_remount(target, MountFlags::BIND | flags, c"")
}
