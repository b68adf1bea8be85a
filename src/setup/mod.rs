//! The setup: the message that tells the guest agent what the guest is to be before its init runs.

mod decode;
mod list;
mod map;
#[cfg(feature = "alloc")]
mod message;
mod read;
#[cfg(feature = "alloc")]
mod record;
mod rules;
mod text;
#[cfg(feature = "alloc")]
mod validate;
mod view;

use core::net::{Ipv4Addr, Ipv6Addr};

#[cfg(feature = "alloc")]
pub use self::message::{GuestSetup, HostsEntry};
pub use self::view::{GuestSetupRef, HostsEntryRef};

use crate::rlimit::RlimitResource;

/// What comes after the setup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Then {
    /// A [`HandoffInit`](crate::HandoffInitRef) follows.
    #[default]
    Handoff,
    /// The agent stays PID 1; [`GuestReport::SetUp`](crate::GuestReport::SetUp) is its last report
    /// of the boot.
    Stay,
}

/// Where the guest's root filesystem is.
///
/// Strings are `String` on the host's side, `&CStr` on the guest's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Root<S> {
    /// The initramfs that the guest started from.
    #[default]
    Initramfs,
    /// A directory of the host, over virtiofs.
    Virtiofs {
        /// The share's tag: 1 to [`MAX_TAG_BYTES`](crate::MAX_TAG_BYTES) bytes of
        /// `[A-Za-z0-9_.-]`.
        tag: S,
        /// Whether nothing may be written.
        readonly: bool,
    },
    /// A virtio-blk device.
    Block {
        /// The device.
        device: BlockDevice<S>,
        /// Whether nothing may be written.
        readonly: bool,
    },
    /// A read-only device under a layer that takes what is written.
    Overlay {
        /// The device below, which is mounted read-only.
        lower: BlockDevice<S>,
        /// What takes the writes.
        upper: Upper<S>,
    },
}

/// A virtio-blk device with a filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockDevice<S> {
    /// The device's serial, by which the guest finds it: 1 to
    /// [`MAX_SERIAL_BYTES`](crate::MAX_SERIAL_BYTES) bytes of `[A-Za-z0-9_.-]`.
    pub serial: S,
    /// The filesystem, such as `ext4`; without one the guest tries those that it knows.
    pub fstype: Option<S>,
}

/// The writable layer of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upper<S> {
    /// A device, whose directories `upper` and `work` outlive the boot.
    Block(BlockDevice<S>),
    /// The guest's memory.
    Tmpfs {
        /// The size in MiB, at least 1; without one Linux's default, half of the memory.
        size_mib: Option<u32>,
    },
}

/// What is mounted over the root filesystem, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mount<S> {
    /// What is mounted.
    pub source: MountSource<S>,
    /// The path inside the guest: absolute and normal, at most
    /// [`MAX_PATH_BYTES`](crate::MAX_PATH_BYTES) bytes, each component at most 255.
    pub guest: S,
    /// The mount's flags.
    pub flags: MountFlags,
}

/// What a mount shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MountSource<S> {
    /// A directory of the host, over virtiofs.
    Virtiofs {
        /// The share's tag.
        tag: S,
    },
    /// One file of a virtiofs share.
    VirtiofsFile {
        /// The share's tag.
        tag: S,
        /// The file's name in the share: no `/`, and not `.` or `..`.
        file: S,
    },
    /// A virtio-blk device.
    Block(BlockDevice<S>),
    /// The guest's memory.
    Tmpfs {
        /// The size in MiB, at least 1; without one Linux's default, half of the memory.
        size_mib: Option<u32>,
        /// The permissions of its root, at most 0o7777; without them Linux's default, 1777.
        mode: Option<u32>,
    },
}

/// The flags of a mount, as `mount(8)` has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MountFlags {
    /// Whether nothing may be written.
    pub readonly: bool,
    /// Whether nothing may be executed.
    pub noexec: bool,
    /// Whether set-user-ID and set-group-ID bits have no effect.
    pub nosuid: bool,
    /// Whether device files have no effect.
    pub nodev: bool,
}

/// A network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interface<S> {
    /// The hardware address, by which the guest finds the interface.
    pub mac: [u8; 6],
    /// The name that it gets: 1 to 15 visible ASCII characters (`IFNAMSIZ`), no `/`, `:` or `%`, and
    /// not `lo`, `.` or `..`.
    pub name: S,
    /// The MTU in bytes: at least 68 (RFC 791), with IPv6 1280 (RFC 8200).
    pub mtu: Option<u32>,
    /// The IPv4 address.
    pub ipv4: Option<IpNet<Ipv4Addr>>,
    /// The IPv6 address.
    pub ipv6: Option<IpNet<Ipv6Addr>>,
}

/// An address with its network and the way out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpNet<A> {
    /// The address.
    pub address: A,
    /// The prefix length: at most 32 for IPv4, 128 for IPv6.
    pub prefix: u8,
    /// The gateway of the default route; at most one interface has one for each family.
    pub gateway: Option<A>,
}

/// A limit of the init's, as `setrlimit(2)` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetupRlimit {
    /// What is limited.
    pub resource: RlimitResource,
    /// The limit that the kernel enforces, in the resource's unit; `u64::MAX` is infinity.
    pub soft: u64,
    /// The ceiling of `soft`.
    pub hard: u64,
}

/// The host's wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WallClock {
    /// Seconds since 1970-01-01T00:00:00Z: less than
    /// [`MAX_CLOCK_SECONDS`](crate::MAX_CLOCK_SECONDS).
    pub seconds: u64,
    /// Nanoseconds: less than 10⁹.
    pub nanoseconds: u32,
}

#[cfg(feature = "std")]
impl WallClock {
    /// Returns the time of this machine's clock, as far as a guest's takes it.
    #[must_use]
    pub fn now() -> Self {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since_1970.unwrap_or_default();
        let latest = crate::limits::MAX_CLOCK_SECONDS.saturating_sub(1);
        Self {
            seconds: now.as_secs().min(latest),
            nanoseconds: now.subsec_nanos(),
        }
    }
}

/// How many of each list a setup holds at most.
pub(crate) const MAX_INTERFACES: u32 = 8;
pub(crate) const MAX_DNS: u32 = 3;
pub(crate) const MAX_SEARCH: u32 = 6;
pub(crate) const MAX_HOSTS: u32 = 32;
pub(crate) const MAX_HOST_NAMES: u32 = 16;
pub(crate) const MAX_RLIMITS: u32 = 16;
