//! Each step that can fail, failing once: the report names it, the console too, and disks stay
//! clean.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use microsandbox_types::{
    BootStep, ConversationError, GuestReport, GuestSetup, HandOver, HandOverError, HandoffInit,
    HostsEntry, Interface, MountSource, Outcome, RlimitResource, Root, SetupRlimit, Upper,
    WallClock, hand_over,
};

use crate::launch::Vm;
use crate::launch::machine::{Device, Machine};
use crate::setups::{
    block, card, disk, folder, image, mac, mount, program, root, share, start, start_machine,
    tmpfs, virtiofs_root,
};
use crate::{INIT, Test, TestFn, kit};

pub const TESTS: &[(&str, TestFn)] = &[
    ("every_step_fails_once", every_step_fails_once),
    ("the_root_fails", the_root_fails),
    ("a_base_mount_fails", a_base_mount_fails),
    ("the_hostname_fails", the_hostname_fails),
    ("the_hosts_fail", the_hosts_fail),
    ("the_resolver_fails", the_resolver_fails),
    ("an_interface_fails", an_interface_fails),
    ("the_clock_fails", the_clock_fails),
    ("a_limit_fails", a_limit_fails),
    ("the_child_fails", the_child_fails),
    ("a_missing_disk_is_named", a_missing_disk_is_named),
    ("a_missing_share_is_named", a_missing_share_is_named),
    (
        "a_mount_through_a_link_hides_nothing",
        a_mount_through_a_link_hides_nothing,
    ),
    (
        "an_unknown_filesystem_is_named",
        an_unknown_filesystem_is_named,
    ),
    (
        "a_missing_interpreter_is_told_apart",
        a_missing_interpreter_is_told_apart,
    ),
    ("a_missing_library", a_missing_library),
    (
        "a_failed_boot_leaves_its_disks_clean",
        a_failed_boot_leaves_its_disks_clean,
    ),
];

/// The test in which each step fails, in the order of their numbers.
const STEPS: &[(BootStep, Option<&str>)] = &[
    (BootStep::Root, Some("the_root_fails")),
    (BootStep::Mount, Some("a_missing_disk_is_named")),
    (BootStep::Hostname, Some("the_hostname_fails")),
    (BootStep::Interface, Some("an_interface_fails")),
    (BootStep::Resolver, Some("the_resolver_fails")),
    (BootStep::Hosts, Some("the_hosts_fail")),
    (BootStep::Rlimit, Some("a_limit_fails")),
    (BootStep::Clock, Some("the_clock_fails")),
    (BootStep::Cwd, Some("reports_a_missing_cwd")),
    (BootStep::FindInit, Some("reports_a_missing_init")),
    (
        BootStep::CheckInit,
        Some("reports_an_init_that_is_not_executable"),
    ),
    (BootStep::Exec, Some("reports_an_init_that_is_no_program")),
    (
        BootStep::ExecInterpreter,
        Some("a_missing_interpreter_is_told_apart"),
    ),
    (BootStep::Memory, Some("the_child_fails")),
    (BootStep::BaseMounts, Some("a_base_mount_fails")),
    // Linux lets every process set it, and has no way to refuse since 3.5.
    (BootStep::NoNewPrivs, None),
];

const ENOENT: i32 = 2;
const ENXIO: i32 = 6;
const EAGAIN: i32 = 11;
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;
const EROFS: i32 = 30;
const ELOOP: i32 = 40;

/// The boot must fail at this step, with this place and errno, tell the console, and power off.
fn expect_failure(
    name: &str,
    devices: Vec<Device>,
    setup: &GuestSetup,
    expected: (BootStep, &str, i32),
) -> Test {
    expect_to_fail(start(name, devices)?, setup, expected)
}

fn expect_to_fail(mut vm: Vm, setup: &GuestSetup, expected: (BootStep, &str, i32)) -> Test {
    let init = HandoffInit::new(INIT);
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(setup), Some(&init)),
        |_| {},
    );
    match &outcome {
        Err(ConversationError::Boot(HandOverError::Failed {
            step,
            place,
            item,
            errno,
        })) if (*step, place.as_str(), *errno) == expected => expect_told(vm, *step, *item, *errno),
        other => Err(vm.explain(format!("{other:?}")).into()),
    }
}

/// The console must tell of the failure too, and the VM power off.
pub fn expect_told(mut vm: Vm, step: BootStep, item: u8, errno: i32) -> Test {
    let console = vm.wait_off()?;
    let start = format!("agent: cannot {step} {item} (");
    let end = format!("): errno {errno}");
    let tells = |line: &str| line.starts_with(&start) && line.ends_with(&end);
    if !console.lines().any(tells) {
        return Err(format!("no line {start}…{end} on the console:\n{console}").into());
    }
    Ok(())
}

fn every_step_fails_once() -> Test {
    let known = (1..).map(BootStep::from_u8);
    let known = known.take_while(|step| !matches!(step, BootStep::Other(_)));
    let listed: Vec<_> = STEPS.iter().map(|(step, _)| *step).collect();
    assert_eq!(listed, known.collect::<Vec<_>>());
    let names: Vec<_> = crate::TESTS
        .iter()
        .chain(TESTS)
        .map(|test| test.0)
        .collect();
    for test in STEPS.iter().filter_map(|(_, test)| *test) {
        assert!(names.contains(&test), "no test {test}");
    }
    Ok(())
}

/// As `expect_failure`, on a read-only root whose `/etc` is empty.
fn expect_failure_on_readonly(name: &str, setup: GuestSetup, step: BootStep) -> Test {
    let folder = root(name)?;
    for directory in ["dev", "proc", "run", "sys"] {
        fs::create_dir(folder.join(directory))?;
    }
    let image = image(&format!("{name}.img"), &folder)?;
    let setup = GuestSetup {
        root: readonly_disk(),
        ..setup
    };
    let devices = vec![disk("root", &image, true)];
    expect_failure(name, devices, &setup, (step, "", EROFS))
}

fn readonly_disk() -> Root<String> {
    Root::Block {
        device: block("root", Some("ext4")),
        readonly: true,
    }
}

fn the_root_fails() -> Test {
    let setup = GuestSetup {
        root: Root::Block {
            device: block("root", Some("nofs")),
            readonly: true,
        },
        ..GuestSetup::default()
    };
    let image = image("fail-root.img", &folder("fail-root")?)?;
    let devices = vec![disk("root", &image, true)];
    let expected = (BootStep::Root, "", ENODEV);
    expect_failure("fail-root", devices, &setup, expected)
}

/// A read-only root without `/dev`.
fn a_base_mount_fails() -> Test {
    let image = image("fail-base.img", &root("fail-base")?)?;
    let setup = GuestSetup {
        root: readonly_disk(),
        ..GuestSetup::default()
    };
    let devices = vec![disk("root", &image, true)];
    let expected = (BootStep::BaseMounts, "", EROFS);
    expect_failure("fail-base", devices, &setup, expected)
}

fn the_hostname_fails() -> Test {
    let setup = GuestSetup {
        hostname: Some("web-1".into()),
        ..GuestSetup::default()
    };
    expect_failure_on_readonly("fail-hostname", setup, BootStep::Hostname)
}

fn the_hosts_fail() -> Test {
    let setup = GuestSetup {
        hosts: vec![HostsEntry {
            address: IpAddr::from([10, 0, 2, 9]),
            names: vec!["db".into()],
        }],
        ..GuestSetup::default()
    };
    expect_failure_on_readonly("fail-hosts", setup, BootStep::Hosts)
}

fn the_resolver_fails() -> Test {
    let setup = GuestSetup {
        dns: vec![IpAddr::from([10, 0, 2, 3])],
        ..GuestSetup::default()
    };
    expect_failure_on_readonly("fail-resolver", setup, BootStep::Resolver)
}

/// A device has a largest packet, which the host cannot know.
fn an_interface_fails() -> Test {
    let interface = |last, mtu| Interface {
        mac: mac(last),
        name: format!("lan{last}"),
        mtu: Some(mtu),
        ipv4: None,
        ipv6: None,
    };
    let setup = GuestSetup {
        interfaces: vec![interface(1, 1400), interface(2, 100_000)],
        ..GuestSetup::default()
    };
    let expected = (BootStep::Interface, "interfaces[1] (lan2): ", EINVAL);
    expect_failure("fail-interface", vec![card(1), card(2)], &setup, expected)
}

/// Linux lets no clock be behind its own start.
fn the_clock_fails() -> Test {
    let setup = GuestSetup {
        clock: Some(WallClock {
            seconds: 0,
            nanoseconds: 0,
        }),
        ..GuestSetup::default()
    };
    let expected = (BootStep::Clock, "", EINVAL);
    expect_failure("fail-clock", Vec::new(), &setup, expected)
}

/// More files than `fs.nr_open` allows, which a mount hides.
fn a_limit_fails() -> Test {
    let limit = |resource, limit| SetupRlimit {
        resource,
        soft: limit,
        hard: limit,
    };
    let setup = GuestSetup {
        mounts: vec![mount(tmpfs(), "/proc/sys/fs")],
        rlimits: vec![
            limit(RlimitResource::Core, 0),
            limit(RlimitResource::Nofile, u64::MAX),
        ],
        ..GuestSetup::default()
    };
    let expected = (BootStep::Rlimit, "rlimits[1] (nofile): ", ENOENT);
    expect_failure("fail-limit", Vec::new(), &setup, expected)
}

/// The kernel itself has more threads than this.
fn the_child_fails() -> Test {
    let machine = Machine {
        kernel_arguments: "sysctl.kernel.threads-max=20".into(),
        ..Machine::default()
    };
    let vm = start_machine(kit()?, "fail-child", &machine)?;
    expect_to_fail(vm, &GuestSetup::default(), (BootStep::Memory, "", EAGAIN))
}

fn a_missing_disk_is_named() -> Test {
    let setup = GuestSetup {
        mounts: vec![
            mount(tmpfs(), "/tmp"),
            mount(MountSource::Block(block("m9", None)), "/data"),
        ],
        ..GuestSetup::default()
    };
    let expected = (BootStep::Mount, "mounts[1] (/data): ", ENXIO);
    expect_failure("no-disk", Vec::new(), &setup, expected)
}

fn a_missing_share_is_named() -> Test {
    let setup = GuestSetup {
        mounts: vec![mount(MountSource::Virtiofs { tag: "m9".into() }, "/data")],
        ..GuestSetup::default()
    };
    let other = share("m0", &folder("other-share")?, false);
    let expected = (BootStep::Mount, "mounts[0] (/data): ", ENXIO);
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
    let devices = vec![disk("m0", &image, true)];
    let expected = (BootStep::Mount, "mounts[0] (/data): ", ENODEV);
    expect_failure("unknown", devices, &setup, expected)
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
    let devices = vec![share("root", &root, false)];
    let expected = (BootStep::Mount, "mounts[1] (/b): ", ELOOP);
    expect_failure("linked", devices, &setup, expected)
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
            expect_told(vm, BootStep::ExecInterpreter, 0, ENOENT)
        }
        _ => Err(vm.explain(format!("{outcome:?} after {reports:?}")).into()),
    }
}

/// An init whose loader is there and whose library is not: the kernel has started it, and all that
/// the host sees is that the VM ends.
fn a_missing_library() -> Test {
    const LOADER: &str = "lib64/ld-linux-x86-64.so.2";
    let root = root("library-root")?;
    fs::create_dir(root.join("lib64"))?;
    fs::copy(Path::new("/").join(LOADER), root.join(LOADER))?;
    fs::copy("/bin/true", root.join("srv/dynamic"))?;
    let setup = GuestSetup {
        root: virtiofs_root(),
        ..GuestSetup::default()
    };
    let mut vm = start("library", vec![share("root", &root, false)])?;
    let init = HandoffInit::new("/srv/dynamic");
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(&setup), Some(&init)),
        |_| {},
    );
    if !matches!(outcome, Ok(Outcome::Started)) {
        return Err(vm.explain(format!("{outcome:?}")).into());
    }
    let console = vm.wait_off()?;
    if !console.contains("libc.so.6") {
        return Err(format!("the console does not say why:\n{console}").into());
    }
    Ok(())
}

/// With an init that is not there, on an overlay whose upper disk no path leads to, and a disk
/// beside it.
fn a_failed_boot_leaves_its_disks_clean() -> Test {
    let lower = image("clean-lower.img", &root("clean-lower")?)?;
    let upper = image("clean-upper.img", &folder("clean-upper")?)?;
    let data = image("clean-data.img", &folder("clean-data")?)?;
    let setup = GuestSetup {
        root: Root::Overlay {
            lower: block("root", None),
            upper: Upper::Block(block("upper", None)),
        },
        mounts: vec![mount(MountSource::Block(block("m0", None)), "/data")],
        hostname: Some("web-1".into()),
        ..GuestSetup::default()
    };
    let devices = vec![
        disk("root", &lower, true),
        disk("upper", &upper, false),
        disk("m0", &data, false),
    ];
    let mut vm = start("clean", devices)?;
    let init = HandoffInit::new("/srv/missing");
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(&setup), Some(&init)),
        |_| {},
    );
    if !matches!(
        outcome,
        Err(ConversationError::Boot(HandOverError::Failed {
            step: BootStep::FindInit,
            errno: ENOENT,
            ..
        }))
    ) {
        return Err(vm.explain(format!("{outcome:?}")).into());
    }
    vm.wait_off()?;
    for image in [&upper, &data] {
        let (mounts, needs_recovery) = superblock(image)?;
        // Else it would be clean for want of use.
        assert!(mounts > 0, "{} was not mounted", image.display());
        assert!(!needs_recovery, "{} needs recovery", image.display());
    }
    Ok(())
}

/// How often an ext4 image has been mounted, and whether its journal is to be replayed.
pub fn superblock(image: &Path) -> Result<(u16, bool), libtest_mimic::Failed> {
    let bytes = fs::read(image)?;
    let block = bytes.get(1024..2048).ok_or("no superblock")?;
    let mounts = u16::from_le_bytes([block[0x34], block[0x35]]);
    Ok((mounts, block[0x60] & 4 != 0))
}
