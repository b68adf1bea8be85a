//! Every default and bound as a constant, each with where it comes from.

/// Virtual CPUs of a sandbox that does not say how many it wants.
pub const DEFAULT_SANDBOX_CPUS: u8 = 1;

/// Memory in MiB of a sandbox that does not say how much it wants.
pub const DEFAULT_SANDBOX_MEMORY_MIB: u32 = 512;

/// Milliseconds between two samples of a sandbox's metrics, unless it says otherwise.
pub const DEFAULT_METRICS_SAMPLE_INTERVAL_MS: u64 = 1000;

/// The longest sandbox name, in bytes.
pub const MAX_SANDBOX_NAME_BYTES: usize = 128;

/// The longest hostname that `sethostname(2)` takes, in bytes: Linux's `__NEW_UTS_LEN`.
pub const MAX_HOSTNAME_BYTES: usize = 64;
