//! What a setup's parts must keep to: one function a rule, for host and guest.

use super::{
    BlockDevice, Interface, IpNet, MAX_HOST_NAMES, Mount, MountSource, Root, SetupRlimit, Text,
    Upper, WallClock,
};
use crate::limits::{
    MAX_CLOCK_SECONDS, MAX_DOMAIN_BYTES, MAX_FILE_MODE, MAX_FSTYPE_BYTES, MAX_HOSTNAME_BYTES,
    MAX_INTERFACE_NAME_BYTES, MAX_PATH_BYTES, MAX_SCRIPT_NAME_BYTES, MAX_SERIAL_BYTES,
    MAX_SETUP_MOUNTS, MAX_TAG_BYTES,
};
use crate::path;
use crate::rule::MessageRule;
use crate::wire::{Offset, saturate};

type Checked = Result<(), MessageRule>;

/// Refuses by `rule` what is not `ok`.
fn ensure(ok: bool, rule: MessageRule) -> Checked {
    if ok { Ok(()) } else { Err(rule) }
}

pub(super) fn root<S: Text>(root: &Root<S>) -> Checked {
    match root {
        Root::Initramfs => Ok(()),
        Root::Virtiofs { tag: name, .. } => tag(name, MAX_TAG_BYTES),
        Root::Block { device, .. } => block_device(device),
        Root::Overlay { lower, upper } => {
            block_device(lower)?;
            match upper {
                Upper::Block(device) => block_device(device),
                Upper::Tmpfs { size_mib } => size(*size_mib),
            }
        }
    }
}

#[inline(never)]
pub(super) fn mount<S: Text>(mount: &Mount<S>) -> Checked {
    match &mount.source {
        MountSource::Virtiofs { tag: name } => tag(name, MAX_TAG_BYTES)?,
        MountSource::VirtiofsFile { tag: name, file } => {
            tag(name, MAX_TAG_BYTES)?;
            let name = file.bytes();
            let fits = is_name(name) && !name.iter().any(|byte| matches!(byte, 0 | b'/'));
            ensure(fits, MessageRule::BadFileName)?;
        }
        MountSource::Block(device) => block_device(device)?,
        MountSource::Tmpfs { size_mib, mode } => {
            size(*size_mib)?;
            let fits = mode.is_none_or(|mode| mode <= MAX_FILE_MODE);
            ensure(fits, MessageRule::BadMode)?;
        }
    }
    ensure(!mount.guest.has_nul(), MessageRule::Nul)?;
    mount_path(mount.guest.bytes())
}

fn tag<S: Text>(tag: &S, max: usize) -> Checked {
    let tag = tag.bytes();
    let is_tag = (1..=max).contains(&tag.len())
        && tag
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    let max = Offset::of(max).get();
    ensure(is_tag, MessageRule::BadTag { max })
}

fn block_device<S: Text>(device: &BlockDevice<S>) -> Checked {
    tag(&device.serial, MAX_SERIAL_BYTES)?;
    let Some(fstype) = &device.fstype else {
        return Ok(());
    };
    ensure(is_fstype(fstype.bytes()), MessageRule::BadFstype)
}

fn is_fstype(fstype: &[u8]) -> bool {
    let is_fstype_byte = |byte: &u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
    };
    (1..=MAX_FSTYPE_BYTES).contains(&fstype.len()) && fstype.iter().all(is_fstype_byte)
}

fn size(size_mib: Option<u32>) -> Checked {
    ensure(size_mib != Some(0), MessageRule::ZeroSize)
}

fn mount_path(path: &[u8]) -> Checked {
    ensure(path::is_absolute(path), MessageRule::NotAbsolute)?;
    if !path::fits_path_max(path) {
        let (len, max) = (saturate(path.len()), Offset::of(MAX_PATH_BYTES).get());
        return Err(MessageRule::PathTooLong { len, max });
    }
    let mut parts = path.split(|byte| *byte == b'/').skip(1);
    ensure(parts.all(is_name), MessageRule::PathNotNormal)?;
    let base: [&[u8]; 3] = [b"/proc", b"/sys", b"/dev"];
    let is_base = base.contains(&path);
    ensure(!is_base, MessageRule::MountOnBase)
}

/// Whether `part`, which holds no `/`, may be one of a normal path.
fn is_name(part: &[u8]) -> bool {
    (1..=MAX_SCRIPT_NAME_BYTES).contains(&part.len()) && !matches!(part, b"." | b"..")
}

/// The mounts' paths so far, to be compared with the next.
pub(super) struct MountPaths<'a> {
    seen: [(&'a [u8], bool); MAX_SETUP_MOUNTS],
    len: usize,
}

impl<'a> MountPaths<'a> {
    pub(super) fn new() -> Self {
        Self {
            seen: [(&[], false); MAX_SETUP_MOUNTS],
            len: 0,
        }
    }

    /// Adds the path of a mount, which is a file's or not.
    pub(super) fn add(&mut self, path: &'a [u8], is_file: bool) -> Checked {
        for (earlier, earlier_is_file) in self.seen.iter().take(self.len) {
            ensure(*earlier != path, MessageRule::MountRepeated)?;
            ensure(!is_below(earlier, path), MessageRule::MountBeforeParent)?;
            let in_file = *earlier_is_file && is_below(path, earlier);
            ensure(!in_file, MessageRule::MountInFile)?;
        }
        if let Some(slot) = self.seen.get_mut(self.len) {
            *slot = (path, is_file);
        }
        self.len = self.len.saturating_add(1);
        Ok(())
    }
}

fn is_below(path: &[u8], parent: &[u8]) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

pub(super) fn hostname(hostname: &str) -> Checked {
    let is_hostname = (1..=MAX_HOSTNAME_BYTES).contains(&hostname.len())
        && !hostname
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | ' '));
    ensure(is_hostname, MessageRule::BadHostname)
}

pub(super) fn interface<S: Text>(interface: &Interface<S>) -> Checked {
    let name = interface.name.bytes();
    let is_name = (1..=MAX_INTERFACE_NAME_BYTES).contains(&name.len())
        // Linux takes the byte 0xa0 for a space, and what follows `%` for a pattern to fill in.
        && name
            .iter()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b':' | b'%'))
        && !matches!(name, b"." | b".." | b"lo");
    ensure(is_name, MessageRule::BadInterfaceName)?;
    let least = if interface.ipv6.is_some() { 1280 } else { 68 };
    ensure(
        interface.mtu.is_none_or(|mtu| mtu >= least),
        MessageRule::BadMtu { min: least },
    )?;
    prefix(&interface.ipv4, 32)?;
    prefix(&interface.ipv6, 128)
}

fn prefix<A>(net: &Option<IpNet<A>>, max: u8) -> Checked {
    let fits = net.as_ref().is_none_or(|net| net.prefix <= max);
    let max = max.into();
    ensure(fits, MessageRule::BadPrefix { max })
}

/// What two interfaces may not share.
pub(super) fn interface_pair<S: Text>(earlier: &Interface<S>, later: &Interface<S>) -> Checked {
    let repeated = earlier.mac == later.mac || earlier.name.bytes() == later.name.bytes();
    ensure(!repeated, MessageRule::Repeated)?;
    let v4 = |one: &Interface<S>| one.ipv4.is_some_and(|net| net.gateway.is_some());
    let v6 = |one: &Interface<S>| one.ipv6.is_some_and(|net| net.gateway.is_some());
    let two = (v4(earlier) && v4(later)) || (v6(earlier) && v6(later));
    ensure(!two, MessageRule::TwoGateways)
}

/// A search domain, or a name of a hosts entry.
pub(super) fn domain(domain: &str) -> Checked {
    let is_domain = (1..=MAX_DOMAIN_BYTES).contains(&domain.len())
        && !domain
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '#');
    ensure(is_domain, MessageRule::BadDomain)
}

pub(super) fn rlimit(rlimit: &SetupRlimit) -> Checked {
    ensure(rlimit.soft <= rlimit.hard, MessageRule::RlimitOrder)
}

pub(super) fn rlimit_pair(earlier: &SetupRlimit, later: &SetupRlimit) -> Checked {
    ensure(earlier.resource != later.resource, MessageRule::Repeated)
}

pub(super) fn clock(clock: &WallClock) -> Checked {
    let fits = clock.seconds < MAX_CLOCK_SECONDS && clock.nanoseconds < 1_000_000_000;
    ensure(fits, MessageRule::BadClock)
}

/// How many names a hosts entry may have.
pub(super) fn host_names(len: u32) -> Checked {
    count(len, MAX_HOST_NAMES)?;
    ensure(len > 0, MessageRule::BadDomain)
}

/// How many items a list may have.
pub(super) fn count(len: u32, max: u32) -> Checked {
    ensure(len <= max, MessageRule::TooMany { max })
}
