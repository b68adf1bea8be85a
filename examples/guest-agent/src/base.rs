//! The mounts that every Linux system has, with the flags and options that systemd gives them: an
//! init keeps what it finds.

use core::ffi::CStr;

use guest_agent::file::unless;
use rustix::fs::{CWD, Mode, mkdir, symlinkat};
use rustix::io::{self, Errno};
use rustix::mount::{MountFlags, mount, mount_remount};

use crate::failure::{At, Failure};
use microsandbox_types::BootStep;

struct Base {
    path: &'static CStr,
    fstype: &'static CStr,
    flags: MountFlags,
    options: Option<&'static CStr>,
}

const NO_SUID: MountFlags = MountFlags::NOSUID;
const NO_DEV: MountFlags = NO_SUID.union(MountFlags::NODEV);
const NO_EXEC: MountFlags = NO_SUID.union(MountFlags::NOEXEC);
const NOTHING: MountFlags = NO_DEV.union(MountFlags::NOEXEC);

/// What the agent needs itself, and mounts first.
const KERNEL: [Base; 3] = [
    Base {
        path: c"/dev",
        fstype: c"devtmpfs",
        flags: NO_SUID.union(MountFlags::STRICTATIME),
        options: Some(c"mode=755"),
    },
    Base {
        path: c"/proc",
        fstype: c"proc",
        flags: NOTHING,
        options: None,
    },
    Base {
        path: c"/sys",
        fstype: c"sysfs",
        flags: NOTHING,
        options: None,
    },
];

/// What is mounted in the new root.
const REST: [Base; 4] = [
    Base {
        path: c"/dev/pts",
        fstype: c"devpts",
        flags: NO_EXEC,
        options: Some(c"gid=5,mode=620"),
    },
    Base {
        path: c"/dev/shm",
        fstype: c"tmpfs",
        flags: NO_DEV.union(MountFlags::STRICTATIME),
        options: Some(c"mode=1777"),
    },
    Base {
        path: c"/run",
        fstype: c"tmpfs",
        flags: NO_DEV.union(MountFlags::STRICTATIME),
        options: Some(c"mode=755,size=20%"),
    },
    CGROUP,
];

const CGROUP: Base = Base {
    path: c"/sys/fs/cgroup",
    fstype: c"cgroup2",
    flags: NOTHING,
    options: Some(c"nsdelegate,memory_recursiveprot"),
};

const LINKS: [(&CStr, &CStr); 4] = [
    (c"/proc/self/fd", c"/dev/fd"),
    (c"/proc/self/fd/0", c"/dev/stdin"),
    (c"/proc/self/fd/1", c"/dev/stdout"),
    (c"/proc/self/fd/2", c"/dev/stderr"),
];

/// The paths of what a new root takes over from the initramfs.
pub fn kernel_paths() -> impl Iterator<Item = &'static CStr> {
    KERNEL.iter().map(|base| base.path)
}

/// Whether an entry of the setup may take the place of what the agent mounts here.
pub fn is_replaceable(path: &CStr) -> bool {
    REST.iter().any(|base| base.path == path)
}

/// Mounts `/dev`, `/proc` and `/sys`.
pub fn mount_kernel() -> Result<(), Failure> {
    for base in &KERNEL {
        mount_one(base).at(BootStep::BaseMounts, 0, base.path)?;
    }
    Ok(())
}

/// Mounts the rest; what the kernel does not have is left out.
pub fn mount_rest() -> Result<(), Failure> {
    for base in &REST {
        let mounted = unless(Errno::NODEV, mount_one(base));
        mounted.at(BootStep::BaseMounts, 0, base.path)?;
    }
    for (target, link) in LINKS {
        let made = unless(Errno::EXIST, symlinkat(target, CWD, link));
        made.at(BootStep::BaseMounts, 0, link)?;
    }
    Ok(())
}

fn mount_one(base: &Base) -> io::Result<()> {
    // Of cgroups only the kernel makes the folder; without it there are none.
    if base.path == CGROUP.path {
        let mounted = mount(
            base.fstype,
            base.path,
            base.fstype,
            base.flags,
            base.options,
        );
        let mounted = match mounted {
            // An older kernel does not know the options.
            Err(Errno::INVAL) => mount(base.fstype, base.path, base.fstype, base.flags, None),
            mounted => mounted,
        };
        return unless(Errno::NOENT, mounted);
    }
    unless(Errno::EXIST, mkdir(base.path, Mode::from_raw_mode(0o755)))?;
    match mount(
        base.fstype,
        base.path,
        base.fstype,
        base.flags,
        base.options,
    ) {
        // The kernel mounts /dev itself where it is built to, but without the flags.
        Err(Errno::BUSY) => mount_remount(base.path, base.flags, c""),
        mounted => mounted,
    }
}
