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

/// The longest payload of a handoff's frame, in bytes: twice what `execve(2)` can take at the
/// usual stack limit, so that the index and fields of later generations have room.
pub const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;

/// The longest payload of a guest report's frame, in bytes: room for fields of later generations,
/// and no more memory than that for a guest that announces nonsense.
pub const MAX_REPORT_PAYLOAD_BYTES: usize = 64;

/// The longest payload of a setup's frame, in bytes: no valid setup is longer, whatever its lists
/// hold.
pub const MAX_SETUP_PAYLOAD_BYTES: usize = 512 * 1024;

/// The most mounts of a setup.
pub const MAX_SETUP_MOUNTS: usize = 64;

/// The longest tag of a virtiofs share, in bytes (virtio specification, file system device).
pub const MAX_TAG_BYTES: usize = 36;

/// The longest serial of a virtio-blk device, in bytes: Linux's `VIRTIO_BLK_ID_BYTES`.
pub const MAX_SERIAL_BYTES: usize = 20;

/// The longest name of a filesystem, in bytes: longer than any of Linux's.
pub const MAX_FSTYPE_BYTES: usize = 32;

/// The longest name of a network interface, in bytes: Linux's `IFNAMSIZ` − 1.
pub const MAX_INTERFACE_NAME_BYTES: usize = 15;

/// The longest domain name, in bytes (RFC 1035, section 2.3.4).
pub const MAX_DOMAIN_BYTES: usize = 255;

/// The first second since 1970 that `settimeofday(2)` does not take: Linux's
/// `TIME_SETTOD_SEC_MAX`.
pub const MAX_CLOCK_SECONDS: u64 = 8_277_292_036;

/// The most findings that one check keeps: more than a person reads, and few enough that a
/// hostile document cannot grow the answer.
pub const MAX_FINDINGS: usize = 100;

/// The longest name of an image reference, in bytes, without tag and digest: the distribution
/// grammar's bound.
pub const MAX_IMAGE_NAME_BYTES: usize = 255;

/// The longest tag of an image reference, in bytes (OCI distribution specification, `<reference>`
/// as a tag).
pub const MAX_IMAGE_TAG_BYTES: usize = 128;

/// The longest name of a named volume, in bytes: that of a sandbox, since both name directories
/// of the host.
pub const MAX_VOLUME_NAME_BYTES: usize = MAX_SANDBOX_NAME_BYTES;

/// The longest file name that Linux takes, in bytes: `NAME_MAX`. A script is a file in the guest.
pub const MAX_SCRIPT_NAME_BYTES: usize = 255;

/// The most that a sandbox's scripts may hold together, names included, in bytes: what a boot
/// message of [`MAX_PAYLOAD_BYTES`] could carry.
pub const MAX_SCRIPTS_BYTES: usize = MAX_PAYLOAD_BYTES;

/// The longest key of a label, in bytes: Kubernetes' longest, a prefix of 253, `/` and a name of
/// 63, so that labels can be taken over from there.
pub const MAX_LABEL_KEY_BYTES: usize = 317;

/// The most that labels may hold together, keys and values, in bytes: Kubernetes' bound on an
/// object's annotations (256 KiB).
pub const MAX_LABELS_BYTES: usize = 256 * 1024;

/// The permission bits that `chmod(2)` knows: set-user-ID, set-group-ID, sticky, and three for
/// each of owner, group and others.
pub const MAX_FILE_MODE: u32 = 0o7777;
