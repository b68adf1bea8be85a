//! The largest messages in the smallest guests: they boot, or say at which step they do not.

use std::io::Write;
use std::net::IpAddr;

use libtest_mimic::Failed;
use microsandbox_types::{
    BootStep, ExecLimits, GuestReport, GuestSetup, HandoffInit, HostsEntry, MAX_PAYLOAD_BYTES,
    MAX_SETUP_MOUNTS, RlimitResource, SetupRlimit,
};

use crate::failures::expect_told;
use crate::launch::Vm;
use crate::launch::machine::Machine;
use crate::setups::{mount, start_machine, tmpfs};
use crate::{INIT, Test, TestFn, expect_on_console, kit};

pub const TESTS: &[(&str, TestFn)] = &[
    (
        "long_strings_in_little_memory",
        long_strings_in_little_memory,
    ),
    (
        "many_strings_in_little_memory",
        many_strings_in_little_memory,
    ),
    (
        "many_variables_in_little_memory",
        many_variables_in_little_memory,
    ),
];

const ENOMEM: i32 = 12;
/// As large as Linux lets a handoff be.
const STACK_LIMIT: u64 = 64 << 20;

/// A setup with as many mounts and hosts as there can be, most of them as long as they can be.
fn largest_setup() -> GuestSetup {
    let folders = vec!["d".repeat(240); 16].join("/");
    let mounts = (0..MAX_SETUP_MOUNTS).map(|n| mount(tmpfs(), &format!("/{n}/{folders}")));
    let label = "n".repeat(60);
    let name = |host, n| format!("{host}-{n}.{label}.{label}.{label}.{label}");
    let hosts = (1..=32).map(|host| HostsEntry {
        address: IpAddr::from([10, 9, 8, host]),
        names: (0..16).map(|n| name(host, n)).collect(),
    });
    GuestSetup {
        mounts: mounts.collect(),
        hosts: hosts.collect(),
        rlimits: vec![SetupRlimit {
            resource: RlimitResource::Stack,
            soft: STACK_LIMIT,
            hard: STACK_LIMIT,
        }],
        ..GuestSetup::default()
    }
}

fn start_in(name: &str, mib: u32) -> Result<Vm, Failed> {
    let machine = Machine {
        memory_mib: mib,
        // Where the kernel lies takes memory too, more or less of it.
        kernel_arguments: "nokaslr".into(),
        ..Machine::default()
    };
    start_machine(kit()?, name, &machine)
}

/// Looks for the least memory in which the init comes up: with less, the host must be told.
fn expect_told_or_started(name: &str, init: HandoffInit) -> Test {
    let mut frames = largest_setup().encode()?;
    frames.extend(init.encode_with(&ExecLimits::new(4096, STACK_LIMIT))?);
    let (mut too_little, mut enough, mut is_told) = (64, 192, false);
    while enough - too_little > 1 {
        let mib = (too_little + enough) / 2;
        match starts(start_in(name, mib)?, &frames) {
            Ok(Some(true)) => enough = mib,
            Ok(told) => {
                is_told |= told.is_some();
                too_little = mib;
            }
            Err(failed) => {
                return Err(format!("{mib} MiB: {}", failed.message().unwrap_or_default()).into());
            }
        }
    }
    assert!(enough < 192, "no memory is enough");
    assert!(is_told, "no guest said that it has too little");
    Ok(())
}

/// Whether the init comes up; where it does not, the host must be told why. `None` where there is no
/// agent: the kernel itself has too little.
fn starts(mut vm: Vm, frames: &[u8]) -> Result<Option<bool>, Failed> {
    if vm.report().is_err() {
        return Ok(None);
    }
    // A guest that fails does not read on.
    let _ = vm.agent.write_all(frames);
    loop {
        match vm.report()? {
            GuestReport::SetUp | GuestReport::Accepted => {}
            GuestReport::Started => {
                // The last that the init tells.
                return expect_on_console(vm, "/proc/self/ns/user: user:").map(|()| Some(true));
            }
            GuestReport::Failed {
                step: step @ BootStep::Memory,
                item: 0,
                errno: ENOMEM,
            } => return expect_told(vm, step, 0, ENOMEM).map(|()| Some(false)),
            other => return Err(vm.explain(format!("{other:?}")).into()),
        }
    }
}

fn long_strings_in_little_memory() -> Test {
    let string = "s".repeat(100_000);
    let room = MAX_PAYLOAD_BYTES - 1000;
    let init = HandoffInit::new(INIT).arg("start");
    let init = (0..room / 100_004).fold(init, |init, _| init.arg(string.as_str()));
    expect_told_or_started("long-strings", init)
}

fn many_strings_in_little_memory() -> Test {
    let mut init = HandoffInit::new(INIT).arg("start");
    // Each counts as nine bytes.
    init.args.extend(vec![String::new(); 698_000]);
    expect_told_or_started("many-strings", init)
}

/// The merge has a number of each.
fn many_variables_in_little_memory() -> Test {
    let mut init = HandoffInit::new(INIT).arg("start");
    init.env = vec![("A".into(), String::new()); 500_000];
    expect_told_or_started("many-variables", init)
}
