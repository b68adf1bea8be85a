//! Reads a setup's parts off its payload. The same functions check the payload and walk it later.

use core::ffi::CStr;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    BlockDevice, Interface, IpNet, Mount, MountFlags, MountSource, Root, SetupRlimit, Then, Upper,
    WallClock,
};
use crate::rlimit::RlimitResource;
use crate::wire::{DecodeErrorKind, Reader};

pub(super) fn then(reader: &mut Reader<'_>) -> Option<Then> {
    Some(match reader.variant(2)? {
        0 => Then::Handoff,
        _ => Then::Stay,
    })
}

pub(super) fn root<'a>(reader: &mut Reader<'a>) -> Option<Root<&'a CStr>> {
    Some(match reader.variant(4)? {
        0 => Root::Initramfs,
        1 => Root::Virtiofs {
            tag: reader.c_str()?,
            readonly: reader.tag()?,
        },
        2 => Root::Block {
            device: block_device(reader)?,
            readonly: reader.tag()?,
        },
        _ => Root::Overlay {
            lower: block_device(reader)?,
            upper: match reader.variant(2)? {
                0 => Upper::Block(block_device(reader)?),
                _ => Upper::Tmpfs {
                    size_mib: reader.option(Reader::varint)?,
                },
            },
        },
    })
}

fn block_device<'a>(reader: &mut Reader<'a>) -> Option<BlockDevice<&'a CStr>> {
    Some(BlockDevice {
        serial: reader.c_str()?,
        fstype: reader.option(Reader::c_str)?,
    })
}

#[inline(never)] // checked once, walked once
pub(super) fn mount<'a>(reader: &mut Reader<'a>) -> Option<Mount<&'a CStr>> {
    let source = match reader.variant(4)? {
        0 => MountSource::Virtiofs {
            tag: reader.c_str()?,
        },
        1 => MountSource::VirtiofsFile {
            tag: reader.c_str()?,
            file: reader.c_str()?,
        },
        2 => MountSource::Block(block_device(reader)?),
        _ => MountSource::Tmpfs {
            size_mib: reader.option(Reader::varint)?,
            mode: reader.option(Reader::varint)?,
        },
    };
    let guest = reader.c_str()?;
    let at = reader.at();
    let bits = reader.byte()?;
    if bits > 0b1111 {
        return reader.fail(DecodeErrorKind::UnknownFlags, at);
    }
    Some(Mount {
        source,
        guest,
        flags: MountFlags {
            readonly: bits & 1 != 0,
            noexec: bits & 2 != 0,
            nosuid: bits & 4 != 0,
            nodev: bits & 8 != 0,
        },
    })
}

#[inline(never)] // checked once, walked once
pub(super) fn interface<'a>(reader: &mut Reader<'a>) -> Option<Interface<&'a CStr>> {
    Some(Interface {
        mac: reader.array()?,
        name: reader.c_str()?,
        mtu: reader.option(Reader::varint)?,
        ipv4: reader.option(|reader| net(reader, ipv4))?,
        ipv6: reader.option(|reader| net(reader, ipv6))?,
    })
}

fn net<A>(reader: &mut Reader<'_>, address: fn(&mut Reader<'_>) -> Option<A>) -> Option<IpNet<A>> {
    Some(IpNet {
        address: address(reader)?,
        prefix: reader.byte()?,
        gateway: reader.option(address)?,
    })
}

fn ipv4(reader: &mut Reader<'_>) -> Option<Ipv4Addr> {
    reader.array::<4>().map(Ipv4Addr::from)
}

fn ipv6(reader: &mut Reader<'_>) -> Option<Ipv6Addr> {
    reader.array::<16>().map(Ipv6Addr::from)
}

pub(super) fn ip(reader: &mut Reader<'_>) -> Option<IpAddr> {
    Some(match reader.variant(2)? {
        0 => IpAddr::V4(ipv4(reader)?),
        _ => IpAddr::V6(ipv6(reader)?),
    })
}

pub(super) fn rlimit(reader: &mut Reader<'_>) -> Option<SetupRlimit> {
    let variant = reader.variant(16)?;
    Some(SetupRlimit {
        // `variant` is below the number of resources.
        resource: RlimitResource::from_number(variant)?,
        soft: reader.varint_u64()?,
        hard: reader.varint_u64()?,
    })
}

pub(super) fn clock(reader: &mut Reader<'_>) -> Option<WallClock> {
    Some(WallClock {
        seconds: reader.varint_u64()?,
        nanoseconds: reader.varint()?,
    })
}
