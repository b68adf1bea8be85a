//! Frames of a made-up generation 3, which appends a `u32` and a string to the payload.

use crate::shared::frames::{Header, Record};
use microsandbox_types::{
    DecodeError, DecodeErrorKind, FrameHeader, GENERATION, GuestFacts, GuestReport, HandoffInit,
};

fn message() -> HandoffInit {
    HandoffInit::new("/sbin/init")
        .arg("--now")
        .env("LANG", "C")
        .cwd("/srv")
}

/// The payload of generation 3: the fields of generation 2, then its own.
fn newer_payload() -> Vec<u8> {
    let mut payload = Record::of(&message()).payload();
    payload.extend(postcard::to_allocvec(&(77u32, "a field of generation 3\0")).unwrap());
    payload
}

fn header(generation: u8, min_generation: u8) -> Header {
    Header {
        generation,
        min_generation,
        ..Header::default()
    }
}

#[test]
fn this_is_generation_2() {
    assert_eq!(GENERATION, 2);
    assert_eq!(message().min_generation(), 1);
}

#[test]
fn a_newer_frame_is_read_without_its_new_fields() {
    for generation in [3, 4, 255] {
        let frame = header(generation, 1).frame(&newer_payload());
        let header = FrameHeader::parse(&frame).unwrap();
        assert_eq!(
            (header.generation(), header.min_generation()),
            (generation, 1)
        );
        assert_eq!(
            HandoffInit::decode(&frame),
            Ok(message()),
            "generation {generation}"
        );
    }
}

#[test]
fn a_newer_frame_may_leave_its_new_fields_out() {
    let frame = header(3, 1).frame(&Record::of(&message()).payload());
    assert_eq!(HandoffInit::decode(&frame), Ok(message()));
}

#[test]
fn a_newer_frame_that_must_not_be_half_read_is_refused() {
    for min_generation in [3, 4] {
        let frame = header(4, min_generation).frame(&newer_payload());
        let error = DecodeError {
            kind: DecodeErrorKind::TooNew {
                min_generation,
                generation: 2,
            },
            offset: 6,
        };
        assert_eq!(HandoffInit::decode(&frame), Err(error));
        assert_eq!(
            error.kind.to_string(),
            format!("frame needs a reader of generation {min_generation}, this one is 2")
        );
    }
}

#[test]
fn a_frame_of_this_generation_has_nothing_left_over() {
    let known = Record::of(&message()).payload().len() as u32;
    for generation in [1, 2] {
        let frame = header(generation, 1).frame(&newer_payload());
        let error = DecodeError {
            kind: DecodeErrorKind::LeftOver,
            offset: 16 + known,
        };
        assert_eq!(HandoffInit::decode(&frame), Err(error), "{generation}");
    }
}

#[test]
fn a_newer_frame_is_held_to_every_rule_of_the_known_fields() {
    let payload = newer_payload();
    for len in 0..Record::of(&message()).payload().len() {
        let frame = header(3, 1).frame(&payload[..len]);
        assert!(
            HandoffInit::decode(&frame).is_err(),
            "{len} bytes of payload"
        );
    }
    let relative = Record::of(&HandoffInit::new("init")).payload();
    assert!(HandoffInit::decode(&header(3, 1).frame(&relative)).is_err());
}

#[test]
fn a_newer_report_is_read_or_unknown() {
    let report = |payload: &[u8]| {
        Header {
            kind: 2,
            ..header(3, 1)
        }
        .frame(payload)
    };
    let bad = Err(DecodeError {
        kind: DecodeErrorKind::BadReport,
        offset: 16,
    });
    let ready = GuestReport::Ready {
        generation: 3,
        facts: GuestFacts::default(),
    };
    let cases: [(&[u8], _); 9] = [
        (b"\x00\x03\x80\x20\x80\x80\x80\x04\x02\x12", Ok(ready)),
        (
            b"\x00\x03\x80\x20\x80\x80\x80\x04\x02\x12 and more",
            Ok(ready),
        ),
        (b"\x01", Ok(GuestReport::Accepted)),
        (b"\x01 and more", Ok(GuestReport::Accepted)),
        (b"\x07", Ok(GuestReport::Unknown)),
        (b"\xff\x01\x02", Ok(GuestReport::Unknown)),
        (b"\x80\x00", bad),
        (b"\x84", bad),
        (b"\x02\x0b\x80\x00", bad),
    ];
    for (payload, expected) in cases {
        assert_eq!(
            GuestReport::decode(&report(payload)),
            expected,
            "{payload:?}"
        );
    }
}

/// A report of generation 2 in a frame of generation 1: its writer cannot have known it.
#[test]
fn a_report_is_not_newer_than_its_frame() {
    let cases: [&[u8]; 3] = [b"\x04", b"\x05", b"\x06\x02\x03\x26"];
    for payload in cases {
        let of = |generation| {
            Header {
                kind: 2,
                ..header(generation, 1)
            }
            .frame(payload)
        };
        let error = GuestReport::decode(&of(1)).unwrap_err();
        assert_eq!((error.code(), error.offset()), (21, 16), "{payload:?}");
        assert!(GuestReport::decode(&of(2)).is_ok(), "{payload:?}");
    }
}
