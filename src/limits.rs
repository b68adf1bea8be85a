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

/// The longest label of a hostname, in bytes (RFC 1035, section 2.3.4; RFC 1123, section 2.1).
pub const MAX_HOSTNAME_LABEL_BYTES: usize = 63;

/// The longest path that Linux takes, in bytes, its NUL not counted: `PATH_MAX` − 1.
pub const MAX_PATH_BYTES: usize = 4095;

/// The longest payload of a handoff's frame, in bytes: twice what `execve(2)` can take at the usual stack
/// limit, so that the index and fields of later generations have room.
pub const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;

/// The longest payload of a guest report's frame, in bytes: room for fields of later generations,
/// and no more memory than that for a guest that announces nonsense.
pub const MAX_REPORT_PAYLOAD_BYTES: usize = 64;
