//! Reads the payload that [`record`](super::record) describes.

use super::list::List;
use super::read::{self, Parts};
use super::rules::{self, Checked};
use super::{
    GuestSetupRef, MAX_DNS, MAX_HOSTS, MAX_INTERFACES, MAX_RLIMITS, MAX_SEARCH, MountSource,
};
use crate::limits::MAX_SETUP_MOUNTS;
use crate::rule::{InvalidMessage, MessageField, MessageRule};
use crate::wire::{DecodeError, DecodeErrorKind, Frame, Offset, Reader};

/// Reads and checks a payload in time linear in its length but for the mounts' paths, of which
/// each is compared with those before it.
pub(super) fn read<'a>(frame: &Frame<'a>) -> Result<GuestSetupRef<'a>, DecodeError> {
    let mut parts = Parts::new(Reader::new(frame));
    match parts.setup(frame.generation) {
        Some(view) => Ok(view),
        None => Err(parts.reader.error),
    }
}

impl<'a> Parts<'a> {
    #[inline(never)] // in a large stack frame each access costs more bytes
    fn setup(&mut self, generation: u8) -> Option<GuestSetupRef<'a>> {
        let then = read::then(&mut self.reader)?;
        let root = self.part(MessageField::Root, read::root)?;
        let mounts = self.mounts()?;
        let hostname = self.part(MessageField::Hostname, read::hostname)?;
        let interfaces = self.list(MAX_INTERFACES, MessageField::Interface, &mut interface)?;
        let dns = self.list(MAX_DNS, MessageField::Dns, &mut |parts, _| {
            read::ip(parts).map(drop)
        })?;
        let search = self.list(MAX_SEARCH, MessageField::Search, &mut |parts, _| {
            read::domain(parts).map(drop)
        })?;
        let hosts = self.list(MAX_HOSTS, MessageField::Hosts, &mut |parts, _| {
            read::hosts_entry(parts).map(drop)
        })?;
        let rlimits = self.list(MAX_RLIMITS, MessageField::Rlimit, &mut rlimit)?;
        let restricted = self.reader.tag()?;
        let clock = self.part(MessageField::Clock, read::clock)?;
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

    fn mounts(&mut self) -> Option<List<'a>> {
        let max = Offset::of(MAX_SETUP_MOUNTS).get();
        let mut paths = rules::MountPaths::new();
        self.list(max, MessageField::Mount, &mut |parts, _| {
            let mount = read::mount(parts)?;
            let is_file = matches!(mount.source, MountSource::VirtiofsFile { .. });
            let (_, path) = mount.guest.split_last()?;
            parts.hold(paths.add(path, is_file));
            Some(())
        })
    }

    /// Reads and checks a part that is not a list.
    fn part<T>(&mut self, field: MessageField, read: fn(&mut Self) -> Option<T>) -> Option<T> {
        let at = self.reader.at();
        let part = read(self)?;
        match self.broken {
            None => Some(part),
            Some(rule) => self.invalid(at, field, rule),
        }
    }

    /// Reads a list with `item`, which reads and checks one; it gets the items before it too.
    #[inline(never)] // small code is not repeated
    fn list(
        &mut self,
        max: u32,
        field: fn(u32) -> MessageField,
        item: &mut dyn FnMut(&mut Self, List<'a>) -> Option<()>,
    ) -> Option<List<'a>> {
        let at = self.reader.at();
        let len = self.reader.varint()?;
        if let Err(rule) = rules::count(len, max) {
            return self.invalid(at, field(max), rule);
        }
        let start = self.reader.rest;
        for n in 0..len {
            let at = self.reader.at();
            let earlier = List {
                len: n,
                items: start.bytes,
            };
            item(self, earlier)?;
            if let Some(rule) = self.broken {
                return self.invalid(at, field(n), rule);
            }
        }
        let items = self.since(start);
        Some(List { len, items })
    }

    #[cold]
    fn invalid<T>(&mut self, at: Offset, field: MessageField, rule: MessageRule) -> Option<T> {
        let invalid = InvalidMessage { field, rule };
        self.reader.fail(DecodeErrorKind::Invalid(invalid), at)
    }
}

fn interface<'a>(parts: &mut Parts<'a>, earlier: List<'a>) -> Option<()> {
    let interface = read::interface(parts)?;
    parts.hold(pairs(
        earlier,
        read::interface,
        &interface,
        rules::interface_pair,
    ));
    Some(())
}

fn rlimit<'a>(parts: &mut Parts<'a>, earlier: List<'a>) -> Option<()> {
    let rlimit = read::rlimit(parts)?;
    parts.hold(pairs(earlier, read::rlimit, &rlimit, rules::rlimit_pair));
    Some(())
}

/// Compares an item with each before it.
fn pairs<'a, T>(
    earlier: List<'a>,
    read: fn(&mut Parts<'a>) -> Option<T>,
    item: &T,
    compare: fn(&T, &T) -> Checked,
) -> Checked {
    let mut earlier = earlier.walk(read);
    earlier.try_for_each(|earlier| compare(&earlier, item))
}
