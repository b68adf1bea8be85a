//! The setup as a host holds it.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
#[cfg(feature = "std")]
use std::io::{Read, Write};

use postcard::experimental::serialized_size;

use super::record::Wire;
use super::{GuestSetupRef, Interface, Mount, Root, SetupRlimit, Then, WallClock};
use crate::wire::{
    DecodeError, EncodeError, FrameKind, OVERHEAD, max_frame_bytes, payload_mut, seal,
};
#[cfg(feature = "std")]
use crate::wire::{ReadError, WriteError, read_frame};

/// What the guest agent makes of the guest before its init runs: root filesystem, mounts, hostname,
/// network, limits, clock.
///
/// The fields hold whatever the host put there; [`validate`](Self::validate) checks them, as do
/// [`encode`](Self::encode) and [`decode`](Self::decode).
///
/// Users, working directories, environment, entrypoint, scripts and secrets are not part of it:
/// they are for processes that a resident agent starts later, over a protocol of its own.
///
/// ```
/// use microsandbox_types::{GuestSetup, Mount, MountFlags, MountSource};
///
/// let setup = GuestSetup {
///     mounts: vec![Mount {
///         source: MountSource::Virtiofs { tag: "m0".into() },
///         guest: "/data".into(),
///         flags: MountFlags { readonly: true, ..MountFlags::default() },
///     }],
///     ..GuestSetup::default()
/// };
/// let frame = setup.encode()?;
/// assert_eq!(GuestSetup::decode(&frame), Ok(setup));
/// # Ok::<(), microsandbox_types::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestSetup {
    /// What comes after the setup.
    pub then: Then,
    /// Where the root filesystem is.
    pub root: Root<String>,
    /// What is mounted over it, parents before children: at most
    /// [`MAX_SETUP_MOUNTS`](crate::MAX_SETUP_MOUNTS).
    pub mounts: Vec<Mount<String>>,
    /// What `sethostname(2)` gets: 1 to 64 bytes, no control character, no `/`, no space.
    pub hostname: Option<String>,
    /// The network interfaces besides `lo`: at most 8.
    pub interfaces: Vec<Interface<String>>,
    /// The name servers for `/etc/resolv.conf`: at most 3 (`MAXNS`).
    pub dns: Vec<IpAddr>,
    /// The search domains for `/etc/resolv.conf`: at most 6 (`MAXDNSRCH`).
    pub search: Vec<String>,
    /// The lines of `/etc/hosts` besides those of localhost and the hostname: at most 32.
    pub hosts: Vec<HostsEntry>,
    /// The limits that the init gets: at most 16, each resource once.
    pub rlimits: Vec<SetupRlimit>,
    /// Whether the security profile is `restricted`: every mount nosuid and nodev, `no_new_privs`
    /// for the init. That is no wall against root.
    pub restricted: bool,
    /// The host's wall clock, set as the frame is written.
    pub clock: Option<WallClock>,
}

/// A line of `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsEntry {
    /// The address.
    pub address: IpAddr,
    /// The address's names: 1 to 16.
    pub names: Vec<String>,
}

impl GuestSetup {
    /// The length in bytes of the longest frame of a setup.
    pub const MAX_FRAME_BYTES: usize = max_frame_bytes(FrameKind::GuestSetup);

    /// The lowest reader [`GENERATION`](crate::GENERATION) that knows the message.
    pub const MIN_GENERATION: u8 = 2;

    pub(super) fn payload_len(&self) -> usize {
        // Measuring a record of numbers and strings does not fail.
        serialized_size(&Wire(self)).unwrap_or(usize::MAX)
    }

    /// Returns the length in bytes of the frame that [`encode`](Self::encode) writes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.payload_len().saturating_add(OVERHEAD)
    }

    /// Writes the message as a frame, in one allocation of its exact size.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] where [`validate`](Self::validate) refuses the message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let needed = self.measure()?.saturating_add(OVERHEAD);
        let mut frame = alloc::vec![0; needed];
        self.write_frame(&mut frame, needed)?;
        Ok(frame)
    }

    /// Writes the message as a frame at the start of `buffer`, without allocating, and returns
    /// the frame's length. What follows the frame is left as it was.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and [`EncodeError::BufferTooSmall`]. Either leaves `buffer`
    /// untouched.
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = self.measure()?.saturating_add(OVERHEAD);
        self.write_frame(buffer, needed)
    }

    /// Writes a checked message of `needed` bytes.
    fn write_frame(&self, buffer: &mut [u8], needed: usize) -> Result<usize, EncodeError> {
        let too_small = EncodeError::BufferTooSmall { needed };
        let frame = buffer.get_mut(..needed).ok_or(too_small)?;
        let payload = payload_mut(frame).ok_or(too_small)?;
        postcard::to_slice(&Wire(self), payload).map_err(|_| too_small)?;
        seal(frame, FrameKind::GuestSetup, Self::MIN_GENERATION).ok_or(too_small)?;
        Ok(needed)
    }

    /// Reads a frame into a message of its own. Nothing is allocated until all has been checked.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a setup.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        GuestSetupRef::decode(bytes).map(|view| view.to_owned())
    }
}

#[cfg(feature = "std")]
impl GuestSetup {
    /// Reads one frame from `reader`, and never a byte past it, and decodes it.
    ///
    /// # Errors
    /// As [`read_frame`] and [`decode`](Self::decode).
    pub fn read_from(reader: impl Read) -> Result<Self, ReadError> {
        Ok(Self::decode(&read_frame(reader, FrameKind::GuestSetup)?)?)
    }

    /// Encodes the message, writes the frame to `writer` and flushes it.
    ///
    /// # Errors
    /// [`WriteError::Encode`] as [`encode`](Self::encode), then nothing was written;
    /// [`WriteError::Io`] where the stream fails.
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), WriteError> {
        writer.write_all(&self.encode()?)?;
        Ok(writer.flush()?)
    }
}

impl GuestSetupRef<'_> {
    /// Returns the message with strings of its own.
    #[must_use]
    pub fn to_owned(&self) -> GuestSetup {
        GuestSetup {
            then: self.then(),
            root: self.root().map(string),
            mounts: self.mounts().map(|mount| mount.map(string)).collect(),
            hostname: self.hostname().map(String::from),
            interfaces: self
                .interfaces()
                .map(|interface| interface.map(string))
                .collect(),
            dns: self.dns().collect(),
            search: self.search().map(String::from).collect(),
            hosts: self
                .hosts()
                .map(|entry| HostsEntry {
                    address: entry.address,
                    names: entry.names().map(String::from).collect(),
                })
                .collect(),
            rlimits: self.rlimits().collect(),
            restricted: self.restricted(),
            clock: self.clock(),
        }
    }
}

fn string(string: &core::ffi::CStr) -> String {
    // Decoding has shown that it is UTF-8.
    string.to_str().unwrap_or_default().into()
}
