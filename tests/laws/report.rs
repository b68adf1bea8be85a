//! The law of the guest's reports.

use microsandbox_types::{DecodeError, EncodeError, GENERATION, GuestReport, HandoffInit};

use super::frames;
use super::handoff::{Pieces, assert_streamed};
use crate::shared::heap;

/// What the payload is defined as: the enum that postcard would write.
#[derive(serde::Serialize)]
pub enum Payload {
    Ready { generation: u8 },
    Accepted,
    Refused { reason: u8, offset: u32 },
    ExecFailed { errno: i32 },
}

impl From<GuestReport> for Payload {
    fn from(report: GuestReport) -> Self {
        match report {
            GuestReport::Ready { generation } => Self::Ready { generation },
            GuestReport::Accepted => Self::Accepted,
            GuestReport::Refused { reason, offset } => Self::Refused { reason, offset },
            GuestReport::ExecFailed { errno } => Self::ExecFailed { errno },
            other => panic!("not on the wire: {other:?}"),
        }
    }
}

/// Any bytes: decoding takes no heap; what is accepted is what the encoder writes, or a report of
/// a newer guest; every report that the bytes can be taken for comes back as it was.
pub fn any(data: &[u8]) {
    let report = heap::untouched(|| GuestReport::decode(data));
    let mut buffer = [0xa5; GuestReport::MAX_FRAME_BYTES];
    match report {
        Ok(GuestReport::Unknown) => {
            assert!(data[5] > GENERATION);
            let encoded = GuestReport::Unknown.encode(&mut buffer);
            assert_eq!(encoded, Err(EncodeError::UnknownReport));
        }
        Ok(report) => {
            let again = heap::untouched(|| report.encode(&mut buffer)).unwrap();
            if data[5] == GENERATION {
                assert_eq!(again, data);
            }
            let payload = &again[16..again.len() - 8];
            assert!(data[16..].starts_with(payload));
        }
        Err(e) => assert!(e.offset() as usize <= data.len(), "{e:?}"),
    }
    if let Ok(report) = report {
        // The text is for people and of one line.
        let text = report.to_string();
        assert!(
            text.len() < 60 && !text.contains(char::is_control),
            "{text}"
        );
        assert!(data.len() <= GuestReport::MAX_FRAME_BYTES);
        let of_another_kind = DecodeError::WrongKind {
            expected: 1,
            found: 2,
        };
        assert_eq!(HandoffInit::decode(data), Err(of_another_kind));
    }
    let mut pieces = Pieces::new(data);
    let streamed = GuestReport::read_from(&mut pieces);
    assert_streamed(data, streamed, GuestReport::decode, pieces.rest);

    let Some(&[a, b, c, d, reason]) = data.first_chunk() else {
        return;
    };
    for report in [
        GuestReport::Ready { generation: reason },
        GuestReport::Accepted,
        GuestReport::Refused {
            reason,
            offset: u32::from_le_bytes([a, b, c, d]),
        },
        GuestReport::ExecFailed {
            errno: i32::from_le_bytes([a, b, c, d]),
        },
    ] {
        let payload = postcard::to_allocvec(&Payload::from(report)).unwrap();
        let frame = report.encode(&mut buffer).unwrap();
        assert_eq!(frame, frames::sealed(2, GENERATION, 1, &payload));
        assert_eq!(GuestReport::decode(frame), Ok(report));
    }
}
