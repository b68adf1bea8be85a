//! The guest's reports: their bytes, and what is refused.

mod common;

use common::{Header, golden_frame};
use microsandbox_types::{
    DecodeError, DecodeErrorKind, EncodeError, GuestReport, HandoffInit, MAX_REPORT_PAYLOAD_BYTES,
    ReadError,
};

fn report(payload: &[u8]) -> Vec<u8> {
    Header {
        kind: 2,
        ..Header::default()
    }
    .frame(payload)
}

fn cases() -> [(&'static str, GuestReport, &'static [u8]); 7] {
    [
        (
            "report-ready",
            GuestReport::Ready { generation: 1 },
            b"\x00\x01",
        ),
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
    let cases: [(&str, &[u8], DecodeError); 8] = [
        ("empty", b"", bad),
        ("unknown variant of this generation", b"\x04", bad),
        ("a padded variant", b"\x81\x00", bad),
        ("cut short", b"\x02\x0b", bad),
        ("a padded offset", b"\x02\x0b\x80\x00", bad),
        ("an errno of 33 bits", b"\x03\xff\xff\xff\xff\x1f", bad),
        (
            "left over",
            b"\x00\x01\x00",
            DecodeError {
                kind: DecodeErrorKind::LeftOver,
                offset: 18,
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
            expected: 2,
            found: 1,
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
    assert_eq!(stream.len(), len - common::HEADER_LEN);
}

#[test]
fn reports_say_what_they_mean() {
    let cases = [
        (
            GuestReport::Ready { generation: 1 },
            "ready for generation 1",
        ),
        (GuestReport::Accepted, "accepted the frame"),
        (
            GuestReport::Refused {
                reason: 11,
                offset: 300,
            },
            "refused the frame: code 11 at byte 300",
        ),
        (
            GuestReport::ExecFailed { errno: 8 },
            "could not start the init: errno 8",
        ),
        (GuestReport::Unknown, "sent an unknown report"),
    ];
    for (report, text) in cases {
        assert_eq!(report.to_string(), text);
    }
}
