//! Hosts and guests that are older, slower or gone.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use microsandbox_types::{
    EncodeError, ExecLimits, GuestReport, GuestSetup, HandOver, HandOverError, HandoffInit,
    MessageField, MessageRule, MountSource, Outcome, RlimitResource, SetupRlimit, hand_over,
};
use twox_hash::XxHash64;

use crate::launch::Vm;
use crate::launch::machine::Machine;
use crate::setups::{block, folder, image, mount, start, start_machine, tmpfs};
use crate::{
    INIT, Test, TestFn, account, expect_ready, expect_report, expect_same, filled_to, kit,
};

pub const TESTS: &[(&str, TestFn)] = &[
    ("a_second_setup_is_refused", a_second_setup_is_refused),
    (
        "a_host_of_generation_1_hears_its_own_reports",
        a_host_of_generation_1_hears_its_own_reports,
    ),
    (
        "a_host_of_generation_1_hears_of_failures",
        a_host_of_generation_1_hears_of_failures,
    ),
    ("an_agent_of_generation_1", an_agent_of_generation_1),
    (
        "the_limit_is_met_with_the_guests_facts",
        the_limit_is_met_with_the_guests_facts,
    ),
    (
        "a_large_handoff_waits_for_a_late_disk",
        a_large_handoff_waits_for_a_late_disk,
    ),
    ("a_host_that_goes_after_ready", a_host_that_goes_after_ready),
    (
        "a_host_that_goes_during_the_setup",
        a_host_that_goes_during_the_setup,
    ),
];

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

/// What a writer of generation 1 would have written.
fn first_generation(handoff: &HandoffInit) -> Result<Vec<u8>, Failed> {
    let mut frame = handoff.encode()?;
    frame[5] = 1;
    let summed = frame.len() - 8;
    let checksum = XxHash64::oneshot(0, &frame[..summed]);
    frame[summed..].copy_from_slice(&checksum.to_le_bytes());
    Ok(frame)
}

/// Up to the end of the stream, there must be nothing but a report of generation 1.
fn a_host_of_generation_1_hears_its_own_reports() -> Test {
    let handoff = HandoffInit::new(INIT).arg("old host").env("A", "b");
    let mut vm = start("old-host", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.write_all(&first_generation(&handoff)?)?;
    let mut accepted = [0; 25];
    vm.agent.read_exact(&mut accepted)?;
    // A report that generation 1 can read, of one byte.
    assert_eq!(accepted[4], 2, "{accepted:?}");
    assert_eq!(accepted[6..12], [1, 0, 1, 0, 0, 0], "{accepted:?}");
    let report = GuestReport::read_from(accepted.as_slice())?;
    assert_eq!(report, GuestReport::Accepted);
    expect_same(&vm.read_init()?, &account(INIT, &handoff))?;
    vm.init.close()?;
    vm.wait_off()?;
    let mut rest = Vec::new();
    vm.agent.read_to_end(&mut rest)?;
    assert!(rest.is_empty(), "{rest:?} after `Accepted`");
    Ok(())
}

fn a_host_of_generation_1_hears_of_failures() -> Test {
    let missing = HandoffInit::new("/srv/missing");
    let mut vm = start("old-host-failure", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.write_all(&first_generation(&missing)?)?;
    expect_report(&mut vm, GuestReport::ExecFailed { errno: 2 })?;
    vm.wait_off().map(|_| ()).map_err(Into::into)
}

/// An agent of generation 1, as commit 17d28a9 builds it: what is out there is never rebuilt.
const FIRST_AGENT: &[u8] = include_bytes!("agent-generation-1");

fn an_agent_of_generation_1() -> Test {
    let mut kit = kit()?.clone();
    kit.agent = FIRST_AGENT.into();
    let handoff = HandoffInit::new(INIT).arg("old guest").env("A", "b");
    let mut vm = start_machine(&kit, "old-guest", &Machine::default())?;
    let mut reports = Vec::new();
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(None, Some(&handoff)),
        |report| reports.push(*report),
    );
    if !matches!(outcome, Ok(Outcome::Accepted)) {
        return Err(vm.explain(format!("{outcome:?} after {reports:?}")).into());
    }
    expect_same(&vm.read_init()?, &account(INIT, &handoff))?;
    // What needs a newer one is not sent to it.
    let setup = GuestSetup {
        mounts: vec![mount(tmpfs(), "/tmp")],
        ..GuestSetup::default()
    };
    let mut boot = HandOver::new(Some(&setup), Some(&handoff));
    let ready = *reports.first().ok_or("no report")?;
    match boot.on_report(ready) {
        Err(HandOverError::GuestTooOld { generation: 1, .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn stack(soft: u64) -> SetupRlimit {
    SetupRlimit {
        resource: RlimitResource::Stack,
        soft,
        hard: u64::MAX,
    }
}

/// A byte more would be `E2BIG`, which the host knows from `Ready` and from the stack limit that it
/// sets.
fn the_limit_is_met_with_the_guests_facts() -> Test {
    let setup = GuestSetup {
        rlimits: vec![stack(1 << 20)],
        ..GuestSetup::default()
    };
    // HOME=/ and TERM=linux take 8 + 7 and 8 + 11 bytes.
    let total = usize::try_from(ExecLimits::new(4096, 1 << 20).max_total_bytes())? - 34;
    let handoff = filled_to(HandoffInit::new(INIT), total);
    let mut vm = start("to-the-byte", Vec::new())?;
    let mut reports = Vec::new();
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(&setup), Some(&handoff)),
        |report| reports.push(*report),
    );
    if !matches!(outcome, Ok(Outcome::Started)) {
        return Err(vm.explain(format!("{outcome:?} after {reports:?}")).into());
    }
    expect_same(&vm.read_init()?, &account(INIT, &handoff))?;
    let over = filled_to(HandoffInit::new(INIT), total + 1);
    let mut boot = HandOver::new(Some(&setup), Some(&over));
    let ready = *reports.first().ok_or("no report")?;
    match boot.on_report(ready).map(|_| "sent") {
        Err(HandOverError::Encode(EncodeError::Invalid(invalid)))
            if invalid.field == MessageField::Message
                && matches!(invalid.rule, MessageRule::TotalTooLarge { .. }) =>
        {
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

/// Four megabytes are under way while the agent waits for a disk that is plugged in only then.
fn a_large_handoff_waits_for_a_late_disk() -> Test {
    let image = image("late.img", &folder("late")?)?;
    let monitors = tempfile::tempdir()?;
    let monitor = monitors.path().join("monitor");
    let machine = Machine {
        arguments: vec![
            "-device".into(),
            "pcie-root-port,id=late,slot=1".into(),
            "-drive".into(),
            format!("if=none,id=late,format=raw,file={}", image.display()),
            "-monitor".into(),
            format!("unix:{},server=on,wait=off", monitor.display()),
        ],
        ..Machine::default()
    };
    let setup = GuestSetup {
        mounts: vec![mount(MountSource::Block(block("m0", None)), "/data")],
        rlimits: vec![stack(64 << 20)],
        ..GuestSetup::default()
    };
    let arg = "a".repeat(100_000);
    let handoff = (0..41).fold(HandoffInit::new(INIT), |init, _| init.arg(arg.as_str()));
    let mut vm = start_machine(kit()?, "late", &machine)?;
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::new(Some(&setup), Some(&handoff)),
        |report| {
            if let GuestReport::Ready { .. } = report {
                let monitor = monitor.clone();
                thread::spawn(move || plug_in(&monitor));
            }
        },
    );
    if !matches!(outcome, Ok(Outcome::Started)) {
        return Err(vm.explain(format!("{outcome:?}")).into());
    }
    expect_same(&vm.read_init()?, &account(INIT, &handoff))
}

/// Plugs the disk in once the setup has come as far as to miss it.
fn plug_in(monitor: &Path) {
    thread::sleep(Duration::from_secs(2));
    let command = b"device_add virtio-blk-pci,drive=late,bus=late,serial=m0\n";
    if let Ok(mut monitor) = UnixStream::connect(monitor) {
        let _ = monitor.write_all(command);
        // Its prompt and echo, up to the end of the VM.
        let _ = monitor.read_to_end(&mut Vec::new());
    }
}

fn a_host_that_goes_after_ready() -> Test {
    let mut vm = start("gone-ready", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.close()?;
    expect_off(vm, "agent: frame refused: code ")
}

/// While the agent waits for a disk.
fn a_host_that_goes_during_the_setup() -> Test {
    let setup = GuestSetup {
        mounts: vec![mount(MountSource::Block(block("m9", None)), "/data")],
        ..GuestSetup::default()
    };
    let mut vm = start("gone-setup", Vec::new())?;
    expect_ready(&mut vm)?;
    vm.agent.write_all(&setup.encode()?)?;
    vm.agent.close()?;
    expect_off(vm, "agent: cannot mount 0 (/data): errno 6")
}

fn expect_off(mut vm: Vm, line: &str) -> Test {
    let console = vm.wait_off()?;
    if !console.contains(line) {
        return Err(format!("no {line:?} on the console:\n{console}").into());
    }
    Ok(())
}
