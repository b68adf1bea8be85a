//! The law of the guest's reports.

use microsandbox_types::{
    BootStep, DecodeError, DecodeErrorKind, EncodeError, FrameKind, GENERATION, GuestFacts,
    GuestReport, HandoffInit,
};

use super::frames;
use super::handoff::{Pieces, assert_streamed};
use crate::shared::heap;

/// What the payload is defined as: the enum that postcard would write.
#[derive(serde::Serialize)]
pub enum Payload {
    Ready { generation: u8, facts: GuestFacts },
    Accepted,
    Refused { reason: u8, offset: u32 },
    ExecFailed { errno: i32 },
    SetUp,
    Started,
    Failed { step: u8, item: u8, errno: i32 },
}

impl From<GuestReport> for Payload {
    fn from(report: GuestReport) -> Self {
        match report {
            GuestReport::Ready { generation, facts } => Self::Ready { generation, facts },
            GuestReport::Accepted => Self::Accepted,
            GuestReport::Refused { reason, offset } => Self::Refused { reason, offset },
            GuestReport::ExecFailed { errno } => Self::ExecFailed { errno },
            GuestReport::SetUp => Self::SetUp,
            GuestReport::Started => Self::Started,
            GuestReport::Failed { step, item, errno } => Self::Failed {
                step: step.as_u8(),
                item,
                errno,
            },
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
            if data[5..7] == [GENERATION, 1] {
                assert_eq!(again, data);
            }
            // What is written in this generation starts with all that older ones have.
            let payload = &again[16..again.len() - 8];
            if data[5] >= GENERATION {
                assert!(data[16..].starts_with(payload));
            } else {
                assert!(payload.starts_with(&data[16..data.len() - 8]));
            }
        }
        Err(e) => assert!(e.offset() as usize <= data.len(), "{e:?}"),
    }
    if let Ok(report) = report {
        // The text is for people and of one line.
        let text = report.to_string();
        assert!(
            text.len() < 128 && !text.contains(char::is_control),
            "{text}"
        );
        assert!(data.len() <= GuestReport::MAX_FRAME_BYTES);
        let of_another_kind = DecodeError {
            kind: DecodeErrorKind::WrongKind {
                expected: FrameKind::HandoffInit,
                found: FrameKind::GuestReport,
            },
            offset: 4,
        };
        assert_eq!(HandoffInit::decode(data), Err(of_another_kind));
    }
    let mut pieces = Pieces::new(data);
    let streamed = GuestReport::read_from(&mut pieces);
    assert_streamed(
        data,
        streamed,
        FrameKind::GuestReport,
        GuestReport::decode,
        pieces.rest,
    );

    let Some(&[a, b, c, d, reason]) = data.first_chunk() else {
        return;
    };
    for report in [
        GuestReport::Ready {
            generation: reason,
            facts: GuestFacts::new(
                u32::from_le_bytes([a, b, c, d]),
                u64::from_le_bytes([a, b, c, d, d, c, b, a]),
                u32::from(a),
                u32::from(b),
            ),
        },
        GuestReport::SetUp,
        GuestReport::Started,
        GuestReport::Failed {
            step: BootStep::from_u8(reason),
            item: a,
            errno: i32::from_le_bytes([a, b, c, d]),
        },
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
