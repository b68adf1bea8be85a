//! Each rule: what it refuses, where, and in which words.

use std::net::{Ipv4Addr, Ipv6Addr};

use microsandbox_types::{
    BlockDevice, EncodeError, GuestSetup, HostsEntry, Interface, IpNet, Mount, MountFlags,
    MountSource, RlimitResource, Root, SetupRlimit, Upper, WallClock,
};

fn device(serial: &str, fstype: Option<&str>) -> BlockDevice<String> {
    BlockDevice {
        serial: serial.to_owned(),
        fstype: fstype.map(str::to_owned),
    }
}

fn mount(source: MountSource<String>, guest: &str) -> Mount<String> {
    Mount {
        source,
        guest: guest.to_owned(),
        flags: MountFlags::default(),
    }
}

fn tmpfs(guest: &str) -> Mount<String> {
    let source = MountSource::Tmpfs {
        size_mib: None,
        mode: None,
    };
    mount(source, guest)
}

fn share(guest: &str) -> Mount<String> {
    mount(MountSource::Virtiofs { tag: "m0".into() }, guest)
}

fn file(file: &str, guest: &str) -> Mount<String> {
    let (tag, file) = ("m0".to_owned(), file.to_owned());
    mount(MountSource::VirtiofsFile { tag, file }, guest)
}

fn interface(n: u8, name: &str) -> Interface<String> {
    Interface {
        mac: [2, 0, 0, 0, 0, n],
        name: name.to_owned(),
        mtu: None,
        ipv4: None,
        ipv6: None,
    }
}

fn ipv4(prefix: u8, gateway: bool) -> Option<IpNet<Ipv4Addr>> {
    Some(IpNet {
        address: [10, 0, 0, 2].into(),
        prefix,
        gateway: gateway.then_some([10, 0, 0, 1].into()),
    })
}

fn ipv6(prefix: u8, gateway: bool) -> Option<IpNet<Ipv6Addr>> {
    Some(IpNet {
        address: [2; 16].into(),
        prefix,
        gateway: gateway.then_some([1; 16].into()),
    })
}

fn rlimit(resource: RlimitResource, soft: u64, hard: u64) -> SetupRlimit {
    SetupRlimit {
        resource,
        soft,
        hard,
    }
}

fn with(change: impl FnOnce(&mut GuestSetup)) -> GuestSetup {
    let mut setup = GuestSetup::default();
    change(&mut setup);
    setup
}

fn root(root: Root<String>) -> GuestSetup {
    with(|setup| setup.root = root)
}

fn tag(tag: &str) -> GuestSetup {
    root(Root::Virtiofs {
        tag: tag.to_owned(),
        readonly: false,
    })
}

fn mounts(mounts: &[Mount<String>]) -> GuestSetup {
    with(|setup| setup.mounts = mounts.to_vec())
}

fn hostname(hostname: &str) -> GuestSetup {
    with(|setup| setup.hostname = Some(hostname.to_owned()))
}

fn interfaces(interfaces: &[Interface<String>]) -> GuestSetup {
    with(|setup| setup.interfaces = interfaces.to_vec())
}

fn search(domain: &str) -> GuestSetup {
    with(|setup| setup.search = vec!["example.org".into(), domain.to_owned()])
}

fn hosts(names: &[&str]) -> GuestSetup {
    let names = names.iter().map(|name| name.to_string()).collect();
    let address = [10, 0, 2, 2].into();
    with(|setup| setup.hosts = vec![HostsEntry { address, names }])
}

fn rlimits(rlimits: &[SetupRlimit]) -> GuestSetup {
    with(|setup| setup.rlimits = rlimits.to_vec())
}

fn clock(seconds: u64, nanoseconds: u32) -> GuestSetup {
    let time = WallClock {
        seconds,
        nanoseconds,
    };
    with(|setup| setup.clock = Some(time))
}

fn many<T>(len: usize, item: impl Fn(usize) -> T) -> Vec<T> {
    (0..len).map(item).collect()
}

#[test]
#[rustfmt::skip] // a line a case
fn what_breaks_a_rule_is_refused() {
    let long = |len| "x".repeat(len);
    let cases = [
        (tag(""), "root: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (tag(&long(37)), "root: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (tag("a b"), "root: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (tag("é"), "root: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (tag("a\0"), "root: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (root(Root::Block { device: device(&long(21), None), readonly: true }), "root: tag or serial must be 1 to 20 bytes: letters, digits, `.`, `-` and `_`"),
        (root(Root::Block { device: device("root", Some("")), readonly: true }), "root: filesystem must be 1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`"),
        (root(Root::Block { device: device("root", Some("Ext4")), readonly: true }), "root: filesystem must be 1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`"),
        (root(Root::Overlay { lower: device("/", None), upper: Upper::Tmpfs { size_mib: None } }), "root: tag or serial must be 1 to 20 bytes: letters, digits, `.`, `-` and `_`"),
        (root(Root::Overlay { lower: device("r", None), upper: Upper::Tmpfs { size_mib: Some(0) } }), "root: size must be at least 1 MiB"),
        (root(Root::Overlay { lower: device("r", None), upper: Upper::Block(device("u", Some(&long(33)))) }), "root: filesystem must be 1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`"),
        (mounts(&many(65, |n| tmpfs(&format!("/{n}")))), "mounts[64]: is one too many (max 64)"),
        (mounts(&[share("/a"), mount(MountSource::Virtiofs { tag: "".into() }, "/b")]), "mounts[1]: tag or serial must be 1 to 36 bytes: letters, digits, `.`, `-` and `_`"),
        (mounts(&[file("", "/a")]), "mounts[0]: file name must be 1 to 255 bytes, without `/`, and not `.` or `..`"),
        (mounts(&[file("a/b", "/a")]), "mounts[0]: file name must be 1 to 255 bytes, without `/`, and not `.` or `..`"),
        (mounts(&[file("..", "/a")]), "mounts[0]: file name must be 1 to 255 bytes, without `/`, and not `.` or `..`"),
        (mounts(&[file("a\0b", "/a")]), "mounts[0]: file name must be 1 to 255 bytes, without `/`, and not `.` or `..`"),
        (mounts(&[mount(MountSource::Block(device("a", Some("a b"))), "/a")]), "mounts[0]: filesystem must be 1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`"),
        (mounts(&[mount(MountSource::Tmpfs { size_mib: Some(0), mode: None }, "/a")]), "mounts[0]: size must be at least 1 MiB"),
        (mounts(&[mount(MountSource::Tmpfs { size_mib: None, mode: Some(0o10000) }, "/a")]), "mounts[0]: mode must be at most 0o7777"),
        (mounts(&[share("")]), "mounts[0]: must be an absolute path inside the guest"),
        (mounts(&[share("data")]), "mounts[0]: must be an absolute path inside the guest"),
        (mounts(&[share("/a\0b")]), "mounts[0]: must not contain a NUL byte"),
        (mounts(&[share(&"/x".repeat(2048))]), "mounts[0]: path is too long: 4096 bytes (max 4095)"),
        (mounts(&[share("/")]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share("/data/")]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share("//a")]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share("/a/./b")]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share("/a/..")]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share(&format!("/a/{}", long(256)))]), "mounts[0]: path must have no empty component, no `.`, no `..`, and no component over 255 bytes"),
        (mounts(&[share("/proc")]), "mounts[0]: must not be /proc, /sys or /dev"),
        (mounts(&[share("/sys")]), "mounts[0]: must not be /proc, /sys or /dev"),
        (mounts(&[share("/dev")]), "mounts[0]: must not be /proc, /sys or /dev"),
        (mounts(&[share("/a"), share("/b"), share("/a")]), "mounts[2]: has the same path as an earlier mount"),
        (mounts(&[share("/a/b"), share("/a")]), "mounts[1]: would hide an earlier mount"),
        (mounts(&[file("f", "/a"), share("/a/b")]), "mounts[1]: is inside a mount that is a file"),
        (hostname(""), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (hostname(&long(65)), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (hostname("a b"), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (hostname("a/b"), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (hostname("a\0"), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (hostname("a\u{85}"), "hostname: must be 1 to 64 bytes, without spaces, `/` or control characters"),
        (interfaces(&many(9, |n| interface(n as u8, &format!("e{n}")))), "interfaces[8]: is one too many (max 8)"),
        (interfaces(&[interface(1, &long(16))]), "interfaces[0]: name must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`"),
        (interfaces(&[interface(1, "lo")]), "interfaces[0]: name must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`"),
        (interfaces(&[interface(1, "e%d")]), "interfaces[0]: name must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`"),
        (interfaces(&[interface(1, "e 1")]), "interfaces[0]: name must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`"),
        (interfaces(&[interface(1, "a"), interface(2, "a")]), "interfaces[1]: duplicates an earlier entry"),
        (interfaces(&[interface(1, "a"), interface(1, "b")]), "interfaces[1]: duplicates an earlier entry"),
        (interfaces(&[Interface { mtu: Some(67), ..interface(1, "a") }]), "interfaces[0]: mtu must be at least 68"),
        (interfaces(&[Interface { mtu: Some(1279), ipv6: ipv6(64, false), ..interface(1, "a") }]), "interfaces[0]: mtu must be at least 1280"),
        (interfaces(&[Interface { ipv4: ipv4(33, false), ..interface(1, "a") }]), "interfaces[0]: prefix length must be at most 32"),
        (interfaces(&[Interface { ipv6: ipv6(129, false), ..interface(1, "a") }]), "interfaces[0]: prefix length must be at most 128"),
        (interfaces(&[Interface { ipv4: ipv4(24, true), ..interface(1, "a") }, Interface { ipv4: ipv4(24, true), ..interface(2, "b") }]), "interfaces[1]: has a second gateway for the same address family"),
        (interfaces(&[Interface { ipv6: ipv6(64, true), ..interface(1, "a") }, Interface { ipv6: ipv6(64, true), ..interface(2, "b") }]), "interfaces[1]: has a second gateway for the same address family"),
        (with(|setup| setup.dns = vec![[1; 4].into(); 4]), "dns[3]: is one too many (max 3)"),
        (with(|setup| setup.search = vec!["a".into(); 7]), "search[6]: is one too many (max 6)"),
        (search(""), "search[1]: name must be 1 to 255 bytes, without spaces, `#` or control characters"),
        (search("a b"), "search[1]: name must be 1 to 255 bytes, without spaces, `#` or control characters"),
        (with(|setup| setup.hosts = vec![hosts(&["a"]).hosts.remove(0); 33]), "hosts[32]: is one too many (max 32)"),
        (hosts(&[]), "hosts[0]: name must be 1 to 255 bytes, without spaces, `#` or control characters"),
        (hosts(&["a"; 17]), "hosts[0]: is one too many (max 16)"),
        (hosts(&["a", "b#c"]), "hosts[0]: name must be 1 to 255 bytes, without spaces, `#` or control characters"),
        (rlimits(&many(17, |_| rlimit(RlimitResource::Cpu, 1, 1))), "rlimits[16]: is one too many (max 16)"),
        (rlimits(&[rlimit(RlimitResource::Cpu, 2, 1)]), "rlimits[0]: soft limit must not be above the hard limit"),
        (rlimits(&[rlimit(RlimitResource::As, 1, 1), rlimit(RlimitResource::As, 1, 2)]), "rlimits[1]: duplicates an earlier entry"),
        (clock(8_277_292_036, 0), "clock: must be before 2232-04-18, with fewer than 10^9 nanoseconds"),
        (clock(0, 1_000_000_000), "clock: must be before 2232-04-18, with fewer than 10^9 nanoseconds"),
    ];
    for (setup, text) in cases {
        let invalid = setup.validate().unwrap_err();
        assert_eq!(invalid.to_string(), text);
        assert_eq!(setup.encode(), Err(EncodeError::Invalid(invalid)), "{text}");
    }
}

#[test]
#[rustfmt::skip] // a line a case
fn what_is_at_a_bound_is_fine() {
    let long = |len| "x".repeat(len);
    let path = "/x".repeat(2047) + "x";
    let cases = [
        tag(&long(36)),
        tag("-._"),
        root(Root::Block { device: device(&long(20), Some(&long(32))), readonly: true }),
        mounts(&many(64, |n| tmpfs(&format!("/{n}")))),
        mounts(&[share(&path)]),
        mounts(&[share(&format!("/{}", long(255)))]),
        mounts(&[file(&long(255), "/a"), share("/ab"), share("/ab/c")]),
        mounts(&[file("...", "/a b\n")]),
        mounts(&[share("/proc/x"), share("/dev/shm"), share("/run"), share("/system")]),
        mounts(&[mount(MountSource::Tmpfs { size_mib: Some(1), mode: Some(0o7777) }, "/a")]),
        hostname(&long(64)),
        hostname("Größe_1"),
        interfaces(&many(8, |n| interface(n as u8, &format!("e{n}")))),
        interfaces(&[Interface { mtu: Some(68), ipv4: ipv4(32, true), ..interface(1, &long(15)) }, Interface { mtu: Some(1280), ipv6: ipv6(128, true), ..interface(2, "e.1") }]),
        with(|setup| setup.dns = vec![[1; 4].into(); 3]),
        with(|setup| setup.search = vec![long(253); 6]),
        hosts(&["a"; 16]),
        rlimits(&[rlimit(RlimitResource::Cpu, u64::MAX, u64::MAX), rlimit(RlimitResource::As, 0, 0)]),
        clock(8_277_292_035, 999_999_999),
    ];
    for setup in cases {
        assert_eq!(setup.validate(), Ok(()), "{setup:?}");
    }
}
