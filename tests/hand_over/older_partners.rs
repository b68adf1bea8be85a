//! Each row of the table of older and newer partners that is about this host.

use crate::partner::{Act, boot, ready};
use crate::shared::frames::{Header, golden_frame_of};
use microsandbox_types::{
    BootHost, FrameHeader, FrameKind, GuestReport, GuestSetup, HandOver, HandoffInit, HostPath,
    SandboxSpec, SetupRlimit, Then, WallClock,
};

const HANDOFF: Act = Act::Take(FrameKind::HandoffInit);

fn old_report(name: &str) -> Act {
    Act::Send(golden_frame_of(1, name))
}

#[test]
fn a_guest_of_generation_1_gets_the_handoff_alone() {
    let init = HandoffInit::new("/sbin/init");
    let clock = GuestSetup {
        clock: Some(WallClock {
            seconds: 1,
            nanoseconds: 0,
        }),
        ..GuestSetup::default()
    };
    let hostname = GuestSetup {
        hostname: Some("web-1".into()),
        ..GuestSetup::default()
    };
    let hosts = [
        ("no setup", HandOver::new(None, Some(&init))),
        ("a clock", HandOver::new(Some(&clock), Some(&init))),
        (
            "a derived hostname",
            HandOver::new(Some(&hostname), Some(&init)).with_derived_hostname(),
        ),
    ];
    for (case, host) in hosts {
        let acts = [
            old_report("report-ready"),
            HANDOFF,
            old_report("report-accepted"),
        ];
        let boot = boot(host, &acts);
        assert_eq!(boot.text(), "Accepted", "{case}");
        let header = FrameHeader::parse(&boot.taken[0]).unwrap();
        assert_eq!((header.generation(), header.min_generation()), (2, 1));
        assert_eq!(boot.taken, [init.encode().unwrap()], "{case}");
    }
}

#[test]
fn a_guest_of_generation_1_says_why_it_fails() {
    let init = HandoffInit::new("/sbin/init");
    let cases = [
        (
            "report-refused",
            "the guest refused the handoff: it has a wrong checksum (code 11, byte 300)",
        ),
        (
            "report-exec-failed",
            "cannot start the init: ENOEXEC, exec format error",
        ),
    ];
    for (name, text) in cases {
        let acts = [old_report("report-ready"), HANDOFF, old_report(name)];
        assert_eq!(boot(HandOver::new(None, Some(&init)), &acts).text(), text);
    }
}

#[test]
fn a_guest_of_generation_1_is_sent_nothing_where_a_setup_is_needed() {
    let init = HandoffInit::new("/sbin/init");
    let usual = GuestSetup::default;
    let cases = [
        (
            "root",
            GuestSetup {
                root: microsandbox_types::Root::Virtiofs {
                    tag: "root".into(),
                    readonly: false,
                },
                ..usual()
            },
        ),
        (
            "mounts",
            GuestSetup {
                mounts: vec![microsandbox_types::Mount {
                    source: microsandbox_types::MountSource::Virtiofs { tag: "m0".into() },
                    guest: "/data".into(),
                    flags: Default::default(),
                }],
                ..usual()
            },
        ),
        (
            "hostname",
            GuestSetup {
                hostname: Some("web-1".into()),
                ..usual()
            },
        ),
        (
            "interfaces",
            GuestSetup {
                interfaces: vec![microsandbox_types::Interface {
                    mac: [2, 0, 0, 0, 0, 1],
                    name: "eth0".into(),
                    mtu: None,
                    ipv4: None,
                    ipv6: None,
                }],
                ..usual()
            },
        ),
        (
            "dns",
            GuestSetup {
                dns: vec!["192.0.2.1".parse().unwrap()],
                ..usual()
            },
        ),
        (
            "search",
            GuestSetup {
                search: vec!["example.org".into()],
                ..usual()
            },
        ),
        (
            "hosts",
            GuestSetup {
                hosts: vec![microsandbox_types::HostsEntry {
                    address: "192.0.2.1".parse().unwrap(),
                    names: vec!["db".into()],
                }],
                ..usual()
            },
        ),
        (
            "rlimits",
            GuestSetup {
                rlimits: vec![SetupRlimit {
                    resource: microsandbox_types::RlimitResource::Nofile,
                    soft: 1,
                    hard: 1,
                }],
                ..usual()
            },
        ),
        (
            "security_profile",
            GuestSetup {
                restricted: true,
                ..usual()
            },
        ),
    ];
    let old = [old_report("report-ready"), Act::Read(0)];
    let expected =
        |part: &str| format!("{part}: needs a newer guest agent; this one reads generation 1");
    for (part, setup) in &cases {
        let boot = boot(HandOver::new(Some(setup), Some(&init)), &old);
        assert_eq!(boot.text(), expected(part));
    }
    let stay = GuestSetup {
        then: Then::Stay,
        ..usual()
    };
    assert_eq!(
        boot(HandOver::new(Some(&stay), None), &old).text(),
        expected("then")
    );
}

/// What a guest is told depends on whether its hostname was asked for.
#[test]
fn a_plan_says_whether_its_hostname_is_derived() {
    struct Initramfs;
    impl BootHost for Initramfs {
        fn root(
            &self,
            _: &microsandbox_types::RootfsSource,
        ) -> Option<microsandbox_types::RootDevice> {
            Some(microsandbox_types::RootDevice::Initramfs)
        }
        fn is_file(&self, _: &HostPath) -> bool {
            false
        }
    }
    let cases = [
        ("{}", "Accepted"),
        (
            r#"{"hostname": "web-1"}"#,
            "hostname: needs a newer guest agent; this one reads generation 1",
        ),
    ];
    for (runtime, text) in cases {
        let json = format!(
            r#"{{"name": "web-1", "image": {{"Bind": "/srv"}}, "init": {{"cmd": "/init"}},
            "runtime": {runtime}}}"#
        );
        let spec: SandboxSpec = serde_json::from_str(&json).unwrap();
        let plan = spec.plan(&Initramfs).unwrap();
        let acts = if text == "Accepted" {
            vec![
                old_report("report-ready"),
                HANDOFF,
                old_report("report-accepted"),
            ]
        } else {
            vec![old_report("report-ready")]
        };
        assert_eq!(boot(HandOver::from(&plan), &acts).text(), text);
    }
}

/// A report of a newer guest is neither a step nor the end; fields behind those that are known are
/// skipped.
#[test]
fn a_newer_guest_is_understood() {
    let newer = |payload: &[u8]| {
        let header = Header {
            kind: 2,
            generation: 3,
            ..Header::default()
        };
        Act::Send(header.frame(payload))
    };
    let init = HandoffInit::new("/sbin/init");
    let ready = newer(b"\x00\x03\x80\x20\x80\x80\x80\x04\x00\x00more");
    let acts = [
        newer(b"\x63"),
        ready,
        newer(b"\x64more"),
        HANDOFF,
        newer(b"\x01"),
        newer(b"\x63"),
        newer(b"\x05more"),
    ];
    let boot = boot(HandOver::new(None, Some(&init)), &acts);
    assert_eq!(boot.text(), "Started");
    let unknown = boot.seen.iter().filter(|r| **r == GuestReport::Unknown);
    assert_eq!((boot.seen.len(), unknown.count()), (6, 3));
}

#[test]
fn a_guest_that_never_ends_its_talk_is_left() {
    let header = Header {
        kind: 2,
        generation: 3,
        ..Header::default()
    };
    let endless = header.frame(b"\x63").repeat(100);
    let init = HandoffInit::new("/sbin/init");
    let acts = [ready(), HANDOFF, Act::Send(endless)];
    let boot = boot(HandOver::new(None, Some(&init)), &acts);
    assert_eq!(boot.text(), "the guest does not stop reporting");
    assert_eq!(boot.seen.len(), 65);
}
