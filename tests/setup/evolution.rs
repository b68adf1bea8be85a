//! Setups of other generations.

use microsandbox_types::{DecodeError, DecodeErrorKind, GuestSetup};

use crate::shared::frames::Header;
use crate::shared::setup::{Record, golden_setups, header};

fn of(generation: u8, min_generation: u8) -> Header {
    Header {
        generation,
        min_generation,
        ..header()
    }
}

/// A payload with two fields that a later generation appended.
fn newer(setup: &GuestSetup) -> Vec<u8> {
    let mut payload = Record::of(setup).payload();
    payload.extend(postcard::to_allocvec(&(77u32, "new")).unwrap());
    payload
}

#[test]
fn a_newer_setup_is_read_without_its_new_fields() {
    for (name, setup) in golden_setups() {
        for (generation, min_generation) in [(3, 2), (3, 1), (255, 2)] {
            let frame = of(generation, min_generation).frame(&newer(&setup));
            assert_eq!(GuestSetup::decode(&frame).as_ref(), Ok(&setup), "{name}");
            let frame = of(generation, min_generation).frame(&Record::of(&setup).payload());
            assert_eq!(GuestSetup::decode(&frame).as_ref(), Ok(&setup), "{name}");
        }
    }
}

#[test]
fn a_setup_of_this_generation_has_nothing_left_over() {
    for (name, setup) in golden_setups() {
        let error = DecodeError {
            kind: DecodeErrorKind::LeftOver,
            offset: 16 + Record::of(&setup).payload().len() as u32,
        };
        let frame = of(2, 2).frame(&newer(&setup));
        assert_eq!(GuestSetup::decode(&frame), Err(error), "{name}");
    }
}

#[test]
fn a_setup_that_must_not_be_half_read_is_refused() {
    let frame = of(3, 3).frame(&newer(&GuestSetup::default()));
    let kind = DecodeErrorKind::TooNew {
        min_generation: 3,
        generation: 2,
    };
    let error = DecodeError { kind, offset: 6 };
    assert_eq!(GuestSetup::decode(&frame), Err(error));
}

/// The kind came with generation 2.
#[test]
fn generation_1_knows_no_setup() {
    let frame = of(1, 1).frame(&Record::of(&GuestSetup::default()).payload());
    let kind = DecodeErrorKind::UnknownKind { kind: 3 };
    let error = DecodeError { kind, offset: 4 };
    assert_eq!(GuestSetup::decode(&frame), Err(error));
    assert_eq!(GuestSetup::MIN_GENERATION, 2);
}
