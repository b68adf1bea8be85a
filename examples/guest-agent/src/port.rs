//! The virtio-serial ports, over which guest and host talk.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, OFlags};
use rustix::io::{self, Errno};

use crate::file::open_at;
use crate::sysfs;
use crate::text::Text;
use crate::uevent::wait_until;

/// Opens the port that the host gave this name. Ports turn up one by one after their driver has
/// been loaded, and get their names a moment later: they are waited for.
///
/// # Errors
/// `NXIO` where no port has this name; those of opening it.
pub fn open_port(name: &[u8]) -> io::Result<OwnedFd> {
    let mut port = Err(Errno::NXIO);
    wait_until(&mut || {
        let Some(device) = sysfs::find(c"/sys/class/virtio-ports", c"name", name) else {
            return false;
        };
        let mut path = Text::<96>::new();
        path.push(b"/dev/");
        path.push(device.as_bytes());
        port = path
            .path()
            .and_then(|path| open_at(CWD, path, OFlags::RDWR));
        port.is_ok()
    });
    port
}
