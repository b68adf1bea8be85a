//! The setup as a guest reads it: checked once, then walked where it lies.

use core::ffi::CStr;
use core::fmt;
use core::net::IpAddr;
use core::str;

use super::list::List;
use super::{Interface, Mount, Root, SetupRlimit, Then, WallClock, decode, read};
use crate::exec::c_str;
use crate::wire::{DecodeError, FrameKind, open};

/// A decoded, valid setup that borrows every string from its frame.
///
/// Neither decoding nor walking it allocates.
///
/// ```
/// use microsandbox_types::{GuestSetup, GuestSetupRef, Then};
///
/// let setup = GuestSetup { hostname: Some("web-1".into()), ..GuestSetup::default() };
/// let frame = setup.encode()?;
/// let view = GuestSetupRef::decode(&frame).unwrap();
/// assert_eq!(view.then(), Then::Handoff);
/// assert_eq!(view.hostname(), Some("web-1"));
/// assert_eq!(view.mounts().len(), 0);
/// # Ok::<(), microsandbox_types::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GuestSetupRef<'a> {
    pub(super) then: Then,
    pub(super) root: Root<&'a [u8]>,
    pub(super) mounts: List<'a>,
    pub(super) hostname: Option<&'a [u8]>,
    pub(super) interfaces: List<'a>,
    pub(super) dns: List<'a>,
    pub(super) search: List<'a>,
    pub(super) hosts: List<'a>,
    pub(super) rlimits: List<'a>,
    pub(super) restricted: bool,
    pub(super) clock: Option<WallClock>,
}

/// A line of `/etc/hosts`, borrowed from the setup's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostsEntryRef<'a> {
    /// The address.
    pub address: IpAddr,
    names: List<'a>,
}

impl<'a> HostsEntryRef<'a> {
    /// Returns the address's names, at least one.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        self.names.walk(read::domain).map(text)
    }
}

impl<'a> GuestSetupRef<'a> {
    /// Reads a frame without copying or allocating.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a setup.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let frame = open(bytes, FrameKind::GuestSetup)?;
        decode::read(&frame)
    }

    /// Returns what comes after the setup.
    #[must_use]
    pub fn then(&self) -> Then {
        self.then
    }

    /// Returns where the root filesystem is.
    #[must_use]
    pub fn root(&self) -> Root<&'a CStr> {
        self.root.map(c_str)
    }

    /// Returns the mounts, in the order in which they are to be made: parents before children.
    pub fn mounts(&self) -> impl ExactSizeIterator<Item = Mount<&'a CStr>> + Clone + use<'a> {
        self.mounts.walk(read::mount).map(|mount| mount.map(c_str))
    }

    /// Returns what `sethostname(2)` gets.
    #[must_use]
    pub fn hostname(&self) -> Option<&'a str> {
        self.hostname.map(text)
    }

    /// Returns the network interfaces besides `lo`.
    pub fn interfaces(
        &self,
    ) -> impl ExactSizeIterator<Item = Interface<&'a CStr>> + Clone + use<'a> {
        self.interfaces
            .walk(read::interface)
            .map(|interface| interface.map(c_str))
    }

    /// Returns the name servers for `/etc/resolv.conf`.
    pub fn dns(&self) -> impl ExactSizeIterator<Item = IpAddr> + Clone + use<'a> {
        self.dns.walk(read::ip)
    }

    /// Returns the search domains for `/etc/resolv.conf`.
    pub fn search(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        self.search.walk(read::domain).map(text)
    }

    /// Returns the lines of `/etc/hosts` besides those of localhost and the hostname.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = HostsEntryRef<'a>> + Clone + use<'a> {
        self.hosts
            .walk(read::hosts_entry)
            .map(|(address, names)| HostsEntryRef { address, names })
    }

    /// Returns the limits that the init gets.
    pub fn rlimits(&self) -> impl ExactSizeIterator<Item = SetupRlimit> + Clone + use<'a> {
        self.rlimits.walk(read::rlimit)
    }

    /// Returns whether the security profile is `restricted`: every entry of
    /// [`mounts`](Self::mounts) nosuid and nodev, `no_new_privs` for the init.
    #[must_use]
    pub fn restricted(&self) -> bool {
        self.restricted
    }

    /// Returns the host's wall clock at the time of sending.
    #[must_use]
    pub fn clock(&self) -> Option<WallClock> {
        self.clock
    }
}

impl fmt::Debug for GuestSetupRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct All<I>(I);
        impl<I: Iterator<Item: fmt::Debug> + Clone> fmt::Debug for All<I> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.0.clone()).finish()
            }
        }
        f.debug_struct("GuestSetupRef")
            .field("then", &self.then)
            .field("root", &self.root)
            .field("mounts", &All(self.mounts()))
            .field("hostname", &self.hostname)
            .field("interfaces", &All(self.interfaces()))
            .field("dns", &All(self.dns()))
            .field("search", &All(self.search()))
            .field("hosts", &All(self.hosts()))
            .field("rlimits", &All(self.rlimits()))
            .field("restricted", &self.restricted)
            .field("clock", &self.clock)
            .finish()
    }
}

#[inline(never)] // small code is not repeated
fn text(string: &[u8]) -> &str {
    // Decoding has shown that it is UTF-8.
    str::from_utf8(string).unwrap_or_default()
}
