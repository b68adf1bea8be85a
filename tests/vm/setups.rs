//! Setups over real boots: every part of one, seen from inside the guest, and what fails.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Failed;
use microsandbox_types::{
    BlockDevice, BootStep, GuestReport, GuestSetup, HandOver, HandoffInit, HostsEntry, Interface,
    IpNet, Mount, MountFlags, MountSource, Outcome, RlimitResource, Root, SetupRlimit, Then, Upper,
    WallClock, hand_over,
};

use crate::launch::Vm;
use crate::launch::machine::{Device, Machine};
use crate::launch::share::Shared;
use crate::{INIT, TIMEOUT, Test, TestFn, expect_ready, expect_report, kit};

pub const TESTS: &[(&str, TestFn)] = &[
    (
        "every_part_is_seen_from_inside",
        every_part_is_seen_from_inside,
    ),
    ("a_disk_is_the_root", a_disk_is_the_root),
    ("an_overlay_is_the_root", an_overlay_is_the_root),
    (
        "interfaces_are_found_by_address",
        interfaces_are_found_by_address,
    ),
    ("an_agent_stays", an_agent_stays),
    ("a_second_setup_is_refused", a_second_setup_is_refused),
    ("a_missing_disk_is_named", a_missing_disk_is_named),
    ("a_missing_share_is_named", a_missing_share_is_named),
    (
        "an_unknown_filesystem_is_named",
        an_unknown_filesystem_is_named,
    ),
    (
        "a_mount_through_a_link_hides_nothing",
        a_mount_through_a_link_hides_nothing,
    ),
    (
        "a_missing_interpreter_is_told_apart",
        a_missing_interpreter_is_told_apart,
    ),
    (
        "a_host_of_generation_1_hears_its_own_reports",
        a_host_of_generation_1_hears_its_own_reports,
    ),
];

/// A folder of the host that a test owns.
fn folder(name: &str) -> Result<PathBuf, Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A root filesystem with the test init.
fn root(name: &str) -> Result<PathBuf, Failed> {
    let root = folder(name)?;
    for directory in ["sbin", "srv", "etc"] {
        fs::create_dir(root.join(directory))?;
    }
    program(&root.join("sbin/init"), &kit()?.test_init)?;
    Ok(root)
}

fn program(path: &Path, bytes: &[u8]) -> Test {
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// An ext4 image with the files of `folder`.
fn image(name: &str, folder: &Path) -> Result<PathBuf, Failed> {
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&image);
    let made = Command::new("mke2fs")
        .args(["-q", "-t", "ext4", "-d"])
        .args([folder, &image])
        .arg("16M")
        .status()?;
    if made.success() {
        Ok(image)
    } else {
        Err(format!("mke2fs: {made}").into())
    }
}

fn share(tag: &str, folder: &Path, readonly: bool) -> Device {
    Device::Share {
        tag: tag.into(),
        shared: Shared::Folder(folder.into()),
        readonly,
    }
}

fn disk(serial: &str, image: &Path, readonly: bool) -> Device {
    Device::Disk {
        serial: serial.into(),
        image: image.into(),
        format: "raw",
        readonly,
    }
}

fn card(last: u8) -> Device {
    Device::Network {
        mac: mac(last),
        forwards: Vec::new(),
    }
}

fn mac(last: u8) -> [u8; 6] {
    [0x52, 0x54, 0, 0, 0, last]
}

fn virtiofs_root() -> Root<String> {
    Root::Virtiofs {
        tag: "root".into(),
        readonly: false,
    }
}

fn mount(source: MountSource<String>, guest: &str) -> Mount<String> {
    Mount {
        source,
        guest: guest.into(),
        flags: MountFlags::default(),
    }
}

fn tmpfs() -> MountSource<String> {
    MountSource::Tmpfs {
        size_mib: Some(16),
        mode: None,
    }
}

fn block(serial: &str, fstype: Option<&str>) -> BlockDevice<String> {
    BlockDevice {
        serial: serial.into(),
        fstype: fstype.map(Into::into),
    }
}

fn start(name: &str, devices: Vec<Device>) -> Result<Vm, Failed> {
    let mut sets: Vec<_> = devices.iter().map(Device::modules).collect();
    sets.push("overlay");
    sets.sort_unstable();
    sets.dedup();
    let initramfs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.cpio"));
    kit()?.write_initramfs(&initramfs, &sets, &[])?;
    let machine = Machine {
        devices,
        ..Machine::default()
    };
    Ok(Vm::start(kit()?, &initramfs, &machine, TIMEOUT)?)
}

/// An init that writes these files.
fn reads(paths: &[&str]) -> HandoffInit {
    let init = HandoffInit::new(INIT).arg("read");
    paths.iter().fold(init, |init, path| init.arg(*path))
}

/// Boots, and returns what the init wrote.
fn boot(vm: &mut Vm, setup: &GuestSetup, init: &HandoffInit) -> Result<String, Failed> {
    match hand_over(
        &mut vm.agent,
        HandOver::new(Some(setup), Some(init)),
        |_| {},
    ) {
        Ok(Outcome::Started) => Ok(vm.read_init()?),
        other => Err(vm.explain(format!("{other:?}")).into()),
    }
}

fn expect_lines(text: &str, lines: &[&str]) -> Test {
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
    let text = boot(
        &mut vm,
        &setup,
        &reads(&[
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
    )?;
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
        ],
    )?;
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

fn a_disk_is_the_root() -> Test {
    let image = image("disk-root.img", &root("disk-root")?)?;
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

fn a_second_setup_is_refused() -> Test {
    let frame = GuestSetup::default().encode()?;
    let mut vm = start("twice", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.write_all(&frame)?;
    expect_report(&mut vm, GuestReport::SetUp)?;
    vm.agent.write_all(&frame)?;
    expect_report(
        &mut vm,
        GuestReport::Refused {
            reason: 4,
            offset: 4,
        },
    )?;
    vm.wait_off().map(|_| ()).map_err(Into::into)
}

/// The guest must fail with this text, tell the console, and power off.
fn expect_failure(name: &str, devices: Vec<Device>, setup: &GuestSetup, expected: &str) -> Test {
    let mut vm = start(name, devices)?;
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(setup), Some(&HandoffInit::new(INIT))),
        |_| {},
    );
    let error = outcome.err().ok_or("the guest booted")?;
    if error.to_string() != expected {
        return Err(vm.explain(format!("{error} instead of {expected}")).into());
    }
    let console = vm.wait_off()?;
    if !console.contains("agent: ") {
        return Err(format!("nothing on the console:\n{console}").into());
    }
    Ok(())
}

fn a_missing_disk_is_named() -> Test {
    let setup = GuestSetup {
        mounts: vec![
            mount(tmpfs(), "/tmp"),
            mount(MountSource::Block(block("m9", None)), "/data"),
        ],
        ..GuestSetup::default()
    };
    let expected = "mounts[1] (/data): cannot mount: ENXIO, no such device or address";
    expect_failure("no-disk", Vec::new(), &setup, expected)
}

fn a_missing_share_is_named() -> Test {
    let setup = GuestSetup {
        mounts: vec![mount(MountSource::Virtiofs { tag: "m9".into() }, "/data")],
        ..GuestSetup::default()
    };
    let other = share("m0", &folder("other-share")?, false);
    let expected = "mounts[0] (/data): cannot mount: EINVAL, invalid argument";
    expect_failure("no-share", vec![other], &setup, expected)
}

fn an_unknown_filesystem_is_named() -> Test {
    let image = image("unknown.img", &folder("unknown")?)?;
    let setup = GuestSetup {
        mounts: vec![mount(
            MountSource::Block(block("m0", Some("nofs"))),
            "/data",
        )],
        ..GuestSetup::default()
    };
    let expected = "mounts[0] (/data): cannot mount: ENODEV, no such device";
    expect_failure("unknown", vec![disk("m0", &image, true)], &setup, expected)
}

fn a_mount_through_a_link_hides_nothing() -> Test {
    let root = root("linked-root")?;
    fs::create_dir(root.join("a"))?;
    std::os::unix::fs::symlink("a", root.join("b"))?;
    let setup = GuestSetup {
        root: virtiofs_root(),
        mounts: vec![mount(tmpfs(), "/a"), mount(tmpfs(), "/b")],
        ..GuestSetup::default()
    };
    let expected = "mounts[1] (/b): cannot mount: ELOOP, too many levels of symbolic links";
    expect_failure(
        "linked",
        vec![share("root", &root, false)],
        &setup,
        expected,
    )
}

fn a_missing_interpreter_is_told_apart() -> Test {
    let root = root("script-root")?;
    program(&root.join("srv/script"), b"#!/bin/missing\n")?;
    let setup = GuestSetup {
        root: virtiofs_root(),
        ..GuestSetup::default()
    };
    let mut vm = start("script", vec![share("root", &root, false)])?;
    let init = HandoffInit::new("/srv/script");
    let mut reports = Vec::new();
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(&setup), Some(&init)),
        |report| reports.push(*report),
    );
    let expected = GuestReport::Failed {
        step: BootStep::ExecInterpreter,
        item: 0,
        errno: 2,
    };
    match (&outcome, reports.as_slice()) {
        (Err(error), [_, GuestReport::SetUp, GuestReport::Accepted, last]) if *last == expected => {
            let text = error.to_string();
            assert!(text.contains("interpreter or loader is missing"), "{text}");
            Ok(())
        }
        _ => Err(vm.explain(format!("{outcome:?} after {reports:?}")).into()),
    }
}

fn a_host_of_generation_1_hears_its_own_reports() -> Test {
    let missing = HandoffInit::new("/srv/missing");
    let mut frame = missing.encode()?;
    // What a writer of generation 1 would have written.
    frame[5] = 1;
    let summed = frame.len() - 8;
    let checksum = twox_hash::XxHash64::oneshot(0, &frame[..summed]);
    frame[summed..].copy_from_slice(&checksum.to_le_bytes());
    let mut vm = start("first-generation", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.write_all(&frame)?;
    expect_report(&mut vm, GuestReport::ExecFailed { errno: 2 })?;
    vm.wait_off().map(|_| ()).map_err(Into::into)
}
