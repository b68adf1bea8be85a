//! The guest's reports: their bytes, and what is refused.

use crate::shared::frames::{HEADER_LEN, Header, golden_frame, golden_frame_of};
use microsandbox_types::{
    BootStep, DecodeError, DecodeErrorKind, EncodeError, FrameKind, GuestFacts, GuestReport,
    HandoffInit, LinuxErrno, MAX_REPORT_PAYLOAD_BYTES, ReadError,
};

fn report(payload: &[u8]) -> Vec<u8> {
    Header {
        kind: 2,
        ..Header::default()
    }
    .frame(payload)
}

fn ready(generation: u8) -> GuestReport {
    GuestReport::Ready {
        generation,
        facts: GuestFacts::default(),
    }
}

/// Reports of generation 1, which mean the same ever since.
fn first_cases() -> [(&'static str, GuestReport, &'static [u8]); 6] {
    [
        ("report-accepted", GuestReport::Accepted, b"\x01"),
        (
            "report-refused",
            GuestReport::Refused {
                reason: 11,
                offset: 300,
            },
            b"\x02\x0b\xac\x02",
        ),
        (
            "report-refused-max",
            GuestReport::Refused {
                reason: 255,
                offset: u32::MAX,
            },
            b"\x02\xff\xff\xff\xff\xff\x0f",
        ),
        (
            "report-exec-failed",
            GuestReport::ExecFailed { errno: 8 },
            b"\x03\x10",
        ),
        (
            "report-exec-failed-negative",
            GuestReport::ExecFailed { errno: -1 },
            b"\x03\x01",
        ),
        (
            "report-exec-failed-max",
            GuestReport::ExecFailed { errno: i32::MAX },
            b"\x03\xfe\xff\xff\xff\x0f",
        ),
    ]
}

fn cases() -> Vec<(&'static str, GuestReport, &'static [u8])> {
    let max = u32::MAX;
    let failed = |step, item, errno| GuestReport::Failed { step, item, errno };
    let newer: [(_, _, &[u8]); 6] = [
        (
            "report-ready",
            ready(2),
            b"\x00\x02\x80\x20\x80\x80\x80\x04\x02\x12",
        ),
        (
            "report-ready-max",
            GuestReport::Ready {
                generation: 255,
                facts: GuestFacts::new(max, u64::MAX, max, max),
            },
            b"\x00\xff\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\
              \xff\xff\xff\xff\x0f\xff\xff\xff\xff\x0f",
        ),
        ("report-set-up", GuestReport::SetUp, b"\x04"),
        ("report-started", GuestReport::Started, b"\x05"),
        (
            "report-failed",
            failed(BootStep::Mount, 3, 19),
            b"\x06\x02\x03\x26",
        ),
        (
            "report-failed-other",
            failed(BootStep::Other(200), 255, -1),
            b"\x06\xc8\xff\x01",
        ),
    ];
    first_cases().into_iter().chain(newer).collect()
}

#[test]
fn reports_are_read_and_written_as_their_golden_frames() {
    for (name, expected, payload) in cases() {
        let mut buffer = [0xaa; GuestReport::MAX_FRAME_BYTES];
        let frame = expected.encode(&mut buffer).unwrap();
        assert_eq!(frame, golden_frame(name), "{name}");
        assert_eq!(frame, report(payload), "{name}");
        assert_eq!(GuestReport::decode(frame), Ok(expected), "{name}");
    }
}

#[test]
fn golden_reports_of_generation_1_are_read() {
    let first = first_cases().map(|(name, report, _)| (name, report));
    for (name, expected) in first.into_iter().chain([("report-ready", ready(1))]) {
        let frame = golden_frame_of(1, name);
        assert_eq!(GuestReport::decode(&frame), Ok(expected), "{name}");
    }
}

#[test]
fn every_bit_flip_and_truncation_is_refused() {
    for (name, ..) in cases() {
        let mut frame = golden_frame(name);
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            assert!(GuestReport::decode(&frame).is_err(), "{name}: bit {bit}");
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        for len in 0..frame.len() {
            assert!(
                GuestReport::decode(&frame[..len]).is_err(),
                "{name}: {len} bytes"
            );
        }
    }
}

#[test]
fn a_malformed_report_is_refused() {
    let bad = DecodeError {
        kind: DecodeErrorKind::BadReport,
        offset: 16,
    };
    let long = [1; MAX_REPORT_PAYLOAD_BYTES + 1];
    let cases: [(&str, &[u8], DecodeError); 10] = [
        ("empty", b"", bad),
        ("unknown variant of this generation", b"\x07", bad),
        ("ready without its facts", b"\x00\x02", bad),
        (
            "ready with a padded fact",
            b"\x00\x02\x80\x00\x00\x02\x12",
            bad,
        ),
        ("a padded variant", b"\x81\x00", bad),
        ("cut short", b"\x02\x0b", bad),
        ("a padded offset", b"\x02\x0b\x80\x00", bad),
        ("an errno of 33 bits", b"\x03\xff\xff\xff\xff\x1f", bad),
        (
            "left over",
            b"\x01\x00",
            DecodeError {
                kind: DecodeErrorKind::LeftOver,
                offset: 17,
            },
        ),
        (
            "too long",
            &long,
            DecodeError {
                kind: DecodeErrorKind::PayloadTooLarge { len: 65, max: 64 },
                offset: 8,
            },
        ),
    ];
    for (case, payload, error) in cases {
        assert_eq!(GuestReport::decode(&report(payload)), Err(error), "{case}");
    }
    let handoff = HandoffInit::new("/init").encode().unwrap();
    let error = DecodeError {
        kind: DecodeErrorKind::WrongKind {
            expected: FrameKind::GuestReport,
            found: FrameKind::HandoffInit,
        },
        offset: 4,
    };
    assert_eq!(GuestReport::decode(&handoff), Err(error));
}

#[test]
fn an_unknown_report_cannot_be_sent() {
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    let error = GuestReport::Unknown.encode(&mut buffer).unwrap_err();
    assert_eq!(error, EncodeError::UnknownReport);
}

#[test]
fn a_decode_error_becomes_its_report() {
    let error = HandoffInit::decode(b"\x89msB and more bytes").unwrap_err();
    assert_eq!(
        GuestReport::from(error),
        GuestReport::Refused {
            reason: 2,
            offset: 3
        }
    );
}

#[test]
fn a_report_may_not_announce_more_than_it_can_hold() {
    let header = Header {
        kind: 2,
        payload_len: Some(4 << 20),
        ..Header::default()
    };
    // The host reads no more than the header, whatever a guest announces.
    let mut stream = &header.frame(&[1; 1000])[..];
    let len = stream.len();
    match GuestReport::read_from(&mut stream) {
        Err(ReadError::Decode(e)) => {
            assert_eq!(
                e,
                DecodeError {
                    kind: DecodeErrorKind::PayloadTooLarge {
                        len: 4 << 20,
                        max: 64
                    },
                    offset: 8
                }
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stream.len(), len - HEADER_LEN);
}

/// What a host prints behind "the guest".
#[test]
fn reports_say_what_they_mean() {
    let failed = |step, item, errno| GuestReport::Failed { step, item, errno };
    let refused = |reason| GuestReport::Refused {
        reason,
        offset: 300,
    };
    let cases = [
        (ready(1), "is ready for generation 1"),
        (GuestReport::Accepted, "accepted the handoff"),
        (
            refused(11),
            "refused the frame: it has a wrong checksum (code 11, byte 300)",
        ),
        (refused(255), "refused the frame: code 255 at byte 300"),
        (
            GuestReport::ExecFailed { errno: 8 },
            "cannot start the init: ENOEXEC, exec format error",
        ),
        (GuestReport::SetUp, "is set up"),
        (GuestReport::Started, "started the init"),
        (
            failed(BootStep::Mount, 2, 19),
            "cannot mount (item 2): ENODEV, no such device",
        ),
        (
            failed(BootStep::FindInit, 0, 2),
            "cannot find the init: ENOENT, no such file or directory",
        ),
        (
            failed(BootStep::Other(99), 0, 999),
            "cannot take step 99: errno 999",
        ),
        (
            GuestReport::Unknown,
            "sent a report that this host does not know",
        ),
    ];
    for (report, text) in cases {
        assert_eq!(report.to_string(), text);
    }
}

/// The longest are a missing interpreter's: found by fuzzing, one was longer than its law said.
#[test]
fn every_failure_is_one_line() {
    for number in 0..=255 {
        for errno in -1..=134 {
            let report = GuestReport::Failed {
                step: BootStep::from_u8(number),
                item: 255,
                errno,
            };
            let text = report.to_string();
            assert!(text.len() < 128, "{text}");
            assert!(!text.contains(char::is_control), "{text}");
        }
    }
}

#[test]
fn steps_keep_their_numbers() {
    for number in 0..=255 {
        let step = BootStep::from_u8(number);
        assert_eq!(step.as_u8(), number);
        let known = !matches!(step, BootStep::Other(_));
        assert_eq!(known, (1..=16).contains(&number), "{number}");
    }
}

/// Linux's numbers, whatever the host's are.
#[test]
fn error_numbers_have_linux_names() {
    let cases = [
        (2, Some("ENOENT")),
        (11, Some("EAGAIN")),
        (35, Some("EDEADLK")),
        (40, Some("ELOOP")),
        (133, Some("EHWPOISON")),
        (0, None),
        (41, None),
        (134, None),
        (-1, None),
    ];
    for (errno, name) in cases {
        assert_eq!(LinuxErrno(errno).name(), name, "{errno}");
    }
    // The two numbers that Linux left out.
    let without = (1..=133).filter(|errno| LinuxErrno(*errno).name().is_none());
    assert_eq!(without.collect::<Vec<_>>(), [41, 58]);
}

/// A host of generation 1 hears only what it knows.
#[test]
fn a_host_of_generation_1_gets_its_own_reports() {
    let failed = GuestReport::Failed {
        step: BootStep::Exec,
        item: 0,
        errno: 2,
    };
    let cases = [
        (failed, Some(GuestReport::ExecFailed { errno: 2 })),
        (GuestReport::SetUp, None),
        (GuestReport::Started, None),
        (GuestReport::Accepted, Some(GuestReport::Accepted)),
        (ready(2), Some(ready(2))),
    ];
    for (report, expected) in cases {
        assert_eq!(report.for_host(1), expected);
        assert_eq!(report.for_host(2), Some(report));
    }
}
