//! How much `execve(2)` takes.

use super::init::{LONGEST_CANDIDATE, is_auto};
#[cfg(feature = "alloc")]
use crate::rlimit::RlimitResource;
use crate::rule::MessageRule;
use crate::wire::{saturate, widen};

/// Linux's `ARG_MAX`: what `execve(2)` takes whatever the stack limit.
const ARG_MAX: u64 = 128 * 1024;
/// Linux's `_STK_LIM / 4 * 3`: what it takes at most, whatever the stack limit.
const TOTAL_MAX: u64 = 6 * 1024 * 1024;
/// Linux's `MAX_ARG_STRLEN` in pages.
const STRING_MAX_PAGES: u32 = 32;
/// A pointer of a 64-bit guest; a 32-bit one has more room than this counts.
const POINTER_BYTES: usize = 8;

/// What the guest's `execve(2)` takes (Linux, `fs/exec.c`).
///
/// The default is 4 KiB pages and the usual 8 MiB stack limit.
///
/// ```
/// use microsandbox_types::{ExecLimits, HandoffInit};
///
/// let init = HandoffInit::new("/sbin/init").env("BLOB", "x".repeat(200_000));
/// assert!(init.validate().is_err());
/// // A guest with 64 KiB pages takes longer strings.
/// assert!(init.validate_with(&ExecLimits::new(64 * 1024, 8 * 1024 * 1024)).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ExecLimits {
    /// The guest's page size in bytes: one string is at most 32 pages long.
    pub page_size: u32,
    /// The guest agent's soft `RLIMIT_STACK` in bytes: strings and pointers together take at most
    /// a quarter of it, though never less than 128 KiB nor more than 6 MiB.
    pub stack_limit: u64,
    /// What the strings and pointers that the guest adds come to, in bytes: they take part of the
    /// room for strings and pointers.
    pub inherited_bytes: u32,
}

impl Default for ExecLimits {
    fn default() -> Self {
        Self::new(4096, 8 * 1024 * 1024)
    }
}

impl ExecLimits {
    /// The limits of a guest with this page size and this soft `RLIMIT_STACK`, in bytes.
    #[must_use]
    pub const fn new(page_size: u32, stack_limit: u64) -> Self {
        Self {
            page_size,
            stack_limit,
            inherited_bytes: 0,
        }
    }

    /// Counts what the guest adds to the environment: this many strings of so many bytes, NULs
    /// counted.
    #[must_use]
    pub const fn with_inherited(self, strings: u32, bytes: u32) -> Self {
        #[allow(clippy::as_conversions)] // 8
        let pointers = strings.saturating_mul(POINTER_BYTES as u32);
        Self {
            inherited_bytes: bytes.saturating_add(pointers),
            ..self
        }
    }

    /// The limits of a guest that sets these soft limits before its `execve(2)`; only the stack's
    /// matters.
    #[cfg(feature = "alloc")]
    pub(crate) fn after(self, rlimits: impl IntoIterator<Item = (RlimitResource, u64)>) -> Self {
        let mut rlimits = rlimits.into_iter();
        let stack = rlimits.find(|(resource, _)| *resource == RlimitResource::Stack);
        Self {
            stack_limit: stack.map_or(self.stack_limit, |(_, soft)| soft),
            ..self
        }
    }

    /// Returns the longest single string in bytes, its NUL counted (`MAX_ARG_STRLEN`).
    #[must_use]
    pub const fn max_string_bytes(&self) -> u32 {
        self.page_size.saturating_mul(STRING_MAX_PAGES)
    }

    /// Returns the most that all strings with their NULs, the path of the init once more, and 8 bytes for
    /// each `argv` and `envp` pointer may come to, in bytes.
    #[must_use]
    pub const fn max_total_bytes(&self) -> u32 {
        let quarter = self.stack_limit / 4;
        let total = if quarter < ARG_MAX {
            ARG_MAX
        } else if quarter > TOTAL_MAX {
            TOTAL_MAX
        } else {
            quarter
        };
        #[allow(clippy::as_conversions)] // at most 6 MiB
        let total = total as u32;
        total.saturating_sub(self.inherited_bytes)
    }

    /// Checks `strings` strings of `bytes` bytes in all, NULs counted, that go with `cmd`.
    pub(crate) fn check_total(
        &self,
        cmd: &[u8],
        strings: usize,
        bytes: usize,
    ) -> Result<(), MessageRule> {
        let init = if is_auto(cmd) {
            LONGEST_CANDIDATE
        } else {
            cmd.len()
        };
        // The kernel puts the path on the stack for itself, then again as `argv[0]`.
        let init_bytes = init.saturating_add(1).saturating_mul(2);
        let pointers = strings.saturating_add(1).saturating_mul(POINTER_BYTES);
        let total = bytes.saturating_add(init_bytes).saturating_add(pointers);
        let max = self.max_total_bytes();
        if total > widen(max) {
            let len = saturate(total);
            return Err(MessageRule::TotalTooLarge { len, max });
        }
        Ok(())
    }
}
