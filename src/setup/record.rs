//! The setup's payload as postcard writes it.

use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

use super::{
    BlockDevice, GuestSetup, HostsEntry, Interface, IpNet, Mount, MountSource, Root, SetupRlimit,
    Then, Upper, WallClock,
};

/// A part of a setup on the wire: a tuple of its fields. postcard writes no names, and an enum as
/// its variant's number and fields.
pub(super) struct Wire<'a, T>(pub(super) &'a T);

impl Serialize for Wire<'_, GuestSetup> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let setup = self.0;
        let network = (
            List(&setup.interfaces),
            List(&setup.dns),
            &setup.search,
            List(&setup.hosts),
        );
        let process = (
            List(&setup.rlimits),
            setup.restricted,
            setup.clock.as_ref().map(Wire),
        );
        let first = (Wire(&setup.then), Wire(&setup.root), List(&setup.mounts));
        (first, &setup.hostname, network, process).serialize(serializer)
    }
}

/// A list: its length, then its items.
struct List<'a, T>(&'a [T]);

impl<T> Serialize for List<'_, T>
where
    for<'w> Wire<'w, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Wire))
    }
}

/// A string that a system call takes, with its NUL.
struct Nul<'a>(&'a str);

impl Serialize for Nul<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}\0", self.0))
    }
}

impl Serialize for Wire<'_, Then> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Then::Handoff => 0u8,
            Then::Stay => 1,
        }
        .serialize(serializer)
    }
}

impl Serialize for Wire<'_, Root<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Root::Initramfs => 0u8.serialize(serializer),
            Root::Virtiofs { tag, readonly } => (1u8, Nul(tag), readonly).serialize(serializer),
            Root::Block { device, readonly } => (2u8, Wire(device), readonly).serialize(serializer),
            Root::Overlay { lower, upper } => (3u8, Wire(lower), Wire(upper)).serialize(serializer),
        }
    }
}

impl Serialize for Wire<'_, BlockDevice<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BlockDevice { serial, fstype } = self.0;
        (Nul(serial), fstype.as_deref().map(Nul)).serialize(serializer)
    }
}

impl Serialize for Wire<'_, Upper<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Upper::Block(device) => (0u8, Wire(device)).serialize(serializer),
            Upper::Tmpfs { size_mib } => (1u8, size_mib).serialize(serializer),
        }
    }
}

impl Serialize for Wire<'_, Mount<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Mount {
            source,
            guest,
            flags,
        } = self.0;
        let bits = [flags.readonly, flags.noexec, flags.nosuid, flags.nodev];
        let bits = bits
            .iter()
            .rev()
            .fold(0u8, |bits, flag| bits << 1 | u8::from(*flag));
        (Wire(source), Nul(guest), bits).serialize(serializer)
    }
}

impl Serialize for Wire<'_, MountSource<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            MountSource::Virtiofs { tag } => (0u8, Nul(tag)).serialize(serializer),
            MountSource::VirtiofsFile { tag, file } => {
                (1u8, Nul(tag), Nul(file)).serialize(serializer)
            }
            MountSource::Block(device) => (2u8, Wire(device)).serialize(serializer),
            MountSource::Tmpfs { size_mib, mode } => (3u8, size_mib, mode).serialize(serializer),
        }
    }
}

impl Serialize for Wire<'_, Interface<String>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Interface {
            mac,
            name,
            mtu,
            ipv4,
            ipv6,
        } = self.0;
        let (ipv4, ipv6) = (ipv4.as_ref().map(Wire), ipv6.as_ref().map(Wire));
        (mac, Nul(name), mtu, ipv4, ipv6).serialize(serializer)
    }
}

impl Serialize for Wire<'_, IpNet<Ipv4Addr>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let gateway = self.0.gateway.map(|gateway| gateway.octets());
        (self.0.address.octets(), self.0.prefix, gateway).serialize(serializer)
    }
}

impl Serialize for Wire<'_, IpNet<Ipv6Addr>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let gateway = self.0.gateway.map(|gateway| gateway.octets());
        (self.0.address.octets(), self.0.prefix, gateway).serialize(serializer)
    }
}

impl Serialize for Wire<'_, IpAddr> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            IpAddr::V4(address) => (0u8, address.octets()).serialize(serializer),
            IpAddr::V6(address) => (1u8, address.octets()).serialize(serializer),
        }
    }
}

impl Serialize for Wire<'_, HostsEntry> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let HostsEntry { address, names } = self.0;
        (Wire(address), names).serialize(serializer)
    }
}

impl Serialize for Wire<'_, SetupRlimit> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let SetupRlimit {
            resource,
            soft,
            hard,
        } = self.0;
        (resource.number(), soft, hard).serialize(serializer)
    }
}

impl Serialize for Wire<'_, WallClock> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0.seconds, self.0.nanoseconds).serialize(serializer)
    }
}
