//! What to write instead: of a value of another type, of a name from elsewhere, of a missing field.
//!
//! Advice is made of fixed texts. All that it takes from a document are numbers: sizes, times and
//! modes of fields that hold nothing else.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::fix::{MAX_NAME_BYTES, folded};
use super::shape::{Field, Shape};
use crate::check::{Finding, PathStep, Place, Shown};

/// For a field whose place is taken.
pub(super) const REMOVE: &str = "remove it";

pub(super) const SPEC: &str =
    r#"{"name": "web-1", "image": {"Oci": {"reference": "alpine:3.20"}}}"#;
const OCI_IMAGE: &str = r#"{"Oci": {"reference": "alpine:3.20"}}"#;
const PORT: &str = r#"{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}"#;
const VAR: &str = r#"{"key": "TOKEN", "value": "…"}"#;
const PAIR: &str = r#"["TOKEN", "…"]"#;
const BIND: &str =
    r#"{"type": "Bind", "host": "/srv/app", "guest": "/app", "options": {"readonly": true}}"#;
const PATCH: &str = r#"{"Text": {"path": "/etc/app.conf", "content": "…", "replace": true}}"#;
const RLIMIT: &str = r#"{"resource": "Nofile", "soft": 1024, "hard": 4096}"#;
const COMMAND: &str = r#"["/bin/sh", "-c", "sleep 1"]"#;
const ALL_ADDRESSES: &str = r#"Docker listens on every address: that is `"host_bind": "0.0.0.0"`"#;

/// A help and a note.
#[derive(Default)]
pub(super) struct Advice {
    help: Option<String>,
    note: Option<String>,
}

impl Advice {
    fn help(help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            note: None,
        }
    }

    fn write(json: &str) -> Self {
        Self::help(format!("write `{json}`"))
    }

    fn note(self, note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..self
        }
    }

    pub(super) fn give(self, finding: &mut Finding) {
        finding.help = self.help;
        finding.note = self.note;
    }
}

/// What a finding is about, as its sentence starts.
pub(super) fn subject(at: &Place<'_>) -> String {
    let one = match at.name() {
        ("", false) => "the document",
        ("", true) => "an element",
        ("mounts", true) => "a mount",
        ("ports", true) => "a port",
        ("env", true) => "a variable",
        ("patches", true) => "a patch",
        ("rlimits", true) => "a limit",
        ("labels", true) => "a label",
        ("cmd" | "args" | "entrypoint", true) => "an argument",
        (name, true) => return format!("an element of \"{}\"", Shown(name)),
        (name, false) => return format!("\"{}\"", Shown(name)),
    };
    one.into()
}

/// Lists names in quotes: `"a", "b" or "c"`.
pub(super) fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("\"{one}\""),
        [before @ .., last] => {
            let before: Vec<_> = before.iter().map(|one| format!("\"{one}\"")).collect();
            format!("{} or \"{last}\"", before.join(", "))
        }
    }
}

/// Advises on a value of another type than its field's. `value` is its text.
pub(super) fn of_type(
    at: &Place<'_>,
    is_root: bool,
    shape: &Shape,
    given: &str,
    value: &str,
) -> Advice {
    let shape = shape.inner();
    if is_root {
        return if is_spec(shape) {
            Advice::write(SPEC)
        } else {
            Advice::default()
        };
    }
    match (at.name(), shape, given) {
        (("image", false), Shape::Variants(_), _) => {
            Advice::help(format!("for an OCI image, write `{OCI_IMAGE}`"))
        }
        (("Oci", false), Shape::Object(_), _) => Advice::write(r#"{"reference": "alpine:3.20"}"#),
        (("DiskImage", false), Shape::Object(_), _) => {
            Advice::write(r#"{"path": "/srv/root.qcow2", "format": "Qcow2"}"#)
        }
        (("resources", false), Shape::Object(_), _) => {
            Advice::write(r#"{"cpus": 2, "memory_mib": 512}"#)
        }
        (("destination", false), Shape::Variants(_), _) => Advice::write(r#"{"Name": "daily"}"#),
        (("network", false), Shape::Object(_), _) if value == "false" => {
            Advice::write(r#"{"enabled": false}"#)
        }
        (("lifecycle", false), Shape::Object(_), _) => {
            Advice::write(r#"{"max_duration_secs": 3600}"#)
        }
        (("options", false), Shape::Object(_), _) => Advice::write(r#"{"readonly": true}"#),
        (("init", false), Shape::Object(_), "a string" | "a list") => Advice::help(
            r#"for the guest's own init, write `{"cmd": "auto"}`; for a program, `{"cmd": "/bin/sh", "args": ["-c", "sleep 1"]}`"#,
        ),
        (("env", false), Shape::List(Shape::Object(_)), _)
        | (("env", true), Shape::Object(_), _) => {
            Advice::help(format!("write each variable as `{VAR}`"))
        }
        (("env", false), Shape::List(Shape::Pair), _) | (("env", true), Shape::Pair, _) => {
            Advice::help(format!("write each variable as `{PAIR}`"))
        }
        (("env", false), Shape::Map(_), _) => Advice::write(r#"{"TOKEN": "…"}"#),
        (("labels", false), Shape::Map(_), _) => Advice::write(r#"{"app": "web"}"#),
        (("labels", _), Shape::List(Shape::Pair) | Shape::Pair, _) => {
            Advice::help(r#"write each label as `["app", "web"]`"#)
        }
        (("scripts", false), Shape::Map(_), _) => Advice::write(r#"{"start": "…"}"#),
        (("mounts", false), Shape::List(_), _) => {
            Advice::help(format!("for a host directory, write `[{BIND}]`"))
        }
        (("mounts", true), Shape::Tagged(_), _) => {
            Advice::help(format!("for a host directory, write `{BIND}`"))
        }
        (("ports", false), Shape::List(_), _) => {
            Advice::write(&format!("[{PORT}]")).note(ALL_ADDRESSES)
        }
        (("ports", true), Shape::Object(_), _) => Advice::write(PORT).note(ALL_ADDRESSES),
        (("rlimits", false), Shape::List(_), _) => Advice::write(&format!("[{RLIMIT}]")),
        (("rlimits", true), Shape::Object(_), _) => Advice::write(RLIMIT),
        (("patches", false), Shape::List(_), _) => Advice::write(&format!("[{PATCH}]")),
        (("patches", true), Shape::Variants(_), _) => Advice::write(PATCH),
        (("content", false), Shape::List(_), "a string") => {
            Advice::help(r#"for a text, use the patch "Text": a "File" is a list of bytes"#)
        }
        (("cmd", false), Shape::Text, "a list") => {
            Advice::write(r#""cmd": "/bin/sh", "args": ["-c", "sleep 1"]"#)
        }
        (("args", false), Shape::List(_), _) => {
            Advice::help(r#"write each argument as a string of its own: `["-c", "sleep 1"]`"#)
        }
        (("cmd" | "entrypoint", false), Shape::List(_), _) => Advice::help(format!(
            "write each argument as a string of its own: `{COMMAND}`"
        )),
        (_, Shape::Text, "a number" | "true or false") => Advice::help("put it in quotes"),
        (_, Shape::Bool, "a string" | "a number") => {
            Advice::help("write `true` or `false`, without quotes")
        }
        (_, Shape::Word(words), _) => Advice::help(format!("write one of {}", either(words))),
        ((name, _), Shape::Number(_), "a string") => of_digits(name, value.trim_matches('"')),
        _ => Advice::default(),
    }
}

/// Whether a document is a sandbox's spec.
pub(super) fn is_spec(root: &Shape) -> bool {
    let image = root.field("image");
    image.is_some_and(|image| matches!(image.shape, Shape::Variants(_)))
}

/// Advises on a number that its field does not take.
pub(super) fn of_number(at: &Place<'_>, digits: &str) -> Advice {
    match (at.name().0, digits) {
        ("soft" | "hard", "-1") => no_limit(),
        (name, _) if name.ends_with("_mib") => of_size(digits).unwrap_or_default(),
        _ => Advice::default(),
    }
}

/// Advises on a text in place of a number, which may have a unit.
fn of_digits(name: &str, text: &str) -> Advice {
    let plain =
        || small_number(text).map(|n| Advice::help(format!("write it without quotes: `{n}`")));
    let with_unit = match name {
        "soft" | "hard" => {
            Some(no_limit()).filter(|_| matches!(text, "unlimited" | "infinity" | "-1"))
        }
        "mode" => octal(text),
        _ if name.ends_with("_mib") => of_size(text),
        _ if name.ends_with("_secs") => seconds(text)
            .map(|seconds| Advice::write(&format!("{seconds}")).note("the unit is seconds")),
        _ => None,
    };
    let advice = if name == "mode" {
        with_unit
    } else {
        plain().or(with_unit)
    };
    advice.unwrap_or_default()
}

fn no_limit() -> Advice {
    Advice::help(format!("for no limit, write `{}`", u64::MAX))
}

/// The longest text that may be a size, a time or a mode.
const MOST_DIGITS: usize = 13;

fn small_number(text: &str) -> Option<u64> {
    let is_number = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A number and what follows it.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    Some((small_number(digits)?, unit.trim()))
}

/// Reads a size such as `512`, `"512m"` or `"2 GiB"`: in MiB, and a note about the unit.
fn mebibytes(size: &str) -> Option<(u64, String)> {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * 1024;
    let (number, unit) = number_and_unit(size)?;
    let unit = unit.to_ascii_lowercase();
    let (bytes, decimal, name) = match unit.trim_end_matches("ib").trim_end_matches(['b', 'i']) {
        // As many MiB nobody has.
        "" if number >= MIB || unit == "b" => (1, 1, "bytes"),
        "" | "m" => (MIB, 1_000_000, "MB"),
        "k" => (KIB, 1_000, "kB"),
        "g" => (MIB * KIB, 1_000_000_000, "GB"),
        "t" => (MIB * MIB, 1_000_000_000_000, "TB"),
        _ => return None,
    };
    let mib = number.checked_mul(bytes)? / MIB;
    let meant = number.checked_mul(decimal)? / MIB;
    let is_size = (1..=u64::from(u32::MAX)).contains(&mib);
    let note = match name {
        "bytes" => format!("the unit is MiB: {number} bytes are {mib}"),
        _ => format!("the unit is MiB: {number} {name} would be {meant}"),
    };
    is_size.then_some((mib, note))
}

fn of_size(size: &str) -> Option<Advice> {
    let (mib, note) = mebibytes(size)?;
    Some(Advice::write(&format!("{mib}")).note(note))
}

/// The seconds of a time such as `"30s"` or `"5m"`.
fn seconds(time: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(time)?;
    let unit = match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 60 * 60,
        "d" | "day" | "days" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Advises on a file's mode in octal digits.
fn octal(digits: &str) -> Option<Advice> {
    let octal = digits.trim_start_matches("0o");
    let is_mode = (3..=5).contains(&octal.len());
    let mode = u32::from_str_radix(octal, 8).ok().filter(|_| is_mode)?;
    let note = format!("JSON has no octal numbers: 0o{mode:o} is {mode}");
    Some(Advice::write(&format!("{mode}")).note(note))
}

/// Advises on a word that its field does not take, or on a name that is no kind.
pub(super) fn of_word(given: &str, words: &[&str]) -> Option<String> {
    const ALIASES: &[(&str, &str)] = &[
        ("warning", "warn"),
        ("err", "error"),
        ("fatal", "error"),
        ("verbose", "debug"),
        ("volume", "Named"),
        ("disk", "DiskImage"),
        ("img", "Raw"),
        ("notpresent", "IfMissing"),
        ("ifnotpresent", "IfMissing"),
        ("missing", "IfMissing"),
        ("dir", "Directory"),
        ("folder", "Directory"),
        ("delete", "Remove"),
        ("unlink", "Remove"),
        ("copy", "CopyFile"),
        ("directory", "Mkdir"),
        ("link", "Symlink"),
        ("write", "Text"),
    ];
    let alias = ALIASES
        .iter()
        .find(|(name, word)| squashed(name, given) && words.contains(word));
    let bare = given.strip_prefix("RLIMIT_").unwrap_or(given);
    let near = alias
        .map(|(_, word)| *word)
        .or_else(|| nearest(bare, words.iter().copied()));
    near.map(|near| format!("did you mean \"{near}\"?"))
}

/// Says what a missing field may hold.
pub(super) fn of_missing(field: &Field) -> Option<String> {
    let sample = match field.name {
        "host_bind" => r#""127.0.0.1""#,
        "host_port" => "8080",
        "guest_port" => "80",
        "key" => r#""TOKEN""#,
        "value" | "content" if matches!(field.shape, Shape::Text) => r#""…""#,
        "cmd" => r#""auto""#,
        "reference" => r#""alpine:3.20""#,
        "format" => r#""Qcow2""#,
        "replace" | "record_integrity" => "true",
        "force" => "false",
        "kind" => r#""Directory""#,
        "mode" if matches!(field.shape, Shape::Word(_)) => r#""EnsureExists""#,
        "source_sandbox" => r#""web-1""#,
        "destination" => r#"{"Name": "daily"}"#,
        "labels" if matches!(field.shape, Shape::List(_)) => "[]",
        "resource" => r#""Nofile""#,
        "soft" => "1024",
        "hard" => "4096",
        "guest" => r#""/app""#,
        "host" => r#""/srv/app""#,
        _ => return None,
    };
    Some(format!("add `\"{}\": {sample}`", field.name))
}

/// Advises on an object whose one name, if it has one, is none of the kinds.
pub(super) fn of_kind(at: &Place<'_>, kinds: &'static [Field], name: &str) -> Advice {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    match (of_word(name, &names), of_other(kinds, name), at.name()) {
        (Some(near), ..) => Advice::help(near),
        (_, Some(help), _) => Advice::help(help),
        (_, _, ("image", false)) => Advice::help(format!("for an OCI image, write `{OCI_IMAGE}`")),
        (_, _, ("patches", true)) => Advice::write(PATCH),
        _ => Advice::default(),
    }
}

/// Says which kind a field belongs to that is beside the kinds, if there is just one.
pub(super) fn of_other(kinds: &'static [Field], name: &str) -> Option<String> {
    let mut owners = kinds.iter().filter(|kind| kind.shape.field(name).is_some());
    match (owners.next(), owners.next()) {
        (Some(owner), None) => Some(format!("it belongs in \"{}\"", owner.name)),
        _ => None,
    }
}

/// What other tools call a field, and how to write it.
struct Brought {
    /// The field that the object is in, with `[]` where the object is an element of it.
    inside: &'static [&'static str],
    /// Their names for it, in lower case and without `_`.
    names: &'static str,
    /// The objects that lead to the field: from the root, or with `.` from where it was found.
    home: &'static str,
    field: &'static str,
    sample: Sample,
}

/// What to write for the value.
enum Sample {
    Json(&'static str),
    /// The number that the author wrote, if it is from 1 to the first, else the second.
    Number(u64, &'static str),
    /// The size that the author wrote, or this one.
    Mib(&'static str),
    /// `true`, or `false` if that is what the author wrote.
    Flag,
    /// An address, unless the author wrote a number.
    NotNumber(&'static str),
}

/// The first that fits counts: the document has its home, and the sample is of its shape.
#[rustfmt::skip]
const BROUGHT: &[Brought] = {
    use Sample::*;
    const ANY_PART: &[&str] = &["", "runtime", "resources", "network", "lifecycle", "init"];
    const ROOT: &[&str] = &["", "runtime"];
    const MOUNT: &[&str] = &["mounts[]"];
    const PORTS: &[&str] = &["ports[]"];
    const PATCHES: &[&str] = &["Text", "File", "CopyFile", "CopyDir", "Symlink", "Mkdir", "Remove", "Append"];
    &[
        Brought { inside: &["init"], names: "environment envs envvars", home: ".", field: "env", sample: Json(r#"[["TOKEN", "…"]]"#) },
        Brought { inside: &["init"], names: "command path program exec executable bin entrypoint", home: ".", field: "cmd", sample: Json(r#""/bin/sh""#) },
        Brought { inside: &["init"], names: "workdir workingdir workingdirectory", home: ".", field: "cwd", sample: Json(r#""/app""#) },
        Brought { inside: ANY_PART, names: "environment envs envvars environ", home: "", field: "env", sample: Json(r#"[{"key": "TOKEN", "value": "…"}]"#) },
        Brought { inside: ROOT, names: "environment envs envvars environ", home: "", field: "env", sample: Json(r#"{"TOKEN": "…"}"#) },
        Brought { inside: ROOT, names: "environment envs envvars environ", home: "", field: "env", sample: Json(r#"[["TOKEN", "…"]]"#) },
        Brought { inside: ROOT, names: "command path program exec executable bin entrypoint", home: "", field: "cmd", sample: Json(r#""/bin/sh""#) },
        Brought { inside: ROOT, names: "workdir workingdir workingdirectory", home: "", field: "cwd", sample: Json(r#""/app""#) },
        Brought { inside: ROOT, names: "size sizemb quota limit", home: "", field: "quota_mib", sample: Mib("1024") },
        Brought { inside: ROOT, names: "type", home: "", field: "kind", sample: Json(r#""Directory""#) },
        Brought { inside: ROOT, names: "source sandbox from", home: "", field: "source_sandbox", sample: Json(r#""web-1""#) },
        Brought { inside: ROOT, names: "memory mem ram memorymb memorylimit memlimit", home: "", field: "memory_mib", sample: Mib("512") },
        Brought { inside: ROOT, names: "cpu cpus cores ncpu ncpus numcpus cpucount", home: "", field: "vcpus", sample: Number(255, "2") },
        Brought { inside: ANY_PART, names: "volumes volume binds bindmounts volumemounts disks", home: "", field: "mounts", sample: Json(r#"[{"type": "Bind", "host": "/srv/app", "guest": "/app", "options": {"readonly": true}}]"#) },
        Brought { inside: ROOT, names: "tmpfs", home: "", field: "mounts", sample: Json(r#"[{"type": "Tmpfs", "guest": "/tmp"}]"#) },
        Brought { inside: ROOT, names: "command cmd args argv run", home: "runtime", field: "cmd", sample: Json(r#"["/bin/sh", "-c", "sleep 1"]"#) },
        Brought { inside: ROOT, names: "cwd workingdir workingdirectory workdir", home: "runtime", field: "workdir", sample: Json(r#""/app""#) },
        Brought { inside: &["", "resources", "runtime"], names: "memory mem ram memorymb memorybytes memorysize memorylimit memlimit", home: "resources", field: "memory_mib", sample: Mib("512") },
        Brought { inside: &["", "runtime"], names: "cpu cpus vcpu vcpus cores ncpu ncpus numcpus cpucount", home: "resources", field: "cpus", sample: Number(255, "2") },
        Brought { inside: &["resources"], names: "vcpu vcpus cores ncpu ncpus numcpus cpucount", home: "resources", field: "cpus", sample: Number(255, "2") },
        Brought { inside: &["", "resources", "Oci"], names: "disk disksize storage size", home: "image.Oci", field: "upper_size_mib", sample: Mib("8192") },
        Brought { inside: &["", "network"], names: "port ports publish publishedports expose portmappings forwardports", home: "network", field: "ports", sample: Json(r#"[{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}]"#) },
        Brought { inside: ROOT, names: "rootfs root baseimage from template oci", home: "", field: "image", sample: Json(r#"{"Oci": {"reference": "alpine:3.20"}}"#) },
        Brought { inside: ROOT, names: "ulimits ulimit limits", home: "", field: "rlimits", sample: Json(r#"[{"resource": "Nofile", "soft": 1024, "hard": 4096}]"#) },
        Brought { inside: ROOT, names: "files copy", home: "", field: "patches", sample: Json(r#"[{"Text": {"path": "/etc/app.conf", "content": "…", "replace": true}}]"#) },
        Brought { inside: ROOT, names: "tags annotations metadata", home: "", field: "labels", sample: Json(r#"{"app": "web"}"#) },
        Brought { inside: ROOT, names: "imagepullpolicy pull", home: "", field: "pull_policy", sample: Json(r#""IfMissing""#) },
        Brought { inside: ROOT, names: "security securityopt restricted", home: "", field: "security_profile", sample: Json(r#""restricted""#) },
        Brought { inside: ROOT, names: "sandbox sandboxname containername id", home: "", field: "name", sample: Json(r#""web-1""#) },
        Brought { inside: &["", "lifecycle"], names: "timeout timeoutsecs maxduration duration ttl lifetime", home: "lifecycle", field: "max_duration_secs", sample: Number(u64::MAX, "3600") },
        Brought { inside: &["", "lifecycle"], names: "idle idletimeout", home: "lifecycle", field: "idle_timeout_secs", sample: Number(u64::MAX, "600") },

        Brought { inside: PORTS, names: "host", home: ".", field: "host_bind", sample: NotNumber(r#""127.0.0.1""#) },
        Brought { inside: PORTS, names: "host published publicport source external", home: ".", field: "host_port", sample: Number(65535, "8080") },
        Brought { inside: PORTS, names: "guest container containerport target targetport internal port", home: ".", field: "guest_port", sample: Number(65535, "80") },
        Brought { inside: PORTS, names: "hostip ip bind bindaddress address listen interface", home: ".", field: "host_bind", sample: Json(r#""127.0.0.1""#) },
        Brought { inside: PORTS, names: "proto", home: ".", field: "protocol", sample: Json(r#""tcp""#) },

        Brought { inside: MOUNT, names: "source src hostpath from device path", home: ".", field: "host", sample: Json(r#""/srv/app""#) },
        Brought { inside: MOUNT, names: "volume volumename source src", home: ".", field: "name", sample: Json(r#""data""#) },
        Brought { inside: MOUNT, names: "target destination dest dst path mountpath mountpoint container containerpath guestpath", home: ".", field: "guest", sample: Json(r#""/app""#) },
        Brought { inside: MOUNT, names: "readonly ro", home: ".options", field: "readonly", sample: Flag },
        Brought { inside: &["options"], names: "readonly ro", home: ".", field: "readonly", sample: Flag },
        Brought { inside: MOUNT, names: "size sizemb sizebytes", home: ".", field: "size_mib", sample: Mib("64") },
        Brought { inside: MOUNT, names: "size quota sizemb", home: ".", field: "quota_mib", sample: Mib("64") },
        Brought { inside: MOUNT, names: "filesystem", home: ".", field: "fstype", sample: Json(r#""ext4""#) },

        Brought { inside: &["env[]"], names: "name variable var", home: ".", field: "key", sample: Json(r#""TOKEN""#) },
        Brought { inside: &["rlimits[]"], names: "name type limit", home: ".", field: "resource", sample: Json(r#""Nofile""#) },
        Brought { inside: &["rlimits[]"], names: "max", home: ".", field: "hard", sample: Number(u64::MAX, "4096") },
        Brought { inside: &["rlimits[]"], names: "cur min", home: ".", field: "soft", sample: Number(u64::MAX, "1024") },
        Brought { inside: &["Oci"], names: "image name ref tag url", home: ".", field: "reference", sample: Json(r#""alpine:3.20""#) },
        Brought { inside: &["DiskImage"], names: "file image source host", home: ".", field: "path", sample: Json(r#""/srv/root.qcow2""#) },
        Brought { inside: PATCHES, names: "text data body", home: ".", field: "content", sample: Json(r#""…""#) },
        Brought { inside: PATCHES, names: "perm perms permissions chmod", home: ".", field: "mode", sample: Json("420") },
        Brought { inside: PATCHES, names: "overwrite force", home: ".", field: "replace", sample: Flag },
        Brought { inside: PATCHES, names: "source from host", home: ".", field: "src", sample: Json(r#""/srv/app.conf""#) },
        Brought { inside: PATCHES, names: "dest destination target to path guest", home: ".", field: "dst", sample: Json(r#""/etc/app.conf""#) },
        Brought { inside: PATCHES, names: "file dest destination target to dst guest", home: ".", field: "path", sample: Json(r#""/etc/app.conf""#) },
    ]
};

/// Advises on a name that no object of its kind has. `is_there` tells the names of this object.
///
/// Returns the path of the field to write as well, if it may be there already: then the advice is
/// wrong.
pub(super) fn of_name(
    root: &'static Shape,
    object: &Place<'_>,
    known: &'static [Field],
    is_there: &dyn Fn(&str) -> bool,
    name: &str,
    value: &str,
) -> (Advice, Option<Vec<PathStep>>) {
    if name.len() > MAX_NAME_BYTES {
        return (Advice::default(), None);
    }
    let steps = object.path().steps().to_vec();
    let mut is_taken = known.iter().any(|field| squashed(field.name, name));
    for brought in BROUGHT.iter().filter(|one| one.is_for(object, name)) {
        match brought.advice(root, &steps, known, is_there, value) {
            Some((_, Some(field))) if field.is_empty() => is_taken = true,
            Some(advice) => return advice,
            None => {}
        }
    }
    let absent = known
        .iter()
        .map(|field| field.name)
        .filter(|name| !is_there(name));
    if let Some(near) = nearest(name, absent) {
        return (Advice::help(format!("did you mean \"{near}\"?")), None);
    }
    if is_taken {
        return (Advice::help(REMOVE), None);
    }
    home_of(root, &steps, name).unwrap_or_default()
}

impl Brought {
    fn is_for(&self, object: &Place<'_>, name: &str) -> bool {
        let (field, is_element) = object.name();
        let is_inside = |inside: &&str| match inside.strip_suffix("[]") {
            Some(list) => is_element && list == field,
            None => !is_element && *inside == field,
        };
        self.inside.iter().any(is_inside) && self.names.split(' ').any(|one| squashed(one, name))
    }

    fn advice(
        &self,
        root: &'static Shape,
        object: &[PathStep],
        known: &'static [Field],
        is_there: &dyn Fn(&str) -> bool,
        value: &str,
    ) -> Option<(Advice, Option<Vec<PathStep>>)> {
        let field = self.field;
        let (json, note) = self.sample.fill(field, value)?;
        let advice = |help: String| Advice {
            help: Some(help),
            note,
        };
        let home: Vec<_> = self
            .home
            .split('.')
            .filter(|step| !step.is_empty())
            .collect();
        let from_here = self.home.starts_with('.');
        if home.is_empty() && from_here || !from_here && is_path(object, &home) {
            let shape = known.iter().find(|known| known.name == field)?.shape;
            fits(&json, shape).then_some(())?;
            return Some(match is_there(field) {
                true => (Advice::default(), Some(Vec::new())),
                false => (advice(format!("write `\"{field}\": {json}`")), None),
            });
        }
        let lead = |shape: Option<&'static Shape>, step: &&str| Some(shape?.field(step)?.shape);
        let shape = match home.split_first() {
            Some((first, rest)) if from_here => {
                let first = known.iter().find(|known| known.name == *first)?.shape;
                rest.iter().fold(Some(first), lead)
            }
            _ => home.iter().fold(Some(root), lead),
        };
        fits(&json, shape?.field(field)?.shape).then_some(())?;
        // Of a part of the root, several fields may be missing: it is not to be written twice.
        let part = home.first().filter(|_| from_here);
        if part.is_some_and(|part| !is_there(part)) {
            let inner = format!("\"{field}\": {json}");
            let whole = home
                .iter()
                .rev()
                .fold(inner, |inner, step| format!("\"{step}\": {{{inner}}}"));
            return Some((advice(format!("write `{whole}`")), None));
        }
        let help = match home.as_slice() {
            [] => format!("at the top level, write `\"{field}\": {json}`"),
            home => format!("in \"{}\", write `\"{field}\": {json}`", home.join(".")),
        };
        let mut path = if from_here {
            object.to_vec()
        } else {
            Vec::new()
        };
        let rest = home.into_iter().chain([field]);
        path.extend(rest.map(|step| PathStep::Field(step.into())));
        Some((advice(help), Some(path)))
    }
}

/// Whether a sample is for a field of this shape: other kinds of documents have others.
fn fits(json: &str, shape: &Shape) -> bool {
    let is_map = json.starts_with(r#"{"TOKEN"#) || json.starts_with(r#"{"app"#);
    match shape.inner() {
        Shape::List(of) => json
            .strip_prefix('[')
            .is_some_and(|element| fits(element, of)),
        Shape::Pair => json.starts_with('['),
        Shape::Map(_) => is_map,
        Shape::Object(_) | Shape::Variants(_) | Shape::Tagged(_) => {
            json.starts_with('{') && !is_map
        }
        Shape::Text | Shape::Word(_) => json.starts_with('"'),
        _ => !json.starts_with(['{', '[', '"']),
    }
}

fn is_path(steps: &[PathStep], names: &[&str]) -> bool {
    let is = |(step, name): (&PathStep, &&str)| match step {
        PathStep::Field(field) => field == name,
        PathStep::Index(_) => *name == ELEMENT,
    };
    steps.len() == names.len() && steps.iter().zip(names).all(is)
}

impl Sample {
    /// Returns what to write, and a note about it.
    fn fill(&self, field: &str, value: &str) -> Option<(String, Option<String>)> {
        let end = value.find([',', '}', ']', '\n']).unwrap_or(value.len());
        let value = value.get(..end).unwrap_or_default().trim();
        let bare = value
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(value);
        match self {
            Self::Json(json) => Some(((*json).into(), None)),
            Self::Flag => Some((
                String::from(if value == "false" { "false" } else { "true" }),
                None,
            )),
            Self::Number(most, sample) => {
                let time = || seconds(bare).filter(|_| field.ends_with("_secs"));
                let is_limit = matches!(field, "soft" | "hard");
                if is_limit && matches!(bare, "-1" | "unlimited" | "infinity") {
                    return Some((format!("{}", u64::MAX), None));
                }
                let number = small_number(bare).or_else(time);
                let number = number.filter(|number| (1..=*most).contains(number));
                let json =
                    number.map_or_else(|| String::from(*sample), |number| format!("{number}"));
                (number.is_some() || !bare.starts_with(|c: char| c.is_ascii_digit()) || bare == "0")
                    .then_some((json, None))
            }
            Self::Mib(sample) => {
                let given = mebibytes(bare);
                if given.is_none() && bare.starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                let (mib, note) = given.or_else(|| mebibytes(sample))?;
                Some((format!("{mib}"), Some(note)))
            }
            Self::NotNumber(json) => small_number(bare)
                .is_none()
                .then_some(((*json).into(), None)),
        }
    }
}

/// How a path names an element of a list.
const ELEMENT: &str = "[]";

/// Where a field of some name may be.
#[derive(Default)]
struct Homes {
    /// The nearest, with its exact name, and how far away it is.
    nearest: Vec<(Vec<&'static str>, &'static str)>,
    distance: usize,
    /// The kinds of this very object that have the field.
    kinds: Vec<&'static str>,
}

/// How far away a field may be: in another part of the same object.
const MAX_DISTANCE: usize = 2;

/// Says where a field of this name belongs, if there are no more than two places near by.
fn home_of(
    root: &'static Shape,
    object: &[PathStep],
    name: &str,
) -> Option<(Advice, Option<Vec<PathStep>>)> {
    let mut homes = Homes {
        distance: MAX_DISTANCE,
        ..Homes::default()
    };
    homes.seek(root, object, &mut Vec::new(), name);
    if !homes.kinds.is_empty() {
        let (kinds, have) = match homes.kinds.as_slice() {
            [one] => (format!("only a \"{one}\" mount"), "has"),
            kinds => (
                format!("only {} mounts", either(kinds).replace(" or ", " and ")),
                "have",
            ),
        };
        return Some((Advice::help(format!("{kinds} {have} it")), None));
    }
    // A part of this very object needs no path from the root.
    let place = |path: &[&str]| {
        let inside = path.split_at_checked(object.len());
        match inside
            .filter(|(start, _)| is_path(object, start))
            .map_or(path, |(_, rest)| rest)
        {
            [] => String::from("at the top level"),
            [list @ .., ELEMENT] => format!("in an element of \"{}\"", list.join(".")),
            path => format!("in \"{}\"", path.join(".").replace(".[]", "[]")),
        }
    };
    match homes.nearest.as_slice() {
        [(path, field)] => {
            let place = place(path);
            let help = if *field == name {
                format!("it belongs {place}")
            } else {
                format!("did you mean \"{field}\" {place}?")
            };
            // Another element can always have it.
            let is_one = !path.contains(&ELEMENT);
            let steps = path.iter().chain([field]);
            let steps = steps
                .map(|step| PathStep::Field(String::from(*step)))
                .collect();
            Some((Advice::help(help), Some(steps).filter(|_| is_one)))
        }
        [(one, _), (other, _)] => {
            let help = format!("it belongs {} or {}", place(one), place(other));
            Some((Advice::help(help), None))
        }
        _ => None,
    }
}

impl Homes {
    /// Goes through all objects of a document.
    fn seek(
        &mut self,
        shape: &'static Shape,
        object: &[PathStep],
        path: &mut Vec<&'static str>,
        name: &str,
    ) {
        match shape {
            Shape::Optional(inner) => self.seek(inner, object, path, name),
            Shape::List(inner) => {
                path.push(ELEMENT);
                self.seek(inner, object, path, name);
                path.pop();
            }
            Shape::Object(fields) | Shape::Variants(fields) => {
                self.seek_in(fields, object, path, name);
            }
            Shape::Tagged(variants) => {
                for variant in *variants {
                    let has = variant
                        .fields
                        .iter()
                        .any(|field| squashed(field.name, name));
                    if has && is_path(object, path) {
                        self.kinds.push(variant.tag);
                    }
                    self.seek_in(variant.fields, object, path, name);
                }
            }
            _ => {}
        }
    }

    fn seek_in(
        &mut self,
        fields: &'static [Field],
        object: &[PathStep],
        path: &mut Vec<&'static str>,
        name: &str,
    ) {
        for field in fields {
            if squashed(field.name, name) && !is_path(object, path) {
                self.add(object, path, field.name);
            }
            path.push(field.name);
            self.seek(field.shape, object, path, name);
            path.pop();
        }
    }

    fn add(&mut self, object: &[PathStep], path: &[&'static str], field: &'static str) {
        let common = object
            .iter()
            .zip(path)
            .take_while(|(step, name)| match step {
                PathStep::Field(field) => field == *name,
                PathStep::Index(_) => **name == ELEMENT,
            });
        let common = common.count();
        let up = object
            .iter()
            .skip(common)
            .filter(|step| matches!(step, PathStep::Field(_)));
        let down = path.iter().skip(common).filter(|step| **step != ELEMENT);
        let distance = up.count().saturating_add(down.count());
        if distance < self.distance {
            self.nearest.clear();
            self.distance = distance;
        }
        let home = (path.to_vec(), field);
        if distance == self.distance && !self.nearest.contains(&home) {
            self.nearest.push(home);
        }
    }
}

/// Whether two names are one but for case, `_`, `-` and spaces.
fn squashed(one: &str, other: &str) -> bool {
    one.len().abs_diff(other.len()) <= MAX_SQUASHED && letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    folded(name).filter(|byte| *byte != b' ')
}

/// How many `_` and `-` a name may have more than another.
const MAX_SQUASHED: usize = 4;

/// Finds the known name that differs from `name` the least, if by no more than a third.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let most = (name.len() / 3).max(1);
    let distance = |field: &str| strsim::osa_distance(&name, &field.to_ascii_lowercase());
    known
        // So much is to be added or removed at least.
        .filter(|field| field.len().abs_diff(name.len()) <= most)
        .map(|field| (distance(field), field))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, field)| field)
}
