//! From a valid handoff to what `execve(2)` takes.

use core::convert::Infallible;
use core::ffi::CStr;
use core::slice::from_ref;

use microsandbox_types::{AUTO_INIT_CANDIDATES, BootStep, GuestSetupRef, HandoffInitRef};
use rustix::fs::{Access, FileType, access, stat};
use rustix::io::{self, Errno};
use rustix::process::chdir;

use crate::failure::{At, Failure, fail};
use crate::host::Host;
use crate::start::{Init, start};

/// More strings than there can be: the kernel takes at most 6 MiB of them, and counts at least
/// nine bytes for each.
const MAX_STRINGS: usize = 6 * 1024 * 1024 / 9 + 64;

/// Room for the lists. The pages are the kernel's zeroes until they are written to, so short lists
/// cost little memory.
pub struct Lists {
    /// `argv` and `envp`, a null after each.
    pointers: [usize; MAX_STRINGS],
    scratch: [u32; MAX_STRINGS],
}

impl Lists {
    pub const fn new() -> Self {
        Self {
            pointers: [0; MAX_STRINGS],
            scratch: [0; MAX_STRINGS],
        }
    }
}

/// Makes this process the init, or says why it is none.
#[inline(never)] // in a large stack frame each access costs more bytes
pub fn hand_off(
    host: &Host,
    setup: Option<&GuestSetupRef<'static>>,
    handoff: &HandoffInitRef<'static>,
    inherited: &[&'static CStr],
    lists: &mut Lists,
) -> Result<Infallible, Failure> {
    let cmd = handoff.cmd_cstr();
    let candidates = if handoff.is_auto() {
        AUTO_INIT_CANDIDATES
    } else {
        from_ref(&cmd)
    };
    if let [path] = candidates {
        check(path)?;
    } else if !candidates.iter().any(|path| can_run(path)) {
        return Err(fail(BootStep::FindInit, 0, cmd, Errno::NOENT));
    }
    let (argv, pointers) = list(&mut lists.pointers, &mut handoff.argv())?;
    let mut envp = handoff
        .merge_env(inherited, &mut lists.scratch)
        .map_err(|_| no_room())?;
    let (envp, _) = list(pointers, &mut envp)?;
    if let Some(cwd) = handoff.cwd_cstr() {
        chdir(cwd).at(BootStep::Cwd, 0, cwd)?;
    }
    let init = Init {
        candidates,
        argv,
        envp,
    };
    start(host, setup, init)
}

/// Checks that `execve(2)` would take the file's type and mode, with the errno that it would give.
pub fn check(path: &CStr) -> Result<(), Failure> {
    let mode = stat(path).at(BootStep::FindInit, 0, path)?.st_mode;
    runnable(path, mode).at(BootStep::CheckInit, 0, path)
}

fn runnable(path: &CStr, mode: u32) -> io::Result<()> {
    if FileType::from_raw_mode(mode) == FileType::RegularFile {
        access(path, Access::EXEC_OK)
    } else {
        Err(Errno::ACCESS)
    }
}

fn can_run(path: &CStr) -> bool {
    stat(path).is_ok_and(|stat| runnable(path, stat.st_mode).is_ok())
}

/// Writes the strings' addresses and a null into `room`; returns them and the room left.
fn list<'m>(
    room: &'m mut [usize],
    strings: &mut dyn Iterator<Item = &CStr>,
) -> Result<(&'m mut [usize], &'m mut [usize]), Failure> {
    let mut len = 0;
    for string in strings {
        *room.get_mut(len).ok_or_else(no_room)? = string.as_ptr().expose_provenance();
        len += 1;
    }
    *room.get_mut(len).ok_or_else(no_room)? = 0;
    room.split_at_mut_checked(len + 1).ok_or_else(no_room)
}

fn no_room() -> Failure {
    fail(BootStep::Memory, 0, c"argv and envp", Errno::TOOBIG)
}
