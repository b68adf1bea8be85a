//! Reads and checks a setup's parts. The same functions walk the payload later.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::list::List;
use super::rules::{self, Checked};
use super::text::{Class, Text};
use super::{
    BlockDevice, Interface, IpNet, Mount, MountFlags, MountSource, Root, SetupRlimit, Then, Upper,
    WallClock,
};
use crate::rlimit::RlimitResource;
use crate::rule::MessageRule;
use crate::wire::{DecodeErrorKind, Reader, Rest};

/// Reads a setup's parts. What fails returns `None` and leaves its reason in `reader`.
pub(super) struct Parts<'a> {
    pub(super) reader: Reader<'a>,
    /// The first rule that the part at hand breaks. That fails it once all of it has been read: a
    /// part that cannot be read is refused for that.
    pub(super) broken: Option<MessageRule>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self {
            reader,
            broken: None,
        }
    }

    /// Notes the rule that is broken.
    pub(super) fn hold(&mut self, checked: Checked) {
        if let Err(rule) = checked {
            self.broken.get_or_insert(rule);
        }
    }

    /// Takes a string off and holds it to its rule.
    #[inline(never)] // small code is not repeated
    pub(super) fn string(&mut self, rule: fn(&Text<'_>) -> Checked) -> Option<&'a [u8]> {
        let bytes = self.reader.bytes()?;
        let text = Text::new(bytes);
        if !text.is(Class::PLAIN) {
            self.reader.check_utf8(bytes)?;
        }
        self.hold(rule(&text));
        Some(bytes)
    }

    /// Takes a string off that ends in a NUL, which is returned too.
    #[inline(never)] // small code is not repeated
    fn c_string(&mut self, rule: fn(&Text<'_>) -> Checked) -> Option<&'a [u8]> {
        let bytes = self.reader.bytes()?;
        let (last, string) = bytes.split_last().unwrap_or((&1, &[]));
        let text = Text::new(string);
        if *last != 0 || !text.is(Class::PLAIN) {
            self.reader.check_utf8(bytes)?;
            self.reader.check_nul(bytes)?;
        }
        self.hold(rule(&text));
        Some(bytes)
    }

    /// Takes an optional part off.
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.reader.tag()? {
            read(self).map(Some)
        } else {
            Some(None)
        }
    }

    /// What has been taken off since `start`.
    pub(super) fn since(&self, mut start: Rest<'a>) -> &'a [u8] {
        let len = start
            .bytes
            .len()
            .saturating_sub(self.reader.rest.bytes.len());
        start.take(len).map_or(&[], |part| part.bytes)
    }
}

pub(super) fn then(reader: &mut Reader<'_>) -> Option<Then> {
    Some(match reader.variant(2)? {
        0 => Then::Handoff,
        _ => Then::Stay,
    })
}

pub(super) fn root<'a>(parts: &mut Parts<'a>) -> Option<Root<&'a [u8]>> {
    Some(match parts.reader.variant(4)? {
        0 => Root::Initramfs,
        1 => Root::Virtiofs {
            tag: parts.c_string(rules::tag)?,
            readonly: parts.reader.tag()?,
        },
        2 => Root::Block {
            device: block_device(parts)?,
            readonly: parts.reader.tag()?,
        },
        _ => Root::Overlay {
            lower: block_device(parts)?,
            upper: match parts.reader.variant(2)? {
                0 => Upper::Block(block_device(parts)?),
                _ => Upper::Tmpfs {
                    size_mib: size(parts)?,
                },
            },
        },
    })
}

fn block_device<'a>(parts: &mut Parts<'a>) -> Option<BlockDevice<&'a [u8]>> {
    Some(BlockDevice {
        serial: parts.c_string(rules::serial)?,
        fstype: parts.option(|parts| parts.c_string(rules::fstype))?,
    })
}

fn size(parts: &mut Parts<'_>) -> Option<Option<u32>> {
    let size_mib = parts.reader.option(Reader::varint)?;
    parts.hold(rules::size(size_mib));
    Some(size_mib)
}

fn mode(parts: &mut Parts<'_>) -> Option<Option<u32>> {
    let mode = parts.reader.option(Reader::varint)?;
    parts.hold(rules::mode(mode));
    Some(mode)
}

#[inline(never)] // checked once, walked once
pub(super) fn mount<'a>(parts: &mut Parts<'a>) -> Option<Mount<&'a [u8]>> {
    let source = match parts.reader.variant(4)? {
        0 => MountSource::Virtiofs {
            tag: parts.c_string(rules::tag)?,
        },
        1 => MountSource::VirtiofsFile {
            tag: parts.c_string(rules::tag)?,
            file: parts.c_string(rules::file_name)?,
        },
        2 => MountSource::Block(block_device(parts)?),
        _ => MountSource::Tmpfs {
            size_mib: size(parts)?,
            mode: mode(parts)?,
        },
    };
    let guest = parts.c_string(rules::mount_path)?;
    let at = parts.reader.at();
    let bits = parts.reader.byte()?;
    if bits > 0b1111 {
        return parts.reader.fail(DecodeErrorKind::UnknownFlags, at);
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
pub(super) fn interface<'a>(parts: &mut Parts<'a>) -> Option<Interface<&'a [u8]>> {
    let mac = parts.reader.array()?;
    let name = parts.c_string(rules::interface_name)?;
    let reader = &mut parts.reader;
    let interface = Interface {
        mac,
        name,
        mtu: reader.option(Reader::varint)?,
        ipv4: reader.option(|reader| net(reader, ipv4))?,
        ipv6: reader.option(|reader| net(reader, ipv6))?,
    };
    parts.hold(rules::interface(&interface));
    Some(interface)
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

pub(super) fn ip(parts: &mut Parts<'_>) -> Option<IpAddr> {
    let reader = &mut parts.reader;
    Some(match reader.variant(2)? {
        0 => IpAddr::V4(ipv4(reader)?),
        _ => IpAddr::V6(ipv6(reader)?),
    })
}

pub(super) fn hostname<'a>(parts: &mut Parts<'a>) -> Option<Option<&'a [u8]>> {
    parts.option(|parts| parts.string(rules::hostname))
}

/// A search domain, or a name of a hosts entry.
pub(super) fn domain<'a>(parts: &mut Parts<'a>) -> Option<&'a [u8]> {
    parts.string(rules::domain)
}

/// An entry's address and names.
pub(super) fn hosts_entry<'a>(parts: &mut Parts<'a>) -> Option<(IpAddr, List<'a>)> {
    let address = ip(parts)?;
    let len = parts.reader.varint()?;
    parts.hold(rules::host_names(len));
    let start = parts.reader.rest;
    for _ in 0..len {
        domain(parts)?;
    }
    let items = parts.since(start);
    Some((address, List { len, items }))
}

pub(super) fn rlimit(parts: &mut Parts<'_>) -> Option<SetupRlimit> {
    let reader = &mut parts.reader;
    let variant = reader.variant(16)?;
    let rlimit = SetupRlimit {
        // `variant` is below the number of resources.
        resource: RlimitResource::from_number(variant)?,
        soft: reader.varint_u64()?,
        hard: reader.varint_u64()?,
    };
    parts.hold(rules::rlimit(&rlimit));
    Some(rlimit)
}

pub(super) fn clock(parts: &mut Parts<'_>) -> Option<Option<WallClock>> {
    let clock = parts.reader.option(|reader| {
        Some(WallClock {
            seconds: reader.varint_u64()?,
            nanoseconds: reader.varint()?,
        })
    })?;
    parts.hold(clock.as_ref().map_or(Ok(()), rules::clock));
    Some(clock)
}
