//! Init programs as Debian has them come up as the handoff says, over a whole setup: their root is
//! a disk under an overlay.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use libtest_mimic::Failed;
use microsandbox_types::{GuestSetup, HandoffInit, Root, Upper};

use crate::setups::{block, boot, disk, expect_lines, start};
use crate::{Test, TestFn};

pub const TESTS: &[(&str, TestFn)] = &[
    ("systemd_comes_up", systemd_comes_up),
    ("tini_comes_up", tini_comes_up),
    ("dumb_init_comes_up", dumb_init_comes_up),
    ("runit_comes_up", runit_comes_up),
    ("s6_comes_up", s6_comes_up),
    ("busybox_comes_up", busybox_comes_up),
    ("sysvinit_comes_up", sysvinit_comes_up),
    ("openrc_comes_up", openrc_comes_up),
    ("finit_comes_up", finit_comes_up),
];

/// Whether this machine can make their root.
pub fn can_run() -> bool {
    Command::new("mmdebstrap").arg("--version").output().is_ok()
}

static IMAGE: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("debian-root");
    let made = Command::new(script).arg(folder).status();
    match made.map_err(|error| error.to_string())? {
        status if status.success() => Ok(folder.join("debian.img")),
        status => Err(format!("tests/vm/debian-root: {status}")),
    }
});

/// Boots it, and returns what the script that it runs says of it.
fn come_up(name: &str, init: HandoffInit) -> Result<String, Failed> {
    let image = IMAGE.as_ref().map_err(Clone::clone)?;
    let setup = GuestSetup {
        root: Root::Overlay {
            lower: block("root", None),
            upper: Upper::Tmpfs { size_mib: Some(64) },
        },
        hostname: Some("web-1".into()),
        dns: vec![IpAddr::from([10, 0, 2, 3])],
        ..GuestSetup::default()
    };
    let mut vm = start(name, vec![disk("root", image, true)])?;
    let init = init.env("SENT", "as it is");
    let text = boot(&mut vm, &setup, &init)?;
    expect_lines(
        &text,
        &[
            "env HOME=/\nenv TERM=linux\nenv SENT=as it is\n",
            "etc-hostname web-1\n",
            "resolv.conf nameserver 10.0.2.3\n",
            "hostname web-1\n",
        ],
    )?;
    Ok(text)
}

/// Also with exactly the arguments that were sent.
fn expect_up(name: &str, init: HandoffInit) -> Test {
    let path = init.cmd.clone();
    let argv = std::iter::once(&path).chain(&init.args);
    let argv: String = argv.map(|arg| format!("argv {arg}\n")).collect();
    expect_lines(&come_up(name, init)?, &[&argv])
}

fn systemd_comes_up() -> Test {
    let init = HandoffInit::new("/lib/systemd/systemd").arg("--log-level=err");
    let text = come_up("systemd", init)?;
    expect_lines(
        &text,
        &["argv /lib/systemd/systemd\n", "multi-user active\n"],
    )
}

fn tini_comes_up() -> Test {
    expect_up("tini", HandoffInit::new("/usr/bin/tini").arg("/srv/tell"))
}

fn dumb_init_comes_up() -> Test {
    let init = HandoffInit::new("/usr/bin/dumb-init")
        .arg("--verbose")
        .arg("/srv/tell");
    expect_up("dumb-init", init)
}

fn runit_comes_up() -> Test {
    expect_up("runit", HandoffInit::new("/usr/sbin/runit"))
}

fn s6_comes_up() -> Test {
    let init = HandoffInit::new("/usr/bin/s6-svscan")
        .arg("/srv/services")
        .cwd("/srv");
    expect_up("s6", init)
}

/// It writes over its own arguments.
fn busybox_comes_up() -> Test {
    come_up("busybox", HandoffInit::new("/usr/bin/busybox").arg("init")).map(drop)
}

/// As busybox's.
fn sysvinit_comes_up() -> Test {
    let init = HandoffInit::new("/opt/sysvinit/sbin/init").arg("--");
    come_up("sysvinit", init).map(drop)
}

fn openrc_comes_up() -> Test {
    expect_up(
        "openrc",
        HandoffInit::new("/sbin/openrc-init").arg("default"),
    )
}

fn finit_comes_up() -> Test {
    expect_up("finit", HandoffInit::new("/sbin/finit"))
}
