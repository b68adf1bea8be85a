//! What the example's own spec refers to: a root filesystem, folders and a disk under
//! `target/vm-demo`.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::launch::Kit;

/// The spec that is booted where none is given; its host paths are relative to the repository.
pub const SPEC: &str = include_str!("../specs/full.json");

/// Makes what [`SPEC`] refers to, as far as it is not there.
///
/// # Errors
/// Those of writing it, and a missing `mke2fs`.
pub fn prepare(kit: &Kit) -> io::Result<()> {
    let folder = Path::new("target/vm-demo");
    for directory in ["root/sbin", "root/srv", "root/etc", "root/var", "data"] {
        fs::create_dir_all(folder.join(directory))?;
    }
    let init = folder.join("root/sbin/init");
    fs::write(&init, &kit.test_init)?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
    fs::write(folder.join("data/hello.txt"), "hello from the host\n")?;
    fs::write(folder.join("app.conf"), "colour = green\n")?;
    let disk = folder.join("cache.img");
    if !disk.exists() {
        let made = Command::new("mke2fs")
            .args(["-q", "-t", "ext4"])
            .arg(&disk)
            .arg("8M")
            .status()
            .map_err(|error| io::Error::new(error.kind(), format!("mke2fs: {error}")))?;
        if !made.success() {
            return Err(io::Error::other(format!("mke2fs: {made}")));
        }
    }
    Ok(())
}
