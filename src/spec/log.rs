//! Log levels and log sources.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much a sandbox's runtime logs, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SandboxLogLevel {
    /// Errors only.
    Error,
    /// Errors and warnings.
    Warn,
    /// Also the main events.
    Info,
    /// Also details that help with debugging.
    Debug,
    /// Everything.
    Trace,
}

impl SandboxLogLevel {
    const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// Returns the level's name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for SandboxLogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SandboxLogLevel {
    type Err = String;

    /// Reads a level by the exact name that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    ///
    /// Any other text is refused with `unknown sandbox log level: …`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == name)
            .ok_or_else(|| format!("unknown sandbox log level: {name}"))
    }
}

/// Where an entry of a sandbox's log comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The standard output of the guest's processes.
    Stdout,
    /// The standard error of the guest's processes.
    Stderr,
    /// The output of processes that run in a terminal, where both streams are one.
    Output,
    /// The sandbox's own messages.
    System,
}

impl LogSource {
    const ALL: [Self; 4] = [Self::Stdout, Self::Stderr, Self::Output, Self::System];

    /// Returns the sources that a request for `sources` covers, each once, in the order of the
    /// variants.
    ///
    /// An empty request covers everything that the guest's processes write: all sources except
    /// [`System`](Self::System).
    #[must_use]
    pub fn effective(sources: &[Self]) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|source| {
                if sources.is_empty() {
                    *source != Self::System
                } else {
                    sources.contains(source)
                }
            })
            .collect()
    }
}
