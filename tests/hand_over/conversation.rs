//! Each row of the conversation, over a socket pair.

use crate::partner::{Act, boot, ready};
use microsandbox_types::{
    BootStep, FrameKind, GuestReport, GuestSetup, HandOver, HandoffInit, Interface, Mount,
    MountFlags, MountSource, RlimitResource, SetupRlimit, Then,
};

fn setup() -> GuestSetup {
    let mount = |guest: &str| Mount {
        source: MountSource::Tmpfs {
            size_mib: None,
            mode: None,
        },
        guest: guest.into(),
        flags: MountFlags::default(),
    };
    GuestSetup {
        mounts: vec![mount("/a"), mount("/b"), mount("/data")],
        interfaces: vec![Interface {
            mac: [2, 0, 0, 0, 0, 1],
            name: "eth0".into(),
            mtu: None,
            ipv4: None,
            ipv6: None,
        }],
        rlimits: vec![SetupRlimit {
            resource: RlimitResource::Nofile,
            soft: 1,
            hard: 1,
        }],
        ..GuestSetup::default()
    }
}

fn stay() -> GuestSetup {
    GuestSetup {
        then: Then::Stay,
        ..setup()
    }
}

fn init() -> HandoffInit {
    HandoffInit::new("/sbin/init").env("PASSWORD", "hunter2")
}

const SETUP: Act = Act::Take(FrameKind::GuestSetup);
const HANDOFF: Act = Act::Take(FrameKind::HandoffInit);

fn failed(step: BootStep, item: u8, errno: i32) -> Act {
    Act::Say(GuestReport::Failed { step, item, errno })
}

#[test]
fn a_good_boot_ends_in_its_outcome() {
    let (setup, stay, init) = (setup(), stay(), init());
    let say = Act::Say;
    let cases = [
        (
            "a handoff alone",
            HandOver::new(None, Some(&init)),
            vec![
                ready(),
                HANDOFF,
                say(GuestReport::Accepted),
                say(GuestReport::Started),
            ],
            "Started",
        ),
        (
            "a setup and a handoff",
            HandOver::new(Some(&setup), Some(&init)),
            vec![
                ready(),
                SETUP,
                say(GuestReport::SetUp),
                HANDOFF,
                say(GuestReport::Accepted),
                say(GuestReport::Started),
            ],
            "Started",
        ),
        (
            "a setup alone",
            HandOver::new(Some(&stay), None),
            vec![ready(), SETUP, say(GuestReport::SetUp)],
            "SetUp",
        ),
    ];
    for (case, host, acts, outcome) in cases {
        let said = acts
            .iter()
            .filter_map(|act| match act {
                Act::Say(report) => Some(*report),
                _ => None,
            })
            .collect::<Vec<_>>();
        let boot = boot(host, &acts);
        assert_eq!(boot.text(), outcome, "{case}");
        assert_eq!(boot.seen, said, "{case}");
        for frame in boot.taken {
            let sent = [setup.encode(), stay.encode(), init.encode()];
            assert!(sent.contains(&Ok(frame)), "{case}");
        }
    }
}

#[test]
fn a_boot_that_fails_says_why() {
    use GuestReport::{Accepted, SetUp, Started};
    let (setup, init) = (setup(), init());
    let refused = |reason, offset| Act::Say(GuestReport::Refused { reason, offset });
    let cases: Vec<(Vec<Act>, &str)> = vec![
        (vec![], "the guest closed the stream before it was ready"),
        (
            vec![Act::Send(b"\x89msb".to_vec())],
            "the guest sent no report: frame is cut short: at least 12 more bytes are missing \
             (at byte 4)",
        ),
        (
            vec![Act::Send(b"Linux version 6.12".to_vec())],
            "the guest sent no report: not a frame: wrong magic (at byte 0)",
        ),
        (
            vec![Act::Say(Accepted)],
            "the guest accepted the handoff, which cannot come at this point",
        ),
        (
            vec![refused(11, 0)],
            "the guest refused the frame: it has a wrong checksum (code 11, byte 0), which cannot \
             come at this point",
        ),
        (
            vec![failed(BootStep::Memory, 0, 12)],
            "cannot get enough memory: ENOMEM, cannot allocate memory",
        ),
        (
            vec![ready(), SETUP, refused(58, 30)],
            "the guest refused the setup: it has a duplicate entry (code 58, byte 30)",
        ),
        (
            vec![ready(), SETUP, refused(200, 30)],
            "the guest refused the setup: it breaks a rule of a newer guest (code 200, byte 30)",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Root, 0, 6)],
            "cannot mount the root filesystem: ENXIO, no such device or address",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Mount, 2, 19)],
            "mounts[2] (/data): cannot mount: ENODEV, no such device",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Mount, 9, 19)],
            "mounts[9]: cannot mount: ENODEV, no such device",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Interface, 0, 19)],
            "interfaces[0] (eth0): cannot set up the network interface: ENODEV, no such device",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Rlimit, 0, 1)],
            "rlimits[0] (nofile): cannot set the resource limit: EPERM, operation not permitted",
        ),
        (
            vec![ready(), SETUP, failed(BootStep::Other(40), 3, 4000)],
            "cannot take step 40: errno 4000",
        ),
        (
            vec![ready(), SETUP, Act::Say(Accepted)],
            "the guest accepted the handoff, which cannot come at this point",
        ),
        (
            vec![ready(), SETUP, Act::Say(SetUp), Act::Say(SetUp)],
            "the guest is set up, which cannot come at this point",
        ),
        (
            vec![
                ready(),
                SETUP,
                Act::Say(SetUp),
                Act::Read(16),
                refused(40, 100),
            ],
            "the guest refused the handoff: it is too large for execve (code 40, byte 100)",
        ),
        (
            vec![
                ready(),
                SETUP,
                Act::Say(SetUp),
                HANDOFF,
                failed(BootStep::FindInit, 0, 2),
            ],
            "cannot find the init: ENOENT, no such file or directory",
        ),
        (
            vec![ready(), SETUP, Act::Say(SetUp), HANDOFF, Act::Say(Accepted)],
            "the guest accepted the handoff, then closed the stream",
        ),
        (
            vec![
                ready(),
                SETUP,
                Act::Say(SetUp),
                HANDOFF,
                Act::Say(Accepted),
                failed(BootStep::ExecInterpreter, 0, 2),
            ],
            "cannot execute the init: its interpreter or loader is missing: ENOENT, no such file \
             or directory",
        ),
        (
            vec![ready(), SETUP, Act::Say(SetUp), HANDOFF, Act::Say(Started)],
            "the guest started the init, which cannot come at this point",
        ),
        (
            vec![ready(), SETUP, ready()],
            "the guest is ready for generation 2, which cannot come at this point",
        ),
    ];
    for (acts, text) in cases {
        let boot = boot(HandOver::new(Some(&setup), Some(&init)), &acts);
        assert_eq!(boot.text(), text, "{acts:?}");
        assert!(!format!("{:?}", boot.result).contains("hunter2"));
    }
}

/// The child that reports `Started` goes on over the same stream where it is resident.
#[test]
fn what_follows_the_outcome_stays_in_the_stream() {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    let (mut host, mut guest) = UnixStream::pair().unwrap();
    for act in [
        ready(),
        Act::Say(GuestReport::Accepted),
        Act::Say(GuestReport::Started),
    ] {
        let Act::Say(report) = act else { continue };
        report.write_to(&mut guest).unwrap();
    }
    std::io::Write::write_all(&mut guest, b"next").unwrap();
    let init = init();
    microsandbox_types::hand_over(&mut host, HandOver::new(None, Some(&init)), |_| {}).unwrap();
    let mut next = [0; 4];
    host.read_exact(&mut next).unwrap();
    assert_eq!(&next, b"next");
}
