//! The guest's answers to the host.

mod errno;
mod facts;
mod refusal;
mod step;

use core::fmt;
#[cfg(feature = "std")]
use std::io::{Read, Write};

use serde::Deserialize;

pub use self::errno::LinuxErrno;
pub use self::facts::GuestFacts;
pub use self::refusal::refusal_text;
pub use self::step::BootStep;

use crate::limits::MAX_REPORT_PAYLOAD_BYTES;
use crate::wire::{
    DecodeError, DecodeErrorKind, EncodeError, FrameHeader, FrameKind, GENERATION, OVERHEAD,
    Offset, Writer, max_frame_bytes, open, payload_mut, seal, varint_len, widen,
};
#[cfg(feature = "std")]
use crate::wire::{ReadError, WriteError, read_frame};

/// What a guest agent tells the host about the boot, so that one which fails says why instead of
/// ending in a time-out.
///
/// `Display` continues a sentence that starts with "the guest".
///
/// ```
/// use microsandbox_types::{BootStep, GuestReport};
///
/// let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
/// let report = GuestReport::Failed { step: BootStep::Exec, item: 0, errno: 2 };
/// let frame = report.encode(&mut buffer).unwrap();
/// assert_eq!(GuestReport::decode(frame), Ok(report));
/// assert_eq!(report.to_string(), "cannot execute the init: ENOENT, no such file or directory");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuestReport {
    /// Sent first: the agent listens.
    Ready {
        /// The agent's [`GENERATION`](crate::GENERATION): the newest that it reads.
        generation: u8,
        /// What the guest says of itself, from generation 2.
        facts: GuestFacts,
    },
    /// The handoff is valid and its init is there: `execve(2)` comes next.
    Accepted,
    /// A frame was refused.
    Refused {
        /// The [`DecodeError::code`]; [`refusal_text`] says what it means.
        reason: u8,
        /// The [`DecodeError::offset`].
        offset: u32,
    },
    /// The init could not be started. From generation 2 [`Failed`](Self::Failed) says more.
    ExecFailed {
        /// Linux's `errno` of the call that failed.
        errno: i32,
    },
    /// Everything in the setup is done. From generation 2.
    SetUp,
    /// The kernel has given PID 1 to the init's program. From generation 2.
    Started,
    /// A step of the boot failed; the guest powers off. From generation 2.
    Failed {
        /// The step.
        step: BootStep,
        /// The index of what failed in the message's list, or 0.
        item: u8,
        /// Linux's `errno` of the call that failed.
        errno: i32,
    },
    /// A report of a newer guest that this crate does not know; it cannot be encoded. It is
    /// neither a step nor the end: a host reads on.
    Unknown,
}

impl From<DecodeError> for GuestReport {
    fn from(e: DecodeError) -> Self {
        Self::Refused {
            reason: e.code(),
            offset: e.offset(),
        }
    }
}

impl fmt::Display for GuestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ready { generation, .. } => write!(f, "is ready for generation {generation}"),
            Self::Accepted => f.write_str("accepted the handoff"),
            Self::Refused { reason, offset } => match refusal_text(reason) {
                Some(text) => write!(
                    f,
                    "refused the frame: it {text} (code {reason}, byte {offset})"
                ),
                None => write!(f, "refused the frame: code {reason} at byte {offset}"),
            },
            Self::ExecFailed { errno } => {
                write!(f, "cannot start the init: {}", LinuxErrno(errno))
            }
            Self::SetUp => f.write_str("is set up"),
            Self::Started => f.write_str("started the init"),
            Self::Failed { step, item, errno } => match step {
                BootStep::Mount | BootStep::Interface | BootStep::Rlimit => {
                    write!(f, "cannot {step} (item {item}): {}", LinuxErrno(errno))
                }
                _ => write!(f, "cannot {step}: {}", LinuxErrno(errno)),
            },
            Self::Unknown => f.write_str("sent a report that this host does not know"),
        }
    }
}

impl GuestReport {
    /// The longest frame of a report, in bytes: a buffer of this length takes any report.
    pub const MAX_FRAME_BYTES: usize = max_frame_bytes(FrameKind::GuestReport);

    /// Returns the report as a host of this generation knows it, or `None` where that host is not
    /// sent one: to generation 1, a failure is [`ExecFailed`](Self::ExecFailed), and there is neither
    /// [`SetUp`](Self::SetUp) nor [`Started`](Self::Started).
    #[must_use]
    pub const fn for_host(self, generation: u8) -> Option<Self> {
        if generation >= 2 {
            return Some(self);
        }
        match self {
            Self::SetUp | Self::Started => None,
            Self::Failed { errno, .. } => Some(Self::ExecFailed { errno }),
            other => Some(other),
        }
    }

    /// Writes the report's frame into `buffer` and returns that part of it.
    ///
    /// # Errors
    /// [`EncodeError::UnknownReport`] for [`GuestReport::Unknown`].
    pub fn encode<'b>(
        &self,
        buffer: &'b mut [u8; Self::MAX_FRAME_BYTES],
    ) -> Result<&'b [u8], EncodeError> {
        let payload = payload_mut(buffer).unwrap_or_default();
        let len = self.write(GENERATION, payload)?.saturating_add(OVERHEAD);
        let too_small = EncodeError::BufferTooSmall { needed: len };
        let frame = buffer.get_mut(..len).ok_or(too_small)?;
        // Whoever does not know a report passes it over.
        seal(frame, FrameKind::GuestReport, 1).ok_or(too_small)?;
        Ok(frame)
    }

    /// Writes the payload and returns its length.
    fn write(&self, generation: u8, payload: &mut [u8]) -> Result<usize, EncodeError> {
        if let Self::Unknown = self {
            return Err(EncodeError::UnknownReport);
        }
        let room = payload.len();
        let mut fields = Writer::new(payload);
        // A report takes a third of the room that it has.
        let needed = Self::MAX_FRAME_BYTES;
        self.write_fields(generation, &mut fields)
            .ok_or(EncodeError::BufferTooSmall { needed })?;
        Ok(room.saturating_sub(fields.room()))
    }

    /// Writes an enum as postcard has it: the variant's number, then the fields that it has in this
    /// generation. By hand, as postcard has code for each list of fields, 370 bytes of an agent.
    fn write_fields(&self, generation: u8, fields: &mut Writer<'_>) -> Option<()> {
        match *self {
            Self::Ready {
                generation: newest,
                facts,
            } => {
                fields.byte(0)?;
                fields.byte(newest)?;
                if generation >= 2 {
                    fields.varint(facts.page_size.into())?;
                    fields.varint(facts.stack_limit)?;
                    fields.varint(facts.inherited_strings.into())?;
                    fields.varint(facts.inherited_bytes.into())?;
                }
                Some(())
            }
            Self::Accepted => fields.byte(1),
            Self::Refused { reason, offset } => {
                fields.byte(2)?;
                fields.byte(reason)?;
                fields.varint(offset.into())
            }
            Self::ExecFailed { errno } => {
                fields.byte(3)?;
                fields.signed_varint(errno)
            }
            Self::SetUp => fields.byte(4),
            Self::Started => fields.byte(5),
            Self::Failed { step, item, errno } => {
                fields.byte(6)?;
                fields.byte(step.as_u8())?;
                fields.byte(item)?;
                fields.signed_varint(errno)
            }
            Self::Unknown => None,
        }
    }

    /// Reads a report's frame.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact frame of a report.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = open(bytes, FrameKind::GuestReport)?;
        let newer = frame.generation > GENERATION;
        let bad = DecodeErrorKind::BadReport.at(Offset::of(FrameHeader::LEN));
        // postcard reads a padded varint, but this crate does not write one.
        let mut canonical = [0; MAX_REPORT_PAYLOAD_BYTES];
        let is_canonical = |rest: &[u8], written: Result<usize, EncodeError>| {
            written.is_ok_and(|len| frame.payload.len().checked_sub(rest.len()) == Some(len))
        };
        let (variant, fields) = get::<u32>(frame.payload).ok_or(bad)?;
        if !is_canonical(fields, Ok(varint_len(widen(variant)))) {
            return Err(bad);
        }
        let read = match variant {
            0 => read_ready(fields, frame.generation),
            1 => Some((Self::Accepted, fields)),
            2 => {
                get(fields).map(|((reason, offset), rest)| (Self::Refused { reason, offset }, rest))
            }
            3 => get(fields).map(|(errno, rest)| (Self::ExecFailed { errno }, rest)),
            4..=6 if frame.generation < 2 => None,
            4 => Some((Self::SetUp, fields)),
            5 => Some((Self::Started, fields)),
            6 => get(fields).map(|((step, item, errno), rest)| {
                let step = BootStep::from_u8(step);
                (Self::Failed { step, item, errno }, rest)
            }),
            _ if newer => return Ok(Self::Unknown),
            _ => None,
        };
        let (report, rest) = read.ok_or(bad)?;
        if !is_canonical(rest, report.write(frame.generation, &mut canonical)) {
            return Err(bad);
        }
        if !newer && !rest.is_empty() {
            let read = frame.payload.len().saturating_sub(rest.len());
            let at = Offset::of(FrameHeader::LEN) + Offset::of(read);
            return Err(DecodeErrorKind::LeftOver.at(at));
        }
        Ok(report)
    }
}

#[cfg(feature = "std")]
impl GuestReport {
    /// Reads one frame from `reader`, and never a byte past it, and decodes it.
    ///
    /// # Errors
    /// As [`read_frame`] and [`decode`](Self::decode).
    pub fn read_from(reader: impl Read) -> Result<Self, ReadError> {
        Ok(Self::decode(&read_frame(reader, FrameKind::GuestReport)?)?)
    }

    /// Writes the report's frame to `writer` and flushes it.
    ///
    /// # Errors
    /// [`WriteError::Encode`] as [`encode`](Self::encode), then nothing was written;
    /// [`WriteError::Io`] where the stream fails.
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), WriteError> {
        let mut buffer = [0; Self::MAX_FRAME_BYTES];
        writer.write_all(self.encode(&mut buffer)?)?;
        Ok(writer.flush()?)
    }
}

/// Reads `Ready`, which a guest of generation 1 sends without facts.
fn read_ready(fields: &[u8], generation: u8) -> Option<(GuestReport, &[u8])> {
    let (newest, rest) = get(fields)?;
    let (facts, rest) = if generation >= 2 {
        get(rest)?
    } else {
        (GuestFacts::default(), rest)
    };
    let ready = GuestReport::Ready {
        generation: newest,
        facts,
    };
    Some((ready, rest))
}

fn get<'a, T: Deserialize<'a>>(fields: &'a [u8]) -> Option<(T, &'a [u8])> {
    postcard::take_from_bytes(fields).ok()
}
