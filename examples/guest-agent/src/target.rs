//! What something is to be mounted on, made where it is missing. Links are followed, as
//! `mount(2)` does, and mean what they mean inside the root.

use core::ffi::CStr;

use guest_agent::file::unless;
use guest_agent::text::Text;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdir, open, readlinkat_raw, statat};
use rustix::io::{self, Errno};

/// Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// How many links Linux follows.
const MAX_LINKS: usize = 40;

const MODE: Mode = Mode::from_raw_mode(0o755);

/// Makes a folder and those above it.
///
/// # Errors
/// Those of `mkdir(2)`, `ROFS` among them.
pub fn make_folder(path: &CStr) -> io::Result<()> {
    if is_there(path) {
        return Ok(());
    }
    make_parents(path)?;
    make(path)
}

/// Makes an empty file and the folders above it.
///
/// # Errors
/// Those of `mkdir(2)` and `open(2)`, `ROFS` among them; `LOOP` for too many links.
pub fn make_file(path: &CStr) -> io::Result<()> {
    let mut target = Text::<MAX_PATH>::new();
    target.push(path.to_bytes());
    for _ in 0..MAX_LINKS {
        let path = target.path()?;
        if is_there(path) {
            return Ok(());
        }
        make_parents(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        match open(path, flags, Mode::from_raw_mode(0o644)) {
            // A link into a folder that is not there: made in the next round.
            Err(Errno::NOENT) => follow(&mut target)?,
            made => return made.map(drop),
        }
    }
    Err(Errno::LOOP)
}

/// Whether a path leads to anything.
pub fn is_there(path: &CStr) -> bool {
    statat(CWD, path, AtFlags::empty()).is_ok()
}

/// Makes each folder on the way to `path`.
fn make_parents(path: &CStr) -> io::Result<()> {
    let mut parent = Text::<MAX_PATH>::new();
    for part in path.to_bytes().split_inclusive(|byte| *byte == b'/') {
        if parent.as_bytes().len() > 1 {
            make(parent.path()?)?;
        }
        parent.push(part);
    }
    Ok(())
}

fn make(folder: &CStr) -> io::Result<()> {
    match mkdir(folder, MODE) {
        // On a read-only root, what is there need not be made.
        Err(Errno::ROFS) if is_there(folder) => Ok(()),
        made => unless(Errno::EXIST, made),
    }
}

/// Replaces the path of a link by the path that it points to.
fn follow(path: &mut Text<MAX_PATH>) -> io::Result<()> {
    let mut link = Text::<MAX_PATH>::new();
    let target = path.path()?;
    let is_link =
        |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    if !statat(CWD, target, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(is_link) {
        return Err(Errno::NOENT);
    }
    link.fill(|room| readlinkat_raw(CWD, target, room))?;
    let folder = match link.as_bytes() {
        [b'/', ..] => 0,
        // Relative to the folder that the link is in.
        _ => path
            .as_bytes()
            .iter()
            .rposition(|b| *b == b'/')
            .map_or(0, |at| at + 1),
    };
    path.truncate(folder);
    path.push(link.as_bytes());
    Ok(())
}
