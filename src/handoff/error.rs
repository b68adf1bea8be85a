//! The errors of the handoff path: small, `Copy`, without heap, in stable text.

use core::fmt;

use thiserror_no_std::Error;

use crate::error::is_error;

/// The part of a handoff message that an error is about; displayed as its field path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandoffField {
    /// `cmd`.
    Cmd,
    /// `cwd`.
    Cwd,
    /// `args[N]`, counted from 0; `argv[N + 1]` of the new process.
    Arg(u32),
    /// `env[N]`, counted from 0.
    Env(u32),
    /// The message as a whole.
    Message,
}

impl fmt::Display for HandoffField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cmd => f.write_str("cmd"),
            Self::Cwd => f.write_str("cwd"),
            Self::Arg(n) => write!(f, "args[{n}]"),
            Self::Env(n) => write!(f, "env[{n}]"),
            Self::Message => f.write_str("message"),
        }
    }
}

/// The rule that a handoff message breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum HandoffRule {
    /// `cmd` is neither an absolute path nor `auto`.
    #[error("must be an absolute path inside the guest or `auto`")]
    NotAbsoluteOrAuto,
    /// `cwd` is not an absolute path.
    #[error("must be an absolute path inside the guest")]
    NotAbsolute,
    /// A path is longer than the kernel's `PATH_MAX` allows.
    #[error("path is too long: {len} bytes (max {max})")]
    PathTooLong {
        /// Its length in bytes.
        len: u32,
        /// The longest allowed, in bytes.
        max: u32,
    },
    /// A string holds a NUL byte, which would end it early in the guest.
    #[error("must not hold a NUL byte")]
    Nul,
    /// An environment entry has an empty key.
    #[error("key must not be empty")]
    EmptyKey,
    /// An environment key holds `=`, which would end it early in the guest.
    #[error("key must not hold `=`")]
    EqualsInKey,
    /// An environment string of a frame has no `=`.
    #[error("must be KEY=VALUE")]
    NoEquals,
    /// One string, its NUL counted, is longer than `execve(2)` takes (`MAX_ARG_STRLEN`).
    #[error("is too long for execve: {len} bytes with its NUL (max {max})")]
    StringTooLong {
        /// Its length in bytes, with its NUL.
        len: u32,
        /// The longest allowed, in bytes, with its NUL.
        max: u32,
    },
    /// Strings and pointers together are more than `execve(2)` takes.
    #[error("is too large for execve: {len} bytes of strings and pointers (max {max})")]
    TotalTooLarge {
        /// What the strings and pointers come to, in bytes.
        len: u32,
        /// The most allowed, in bytes.
        max: u32,
    },
}

/// A handoff message that the guest could not act on: which field breaks which rule.
///
/// It never carries a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{field}: {rule}")]
pub struct InvalidHandoff {
    /// The field that breaks the rule.
    pub field: HandoffField,
    /// The rule.
    pub rule: HandoffRule,
}

/// Why a message was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The message breaks a rule.
    #[error("{0}")]
    Invalid(InvalidHandoff),
    /// The payload would be longer than [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES).
    #[error("payload is too large: {len} bytes (max {max})", max = crate::MAX_PAYLOAD_BYTES)]
    PayloadTooLarge {
        /// Its length in bytes.
        len: usize,
    },
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

impl From<InvalidHandoff> for EncodeError {
    fn from(invalid: InvalidHandoff) -> Self {
        Self::Invalid(invalid)
    }
}

/// Why bytes are not a frame that this reader can act on.
///
/// [`offset`](Self::offset) tells where in the frame, [`code`](Self::code) is the number that
/// [`GuestReport::Refused`](crate::GuestReport::Refused) carries to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the frame does.
    #[error("frame is cut short after {len} bytes: at least {missing} more are missing")]
    Truncated {
        /// How many bytes are at hand.
        len: u32,
        /// How many are missing: of the header while that is incomplete, else of the frame.
        missing: u32,
    },
    /// The frame does not start with `89 6D 73 62`.
    #[error("not a frame: wrong magic at byte {offset}")]
    BadMagic {
        /// The first byte that differs.
        offset: u32,
    },
    /// The frame's kind is not one that this crate knows.
    #[error("unknown frame kind {kind}")]
    UnknownKind {
        /// The kind byte.
        kind: u8,
    },
    /// The frame's kind is known, but not the one asked for.
    #[error("frame is of kind {found}, expected {expected}")]
    WrongKind {
        /// The kind byte asked for.
        expected: u8,
        /// The frame's kind byte.
        found: u8,
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
    /// The header announces more than [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES), or for a
    /// report [`MAX_REPORT_PAYLOAD_BYTES`](crate::MAX_REPORT_PAYLOAD_BYTES).
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
    /// Bytes follow the frame.
    #[error("{extra} bytes follow the frame's end at byte {offset}")]
    Trailing {
        /// Where the frame ends.
        offset: u32,
        /// How many bytes follow.
        extra: u32,
    },
    /// The checksum does not fit the bytes.
    #[error("wrong checksum at byte {offset}: the frame was damaged")]
    BadChecksum {
        /// Where the checksum stands.
        offset: u32,
    },
    /// The payload ends inside a field.
    #[error("payload ends inside a field at byte {offset}")]
    PayloadTruncated {
        /// The byte at which more was expected.
        offset: u32,
    },
    /// A varint does not fit 32 bits.
    #[error("varint at byte {offset} is larger than 32 bits")]
    VarintTooLarge {
        /// Where the varint starts.
        offset: u32,
    },
    /// A varint has more bytes than its value needs.
    #[error("varint at byte {offset} is padded")]
    VarintPadded {
        /// Where the varint starts.
        offset: u32,
    },
    /// The byte before an optional field is neither 0 nor 1.
    #[error("option tag at byte {offset} must be 0 or 1")]
    BadOption {
        /// Where the tag stands.
        offset: u32,
    },
    /// The strings' lengths do not add up to the text's.
    #[error("string lengths do not add up to the text at byte {offset}")]
    LengthMismatch {
        /// The first string that does not fit the text, or where the text left over starts.
        offset: u32,
    },
    /// The text is not UTF-8.
    #[error("text is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: u32,
    },
    /// A string is not followed by its NUL.
    #[error("string does not end in a NUL at byte {offset}")]
    MissingNul {
        /// Where the NUL should be.
        offset: u32,
    },
    /// A string holds a NUL before its end.
    #[error("string holds a NUL at byte {offset}")]
    StrayNul {
        /// Where that NUL is.
        offset: u32,
    },
    /// Bytes follow the last field of a payload of this reader's generation.
    #[error("payload has bytes left over at byte {offset}")]
    LeftOver {
        /// The first such byte.
        offset: u32,
    },
    /// The payload of a guest report is malformed.
    #[error("malformed guest report at byte {offset}")]
    BadReport {
        /// Where the report starts.
        offset: u32,
    },
    /// The frame is intact, its message breaks a rule.
    #[error("{invalid} (at byte {offset})")]
    Invalid {
        /// Where the string in question starts; the text, for the message as a whole.
        offset: u32,
        /// The field and the rule.
        invalid: InvalidHandoff,
    },
}

impl DecodeError {
    /// The error's stable number: it never changes its meaning, and a new error takes a new one.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Truncated { .. } => 1,
            Self::BadMagic { .. } => 2,
            Self::UnknownKind { .. } => 3,
            Self::WrongKind { .. } => 4,
            Self::BadGeneration { .. } => 5,
            Self::TooNew { .. } => 6,
            Self::BadFlags { .. } => 7,
            Self::PayloadTooLarge { .. } => 8,
            Self::BadReserved { .. } => 9,
            Self::Trailing { .. } => 10,
            Self::BadChecksum { .. } => 11,
            Self::PayloadTruncated { .. } => 12,
            Self::VarintTooLarge { .. } => 13,
            Self::VarintPadded { .. } => 14,
            Self::BadOption { .. } => 15,
            Self::LengthMismatch { .. } => 16,
            Self::NotUtf8 { .. } => 17,
            Self::MissingNul { .. } => 18,
            Self::StrayNul { .. } => 19,
            Self::LeftOver { .. } => 20,
            Self::BadReport { .. } => 21,
            Self::Invalid { invalid, .. } => match invalid.rule {
                HandoffRule::NotAbsoluteOrAuto => 32,
                HandoffRule::NotAbsolute => 33,
                HandoffRule::PathTooLong { .. } => 34,
                HandoffRule::Nul => 35,
                HandoffRule::EmptyKey => 36,
                HandoffRule::EqualsInKey => 37,
                HandoffRule::NoEquals => 38,
                HandoffRule::StringTooLong { .. } => 39,
                HandoffRule::TotalTooLarge { .. } => 40,
            },
        }
    }

    /// The byte of the frame at which the error was found, counted from 0.
    pub const fn offset(&self) -> u32 {
        match *self {
            Self::Truncated { len, .. } => len,
            Self::UnknownKind { .. } | Self::WrongKind { .. } => 4,
            Self::BadGeneration { generation: 0, .. } => 5,
            Self::BadGeneration { .. } | Self::TooNew { .. } => 6,
            Self::BadFlags { .. } => 7,
            Self::PayloadTooLarge { .. } => 8,
            Self::BadReserved { .. } => 12,
            Self::BadMagic { offset }
            | Self::Trailing { offset, .. }
            | Self::BadChecksum { offset }
            | Self::PayloadTruncated { offset }
            | Self::VarintTooLarge { offset }
            | Self::VarintPadded { offset }
            | Self::BadOption { offset }
            | Self::LengthMismatch { offset }
            | Self::NotUtf8 { offset }
            | Self::MissingNul { offset }
            | Self::StrayNul { offset }
            | Self::LeftOver { offset }
            | Self::BadReport { offset }
            | Self::Invalid { offset, .. } => offset,
        }
    }
}

/// The scratch list for [`HandoffInitRef::envp_over`](crate::HandoffInitRef::envp_over) is too
/// short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("scratch list is too small: {needed} slots are needed")]
pub struct ScratchTooSmall {
    /// How many slots are needed.
    pub needed: usize,
}

#[cfg(not(feature = "std"))]
mod core_error {
    use super::{DecodeError, EncodeError, HandoffRule, InvalidHandoff, ScratchTooSmall};

    impl core::error::Error for HandoffRule {}
    impl core::error::Error for InvalidHandoff {}
    impl core::error::Error for EncodeError {}
    impl core::error::Error for DecodeError {}
    impl core::error::Error for ScratchTooSmall {}
}

const _: () = {
    is_error::<HandoffRule>();
    is_error::<InvalidHandoff>();
    is_error::<EncodeError>();
    is_error::<DecodeError>();
    is_error::<ScratchTooSmall>();
};

/// Why no frame could be read from a stream.
#[cfg(feature = "std")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream itself failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The bytes are not a frame that this reader can act on; an early end is
    /// [`DecodeError::Truncated`].
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Why no frame could be written to a stream.
#[cfg(feature = "std")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The stream itself failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The message was not encoded; nothing was written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}
