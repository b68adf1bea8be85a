//! The rules of single values: texts, paths, names, numbers, labels.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::Place;
use super::place::Shown;
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::{
    MAX_HOSTNAME_BYTES, MAX_LABEL_KEY_BYTES, MAX_LABELS_BYTES, MAX_PATH_BYTES,
    MAX_SANDBOX_NAME_BYTES, MAX_SCRIPT_NAME_BYTES, MAX_VOLUME_NAME_BYTES,
};
use crate::name::{Hostname, InvalidName, validate_sandbox_name};
use crate::path;

pub(super) const PATH_MAX: Limit = Limit {
    value: 4095,
    source: "Linux PATH_MAX",
};
const _: () = assert!(MAX_PATH_BYTES == 4095);

pub(super) const NAME_MAX: Limit = Limit {
    value: 255,
    source: "Linux NAME_MAX",
};
const _: () = assert!(MAX_SCRIPT_NAME_BYTES == 255);

pub(super) fn nul(found: &mut Findings, at: &Place<'_>) {
    found.note(at, FindingCode::Nul, "must not contain a NUL character");
}

pub(super) fn no_nul(found: &mut Findings, at: &Place<'_>, text: &str) {
    if text.contains('\0') {
        nul(found, at);
    }
}

/// A text that must say something, such as a host's path or a user.
pub(super) fn filled(found: &mut Findings, at: &Place<'_>, text: &str) {
    if text.is_empty() {
        found.note(at, FindingCode::Empty, "must not be empty");
    }
    no_nul(found, at, text);
}

pub(super) fn filled_if_set(found: &mut Findings, at: &Place<'_>, text: Option<&str>) {
    if let Some(text) = text {
        filled(found, at, text);
    }
}

pub(super) fn not_absolute(found: &mut Findings, at: &Place<'_>) {
    found.note_help(
        at,
        FindingCode::PathNotAbsolute,
        "must be an absolute path in the guest",
        "start it with `/`",
    );
}

pub(super) fn path_too_long(found: &mut Findings, at: &Place<'_>, len: impl fmt::Display) {
    let message = format!("path is {len} bytes long");
    found.note_limit(at, FindingCode::PathTooLong, message, PATH_MAX);
}

/// Tells the longest component of a path, if the kernel takes none as long.
pub(super) fn components_fit(found: &mut Findings, at: &Place<'_>, path: &str) -> bool {
    let longest = path.split('/').map(str::len).max().unwrap_or(0);
    if longest <= MAX_SCRIPT_NAME_BYTES {
        return true;
    }
    let message = format!("path has a component of {longest} bytes");
    found.note_limit(at, FindingCode::PathTooLong, message, NAME_MAX);
    false
}

/// Checks a directory inside the guest: absolute and in normal form; a `/` at the end is fine.
/// Reports at most one finding, since the rules build on one another.
pub(super) fn guest_directory(found: &mut Findings, at: &Place<'_>, path: &str) -> bool {
    if path.contains('\0') {
        nul(found, at);
    } else if !path::fits_path_max(path.as_bytes()) {
        path_too_long(found, at, path.len());
    } else if !path::is_absolute(path.as_bytes()) {
        not_absolute(found, at);
    } else if let Some(component) = abnormal_component(path) {
        found.note_help(
            at,
            FindingCode::PathNotNormal,
            format!("path has {component}"),
            "write it without `//`, `.` and `..`",
        );
    } else {
        return components_fit(found, at, path);
    }
    false
}

/// Checks a directory inside the guest that is not the root.
pub(super) fn guest_directory_below_root(found: &mut Findings, at: &Place<'_>, path: &str) -> bool {
    if path == "/" {
        let message = "must not be the root directory";
        found.note(at, FindingCode::PathIsRoot, message);
        return false;
    }
    guest_directory(found, at, path)
}

/// Checks a file inside the guest: the kernel takes what ends with `/` for a directory.
pub(super) fn guest_file(found: &mut Findings, at: &Place<'_>, path: &str) {
    if guest_directory_below_root(found, at, path) && path.ends_with('/') {
        found.note_help(
            at,
            FindingCode::PathNotNormal,
            "path of a file must not end with `/`",
            "remove the `/` at the end",
        );
    }
}

fn abnormal_component(path: &str) -> Option<&'static str> {
    let below_root = path.strip_prefix('/').filter(|below| !below.is_empty())?;
    let components = below_root.strip_suffix('/').unwrap_or(below_root);
    components.split('/').find_map(|component| match component {
        "" => Some("an empty component"),
        "." => Some("a component `.`"),
        ".." => Some("a component `..`"),
        _ => None,
    })
}

pub(super) fn sandbox_name(found: &mut Findings, at: &Place<'_>, name: &str) {
    if validate_sandbox_name(name).is_err() {
        let limit = Limit::new(MAX_SANDBOX_NAME_BYTES, "sandbox names");
        bad_name(found, at, "sandbox name", name, limit);
    }
}

/// The name of a volume or a snapshot: both name directories of the host, as sandbox names do.
pub(super) fn stored_name(found: &mut Findings, at: &Place<'_>, what: &str, name: &str) {
    if validate_sandbox_name(name).is_err() {
        let limit = Limit::new(MAX_VOLUME_NAME_BYTES, "volume and snapshot names");
        bad_name(found, at, what, name, limit);
    }
}

fn bad_name(found: &mut Findings, at: &Place<'_>, what: &str, name: &str, limit: Limit) {
    let code = FindingCode::NameInvalid;
    if name.is_empty() {
        found.note(at, code, format!("{what} must not be empty"));
    } else if usize::try_from(limit.value).is_ok_and(|max| name.len() > max) {
        let message = format!("{what} is {} bytes long", name.len());
        found.note_limit(at, code, message, limit);
    } else {
        found.note(
            at,
            code,
            format!(
                "{what} may contain only ASCII letters, digits, `.`, `-` and `_`, and must start \
                 with a letter or digit: `{}`",
                Shown(name)
            ),
        );
    }
}

pub(super) fn hostname(found: &mut Findings, at: &Place<'_>, hostname: Option<&str>) {
    let Some(text) = hostname else {
        return;
    };
    let code = FindingCode::HostnameInvalid;
    if text.contains('\0') {
        nul(found, at);
    } else if text.is_empty() {
        found.note(at, code, "hostname must not be empty");
    } else if text.len() > MAX_HOSTNAME_BYTES {
        found.note_limit(
            at,
            code,
            format!("hostname is {} bytes long", text.len()),
            Limit::new(MAX_HOSTNAME_BYTES, "Linux __NEW_UTS_LEN"),
        );
    } else if text.contains(|c: char| c == '/' || c == ' ' || c.is_control()) {
        let message = "hostname must not contain a space, `/` or a control character";
        found.note(at, code, message);
    } else if let Err(invalid) = Hostname::new(text) {
        let help = match invalid {
            InvalidName::HostnameIsAddress => "use a name: this is an IPv4 address",
            _ => "use letters, digits and hyphens between them, in labels separated by `.`",
        };
        found.note_help(
            at,
            FindingCode::HostnameNotDns,
            format!("is not a valid DNS hostname: `{}`", Shown(text)),
            help,
        );
    }
}

pub(super) fn not_zero(found: &mut Findings, at: &Place<'_>, value: impl Into<u64>) {
    if value.into() == 0 {
        found.note(at, FindingCode::Zero, "must not be 0");
    }
}

pub(super) fn not_zero_if_set(found: &mut Findings, at: &Place<'_>, value: Option<impl Into<u64>>) {
    if let Some(value) = value {
        not_zero(found, at, value);
    }
}

/// Labels as a JSON object: each key is there once.
pub(super) fn label_map(found: &mut Findings, at: &Place<'_>, labels: &BTreeMap<String, String>) {
    for key in labels.keys() {
        label_key(found, &at.field(key), key);
    }
    labels_size(found, at, labels.iter());
}

/// Labels as a list of pairs.
pub(super) fn label_pairs(found: &mut Findings, at: &Place<'_>, labels: &[(String, String)]) {
    let mut first = FirstSeen::default();
    for (n, (key, _)) in labels.iter().enumerate() {
        let at_pair = at.index(n);
        let at_key = at_pair.field("key");
        label_key(found, &at_key, key);
        if let Some(earlier) = first.see(key.as_str(), n) {
            let message = format!("duplicates the key of {}", at.index(earlier));
            found.note(&at_key, FindingCode::LabelRepeated, message);
        }
    }
    labels_size(found, at, labels.iter().map(|(key, value)| (key, value)));
}

fn label_key(found: &mut Findings, at: &Place<'_>, key: &str) {
    let code = FindingCode::LabelKey;
    if key.is_empty() {
        found.note(at, FindingCode::Empty, "label key must not be empty");
    } else if key.len() > MAX_LABEL_KEY_BYTES {
        let message = format!("label key is {} bytes long", key.len());
        let limit = Limit::new(MAX_LABEL_KEY_BYTES, "Kubernetes label keys");
        found.note_limit(at, code, message, limit);
    } else if key.chars().any(char::is_control) {
        let message = "label key must not contain a control character";
        found.note(at, code, message);
    }
}

fn labels_size<'a>(
    found: &mut Findings,
    at: &Place<'_>,
    labels: impl Iterator<Item = (&'a String, &'a String)>,
) {
    let bytes = total_bytes(labels);
    if bytes > MAX_LABELS_BYTES {
        found.note_limit(
            at,
            FindingCode::LabelsTooLarge,
            format!("labels total {bytes} bytes"),
            Limit::new(MAX_LABELS_BYTES, "Kubernetes annotations of one object"),
        );
    }
}

/// The total length of pairs of texts, in bytes.
pub(super) fn total_bytes<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> usize {
    pairs.fold(0, |bytes: usize, (key, value)| {
        bytes.saturating_add(key.len()).saturating_add(value.len())
    })
}

/// Where each key of a list comes first.
pub(super) struct FirstSeen<K>(BTreeMap<K, usize>);

impl<K> Default for FirstSeen<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> FirstSeen<K> {
    /// Notes that `key` is at `place`, and returns the first place where it was before.
    pub(super) fn see(&mut self, key: K, place: usize) -> Option<usize> {
        let first = *self.0.entry(key).or_insert(place);
        (first != place).then_some(first)
    }
}
