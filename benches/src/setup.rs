//! A setup as a host sends it, and the same fields as CBOR, read into a plain type of their own.

use std::net::IpAddr;

use microsandbox_types::{
    BlockDevice, GuestSetup, HostsEntry, Interface, IpNet, Mount, MountFlags, MountSource,
    RlimitResource, Root, SetupRlimit, Then, Upper, WallClock,
};
use serde::{Deserialize, Serialize};

/// A disk root with a writable layer, a mount of each kind, one interface, two limits.
pub fn typical() -> GuestSetup {
    let device = |serial: &str, fstype: &str| BlockDevice {
        serial: serial.into(),
        fstype: Some(fstype.into()),
    };
    let mount = |source, guest: &str| Mount {
        source,
        guest: guest.into(),
        flags: MountFlags {
            nosuid: true,
            nodev: true,
            ..MountFlags::default()
        },
    };
    GuestSetup {
        then: Then::Handoff,
        root: Root::Overlay {
            lower: device("root", "erofs"),
            upper: Upper::Block(device("upper", "ext4")),
        },
        mounts: vec![
            mount(MountSource::Virtiofs { tag: "m0".into() }, "/srv/app"),
            mount(
                MountSource::VirtiofsFile {
                    tag: "m1".into(),
                    file: "file".into(),
                },
                "/etc/app/settings.json",
            ),
            mount(
                MountSource::Block(device("m2", "ext4")),
                "/var/lib/postgresql",
            ),
            mount(
                MountSource::Tmpfs {
                    size_mib: Some(512),
                    mode: Some(0o1777),
                },
                "/tmp",
            ),
        ],
        hostname: Some("web-1".into()),
        interfaces: vec![Interface {
            mac: [0x52, 0x54, 0, 0x12, 0x34, 0x56],
            name: "eth0".into(),
            mtu: Some(1500),
            ipv4: Some(IpNet {
                address: [10, 0, 2, 15].into(),
                prefix: 24,
                gateway: Some([10, 0, 2, 2].into()),
            }),
            ipv6: None,
        }],
        dns: vec![[10, 0, 2, 3].into()],
        search: vec!["svc.example.org".into()],
        hosts: vec![HostsEntry {
            address: [10, 0, 2, 2].into(),
            names: vec!["host.internal".into()],
        }],
        rlimits: [RlimitResource::Nofile, RlimitResource::Nproc]
            .map(|resource| SetupRlimit {
                resource,
                soft: 1024,
                hard: 524_288,
            })
            .into(),
        restricted: true,
        clock: Some(WallClock {
            seconds: 1_795_556_039,
            nanoseconds: 123_456_789,
        }),
    }
}

/// The setup as a plain type that a format is derived on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    then_stay: bool,
    root: PlainRoot,
    mounts: Vec<PlainMount>,
    hostname: Option<String>,
    interfaces: Vec<PlainInterface>,
    dns: Vec<IpAddr>,
    search: Vec<String>,
    hosts: Vec<PlainHost>,
    rlimits: Vec<PlainRlimit>,
    restricted: bool,
    clock: Option<PlainClock>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum PlainRoot {
    Overlay {
        lower: PlainDevice,
        upper: PlainDevice,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainDevice {
    serial: String,
    fstype: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainMount {
    source: PlainSource,
    guest: String,
    readonly: bool,
    noexec: bool,
    nosuid: bool,
    nodev: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum PlainSource {
    Virtiofs {
        tag: String,
    },
    VirtiofsFile {
        tag: String,
        file: String,
    },
    Block(PlainDevice),
    Tmpfs {
        size_mib: Option<u32>,
        mode: Option<u32>,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainInterface {
    mac: [u8; 6],
    name: String,
    mtu: Option<u32>,
    ipv4: Option<PlainNet>,
    ipv6: Option<PlainNet>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainNet {
    address: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainHost {
    address: IpAddr,
    names: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainRlimit {
    resource: RlimitResource,
    soft: u64,
    hard: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PlainClock {
    seconds: u64,
    nanoseconds: u32,
}

fn device(device: BlockDevice<String>) -> PlainDevice {
    PlainDevice {
        serial: device.serial,
        fstype: device.fstype,
    }
}

/// [`typical`], plain.
pub fn plain() -> Plain {
    let setup = typical();
    let Root::Overlay {
        lower,
        upper: Upper::Block(upper),
    } = setup.root
    else {
        unreachable!("that is the typical root")
    };
    Plain {
        then_stay: setup.then == Then::Stay,
        root: PlainRoot::Overlay {
            lower: device(lower),
            upper: device(upper),
        },
        mounts: setup
            .mounts
            .into_iter()
            .map(|mount| PlainMount {
                source: match mount.source {
                    MountSource::Virtiofs { tag } => PlainSource::Virtiofs { tag },
                    MountSource::VirtiofsFile { tag, file } => {
                        PlainSource::VirtiofsFile { tag, file }
                    }
                    MountSource::Block(block) => PlainSource::Block(device(block)),
                    MountSource::Tmpfs { size_mib, mode } => PlainSource::Tmpfs { size_mib, mode },
                },
                guest: mount.guest,
                readonly: mount.flags.readonly,
                noexec: mount.flags.noexec,
                nosuid: mount.flags.nosuid,
                nodev: mount.flags.nodev,
            })
            .collect(),
        hostname: setup.hostname,
        interfaces: setup
            .interfaces
            .into_iter()
            .map(|interface| PlainInterface {
                mac: interface.mac,
                name: interface.name,
                mtu: interface.mtu,
                ipv4: interface.ipv4.map(net),
                ipv6: interface.ipv6.map(net),
            })
            .collect(),
        dns: setup.dns,
        search: setup.search,
        hosts: setup
            .hosts
            .into_iter()
            .map(|entry| PlainHost {
                address: entry.address,
                names: entry.names,
            })
            .collect(),
        rlimits: setup
            .rlimits
            .into_iter()
            .map(|limit| PlainRlimit {
                resource: limit.resource,
                soft: limit.soft,
                hard: limit.hard,
            })
            .collect(),
        restricted: setup.restricted,
        clock: setup.clock.map(|clock| PlainClock {
            seconds: clock.seconds,
            nanoseconds: clock.nanoseconds,
        }),
    }
}

fn net<A: Into<IpAddr>>(net: IpNet<A>) -> PlainNet {
    PlainNet {
        address: net.address.into(),
        prefix: net.prefix,
        gateway: net.gateway.map(Into::into),
    }
}

/// The typical setup as CBOR.
pub fn cbor() -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&plain(), &mut bytes).expect("a vector takes all");
    bytes
}
