//! The errors' text, codes and size: what users match on and hosts store.

use microsandbox_types::{
    DecodeError, DecodeErrorKind, EncodeError, FrameKind, InvalidMessage, MessageField,
    MessageRule, ScratchTooSmall,
};

#[test]
fn rules_say_what_is_wrong() {
    let cases = [
        (
            MessageRule::NotAbsoluteOrAuto,
            32,
            "must be an absolute path inside the guest or `auto`",
        ),
        (
            MessageRule::NotAbsolute,
            33,
            "must be an absolute path inside the guest",
        ),
        (
            MessageRule::PathTooLong {
                len: 4096,
                max: 4095,
            },
            34,
            "path is too long: 4096 bytes (max 4095)",
        ),
        (MessageRule::Nul, 35, "must not contain a NUL byte"),
        (MessageRule::EmptyKey, 36, "key must not be empty"),
        (MessageRule::EqualsInKey, 37, "key must not contain `=`"),
        (MessageRule::NoEquals, 38, "must be KEY=VALUE"),
        (
            MessageRule::StringTooLong { len: 2, max: 1 },
            39,
            "is too long for execve: 2 bytes including its NUL (max 1)",
        ),
        (
            MessageRule::TotalTooLarge { len: 2, max: 1 },
            40,
            "is too large for execve: 2 bytes of strings and pointers (max 1)",
        ),
    ];
    for (rule, code, text) in cases {
        let invalid = InvalidMessage::new(MessageField::Env(3), rule);
        assert_eq!(invalid.to_string(), format!("env[3]: {text}"));
        assert_eq!(
            EncodeError::from(invalid).to_string(),
            format!("env[3]: {text}")
        );
        let error = DecodeError {
            kind: DecodeErrorKind::Invalid(invalid),
            offset: 99,
        };
        assert_eq!(error.to_string(), format!("env[3]: {text} (at byte 99)"));
        assert_eq!((error.code(), error.offset()), (code, 99));
    }
    let fields = [
        (MessageField::Cmd, "cmd"),
        (MessageField::Cwd, "cwd"),
        (MessageField::Arg(0), "args[0]"),
        (MessageField::Message, "message"),
    ];
    for (field, text) in fields {
        assert_eq!(field.to_string(), text);
    }
}

#[test]
fn decode_errors_keep_their_text_code_and_offset() {
    let cases = [
        (
            DecodeError {
                kind: DecodeErrorKind::Truncated { missing: 9 },
                offset: 7,
            },
            (1, 7),
            "frame is cut short: at least 9 more bytes are missing",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadMagic,
                offset: 2,
            },
            (2, 2),
            "not a frame: wrong magic",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::UnknownKind { kind: 9 },
                offset: 4,
            },
            (3, 4),
            "unknown frame kind 9",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::WrongKind {
                    expected: FrameKind::HandoffInit,
                    found: FrameKind::GuestReport,
                },
                offset: 4,
            },
            (4, 4),
            "frame holds a report, expected a handoff",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadGeneration {
                    generation: 0,
                    min_generation: 1,
                },
                offset: 5,
            },
            (5, 5),
            "generations out of order: generation 0, min_generation 1",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadGeneration {
                    generation: 1,
                    min_generation: 2,
                },
                offset: 6,
            },
            (5, 6),
            "generations out of order: generation 1, min_generation 2",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::TooNew {
                    min_generation: 2,
                    generation: 1,
                },
                offset: 6,
            },
            (6, 6),
            "frame needs a reader of generation 2, this one is 1",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadFlags { flags: 255 },
                offset: 7,
            },
            (7, 7),
            "flags must be 0: got 0xff",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::PayloadTooLarge {
                    len: 4_194_305,
                    max: 4_194_304,
                },
                offset: 8,
            },
            (8, 8),
            "payload is too large: 4194305 bytes (max 4194304)",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadReserved { value: 1 },
                offset: 12,
            },
            (9, 12),
            "reserved field must be 0: got 0x00000001",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::Trailing { extra: 3 },
                offset: 50,
            },
            (10, 50),
            "3 bytes follow the frame",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadChecksum,
                offset: 42,
            },
            (11, 42),
            "wrong checksum: the frame was damaged",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::PayloadTruncated,
                offset: 20,
            },
            (12, 20),
            "payload ends inside a field",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::VarintTooLarge,
                offset: 16,
            },
            (13, 16),
            "varint is too large",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::NonCanonicalVarint,
                offset: 16,
            },
            (14, 16),
            "varint is padded",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadOption,
                offset: 17,
            },
            (15, 17),
            "option tag must be 0 or 1",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::LengthMismatch,
                offset: 30,
            },
            (16, 30),
            "string lengths do not add up to the text",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::NotUtf8,
                offset: 31,
            },
            (17, 31),
            "text is not UTF-8",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::MissingNul,
                offset: 32,
            },
            (18, 32),
            "string does not end in a NUL",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::StrayNul,
                offset: 33,
            },
            (19, 33),
            "string holds a NUL",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::LeftOver,
                offset: 34,
            },
            (20, 34),
            "payload has bytes left over",
        ),
        (
            DecodeError {
                kind: DecodeErrorKind::BadReport,
                offset: 16,
            },
            (21, 16),
            "malformed guest report",
        ),
    ];
    for (error, (code, offset), text) in cases {
        assert_eq!((error.code(), error.offset()), (code, offset), "{error:?}");
        assert_eq!(error.kind.to_string(), text);
        assert_eq!(error.to_string(), format!("{text} (at byte {offset})"));
    }
}

#[test]
fn encode_errors_say_what_is_needed() {
    let cases = [
        (
            EncodeError::Invalid(InvalidMessage::new(
                MessageField::Message,
                MessageRule::PayloadTooLarge {
                    len: 5_000_000,
                    max: 4_194_304,
                },
            )),
            "message: is too large for a frame: 5000000 bytes (max 4194304)",
        ),
        (
            EncodeError::BufferTooSmall { needed: 35 },
            "buffer is too small: the frame needs 35 bytes",
        ),
        (
            EncodeError::UnknownReport,
            "an unknown report cannot be encoded",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(
        ScratchTooSmall { needed: 4 }.to_string(),
        "scratch list is too small: 4 slots are needed"
    );
}

#[test]
fn errors_are_small_copies_without_heap() {
    fn check<T: core::error::Error + Copy + Send + Sync + 'static>() -> usize {
        size_of::<T>()
    }
    assert!(check::<DecodeError>() <= 32);
    assert!(check::<EncodeError>() <= 32);
    assert!(check::<InvalidMessage>() <= 24);
    assert!(check::<ScratchTooSmall>() <= 8);
}
