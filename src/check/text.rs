//! The rules of single values: texts, paths, names, numbers, labels.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::Place;
use super::place::Shown;
use crate::check::{FindingCode, Findings, Limit};
use crate::limits::{
    MAX_HOSTNAME_BYTES, MAX_LABEL_KEY_BYTES, MAX_LABELS_BYTES, MAX_PATH_BYTES,
    MAX_SANDBOX_NAME_BYTES, MAX_VOLUME_NAME_BYTES,
};
use crate::name::{Hostname, validate_hostname, validate_sandbox_name};
use crate::path;

pub(super) const PATH_MAX: Limit = Limit {
    value: 4095,
    source: "Linux PATH_MAX",
};
const _: () = assert!(MAX_PATH_BYTES == 4095);

pub(super) fn no_nul(found: &mut Findings, at: &Place<'_>, text: &str) {
    if text.contains('\0') {
        found.note(at, FindingCode::Nul, "must not hold a NUL");
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

/// A path inside the guest, absolute and in normal form. Reports one finding at the most: the
/// rules build on one another.
pub(super) fn guest_path(found: &mut Findings, at: &Place<'_>, path: &str) {
    if path.contains('\0') {
        no_nul(found, at, path);
    } else if !path::fits_path_max(path.as_bytes()) {
        let message = format!("path is {} bytes long", path.len());
        found.note_limit(at, FindingCode::PathTooLong, message, PATH_MAX);
    } else if !path::is_absolute(path.as_bytes()) {
        found.note_help(
            at,
            FindingCode::PathNotAbsolute,
            "path must be absolute inside the guest",
            "start it with `/`",
        );
    } else if let Some(part) = abnormal_part(path) {
        found.note_help(
            at,
            FindingCode::PathNotNormal,
            format!("path has {part}"),
            "write it without empty parts, `.`, `..` and a `/` at the end",
        );
    }
}

/// A path inside the guest that is not the root.
pub(super) fn guest_path_below_root(found: &mut Findings, at: &Place<'_>, path: &str) {
    guest_path(found, at, path);
    if path == "/" {
        let message = "path must not be the root itself";
        found.note(at, FindingCode::PathIsRoot, message);
    }
}

fn abnormal_part(path: &str) -> Option<&'static str> {
    let below_root = path.strip_prefix('/').filter(|below| !below.is_empty())?;
    below_root.split('/').find_map(|part| match part {
        "" => Some("an empty part"),
        "." => Some("a part `.`"),
        ".." => Some("a part `..`"),
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
        let limit = Limit::new(MAX_VOLUME_NAME_BYTES, "names of what the host stores");
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
                "{what} must be ASCII letters, digits, `.`, `-` and `_`, and start with a letter \
                 or digit: `{}`",
                Shown(name)
            ),
        );
    }
}

pub(super) fn hostname(found: &mut Findings, at: &Place<'_>, hostname: Option<&str>) {
    let Some(text) = hostname else {
        return;
    };
    if text.contains('\0') {
        no_nul(found, at, text);
    } else if text.is_empty() {
        let message = "hostname must not be empty";
        found.note(at, FindingCode::HostnameInvalid, message);
    } else if validate_hostname(hostname).is_err() {
        found.note_limit(
            at,
            FindingCode::HostnameInvalid,
            format!("hostname is {} bytes long", text.len()),
            Limit::new(MAX_HOSTNAME_BYTES, "Linux __NEW_UTS_LEN"),
        );
    } else if Hostname::new(text).is_err() {
        found.note_help(
            at,
            FindingCode::HostnameNotDns,
            format!("hostname cannot be looked up: `{}`", Shown(text)),
            "use letters, digits and inner hyphens, in parts joined by `.`",
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
            let message = format!("label has the key of {}", at.index(earlier));
            found.note(&at_key, FindingCode::LabelRepeated, message);
        }
    }
    labels_size(found, at, labels.iter().map(|(key, value)| (key, value)));
}

fn label_key(found: &mut Findings, at: &Place<'_>, key: &str) {
    let code = FindingCode::LabelKey;
    if key.is_empty() {
        found.note(at, FindingCode::Empty, "key must not be empty");
    } else if key.len() > MAX_LABEL_KEY_BYTES {
        let message = format!("label's key is {} bytes long", key.len());
        let limit = Limit::new(MAX_LABEL_KEY_BYTES, "Kubernetes label keys");
        found.note_limit(at, code, message, limit);
    } else if key.chars().any(char::is_control) {
        let message = "label's key must not hold a control character";
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
            format!("labels are {bytes} bytes large together"),
            Limit::new(MAX_LABELS_BYTES, "Kubernetes annotations of one object"),
        );
    }
}

/// What pairs of texts come to, in bytes.
pub(super) fn total_bytes<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> usize {
    pairs.fold(0, |bytes: usize, (key, value)| {
        bytes.saturating_add(key.len()).saturating_add(value.len())
    })
}

/// Where each key of a list stands first.
pub(super) struct FirstSeen<K>(BTreeMap<K, usize>);

impl<K> Default for FirstSeen<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> FirstSeen<K> {
    /// Notes that `key` stands at `place`, and returns the place where it stood before.
    pub(super) fn see(&mut self, key: K, place: usize) -> Option<usize> {
        let first = *self.0.entry(key).or_insert(place);
        (first != place).then_some(first)
    }
}
