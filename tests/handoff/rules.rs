//! Rules of the handoff's frame that a small change to the reader could break unseen.

use microsandbox_types::{
    DecodeError, DecodeErrorKind, ExecLimits, GuestReport, HandoffInit, HandoffInitRef,
    InvalidMessage, MessageField, MessageRule,
};

/// The length 128 is `80 01`: its first byte is the greatest that does not end a varint but for
/// one bit. In a list of more than 16 bytes, which is skipped 16 at a time, and in a shorter one.
#[test]
fn lengths_at_which_a_varint_grows_are_skipped_whole() {
    for count in [1, 7, 8, 9, 40] {
        for len in [127, 128, 129, 16_383, 16_384] {
            let message = HandoffInit {
                args: vec!["x".repeat(len); count],
                ..HandoffInit::new("/init").env("A", "1")
            };
            let frame = message.encode().unwrap();
            assert_eq!(HandoffInit::decode(&frame), Ok(message), "{count} of {len}");
        }
    }
}

/// Strings are searched in blocks of 16, 8 and 4 bytes that overlap: wherever the byte is, once or
/// twice, it is found, and nothing else is taken for it.
#[test]
fn an_equals_sign_or_a_nul_is_found_wherever_it_is() {
    for len in 1..=40 {
        for (at, other) in (0..len).flat_map(|at| (at..len).map(move |other| (at, other))) {
            let with = |byte: char| {
                let text = (0..len).map(|n| if n == at || n == other { byte } else { '<' });
                text.collect::<String>()
            };
            let key = HandoffInit::new("/init").env(with('='), "");
            assert_eq!(
                key.validate(),
                env_breaks(MessageRule::EqualsInKey),
                "{key:?}"
            );
            assert!(key.encode().is_err(), "{key:?}");
            let value = HandoffInit::new("/init").env("A", with('\0'));
            assert_eq!(value.validate(), env_breaks(MessageRule::Nul), "{value:?}");
            assert!(value.encode().is_err(), "{value:?}");
        }
        for byte in ['<', '>', '\u{1}', '~'] {
            let key = HandoffInit::new("/init").env(byte.to_string().repeat(len), "");
            assert_eq!(key.validate(), Ok(()), "{key:?}");
        }
    }
}

fn env_breaks(rule: MessageRule) -> Result<(), InvalidMessage> {
    let field = MessageField::Env(0);
    Err(InvalidMessage::new(field, rule))
}

/// As many bytes that are no NUL as there are strings, and one NUL too many.
#[test]
fn a_nul_is_found_among_few_other_bytes() {
    let message = HandoffInit::new("/").arg("a\0");
    let nul = InvalidMessage::new(MessageField::Arg(0), MessageRule::Nul);
    assert_eq!(message.encode(), Err(nul.into()));
}

/// Pages of one byte: no string is longer than 31.
#[test]
fn short_limits_hold_for_short_strings() {
    let limits = ExecLimits::new(1, ExecLimits::default().stack_limit);
    let with_arg = |len| {
        HandoffInit::new("/init")
            .arg("x".repeat(len))
            .encode()
            .unwrap()
    };
    assert!(HandoffInitRef::decode_with(&with_arg(31), &limits).is_ok());
    assert_eq!(
        HandoffInitRef::decode_with(&with_arg(32), &limits).unwrap_err(),
        DecodeError {
            kind: DecodeErrorKind::Invalid(InvalidMessage::new(
                MessageField::Arg(0),
                MessageRule::StringTooLong { len: 33, max: 32 }
            )),
            offset: 28,
        }
    );
}

/// A header of 16 bytes, a payload of at most 64, a checksum of 8.
#[test]
fn a_report_fits_its_buffer() {
    assert_eq!(GuestReport::MAX_FRAME_BYTES, 88);
}
