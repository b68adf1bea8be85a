//! The setup's frame: what is written is what is read, and nothing else is.

use std::io::Cursor;

use microsandbox_types::{
    DecodeError, DecodeErrorKind, FrameKind, GuestSetup, GuestSetupRef, MAX_SETUP_PAYLOAD_BYTES,
    Mount, MountFlags, MountSource, ReadError, RlimitResource, Root, Then,
};
use proptest::prelude::*;

use crate::laws;
use crate::shared::setup::{RESOURCES, Record, golden_setups};
use crate::shared::values::check;

fn golden_frame(name: &str) -> Vec<u8> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let path = format!("{folder}/tests/data/setup/gen-2/{name}.bin");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn golden_frames_are_read_and_written_as_they_stand() {
    for (name, setup) in golden_setups() {
        let frame = golden_frame(name);
        assert_eq!(setup.encode().as_ref(), Ok(&frame), "{name}");
        assert_eq!(Record::of(&setup).frame(), frame, "{name}");
        assert_eq!(GuestSetup::decode(&frame), Ok(setup), "{name}");
        laws::run("setup_decode", &frame);
    }
}

#[test]
fn every_corrupted_byte_is_refused() {
    for (name, _) in golden_setups() {
        let mut frame = golden_frame(name);
        for at in 0..frame.len() {
            for bits in 1..=255 {
                frame[at] ^= bits;
                assert!(GuestSetupRef::decode(&frame).is_err(), "{name}: {at}");
                frame[at] ^= bits;
            }
        }
    }
}

/// With the checksum put right, the payload itself has to tell.
#[test]
fn every_corrupted_byte_of_a_payload_is_refused_or_what_it_says() {
    for (name, _) in golden_setups() {
        let frame = golden_frame(name);
        for at in 16..frame.len() - 8 {
            for bits in [1, 2, 0x10, 0x40, 0x80, 0xff] {
                let mut damaged = frame.clone();
                damaged[at] ^= bits;
                laws::reseal(&mut damaged);
                laws::run("setup_decode", &damaged);
            }
        }
    }
}

#[test]
fn every_truncation_says_how_much_is_missing() {
    let frame = golden_frame("whole");
    for len in 0..frame.len() {
        let wanted = if len < 16 { 16 } else { frame.len() };
        let kind = DecodeErrorKind::Truncated {
            missing: (wanted - len) as u32,
        };
        let error = DecodeError {
            kind,
            offset: len as u32,
        };
        assert_eq!(GuestSetup::decode(&frame[..len]), Err(error), "{len} bytes");
    }
}

#[test]
fn the_smallest_setup_is_these_bytes() {
    // `then`, `root`, no `mounts`, no `hostname`, five empty lists, `security_profile`, no `clock`.
    let payload = [0; 11];
    let frame = GuestSetup::default().encode().unwrap();
    assert_eq!(frame[..16], *b"\x89msb\x03\x02\x02\0\x0b\0\0\0\0\0\0\0");
    assert_eq!(frame[16..27], payload);
    assert_eq!(frame.len(), 35);
}

#[test]
fn resources_have_the_numbers_of_linux() {
    for (number, resource) in (0u8..).zip(RESOURCES) {
        assert_eq!(resource as u8, number);
        assert_eq!(postcard::to_allocvec(&resource).unwrap(), [number]);
    }
    assert_eq!(RlimitResource::Nofile as u8, 7); // RLIMIT_NOFILE
}

#[test]
fn a_view_gives_what_system_calls_take() {
    let frame = golden_frame("whole");
    let view = GuestSetupRef::decode(&frame).unwrap();
    assert_eq!(view.then(), Then::Handoff);
    let Root::Overlay { lower, .. } = view.root() else {
        panic!("{view:?}")
    };
    assert_eq!((lower.serial, lower.fstype), (c"root", Some(c"erofs")));
    assert_eq!(view.mounts().len(), 4);
    let second = view.mounts().nth(1).unwrap();
    let source = MountSource::VirtiofsFile {
        tag: c"m1",
        file: c"app settings.json",
    };
    let flags = MountFlags {
        readonly: true,
        noexec: true,
        nosuid: true,
        nodev: true,
    };
    let guest = c"/etc/app.json";
    assert_eq!(
        second,
        Mount {
            source,
            guest,
            flags
        }
    );
    assert_eq!(view.hostname(), Some("Größe-1"));
    let names: Vec<_> = view.interfaces().map(|one| one.name).collect();
    assert_eq!(names, [c"eth0", c"backend"]);
    assert_eq!(view.search().last(), Some("svc.local"));
    let entry = view.hosts().next().unwrap();
    assert!(entry.names().eq(["host.internal", "gateway"]));
    assert_eq!(view.rlimits().len(), 2);
    assert!(!view.restricted());
    assert_eq!(view.clock().unwrap().nanoseconds, 123_456_789);
    let again = format!("{:?}", GuestSetupRef::decode(&frame).unwrap());
    assert!(again.contains(r#"guest: "/etc/app.json""#), "{again}");
}

#[test]
fn a_stream_is_read_to_the_end_of_the_frame() {
    let (_, setup) = golden_setups().swap_remove(3);
    let mut written = Vec::new();
    setup.write_to(&mut written).unwrap();
    setup.write_to(&mut written).unwrap();
    let mut reader = Cursor::new(&written);
    assert_eq!(GuestSetup::read_from(&mut reader).unwrap(), setup);
    assert_eq!(reader.position() as usize, written.len() / 2);
}

#[test]
fn another_kind_is_refused_with_its_header() {
    let header = b"\x89msb\x01\x02\x01\0\xff\0\0\0\0\0\0\0";
    let mut reader = Cursor::new([&header[..], &[0; 64]].concat());
    let error = GuestSetup::read_from(&mut reader).unwrap_err();
    let ReadError::Decode(error) = error else {
        panic!("{error}")
    };
    let kind = DecodeErrorKind::WrongKind {
        expected: FrameKind::GuestSetup,
        found: FrameKind::HandoffInit,
    };
    assert_eq!(error, DecodeError { kind, offset: 4 });
    assert_eq!(
        error.to_string(),
        "frame holds a handoff, expected a setup (at byte 4)"
    );
    assert_eq!(reader.position(), 16);
}

#[test]
fn the_longest_payload_is_bounded() {
    assert_eq!(GuestSetup::MAX_FRAME_BYTES, MAX_SETUP_PAYLOAD_BYTES + 24);
    assert_eq!(
        FrameKind::GuestSetup.max_payload_bytes(),
        MAX_SETUP_PAYLOAD_BYTES
    );
}

#[test]
fn the_laws_hold_for_anything() {
    let bytes = proptest::collection::vec(any::<u8>(), 0..1500);
    check(&bytes, |bytes| {
        laws::run("setup_roundtrip", &bytes);
        Ok(())
    });
}
