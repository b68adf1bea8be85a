//! What `setrlimit(2)` limits.

#[cfg(feature = "alloc")]
use alloc::{format, string::String};
use core::fmt;
#[cfg(feature = "alloc")]
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// A resource that `setrlimit(2)` limits on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RlimitResource {
    /// CPU time, in seconds.
    Cpu,
    /// The size of a file that a process writes, in bytes.
    Fsize,
    /// The data segment, in bytes.
    Data,
    /// The stack, in bytes.
    Stack,
    /// A core dump, in bytes.
    Core,
    /// The resident set, in bytes; Linux has ignored it since 2.4.30.
    Rss,
    /// The number of processes of a user.
    Nproc,
    /// The number of open files: one more than the highest file descriptor.
    Nofile,
    /// Locked memory, in bytes.
    Memlock,
    /// The address space, in bytes.
    As,
    /// The number of file locks and leases; Linux has ignored it since 2.4.25.
    Locks,
    /// The number of queued signals.
    Sigpending,
    /// POSIX message queues, in bytes.
    Msgqueue,
    /// How far a process may lower its nice value: 20 minus the lowest value.
    Nice,
    /// The highest real-time priority.
    Rtprio,
    /// CPU time of a real-time process between two blocking calls, in microseconds.
    Rttime,
}

impl RlimitResource {
    const ALL: [Self; 16] = [
        Self::Cpu,
        Self::Fsize,
        Self::Data,
        Self::Stack,
        Self::Core,
        Self::Rss,
        Self::Nproc,
        Self::Nofile,
        Self::Memlock,
        Self::As,
        Self::Locks,
        Self::Sigpending,
        Self::Msgqueue,
        Self::Nice,
        Self::Rtprio,
        Self::Rttime,
    ];

    /// Returns Linux's number of the resource, `RLIMIT_CPU` being 0.
    #[must_use]
    pub const fn number(self) -> u8 {
        #[allow(clippy::as_conversions)] // the variants are in the order of Linux's numbers
        return self as u8;
    }

    /// Returns the resource of this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(crate::wire::widen(number)).copied()
    }

    /// Returns the resource's name as Linux has it, in lower case and without `RLIMIT_`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Fsize => "fsize",
            Self::Data => "data",
            Self::Stack => "stack",
            Self::Core => "core",
            Self::Rss => "rss",
            Self::Nproc => "nproc",
            Self::Nofile => "nofile",
            Self::Memlock => "memlock",
            Self::As => "as",
            Self::Locks => "locks",
            Self::Sigpending => "sigpending",
            Self::Msgqueue => "msgqueue",
            Self::Nice => "nice",
            Self::Rtprio => "rtprio",
            Self::Rttime => "rttime",
        }
    }
}

impl fmt::Display for RlimitResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "alloc")]
impl TryFrom<&str> for RlimitResource {
    type Error = String;

    /// As [`from_str`](Self::from_str).
    ///
    /// # Errors
    /// As [`from_str`](Self::from_str).
    fn try_from(name: &str) -> Result<Self, Self::Error> {
        name.parse()
    }
}

#[cfg(feature = "alloc")]
impl FromStr for RlimitResource {
    type Err = String;

    /// Reads a resource by the name that [`as_str`](Self::as_str) gives, in any ASCII case.
    ///
    /// # Errors
    /// Any other text is refused with `unknown rlimit resource: …`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|resource| resource.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("unknown rlimit resource: {name}"))
    }
}
