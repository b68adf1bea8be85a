//! What the example shows of a guest that is not to be trusted.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use microsandbox_types::GuestReport;

use crate::setups::{folder, program};
use crate::{Test, TestFn};

pub const TESTS: &[(&str, TestFn)] = &[
    (
        "an_init_that_never_stops_talking",
        an_init_that_never_stops_talking,
    ),
    (
        "a_silent_agent_and_a_loud_console",
        a_silent_agent_and_a_loud_console,
    ),
];

/// Runs the example with a fake QEMU whose agent sends `reports`; returns what it printed.
fn run_example(name: &str, reports: &[GuestReport]) -> Result<String, Failed> {
    let kit = folder(name)?;
    fs::create_dir(kit.join("modules"))?;
    for file in ["vmlinuz", "modules/0.ko"] {
        fs::write(kit.join(file), "")?;
    }
    fs::write(kit.join("accel"), "tcg\n")?;
    program(
        &kit.join("qemu-system-x86_64"),
        include_bytes!("fake-qemu.py"),
    )?;
    let mut bytes = Vec::new();
    for report in reports {
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        bytes.extend_from_slice(report.encode(&mut buffer)?);
    }
    fs::write(kit.join("reports"), bytes)?;
    fs::write(kit.join("disk.img"), "")?;
    let image = kit.join("disk.img");
    let spec = format!(
        r#"{{
            "name": "loud",
            "image": {{ "DiskImage": {{ "path": {image:?}, "format": "Raw" }} }},
            "network": {{ "enabled": false }},
            "init": {{ "cmd": "/sbin/init" }}
        }}"#
    );
    fs::write(kit.join("spec.json"), spec)?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--example", "vm", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"))
        .args(["--", "--timeout", "5"])
        .arg(kit.join("spec.json"))
        .env("MICROSANDBOX_TYPES_VM", &kit)
        .output()?;
    let text = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    let start: String = text.chars().take(2000).collect();
    assert_eq!(output.status.code(), Some(1), "{start}");
    // What is kept of the console and the init, every byte of it escaped.
    assert!(text.len() < 4 << 20, "{} bytes", text.len());
    let raw = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(text.chars().find(raw), None, "{start}");
    Ok(text)
}

fn expect(text: &str, part: &str) -> Test {
    if !text.contains(part) {
        let start: String = text.chars().take(2000).collect();
        return Err(format!("no {part:?} in\n{start}").into());
    }
    Ok(())
}

fn an_init_that_never_stops_talking() -> Test {
    let reports = [
        GuestReport::Ready {
            generation: 2,
            facts: Default::default(),
        },
        GuestReport::SetUp,
        GuestReport::Accepted,
        GuestReport::Started,
    ];
    let text = run_example("loud-init", &reports)?;
    expect(&text, "init: \\u001b[2J\\u001b]0;init\\u0007 \\u202e\n")?;
    expect(&text, "]0;console\\u0007x")?;
    expect(&text, "the VM is not off in time")
}

fn a_silent_agent_and_a_loud_console() -> Test {
    let text = run_example("loud-console", &[])?;
    expect(&text, "]0;console\\u0007x")?;
    expect(&text, "no answer in time")
}
