//! What does not go together is said before anything is sent.

use microsandbox_types::{
    BootHost, BootStep, GuestFacts, GuestReport, GuestSetup, HandOver, HandOverError, HandoffInit,
    HostPath, Mount, MountFlags, MountSource, Next, Root, SandboxSpec, Then,
};

fn ready(page_size: u32) -> GuestReport {
    GuestReport::Ready {
        generation: 2,
        facts: GuestFacts::new(page_size, 8 << 20, 0, 0),
    }
}

#[test]
fn messages_that_do_not_go_together_are_not_sent() {
    let init = HandoffInit::new("/sbin/init");
    let setup = GuestSetup::default();
    let stay = GuestSetup {
        then: Then::Stay,
        ..GuestSetup::default()
    };
    let cases = [
        (None, None, HandOverError::HandoffMissing),
        (Some(&setup), None, HandOverError::HandoffMissing),
        (Some(&stay), Some(&init), HandOverError::HandoffAfterStay),
    ];
    for (setup, handoff, error) in cases {
        let mut boot = HandOver::new(setup, handoff);
        assert_eq!(boot.on_report(ready(4096)), Err(error));
    }
}

#[test]
fn the_limits_are_those_of_this_guest() {
    let init = HandoffInit::new("/sbin/init").env("PASSWORD", "hunter2".repeat(20_000));
    let mut boot = HandOver::new(None, Some(&init));
    let error = boot.on_report(ready(4096)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "env[0]: is too long for execve: 140010 bytes including its NUL (max 131072)"
    );
    let mut boot = HandOver::new(None, Some(&init));
    assert!(matches!(boot.on_report(ready(65536)), Ok(Next::Send(_))));
}

#[test]
fn after_its_end_a_conversation_takes_no_more_reports() {
    let init = HandoffInit::new("/sbin/init");
    let mut boot = HandOver::new(None, Some(&init));
    boot.on_report(GuestReport::SetUp).unwrap_err();
    let out_of_turn = HandOverError::OutOfTurn {
        report: ready(4096),
    };
    assert_eq!(boot.on_report(ready(4096)), Err(out_of_turn));
}

const FIRST_MOUNT_FAILED: GuestReport = GuestReport::Failed {
    step: BootStep::Mount,
    item: 0,
    errno: 22,
};

struct Folders;

impl BootHost for Folders {
    fn is_file(&self, _: &HostPath) -> bool {
        false
    }
}

/// An old guest goes without a hostname that only follows from the name.
#[test]
fn a_plan_says_whether_its_hostname_is_needed() {
    let spec = r#"{"name": "web-1", "image": {"Bind": "/srv"}, "init": {"cmd": "auto"}}"#;
    let mut spec = SandboxSpec::from_json_strict(spec).unwrap();
    let ready = GuestReport::Ready {
        generation: 1,
        facts: GuestFacts::default(),
    };
    for (hostname, is_needed) in [(None, false), (Some("web-1"), true)] {
        spec.runtime.hostname = hostname.map(String::from);
        let mut plan = spec.plan(&Folders).unwrap();
        plan.setup.root = Root::Initramfs;
        let error = HandOver::from(&plan).on_report(ready).err();
        let too_old = HandOverError::GuestTooOld {
            generation: 1,
            part: "hostname",
        };
        assert_eq!(error, is_needed.then_some(too_old));
    }
}

/// A guest counts the mounts of its setup, which has parents first; a person those of the spec.
#[test]
fn a_mount_that_fails_is_the_specs() {
    let json = r#"{"name": "web-1", "image": {"Bind": "/srv"}, "mounts": [
        {"type": "Tmpfs", "guest": "/a/b"}, {"type": "Tmpfs", "guest": "/a"}]}"#;
    let spec = SandboxSpec::from_json_strict(json).unwrap();
    let plan = spec.plan(&Folders).unwrap();
    let mut boot = HandOver::from(&plan);
    boot.on_report(ready(4096)).unwrap();
    assert_eq!(
        boot.on_report(FIRST_MOUNT_FAILED).unwrap_err().to_string(),
        "mounts[1] (/a): cannot mount: EINVAL, invalid argument"
    );
}

#[test]
fn a_path_reaches_a_terminal_only_escaped() {
    let setup = GuestSetup {
        then: Then::Stay,
        mounts: vec![Mount {
            source: MountSource::Virtiofs { tag: "m0".into() },
            guest: "/a\u{1b}[2J".into(),
            flags: MountFlags::default(),
        }],
        ..GuestSetup::default()
    };
    let mut boot = HandOver::new(Some(&setup), None);
    boot.on_report(ready(4096)).unwrap();
    assert_eq!(
        boot.on_report(FIRST_MOUNT_FAILED).unwrap_err().to_string(),
        r"mounts[0] (/a\u{1b}[2J): cannot mount: EINVAL, invalid argument"
    );
}
