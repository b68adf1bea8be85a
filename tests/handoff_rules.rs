//! Rules of the handoff's frame that a small change to the reader could break unseen.

use microsandbox_types::{GuestReport, HandoffInit};

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

/// A header of 16 bytes, a payload of at most 64, a checksum of 8.
#[test]
fn a_report_fits_its_buffer() {
    assert_eq!(GuestReport::MAX_FRAME_BYTES, 88);
}
