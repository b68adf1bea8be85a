//! The setup's clock is read as the setup is written.

use microsandbox_types::{
    GuestFacts, GuestReport, GuestSetup, HandOver, MAX_CLOCK_SECONDS, Next, Then, WallClock,
};

fn sent_clock(clock: Option<WallClock>, now: Option<fn() -> WallClock>) -> Option<WallClock> {
    let setup = GuestSetup {
        then: Then::Stay,
        clock,
        ..GuestSetup::default()
    };
    let mut boot = HandOver::new(Some(&setup), None);
    if let Some(now) = now {
        boot = boot.with_clock(now);
    }
    let ready = GuestReport::Ready {
        generation: 2,
        facts: GuestFacts::default(),
    };
    let Next::Send(frame) = boot.on_report(ready).unwrap() else {
        panic!("nothing was sent");
    };
    GuestSetup::decode(&frame).unwrap().clock
}

const EARLY: WallClock = WallClock {
    seconds: 1,
    nanoseconds: 2,
};
const NOW: WallClock = WallClock {
    seconds: 3,
    nanoseconds: 4,
};

#[test]
fn a_clock_that_is_asked_for_wins() {
    assert_eq!(sent_clock(None, None), None);
    assert_eq!(sent_clock(Some(EARLY), None), Some(EARLY));
    assert_eq!(sent_clock(None, Some(|| NOW)), Some(NOW));
    assert_eq!(sent_clock(Some(EARLY), Some(|| NOW)), Some(NOW));
}

#[test]
fn this_machines_time_is_one_that_a_guest_takes() {
    let sent = sent_clock(None, Some(WallClock::now)).unwrap();
    assert!(sent.seconds > 1_700_000_000 && sent.seconds < MAX_CLOCK_SECONDS);
}
