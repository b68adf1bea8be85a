//! The law of the host's side of the conversation.

use std::io::{self, Read, Write};

use microsandbox_types::{
    BootStep, ConversationError, FrameKind, GENERATION, GuestFacts, GuestReport, GuestSetup,
    HandOver, HandOverError, HandoffInit, MAX_REPORTS, Mount, MountFlags, MountSource, Next,
    Outcome, ReadError, Then, hand_over,
};

use super::frames;
use super::handoff::Pieces;

/// A guest that says what it says, whatever it is told, and reads only so many bytes.
struct Guest<'a> {
    says: Pieces<'a>,
    reads: usize,
    heard: Vec<u8>,
}

impl Read for Guest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.says.read(buffer)
    }
}

impl Write for Guest<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.reads - self.heard.len());
        if len == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.heard.extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the guest's bytes come to, by a plain reading of the conversation's table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Outcome(Outcome),
    Refused(FrameKind),
    Failed,
    NotSent,
    OutOfTurn,
    TooMany,
    BadReport,
    Ended,
}

/// Any bytes from a guest that breaks the pipe anywhere: an outcome or an error in bounded reads,
/// the one that the table gives; each report is shown once; not a byte behind the end is read;
/// a host that gets single bytes comes to the same.
pub fn any(data: &[u8]) {
    let Some((&[messages, reads], says)) = data.split_first_chunk() else {
        return;
    };
    // Bytes as they are, or as a list of reports, which chance would not get past the checksum.
    let listed;
    let says = if messages >= 128 {
        listed = reports(says);
        &listed
    } else {
        says
    };
    let (setup, handoff) = choose(messages);
    let (setup, handoff) = (setup.as_ref(), handoff.as_ref());
    let mut guest = Guest {
        says: Pieces::new(says),
        // Mostly all of it.
        reads: if reads < 128 {
            1 << 20
        } else {
            usize::from(reads - 128)
        },
        heard: Vec::new(),
    };
    let mut seen = Vec::new();
    let result = hand_over(&mut guest, HandOver::new(setup, handoff), |report| {
        seen.push(*report);
    });

    let read = says.len() - guest.says.rest.len();
    let most = MAX_REPORTS as usize + 1;
    assert!(seen.len() <= most && read <= most * GuestReport::MAX_FRAME_BYTES);
    let mut rest = says;
    for report in &seen {
        assert_eq!(GuestReport::read_from(&mut rest).unwrap(), *report);
    }
    let told = expected(says, setup, handoff);
    if told != Told::BadReport {
        assert_eq!(rest, guest.says.rest, "as much was read as was shown");
    }

    let whole = messages_whole(&seen, setup, handoff);
    assert!(whole.is_empty() || whole.starts_with(&guest.heard));
    let broken = guest.heard.len() < whole.len();
    match result {
        Ok(outcome) => assert_eq!((told, broken), (Told::Outcome(outcome), false)),
        Err(ConversationError::Write(_)) => {
            assert!(
                broken && matches!(told, Told::Outcome(_) | Told::Ended),
                "{told:?}"
            );
        }
        Err(ConversationError::Boot(error)) => {
            let text = error.to_string();
            assert!(
                text.len() < 200 && !text.contains(char::is_control),
                "{text}"
            );
            assert!(!text.contains("hunter2"), "{text}");
            assert_eq!(classify(&error), told);
        }
        Err(error) => panic!("{error}"),
    }

    // Byte by byte, without a stream.
    let mut boot = HandOver::new(setup, handoff);
    assert_eq!(drive(&mut boot, says), told);
}

fn drive(boot: &mut HandOver<'_>, says: &[u8]) -> Told {
    let ends = std::iter::once(None);
    for byte in says.iter().map(Some).chain(ends) {
        let room = boot.room();
        assert!(!room.is_empty());
        if let Some(byte) = byte {
            room[0] = *byte;
        }
        let next = match boot.filled(usize::from(byte.is_some())) {
            Ok(None) => continue,
            Ok(Some(report)) => boot.on_report(report),
            Err(error) => Err(error),
        };
        match next {
            Ok(Next::Done(outcome)) => return Told::Outcome(outcome),
            Ok(_) => {}
            Err(error) => return classify(&error),
        }
    }
    unreachable!("the end of the stream is the end")
}

fn classify(error: &HandOverError) -> Told {
    match error {
        HandOverError::Refused { message, .. } => Told::Refused(*message),
        HandOverError::Failed { .. } | HandOverError::ExecFailed { .. } => Told::Failed,
        HandOverError::BadReport(_) => Told::BadReport,
        HandOverError::OutOfTurn { .. } => Told::OutOfTurn,
        HandOverError::TooManyReports => Told::TooMany,
        HandOverError::Ended { .. } => Told::Ended,
        _ => Told::NotSent,
    }
}

/// A report for each byte; a few are no report.
fn reports(list: &[u8]) -> Vec<u8> {
    let mut says = Vec::new();
    for byte in list {
        let (kind, value) = (byte % 16, byte / 16);
        let report = match kind {
            0 | 1 => GuestReport::Ready {
                generation: value % 4,
                facts: GuestFacts::new(4096 * u32::from(value), u64::MAX, 0, 0),
            },
            2 | 3 => GuestReport::SetUp,
            4 | 5 => GuestReport::Accepted,
            6 | 7 => GuestReport::Started,
            8 => GuestReport::Refused {
                reason: value,
                offset: 0,
            },
            9 => GuestReport::Failed {
                step: BootStep::from_u8(value + 1),
                item: value % 2,
                errno: 2,
            },
            10 => GuestReport::ExecFailed { errno: 2 },
            11..=13 => {
                says.extend(frames::sealed(2, GENERATION + 1, 1, &[100 + value]));
                continue;
            }
            _ => {
                says.push(value);
                continue;
            }
        };
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        says.extend(report.encode(&mut buffer).unwrap());
    }
    says
}

fn choose(messages: u8) -> (Option<GuestSetup>, Option<HandoffInit>) {
    let init = HandoffInit::new("/sbin/init").env("PASSWORD", "hunter2");
    let setup = GuestSetup {
        mounts: vec![Mount {
            source: MountSource::Virtiofs { tag: "m0".into() },
            guest: "/data".into(),
            flags: MountFlags::default(),
        }],
        ..GuestSetup::default()
    };
    let stay = GuestSetup {
        then: Then::Stay,
        ..setup.clone()
    };
    match messages % 6 {
        0 => (None, Some(init)),
        1 => (Some(setup), Some(init)),
        2 => (Some(stay), None),
        3 => (Some(GuestSetup::default()), Some(init)),
        4 => (Some(stay), Some(init)),
        _ => (Some(setup), None),
    }
}

/// What is sent to this guest; nothing where it does not suit it.
fn messages_whole(
    seen: &[GuestReport],
    setup: Option<&GuestSetup>,
    handoff: Option<&HandoffInit>,
) -> Vec<u8> {
    let known = |report: &&GuestReport| **report != GuestReport::Unknown;
    let Some(GuestReport::Ready { generation, facts }) = seen.iter().find(known) else {
        return Vec::new();
    };
    sent(*generation, facts, setup, handoff).map_or_else(Vec::new, |frames| frames.concat())
}

/// The frames that go to this guest.
fn sent(
    generation: u8,
    facts: &GuestFacts,
    setup: Option<&GuestSetup>,
    handoff: Option<&HandoffInit>,
) -> Option<Vec<Vec<u8>>> {
    let stays = setup.is_some_and(|setup| setup.then == Then::Stay);
    let needs_setup = setup.is_some_and(|setup| *setup != GuestSetup::default());
    let is_new = generation >= 2;
    if generation == 0 || stays == handoff.is_some() || (needs_setup && !is_new) {
        return None;
    }
    let setup = setup
        .filter(|_| is_new)
        .map(|setup| setup.encode().unwrap());
    let handoff = match handoff {
        Some(handoff) => Some(handoff.encode_with(&facts.exec_limits()).ok()?),
        None => None,
    };
    Some(setup.into_iter().chain(handoff).collect())
}

fn expected(mut says: &[u8], setup: Option<&GuestSetup>, handoff: Option<&HandoffInit>) -> Told {
    /// The reports of a boot that goes well, in order, as the script knows them.
    #[derive(PartialEq)]
    enum Turn {
        SetUp,
        Accepted,
        Started,
    }
    let mut script: Option<Vec<Turn>> = None;
    for count in 1.. {
        let report = match GuestReport::read_from(&mut says) {
            Ok(report) => report,
            Err(ReadError::Decode(error)) if error.offset == 0 && is_truncated(&error) => {
                return Told::Ended;
            }
            Err(_) => return Told::BadReport,
        };
        if count > MAX_REPORTS {
            return Told::TooMany;
        }
        let turn = match report {
            GuestReport::Unknown => continue,
            GuestReport::Failed { .. } | GuestReport::ExecFailed { .. } => return Told::Failed,
            GuestReport::Ready { generation, facts } if script.is_none() => {
                let Some(frames) = sent(generation, &facts, setup, handoff) else {
                    return Told::NotSent;
                };
                let mut turns = Vec::new();
                if frames.len() == 2 || handoff.is_none() {
                    turns.push(Turn::SetUp);
                }
                if handoff.is_some() {
                    turns.push(Turn::Accepted);
                }
                if handoff.is_some() && generation >= 2 {
                    turns.push(Turn::Started);
                }
                script = Some(turns);
                continue;
            }
            GuestReport::Refused { .. } => match &script {
                None => return Told::OutOfTurn,
                Some(turns) if turns[0] == Turn::SetUp => {
                    return Told::Refused(FrameKind::GuestSetup);
                }
                Some(_) => return Told::Refused(FrameKind::HandoffInit),
            },
            GuestReport::SetUp => Turn::SetUp,
            GuestReport::Accepted => Turn::Accepted,
            GuestReport::Started => Turn::Started,
            _ => return Told::OutOfTurn,
        };
        match &mut script {
            Some(turns) if turns[0] == turn => {
                turns.remove(0);
                if turns.is_empty() {
                    return Told::Outcome(match turn {
                        Turn::SetUp => Outcome::SetUp,
                        Turn::Accepted => Outcome::Accepted,
                        Turn::Started => Outcome::Started,
                    });
                }
            }
            _ => return Told::OutOfTurn,
        }
    }
    unreachable!("reports are counted")
}

fn is_truncated(error: &microsandbox_types::DecodeError) -> bool {
    error.kind.code() == 1
}
