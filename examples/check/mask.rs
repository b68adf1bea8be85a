//! Documents to be shown: what could be a secret is not there.

use std::collections::BTreeSet;

use microsandbox_types::{Finding, PathStep};
use serde_json::Value;

use super::kind::Kind;
use super::terminal;

/// What of a field's value may be shown in a finding about it.
#[derive(Clone, Copy)]
pub enum Harmless {
    /// Anything but a string.
    Number,
    /// All of it: a name, a word of a list, an address, a guest path.
    Text,
    /// A word: a command line or a `KEY=value` can hold a secret.
    Word,
    /// An image reference without `user:password@`.
    Reference,
}

/// The fields of each kind that hold no secrets; `*` is an element of a list. No other value is ever
/// shown.
pub type Fields = &'static [(Harmless, &'static [&'static str])];

#[rustfmt::skip]
pub const SANDBOX: Fields = &[
    (Harmless::Number, &[
        "image.Oci.upper_size_mib", "lifecycle.ephemeral", "lifecycle.idle_timeout_secs",
        "lifecycle.max_duration_secs", "mounts.*.options.nodev", "mounts.*.options.noexec",
        "mounts.*.options.nosuid", "mounts.*.options.readonly", "mounts.*.quota_mib",
        "mounts.*.readonly", "mounts.*.size_mib", "network.enabled", "network.max_connections",
        "network.ports.*.guest_port", "network.ports.*.host_port", "network.trust_host_cas",
        "patches.*.CopyDir.replace", "patches.*.CopyFile.mode", "patches.*.CopyFile.replace",
        "patches.*.File.mode", "patches.*.File.replace", "patches.*.Mkdir.mode",
        "patches.*.Symlink.replace", "patches.*.Text.mode", "patches.*.Text.replace",
        "resources.cpus", "resources.memory_mib", "rlimits.*.hard", "rlimits.*.soft",
        "runtime.disable_metrics_sample", "runtime.metrics_sample_interval_ms",
    ]),
    (Harmless::Text, &[
        "image.DiskImage.format", "image.DiskImage.fstype", "init.cwd", "mounts.*.format",
        "mounts.*.fstype", "mounts.*.guest", "mounts.*.host_permissions", "mounts.*.name",
        "mounts.*.stat_virtualization", "mounts.*.type", "name", "network.ports.*.host_bind",
        "network.ports.*.protocol", "patches.*.Append.path", "patches.*.CopyDir.dst",
        "patches.*.CopyFile.dst", "patches.*.File.path", "patches.*.Mkdir.path",
        "patches.*.Remove.path", "patches.*.Symlink.link", "patches.*.Text.path", "pull_policy",
        "rlimits.*.resource", "runtime.hostname", "runtime.log_level", "runtime.workdir",
        "security_profile",
    ]),
    (Harmless::Word, &["env.*.key", "init.cmd", "init.env.*.key"]),
    (Harmless::Reference, &["image.Oci.reference"]),
];

pub const VOLUME: Fields = &[
    (Harmless::Number, &["capacity_mib", "quota_mib"]),
    (Harmless::Text, &["kind", "mode", "name"]),
];

pub const SNAPSHOT: Fields = &[
    (Harmless::Number, &["force", "record_integrity"]),
    (Harmless::Text, &["destination.Name", "source_sandbox"]),
];

pub const HANDOFF: Fields = &[
    (Harmless::Text, &["cwd"]),
    (Harmless::Word, &["cmd", "env.*.key"]),
];

pub const CLOUD_CREATE: Fields = &[
    (
        Harmless::Number,
        &[
            "ephemeral",
            "idle_timeout_secs",
            "max_duration_secs",
            "memory_mib",
            "vcpus",
        ],
    ),
    (
        Harmless::Text,
        &["hostname", "log_level", "name", "workdir"],
    ),
    (Harmless::Reference, &["image"]),
];

pub const CLOUD_SANDBOX: Fields = &[
    (Harmless::Number, &["ephemeral"]),
    (
        Harmless::Text,
        &["created_at", "name", "started_at", "status", "stopped_at"],
    ),
];

/// Shows documents with `*` for every character that could be of a secret.
pub struct Mask {
    known: BTreeSet<String>,
    harmless: Fields,
    /// Whether the document is JSON: of another, nobody knows where a string ends.
    is_json: bool,
}

impl Mask {
    /// For a document of this kind.
    pub fn new(kind: &Kind, document: &str) -> Self {
        let mut known = BTreeSet::new();
        let schema = serde_json::from_str(kind.schema).unwrap_or_default();
        collect_names(&schema, &mut known);
        let harmless = kind.harmless;
        let is_json = serde_json::from_str::<Value>(document).is_ok();
        Self {
            known,
            harmless,
            is_json,
        }
    }

    /// Returns a document with its punctuation, the names of known fields and what the finding is
    /// about, if that is harmless. It has as many characters as before.
    pub fn show(&self, json: &str, finding: &Finding) -> String {
        let mut shown = String::with_capacity(json.len());
        let mut rest = json;
        while let Some(first) = rest.chars().next() {
            let start = json.len() - rest.len();
            let (token, after) = rest.split_at(token_len(rest, first));
            rest = after;
            let is_named = self.is_json && is_about(finding, start, token.len());
            let is_name = first == '"' && after.trim_start().starts_with(':');
            let hidden = if is_punctuation(first) {
                0
            } else if is_name {
                let is_known = self.known.contains(token.trim_matches('"'));
                if is_known || is_named { 0 } else { token.len() }
            } else if is_named {
                hidden_bytes(self.harmless, token, finding.path.steps())
            } else {
                token.len()
            };
            let last = token.len() - 1;
            shown.extend(token.char_indices().map(|(at, c)| match c {
                '"' if at == 0 || at == last => c,
                '\n' | '\r' | '\t' => c,
                _ if at < hidden => '*',
                _ if terminal::is_control(c) => '*',
                _ => c,
            }));
        }
        shown
    }
}

/// Collects the names of all fields that a schema knows.
fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                if let ("properties", Value::Object(fields)) = (key.as_str(), value) {
                    names.extend(fields.keys().cloned());
                }
                collect_names(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

/// Whether a finding is about a token, or about what is in its quotes.
fn is_about(finding: &Finding, start: usize, len: usize) -> bool {
    let related = finding.related.iter().map(|related| &related.span);
    let mut spans = finding.span.iter().chain(related);
    spans.any(|span| (start..start + len).contains(&span.start))
}

fn is_punctuation(c: char) -> bool {
    "{}[]:, \t\r\n".contains(c)
}

/// The length of a string, of one character of punctuation, or of all up to the next of these.
fn token_len(rest: &str, first: char) -> usize {
    if first == '"' {
        let mut escaped = false;
        let end = rest[1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        end.map_or(rest.len(), |end| end + 2)
    } else if is_punctuation(first) {
        1
    } else {
        let ends = |c| c == '"' || is_punctuation(c);
        rest.find(ends).unwrap_or(rest.len())
    }
}

/// How many bytes at the start of a value are not to be shown.
fn hidden_bytes(harmless: Fields, token: &str, path: &[PathStep]) -> usize {
    let harmless = harmless
        .iter()
        .find(|(_, fields)| fields.iter().any(|field| leads_to(field, path)));
    let is_shown = match harmless {
        None => false,
        Some((Harmless::Number, _)) => !token.starts_with('"'),
        Some((Harmless::Text, _)) => true,
        Some((Harmless::Word, _)) => {
            !token.contains(|c: char| c.is_whitespace() || "=\\".contains(c))
        }
        Some((Harmless::Reference, _)) => return user_info_bytes(token),
    };
    if is_shown { 0 } else { token.len() }
}

fn leads_to(field: &str, path: &[PathStep]) -> bool {
    let mut steps = path.iter();
    let leads = field.split('.').all(|name| match steps.next() {
        Some(PathStep::Field(step)) => step == name,
        Some(PathStep::Index(_)) => name == "*",
        None => false,
    });
    leads && steps.next().is_none()
}

/// The length of an image reference up to the `@` after a user and a password.
fn user_info_bytes(reference: &str) -> usize {
    // An escaped `@` is one too.
    if reference.contains('\\') {
        return reference.len();
    }
    let is_digest = |tail: &str| {
        let algorithms = ["sha256:", "sha384:", "sha512:"];
        algorithms.iter().any(|name| tail.starts_with(name)) && !tail.contains('/')
    };
    let name = match reference.rsplit_once('@') {
        Some((name, tail)) if is_digest(tail) => name,
        _ => reference,
    };
    name.rfind('@').map_or(0, |at| at + 1)
}
