//! `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`: written to memory and bound over what the
//! root has, so that no folder of the user's is written through.

use core::ffi::CStr;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use guest_agent::console::hex;
use guest_agent::file::write_all;
use guest_agent::text::Text;
use microsandbox_types::{BootStep, GuestSetupRef};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io;
use rustix::mount::mount_bind;

use crate::failure::{Failure, at};
use crate::target::{make_file, make_folder};

const FOLDER: &CStr = c"/run/guest-agent";

/// Writes the files that the setup has something for.
pub fn write(setup: &GuestSetupRef<'_>) -> Result<(), Failure> {
    make_folder(FOLDER).map_err(at(BootStep::BaseMounts, 0, FOLDER))?;
    let hostname = setup.hostname();
    if let Some(name) = hostname {
        let path = c"/etc/hostname";
        write_over(path, c"/run/guest-agent/hostname", |file| {
            file.line(&[name.as_bytes()])
        })
        .map_err(at(BootStep::Hostname, 0, path))?;
    }
    if hostname.is_some() || setup.hosts().next().is_some() {
        let path = c"/etc/hosts";
        write_over(path, c"/run/guest-agent/hosts", |file| hosts(file, setup)).map_err(at(
            BootStep::Hosts,
            0,
            path,
        ))?;
    }
    if setup.dns().next().is_some() || setup.search().next().is_some() {
        let path = c"/etc/resolv.conf";
        write_over(path, c"/run/guest-agent/resolv.conf", |file| {
            resolver(file, setup)
        })
        .map_err(at(BootStep::Resolver, 0, path))?;
    }
    Ok(())
}

fn hosts(file: &mut Lines, setup: &GuestSetupRef<'_>) -> io::Result<()> {
    file.line(&[b"127.0.0.1 localhost"])?;
    file.line(&[b"::1 localhost ip6-localhost ip6-loopback"])?;
    for entry in setup.hosts() {
        file.push(address(&entry.address).as_bytes())?;
        for name in entry.names() {
            file.push(b" ")?;
            file.push(name.as_bytes())?;
        }
        file.push(b"\n")?;
    }
    // Last, as the first line with a name wins: the setup may say more than this.
    match setup.hostname() {
        Some(name) => file.line(&[b"127.0.1.1 ", name.as_bytes()]),
        None => Ok(()),
    }
}

fn resolver(file: &mut Lines, setup: &GuestSetupRef<'_>) -> io::Result<()> {
    for server in setup.dns() {
        file.line(&[b"nameserver ", address(&server).as_bytes()])?;
    }
    let mut names = setup.search();
    if let Some(first) = names.next() {
        file.push(b"search ")?;
        file.push(first.as_bytes())?;
        for name in names {
            file.push(b" ")?;
            file.push(name.as_bytes())?;
        }
        file.push(b"\n")?;
    }
    Ok(())
}

/// Binds a new file over `path`.
fn write_over(
    path: &CStr,
    source: &CStr,
    write: impl FnOnce(&mut Lines) -> io::Result<()>,
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let mut lines = Lines {
        file: open(source, flags, Mode::from_raw_mode(0o644))?,
        buffer: Text::new(),
    };
    write(&mut lines)?;
    lines.flush()?;
    make_file(path)?;
    mount_bind(source, path)
}

/// Collects text, so that not each word is a system call.
struct Lines {
    file: OwnedFd,
    buffer: Text<1024>,
}

impl Lines {
    fn line(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        for part in parts {
            self.push(part)?;
        }
        self.push(b"\n")
    }

    fn push(&mut self, part: &[u8]) -> io::Result<()> {
        if part.len() > self.buffer.room() {
            self.flush()?;
        }
        self.buffer.push(part);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        write_all(&self.file, self.buffer.as_bytes())?;
        self.buffer.clear();
        Ok(())
    }
}

fn address(address: &IpAddr) -> Text<96> {
    match address {
        IpAddr::V4(v4) => ipv4(v4),
        IpAddr::V6(v6) => ipv6(v6),
    }
}

fn ipv4(address: &Ipv4Addr) -> Text<96> {
    let mut text = Text::new();
    for (n, byte) in address.octets().into_iter().enumerate() {
        text.push(if n > 0 { b"." } else { b"" });
        text.push_decimal(byte.into());
    }
    text
}

/// All eight groups with all four digits, which every reader takes.
fn ipv6(address: &Ipv6Addr) -> Text<96> {
    let mut text = Text::new();
    for (n, byte) in address.octets().into_iter().enumerate() {
        text.push(if n > 0 && n % 2 == 0 { b":" } else { b"" });
        text.push(&[hex(byte >> 4), hex(byte & 15)]);
    }
    text
}
