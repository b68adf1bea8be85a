//! The errors of frames: small, `Copy`, without heap, in stable text.

use thiserror_no_std::Error;

use super::header::FrameKind;
use super::offset::Offset;
use crate::error::is_error;
use crate::rule::InvalidMessage;

/// Why bytes are not a frame that this reader can act on, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{kind} (at byte {offset})")]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The byte of the frame at which it was found, counted from 0.
    pub offset: u32,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end before the frame does; the offset is where.
    #[error("frame is cut short: at least {missing} more bytes are missing")]
    Truncated {
        /// How many bytes are missing: of the header while that is incomplete, else of the frame.
        missing: u32,
    },
    /// The frame does not start with `89 6D 73 62`.
    #[error("not a frame: wrong magic")]
    BadMagic,
    /// The frame's kind is not one that this crate knows.
    #[error("unknown frame kind {kind}")]
    UnknownKind {
        /// The kind byte.
        kind: u8,
    },
    /// The frame's kind is known, but not the one asked for.
    #[error("frame holds a {found}, expected a {expected}")]
    WrongKind {
        /// The kind asked for.
        expected: FrameKind,
        /// The frame's kind.
        found: FrameKind,
    },
    /// `generation` is 0, or `min_generation` is not within 1..=`generation`.
    #[error("generations out of order: generation {generation}, min_generation {min_generation}")]
    BadGeneration {
        /// The writer's generation.
        generation: u8,
        /// The lowest generation that may act on the frame.
        min_generation: u8,
    },
    /// The frame may be acted on only by a newer reader.
    #[error("frame needs a reader of generation {min_generation}, this one is {generation}")]
    TooNew {
        /// The lowest generation that may act on the frame.
        min_generation: u8,
        /// The reader's generation.
        generation: u8,
    },
    /// The flags byte is not 0.
    #[error("flags must be 0: got {flags:#04x}")]
    BadFlags {
        /// The flags byte.
        flags: u8,
    },
    /// The header announces more than a frame of its kind may hold:
    /// [`FrameKind::max_payload_bytes`].
    #[error("payload is too large: {len} bytes (max {max})")]
    PayloadTooLarge {
        /// The announced length in bytes.
        len: u32,
        /// The longest allowed, in bytes.
        max: u32,
    },
    /// The reserved field is not 0.
    #[error("reserved field must be 0: got {value:#010x}")]
    BadReserved {
        /// The field's value.
        value: u32,
    },
    /// Bytes follow the frame; the offset is its end.
    #[error("{extra} bytes follow the frame")]
    Trailing {
        /// How many bytes follow.
        extra: u32,
    },
    /// The checksum, at the offset, does not fit the bytes before it.
    #[error("wrong checksum: the frame was damaged")]
    BadChecksum,
    /// The payload ends inside a field.
    #[error("payload ends inside a field")]
    PayloadTruncated,
    /// A varint does not fit its field.
    #[error("varint is too large")]
    VarintTooLarge,
    /// A varint has more bytes than its value needs.
    #[error("varint is padded")]
    NonCanonicalVarint,
    /// The byte before an optional field is neither 0 nor 1.
    #[error("option tag must be 0 or 1")]
    BadOption,
    /// The strings' lengths do not add up to the text's; the offset is the first string that does
    /// not fit the text, or where the text left over starts.
    #[error("string lengths do not add up to the text")]
    LengthMismatch,
    /// The text is not UTF-8; the offset is the first byte that is not.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A string is not followed by its NUL; the offset is where that should be.
    #[error("string does not end in a NUL")]
    MissingNul,
    /// A string holds a NUL before its end.
    #[error("string holds a NUL")]
    StrayNul,
    /// Bytes follow the last field of a payload of this reader's generation.
    #[error("payload has bytes left over")]
    LeftOver,
    /// The payload of a guest report is malformed.
    #[error("malformed guest report")]
    BadReport,
    /// An enum of this message has no such variant.
    #[error("unknown variant")]
    UnknownVariant,
    /// A set of flags has a bit without a meaning.
    #[error("unknown flags")]
    UnknownFlags,
    /// The frame is intact, its message breaks a rule. The offset is where the string in question
    /// starts; the text, for the message as a whole.
    #[error("{0}")]
    Invalid(InvalidMessage),
}

impl DecodeErrorKind {
    pub(crate) const fn at(self, offset: Offset) -> DecodeError {
        DecodeError {
            kind: self,
            offset: offset.get(),
        }
    }

    /// Returns the stable number: it never changes its meaning, and a new error takes a new one.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Truncated { .. } => 1,
            Self::BadMagic => 2,
            Self::UnknownKind { .. } => 3,
            Self::WrongKind { .. } => 4,
            Self::BadGeneration { .. } => 5,
            Self::TooNew { .. } => 6,
            Self::BadFlags { .. } => 7,
            Self::PayloadTooLarge { .. } => 8,
            Self::BadReserved { .. } => 9,
            Self::Trailing { .. } => 10,
            Self::BadChecksum => 11,
            Self::PayloadTruncated => 12,
            Self::VarintTooLarge => 13,
            Self::NonCanonicalVarint => 14,
            Self::BadOption => 15,
            Self::LengthMismatch => 16,
            Self::NotUtf8 => 17,
            Self::MissingNul => 18,
            Self::StrayNul => 19,
            Self::LeftOver => 20,
            Self::BadReport => 21,
            Self::UnknownVariant => 22,
            Self::UnknownFlags => 23,
            Self::Invalid(invalid) => invalid.rule.code(),
        }
    }
}

impl DecodeError {
    /// Returns the stable number that [`GuestReport::Refused`](crate::GuestReport::Refused)
    /// carries to the host: that of the [kind](DecodeErrorKind::code).
    #[must_use]
    pub const fn code(&self) -> u8 {
        self.kind.code()
    }

    /// Returns the byte of the frame at which the error was found, counted from 0.
    #[must_use]
    pub const fn offset(&self) -> u32 {
        self.offset
    }
}

/// Why a message was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The message breaks a rule.
    #[error("{0}")]
    Invalid(InvalidMessage),
    /// The buffer is too small; it was left untouched.
    #[error("buffer is too small: the frame needs {needed} bytes")]
    BufferTooSmall {
        /// The frame's length in bytes.
        needed: usize,
    },
    /// [`GuestReport::Unknown`](crate::GuestReport::Unknown) stands for a report of a newer
    /// generation and cannot be sent.
    #[error("an unknown report cannot be encoded")]
    UnknownReport,
}

impl From<InvalidMessage> for EncodeError {
    fn from(invalid: InvalidMessage) -> Self {
        Self::Invalid(invalid)
    }
}

#[cfg(not(feature = "std"))]
mod core_error {
    use super::{DecodeError, DecodeErrorKind, EncodeError};

    impl core::error::Error for DecodeError {}
    impl core::error::Error for DecodeErrorKind {}
    impl core::error::Error for EncodeError {}
}

const _: () = {
    is_error::<DecodeError>();
    is_error::<DecodeErrorKind>();
    is_error::<EncodeError>();
};
