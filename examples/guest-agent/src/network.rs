//! The loopback interface and those that the setup names.

use core::net::IpAddr;

use guest_agent::console::hex;
use guest_agent::file::{open_at, read_number};
use guest_agent::sysfs;
use guest_agent::text::Text;
use guest_agent::uevent::wait_until;
use microsandbox_types::{BootStep, GuestSetupRef, Interface};
use rustix::fs::{CWD, OFlags};
use rustix::io::{self, Errno};

use core::ffi::CStr;

use crate::failure::{At, Failure};
use crate::netlink::Netlink;

/// The most that a setup may have.
const MAX_INTERFACES: usize = 8;
/// Linux gives the loopback interface this index in every network namespace.
const LOOPBACK: u32 = 1;

/// Takes the loopback interface up.
pub fn set_up_loopback() -> Result<(), Failure> {
    let up = Netlink::open().and_then(|netlink| netlink.set_up(LOOPBACK, true));
    up.at(BootStep::Interface, 0, c"lo")
}

/// Names, addresses and routes of the interfaces, each found by its hardware address.
pub fn set_up(setup: &GuestSetupRef<'static>) -> Result<(), Failure> {
    let netlink = Netlink::open().at(BootStep::Interface, 0, c"")?;
    let mut indexes = [0; MAX_INTERFACES];
    // First all get a spare name: one may be waiting for the name that another still has.
    for has_spare in [false, true] {
        for (n, (interface, index)) in setup.interfaces().zip(&mut indexes).enumerate() {
            let done = if has_spare {
                configure(&netlink, *index, &interface)
            } else {
                set_aside(&netlink, n, &interface).map(|found| *index = found)
            };
            done.at(BootStep::Interface, n, interface.name)?;
        }
    }
    Ok(())
}

/// Waits for an interface, takes it down and gives it a spare name; returns its index.
fn set_aside(netlink: &Netlink, n: usize, interface: &Interface<&CStr>) -> io::Result<u32> {
    let mut wanted = Text::<96>::new();
    for (n, byte) in interface.mac.into_iter().enumerate() {
        wanted.push(if n > 0 { b":" } else { b"" });
        wanted.push(&[hex(byte >> 4), hex(byte & 15)]);
    }
    let mut found = None;
    wait_until(&mut || {
        found = sysfs::find(c"/sys/class/net", c"address", wanted.as_bytes());
        found.is_some()
    });
    let index = index_of(&found.ok_or(Errno::NXIO)?)?;
    let mut spare = Text::<96>::new();
    spare.push(b"setup");
    spare.push_decimal(u32::try_from(n).unwrap_or(0));
    netlink.set_up(index, false)?;
    netlink.rename(index, spare.path()?.to_bytes_with_nul())?;
    Ok(index)
}

fn index_of(name: &sysfs::Name) -> io::Result<u32> {
    let mut path = Text::<96>::new();
    path.push(b"/sys/class/net/");
    path.push(name.as_bytes());
    path.push(b"/ifindex");
    read_number(&open_at(CWD, path.path()?, OFlags::RDONLY)?)
}

fn configure(netlink: &Netlink, index: u32, interface: &Interface<&CStr>) -> io::Result<()> {
    netlink.rename(index, interface.name.to_bytes_with_nul())?;
    if let Some(mtu) = interface.mtu {
        netlink.set_mtu(index, mtu)?;
    }
    netlink.set_up(index, true)?;
    if let Some(net) = interface.ipv4 {
        let gateway = net.gateway.map(IpAddr::V4);
        add(netlink, index, net.address.into(), net.prefix, gateway)?;
    }
    if let Some(net) = interface.ipv6 {
        let gateway = net.gateway.map(IpAddr::V6);
        add(netlink, index, net.address.into(), net.prefix, gateway)?;
    }
    Ok(())
}

#[inline(never)] // once for both families
fn add(
    netlink: &Netlink,
    index: u32,
    address: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
) -> io::Result<()> {
    netlink.add_address(index, address, prefix)?;
    gateway.map_or(Ok(()), |gateway| netlink.add_default_route(index, gateway))
}
