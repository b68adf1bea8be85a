//! What an init inherits: all that the kernel gives its own init, and nothing of the agent's.

use std::mem;

use libtest_mimic::Failed;
use microsandbox_types::{
    GuestSetup, HandOver, HandoffInit, Outcome, RlimitResource, Root, SetupRlimit, hand_over,
};

use crate::launch::Vm;
use crate::launch::machine::Machine;
use crate::setups::{block, disk, image, root, start, start_machine};
use crate::{INIT, Test, TestFn, expect_same, kit};

pub const TESTS: &[(&str, TestFn)] = &[
    (
        "an_init_starts_as_the_kernel_starts_one",
        an_init_starts_as_the_kernel_starts_one,
    ),
    (
        "an_init_that_dies_at_once_has_started",
        an_init_that_dies_at_once_has_started,
    ),
];

/// Lines of `/proc/self/status` that say what a process has done or uses, not how it was started.
const MEASURED: [&str; 5] = [
    "Hugetlb",
    "Rss",
    "Vm",
    "nonvoluntary_ctxt",
    "voluntary_ctxt",
];

/// The fields of `/proc/self/stat` that say how a process was started, counted from 1.
const STARTED: [usize; 18] = [
    3, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 25, 31, 32, 33, 34, 40, 41,
];

/// What the test init told the console of its start, a fact a line.
fn facts(mut vm: Vm) -> Result<Vec<String>, Failed> {
    let console = vm.wait_off()?;
    let mut facts = Vec::new();
    for line in console.lines() {
        if let Some(stat) = line.strip_prefix("/proc/self/stat: ") {
            let fields = stat.split(' ').enumerate();
            let started = fields.filter(|(n, _)| STARTED.contains(&(n + 1)));
            facts.extend(started.map(|(n, field)| format!("stat field {}: {field}", n + 1)));
        } else if let Some(status) = line.strip_prefix("/proc/self/status: ") {
            if !MEASURED.iter().any(|name| status.starts_with(name)) {
                facts.push(line.into());
            }
        } else if line.starts_with("/proc/self/") || line.starts_with("fd ") {
            facts.push(line.into());
        }
    }
    // The last of them.
    if facts
        .iter()
        .any(|fact| fact.starts_with("/proc/self/ns/user: user:"))
    {
        Ok(facts)
    } else {
        Err(format!("the init did not tell all:\n{console}").into())
    }
}

/// The agent as `/init` starts the test init, which the kernel itself starts in the agent's place.
/// From a disk the kernel could not start one, as its drivers are modules.
fn an_init_starts_as_the_kernel_starts_one() -> Test {
    // In an initramfs of the same size, as some limits come from the memory that is left.
    let mut swapped = kit()?.clone();
    mem::swap(&mut swapped.agent, &mut swapped.test_init);
    let expected = facts(start_machine(
        &swapped,
        "kernel-start",
        &Machine::default(),
    )?)?;
    let image = image("start-root.img", &root("start-root")?)?;
    let on_a_disk = GuestSetup {
        root: Root::Block {
            device: block("root", None),
            readonly: false,
        },
        ..GuestSetup::default()
    };
    let init = HandoffInit::new(INIT).arg("start");
    for (name, setup, devices) in [
        ("bare-start", None, Vec::new()),
        ("setup-start", Some(GuestSetup::default()), Vec::new()),
        (
            "disk-start",
            Some(on_a_disk),
            vec![disk("root", &image, false)],
        ),
    ] {
        let mut vm = start(name, devices)?;
        let boot = HandOver::new(setup.as_ref(), Some(&init));
        let outcome = hand_over(&mut vm.agent, boot, |_| {});
        if !matches!(outcome, Ok(Outcome::Started)) {
            return Err(vm.explain(format!("{outcome:?}")).into());
        }
        let same = expect_same(&facts(vm)?.join("\n"), &expected.join("\n"));
        same.map_err(|difference| format!("{name}: {}", difference.message().unwrap_or_default()))?;
    }
    Ok(())
}

/// With less address space than the program takes: by the time that the kernel finds out, there is
/// no other program to go back to.
fn an_init_that_dies_at_once_has_started() -> Test {
    let setup = GuestSetup {
        rlimits: vec![SetupRlimit {
            resource: RlimitResource::As,
            soft: 1 << 20,
            hard: 1 << 20,
        }],
        ..GuestSetup::default()
    };
    let mut vm = start("no-space", Vec::new())?;
    let init = HandoffInit::new(INIT);
    let boot = HandOver::new(Some(&setup), Some(&init));
    match hand_over(&mut vm.agent, boot, |_| {}) {
        Ok(Outcome::Started) => {
            vm.wait_off()?;
            Ok(())
        }
        other => Err(vm.explain(format!("{other:?}")).into()),
    }
}
