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
    /// `root` of a setup.
    Root,
    /// `mounts[N]` of a setup.
    Mount(u32),
    /// `hostname` of a setup.
    Hostname,
    /// `interfaces[N]` of a setup.
    Interface(u32),
    /// `dns[N]` of a setup.
    Dns(u32),
    /// `search[N]` of a setup.
    Search(u32),
    /// `hosts[N]` of a setup.
    Hosts(u32),
    /// `rlimits[N]` of a setup.
    Rlimit(u32),
    /// `clock` of a setup.
    Clock,
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
            Self::Root => f.write_str("root"),
            Self::Mount(n) => write!(f, "mounts[{n}]"),
            Self::Hostname => f.write_str("hostname"),
            Self::Interface(n) => write!(f, "interfaces[{n}]"),
            Self::Dns(n) => write!(f, "dns[{n}]"),
            Self::Search(n) => write!(f, "search[{n}]"),
            Self::Hosts(n) => write!(f, "hosts[{n}]"),
            Self::Rlimit(n) => write!(f, "rlimits[{n}]"),
            Self::Clock => f.write_str("clock"),
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
    /// A string contains a NUL byte, which would end it early in the guest.
    #[error("must not contain a NUL byte")]
    Nul,
    /// An environment entry has an empty key.
    #[error("key must not be empty")]
    EmptyKey,
    /// An environment key contains `=`, which would end it early in the guest.
    #[error("key must not contain `=`")]
    EqualsInKey,
    /// An environment string of a frame has no `=`.
    #[error("must be KEY=VALUE")]
    NoEquals,
    /// One string, its NUL counted, is longer than `execve(2)` takes (`MAX_ARG_STRLEN`).
    #[error("is too long for execve: {len} bytes including its NUL (max {max})")]
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
    /// A tag or serial is empty, too long, or contains another byte than `[A-Za-z0-9_.-]`.
    #[error("tag or serial must be 1 to {max} bytes: letters, digits, `.`, `-` and `_`")]
    BadTag {
        /// The most allowed.
        max: u32,
    },
    /// A filesystem's name is not one.
    #[error("filesystem must be 1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`")]
    BadFstype,
    /// The name of a shared file is not a file name.
    #[error("file name must be 1 to 255 bytes, without `/`, and not `.` or `..`")]
    BadFileName,
    /// A size is 0.
    #[error("size must be at least 1 MiB")]
    ZeroSize,
    /// A file mode has bits that `chmod(2)` does not know.
    #[error("mode must be at most 0o7777")]
    BadMode,
    /// A path inside the guest is not in normal form.
    #[error("path must have no empty component, no `.`, no `..`, and no component over 255 bytes")]
    PathNotNormal,
    /// A mount is on a filesystem that the guest needs.
    #[error("must not be /proc, /sys or /dev")]
    MountOnBase,
    /// Two mounts are on one path.
    #[error("has the same path as an earlier mount")]
    MountRepeated,
    /// A mount would hide an earlier one.
    #[error("would hide an earlier mount")]
    MountBeforeParent,
    /// A mount is below a file.
    #[error("is inside a mount that is a file")]
    MountInFile,
    /// A hostname is not one that `sethostname(2)` and `/etc/hosts` take.
    #[error("must be 1 to 64 bytes, without spaces, `/` or control characters")]
    BadHostname,
    /// An interface's name is not one.
    #[error(
        "name must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`"
    )]
    BadInterfaceName,
    /// An MTU is too small for IP.
    #[error("mtu must be at least {min}")]
    BadMtu {
        /// The least allowed.
        min: u32,
    },
    /// A prefix is longer than the address.
    #[error("prefix length must be at most {max}")]
    BadPrefix {
        /// The most allowed.
        max: u32,
    },
    /// Two interfaces have a gateway of one family.
    #[error("has a second gateway for the same address family")]
    TwoGateways,
    /// A domain is empty, too long, or would end its field in a file under `/etc`.
    #[error("name must be 1 to 255 bytes, without spaces, `#` or control characters")]
    BadDomain,
    /// A soft limit is above its hard limit.
    #[error("soft limit must not be above the hard limit")]
    RlimitOrder,
    /// Two items of a list have one key: a hardware address, a name, a resource.
    #[error("duplicates an earlier entry")]
    Repeated,
    /// A time is one that `settimeofday(2)` does not take.
    #[error("must be before 2232-04-18, with fewer than 10^9 nanoseconds")]
    BadClock,
    /// A list has more items than a setup may hold.
    #[error("is one too many (max {max})")]
    TooMany {
        /// The most allowed.
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
            Self::BadTag { .. } => 41,
            Self::BadFstype => 42,
            Self::BadFileName => 43,
            Self::ZeroSize => 44,
            Self::BadMode => 45,
            Self::PathNotNormal => 46,
            Self::MountOnBase => 47,
            Self::MountRepeated => 48,
            Self::MountBeforeParent => 49,
            Self::MountInFile => 50,
            Self::BadHostname => 51,
            Self::BadInterfaceName => 52,
            Self::BadMtu { .. } => 53,
            Self::BadPrefix { .. } => 54,
            Self::TwoGateways => 55,
            Self::BadDomain => 56,
            Self::RlimitOrder => 57,
            Self::Repeated => 58,
            Self::BadClock => 59,
            Self::TooMany { .. } => 60,
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
