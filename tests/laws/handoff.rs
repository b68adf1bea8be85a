//! The laws of the handoff's frame.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::io::{self, Read};

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::{
    AUTO_INIT, BootStep, DecodeError, DecodeErrorKind, EncodeError, ExecLimits, FrameHeader,
    FrameKind, GENERATION, GuestFacts, GuestReport, HandoffInit, HandoffInitRef, MAX_PAYLOAD_BYTES,
    MAX_REPORT_PAYLOAD_BYTES, ReadError, ScratchTooSmall,
};

use super::{frames, messages};
use crate::shared::frames::Record;
use crate::shared::heap;

/// The most heap that an owned message takes, in bytes for each byte of its frame.
///
/// An empty argument takes 2 bytes of the frame (its length and its NUL) and a `String`: 24 bytes.
/// An entry takes at least 4 (its length, a key of one byte, `=`, the NUL), and two `String`s with
/// one byte: 49. Text takes as much in both. Rust makes a list of at least 4 items at once, which
/// is covered by the 31 bytes that the smallest frame has.
const OWNED_FACTOR: usize = 13;

/// Any bytes: every way to decode them agrees with the others and with a plain reader; what is
/// accepted is what the encoder writes; the view takes no heap, the owned value little.
pub fn decode(data: &[u8]) {
    let limits = ExecLimits::default();
    let view = heap::untouched(|| HandoffInitRef::decode(data));
    let (owned, heap) = heap::measure(|| HandoffInit::decode(data));
    match (&view, &owned) {
        (Ok(view), Ok(owned)) => {
            assert!(heap.peak <= OWNED_FACTOR * data.len(), "{heap:?}");
            assert_eq!(view.to_owned(), *owned);
            assert_same_strings(view, owned);
            assert_eq!(owned.validate(), Ok(()));
            let again = owned.encode().unwrap();
            // Another writer may ask for a newer reader than this message needs.
            if data[5..7] == [GENERATION, owned.min_generation()] {
                assert_eq!(again, data);
            } else {
                assert_eq!(HandoffInit::decode(&again).as_ref(), Ok(owned));
            }
        }
        (Err(of_view), Err(of_owned)) => {
            assert_eq!(heap.allocations, 0);
            assert_eq!(of_view, of_owned);
            assert_refusal(*of_view, data);
        }
        _ => panic!("{view:?} is not {owned:?}"),
    }
    assert_eq!(owned.as_ref().ok(), frames::read(data, &limits).as_ref());

    let mut pieces = Pieces::new(data);
    let (streamed, heap) = heap::measure(|| HandoffInit::read_from(&mut pieces));
    // The frame's own buffer doubles as it grows, the old one and the new one at hand for a
    // moment; its first step is small.
    assert!(
        heap.peak <= (OWNED_FACTOR + 4) * data.len() + 128,
        "{heap:?}"
    );
    assert_streamed(
        data,
        streamed,
        FrameKind::HandoffInit,
        HandoffInit::decode,
        pieces.rest,
    );
}

/// A refusal tells where, and can be told to the host.
pub fn assert_refusal(error: DecodeError, data: &[u8]) {
    assert!(error.offset() as usize <= data.len(), "{error:?}");
    // Whatever the bytes are, the text is for people and of one line.
    let text = error.to_string();
    assert!(
        text.len() < 160 && !text.contains(char::is_control),
        "{text}"
    );
    let report = GuestReport::from(error);
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    let frame = report.encode(&mut buffer).unwrap();
    assert_eq!(GuestReport::decode(frame), Ok(report));
}

/// Checks that a stream gave what its first whole frame gives, and was read no further.
pub fn assert_streamed<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    streamed: std::result::Result<T, ReadError>,
    kind: FrameKind,
    decode: fn(&[u8]) -> std::result::Result<T, DecodeError>,
    left: &[u8],
) {
    let streamed = streamed.map_err(|e| match e {
        ReadError::Decode(e) => e,
        e => panic!("{e}"),
    });
    match FrameHeader::parse(data).and_then(|header| header.expect_kind(kind)) {
        Ok(header) => match data.split_at_checked(header.frame_len()) {
            Some((frame, rest)) => {
                assert_eq!(streamed, decode(frame));
                assert_eq!(left, rest);
            }
            None => {
                let missing = (header.frame_len() - data.len()) as u32;
                let len = data.len() as u32;
                assert_eq!(
                    streamed,
                    Err(DecodeError {
                        kind: DecodeErrorKind::Truncated { missing },
                        offset: len
                    })
                );
                assert!(left.is_empty());
            }
        },
        Err(e) => {
            assert_eq!(streamed, Err(e));
            assert_eq!(left, &data[data.len().min(FrameHeader::LEN)..]);
        }
    }
}

/// A stream that gives uneven pieces and is interrupted now and then.
pub struct Pieces<'a> {
    pub rest: &'a [u8],
    calls: usize,
}

impl<'a> Pieces<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest, calls: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        let len = match self.calls % 5 {
            0 => return Err(io::ErrorKind::Interrupted.into()),
            1 => 1,
            2 => 7,
            3 => 3,
            // Growing, so that a long frame does not take a call for each few bytes.
            _ => self.calls,
        };
        let len = len.min(buffer.len());
        self.rest.read(&mut buffer[..len])
    }
}

/// Checks what a view gives against strings made one by one.
fn assert_same_strings(view: &HandoffInitRef<'_>, message: &HandoffInit) {
    let c = |string: &str| CString::new(string).unwrap();
    assert_eq!(view.cmd(), message.cmd);
    assert_eq!(view.cmd_cstr(), c(&message.cmd).as_c_str());
    assert_eq!(view.cwd(), message.cwd.as_deref());
    assert_eq!(view.cwd_cstr(), message.cwd.as_deref().map(c).as_deref());
    assert_eq!(view.args().len(), message.args.len());
    assert!(view.args().eq(message.args.iter().map(String::as_str)));
    assert_eq!(view.env().len(), message.env.len());
    let pairs = message.env.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    assert!(view.env().eq(pairs));

    if message.encoded_len() < 1024 {
        let debug = format!("{message:?}").replacen("HandoffInit", "HandoffInitRef", 1);
        assert_eq!(format!("{view:?}"), debug);
    }
    // Of the strings, only how many there are.
    let debug = format!("CStrings {{ len: {} }}", message.env.len());
    assert_eq!(format!("{:?}", view.envp()), debug);

    assert_eq!(view.is_auto(), message.cmd == AUTO_INIT);
    assert_eq!(view.cwd_ptr(), view.cwd_cstr().map(CStr::as_ptr));
    let argv = heap::untouched(|| view.argv());
    assert_eq!(argv.len(), 1 + message.args.len());
    let naive: Vec<CString> = [&message.cmd]
        .into_iter()
        .chain(&message.args)
        .map(|s| c(s))
        .collect();
    assert!(argv.eq(naive.iter().map(CString::as_c_str)));
    let pointers = heap::untouched(|| view.argv_ptrs());
    assert!(pointers.eq(view.argv().map(CStr::as_ptr)));
    let envp = heap::untouched(|| view.envp());
    assert_eq!(envp.len(), message.env.len());
    let naive = c_env(message);
    assert!(envp.eq(naive.iter().map(CString::as_c_str)));
    let pointers = heap::untouched(|| view.envp_ptrs());
    assert!(pointers.eq(view.envp().map(CStr::as_ptr)));
}

fn c_env(message: &HandoffInit) -> Vec<CString> {
    let entry = |(key, value): &(String, String)| CString::new(format!("{key}={value}")).unwrap();
    message.env.iter().map(entry).collect()
}

/// Any message: it validates if and only if it encodes, in every way alike, and comes back as it
/// was.
pub fn roundtrip(data: &[u8]) {
    let _ = try_roundtrip(&mut Unstructured::new(data));
}

fn try_roundtrip(u: &mut Unstructured<'_>) -> Result<()> {
    let limits = messages::limits(u)?;
    let message = messages::message(u)?;
    let valid = heap::untouched(|| message.validate_with(&limits));
    assert_eq!(
        valid.is_ok(),
        messages::is_valid(&message, &limits),
        "{valid:?}"
    );
    let (encoded, heap) = heap::measure(|| message.encode_with(&limits));
    let len = heap::untouched(|| message.encoded_len());
    if let Err(invalid) = valid {
        assert_eq!(encoded, Err(EncodeError::Invalid(invalid)));
        assert_reader_refuses(&message, &limits);
    } else {
        let frame = encoded.unwrap();
        assert_eq!((heap.allocations, heap.peak), (1, frame.len()));
        assert_eq!(frame.len(), len);
        assert_eq!(
            frame,
            frames::sealed(1, GENERATION, 1, &Record::of(&message).payload())
        );
        assert_header(
            &frame,
            FrameKind::HandoffInit,
            GENERATION,
            message.min_generation(),
        );
        assert_eq!(chained(&message), message);
        let view = heap::untouched(|| HandoffInitRef::decode_with(&frame, &limits)).unwrap();
        assert_eq!(view.to_owned(), message);
        assert_same_strings(&view, &message);
        assert_merged(u, &view, &message)?;
    }
    if limits == ExecLimits::default() {
        assert_encoded_into(&message);
    }
    Ok(())
}

/// What the writer refuses the reader refuses too, but for what the wire cannot tell: a `=` in a
/// key.
fn assert_reader_refuses(message: &HandoffInit, limits: &ExecLimits) {
    let payload = Record::of(message).payload();
    if payload.len() > MAX_PAYLOAD_BYTES {
        return;
    }
    let frame = frames::sealed(1, GENERATION, 1, &payload);
    let view = HandoffInitRef::decode_with(&frame, limits);
    let read = view.as_ref().ok().map(HandoffInitRef::to_owned);
    assert_eq!(read, frames::read(&frame, limits));
    match view {
        Ok(_) => assert!(message.env.iter().any(|(key, _)| key.contains('='))),
        Err(e) => assert_refusal(e, &frame),
    }
}

/// The same message, built step by step.
fn chained(message: &HandoffInit) -> HandoffInit {
    let built = HandoffInit::new(&message.cmd);
    let built = message.args.iter().fold(built, |built, arg| built.arg(arg));
    let env = message.env.iter();
    let built = env.fold(built, |built, (key, value)| built.env(key, value));
    match &message.cwd {
        Some(cwd) => built.cwd(cwd),
        None => built,
    }
}

/// A buffer is filled by exactly the frame; one that is too small is left as it was.
fn assert_encoded_into(message: &HandoffInit) {
    let len = message.encoded_len();
    let encoded = message.encode();
    let mut written = Vec::new();
    let wrote = message.write_to(&mut written);
    assert_eq!(wrote.is_ok(), encoded.is_ok());
    assert_eq!(written, encoded.as_deref().unwrap_or_default());
    for room in [0, len - 1, len, len + 3] {
        let mut buffer = vec![0xa5; room];
        let result = heap::untouched(|| message.encode_into(&mut buffer));
        let filled = match (&encoded, room >= len) {
            (Ok(frame), true) => {
                assert_eq!(result, Ok(len));
                assert_eq!(&buffer[..len], frame);
                len
            }
            (Ok(_), false) => {
                assert_eq!(result, Err(EncodeError::BufferTooSmall { needed: len }));
                0
            }
            (Err(e), _) => {
                assert_eq!(result, Err(*e));
                0
            }
        };
        assert!(buffer[filled..].iter().all(|byte| *byte == 0xa5));
    }
}

/// `envp` over an inherited environment: of each key the last entry, in order.
fn assert_merged(
    u: &mut Unstructured<'_>,
    view: &HandoffInitRef<'_>,
    message: &HandoffInit,
) -> Result<()> {
    let mut inherited = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        let key = *u.choose(&["A", "B", "PATH", "AA", "", "a"])?;
        let value = u.choose(&["", "=", "=1", "=2=3"])?;
        inherited.push(CString::new(format!("{key}{value}")).unwrap());
    }
    let ours = c_env(message);
    let all: Vec<&CStr> = inherited
        .iter()
        .chain(&ours)
        .map(|c| c.as_c_str())
        .collect();
    let key = |entry: &CStr| {
        entry
            .to_bytes()
            .split(|b| *b == b'=')
            .next()
            .unwrap()
            .to_vec()
    };
    let last: HashMap<Vec<u8>, usize> = all.iter().enumerate().map(|(n, e)| (key(e), n)).collect();
    let mut kept: Vec<usize> = last.into_values().collect();
    kept.sort_unstable();

    let inherited: Vec<&CStr> = inherited.iter().map(|c| c.as_c_str()).collect();
    let mut scratch = vec![7; all.len() + u.int_in_range(0..=2)?];
    let merged = heap::untouched(|| view.merge_env(&inherited, &mut scratch)).unwrap();
    assert_eq!(merged.len(), kept.len());
    let debug = format!("MergedEnv {{ len: {} }}", kept.len());
    assert_eq!(format!("{merged:?}"), debug);
    assert!(merged.eq(kept.into_iter().map(|n| all[n])));
    if let Some(short) = all.len().checked_sub(1) {
        let error = view.merge_env(&inherited, &mut scratch[..short]).err();
        assert_eq!(error, Some(ScratchTooSmall { needed: all.len() }));
    }
    Ok(())
}

fn assert_header(frame: &[u8], kind: FrameKind, generation: u8, min_generation: u8) {
    let header = FrameHeader::parse(frame).unwrap();
    assert_eq!(
        header,
        FrameHeader::parse(&frame[..FrameHeader::LEN]).unwrap()
    );
    assert_eq!(header.kind(), kind);
    assert_eq!(header.generation(), generation);
    assert_eq!(header.min_generation(), min_generation);
    assert_eq!(header.payload_len(), frame.len() - 24);
    assert_eq!(header.frame_len(), frame.len());
}

/// A damaged frame is refused, unless it is the frame that it was; with its length and checksum
/// put right it is as good as any bytes.
pub fn mutate(data: &[u8]) {
    let _ = try_mutate(&mut Unstructured::new(data));
}

fn try_mutate(u: &mut Unstructured<'_>) -> Result<()> {
    let mut damage = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        damage.push(Damage::arbitrary(u)?);
    }
    let Ok(frame) = messages::message(u)?.encode() else {
        return Ok(());
    };
    let mut damaged = frame.clone();
    damage.iter().for_each(|damage| damage.apply(&mut damaged));
    if damaged != frame {
        // Two frames with one checksum meet with odds of 2⁻⁶⁴.
        HandoffInitRef::decode(&damaged).unwrap_err();
    }
    decode(&damaged);
    frames::reseal(&mut damaged);
    decode(&damaged);
    Ok(())
}

/// What may happen to a frame on its way; places and lengths are taken modulo what there is.
#[derive(Arbitrary, Debug)]
pub enum Damage {
    Flip { at: u16, bits: u8 },
    Cut { from: u16, len: u8 },
    Double { from: u16, len: u8 },
    Swap { one: u16, other: u16 },
    Insert { at: u16, bytes: [u8; 2] },
    End { at: u16 },
}

impl Damage {
    pub fn apply(&self, frame: &mut Vec<u8>) {
        let place = |at: u16| usize::from(at) % frame.len().max(1);
        let range = |from: u16, len: u8| {
            let from = place(from);
            from..(from + usize::from(len)).min(frame.len())
        };
        match *self {
            _ if frame.is_empty() => {}
            Self::Flip { at, bits } => {
                let at = place(at);
                frame[at] ^= bits;
            }
            Self::Cut { from, len } => drop(frame.drain(range(from, len))),
            Self::Double { from, len } => {
                let range = range(from, len);
                let bytes = frame[range.clone()].to_vec();
                frame.splice(range.start..range.start, bytes);
            }
            Self::Swap { one, other } => {
                let (one, other) = (place(one), place(other));
                frame.swap(one, other);
            }
            Self::Insert { at, bytes } => {
                let at = place(at);
                frame.splice(at..at, bytes);
            }
            Self::End { at } => frame.truncate(place(at)),
        }
    }
}

/// A message from a writer of any generation, with whatever fields that appended: read or refused
/// as the rules of evolution say.
pub fn evolve(data: &[u8]) {
    let _ = try_evolve(&mut Unstructured::new(data));
}

fn try_evolve(u: &mut Unstructured<'_>) -> Result<()> {
    let generation = *u.choose(&[1, 2, 3, 0, 255])?;
    let min_generation = *u.choose(&[1, 2, 3, 4, 0, 255])?;
    let kind = *u.choose(&[1, 2])?;
    let appended = appended(u)?;
    let (mut payload, payload_of) = if kind == 1 {
        let message = messages::message(u)?;
        if message.validate().is_err() {
            return Ok(());
        }
        (Record::of(&message).payload(), Payload::Message(message))
    } else {
        match report(u)? {
            // A variant to come.
            GuestReport::Unknown => (
                vec![u.int_in_range(7..=127)?],
                Payload::Report(GuestReport::Unknown),
            ),
            // Without its facts.
            GuestReport::Ready {
                generation: newest, ..
            } if generation < 2 => (
                vec![0, newest],
                Payload::Report(GuestReport::Ready {
                    generation: newest,
                    facts: GuestFacts::default(),
                }),
            ),
            report => (
                postcard::to_allocvec(&super::report::Payload::from(report)).unwrap(),
                Payload::Report(report),
            ),
        }
    };
    let known_end = (16 + payload.len()) as u32;
    payload.extend(&appended);
    let max = if kind == 1 {
        MAX_PAYLOAD_BYTES
    } else {
        MAX_REPORT_PAYLOAD_BYTES
    };
    let frame = frames::sealed(kind, generation, min_generation, &payload);

    let expected = if min_generation == 0 || min_generation > generation {
        Err(DecodeError {
            kind: DecodeErrorKind::BadGeneration {
                generation,
                min_generation,
            },
            offset: if generation == 0 { 5 } else { 6 },
        })
    } else if min_generation > GENERATION {
        Err(DecodeError {
            kind: DecodeErrorKind::TooNew {
                min_generation,
                generation: GENERATION,
            },
            offset: 6,
        })
    } else if payload.len() > max {
        Err(DecodeError {
            kind: DecodeErrorKind::PayloadTooLarge {
                len: payload.len() as u32,
                max: max as u32,
            },
            offset: 8,
        })
    } else if generation <= GENERATION && !appended.is_empty() {
        Err(DecodeError {
            kind: DecodeErrorKind::LeftOver,
            offset: known_end,
        })
    } else {
        Ok(())
    };
    let kind = if kind == 1 {
        FrameKind::HandoffInit
    } else {
        FrameKind::GuestReport
    };
    match expected {
        Err(DecodeError {
            kind: DecodeErrorKind::LeftOver,
            ..
        })
        | Ok(()) => {
            assert_header(&frame, kind, generation, min_generation);
        }
        Err(e) => assert_eq!(FrameHeader::parse(&frame), Err(e)),
    }
    match payload_of {
        Payload::Message(message) => {
            assert_eq!(HandoffInit::decode(&frame), expected.map(|()| message));
            if expected.is_ok() {
                let of_another_kind = DecodeError {
                    kind: DecodeErrorKind::WrongKind {
                        expected: FrameKind::GuestReport,
                        found: FrameKind::HandoffInit,
                    },
                    offset: 4,
                };
                assert_eq!(GuestReport::decode(&frame), Err(of_another_kind));
            }
            decode(&frame);
        }
        Payload::Report(report) => {
            let expected = match expected {
                // A report has no variant that its generation has not.
                Ok(())
                | Err(DecodeError {
                    kind: DecodeErrorKind::LeftOver,
                    ..
                }) if generation < first_generation(report) => Err(DecodeError {
                    kind: DecodeErrorKind::BadReport,
                    offset: 16,
                }),
                expected => expected.map(|()| report),
            };
            assert_eq!(GuestReport::decode(&frame), expected);
            super::report::any(&frame);
        }
    }
    Ok(())
}

enum Payload {
    Message(HandoffInit),
    Report(GuestReport),
}

/// The generation that a report came with.
fn first_generation(report: GuestReport) -> u8 {
    match report {
        GuestReport::Unknown => GENERATION + 1,
        GuestReport::SetUp | GuestReport::Started | GuestReport::Failed { .. } => 2,
        _ => 1,
    }
}

fn report(u: &mut Unstructured<'_>) -> Result<GuestReport> {
    Ok(match u.int_in_range(0..=7)? {
        0 => GuestReport::Ready {
            generation: u8::arbitrary(u)?,
            facts: GuestFacts::new(
                u32::arbitrary(u)?,
                u64::arbitrary(u)?,
                u32::arbitrary(u)?,
                u32::arbitrary(u)?,
            ),
        },
        1 => GuestReport::Accepted,
        5 => GuestReport::SetUp,
        6 => GuestReport::Started,
        7 => GuestReport::Failed {
            step: BootStep::from_u8(u8::arbitrary(u)?),
            item: u8::arbitrary(u)?,
            errno: i32::arbitrary(u)?,
        },
        2 => GuestReport::Refused {
            reason: u8::arbitrary(u)?,
            offset: u32::arbitrary(u)?,
        },
        3 => GuestReport::ExecFailed {
            errno: i32::arbitrary(u)?,
        },
        _ => GuestReport::Unknown,
    })
}

/// The fields of a generation to come, as the codec would write them, or any bytes.
fn appended(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        let field = match u.int_in_range(0..=5)? {
            0 => postcard::to_allocvec(&Option::<u32>::arbitrary(u)?),
            1 => postcard::to_allocvec(&bool::arbitrary(u)?),
            2 => postcard::to_allocvec(&String::arbitrary(u)?),
            3 => postcard::to_allocvec(&Vec::<(u64, i16)>::arbitrary(u)?),
            4 => postcard::to_allocvec(&u128::arbitrary(u)?),
            _ => Ok(Vec::arbitrary(u)?),
        };
        bytes.extend(field.unwrap());
    }
    Ok(bytes)
}
