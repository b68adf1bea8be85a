//! Shares folders and files with the guest: a virtiofsd for each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Kit;

/// How long virtiofsd may take to listen.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Mounts what is shared into a place of its own, where it is read-only or alone, which no other
/// process sees, and becomes virtiofsd. The arguments: the place, what is shared, its name there
/// (nothing for a folder), `ro` or `rw`, and the daemon's command.
const STAGE: &str = r#"
set -e
stage=$1 source=$2 name=$3 mode=$4
shift 4
if [ -n "$name" ]; then
    mount -t tmpfs -o mode=755 tmpfs "$stage"
    : >"$stage/$name"
    mount --bind "$source" "$stage/$name"
    [ "$mode" = rw ] || mount -o remount,ro,bind "$stage/$name"
    # The guest makes nothing beside the file.
    mount -o remount,ro "$stage"
else
    mount --bind "$source" "$stage"
    [ "$mode" = rw ] || mount -o remount,ro,bind "$stage"
fi
exec "$@"
"#;

/// What the guest gets to see.
#[derive(Clone, Debug)]
pub enum Shared {
    /// A folder with all that is in it.
    Folder(PathBuf),
    /// One file alone, by this name: sharing its folder would show the guest its siblings.
    File { path: PathBuf, name: String },
}

/// A running virtiofsd; dropping it ends it.
pub struct Share(Child);

impl Drop for Share {
    fn drop(&mut self) {
        // It ends by itself once QEMU has gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Share {
    /// Starts a virtiofsd that listens on `socket`.
    ///
    /// # Errors
    /// Those of starting it; what it says where it ends at once.
    pub fn start(kit: &Kit, socket: &Path, shared: &Shared, readonly: bool) -> io::Result<Self> {
        let (daemon, libraries) = kit.virtiofsd()?;
        let mut daemon_args = vec![daemon.into_os_string()];
        daemon_args.push(format!("--socket-path={}", socket.display()).into());
        daemon_args.extend(["-o", "sandbox=chroot", "-o", "cache=auto", "-o"].map(Into::into));
        let mut command = match (shared, readonly) {
            (Shared::Folder(folder), false) => {
                daemon_args.push(format!("source={}", folder.display()).into());
                let mut command = Command::new(&daemon_args[0]);
                command.args(&daemon_args[1..]);
                command
            }
            (shared, readonly) => {
                let stage = socket.with_extension("stage");
                fs::create_dir(&stage)?;
                daemon_args.push(format!("source={}", stage.display()).into());
                let (source, name) = match shared {
                    Shared::Folder(folder) => (folder, ""),
                    Shared::File { path, name } => (path, name.as_str()),
                };
                let mut command = Command::new("unshare");
                command
                    .args(["--mount", "--", "sh", "-c", STAGE, "stage"])
                    .arg(&stage)
                    .arg(source)
                    .arg(name)
                    .arg(if readonly { "ro" } else { "rw" })
                    .args(&daemon_args);
                command
            }
        };
        if let Some(libraries) = libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let log = socket.with_extension("log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let started = Instant::now();
        while !socket.exists() {
            if let Some(status) = child.try_wait()? {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(io::Error::other(format!(
                    "virtiofsd ended: {status}: {log}"
                )));
            }
            if started.elapsed() > TIMEOUT {
                let _ = child.kill();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "virtiofsd does not listen",
                ));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self(child))
    }
}
