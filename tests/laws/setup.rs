//! The laws of the setup's frame.

use arbitrary::{Result, Unstructured};
use microsandbox_types::{
    DecodeErrorKind, EncodeError, FrameKind, GENERATION, GuestSetup, GuestSetupRef, InvalidMessage,
};

use super::frames;
use super::handoff::{Damage, Pieces, assert_refusal, assert_streamed};
use crate::shared::{heap, setup};

/// The most heap that an owned setup takes, in bytes for each byte of its frame.
///
/// A tmpfs without size and mode on `/a`, say, takes 8 bytes of the frame, and a `Mount` of 120
/// bytes with 2 of its own. Rust makes a list of at least 4 items at once, for each of seven lists.
const OWNED_FACTOR: usize = 20;
const OWNED_ONCE: usize = 4096;

/// Any bytes: every way to decode them agrees with the others and with a plain reader; what is
/// accepted is what the encoder writes; the view takes no heap, the owned value little.
pub fn decode(data: &[u8]) {
    let view = heap::untouched(|| GuestSetupRef::decode(data));
    let (owned, heap) = heap::measure(|| GuestSetup::decode(data));
    match (&view, &owned) {
        (Ok(view), Ok(owned)) => {
            assert!(
                heap.peak <= OWNED_FACTOR * data.len() + OWNED_ONCE,
                "{heap:?}"
            );
            heap::untouched(|| walk(view));
            assert_eq!(view.to_owned(), *owned);
            assert_eq!(owned.validate(), Ok(()));
            let again = owned.encode().unwrap();
            if data[5..7] == [GENERATION, GuestSetup::MIN_GENERATION] {
                assert_eq!(again, data);
            }
            assert_eq!(GuestSetup::decode(&again).as_ref(), Ok(owned));
        }
        (Err(of_view), Err(of_owned)) => {
            assert_eq!(heap.allocations, 0);
            assert_eq!(of_view, of_owned);
            assert_refusal(*of_view, data);
        }
        _ => panic!("{view:?} is not {owned:?}"),
    }
    assert_eq!(owned.as_ref().ok(), setup::read(data).as_ref());

    let mut pieces = Pieces::new(data);
    let streamed = GuestSetup::read_from(&mut pieces);
    assert_streamed(
        data,
        streamed,
        FrameKind::GuestSetup,
        GuestSetup::decode,
        pieces.rest,
    );
}

/// Every list gives as many items as it says.
fn walk(view: &GuestSetupRef<'_>) {
    assert_eq!(view.mounts().count(), view.mounts().len());
    assert_eq!(view.interfaces().count(), view.interfaces().len());
    assert_eq!(view.dns().count(), view.dns().len());
    assert_eq!(view.search().count(), view.search().len());
    assert_eq!(view.rlimits().count(), view.rlimits().len());
    assert_eq!(view.hosts().count(), view.hosts().len());
    for entry in view.hosts() {
        assert_eq!(entry.names().count(), entry.names().len());
    }
}

/// Any setup: it validates if and only if it encodes and a plain list of the rules says the same;
/// the guest refuses it for the same reason; the frame is what postcard writes and comes back as
/// the same setup; a damaged one is refused.
pub fn roundtrip(data: &[u8]) {
    let _ = try_roundtrip(&mut Unstructured::new(data));
}

fn try_roundtrip(u: &mut Unstructured<'_>) -> Result<()> {
    let setup = setup::setup(u)?;
    let valid = heap::untouched(|| setup.validate());
    assert_eq!(valid.is_ok(), setup::is_valid(&setup), "{valid:?}");
    let record = setup::Record::of(&setup);
    let frame = record.frame();
    let decoded = GuestSetup::decode(&frame);
    let (encoded, heap) = heap::measure(|| setup.encode());
    let mut buffer = vec![0x5a; frame.len() + 8];
    let into = heap::untouched(|| setup.encode_into(&mut buffer));
    match valid {
        Ok(()) => {
            assert_eq!(heap.allocations, 1);
            assert_eq!(encoded.as_deref(), Ok(&frame[..]));
            assert_eq!(setup.encoded_len(), frame.len());
            assert_eq!(into, Ok(frame.len()));
            assert_eq!(buffer[..frame.len()], frame);
            assert_eq!(buffer[frame.len()..], [0x5a; 8]);
            assert_eq!(decoded.as_ref(), Ok(&setup));
            let mut written = Vec::new();
            setup.write_to(&mut written).unwrap();
            assert_eq!(written, frame);
            let needed = frame.len();
            let mut short = vec![0x5a; needed - 1];
            let too_small = Err(EncodeError::BufferTooSmall { needed });
            assert_eq!(setup.encode_into(&mut short), too_small);
            assert!(short.iter().all(|byte| *byte == 0x5a));
        }
        Err(invalid) => {
            let refused = EncodeError::Invalid(invalid);
            assert_eq!(heap.allocations, 0);
            assert_eq!((encoded, into), (Err(refused), Err(refused)));
            assert!(buffer.iter().all(|byte| *byte == 0x5a));
            assert_refused_alike(invalid, decoded.unwrap_err().kind);
            return Ok(());
        }
    }
    let mut damaged = frame.clone();
    for _ in 0..u.int_in_range(1..=4)? {
        u.arbitrary::<Damage>()?.apply(&mut damaged);
    }
    if damaged != frame {
        GuestSetupRef::decode(&damaged).unwrap_err();
    }
    decode(&damaged);
    frames::reseal(&mut damaged);
    decode(&damaged);
    Ok(())
}

/// The guest says what the host says, but for what can be no string in a frame.
fn assert_refused_alike(invalid: InvalidMessage, kind: DecodeErrorKind) {
    match kind {
        DecodeErrorKind::Invalid(of_guest) => assert_eq!(of_guest, invalid),
        DecodeErrorKind::StrayNul => {}
        kind => panic!("{kind:?} for {invalid:?}"),
    }
}
