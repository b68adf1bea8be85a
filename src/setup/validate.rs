//! Holds a setup to its rules before it is written.

use alloc::string::String;

use super::rules::{self, Checked};
use super::text::Text;
use super::{
    BlockDevice, GuestSetup, MAX_DNS, MAX_HOSTS, MAX_INTERFACES, MAX_RLIMITS, MAX_SEARCH, Mount,
    MountSource, Root, Upper,
};
use crate::limits::{MAX_SETUP_MOUNTS, MAX_SETUP_PAYLOAD_BYTES};
use crate::rule::{InvalidMessage, MessageField, MessageRule};
use crate::wire::{Offset, saturate};

impl GuestSetup {
    /// Checks the message against the rules that the guest holds it to.
    ///
    /// # Errors
    /// [`InvalidMessage`] names the first field that breaks a rule.
    pub fn validate(&self) -> Result<(), InvalidMessage> {
        self.measure().map(drop)
    }

    /// Checks the message, and returns the length of its payload.
    pub(super) fn measure(&self) -> Result<usize, InvalidMessage> {
        let at = |field| move |rule| InvalidMessage { field, rule };
        root(&self.root).map_err(at(MessageField::Root))?;
        let mut paths = rules::MountPaths::new();
        let max = Offset::of(MAX_SETUP_MOUNTS).get();
        each(&self.mounts, max, MessageField::Mount, |mount, _| {
            self::mount(mount)?;
            let is_file = matches!(mount.source, MountSource::VirtiofsFile { .. });
            paths.add(mount.guest.as_bytes(), is_file)
        })?;
        if let Some(hostname) = &self.hostname {
            text(hostname, rules::hostname).map_err(at(MessageField::Hostname))?;
        }
        each(
            &self.interfaces,
            MAX_INTERFACES,
            MessageField::Interface,
            |interface, earlier| {
                text(&interface.name, rules::interface_name)?;
                rules::interface(interface)?;
                let mut earlier = earlier.iter();
                earlier.try_for_each(|earlier| rules::interface_pair(earlier, interface))
            },
        )?;
        each(&self.dns, MAX_DNS, MessageField::Dns, |_, _| Ok(()))?;
        each(&self.search, MAX_SEARCH, MessageField::Search, |name, _| {
            text(name, rules::domain)
        })?;
        each(&self.hosts, MAX_HOSTS, MessageField::Hosts, |entry, _| {
            rules::host_names(saturate(entry.names.len()))?;
            entry
                .names
                .iter()
                .try_for_each(|name| text(name, rules::domain))
        })?;
        each(
            &self.rlimits,
            MAX_RLIMITS,
            MessageField::Rlimit,
            |rlimit, earlier| {
                rules::rlimit(rlimit)?;
                let mut earlier = earlier.iter();
                earlier.try_for_each(|earlier| rules::rlimit_pair(earlier, rlimit))
            },
        )?;
        if let Some(clock) = &self.clock {
            rules::clock(clock).map_err(at(MessageField::Clock))?;
        }
        let len = self.payload_len();
        if len > MAX_SETUP_PAYLOAD_BYTES {
            let (len, max) = (saturate(len), Offset::of(MAX_SETUP_PAYLOAD_BYTES).get());
            return Err(at(MessageField::Message)(MessageRule::PayloadTooLarge {
                len,
                max,
            }));
        }
        Ok(len)
    }
}

/// Checks how many items a list has, then each item, with those before it.
fn each<'a, T>(
    items: &'a [T],
    max: u32,
    field: fn(u32) -> MessageField,
    mut check: impl FnMut(&'a T, &'a [T]) -> Checked,
) -> Result<(), InvalidMessage> {
    let at = |n| {
        move |rule| InvalidMessage {
            field: field(n),
            rule,
        }
    };
    rules::count(saturate(items.len()), max).map_err(at(max))?;
    for (n, item) in items.iter().enumerate() {
        let (earlier, _) = items.split_at(n);
        check(item, earlier).map_err(at(saturate(n)))?;
    }
    Ok(())
}

/// Holds a string to its rule.
fn text(string: &str, rule: fn(&Text<'_>) -> Checked) -> Checked {
    rule(&Text::new(string.as_bytes()))
}

fn root(root: &Root<String>) -> Checked {
    match root {
        Root::Initramfs => Ok(()),
        Root::Virtiofs { tag, .. } => text(tag, rules::tag),
        Root::Block { device, .. } => block_device(device),
        Root::Overlay { lower, upper } => {
            block_device(lower)?;
            match upper {
                Upper::Block(device) => block_device(device),
                Upper::Tmpfs { size_mib } => rules::size(*size_mib),
            }
        }
    }
}

fn mount(mount: &Mount<String>) -> Checked {
    match &mount.source {
        MountSource::Virtiofs { tag } => text(tag, rules::tag)?,
        MountSource::VirtiofsFile { tag, file } => {
            text(tag, rules::tag)?;
            text(file, rules::file_name)?;
        }
        MountSource::Block(device) => block_device(device)?,
        MountSource::Tmpfs { size_mib, mode } => {
            rules::size(*size_mib)?;
            rules::mode(*mode)?;
        }
    }
    if mount.guest.contains('\0') {
        return Err(MessageRule::Nul);
    }
    text(&mount.guest, rules::mount_path)
}

fn block_device(device: &BlockDevice<String>) -> Checked {
    text(&device.serial, rules::serial)?;
    let fstype = device.fstype.as_deref();
    fstype.map_or(Ok(()), |fstype| text(fstype, rules::fstype))
}
