//! The setup as a guest reads it: checked once, then walked where it lies.

use core::ffi::CStr;
use core::fmt;
use core::net::IpAddr;

use super::{
    Interface, MAX_DNS, MAX_HOSTS, MAX_INTERFACES, MAX_RLIMITS, MAX_SEARCH, Mount, MountSource,
    Root, SetupRlimit, Then, WallClock, read, rules,
};
use crate::limits::MAX_SETUP_MOUNTS;
use crate::rule::{InvalidMessage, MessageField, MessageRule};
use crate::wire::{DecodeError, DecodeErrorKind, FrameKind, Offset, Reader, Rest, open, widen};

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
    then: Then,
    root: Root<&'a CStr>,
    mounts: List<'a>,
    hostname: Option<&'a str>,
    interfaces: List<'a>,
    dns: List<'a>,
    search: List<'a>,
    hosts: List<'a>,
    rlimits: List<'a>,
    restricted: bool,
    clock: Option<WallClock>,
}

/// A list whose items have been checked.
#[derive(Clone, Copy, PartialEq, Eq)]
struct List<'a> {
    len: u32,
    items: &'a [u8],
}

impl<'a> List<'a> {
    #[inline(never)]
    fn walk<T>(self, read: fn(&mut Reader<'a>) -> Option<T>) -> Items<'a, T> {
        Items {
            len: self.len,
            reader: Reader::of_checked(self.items),
            read,
        }
    }
}

/// The items that are left of a checked list.
struct Items<'a, T> {
    len: u32,
    reader: Reader<'a>,
    read: fn(&mut Reader<'a>) -> Option<T>,
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        (self.read)(&mut self.reader)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = widen(self.len);
        (len, Some(len))
    }
}

impl<T> ExactSizeIterator for Items<'_, T> {}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("len", &self.len).finish()
    }
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
        self.names.walk(Reader::str)
    }
}

impl<'a> GuestSetupRef<'a> {
    /// Reads a frame without copying or allocating.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a setup.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let frame = open(bytes, FrameKind::GuestSetup)?;
        let mut decoder = Decoder {
            reader: Reader::new(&frame),
        };
        match decoder.read(frame.generation) {
            Some(view) => Ok(view),
            None => Err(decoder.reader.error),
        }
    }

    /// Returns what comes after the setup.
    #[must_use]
    pub fn then(&self) -> Then {
        self.then
    }

    /// Returns where the root filesystem is.
    #[must_use]
    pub fn root(&self) -> Root<&'a CStr> {
        self.root
    }

    /// Returns the mounts, in the order in which they are to be made: parents before children.
    pub fn mounts(&self) -> impl ExactSizeIterator<Item = Mount<&'a CStr>> + Clone + use<'a> {
        self.mounts.walk(read::mount)
    }

    /// Returns what `sethostname(2)` gets.
    #[must_use]
    pub fn hostname(&self) -> Option<&'a str> {
        self.hostname
    }

    /// Returns the network interfaces besides `lo`.
    pub fn interfaces(
        &self,
    ) -> impl ExactSizeIterator<Item = Interface<&'a CStr>> + Clone + use<'a> {
        self.interfaces.walk(read::interface)
    }

    /// Returns the name servers for `/etc/resolv.conf`.
    pub fn dns(&self) -> impl ExactSizeIterator<Item = IpAddr> + Clone + use<'a> {
        self.dns.walk(read::ip)
    }

    /// Returns the search domains for `/etc/resolv.conf`.
    pub fn search(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        self.search.walk(Reader::str)
    }

    /// Returns the lines of `/etc/hosts` besides those of localhost and the hostname.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = HostsEntryRef<'a>> + Clone + use<'a> {
        self.hosts.walk(hosts_entry)
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

/// Reads an entry of checked ones.
fn hosts_entry<'a>(reader: &mut Reader<'a>) -> Option<HostsEntryRef<'a>> {
    let address = read::ip(reader)?;
    let len = reader.varint()?;
    let start = reader.rest;
    for _ in 0..len {
        reader.str()?;
    }
    let items = part(start, reader);
    let names = List { len, items };
    Some(HostsEntryRef { address, names })
}

/// Reads and checks a payload in time linear in its length but for the mounts' paths, of which
/// each is compared with those before it.
///
/// A part's type is known to one small function, which reads and checks it; what is around that is
/// there once for all parts. With all in one function the view takes half as much again of a small
/// guest.
struct Decoder<'a> {
    reader: Reader<'a>,
}

/// What became of reading and checking a part: not read (the reader knows why), or which rule it
/// breaks.
type Part = Option<Result<(), MessageRule>>;

impl<'a> Decoder<'a> {
    #[inline(never)] // in a caller's large frame each access costs more bytes
    fn read(&mut self, generation: u8) -> Option<GuestSetupRef<'a>> {
        let then = read::then(&mut self.reader)?;
        let root = self.root()?;
        let mounts = self.mounts()?;
        let hostname = self.hostname()?;
        let interfaces = self.list(MAX_INTERFACES, MessageField::Interface, &mut interface)?;
        let dns = self.list(MAX_DNS, MessageField::Dns, &mut |reader, _| {
            read::ip(reader).map(|_| Ok(()))
        })?;
        let search = self.list(MAX_SEARCH, MessageField::Search, &mut |reader, _| {
            reader.str().map(rules::domain)
        })?;
        let hosts = self.list(MAX_HOSTS, MessageField::Hosts, &mut hosts)?;
        let rlimits = self.list(MAX_RLIMITS, MessageField::Rlimit, &mut rlimit)?;
        let restricted = self.reader.tag()?;
        let clock = self.clock()?;
        self.reader.finish(generation)?;
        Some(GuestSetupRef {
            then,
            root,
            mounts,
            hostname,
            interfaces,
            dns,
            search,
            hosts,
            rlimits,
            restricted,
            clock,
        })
    }

    #[inline(never)] // as `read`
    fn root(&mut self) -> Option<Root<&'a CStr>> {
        let at = self.reader.at();
        let root = read::root(&mut self.reader)?;
        self.check(at, MessageField::Root, rules::root(&root))?;
        Some(root)
    }

    fn mounts(&mut self) -> Option<List<'a>> {
        let max = Offset::of(MAX_SETUP_MOUNTS).get();
        let mut paths = rules::MountPaths::new();
        self.list(max, MessageField::Mount, &mut |reader, _| {
            let mount = read::mount(reader)?;
            let is_file = matches!(mount.source, MountSource::VirtiofsFile { .. });
            let checked = rules::mount(&mount);
            Some(checked.and_then(|()| paths.add(mount.guest.to_bytes(), is_file)))
        })
    }

    fn hostname(&mut self) -> Option<Option<&'a str>> {
        let at = self.reader.at();
        let hostname = self.reader.option(Reader::str)?;
        let checked = hostname.map_or(Ok(()), rules::hostname);
        self.check(at, MessageField::Hostname, checked)?;
        Some(hostname)
    }

    fn clock(&mut self) -> Option<Option<WallClock>> {
        let at = self.reader.at();
        let clock = self.reader.option(read::clock)?;
        let checked = clock.as_ref().map_or(Ok(()), rules::clock);
        self.check(at, MessageField::Clock, checked)?;
        Some(clock)
    }

    /// Reads a list with `item`, which reads and checks one; it gets the items before it too.
    #[inline(never)] // small code is not repeated
    fn list(
        &mut self,
        max: u32,
        field: fn(u32) -> MessageField,
        item: &mut dyn FnMut(&mut Reader<'a>, List<'a>) -> Part,
    ) -> Option<List<'a>> {
        let at = self.reader.at();
        let len = self.reader.varint()?;
        self.check(at, field(max), rules::count(len, max))?;
        let start = self.reader.rest;
        for n in 0..len {
            let earlier = List {
                len: n,
                items: part(start, &self.reader),
            };
            let at = self.reader.at();
            let checked = item(&mut self.reader, earlier)?;
            self.check(at, field(n), checked)?;
        }
        let items = part(start, &self.reader);
        Some(List { len, items })
    }

    /// Fails at `at` where a rule is broken.
    fn check(
        &mut self,
        at: Offset,
        field: MessageField,
        checked: Result<(), MessageRule>,
    ) -> Option<()> {
        match checked {
            Ok(()) => Some(()),
            Err(rule) => {
                let invalid = InvalidMessage { field, rule };
                self.reader.fail(DecodeErrorKind::Invalid(invalid), at)
            }
        }
    }
}

fn interface<'a>(reader: &mut Reader<'a>, earlier: List<'a>) -> Part {
    let interface = read::interface(reader)?;
    let mut earlier = earlier.walk(read::interface);
    Some(
        rules::interface(&interface).and_then(|()| {
            earlier.try_for_each(|earlier| rules::interface_pair(&earlier, &interface))
        }),
    )
}

fn hosts<'a>(reader: &mut Reader<'a>, _: List<'a>) -> Part {
    let entry = hosts_entry(reader)?;
    Some(
        rules::host_names(entry.names.len).and_then(|()| entry.names().try_for_each(rules::domain)),
    )
}

fn rlimit<'a>(reader: &mut Reader<'a>, earlier: List<'a>) -> Part {
    let rlimit = read::rlimit(reader)?;
    let mut earlier = earlier.walk(read::rlimit);
    Some(
        rules::rlimit(&rlimit)
            .and_then(|()| earlier.try_for_each(|earlier| rules::rlimit_pair(&earlier, &rlimit))),
    )
}

/// What `reader` has taken off since `start`.
fn part<'a>(mut start: Rest<'a>, reader: &Reader<'a>) -> &'a [u8] {
    let len = start.bytes.len().saturating_sub(reader.rest.bytes.len());
    start.take(len).map_or(&[], |part| part.bytes)
}
