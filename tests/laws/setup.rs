//! The laws of the setup's frame.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::{
    BlockDevice, DecodeErrorKind, EncodeError, FrameKind, GENERATION, GuestReport, GuestSetup,
    GuestSetupRef, HostsEntry, Interface, IpNet, MAX_SETUP_PAYLOAD_BYTES, Mount, MountFlags,
    MountSource, RlimitResource, Root, SetupRlimit, Then, Upper, WallClock,
};
use serde::{Deserialize, Serialize};

use super::frames;
use super::handoff::{Pieces, assert_streamed};
use crate::shared::frames::{CHECKSUM_LEN, HEADER_LEN};
use crate::shared::heap;

/// The payload by definition: what postcard writes for this. Strings that a system call takes
/// carry their NUL.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    then: ThenRecord,
    root: RootRecord,
    mounts: Vec<(SourceRecord, String, u8)>,
    hostname: Option<String>,
    interfaces: Vec<InterfaceRecord>,
    dns: Vec<AddressRecord>,
    search: Vec<String>,
    hosts: Vec<(AddressRecord, Vec<String>)>,
    rlimits: Vec<(u8, u64, u64)>,
    restricted: bool,
    clock: Option<(u64, u32)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum ThenRecord {
    Handoff,
    Stay,
}

type DeviceRecord = (String, Option<String>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum RootRecord {
    Initramfs,
    Virtiofs(String, bool),
    Block(DeviceRecord, bool),
    Overlay(DeviceRecord, UpperRecord),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum UpperRecord {
    Block(DeviceRecord),
    Tmpfs(Option<u32>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum SourceRecord {
    Virtiofs(String),
    VirtiofsFile(String, String),
    Block(DeviceRecord),
    Tmpfs(Option<u32>, Option<u32>),
}

type NetRecord<A> = (A, u8, Option<A>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct InterfaceRecord {
    mac: [u8; 6],
    name: String,
    mtu: Option<u32>,
    ipv4: Option<NetRecord<[u8; 4]>>,
    ipv6: Option<NetRecord<[u8; 16]>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum AddressRecord {
    V4([u8; 4]),
    V6([u8; 16]),
}

fn nul(text: &str) -> String {
    format!("{text}\0")
}

fn device(device: &BlockDevice<String>) -> DeviceRecord {
    (nul(&device.serial), device.fstype.as_deref().map(nul))
}

fn address(address: IpAddr) -> AddressRecord {
    match address {
        IpAddr::V4(v4) => AddressRecord::V4(v4.octets()),
        IpAddr::V6(v6) => AddressRecord::V6(v6.octets()),
    }
}

impl Record {
    fn of(setup: &GuestSetup) -> Self {
        let source = |source: &MountSource<String>| match source {
            MountSource::Virtiofs { tag } => SourceRecord::Virtiofs(nul(tag)),
            MountSource::VirtiofsFile { tag, file } => {
                SourceRecord::VirtiofsFile(nul(tag), nul(file))
            }
            MountSource::Block(block) => SourceRecord::Block(device(block)),
            MountSource::Tmpfs { size_mib, mode } => SourceRecord::Tmpfs(*size_mib, *mode),
        };
        let bits = |flags: &MountFlags| {
            u8::from(flags.readonly)
                + 2 * u8::from(flags.noexec)
                + 4 * u8::from(flags.nosuid)
                + 8 * u8::from(flags.nodev)
        };
        Self {
            then: match setup.then {
                Then::Handoff => ThenRecord::Handoff,
                Then::Stay => ThenRecord::Stay,
            },
            root: match &setup.root {
                Root::Initramfs => RootRecord::Initramfs,
                Root::Virtiofs { tag, readonly } => RootRecord::Virtiofs(nul(tag), *readonly),
                Root::Block {
                    device: block,
                    readonly,
                } => RootRecord::Block(device(block), *readonly),
                Root::Overlay { lower, upper } => RootRecord::Overlay(
                    device(lower),
                    match upper {
                        Upper::Block(block) => UpperRecord::Block(device(block)),
                        Upper::Tmpfs { size_mib } => UpperRecord::Tmpfs(*size_mib),
                    },
                ),
            },
            mounts: setup
                .mounts
                .iter()
                .map(|mount| (source(&mount.source), nul(&mount.guest), bits(&mount.flags)))
                .collect(),
            hostname: setup.hostname.clone(),
            interfaces: setup
                .interfaces
                .iter()
                .map(|interface| InterfaceRecord {
                    mac: interface.mac,
                    name: nul(&interface.name),
                    mtu: interface.mtu,
                    ipv4: interface.ipv4.map(|net| {
                        let gateway = net.gateway.map(|gateway| gateway.octets());
                        (net.address.octets(), net.prefix, gateway)
                    }),
                    ipv6: interface.ipv6.map(|net| {
                        let gateway = net.gateway.map(|gateway| gateway.octets());
                        (net.address.octets(), net.prefix, gateway)
                    }),
                })
                .collect(),
            dns: setup.dns.iter().copied().map(address).collect(),
            search: setup.search.clone(),
            hosts: setup
                .hosts
                .iter()
                .map(|entry| (address(entry.address), entry.names.clone()))
                .collect(),
            rlimits: setup
                .rlimits
                .iter()
                .map(|rlimit| (rlimit.resource.number(), rlimit.soft, rlimit.hard))
                .collect(),
            restricted: setup.restricted,
            clock: setup.clock.map(|clock| (clock.seconds, clock.nanoseconds)),
        }
    }
}

/// Any bytes: the view takes no heap; what is accepted is a record that postcard writes the same,
/// and what the encoder writes; a refusal tells where.
pub fn decode(data: &[u8]) {
    let view = heap::untouched(|| GuestSetupRef::decode(data));
    match view {
        Ok(view) => {
            let owned = view.to_owned();
            assert_eq!(GuestSetup::decode(data).as_ref(), Ok(&owned));
            assert_eq!(owned.validate(), Ok(()));
            let payload = &data[HEADER_LEN..data.len() - CHECKSUM_LEN];
            let (record, rest) = postcard::take_from_bytes::<Record>(payload).unwrap();
            assert_eq!(record, Record::of(&owned));
            assert!(rest.is_empty() || data[5] > GENERATION);
            let again = owned.encode().unwrap();
            if data[5..7] == [GENERATION, GuestSetup::MIN_GENERATION] {
                assert_eq!(again, data);
            }
            assert_eq!(GuestSetup::decode(&again), Ok(owned));
        }
        Err(error) => {
            assert!(error.offset() as usize <= data.len(), "{error:?}");
            assert_eq!(GuestSetup::decode(data), Err(error));
            let report = GuestReport::from(error);
            let text = format!("{error} {report}");
            assert!(!text.contains(char::is_control), "{text}");
        }
    }
    let mut pieces = Pieces::new(data);
    let streamed = GuestSetup::read_from(&mut pieces);
    assert_streamed(
        data,
        streamed,
        FrameKind::GuestSetup,
        GuestSetup::decode,
        pieces.rest,
    );
}

/// Any message: it validates if and only if it encodes, in every way alike, to what postcard
/// writes; reader and writer agree on what is valid.
pub fn roundtrip(data: &[u8]) {
    let _ = try_roundtrip(&mut Unstructured::new(data));
}

fn try_roundtrip(u: &mut Unstructured<'_>) -> Result<()> {
    let setup = setup(u)?;
    let valid = heap::untouched(|| setup.validate());
    let payload = postcard::to_allocvec(&Record::of(&setup)).unwrap();
    assert_eq!(setup.encoded_len(), payload.len() + 24);
    let frame = frames::sealed(3, GENERATION, GuestSetup::MIN_GENERATION, &payload);
    let (encoded, taken) = heap::measure(|| setup.encode());
    match valid {
        Ok(()) => {
            assert!(payload.len() <= MAX_SETUP_PAYLOAD_BYTES);
            assert_eq!((taken.allocations, taken.peak), (1, frame.len()));
            assert_eq!(encoded.as_ref(), Ok(&frame));
            let mut buffer = vec![0xa5; frame.len() + 1];
            assert_eq!(
                heap::untouched(|| setup.encode_into(&mut buffer)),
                Ok(frame.len())
            );
            assert_eq!(buffer.pop(), Some(0xa5));
            assert_eq!(buffer, frame);
            buffer.fill(0x5a);
            let needed = frame.len();
            let short = setup.encode_into(&mut buffer[..needed - 1]);
            assert_eq!(short, Err(EncodeError::BufferTooSmall { needed }));
            assert!(buffer.iter().all(|byte| *byte == 0x5a));
            decode(&frame);
            assert_eq!(GuestSetup::decode(&frame), Ok(setup));
        }
        Err(invalid) => {
            assert_eq!(encoded, Err(EncodeError::Invalid(invalid)));
            // The wire cannot hold a NUL; all else is refused there by the same rule.
            match GuestSetup::decode(&frame).unwrap_err().kind {
                DecodeErrorKind::Invalid(read) => assert_eq!(read, invalid),
                kind => assert!(matches!(
                    kind,
                    DecodeErrorKind::StrayNul | DecodeErrorKind::PayloadTooLarge { .. }
                )),
            }
        }
    }
    Ok(())
}

/// Makes a setup that is valid more often than not.
pub fn setup(u: &mut Unstructured<'_>) -> Result<GuestSetup> {
    Ok(GuestSetup {
        then: *u.choose(&[Then::Handoff, Then::Stay])?,
        root: match u.int_in_range(0..=3)? {
            0 => Root::Initramfs,
            1 => Root::Virtiofs {
                tag: tag(u, 36)?,
                readonly: bool::arbitrary(u)?,
            },
            2 => Root::Block {
                device: block(u)?,
                readonly: bool::arbitrary(u)?,
            },
            _ => Root::Overlay {
                lower: block(u)?,
                upper: if bool::arbitrary(u)? {
                    Upper::Block(block(u)?)
                } else {
                    Upper::Tmpfs { size_mib: size(u)? }
                },
            },
        },
        mounts: list(u, 65, mount)?,
        hostname: optional(u, |u| text(u, "web-1", 65))?,
        interfaces: list(u, 9, interface)?,
        dns: list(u, 4, ip)?,
        search: list(u, 7, |u| text(u, "example.org", 256))?,
        hosts: list(u, 33, |u| {
            Ok(HostsEntry {
                address: ip(u)?,
                names: list(u, 17, |u| text(u, "db", 256))?,
            })
        })?,
        rlimits: list(u, 17, |u| {
            let soft = *u.choose(&[0, 1024, u64::MAX])?;
            Ok(SetupRlimit {
                resource: RlimitResource::from_number(u.int_in_range(0..=15)?).unwrap(),
                soft,
                hard: *u.choose(&[soft, u64::MAX, 127, 128])?,
            })
        })?,
        restricted: bool::arbitrary(u)?,
        clock: optional(u, |u| {
            Ok(WallClock {
                seconds: *u.choose(&[0, 1_800_000_000, 8_277_292_035, 8_277_292_036, u64::MAX])?,
                nanoseconds: *u.choose(&[0, 999_999_999, 1_000_000_000, u32::MAX])?,
            })
        })?,
    })
}

fn optional<T>(
    u: &mut Unstructured<'_>,
    make: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    bool::arbitrary(u)?.then(|| make(u)).transpose()
}

/// Few items mostly, now and then up to `most`.
fn list<T>(
    u: &mut Unstructured<'_>,
    most: usize,
    make: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let len = match u.int_in_range(0..=31)? {
        31 => most,
        30 => most - 1,
        few => few % 4,
    };
    (0..len).map(|_| make(u)).collect()
}

/// The usual text mostly; else any, around the length at which it is too long, or empty.
fn text(u: &mut Unstructured<'_>, usual: &str, too_long: usize) -> Result<String> {
    Ok(match u.int_in_range(0..=15)? {
        0 => String::arbitrary(u)?,
        1 => "x".repeat(u.int_in_range(too_long - 2..=too_long)?),
        2 => String::new(),
        n => format!("{usual}{n}"),
    })
}

fn tag(u: &mut Unstructured<'_>, max: usize) -> Result<String> {
    text(u, "m", max + 1)
}

fn size(u: &mut Unstructured<'_>) -> Result<Option<u32>> {
    Ok(*u.choose(&[None, Some(64), Some(u32::MAX), Some(0)])?)
}

fn block(u: &mut Unstructured<'_>) -> Result<BlockDevice<String>> {
    Ok(BlockDevice {
        serial: tag(u, 20)?,
        fstype: optional(u, |u| text(u, "ext", 33))?,
    })
}

fn mount(u: &mut Unstructured<'_>) -> Result<Mount<String>> {
    let mut guest = String::new();
    for _ in 0..u.int_in_range(1..=3)? {
        guest.push('/');
        guest += &match u.int_in_range(0..=31)? {
            0 => text(u, "data", 256)?,
            1 => "..".into(),
            2 => "proc".into(),
            n => char::from(b'a' + n % 26).to_string(),
        };
    }
    Ok(Mount {
        source: match u.int_in_range(0..=3)? {
            0 => MountSource::Virtiofs { tag: tag(u, 36)? },
            1 => MountSource::VirtiofsFile {
                tag: tag(u, 36)?,
                file: text(u, "file", 256)?,
            },
            2 => MountSource::Block(block(u)?),
            _ => MountSource::Tmpfs {
                size_mib: size(u)?,
                mode: *u.choose(&[None, Some(0o755), Some(0o7777), Some(0o10000)])?,
            },
        },
        guest,
        flags: MountFlags {
            readonly: bool::arbitrary(u)?,
            noexec: bool::arbitrary(u)?,
            nosuid: bool::arbitrary(u)?,
            nodev: bool::arbitrary(u)?,
        },
    })
}

fn interface(u: &mut Unstructured<'_>) -> Result<Interface<String>> {
    Ok(Interface {
        mac: <[u8; 6]>::arbitrary(u)?,
        name: text(u, "eth", 16)?,
        mtu: *u.choose(&[None, Some(1500), Some(1280), Some(68), Some(67)])?,
        ipv4: optional(u, |u| {
            Ok(IpNet {
                address: Ipv4Addr::from(<[u8; 4]>::arbitrary(u)?),
                prefix: u.int_in_range(0..=33)?,
                gateway: optional(u, |u| Ok(Ipv4Addr::from(<[u8; 4]>::arbitrary(u)?)))?,
            })
        })?,
        ipv6: optional(u, |u| {
            Ok(IpNet {
                address: Ipv6Addr::from(<[u8; 16]>::arbitrary(u)?),
                prefix: u.int_in_range(0..=129)?,
                gateway: optional(u, |u| Ok(Ipv6Addr::from(<[u8; 16]>::arbitrary(u)?)))?,
            })
        })?,
    })
}

fn ip(u: &mut Unstructured<'_>) -> Result<IpAddr> {
    Ok(if bool::arbitrary(u)? {
        IpAddr::from(<[u8; 4]>::arbitrary(u)?)
    } else {
        IpAddr::from(<[u8; 16]>::arbitrary(u)?)
    })
}
