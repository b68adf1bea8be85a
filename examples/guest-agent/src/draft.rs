//! TEMPORARY: stands for the setup message.
use core::ffi::CStr;
use core::net::*;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Handoff,
    Stay,
}
#[derive(Clone, Copy)]
pub enum Root<S> {
    Initramfs,
    Virtiofs {
        tag: S,
        readonly: bool,
    },
    Block {
        device: BlockDevice<S>,
        readonly: bool,
    },
    Overlay {
        lower: BlockDevice<S>,
        upper: Upper<S>,
    },
}
#[derive(Clone, Copy)]
pub struct BlockDevice<S> {
    pub serial: S,
    pub fstype: Option<S>,
}
#[derive(Clone, Copy)]
pub enum Upper<S> {
    Block(BlockDevice<S>),
    Tmpfs { size_mib: Option<u32> },
}
#[derive(Clone, Copy)]
pub struct Mount<S> {
    pub source: MountSource<S>,
    pub guest: S,
    pub flags: MountFlags,
}
#[derive(Clone, Copy)]
pub struct MountFlags {
    pub readonly: bool,
    pub noexec: bool,
    pub nosuid: bool,
    pub nodev: bool,
}
#[derive(Clone, Copy)]
pub enum MountSource<S> {
    Virtiofs {
        tag: S,
    },
    VirtiofsFile {
        tag: S,
        file: S,
    },
    Block(BlockDevice<S>),
    Tmpfs {
        size_mib: Option<u32>,
        mode: Option<u32>,
    },
}
#[derive(Clone, Copy)]
pub struct Interface<S> {
    pub mac: [u8; 6],
    pub name: S,
    pub mtu: Option<u32>,
    pub ipv4: Option<IpNet4>,
    pub ipv6: Option<IpNet6>,
}
#[derive(Clone, Copy)]
pub struct IpNet4 {
    pub address: Ipv4Addr,
    pub prefix: u8,
    pub gateway: Option<Ipv4Addr>,
}
#[derive(Clone, Copy)]
pub struct IpNet6 {
    pub address: Ipv6Addr,
    pub prefix: u8,
    pub gateway: Option<Ipv6Addr>,
}
#[derive(Clone, Copy)]
pub struct WallClock {
    pub seconds: u64,
    pub nanoseconds: u32,
}
#[derive(Clone, Copy)]
pub struct SetupRlimit {
    pub resource: RlimitResource,
    pub soft: u64,
    pub hard: u64,
}
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RlimitResource {
    Cpu,
    Fsize,
    Data,
    Stack,
    Core,
    Rss,
    Nproc,
    Nofile,
    Memlock,
    As,
    Locks,
    Sigpending,
    Msgqueue,
    Nice,
    Rtprio,
    Rttime,
}
#[derive(Clone)]
pub struct HostsEntryRef<'a> {
    pub address: IpAddr,
    names: &'a [u8],
}
impl<'a> HostsEntryRef<'a> {
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        words(self.names).map(str)
    }
}

/// Lines of NUL-terminated words.
#[derive(Clone, Copy)]
pub struct GuestSetupRef<'a> {
    text: &'a [u8],
}

fn words(line: &[u8]) -> impl Iterator<Item = &CStr> + Clone {
    line.split_inclusive(|b| *b == 0)
        .filter_map(|w| CStr::from_bytes_with_nul(w).ok())
}
fn str(c: &CStr) -> &str {
    c.to_str().unwrap_or("?")
}
fn num(c: Option<&CStr>) -> Option<u64> {
    let s = str(c?);
    if let Some(o) = s.strip_prefix("0o") {
        u64::from_str_radix(o, 8).ok()
    } else {
        s.parse().ok()
    }
}
fn num32(c: Option<&CStr>) -> Option<u32> {
    num(c).map(|n| n as u32)
}
fn opt(c: Option<&CStr>) -> Option<&CStr> {
    c.filter(|c| c.to_bytes() != b"-")
}

fn v4(c: &CStr) -> Ipv4Addr {
    str(c).parse().unwrap_or(Ipv4Addr::UNSPECIFIED)
}
fn v6(c: &CStr) -> Ipv6Addr {
    str(c).parse().unwrap_or(Ipv6Addr::UNSPECIFIED)
}
fn ip(c: &CStr) -> IpAddr {
    str(c).parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

impl<'a> GuestSetupRef<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text }
    }
    fn lines(&self, kind: &'static str) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.text
            .split(|b| *b == b'\n')
            .filter(move |l| words(l).next().is_some_and(|w| str(w) == kind))
            .map(move |l| &l[kind.len() + 1..])
    }
    fn block<'b>(w: &mut impl Iterator<Item = &'b CStr>) -> BlockDevice<&'b CStr> {
        BlockDevice {
            serial: w.next().unwrap_or(c""),
            fstype: opt(w.next()),
        }
    }
    pub fn then(&self) -> Then {
        if self.lines("stay").next().is_some() {
            Then::Stay
        } else {
            Then::Handoff
        }
    }
    pub fn root(&self) -> Root<&'a CStr> {
        let Some(line) = self.lines("root").next() else {
            return Root::Initramfs;
        };
        let mut w = words(line);
        match w.next().map(str) {
            Some("virtiofs") => Root::Virtiofs {
                tag: w.next().unwrap_or(c""),
                readonly: w.next().is_some_and(|w| w == c"ro"),
            },
            Some("block") => Root::Block {
                device: Self::block(&mut w),
                readonly: w.next().is_some_and(|w| w == c"ro"),
            },
            Some("overlay") => {
                let lower = Self::block(&mut w);
                let upper = match w.next().map(str) {
                    Some("block") => Upper::Block(Self::block(&mut w)),
                    _ => Upper::Tmpfs {
                        size_mib: num32(w.next()),
                    },
                };
                Root::Overlay { lower, upper }
            }
            _ => Root::Initramfs,
        }
    }
    pub fn mounts(&self) -> impl Iterator<Item = Mount<&'a CStr>> + Clone + use<'a> {
        self.lines("mount").map(|line| {
            let mut w = words(line);
            let guest = w.next().unwrap_or(c"");
            let f = str(w.next().unwrap_or(c""));
            let flags = MountFlags {
                readonly: f.contains("ro"),
                noexec: f.contains("noexec"),
                nosuid: f.contains("nosuid"),
                nodev: f.contains("nodev"),
            };
            let source = match w.next().map(str) {
                Some("virtiofs") => MountSource::Virtiofs {
                    tag: w.next().unwrap_or(c""),
                },
                Some("file") => MountSource::VirtiofsFile {
                    tag: w.next().unwrap_or(c""),
                    file: w.next().unwrap_or(c""),
                },
                Some("block") => MountSource::Block(Self::block(&mut w)),
                _ => MountSource::Tmpfs {
                    size_mib: num32(w.next()),
                    mode: num32(w.next()),
                },
            };
            Mount {
                source,
                guest,
                flags,
            }
        })
    }
    pub fn hostname(&self) -> Option<&'a str> {
        self.lines("hostname")
            .next()
            .and_then(|l| words(l).next())
            .map(str)
    }
    pub fn interfaces(&self) -> impl Iterator<Item = Interface<&'a CStr>> + Clone + use<'a> {
        self.lines("interface").map(|line| {
            let mut w = words(line);
            let mut mac = [0; 6];
            for (m, h) in mac.iter_mut().zip(str(w.next().unwrap_or(c"")).split(':')) {
                *m = u8::from_str_radix(h, 16).unwrap_or(0);
            }
            let name = w.next().unwrap_or(c"");
            let mtu = num32(w.next());
            let ipv4 = opt(w.next()).map(|a| IpNet4 {
                address: v4(a),
                prefix: num(w.next()).unwrap_or(0) as u8,
                gateway: opt(w.next()).map(v4),
            });
            let ipv6 = opt(w.next()).map(|a| IpNet6 {
                address: v6(a),
                prefix: num(w.next()).unwrap_or(0) as u8,
                gateway: opt(w.next()).map(v6),
            });
            Interface {
                mac,
                name,
                mtu,
                ipv4,
                ipv6,
            }
        })
    }
    pub fn dns(&self) -> impl Iterator<Item = IpAddr> + Clone + use<'a> {
        self.lines("dns").filter_map(|l| words(l).next()).map(ip)
    }
    pub fn search(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.lines("search")
            .filter_map(|l| words(l).next())
            .map(str)
    }
    pub fn hosts(&self) -> impl Iterator<Item = HostsEntryRef<'a>> + Clone + use<'a> {
        self.lines("hosts").map(|l| {
            let a = words(l).next().unwrap_or(c"");
            HostsEntryRef {
                address: ip(a),
                names: &l[a.count_bytes() + 1..],
            }
        })
    }
    pub fn rlimits(&self) -> impl Iterator<Item = SetupRlimit> + Clone + use<'a> {
        self.lines("rlimit").map(|line| {
            let mut w = words(line);
            use RlimitResource::*;
            let all = [
                ("cpu", Cpu),
                ("fsize", Fsize),
                ("data", Data),
                ("stack", Stack),
                ("core", Core),
                ("nproc", Nproc),
                ("nofile", Nofile),
                ("memlock", Memlock),
                ("as", As),
            ];
            let name = str(w.next().unwrap_or(c""));
            let resource = all.iter().find(|a| a.0 == name).map_or(Rss, |a| a.1);
            SetupRlimit {
                resource,
                soft: num(w.next()).unwrap_or(u64::MAX),
                hard: num(w.next()).unwrap_or(u64::MAX),
            }
        })
    }
    pub fn restricted(&self) -> bool {
        self.lines("restricted").next().is_some()
    }
    pub fn clock(&self) -> Option<WallClock> {
        let l = self.lines("clock").next()?;
        Some(WallClock {
            seconds: num(words(l).next())?,
            nanoseconds: 0,
        })
    }
}

pub fn load(buffer: &'static mut [u8]) -> Option<GuestSetupRef<'static>> {
    let file =
        guest_agent::file::open_at(rustix::fs::CWD, c"/setup", rustix::fs::OFlags::RDONLY).ok()?;
    let len = guest_agent::file::read_all(&file, buffer).ok()?;
    Some(GuestSetupRef {
        text: &buffer[..len],
    })
}
