//! The handoff frame: what is written is what is read, and nothing else is.

use std::ffi::CStr;

use crate::shared::frames::{
    CHECKSUM_LEN, HEADER_LEN, Header, Record, frame, golden_frame, golden_frame_of,
    golden_messages, payload,
};
use microsandbox_types::{
    DecodeError, DecodeErrorKind, EncodeError, ExecLimits, FrameHeader, FrameKind, HandoffInit,
    HandoffInitRef, InvalidMessage, MessageField, MessageRule,
};
use proptest::prelude::*;

#[test]
fn golden_frames_are_read_and_written_as_they_stand() {
    for (name, message) in golden_messages() {
        let frame = golden_frame(name);
        assert_eq!(message.encode().as_ref(), Ok(&frame), "{name}");
        assert_eq!(HandoffInit::decode(&frame), Ok(message), "{name}");
    }
}

/// What a writer of generation 1 wrote: its frames never change, and are read for ever.
#[test]
fn golden_frames_of_generation_1_are_read() {
    for (name, message) in golden_messages() {
        let frame = golden_frame_of(1, name);
        assert_eq!(frame[5], 1, "{name}");
        assert_eq!(HandoffInit::decode(&frame), Ok(message), "{name}");
    }
}

#[test]
fn every_bit_flip_is_refused() {
    for (name, _) in golden_messages() {
        let mut frame = golden_frame(name);
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            assert!(HandoffInitRef::decode(&frame).is_err(), "{name}: bit {bit}");
            frame[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_truncation_says_how_much_is_missing() {
    for (name, _) in golden_messages() {
        let frame = golden_frame(name);
        for len in 0..frame.len() {
            let wanted = if len < HEADER_LEN {
                HEADER_LEN
            } else {
                frame.len()
            };
            let missing = (wanted - len) as u32;
            let error = DecodeError {
                kind: DecodeErrorKind::Truncated { missing },
                offset: len as u32,
            };
            assert_eq!(
                HandoffInit::decode(&frame[..len]),
                Err(error),
                "{name}: {len} bytes"
            );
        }
    }
}

#[test]
fn a_view_lists_what_execve_takes() {
    let message = HandoffInit::new("/init")
        .arg("")
        .arg("a b")
        .env("K", "v=w")
        .cwd("/tmp");
    let frame = message.encode().unwrap();
    let view = HandoffInitRef::decode(&frame).unwrap();
    assert_eq!((view.cmd(), view.cmd_cstr()), ("/init", c"/init"));
    assert!(!view.is_auto());
    assert_eq!((view.cwd(), view.cwd_cstr()), (Some("/tmp"), Some(c"/tmp")));
    assert_eq!(view.cwd_ptr(), view.cwd_cstr().map(CStr::as_ptr));
    assert_eq!(view.args().collect::<Vec<_>>(), ["", "a b"]);
    assert_eq!(view.env().collect::<Vec<_>>(), [("K", "v=w")]);
    assert_eq!(view.argv().collect::<Vec<_>>(), [c"/init", c"", c"a b"]);
    assert_eq!(view.envp().collect::<Vec<_>>(), [c"K=v=w"]);
    assert_eq!((view.argv().len(), view.args().len()), (3, 2));
    assert_eq!((view.envp().len(), view.env().len()), (1, 1));
    assert_eq!(view.to_owned(), message);
}

#[test]
fn the_choice_is_the_guests_for_auto_alone() {
    for (cmd, is_auto) in [("auto", true), ("/auto", false), ("/a", false)] {
        let frame = HandoffInit::new(cmd).encode().unwrap();
        let view = HandoffInitRef::decode(&frame).unwrap();
        assert_eq!(view.is_auto(), is_auto, "{cmd}");
        assert_eq!((view.cwd(), view.cwd_ptr()), (None, None), "{cmd}");
    }
}

#[test]
fn an_inherited_environment_is_overridden_in_order() {
    let message = HandoffInit::new("/init")
        .env("B", "frame")
        .env("C", "1")
        .env("C", "2");
    let frame = message.encode().unwrap();
    let view = HandoffInitRef::decode(&frame).unwrap();
    let cases: [(&[_], &[_]); 4] = [
        (&[], &[c"B=frame", c"C=2"]),
        (&[c"A=1", c"B=inherited"], &[c"A=1", c"B=frame", c"C=2"]),
        (
            &[c"Z=1", c"A=1", c"Z=2"],
            &[c"A=1", c"Z=2", c"B=frame", c"C=2"],
        ),
        // An inherited entry without `=` is all key.
        (&[c"B", c"BB=1"], &[c"BB=1", c"B=frame", c"C=2"]),
    ];
    for (inherited, expected) in cases {
        let needed = inherited.len() + 3;
        let mut scratch = vec![0; needed];
        let merged = view.merge_env(inherited, &mut scratch).unwrap();
        assert_eq!(merged.len(), expected.len());
        assert_eq!(merged.collect::<Vec<_>>(), expected);
        let error = view
            .merge_env(inherited, &mut scratch[..needed - 1])
            .unwrap_err();
        assert_eq!(error.needed, needed);
    }
}

#[test]
fn a_large_environment_is_merged_like_a_small_one() {
    // Sizes around the powers of two, where a heap's last level is full, empty or has one entry.
    for len in (0..70).chain([127, 128, 129, 1000]) {
        let message = (0..len).fold(HandoffInit::new("/init"), |message, n| {
            message.env(format!("K{}", n * 7919 % 37), n.to_string())
        });
        let frame = message.encode().unwrap();
        let view = HandoffInitRef::decode(&frame).unwrap();
        let mut scratch = vec![0; len + 2];
        let inherited = [c"K3=inherited", c"OTHER=1"];
        let merged = view.merge_env(&inherited, &mut scratch).unwrap();
        let merged: Vec<_> = merged.map(|entry| entry.to_str().unwrap()).collect();

        let mut all = vec!["K3=inherited".to_owned(), "OTHER=1".to_owned()];
        all.extend(
            message
                .env
                .iter()
                .map(|(key, value)| format!("{key}={value}")),
        );
        let key = |entry: &str| entry.split('=').next().unwrap().to_owned();
        let mut expected = Vec::new();
        for (n, entry) in all.iter().enumerate() {
            if !all[n + 1..].iter().any(|later| key(later) == key(entry)) {
                expected.push(entry.as_str());
            }
        }
        assert_eq!(merged, expected, "{len} entries");
    }
}

#[test]
fn debug_shows_no_environment_values() {
    let message = HandoffInit::new("/init")
        .arg("run")
        .env("TOKEN", "s3cret")
        .cwd("/tmp");
    let frame = message.encode().unwrap();
    let view = HandoffInitRef::decode(&frame).unwrap();
    let fields = r#"{ cmd: "/init", args: ["run"], env: {"TOKEN": _}, cwd: Some("/tmp") }"#;
    assert_eq!(format!("{message:?}"), format!("HandoffInit {fields}"));
    assert_eq!(format!("{view:?}"), format!("HandoffInitRef {fields}"));
    for (strings, len) in [(view.argv(), 2), (view.envp(), 1)] {
        assert_eq!(format!("{strings:?}"), format!("CStrings {{ len: {len} }}"));
    }
    let mut scratch = [0; 2];
    let envp = view.merge_env(&[c"API=s3cret"], &mut scratch).unwrap();
    assert_eq!(format!("{envp:?}"), "MergedEnv { len: 2 }");
    let invalid = HandoffInit::new("/init")
        .env("TOKEN", "s3cret\0")
        .validate()
        .unwrap_err();
    assert!(!format!("{invalid} {invalid:?}").contains("s3cret"));
}

#[test]
fn a_header_is_read_from_its_first_bytes() {
    let frame = golden_frame("typical");
    let header = FrameHeader::parse(&frame[..HEADER_LEN]).unwrap();
    assert_eq!(FrameHeader::LEN, HEADER_LEN);
    assert_eq!(header.kind(), FrameKind::HandoffInit);
    assert_eq!((header.generation(), header.min_generation()), (2, 1));
    assert_eq!(header.frame_len(), frame.len());
    assert_eq!(
        header.payload_len(),
        frame.len() - HEADER_LEN - CHECKSUM_LEN
    );
}

#[test]
fn a_broken_header_is_refused() {
    let good = Header::default();
    let cases = [
        (
            Header {
                magic: *b"\x88msb",
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadMagic,
                offset: 0,
            },
            0,
        ),
        (
            Header {
                magic: *b"\x89msB",
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadMagic,
                offset: 3,
            },
            3,
        ),
        (
            Header {
                kind: 0,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::UnknownKind { kind: 0 },
                offset: 4,
            },
            4,
        ),
        (
            Header {
                kind: 4,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::UnknownKind { kind: 4 },
                offset: 4,
            },
            4,
        ),
        (
            Header {
                kind: 2,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::WrongKind {
                    expected: FrameKind::HandoffInit,
                    found: FrameKind::GuestReport,
                },
                offset: 4,
            },
            4,
        ),
        (
            Header {
                generation: 0,
                min_generation: 0,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadGeneration {
                    generation: 0,
                    min_generation: 0,
                },
                offset: 5,
            },
            5,
        ),
        (
            Header {
                min_generation: 0,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadGeneration {
                    generation: 2,
                    min_generation: 0,
                },
                offset: 6,
            },
            6,
        ),
        (
            Header {
                min_generation: 3,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadGeneration {
                    generation: 2,
                    min_generation: 3,
                },
                offset: 6,
            },
            6,
        ),
        (
            Header {
                flags: 1,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadFlags { flags: 1 },
                offset: 7,
            },
            7,
        ),
        (
            Header {
                payload_len: Some(0x0040_0001),
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::PayloadTooLarge {
                    len: 0x0040_0001,
                    max: 0x0040_0000,
                },
                offset: 8,
            },
            8,
        ),
        (
            Header {
                payload_len: Some(0x0040_0000),
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::Truncated {
                    missing: 0x0040_0000 - 11,
                },
                offset: 35,
            },
            35,
        ),
        (
            Header {
                reserved: 1,
                ..good.clone()
            },
            DecodeError {
                kind: DecodeErrorKind::BadReserved { value: 1 },
                offset: 12,
            },
            12,
        ),
        (
            Header {
                reserved: 1 << 31,
                ..good
            },
            DecodeError {
                kind: DecodeErrorKind::BadReserved { value: 1 << 31 },
                offset: 12,
            },
            12,
        ),
    ];
    let minimal = Record::of(&HandoffInit::new("/init")).payload();
    for (header, error, offset) in cases {
        assert_eq!(
            HandoffInitRef::decode(&header.frame(&minimal)).unwrap_err(),
            error
        );
        assert_eq!(error.offset(), offset, "{error}");
    }
}

#[test]
fn trailing_bytes_and_wrong_checksums_are_refused() {
    let mut frame = golden_frame("minimal");
    let len = frame.len() as u32;
    frame.extend([0, 0]);
    let error = DecodeError {
        kind: DecodeErrorKind::Trailing { extra: 2 },
        offset: len,
    };
    assert_eq!(HandoffInit::decode(&frame), Err(error));
    frame.truncate(frame.len() - 2);
    *frame.last_mut().unwrap() ^= 0x80;
    let error = DecodeError {
        kind: DecodeErrorKind::BadChecksum,
        offset: len - CHECKSUM_LEN as u32,
    };
    assert_eq!(HandoffInit::decode(&frame), Err(error));
}

/// Each payload is one change away from `05 00 00 00 06 "/init\0"` or
/// `02 01 01 01 01 01 03 09 "/i\0/\0a\0K=v\0"`.
#[test]
fn a_broken_payload_is_refused_where_it_breaks() {
    let invalid = |offset, field, rule| DecodeError {
        kind: DecodeErrorKind::Invalid(InvalidMessage::new(field, rule)),
        offset,
    };
    let full = b"\x02\x01\x01\x01\x01\x01\x03\x0b/i\0/\0a\0K=v\0";
    assert!(HandoffInitRef::decode(&frame(full)).is_ok());
    let cases: [(&str, &[u8], DecodeError); 34] = [
        (
            "empty",
            b"",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 16,
            },
        ),
        (
            "cut in a varint",
            b"\x85",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 17,
            },
        ),
        (
            "no option",
            b"\x05",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 17,
            },
        ),
        (
            "cut in an option",
            b"\x05\x01",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 18,
            },
        ),
        (
            "no lists",
            b"\x05\0",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 18,
            },
        ),
        (
            "cut in a list",
            b"\x05\0\x02\x01",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 20,
            },
        ),
        (
            "huge count",
            b"\x05\0\xff\xff\xff\xff\x0f",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 23,
            },
        ),
        (
            "cut in the text",
            b"\x05\0\0\0\x06/init",
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 26,
            },
        ),
        (
            "33 bits",
            b"\xff\xff\xff\xff\x1f\0\0\0\0",
            DecodeError {
                kind: DecodeErrorKind::VarintTooLarge,
                offset: 16,
            },
        ),
        (
            "6 bytes",
            b"\x80\x80\x80\x80\x80\x01\0\0\0",
            DecodeError {
                kind: DecodeErrorKind::VarintTooLarge,
                offset: 16,
            },
        ),
        (
            "padded",
            b"\x85\0\0\0\0\x06/init\0",
            DecodeError {
                kind: DecodeErrorKind::NonCanonicalVarint,
                offset: 16,
            },
        ),
        (
            "padded count",
            b"\x05\0\x80\0\0\x06/init\0",
            DecodeError {
                kind: DecodeErrorKind::NonCanonicalVarint,
                offset: 18,
            },
        ),
        (
            "padded length",
            b"\x05\0\x01\x80\0\0\x07/init\0\0",
            DecodeError {
                kind: DecodeErrorKind::NonCanonicalVarint,
                offset: 19,
            },
        ),
        (
            "padded text length",
            b"\x05\0\0\0\x86\0/init\0",
            DecodeError {
                kind: DecodeErrorKind::NonCanonicalVarint,
                offset: 20,
            },
        ),
        (
            "option tag",
            b"\x05\x02\0\0\x06/init\0",
            DecodeError {
                kind: DecodeErrorKind::BadOption,
                offset: 17,
            },
        ),
        (
            "text too long",
            b"\x05\0\0\0\x07/init\0\0",
            DecodeError {
                kind: DecodeErrorKind::LengthMismatch,
                offset: 27,
            },
        ),
        (
            "text too short",
            b"\x05\0\0\0\x05/init",
            DecodeError {
                kind: DecodeErrorKind::LengthMismatch,
                offset: 21,
            },
        ),
        (
            "arg past the text",
            b"\x05\0\x01\x01\0\x06/init\0",
            DecodeError {
                kind: DecodeErrorKind::LengthMismatch,
                offset: 28,
            },
        ),
        (
            "left over",
            b"\x05\0\0\0\x06/init\0\0",
            DecodeError {
                kind: DecodeErrorKind::LeftOver,
                offset: 27,
            },
        ),
        (
            "not UTF-8",
            b"\x05\0\0\0\x06/in\xfft\0",
            DecodeError {
                kind: DecodeErrorKind::NotUtf8,
                offset: 24,
            },
        ),
        (
            "no NUL",
            b"\x05\0\0\0\x06/initX",
            DecodeError {
                kind: DecodeErrorKind::MissingNul,
                offset: 26,
            },
        ),
        (
            "NUL inside",
            b"\x05\0\0\0\x06/in\0t\0",
            DecodeError {
                kind: DecodeErrorKind::StrayNul,
                offset: 24,
            },
        ),
        (
            "NUL inside the last entry",
            b"\x02\x01\x01\x01\x01\x01\x03\x0b/i\0/\0a\0K=\0\0",
            DecodeError {
                kind: DecodeErrorKind::StrayNul,
                offset: 33,
            },
        ),
        (
            "NUL inside before a broken rule",
            b"\x02\0\x01\x02\x01\x01\x08/i\0\0a\0K\0",
            invalid(29, MessageField::Env(0), MessageRule::NoEquals),
        ),
        (
            "NUL inside before a missing NUL",
            b"\x02\0\x02\x03\x01\0\x09/i\0a\0b\0cx",
            DecodeError {
                kind: DecodeErrorKind::MissingNul,
                offset: 31,
            },
        ),
        (
            "NUL inside before text left over",
            b"\x02\0\x01\x03\0\x08/i\0a\0b\0x",
            DecodeError {
                kind: DecodeErrorKind::LengthMismatch,
                offset: 29,
            },
        ),
        (
            "relative cmd",
            b"\x04\0\0\0\x05init\0",
            invalid(21, MessageField::Cmd, MessageRule::NotAbsoluteOrAuto),
        ),
        (
            "empty cmd",
            b"\0\0\0\0\x01\0",
            invalid(21, MessageField::Cmd, MessageRule::NotAbsoluteOrAuto),
        ),
        (
            "relative cwd",
            b"\x02\x01\x01\0\0\x05/i\0.\0",
            invalid(25, MessageField::Cwd, MessageRule::NotAbsolute),
        ),
        (
            "empty cwd",
            b"\x02\x01\0\0\0\x04/i\0\0",
            invalid(25, MessageField::Cwd, MessageRule::NotAbsolute),
        ),
        (
            "empty entry",
            b"\x02\0\0\x01\0\x04/i\0\0",
            invalid(25, MessageField::Env(0), MessageRule::NoEquals),
        ),
        (
            "entry without =",
            b"\x02\0\0\x01\x01\x05/i\0K\0",
            invalid(25, MessageField::Env(0), MessageRule::NoEquals),
        ),
        (
            "= of the next entry",
            b"\x02\0\0\x02\x01\x02\x08/i\0K\0K=\0",
            invalid(26, MessageField::Env(0), MessageRule::NoEquals),
        ),
        (
            "empty key in the second entry",
            b"\x02\0\0\x02\x02\x02\x09/i\0K=\0=v\0",
            invalid(29, MessageField::Env(1), MessageRule::EmptyKey),
        ),
    ];
    for (case, payload, error) in cases {
        assert_eq!(
            HandoffInitRef::decode(&frame(payload)).unwrap_err(),
            error,
            "{case}"
        );
        assert_eq!(HandoffInit::decode(&frame(payload)), Err(error), "{case}");
    }
}

fn long(len: usize) -> String {
    "x".repeat(len)
}

#[test]
fn a_message_breaks_the_same_rule_on_both_sides() {
    const MAX: u32 = 131_072;
    let new = |cmd: &str| HandoffInit::new(cmd);
    let path = |len: usize| format!("/{}", long(len - 1));
    let cases = [
        (new("/init"), None),
        (new("auto"), None),
        (
            new(""),
            Some((MessageField::Cmd, MessageRule::NotAbsoluteOrAuto)),
        ),
        (
            new("Auto"),
            Some((MessageField::Cmd, MessageRule::NotAbsoluteOrAuto)),
        ),
        (
            new("sbin/init"),
            Some((MessageField::Cmd, MessageRule::NotAbsoluteOrAuto)),
        ),
        (new(&path(4095)), None),
        (
            new(&path(4096)),
            Some((
                MessageField::Cmd,
                MessageRule::PathTooLong {
                    len: 4096,
                    max: 4095,
                },
            )),
        ),
        (new("/init").cwd("/"), None),
        (
            new("/init").cwd(""),
            Some((MessageField::Cwd, MessageRule::NotAbsolute)),
        ),
        (
            new("/init").cwd("auto"),
            Some((MessageField::Cwd, MessageRule::NotAbsolute)),
        ),
        (new("/init").cwd(path(4095)), None),
        (
            new("/init").cwd(path(4096)),
            Some((
                MessageField::Cwd,
                MessageRule::PathTooLong {
                    len: 4096,
                    max: 4095,
                },
            )),
        ),
        (
            new("/init").env("", "v"),
            Some((MessageField::Env(0), MessageRule::EmptyKey)),
        ),
        (new("/init").arg(long(131_071)), None),
        (
            new("/init").arg("").arg(long(131_072)),
            Some((
                MessageField::Arg(1),
                MessageRule::StringTooLong {
                    len: MAX + 1,
                    max: MAX,
                },
            )),
        ),
        (new("/init").env("KEY", long(131_071 - 4)), None),
        (
            new("/init").env("A", "").env("KEY", long(131_071 - 3)),
            Some((
                MessageField::Env(1),
                MessageRule::StringTooLong {
                    len: MAX + 1,
                    max: MAX,
                },
            )),
        ),
    ];
    for (message, expected) in cases {
        let frame = frame(&Record::of(&message).payload());
        match expected.map(|(field, rule)| InvalidMessage::new(field, rule)) {
            None => {
                assert_eq!(message.validate(), Ok(()));
                assert_eq!(message.encode().as_ref(), Ok(&frame));
                assert_eq!(HandoffInit::decode(&frame), Ok(message));
            }
            Some(invalid) => {
                assert_eq!(message.validate(), Err(invalid));
                assert_eq!(message.encode(), Err(EncodeError::Invalid(invalid)));
                assert_eq!(
                    message.encode_into(&mut []),
                    Err(EncodeError::Invalid(invalid))
                );
                match HandoffInitRef::decode(&frame).unwrap_err() {
                    DecodeError {
                        kind: DecodeErrorKind::Invalid(found),
                        ..
                    } => assert_eq!(found, invalid),
                    other => panic!("{invalid}: {other}"),
                }
            }
        }
    }
}

/// On the wire a NUL or an `=` in a key is a stray NUL or another key: only the writer can tell.
#[test]
fn a_writer_refuses_what_the_wire_could_not_tell() {
    let cases = [
        (
            HandoffInit::new("/in\0it"),
            MessageField::Cmd,
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("auto\0"),
            MessageField::Cmd,
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("/init").cwd("/\0"),
            MessageField::Cwd,
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("/init").arg("a").arg("\0"),
            MessageField::Arg(1),
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("/init").env("K\0", "v"),
            MessageField::Env(0),
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("/init").env("K", "\0"),
            MessageField::Env(0),
            MessageRule::Nul,
        ),
        (
            HandoffInit::new("/init").env("K=", "v"),
            MessageField::Env(0),
            MessageRule::EqualsInKey,
        ),
        (
            HandoffInit::new("/init").env("=", "v"),
            MessageField::Env(0),
            MessageRule::EqualsInKey,
        ),
    ];
    for (message, field, rule) in cases {
        let invalid = InvalidMessage::new(field, rule);
        assert_eq!(message.validate(), Err(invalid));
        assert_eq!(message.encode(), Err(EncodeError::Invalid(invalid)));
    }
}

/// What the kernel counts: the path, `argv[0]`, every other string, each with its NUL, and 8 bytes
/// for each pointer.
fn exec_bytes(message: &HandoffInit) -> usize {
    let init = match message.cmd.as_str() {
        "auto" => "/usr/lib/systemd/systemd",
        cmd => cmd,
    };
    let args = message
        .args
        .iter()
        .map(|arg| arg.len() + 1 + 8)
        .sum::<usize>();
    let env = message
        .env
        .iter()
        .map(|(k, v)| k.len() + v.len() + 2 + 8)
        .sum::<usize>();
    2 * (init.len() + 1) + 8 + args + env
}

#[test]
fn the_total_may_just_meet_the_limit() {
    let limits = |stack_limit| ExecLimits::new(4096, stack_limit);
    let cases = [
        (ExecLimits::default(), 2 * 1024 * 1024),
        (limits(0), 128 * 1024),
        (limits(1024 * 1024), 256 * 1024),
        (limits(u64::MAX), 6 * 1024 * 1024),
    ];
    for (limits, max) in cases {
        assert_eq!(limits.max_total_bytes(), max);
        // Frames end at 4 MiB; the limit may lie above them.
        if max > 4 * 1024 * 1024 {
            continue;
        }
        for cmd in ["/init", "auto"] {
            let mut message = HandoffInit::new(cmd).cwd("/home");
            while exec_bytes(&message) + 100_000 < max as usize {
                message = message.env("KEY", long(60_000));
            }
            let left = max as usize - exec_bytes(&message) - 9;
            message = message.arg(long(left));
            assert_eq!(exec_bytes(&message), max as usize);
            assert_eq!(message.validate_with(&limits), Ok(()));
            let full = message.encode_with(&limits).unwrap();
            assert!(HandoffInitRef::decode_with(&full, &limits).is_ok());

            message.args[0].push('x');
            let rule = MessageRule::TotalTooLarge { len: max + 1, max };
            let invalid = InvalidMessage::new(MessageField::Message, rule);
            assert_eq!(message.validate_with(&limits), Err(invalid));
            let over = frame(&Record::of(&message).payload());
            let error = HandoffInitRef::decode_with(&over, &limits).unwrap_err();
            assert!(
                matches!(error, DecodeError { kind: DecodeErrorKind::Invalid(i), .. } if i == invalid)
            );
        }
    }
}

#[test]
fn string_limits_follow_the_page_size() {
    let limits = ExecLimits::new(65_536, ExecLimits::default().stack_limit);
    assert_eq!(limits.max_string_bytes(), 2 * 1024 * 1024);
    let message = HandoffInit::new("/init").arg(long(200_000));
    assert!(message.validate().is_err());
    let frame = message.encode_with(&limits).unwrap();
    assert!(HandoffInitRef::decode(&frame).is_err());
    assert_eq!(
        HandoffInitRef::decode_with(&frame, &limits)
            .unwrap()
            .to_owned(),
        message
    );
}

#[test]
fn a_payload_over_the_limit_is_not_written() {
    let limits = ExecLimits::new(1 << 20, u64::MAX);
    let mut message = HandoffInit::new("/i").arg(long(4_194_304 - 15));
    // 02 00 01 [4 bytes] 00 [4 bytes] "/i\0" arg "\0"
    let (len, max) = (4_194_305, 4_194_304);
    let error = InvalidMessage::new(
        MessageField::Message,
        MessageRule::PayloadTooLarge { len, max },
    );
    assert_eq!(message.validate_with(&limits), Err(error));
    assert_eq!(message.encode_with(&limits), Err(error.into()));
    let with_nul = message.clone().arg("\0");
    let nul = with_nul.validate_with(&limits).unwrap_err();
    assert_eq!(with_nul.encode_with(&limits), Err(nul.into()));
    message.args[0].pop();
    let frame = message.encode_with(&limits).unwrap();
    assert_eq!(frame.len(), 4_194_304 + HEADER_LEN + CHECKSUM_LEN);
    assert!(HandoffInitRef::decode_with(&frame, &limits).is_ok());
}

#[test]
fn encode_into_fills_a_buffer_or_leaves_it() {
    for (name, message) in golden_messages() {
        let golden = golden_frame(name);
        assert_eq!(message.encoded_len(), golden.len(), "{name}");
        let mut buffer = vec![0xaa; golden.len() + 2];
        assert_eq!(message.encode_into(&mut buffer), Ok(golden.len()), "{name}");
        assert_eq!(buffer[..golden.len()], golden, "{name}");
        assert_eq!(buffer[golden.len()..], [0xaa; 2], "{name}");
        for len in [0, HEADER_LEN, golden.len() - 1] {
            let mut buffer = vec![0xaa; len];
            let error = EncodeError::BufferTooSmall {
                needed: golden.len(),
            };
            assert_eq!(message.encode_into(&mut buffer), Err(error), "{name}");
            assert_eq!(buffer, vec![0xaa; len], "{name}");
        }
    }
}

/// A string as `execve` could take it, of any length that changes its varint.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[^\0]{0,20}", 1 => "[^\0]{100,300}", 1 => (16_000..17_000usize).prop_map(long)]
}

prop_compose! {
    fn message()(
        cmd in prop_oneof![Just("auto".to_owned()), "/[^\0]{0,200}"],
        args in prop::collection::vec(text(), 0..200),
        env in prop::collection::vec(("[^\0=]{1,20}", text()), 0..60),
        cwd in prop::option::of("/[^\0]{0,20}"),
    ) -> HandoffInit {
        HandoffInit { cmd, args, env, cwd }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    #[test]
    fn the_payload_is_what_postcard_writes(message in message()) {
        prop_assume!(message.validate().is_ok());
        let frame = message.encode().unwrap();
        prop_assert_eq!(payload(&frame), Record::of(&message).payload());
    }

    #[test]
    fn what_is_written_is_read(message in message()) {
        prop_assume!(message.validate().is_ok());
        let frame = message.encode().unwrap();
        prop_assert_eq!(HandoffInit::decode(&frame), Ok(message));
    }
}
