//! A write that fails is not the last word.

use crate::partner::{Act, boot, ready};
use microsandbox_types::{ConversationError, FrameKind, GuestReport, HandOver, HandoffInit};

/// A handoff of 1.5 MB: more than a socket takes before the guest reads.
fn long() -> HandoffInit {
    let value = "x".repeat(100_000);
    (0..15).fold(HandoffInit::new("/sbin/init"), |init, n| {
        init.env(format!("K{n}"), value.clone())
    })
}

#[test]
fn the_refusal_is_told_and_not_the_broken_pipe() {
    let init = long();
    let refused = GuestReport::Refused {
        reason: 8,
        offset: 8,
    };
    for n in 0..100 {
        let acts = [ready(), Act::Read(16), Act::Say(refused)];
        let boot = boot(HandOver::new(None, Some(&init)), &acts);
        assert_eq!(
            boot.text(),
            "the guest refused the handoff: it announces too long a payload (code 8, byte 8)",
            "{n}"
        );
    }
}

#[test]
fn a_guest_that_just_goes_is_a_failed_write() {
    let init = long();
    let boot = boot(HandOver::new(None, Some(&init)), &[ready(), Act::Read(16)]);
    assert!(
        matches!(boot.result, Err(ConversationError::Write(_))),
        "{}",
        boot.text()
    );
}

#[test]
fn a_guest_cannot_start_what_it_has_not_read() {
    let init = long();
    let acts = [
        ready(),
        Act::Read(16),
        Act::Say(GuestReport::Accepted),
        Act::Say(GuestReport::Started),
    ];
    let boot = boot(HandOver::new(None, Some(&init)), &acts);
    assert!(
        matches!(boot.result, Err(ConversationError::Write(_))),
        "{}",
        boot.text()
    );
}

#[test]
fn a_long_handoff_waits_for_a_slow_setup() {
    let init = long();
    let setup = microsandbox_types::GuestSetup::default();
    let acts = [
        ready(),
        Act::Take(FrameKind::GuestSetup),
        Act::Say(GuestReport::SetUp),
        Act::Take(FrameKind::HandoffInit),
        Act::Say(GuestReport::Accepted),
        Act::Say(GuestReport::Started),
    ];
    let boot = boot(HandOver::new(Some(&setup), Some(&init)), &acts);
    assert_eq!(boot.text(), "Started");
    assert_eq!(boot.taken[1], init.encode().unwrap());
}
