//! What a guest says of itself.

use serde::{Deserialize, Serialize};

use crate::exec::ExecLimits;

/// What a host must know of a guest to send it no more than its `execve(2)` takes.
///
/// The default is what holds for a guest of generation 1, which says nothing of itself: 4 KiB
/// pages, a stack limit of 8 MiB, and the two variables, `HOME=/` and `TERM=linux`, that Linux
/// gives its init.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestFacts {
    /// The page size in bytes.
    pub page_size: u32,
    /// The agent's soft `RLIMIT_STACK` in bytes.
    pub stack_limit: u64,
    /// How many environment strings the agent adds to those of the handoff, as if none of them
    /// were overridden.
    pub inherited_strings: u32,
    /// What those come to in bytes, with their NULs.
    pub inherited_bytes: u32,
}

impl Default for GuestFacts {
    fn default() -> Self {
        let ExecLimits {
            page_size,
            stack_limit,
            ..
        } = ExecLimits::default();
        Self {
            page_size,
            stack_limit,
            inherited_strings: 2,
            inherited_bytes: 18,
        }
    }
}

impl GuestFacts {
    /// Says what a guest adds to the environment, for one with these limits.
    #[must_use]
    pub const fn new(page_size: u32, stack_limit: u64, strings: u32, bytes: u32) -> Self {
        Self {
            page_size,
            stack_limit,
            inherited_strings: strings,
            inherited_bytes: bytes,
        }
    }

    /// Returns what this guest's `execve(2)` takes of a handoff.
    #[must_use]
    pub const fn exec_limits(&self) -> ExecLimits {
        ExecLimits::new(self.page_size, self.stack_limit)
            .with_inherited(self.inherited_strings, self.inherited_bytes)
    }
}
