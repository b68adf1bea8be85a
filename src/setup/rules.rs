//! What a setup's parts must keep to: one function a rule, for host and guest.

use super::text::{Class, Text};
use super::{Interface, IpNet, MAX_HOST_NAMES, SetupRlimit, WallClock};
use crate::limits::{
    MAX_CLOCK_SECONDS, MAX_DOMAIN_BYTES, MAX_FILE_MODE, MAX_FSTYPE_BYTES, MAX_HOSTNAME_BYTES,
    MAX_INTERFACE_NAME_BYTES, MAX_PATH_BYTES, MAX_SCRIPT_NAME_BYTES, MAX_SERIAL_BYTES,
    MAX_SETUP_MOUNTS, MAX_TAG_BYTES,
};
use crate::path;
use crate::rule::MessageRule;
use crate::wire::{Offset, saturate};

pub(super) type Checked = Result<(), MessageRule>;

/// Refuses by `rule` what is not `ok`.
fn ensure(ok: bool, rule: MessageRule) -> Checked {
    if ok { Ok(()) } else { Err(rule) }
}

pub(super) fn tag(tag: &Text<'_>) -> Checked {
    tag_of(tag, MAX_TAG_BYTES)
}

pub(super) fn serial(serial: &Text<'_>) -> Checked {
    tag_of(serial, MAX_SERIAL_BYTES)
}

fn tag_of(tag: &Text<'_>, max: usize) -> Checked {
    let is_tag = tag.is_name(Class::TAG, max);
    let max = Offset::of(max).get();
    ensure(is_tag, MessageRule::BadTag { max })
}

pub(super) fn fstype(fstype: &Text<'_>) -> Checked {
    let is_fstype = fstype.is_name(Class::FSTYPE, MAX_FSTYPE_BYTES);
    ensure(is_fstype, MessageRule::BadFstype)
}

pub(super) fn file_name(name: &Text<'_>) -> Checked {
    let is_file_name = name.is(Class::FILE) && is_part(name.bytes);
    ensure(is_file_name, MessageRule::BadFileName)
}

pub(super) fn size(size_mib: Option<u32>) -> Checked {
    ensure(size_mib != Some(0), MessageRule::ZeroSize)
}

pub(super) fn mode(mode: Option<u32>) -> Checked {
    let fits = mode.is_none_or(|mode| mode <= MAX_FILE_MODE);
    ensure(fits, MessageRule::BadMode)
}

/// The path of a mount, which holds no NUL.
pub(super) fn mount_path(path: &Text<'_>) -> Checked {
    let path = path.bytes;
    let Some((b'/', mut rest)) = path.split_first() else {
        return Err(MessageRule::NotAbsolute);
    };
    if !path::fits_path_max(path) {
        let (len, max) = (saturate(path.len()), Offset::of(MAX_PATH_BYTES).get());
        return Err(MessageRule::PathTooLong { len, max });
    }
    loop {
        // By hand: splitting takes three times the instructions.
        let len = rest.iter().position(|byte| *byte == b'/');
        let (part, after) = rest
            .split_at_checked(len.unwrap_or(rest.len()))
            .unwrap_or_default();
        ensure(is_part(part), MessageRule::PathNotNormal)?;
        let [_, after @ ..] = after else {
            break;
        };
        rest = after;
    }
    let is_base = matches!(path, b"/proc" | b"/sys" | b"/dev");
    ensure(!is_base, MessageRule::MountOnBase)
}

/// Whether `part`, which holds no `/`, may be one of a normal path.
fn is_part(part: &[u8]) -> bool {
    (1..=MAX_SCRIPT_NAME_BYTES).contains(&part.len()) && !matches!(part, b"." | b"..")
}

/// The mounts' paths so far, to be compared with the next.
pub(super) struct MountPaths<'a> {
    seen: heapless::Vec<(&'a [u8], bool), MAX_SETUP_MOUNTS>,
}

impl<'a> MountPaths<'a> {
    pub(super) fn new() -> Self {
        Self {
            seen: heapless::Vec::new(),
        }
    }

    /// Adds the path of a mount, which is a file's or not.
    pub(super) fn add(&mut self, path: &'a [u8], is_file: bool) -> Checked {
        for (earlier, earlier_is_file) in &self.seen {
            let both = earlier.iter().zip(path);
            let same = both.take_while(|(a, b)| a == b).count();
            match (earlier.get(same), path.get(same)) {
                (None, None) => return Err(MessageRule::MountRepeated),
                (Some(b'/'), None) => return Err(MessageRule::MountBeforeParent),
                (None, Some(b'/')) if *earlier_is_file => return Err(MessageRule::MountInFile),
                _ => {}
            }
        }
        // There is room for as many as a setup holds.
        let _ = self.seen.push((path, is_file));
        Ok(())
    }
}

pub(super) fn hostname(hostname: &Text<'_>) -> Checked {
    let is_hostname =
        hostname.is_name(Class::HOSTNAME, MAX_HOSTNAME_BYTES) && !has_wide_control(hostname);
    ensure(is_hostname, MessageRule::BadHostname)
}

/// A search domain, or a name of a hosts entry.
pub(super) fn domain(domain: &Text<'_>) -> Checked {
    let is_domain = domain.is_name(Class::DOMAIN, MAX_DOMAIN_BYTES) && !has_wide_control(domain);
    ensure(is_domain, MessageRule::BadDomain)
}

/// Whether a text in UTF-8 holds a control character that is not ASCII: U+0080 to U+009F.
fn has_wide_control(text: &Text<'_>) -> bool {
    let mut pairs = text.bytes.windows(2);
    !text.is(Class::PLAIN) && pairs.any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]))
}

pub(super) fn interface_name(name: &Text<'_>) -> Checked {
    let is_interface_name = name.is_name(Class::INTERFACE, MAX_INTERFACE_NAME_BYTES)
        && !matches!(name.bytes, b"." | b".." | b"lo");
    ensure(is_interface_name, MessageRule::BadInterfaceName)
}

/// The numbers of an interface.
pub(super) fn interface<S>(interface: &Interface<S>) -> Checked {
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
pub(super) fn interface_pair<S: AsRef<[u8]>>(
    earlier: &Interface<S>,
    later: &Interface<S>,
) -> Checked {
    let (name, later_name) = (earlier.name.as_ref(), later.name.as_ref());
    let repeated = earlier.mac == later.mac || name.iter().eq(later_name);
    ensure(!repeated, MessageRule::Repeated)?;
    let v4 = |one: &Interface<S>| one.ipv4.is_some_and(|net| net.gateway.is_some());
    let v6 = |one: &Interface<S>| one.ipv6.is_some_and(|net| net.gateway.is_some());
    let two = (v4(earlier) && v4(later)) || (v6(earlier) && v6(later));
    ensure(!two, MessageRule::TwoGateways)
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
