//! Setups: made up, written and read in the plainest way, and checked by a list of the rules.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::{
    BlockDevice, GENERATION, GuestSetup, HostsEntry, Interface, IpNet, Mount, MountFlags,
    MountSource, RlimitResource, Root, SecurityProfile, SetupRlimit, Then, Upper, WallClock,
};
use serde::{Deserialize, Serialize};

use super::frames::{self, Header};

/// What the payload is defined as: the type that postcard would write. A string that a system
/// call takes ends in a NUL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub then: ThenRecord,
    pub root: RootRecord,
    pub mounts: Vec<MountRecord>,
    pub hostname: Option<String>,
    pub interfaces: Vec<InterfaceRecord>,
    pub dns: Vec<IpAddr>,
    pub search: Vec<String>,
    pub hosts: Vec<(IpAddr, Vec<String>)>,
    pub rlimits: Vec<(RlimitResource, u64, u64)>,
    pub security_profile: SecurityProfile,
    pub clock: Option<(u64, u32)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ThenRecord {
    Handoff,
    Stay,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum RootRecord {
    Initramfs,
    Virtiofs(String, bool),
    Block(BlockRecord, bool),
    Overlay(BlockRecord, UpperRecord),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum UpperRecord {
    Block(BlockRecord),
    Tmpfs(Option<u32>),
}

/// The serial number and the filesystem.
pub type BlockRecord = (String, Option<String>);

/// The source, the path and the flags.
pub type MountRecord = (SourceRecord, String, u8);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SourceRecord {
    Virtiofs(String),
    VirtiofsFile(String, String),
    Block(BlockRecord),
    Tmpfs(Option<u32>, Option<u32>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InterfaceRecord {
    pub mac: [u8; 6],
    pub name: String,
    pub mtu: Option<u32>,
    pub ipv4: Option<(Ipv4Addr, u8, Option<Ipv4Addr>)>,
    pub ipv6: Option<(Ipv6Addr, u8, Option<Ipv6Addr>)>,
}

fn c(string: &str) -> String {
    format!("{string}\0")
}

fn un_c(string: &str) -> Option<String> {
    let string = string.strip_suffix('\0')?;
    (!string.contains('\0')).then(|| string.to_owned())
}

fn block(device: &BlockDevice<String>) -> BlockRecord {
    (c(&device.serial), device.fstype.as_deref().map(c))
}

fn un_block((serial, fstype): &BlockRecord) -> Option<BlockDevice<String>> {
    Some(BlockDevice {
        serial: un_c(serial)?,
        fstype: match fstype {
            Some(fstype) => Some(un_c(fstype)?),
            None => None,
        },
    })
}

impl Record {
    pub fn of(setup: &GuestSetup) -> Self {
        Self {
            then: match setup.then {
                Then::Handoff => ThenRecord::Handoff,
                Then::Stay => ThenRecord::Stay,
            },
            root: match &setup.root {
                Root::Initramfs => RootRecord::Initramfs,
                Root::Virtiofs { tag, readonly } => RootRecord::Virtiofs(c(tag), *readonly),
                Root::Block { device, readonly } => RootRecord::Block(block(device), *readonly),
                Root::Overlay { lower, upper } => RootRecord::Overlay(
                    block(lower),
                    match upper {
                        Upper::Block(device) => UpperRecord::Block(block(device)),
                        Upper::Tmpfs { size_mib } => UpperRecord::Tmpfs(*size_mib),
                    },
                ),
            },
            mounts: setup.mounts.iter().map(mount).collect(),
            hostname: setup.hostname.clone(),
            interfaces: setup.interfaces.iter().map(interface).collect(),
            dns: setup.dns.clone(),
            search: setup.search.clone(),
            hosts: setup
                .hosts
                .iter()
                .map(|entry| (entry.address, entry.names.clone()))
                .collect(),
            rlimits: setup
                .rlimits
                .iter()
                .map(|limit| (limit.resource, limit.soft, limit.hard))
                .collect(),
            security_profile: match setup.restricted {
                true => SecurityProfile::Restricted,
                false => SecurityProfile::Default,
            },
            clock: setup.clock.map(|time| (time.seconds, time.nanoseconds)),
        }
    }

    pub fn payload(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap()
    }

    /// The frame, as a writer of this generation makes it.
    pub fn frame(&self) -> Vec<u8> {
        frame(&self.payload())
    }

    /// The setup that the record stands for, unless its strings or flags are malformed.
    pub fn setup(&self) -> Option<GuestSetup> {
        Some(GuestSetup {
            then: match self.then {
                ThenRecord::Handoff => Then::Handoff,
                ThenRecord::Stay => Then::Stay,
            },
            root: match &self.root {
                RootRecord::Initramfs => Root::Initramfs,
                RootRecord::Virtiofs(tag, readonly) => Root::Virtiofs {
                    tag: un_c(tag)?,
                    readonly: *readonly,
                },
                RootRecord::Block(device, readonly) => Root::Block {
                    device: un_block(device)?,
                    readonly: *readonly,
                },
                RootRecord::Overlay(lower, upper) => Root::Overlay {
                    lower: un_block(lower)?,
                    upper: match upper {
                        UpperRecord::Block(device) => Upper::Block(un_block(device)?),
                        UpperRecord::Tmpfs(size_mib) => Upper::Tmpfs {
                            size_mib: *size_mib,
                        },
                    },
                },
            },
            mounts: self.mounts.iter().map(un_mount).collect::<Option<_>>()?,
            hostname: self.hostname.clone(),
            interfaces: self
                .interfaces
                .iter()
                .map(un_interface)
                .collect::<Option<_>>()?,
            dns: self.dns.clone(),
            search: self.search.clone(),
            hosts: self
                .hosts
                .iter()
                .map(|(address, names)| HostsEntry {
                    address: *address,
                    names: names.clone(),
                })
                .collect(),
            rlimits: self
                .rlimits
                .iter()
                .map(|&(resource, soft, hard)| SetupRlimit {
                    resource,
                    soft,
                    hard,
                })
                .collect(),
            restricted: self.security_profile == SecurityProfile::Restricted,
            clock: self.clock.map(|(seconds, nanoseconds)| WallClock {
                seconds,
                nanoseconds,
            }),
        })
    }
}

fn mount(mount: &Mount<String>) -> MountRecord {
    let source = match &mount.source {
        MountSource::Virtiofs { tag } => SourceRecord::Virtiofs(c(tag)),
        MountSource::VirtiofsFile { tag, file } => SourceRecord::VirtiofsFile(c(tag), c(file)),
        MountSource::Block(device) => SourceRecord::Block(block(device)),
        MountSource::Tmpfs { size_mib, mode } => SourceRecord::Tmpfs(*size_mib, *mode),
    };
    let MountFlags {
        readonly,
        noexec,
        nosuid,
        nodev,
    } = mount.flags;
    let flags = [readonly, noexec, nosuid, nodev];
    let bits = (0..).zip(flags).map(|(n, set)| u8::from(set) << n).sum();
    (source, c(&mount.guest), bits)
}

fn un_mount((source, guest, bits): &MountRecord) -> Option<Mount<String>> {
    if *bits > 15 {
        return None;
    }
    let flag = |n: u8| bits & (1 << n) != 0;
    Some(Mount {
        source: match source {
            SourceRecord::Virtiofs(tag) => MountSource::Virtiofs { tag: un_c(tag)? },
            SourceRecord::VirtiofsFile(tag, file) => MountSource::VirtiofsFile {
                tag: un_c(tag)?,
                file: un_c(file)?,
            },
            SourceRecord::Block(device) => MountSource::Block(un_block(device)?),
            SourceRecord::Tmpfs(size_mib, mode) => MountSource::Tmpfs {
                size_mib: *size_mib,
                mode: *mode,
            },
        },
        guest: un_c(guest)?,
        flags: MountFlags {
            readonly: flag(0),
            noexec: flag(1),
            nosuid: flag(2),
            nodev: flag(3),
        },
    })
}

fn interface(interface: &Interface<String>) -> InterfaceRecord {
    InterfaceRecord {
        mac: interface.mac,
        name: c(&interface.name),
        mtu: interface.mtu,
        ipv4: interface
            .ipv4
            .map(|net| (net.address, net.prefix, net.gateway)),
        ipv6: interface
            .ipv6
            .map(|net| (net.address, net.prefix, net.gateway)),
    }
}

fn un_interface(record: &InterfaceRecord) -> Option<Interface<String>> {
    Some(Interface {
        mac: record.mac,
        name: un_c(&record.name)?,
        mtu: record.mtu,
        ipv4: record.ipv4.map(|(address, prefix, gateway)| IpNet {
            address,
            prefix,
            gateway,
        }),
        ipv6: record.ipv6.map(|(address, prefix, gateway)| IpNet {
            address,
            prefix,
            gateway,
        }),
    })
}

pub fn header() -> Header {
    Header {
        kind: 3,
        min_generation: 2,
        ..Header::default()
    }
}

/// The frame of this generation around a hand-made payload.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    header().frame(payload)
}

/// Reads a setup's frame; `None` where it is to be refused.
pub fn read(frame: &[u8]) -> Option<GuestSetup> {
    let [0x89, b'm', b's', b'b', 3, generation, min_generation, 0, ..] = *frame else {
        return None;
    };
    if generation < 2
        || min_generation == 0
        || min_generation > generation
        || min_generation > GENERATION
    {
        return None;
    }
    let payload = frame.get(frames::HEADER_LEN..frame.len().checked_sub(frames::CHECKSUM_LEN)?)?;
    if payload.len() > 512 * 1024 {
        return None;
    }
    let header = Header {
        generation,
        min_generation,
        ..header()
    };
    if header.frame(payload) != frame {
        return None;
    }
    let (record, rest) = postcard::take_from_bytes::<Record>(payload).ok()?;
    if payload.strip_prefix(&record.payload()[..])? != rest {
        return None;
    }
    if generation <= GENERATION && !rest.is_empty() {
        return None;
    }
    record.setup().filter(is_valid)
}

/// Whether a setup keeps every rule.
pub fn is_valid(setup: &GuestSetup) -> bool {
    let root = match &setup.root {
        Root::Initramfs => true,
        Root::Virtiofs { tag, .. } => is_identifier(tag, 36),
        Root::Block { device, .. } => is_block(device),
        Root::Overlay { lower, upper } => {
            is_block(lower)
                && match upper {
                    Upper::Block(device) => is_block(device),
                    Upper::Tmpfs { size_mib } => *size_mib != Some(0),
                }
        }
    };
    let hostname = setup.hostname.as_ref().is_none_or(|hostname| {
        (1..=64).contains(&hostname.len())
            && !hostname.contains(|c: char| c == ' ' || c == '/' || c.is_control())
    });
    let resources: HashSet<_> = setup.rlimits.iter().map(|limit| limit.resource).collect();
    let clock = setup
        .clock
        .is_none_or(|time| time.seconds < 8_277_292_036 && time.nanoseconds < 1_000_000_000);
    root && are_mounts(&setup.mounts)
        && hostname
        && are_interfaces(&setup.interfaces)
        && setup.dns.len() <= 3
        && setup.search.len() <= 6
        && setup.search.iter().all(|domain| is_domain(domain))
        && setup.hosts.len() <= 32
        && setup.hosts.iter().all(|entry| {
            (1..=16).contains(&entry.names.len()) && entry.names.iter().all(|name| is_domain(name))
        })
        && resources.len() == setup.rlimits.len()
        && setup.rlimits.iter().all(|limit| limit.soft <= limit.hard)
        && clock
}

fn is_identifier(string: &str, max: usize) -> bool {
    (1..=max).contains(&string.len())
        && string
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_domain(domain: &str) -> bool {
    (1..=255).contains(&domain.len())
        && !domain.contains(|c: char| c.is_control() || c == ' ' || c == '#')
}

fn is_block(device: &BlockDevice<String>) -> bool {
    is_identifier(&device.serial, 20)
        && device.fstype.as_ref().is_none_or(|fstype| {
            is_identifier(fstype, 32) && !fstype.contains(|c: char| c.is_ascii_uppercase())
        })
}

fn are_mounts(mounts: &[Mount<String>]) -> bool {
    let below = |child: &str, parent: &str| child.starts_with(&format!("{parent}/"));
    mounts.len() <= 64
        && mounts.iter().enumerate().all(|(n, mount)| {
            let source = match &mount.source {
                MountSource::Virtiofs { tag } => is_identifier(tag, 36),
                MountSource::VirtiofsFile { tag, file } => {
                    is_identifier(tag, 36)
                        && (1..=255).contains(&file.len())
                        && !file.contains(['/', '\0'])
                        && file != "."
                        && file != ".."
                }
                MountSource::Block(device) => is_block(device),
                MountSource::Tmpfs { size_mib, mode } => {
                    *size_mib != Some(0) && mode.is_none_or(|mode| mode <= 0o7777)
                }
            };
            let path = &mount.guest;
            let normal = path.len() <= 4095
                && !path.contains('\0')
                && path.strip_prefix('/').is_some_and(|parts| {
                    parts
                        .split('/')
                        .all(|part| (1..=255).contains(&part.len()) && part != "." && part != "..")
                });
            let free = mounts[..n].iter().all(|earlier| {
                let is_file = matches!(earlier.source, MountSource::VirtiofsFile { .. });
                earlier.guest != *path
                    && !below(&earlier.guest, path)
                    && !(is_file && below(path, &earlier.guest))
            });
            source && normal && free && !["/proc", "/sys", "/dev"].contains(&path.as_str())
        })
}

fn are_interfaces(interfaces: &[Interface<String>]) -> bool {
    let names: HashSet<_> = interfaces.iter().map(|one| &one.name).collect();
    let macs: HashSet<_> = interfaces.iter().map(|one| one.mac).collect();
    let ipv4 = |one: &&Interface<String>| one.ipv4.is_some_and(|net| net.gateway.is_some());
    let ipv6 = |one: &&Interface<String>| one.ipv6.is_some_and(|net| net.gateway.is_some());
    interfaces.len() <= 8
        && names.len() == interfaces.len()
        && macs.len() == interfaces.len()
        && interfaces.iter().filter(ipv4).count() <= 1
        && interfaces.iter().filter(ipv6).count() <= 1
        && interfaces.iter().all(|one| {
            let smallest = if one.ipv6.is_some() { 1280 } else { 68 };
            (1..=15).contains(&one.name.len())
                && one
                    .name
                    .chars()
                    .all(|c| c.is_ascii_graphic() && !"/:%".contains(c))
                && ![".", "..", "lo"].contains(&one.name.as_str())
                && one.mtu.is_none_or(|mtu| mtu >= smallest)
                && one.ipv4.is_none_or(|net| net.prefix <= 32)
                && one.ipv6.is_none_or(|net| net.prefix <= 128)
        })
}

/// Makes a setup that is valid more often than not, and near a bound more often than chance.
pub fn setup(u: &mut Unstructured<'_>) -> Result<GuestSetup> {
    Ok(GuestSetup {
        then: *u.choose(&[Then::Handoff, Then::Stay])?,
        root: match u.int_in_range(0..=4)? {
            0 | 1 => Root::Initramfs,
            2 => Root::Virtiofs {
                tag: identifier(u, 36)?,
                readonly: bool::arbitrary(u)?,
            },
            3 => Root::Block {
                device: device(u)?,
                readonly: bool::arbitrary(u)?,
            },
            _ => Root::Overlay {
                lower: device(u)?,
                upper: match bool::arbitrary(u)? {
                    true => Upper::Block(device(u)?),
                    false => Upper::Tmpfs { size_mib: size(u)? },
                },
            },
        },
        mounts: mounts(u)?,
        hostname: option(u, |u| match u.int_in_range(0..=31)? {
            0 => String::arbitrary(u),
            _ => identifier(u, 64),
        })?,
        interfaces: list(u, 8, |u, n| {
            Ok(Interface {
                mac: match u.int_in_range(0..=31)? {
                    0 => [2; 6],
                    _ => [2, 0, 0, 0, 0, n],
                },
                name: match u.int_in_range(0..=31)? {
                    0 => String::arbitrary(u)?,
                    1 => u.choose(&["lo", ".", "eth0", "a:1", "e%d"])?.to_string(),
                    2 => format!("{n:->15}"),
                    _ => format!("eth{n}"),
                },
                mtu: option(u, |u| match u.int_in_range(0..=31)? {
                    0 => Ok(*u.choose(&[67, 68, 1279, 0])?),
                    _ => Ok(*u.choose(&[1280, 1500, 9000, u32::MAX])?),
                })?,
                ipv4: option(u, |u| {
                    Ok(IpNet {
                        address: Ipv4Addr::arbitrary(u)?,
                        prefix: prefix(u, 32)?,
                        gateway: gateway(u, n)?,
                    })
                })?,
                ipv6: option(u, |u| {
                    Ok(IpNet {
                        address: Ipv6Addr::arbitrary(u)?,
                        prefix: prefix(u, 128)?,
                        gateway: gateway(u, n)?,
                    })
                })?,
            })
        })?,
        dns: list(u, 3, |u, _| IpAddr::arbitrary(u))?,
        search: list(u, 6, |u, _| identifier(u, 255))?,
        hosts: list(u, 32, |u, _| {
            Ok(HostsEntry {
                address: IpAddr::arbitrary(u)?,
                names: match u.int_in_range(0..=31)? {
                    0 => list(u, 16, |u, _| identifier(u, 255))?,
                    _ => vec![identifier(u, 255)?],
                },
            })
        })?,
        rlimits: list(u, 16, |u, n| {
            let hard = u64::arbitrary(u)?;
            let resource = match u.int_in_range(0..=63)? {
                0 => RlimitResource::arbitrary(u)?,
                _ => RESOURCES[usize::from(n) % 16],
            };
            let soft = match u.int_in_range(0..=31)? {
                0 => u64::arbitrary(u)?,
                1 => hard,
                _ => hard / 2,
            };
            Ok(SetupRlimit {
                resource,
                soft,
                hard,
            })
        })?,
        restricted: bool::arbitrary(u)?,
        clock: option(u, |u| {
            Ok(match u.int_in_range(0..=15)? {
                0 => WallClock {
                    seconds: *u.choose(&[8_277_292_035, 8_277_292_036, u64::MAX])?,
                    nanoseconds: *u.choose(&[999_999_999, 1_000_000_000])?,
                },
                _ => WallClock {
                    seconds: u32::arbitrary(u)?.into(),
                    nanoseconds: u.int_in_range(0..=999_999_999)?,
                },
            })
        })?,
    })
}

/// In Linux's order.
pub const RESOURCES: [RlimitResource; 16] = [
    RlimitResource::Cpu,
    RlimitResource::Fsize,
    RlimitResource::Data,
    RlimitResource::Stack,
    RlimitResource::Core,
    RlimitResource::Rss,
    RlimitResource::Nproc,
    RlimitResource::Nofile,
    RlimitResource::Memlock,
    RlimitResource::As,
    RlimitResource::Locks,
    RlimitResource::Sigpending,
    RlimitResource::Msgqueue,
    RlimitResource::Nice,
    RlimitResource::Rtprio,
    RlimitResource::Rttime,
];

fn option<T>(
    u: &mut Unstructured<'_>,
    item: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    match bool::arbitrary(u)? {
        true => item(u).map(Some),
        false => Ok(None),
    }
}

fn list<T>(
    u: &mut Unstructured<'_>,
    max: u8,
    item: impl Fn(&mut Unstructured<'_>, u8) -> Result<T>,
) -> Result<Vec<T>> {
    let len = match u.int_in_range(0..=191)? {
        0 => max,
        1 => max + 1,
        few => (few % 4).min(max),
    };
    (0..len).map(|n| item(u, n)).collect()
}

fn gateway<T: for<'a> Arbitrary<'a>>(u: &mut Unstructured<'_>, n: u8) -> Result<Option<T>> {
    match n == 0 || u.int_in_range(0..=63)? == 0 {
        true => option(u, |u| T::arbitrary(u)),
        false => Ok(None),
    }
}

fn prefix(u: &mut Unstructured<'_>, max: u8) -> Result<u8> {
    match u.int_in_range(0..=31)? {
        0 => Ok(max + 1),
        1 => Ok(0),
        _ => u.int_in_range(1..=max),
    }
}

fn size(u: &mut Unstructured<'_>) -> Result<Option<u32>> {
    option(u, |u| match u.int_in_range(0..=63)? {
        0 => Ok(0),
        _ => Ok(*u.choose(&[1, 127, 128, 1024, u32::MAX])?),
    })
}

fn identifier(u: &mut Unstructured<'_>, max: usize) -> Result<String> {
    Ok(match u.int_in_range(0..=191)? {
        0 => String::arbitrary(u)?,
        1 => "m".repeat(u.int_in_range(max - 1..=max + 1)?),
        2 => (*u.choose(&["", "A b", "a/b", "UPPER", "é", "a#"])?).to_owned(),
        n => (*u.choose(&["m", "root", "a.b", "x_y-z"])?).to_owned() + &n.to_string(),
    })
}

fn device(u: &mut Unstructured<'_>) -> Result<BlockDevice<String>> {
    Ok(BlockDevice {
        serial: identifier(u, 20)?,
        fstype: option(u, |u| match u.int_in_range(0..=15)? {
            0 => Ok("f".repeat(u.int_in_range(32..=33)?)),
            1 => Ok((*u.choose(&["Ext4", "ext4", "a_b-c.d"])?).to_owned()),
            _ => Ok((*u.choose(&["ext4", "erofs", "xfs"])?).to_owned()),
        })?,
    })
}

fn mounts(u: &mut Unstructured<'_>) -> Result<Vec<Mount<String>>> {
    let mut mounts: Vec<Mount<String>> = list(u, 64, |u, n| {
        let (source, flags) = (source(u)?, flags(u)?);
        Ok(Mount {
            source,
            guest: match u.int_in_range(0..=127)? {
                0 => String::arbitrary(u)?,
                1 => format!("/{}", "p/".repeat(u.int_in_range(2040..=2050)?) + "p"),
                2 => format!("/{}", "p".repeat(u.int_in_range(253..=257)?)),
                3 => (*u.choose(&["/", "/dev", "/dev/shm", "/sys", "/a//b", "/a/.", "/a/"])?)
                    .to_owned(),
                few if few % 4 == 0 => (*u.choose(&["/a", "/a/b", "/a/b/c", "/ab"])?).to_owned(),
                _ => format!("/m{n}"),
            },
            flags,
        })
    })?;
    if u.int_in_range(0..=7)? != 0 {
        mounts.sort_by_key(|mount| mount.guest.matches('/').count());
        let mut seen = HashSet::new();
        mounts.retain(|mount| seen.insert(mount.guest.clone()));
    }
    Ok(mounts)
}

fn source(u: &mut Unstructured<'_>) -> Result<MountSource<String>> {
    Ok(match u.int_in_range(0..=7)? {
        0 | 1 => MountSource::Virtiofs {
            tag: identifier(u, 36)?,
        },
        2 => MountSource::VirtiofsFile {
            tag: identifier(u, 36)?,
            file: match u.int_in_range(0..=63)? {
                0 => (*u.choose(&["", ".", "..", "a/b", "a\0b"])?).to_owned(),
                1 => "f".repeat(u.int_in_range(254..=256)?),
                _ => "settings.json".to_owned(),
            },
        },
        3 | 4 => MountSource::Block(device(u)?),
        _ => MountSource::Tmpfs {
            size_mib: size(u)?,
            mode: option(u, |u| match u.int_in_range(0..=63)? {
                0 => Ok(0o10000),
                _ => Ok(*u.choose(&[0o755, 0o1777, 0o7777, 0])?),
            })?,
        },
    })
}

fn flags(u: &mut Unstructured<'_>) -> Result<MountFlags> {
    Ok(MountFlags {
        readonly: bool::arbitrary(u)?,
        noexec: bool::arbitrary(u)?,
        nosuid: bool::arbitrary(u)?,
        nodev: bool::arbitrary(u)?,
    })
}

/// Every setup that has a golden frame, by the frame's file name.
pub fn golden_setups() -> Vec<(&'static str, GuestSetup)> {
    let device = |serial: &str, fstype: Option<&str>| BlockDevice {
        serial: serial.to_owned(),
        fstype: fstype.map(str::to_owned),
    };
    let mount = |source, guest: &str, flags| Mount {
        source,
        guest: guest.to_owned(),
        flags,
    };
    let tag = |tag: &str| MountSource::Virtiofs {
        tag: tag.to_owned(),
    };
    let none = MountFlags::default();
    let all = MountFlags {
        readonly: true,
        noexec: true,
        nosuid: true,
        nodev: true,
    };
    vec![
        ("empty", GuestSetup::default()),
        (
            "worked",
            GuestSetup {
                root: Root::Block {
                    device: device("root", Some("ext4")),
                    readonly: false,
                },
                mounts: vec![mount(tag("m0"), "/data", none)],
                hostname: Some("web-1".into()),
                ..GuestSetup::default()
            },
        ),
        (
            "stay",
            GuestSetup {
                then: Then::Stay,
                root: Root::Virtiofs {
                    tag: "root".into(),
                    readonly: true,
                },
                restricted: true,
                ..GuestSetup::default()
            },
        ),
        (
            "whole",
            GuestSetup {
                then: Then::Handoff,
                root: Root::Overlay {
                    lower: device("root", Some("erofs")),
                    upper: Upper::Block(device("upper", None)),
                },
                mounts: vec![
                    mount(tag("m0"), "/srv", none),
                    mount(
                        MountSource::VirtiofsFile {
                            tag: "m1".into(),
                            file: "app settings.json".into(),
                        },
                        "/etc/app.json",
                        all,
                    ),
                    mount(
                        MountSource::Block(device("m2", Some("ext4"))),
                        "/srv/größe",
                        MountFlags {
                            nosuid: true,
                            ..none
                        },
                    ),
                    mount(
                        MountSource::Tmpfs {
                            size_mib: Some(512),
                            mode: Some(0o1777),
                        },
                        "/tmp",
                        MountFlags {
                            nosuid: true,
                            nodev: true,
                            ..none
                        },
                    ),
                ],
                hostname: Some("Größe-1".into()),
                interfaces: vec![
                    Interface {
                        mac: [0x52, 0x54, 0, 0x12, 0x34, 0x56],
                        name: "eth0".into(),
                        mtu: Some(1500),
                        ipv4: Some(IpNet {
                            address: [10, 0, 2, 15].into(),
                            prefix: 24,
                            gateway: Some([10, 0, 2, 2].into()),
                        }),
                        ipv6: Some(IpNet {
                            address: [0xfec0, 0, 0, 0, 0, 0, 0, 0x15].into(),
                            prefix: 64,
                            gateway: Some([0xfec0, 0, 0, 0, 0, 0, 0, 2].into()),
                        }),
                    },
                    Interface {
                        mac: [0x52, 0x54, 0, 0x12, 0x34, 0x57],
                        name: "backend".into(),
                        mtu: None,
                        ipv4: None,
                        ipv6: None,
                    },
                ],
                dns: vec![[10, 0, 2, 3].into(), Ipv6Addr::LOCALHOST.into()],
                search: vec!["example.org".into(), "svc.local".into()],
                hosts: vec![HostsEntry {
                    address: [10, 0, 2, 2].into(),
                    names: vec!["host.internal".into(), "gateway".into()],
                }],
                rlimits: vec![
                    SetupRlimit {
                        resource: RlimitResource::Nofile,
                        soft: 1024,
                        hard: 1_048_576,
                    },
                    SetupRlimit {
                        resource: RlimitResource::Core,
                        soft: 0,
                        hard: u64::MAX,
                    },
                ],
                restricted: false,
                clock: Some(WallClock {
                    seconds: 1_795_556_039,
                    nanoseconds: 123_456_789,
                }),
            },
        ),
        (
            "overlay-tmpfs",
            GuestSetup {
                root: Root::Overlay {
                    lower: device("root", None),
                    upper: Upper::Tmpfs {
                        size_mib: Some(300),
                    },
                },
                ..GuestSetup::default()
            },
        ),
    ]
}
