//! `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`: written to memory and bound over what the
//! root has, so that no folder of the user's is written through.

use core::ffi::CStr;
use core::net::IpAddr;

use guest_agent::console::hex;
use guest_agent::file::write_all;
use guest_agent::text::Text;
use microsandbox_types::{BootStep, GuestSetupRef};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io;
use rustix::mount::mount_bind;

use crate::failure::{At, Failure};
use crate::target::{make_file, make_folder};

const FOLDER: &CStr = c"/run/guest-agent";

/// Writes the files that the setup has something for.
pub fn write(setup: &GuestSetupRef<'_>) -> Result<(), Failure> {
    make_folder(FOLDER).at(BootStep::BaseMounts, 0, FOLDER)?;
    let hostname = setup.hostname();
    if let Some(name) = hostname {
        let path = c"/etc/hostname";
        write_over(path, c"/run/guest-agent/hostname", &mut |file| {
            file.line(&[name.as_bytes()]);
        })
        .at(BootStep::Hostname, 0, path)?;
    }
    if hostname.is_some() || setup.hosts().len() > 0 {
        let path = c"/etc/hosts";
        write_over(path, c"/run/guest-agent/hosts", &mut |file| {
            hosts(file, setup)
        })
        .at(BootStep::Hosts, 0, path)?;
    }
    if setup.dns().len() + setup.search().len() > 0 {
        let path = c"/etc/resolv.conf";
        write_over(path, c"/run/guest-agent/resolv.conf", &mut |file| {
            resolver(file, setup);
        })
        .at(BootStep::Resolver, 0, path)?;
    }
    Ok(())
}

fn hosts(file: &mut Lines, setup: &GuestSetupRef<'_>) {
    file.push(b"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    for entry in setup.hosts() {
        file.push(address(entry.address).as_bytes());
        file.words(&mut entry.names());
    }
    // Last, as the first line with a name wins: the setup may say more than this.
    if let Some(name) = setup.hostname() {
        file.line(&[b"127.0.1.1 ", name.as_bytes()]);
    }
}

fn resolver(file: &mut Lines, setup: &GuestSetupRef<'_>) {
    for server in setup.dns() {
        file.line(&[b"nameserver ", address(server).as_bytes()]);
    }
    let mut names = setup.search();
    if names.len() > 0 {
        file.push(b"search");
        file.words(&mut names);
    }
}

/// Binds a new file over `path`.
fn write_over(path: &CStr, source: &CStr, write: &mut dyn FnMut(&mut Lines)) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let mut lines = Lines {
        file: open(source, flags, Mode::from_raw_mode(0o644))?,
        buffer: Text::new(),
        written: Ok(()),
    };
    write(&mut lines);
    lines.flush();
    lines.written?;
    make_file(path)?;
    mount_bind(source, path)
}

/// Collects text, so that not each word is a system call.
struct Lines {
    file: OwnedFd,
    buffer: Text<1024>,
    /// The first error, if there was one.
    written: io::Result<()>,
}

impl Lines {
    fn line(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.push(part);
        }
        self.push(b"\n");
    }

    /// Ends a line with words.
    fn words(&mut self, words: &mut dyn Iterator<Item = &str>) {
        for word in words {
            self.push(b" ");
            self.push(word.as_bytes());
        }
        self.push(b"\n");
    }

    fn push(&mut self, part: &[u8]) {
        if part.len() > self.buffer.room() {
            self.flush();
        }
        self.buffer.push(part);
    }

    fn flush(&mut self) {
        let written = write_all(&self.file, self.buffer.as_bytes());
        self.written = self.written.and(written);
        self.buffer.clear();
    }
}

fn address(address: IpAddr) -> Text<96> {
    let mut text = Text::new();
    match address {
        IpAddr::V4(v4) => {
            for (n, byte) in v4.octets().iter().enumerate() {
                text.push(if n > 0 { b"." } else { b"" });
                text.push_decimal((*byte).into());
            }
        }
        // All eight groups with all four digits, which every reader takes.
        IpAddr::V6(v6) => {
            for (n, byte) in v6.octets().iter().enumerate() {
                text.push(if n > 0 && n % 2 == 0 { b":" } else { b"" });
                text.push(&[hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
    text
}
