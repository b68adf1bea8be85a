//! Setups over real boots: every part of one, seen from inside the guest, and what fails.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Failed;
use microsandbox_types::{
    BlockDevice, GuestSetup, HandOver, HandoffInit, HostsEntry, Interface, IpNet, Mount,
    MountFlags, MountSource, Outcome, RlimitResource, Root, SetupRlimit, Then, Upper, WallClock,
    hand_over,
};

use crate::failures::superblock;
use crate::launch::machine::{Device, Machine};
use crate::launch::share::Shared;
use crate::launch::{File, Kit, Vm};
use crate::{INIT, TIMEOUT, Test, TestFn, kit};

pub const TESTS: &[(&str, TestFn)] = &[
    (
        "every_part_is_seen_from_inside",
        every_part_is_seen_from_inside,
    ),
    (
        "mounts_stand_in_place_of_what_is_there",
        mounts_stand_in_place_of_what_is_there,
    ),
    ("a_disk_is_the_root", a_disk_is_the_root),
    ("an_overlay_is_the_root", an_overlay_is_the_root),
    (
        "interfaces_are_found_by_address",
        interfaces_are_found_by_address,
    ),
    ("an_agent_stays", an_agent_stays),
];

/// A folder of the host that a test owns.
pub fn folder(name: &str) -> Result<PathBuf, Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A root filesystem with the test init.
pub fn root(name: &str) -> Result<PathBuf, Failed> {
    let root = folder(name)?;
    for directory in ["sbin", "srv", "etc"] {
        fs::create_dir(root.join(directory))?;
    }
    program(&root.join("sbin/init"), &kit()?.test_init)?;
    Ok(root)
}

pub fn program(path: &Path, bytes: &[u8]) -> Test {
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// An ext4 image with the files of `folder`.
pub fn image(name: &str, folder: &Path) -> Result<PathBuf, Failed> {
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&image);
    let made = Command::new("mke2fs")
        .args(["-q", "-t", "ext4", "-d"])
        .args([folder, &image])
        .arg("16M")
        .output()?;
    if made.status.success() {
        Ok(image)
    } else {
        Err(format!("mke2fs: {made:?}").into())
    }
}

pub fn share(tag: &str, folder: &Path, readonly: bool) -> Device {
    Device::Share {
        tag: tag.into(),
        shared: Shared::Folder(folder.into()),
        readonly,
    }
}

pub fn disk(serial: &str, image: &Path, readonly: bool) -> Device {
    Device::Disk {
        serial: serial.into(),
        image: image.into(),
        format: "raw",
        readonly,
    }
}

pub fn card(last: u8) -> Device {
    Device::Network {
        mac: mac(last),
        forwards: Vec::new(),
    }
}

pub fn mac(last: u8) -> [u8; 6] {
    [0x52, 0x54, 0, 0, 0, last]
}

pub fn virtiofs_root() -> Root<String> {
    Root::Virtiofs {
        tag: "root".into(),
        readonly: false,
    }
}

pub fn mount(source: MountSource<String>, guest: &str) -> Mount<String> {
    Mount {
        source,
        guest: guest.into(),
        flags: MountFlags::default(),
    }
}

pub fn tmpfs() -> MountSource<String> {
    MountSource::Tmpfs {
        size_mib: Some(16),
        mode: None,
    }
}

pub fn block(serial: &str, fstype: Option<&str>) -> BlockDevice<String> {
    BlockDevice {
        serial: serial.into(),
        fstype: fstype.map(Into::into),
    }
}

/// A VM with these devices, whose initramfs has the test init too.
pub fn start(name: &str, devices: Vec<Device>) -> Result<Vm, Failed> {
    let machine = Machine {
        devices,
        ..Machine::default()
    };
    start_machine(kit()?, name, &machine)
}

pub fn start_machine(kit: &Kit, name: &str, machine: &Machine) -> Result<Vm, Failed> {
    let devices = &machine.devices;
    let mut sets: Vec<_> = devices.iter().map(Device::modules).collect();
    sets.extend(["disk", "overlay"]);
    sets.sort_unstable();
    sets.dedup();
    let initramfs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.cpio"));
    let files = [
        File::directory("sbin"),
        File::program("sbin/init", &kit.test_init),
    ];
    kit.write_initramfs(&initramfs, &sets, &files)?;
    Ok(Vm::start(kit, &initramfs, machine, TIMEOUT)?)
}

/// An init that writes these files.
pub fn reads(paths: &[&str]) -> HandoffInit {
    let init = HandoffInit::new(INIT).arg("try");
    paths
        .iter()
        .fold(init, |init, path| init.arg("read").arg(*path))
}

/// `init`, which then does this too, each a verb and what it is about.
pub fn tries(init: HandoffInit, verbs: &[(&str, &str)]) -> HandoffInit {
    verbs
        .iter()
        .fold(init, |init, (verb, what)| init.arg(*verb).arg(*what))
}

/// Boots, and returns what the init wrote.
pub fn boot(vm: &mut Vm, setup: &GuestSetup, init: &HandoffInit) -> Result<String, Failed> {
    match hand_over(
        &mut vm.agent,
        HandOver::new(Some(setup), Some(init)),
        |_| {},
    ) {
        Ok(Outcome::Started) => Ok(vm.read_init()?),
        other => Err(vm.explain(format!("{other:?}")).into()),
    }
}

pub fn expect_lines(text: &str, lines: &[&str]) -> Test {
    match lines.iter().find(|line| !text.contains(**line)) {
        Some(line) => Err(format!("no {line:?} in\n{text}").into()),
        None => Ok(()),
    }
}

/// The mounts of a guest, by their paths: their flags, and those and the source of the filesystem.
fn mount_of<'t>(text: &'t str, path: &str) -> Result<&'t str, Failed> {
    let is_on = |line: &&str| line.split(' ').nth(5) == Some(path);
    let lines = text
        .lines()
        .filter(|line| line.starts_with("/proc/self/mountinfo: "));
    lines
        .rev()
        .find(is_on)
        .ok_or_else(|| format!("no mount on {path}:\n{text}").into())
}

fn expect_mount(text: &str, path: &str, words: &[&str]) -> Test {
    let mount = mount_of(text, path)?;
    let has = |word: &&str| mount.split([' ', ',']).any(|part| part == *word);
    match words.iter().find(|word| !has(word)) {
        Some(word) => Err(format!("no {word} in {mount}").into()),
        None => Ok(()),
    }
}

fn every_part_is_seen_from_inside() -> Test {
    let root = root("whole-root")?;
    std::os::unix::fs::symlink("../run/elsewhere/resolv.conf", root.join("etc/resolv.conf"))?;
    let data = folder("whole-data")?;
    fs::write(data.join("hello"), "from the host\n")?;
    let secrets = folder("whole-secrets")?;
    fs::write(secrets.join("app.conf"), "colour = green\n")?;
    fs::write(secrets.join("sibling"), "not for the guest\n")?;
    let cache = image("whole-cache.img", &data)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let setup = GuestSetup {
        then: Then::Handoff,
        root: virtiofs_root(),
        mounts: vec![
            Mount {
                flags: MountFlags {
                    readonly: true,
                    ..MountFlags::default()
                },
                ..mount(MountSource::Virtiofs { tag: "m0".into() }, "/data")
            },
            Mount {
                flags: MountFlags {
                    noexec: true,
                    ..MountFlags::default()
                },
                ..mount(tmpfs(), "/tmp")
            },
            mount(
                MountSource::VirtiofsFile {
                    tag: "m1".into(),
                    file: "file".into(),
                },
                "/etc/app.conf",
            ),
            mount(MountSource::Block(block("m2", None)), "/var/cache/app"),
        ],
        hostname: Some("web-1".into()),
        interfaces: vec![Interface {
            mac: mac(1),
            name: "lan0".into(),
            mtu: Some(1400),
            ipv4: Some(IpNet {
                address: Ipv4Addr::new(10, 0, 2, 15),
                prefix: 24,
                gateway: Some(Ipv4Addr::new(10, 0, 2, 2)),
            }),
            ipv6: Some(IpNet {
                address: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 5),
                prefix: 64,
                gateway: None,
            }),
        }],
        dns: vec![IpAddr::from([10, 0, 2, 3])],
        search: vec!["example.org".into()],
        hosts: vec![HostsEntry {
            address: IpAddr::from([10, 0, 2, 9]),
            names: vec!["db".into(), "db.example.org".into()],
        }],
        rlimits: vec![SetupRlimit {
            resource: RlimitResource::Nofile,
            soft: 3000,
            hard: 4000,
        }],
        restricted: true,
        clock: Some(WallClock {
            // A year ahead, which no clock of the VM would say.
            seconds: now.as_secs() + 365 * 24 * 3600,
            nanoseconds: 0,
        }),
    };
    let file = Device::Share {
        tag: "m1".into(),
        shared: Shared::File {
            path: secrets.join("app.conf"),
            name: "file".into(),
        },
        readonly: true,
    };
    let devices = vec![
        share("root", &root, false),
        // In another order than the setup's.
        disk("m2", &cache, false),
        file,
        share("m0", &data, true),
        card(1),
    ];
    let mut vm = start("whole", devices)?;
    let init = tries(
        reads(&[
            "/proc/self/mountinfo",
            "/proc/sys/kernel/hostname",
            "/etc/hostname",
            "/etc/hosts",
            "/etc/resolv.conf",
            "/etc/app.conf",
            "/data/hello",
            "/var/cache/app/hello",
            "/proc/self/limits",
            "/proc/self/status",
            "/proc/net/route",
            "/proc/net/fib_trie",
            "/proc/net/if_inet6",
            "/sys/class/net/lan0/mtu",
            "/sys/class/net/lo/operstate",
            "/proc/stat",
        ]),
        &[
            // What is read-only in the device stays so, whatever the guest does to the mount.
            ("remount", "/data"),
            ("write", "/data/new"),
            // The share of one file has nothing else, and takes nothing else.
            ("mount", "m1"),
            ("list", "/srv"),
            ("write", "/srv/new"),
            ("write", "/srv/file"),
            // An address that were still being probed for would be refused.
            ("bind", "fd00::5"),
        ],
    );
    let text = boot(&mut vm, &setup, &init)?;
    expect_lines(
        &text,
        &[
            "/proc/sys/kernel/hostname: web-1\n",
            "/etc/hostname: web-1\n",
            "localhost",
            "10.0.2.9",
            "db.example.org",
            "nameserver 10.0.2.3\n",
            "search example.org\n",
            "/etc/app.conf: colour = green\n",
            "/data/hello: from the host\n",
            "/var/cache/app/hello: from the host\n",
            "Max open files            3000                 4000",
            "NoNewPrivs:\\t1",
            // The default route, by way of 10.0.2.2.
            "lan0\\t00000000\\t0202000A",
            "10.0.2.15",
            "127.0.0.1",
            "fd000000000000000000000000000005",
            "/sys/class/net/lan0/mtu: 1400\n",
            "write /data/new: errno 30\n",
            "mount m1: ok\n",
            "/srv: file\n",
            "write /srv/new: errno 30\n",
            "write /srv/file: errno 30\n",
            "bind fd00::5: ok\n",
        ],
    )?;
    let names = text.lines().filter(|line| line.starts_with("/srv: "));
    // Itself, its parent and the file.
    assert_eq!(names.count(), 3, "{text}");
    assert!(!text.contains("not for the guest"), "{text}");
    expect_mount(&text, "/", &["virtiofs", "rw"])?;
    expect_mount(&text, "/data", &["virtiofs", "ro", "nosuid", "nodev"])?;
    expect_mount(
        &text,
        "/tmp",
        &["tmpfs", "noexec", "nosuid", "nodev", "size=16384k"],
    )?;
    expect_mount(&text, "/etc/app.conf", &["virtiofs", "nosuid", "nodev"])?;
    expect_mount(&text, "/var/cache/app", &["ext4", "rw", "nosuid", "nodev"])?;
    for path in ["/proc", "/sys"] {
        expect_mount(&text, path, &["nosuid", "nodev", "noexec"])?;
    }
    expect_mount(&text, "/dev", &["devtmpfs", "nosuid"])?;
    expect_mount(&text, "/run", &["tmpfs", "mode=755"])?;
    let booted = text
        .lines()
        .find_map(|line| line.strip_prefix("/proc/stat: btime "))
        .and_then(|seconds| seconds.parse::<u64>().ok())
        .ok_or("no btime")?;
    assert!(
        booted > now.as_secs() + 364 * 24 * 3600,
        "the clock was not set: {booted}"
    );
    // The user's folder is not written through.
    assert!(!root.join("etc/hosts").exists() || fs::read(root.join("etc/hosts"))?.is_empty());
    Ok(())
}

/// In place of the agent's own mounts and files, and on paths that are not there, with limits that
/// would stop an agent that they bound. The disk has not been unmounted the last time, and nobody
/// may replay its journal.
fn mounts_stand_in_place_of_what_is_there() -> Test {
    let root = root("places-root")?;
    let files = folder("places-files")?;
    fs::write(files.join("hosts"), "10.9.8.7 mine\n")?;
    fs::write(files.join("hello"), "from the disk\n")?;
    let dirty = image("places-dirty.img", &files)?;
    mark_dirty(&dirty)?;
    let before = fs::read(&dirty)?;
    let readonly = |mount: Mount<String>| Mount {
        flags: MountFlags {
            readonly: true,
            ..MountFlags::default()
        },
        ..mount
    };
    let limit = |resource, soft, hard| SetupRlimit {
        resource,
        soft,
        hard,
    };
    let hosts = MountSource::VirtiofsFile {
        tag: "m1".into(),
        file: "file".into(),
    };
    let setup = GuestSetup {
        root: virtiofs_root(),
        mounts: vec![
            mount(tmpfs(), "/run"),
            mount(tmpfs(), "/dev/shm"),
            mount(hosts, "/etc/hosts"),
            mount(tmpfs(), "/run/made"),
            readonly(mount(
                MountSource::Block(block("m4", None)),
                "/not/there/yet",
            )),
        ],
        hostname: Some("web-1".into()),
        rlimits: vec![
            limit(RlimitResource::Stack, 128 << 10, 8 << 20),
            limit(RlimitResource::As, 16 << 20, 16 << 20),
            limit(RlimitResource::Fsize, 0, 0),
            limit(RlimitResource::Nofile, 8, 8),
        ],
        ..GuestSetup::default()
    };
    let hosts = Device::Share {
        tag: "m1".into(),
        shared: Shared::File {
            path: files.join("hosts"),
            name: "file".into(),
        },
        readonly: false,
    };
    let devices = vec![share("root", &root, false), hosts, disk("m4", &dirty, true)];
    let mut vm = start("places", devices)?;
    let text = boot(
        &mut vm,
        &setup,
        &reads(&[
            "/proc/self/mountinfo",
            "/etc/hosts",
            "/etc/hostname",
            "/not/there/yet/hello",
            "/proc/self/limits",
        ]),
    )?;
    expect_lines(
        &text,
        &[
            "/etc/hosts: 10.9.8.7 mine\n",
            "/etc/hostname: web-1\n",
            "/not/there/yet/hello: from the disk\n",
            "Max stack size            131072               8388608",
            "Max address space         16777216             16777216",
            "Max file size             0                    0",
            "Max open files            8                    8",
        ],
    )?;
    assert!(!text.contains("localhost"), "{text}");
    for path in ["/run", "/dev/shm", "/run/made"] {
        expect_mount(&text, path, &["tmpfs", "size=16384k"])?;
    }
    expect_mount(&text, "/not/there/yet", &["ext4", "ro"])?;
    // In place of them, not above them.
    for path in ["/run", "/dev/shm"] {
        let on = |line: &&str| line.split(' ').nth(5) == Some(path);
        let count = text.lines().filter(on).count();
        assert_eq!(count, 1, "mounts on {path}:\n{text}");
    }
    vm.init.close()?;
    vm.wait_off()?;
    assert!(fs::read(&dirty)? == before, "the disk was written to");
    Ok(())
}

/// Sets what ext4 sets while it is mounted: its journal is to be replayed.
fn mark_dirty(image: &Path) -> Test {
    let made = Command::new("debugfs")
        .args(["-w", "-R", "feature needs_recovery"])
        .arg(image)
        .output()?;
    let (_, needs_recovery) = superblock(image)?;
    assert!(needs_recovery, "{made:?}");
    Ok(())
}

fn a_disk_is_the_root() -> Test {
    let root = root("disk-root")?;
    // A read-only root has to have what is mounted on.
    for directory in ["dev", "proc", "run", "sys"] {
        fs::create_dir(root.join(directory))?;
    }
    let image = image("disk-root.img", &root)?;
    let setup = GuestSetup {
        root: Root::Block {
            device: block("root", Some("ext4")),
            readonly: true,
        },
        ..GuestSetup::default()
    };
    let mut vm = start("disk", vec![disk("root", &image, true)])?;
    let text = boot(&mut vm, &setup, &reads(&["/proc/self/mountinfo"]))?;
    expect_mount(&text, "/", &["ext4", "ro"])
}

fn an_overlay_is_the_root() -> Test {
    let image = image("overlay-root.img", &root("overlay-root")?)?;
    let before = fs::read(&image)?;
    let setup = GuestSetup {
        root: Root::Overlay {
            lower: block("root", None),
            upper: Upper::Tmpfs { size_mib: Some(16) },
        },
        mounts: vec![mount(tmpfs(), "/made/by/the/agent")],
        ..GuestSetup::default()
    };
    let mut vm = start("overlay", vec![disk("root", &image, true)])?;
    let text = boot(&mut vm, &setup, &reads(&["/proc/self/mountinfo"]))?;
    expect_mount(&text, "/", &["overlay", "rw"])?;
    vm.init.close()?;
    vm.wait_off()?;
    assert!(
        fs::read(&image)? == before,
        "the lower image was written to"
    );
    Ok(())
}

/// The kernel would name them the other way round.
fn interfaces_are_found_by_address() -> Test {
    let interface = |last, name: &str| Interface {
        mac: mac(last),
        name: name.into(),
        mtu: None,
        ipv4: None,
        ipv6: None,
    };
    let setup = GuestSetup {
        root: virtiofs_root(),
        interfaces: vec![interface(2, "eth0"), interface(1, "eth1")],
        ..GuestSetup::default()
    };
    let devices = vec![
        share("root", &root("swapped-root")?, false),
        card(1),
        card(2),
    ];
    let mut vm = start("swapped", devices)?;
    let paths = ["/sys/class/net/eth0/address", "/sys/class/net/eth1/address"];
    let text = boot(&mut vm, &setup, &reads(&paths))?;
    let lines = [
        format!("{}: 52:54:00:00:00:02", paths[0]),
        format!("{}: 52:54:00:00:00:01", paths[1]),
    ];
    expect_lines(&text, &[&lines[0], &lines[1]])
}

fn an_agent_stays() -> Test {
    let setup = GuestSetup {
        then: Then::Stay,
        hostname: Some("stays".into()),
        ..GuestSetup::default()
    };
    let mut vm = start("stays", Vec::new())?;
    let outcome = hand_over(&mut vm.agent, HandOver::new(Some(&setup), None), |_| {});
    match outcome {
        Ok(Outcome::SetUp) => Ok(()),
        other => Err(vm.explain(format!("{other:?}")).into()),
    }
}
