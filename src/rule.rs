//! The rules that messages keep to, whoever writes or reads them: a number and a text for each.

use core::fmt;

use thiserror_no_std::Error;

use crate::error::is_error;

/// The part of a message that an error is about; displayed as its field path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageField {
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

impl fmt::Display for MessageField {
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

/// The rule that a message breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MessageRule {
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
    /// The message is longer than a frame carries.
    #[error("is too large for a frame: {len} bytes (max {max})")]
    PayloadTooLarge {
        /// Its payload's length in bytes.
        len: u32,
        /// The longest allowed, in bytes.
        max: u32,
    },
}

impl MessageRule {
    /// Returns the rule's stable number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            // What a reader finds in the header.
            Self::PayloadTooLarge { .. } => 8,
            Self::NotAbsoluteOrAuto => 32,
            Self::NotAbsolute => 33,
            Self::PathTooLong { .. } => 34,
            Self::Nul => 35,
            Self::EmptyKey => 36,
            Self::EqualsInKey => 37,
            Self::NoEquals => 38,
            Self::StringTooLong { .. } => 39,
            Self::TotalTooLarge { .. } => 40,
        }
    }
}

/// A message that the guest could not act on: which field breaks which rule.
///
/// It never carries a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{field}: {rule}")]
#[non_exhaustive]
pub struct InvalidMessage {
    /// The field that breaks the rule.
    pub field: MessageField,
    /// The rule.
    pub rule: MessageRule,
}

impl InvalidMessage {
    /// Says that `field` breaks `rule`.
    #[must_use]
    pub const fn new(field: MessageField, rule: MessageRule) -> Self {
        Self { field, rule }
    }
}

#[cfg(not(feature = "std"))]
mod core_error {
    use super::{InvalidMessage, MessageRule};

    impl core::error::Error for MessageRule {}
    impl core::error::Error for InvalidMessage {}
}

const _: () = {
    is_error::<MessageRule>();
    is_error::<InvalidMessage>();
};
