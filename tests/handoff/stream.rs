//! Frames over `io::Read` and `io::Write`: whole, and never a byte more.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use crate::shared::frames::{HEADER_LEN, Header, golden_frame, golden_messages};
use microsandbox_types::{
    DecodeError, DecodeErrorKind, EncodeError, FrameKind, GuestFacts, GuestReport, HandoffInit,
    ReadError, WriteError, read_frame,
};

/// A stream that gives pieces of 1, 2, 3, … bytes, each after an interrupted read.
struct Uneven {
    bytes: VecDeque<u8>,
    piece: usize,
    interrupted: bool,
}

fn uneven(bytes: &[u8]) -> Uneven {
    Uneven {
        bytes: bytes.iter().copied().collect(),
        piece: 0,
        interrupted: false,
    }
}

impl Read for Uneven {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        self.piece += 1;
        let len = buffer.len().min(self.piece);
        self.bytes.read(&mut buffer[..len])
    }
}

#[test]
fn uneven_and_interrupted_reads_give_the_message_and_leave_the_rest() {
    for (name, message) in golden_messages() {
        let mut stream = golden_frame(name);
        stream.extend(b"next");
        let mut stream = uneven(&stream);
        assert_eq!(
            HandoffInit::read_from(&mut stream).unwrap(),
            message,
            "{name}"
        );
        assert_eq!(stream.bytes, b"next", "{name}");
    }
}

#[test]
fn an_early_end_says_how_many_bytes_are_missing() {
    let frame = golden_frame("typical");
    for len in 0..frame.len() {
        let wanted = if len < HEADER_LEN {
            HEADER_LEN
        } else {
            frame.len()
        };
        let missing = (wanted - len) as u32;
        let error = DecodeError {
            kind: DecodeErrorKind::Truncated { missing },
            offset: len as u32,
        };
        match HandoffInit::read_from(uneven(&frame[..len])) {
            Err(ReadError::Decode(found)) => assert_eq!(found, error),
            other => panic!("{len} bytes: {other:?}"),
        }
    }
}

#[test]
fn a_refused_header_ends_the_reading() {
    let frame = Header {
        flags: 7,
        payload_len: Some(99),
        ..Header::default()
    }
    .frame(b"");
    let mut stream = uneven(&frame);
    let error = read_frame(&mut stream, FrameKind::HandoffInit).unwrap_err();
    assert_eq!(error.to_string(), "flags must be 0: got 0x07 (at byte 7)");
    assert_eq!(stream.bytes.len(), frame.len() - HEADER_LEN);
}

#[test]
fn a_frame_of_another_kind_is_refused_at_its_header() {
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    let report = GuestReport::Ready {
        generation: 1,
        facts: GuestFacts::default(),
    }
    .encode(&mut buffer)
    .unwrap();
    let mut stream = HeaderThenSilence(&report[..HEADER_LEN]);
    match HandoffInit::read_from(&mut stream) {
        Err(ReadError::Decode(e)) => {
            assert_eq!(
                e,
                DecodeError {
                    kind: DecodeErrorKind::WrongKind {
                        expected: FrameKind::HandoffInit,
                        found: FrameKind::GuestReport
                    },
                    offset: 4
                }
            );
        }
        other => panic!("{other:?}"),
    }
    let report = GuestReport::read_from(uneven(report)).unwrap();
    assert_eq!(
        report,
        GuestReport::Ready {
            generation: 1,
            facts: GuestFacts::default()
        }
    );
}

/// Gives a header and then blocks for ever: whoever reads on fails.
struct HeaderThenSilence<'a>(&'a [u8]);

impl Read for HeaderThenSilence<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!self.0.is_empty(), "read past the header");
        self.0.read(buffer)
    }
}

/// Memory follows the bytes that arrive: a header alone must not cost what it announces.
#[test]
fn an_announced_length_is_not_allocated_up_front() {
    struct Watch<'a>(&'a [u8], usize);
    impl Read for Watch<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1.max(buffer.len());
            self.0.read(buffer)
        }
    }
    let header = Header {
        payload_len: Some(4 << 20),
        ..Header::default()
    }
    .frame(b"");
    let mut stream = Watch(&header, 0);
    assert!(read_frame(&mut stream, FrameKind::HandoffInit).is_err());
    assert!(
        stream.1 <= 64 * 1024,
        "asked for {} bytes at once",
        stream.1
    );
}

#[test]
fn a_failing_stream_is_not_taken_for_a_bad_frame() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::ConnectionReset.into())
        }
    }
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = HandoffInit::read_from(Broken).unwrap_err();
    assert!(matches!(&error, ReadError::Io(e) if e.kind() == ErrorKind::ConnectionReset));
    assert_eq!(
        error.to_string(),
        std::io::Error::from(ErrorKind::ConnectionReset).to_string()
    );
    let error = HandoffInit::new("/init").write_to(Broken).unwrap_err();
    assert!(matches!(&error, WriteError::Io(e) if e.kind() == ErrorKind::BrokenPipe));
    assert_eq!(
        error.to_string(),
        std::io::Error::from(ErrorKind::BrokenPipe).to_string()
    );
}

#[test]
fn what_is_written_is_the_frame_flushed_or_nothing() {
    #[derive(Default)]
    struct Flushed {
        waiting: Vec<u8>,
        sent: Vec<u8>,
    }
    impl Write for Flushed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.waiting.write(&bytes[..bytes.len().min(7)])
        }
        fn flush(&mut self) -> io::Result<()> {
            self.sent.append(&mut self.waiting);
            Ok(())
        }
    }
    for (name, message) in golden_messages() {
        let mut stream = Flushed::default();
        message.write_to(&mut stream).unwrap();
        assert_eq!(stream.sent, golden_frame(name), "{name}");
    }
    let mut stream = Flushed::default();
    let error = HandoffInit::new("init").write_to(&mut stream).unwrap_err();
    assert!(matches!(error, WriteError::Encode(EncodeError::Invalid(_))));
    assert!(stream.sent.is_empty() && stream.waiting.is_empty());
}
