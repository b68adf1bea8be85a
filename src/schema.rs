//! JSON Schemas of the documents that people and services exchange.
//!
//! The types tell their fields, descriptions and defaults. What the checks hold values to is added
//! here from the same constants: one table, in which each row is a field of a type.

mod editor;

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::limits::{
    MAX_FILE_MODE, MAX_FSTYPE_BYTES, MAX_HOSTNAME_BYTES, MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES,
    MAX_LABEL_KEY_BYTES, MAX_PATH_BYTES, MAX_SANDBOX_NAME_BYTES, MAX_SCRIPT_NAME_BYTES,
    MAX_SETUP_MOUNTS, MAX_VOLUME_NAME_BYTES,
};
use crate::{HandoffInit, NamedVolumeCreate, SandboxSpec, SnapshotSpec, VolumeSpec};

/// Returns the JSON Schema (draft 2020-12) of each document, by the name of its file.
///
/// A document that is read strictly and passes its check is valid under its schema. A schema
/// refuses much of what they refuse, not all: it does not compare one value with another.
#[must_use]
pub fn json_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("sandbox-spec.json", schema_of::<SandboxSpec>()),
        ("volume-spec.json", schema_of::<VolumeSpec>()),
        ("named-volume-create.json", schema_of::<NamedVolumeCreate>()),
        ("snapshot-spec.json", schema_of::<SnapshotSpec>()),
        ("handoff-init.json", schema_of::<HandoffInit>()),
        #[cfg(feature = "cloud")]
        (
            "cloud-create-sandbox-request.json",
            schema_of::<crate::CloudCreateSandboxRequest>(),
        ),
        #[cfg(feature = "cloud")]
        ("cloud-sandbox.json", schema_of::<crate::CloudSandbox>()),
        #[cfg(feature = "cloud")]
        (
            "cloud-error-body.json",
            schema_of::<crate::CloudErrorBody>(),
        ),
    ]
}

fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = Schema::to_value(generator.into_root_schema_for::<T>());
    let name = T::schema_name();
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        let description = "The schema of this document, for editors.";
        let line = json!({"type": "string", "description": description});
        fields.insert("$schema".into(), line);
    }
    // What a service answers may gain fields, and is held to no rules.
    let closed = !matches!(&*name, "CloudSandbox" | "CloudErrorBody");
    let finish = |name: &str, schema: &mut Value| {
        if closed {
            add_rules(name, schema);
        } else {
            editor::describe_variants(schema);
        }
    };
    if let Some(Value::Object(types)) = schema.get_mut("$defs") {
        for (name, definition) in types {
            finish(name, definition);
        }
    }
    finish(&name, &mut schema);
    tidy(&mut schema, closed);
    schema
}

/// The keywords of a string of a pattern, and what an editor says of one that does not match.
fn pattern(pattern: &str, words: &str) -> Value {
    json!({"pattern": pattern, "patternErrorMessage": words})
}

/// The keywords of both objects.
fn with(mut keywords: Value, more: Value) -> Value {
    if let (Some(keywords), Value::Object(more)) = (keywords.as_object_mut(), more) {
        keywords.extend(more);
    }
    keywords
}

/// The keywords of a string of at least 1 and at most `max` bytes. A schema counts characters, of
/// which there are no more than bytes.
fn bounded(max: usize, pattern: Value) -> Value {
    with(pattern, json!({"minLength": 1, "maxLength": max}))
}

fn no_nul() -> Value {
    pattern(r"^[^\x00]*$", "Must not contain a NUL character.")
}

fn filled() -> Value {
    with(no_nul(), json!({"minLength": 1}))
}

fn name(max: usize) -> Value {
    let words = "May contain only ASCII letters, digits, `.`, `-` and `_`, and must start with a \
                 letter or digit.";
    bounded(max, pattern("^[A-Za-z0-9][A-Za-z0-9._-]*$", words))
}

/// The grammar of the distribution project; an IPv6 host is not looked into.
fn image_reference() -> Value {
    let part = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let host = format!(r"(?:{part}(?:\.{part})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?");
    let path = "[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*";
    let tag = format!(
        "[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{}}}",
        MAX_IMAGE_TAG_BYTES.saturating_sub(1)
    );
    let digest = "(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})";
    let reference = format!("^(?:{host}/)?{path}(?:/{path})*(?::{tag})?(?:@{digest})?$");
    // Only a name without a registry can be measured by a pattern.
    let too_long = format!(
        "^[^/:@]{{{}}}[^/]*$",
        MAX_IMAGE_NAME_BYTES.saturating_add(1)
    );
    let words = "Must look like `registry.example/team/app:1.2`.";
    with(
        pattern(&reference, words),
        json!({
            "not": {"pattern": format!("^[0-9a-f]{{64}}$|{too_long}")},
            "errorMessage": words,
            "examples": ["alpine:3.20"],
        }),
    )
}

/// A path inside the guest; `pattern` is for what follows the first `/`.
fn guest_path(rest: &str) -> Value {
    let words = "Must be an absolute path in the guest, without `//`, `.` and `..`.";
    with(
        pattern(&format!("^/{rest}$"), words),
        json!({
            "maxLength": MAX_PATH_BYTES,
            "not": {"type": "string", "pattern": r"/\.{1,2}(?:/|$)|[^/]{256}"},
            "errorMessage": words,
        }),
    )
}

const COMPONENTS: &str = r"[^/\x00]+(?:/[^/\x00]+)*";

fn guest_file() -> Value {
    guest_path(COMPONENTS)
}

fn guest_directory() -> Value {
    guest_path(&format!("(?:{COMPONENTS}/?)?"))
}

fn guest_directory_below_root() -> Value {
    guest_path(&format!("{COMPONENTS}/?"))
}

/// A path of the handoff, which need not be in normal form.
fn handoff_path(start: &str, words: &str) -> Value {
    let path = pattern(&format!(r"^(?:{start}/[^\x00]*)$"), words);
    with(
        path,
        json!({"maxLength": MAX_PATH_BYTES, "not": {"type": "string", "pattern": "[^/]{256}"}}),
    )
}

fn filesystem_type() -> Value {
    let fstype = format!("^[a-z0-9_.-]{{1,{MAX_FSTYPE_BYTES}}}$");
    with(
        pattern(&fstype, "Must be a filesystem type, such as `ext4`."),
        json!({"examples": ["ext4", "xfs", "btrfs"]}),
    )
}

/// An IPv4 address, or what may be an IPv6 address.
fn ip_address() -> Value {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let address = format!(r"^(?:{octet}(?:\.{octet}){{3}}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$");
    with(
        pattern(
            &address,
            "Must be an IP address, such as `127.0.0.1` or `0.0.0.0`.",
        ),
        json!({"examples": ["127.0.0.1", "0.0.0.0"]}),
    )
}

fn hostname() -> Value {
    let words = "Must not contain a space, `/` or a control character.";
    bounded(
        MAX_HOSTNAME_BYTES,
        pattern(r"^[^\x00-\x20/\x7f-\x9f]*$", words),
    )
}

fn env_key() -> Value {
    let words = "Must not contain `=` or a NUL character.";
    with(pattern(r"^[^=\x00]*$", words), json!({"minLength": 1}))
}

fn strings() -> Value {
    json!({"items": with(no_nul(), json!({"type": "string"}))})
}

/// A command: its first string names a program.
fn command() -> Value {
    let program = with(filled(), json!({"type": "string"}));
    with(strings(), json!({"prefixItems": [program]}))
}

/// The keywords of a field by its type's name and its own; of an enum, in whichever variant.
fn rules(of_type: &str) -> Vec<(&'static str, Value)> {
    let positive = || json!({"minimum": 1});
    let sandbox_name = || name(MAX_SANDBOX_NAME_BYTES);
    let volume_name = || name(MAX_VOLUME_NAME_BYTES);
    let process = || {
        vec![
            ("workdir", guest_directory()),
            ("shell", filled()),
            ("user", filled()),
            ("hostname", hostname()),
            ("entrypoint", command()),
            (
                "scripts",
                json!({"propertyNames": {
                    "maxLength": MAX_SCRIPT_NAME_BYTES,
                    "pattern": r"^[^/\x00]+$",
                    "patternErrorMessage": "Must be a file name without `/`.",
                    "not": {"enum": [".", ".."]},
                }}),
            ),
        ]
    };
    let lifetime = || {
        [
            ("max_duration_secs", positive()),
            ("idle_timeout_secs", positive()),
        ]
    };
    match of_type {
        "SandboxSpec" => vec![
            ("name", sandbox_name()),
            (
                "labels",
                json!({"propertyNames": bounded(
                    MAX_LABEL_KEY_BYTES,
                    pattern(
                        r"^[^\x00-\x1f\x7f-\x9f]*$",
                        "Must not contain a control character.",
                    ),
                )}),
            ),
            ("mounts", json!({"maxItems": MAX_SETUP_MOUNTS})),
        ],
        "OciRootfsSource" => vec![
            ("reference", image_reference()),
            ("upper_size_mib", positive()),
        ],
        "RootfsSource" => vec![
            ("Bind", filled()),
            ("path", filled()),
            ("fstype", filesystem_type()),
        ],
        "SandboxResources" => vec![("cpus", positive()), ("memory_mib", positive())],
        "SandboxRuntimeOptions" => {
            let mut rules = process();
            rules.extend([
                ("cmd", command()),
                ("metrics_sample_interval_ms", positive()),
            ]);
            rules
        }
        "SandboxPolicy" => lifetime().into(),
        "EnvVar" => vec![("key", env_key()), ("value", no_nul())],
        "VolumeMount" => vec![
            ("guest", guest_directory_below_root()),
            ("host", filled()),
            ("name", volume_name()),
            ("quota_mib", positive()),
            ("size_mib", positive()),
            ("fstype", filesystem_type()),
        ],
        "Patch" => vec![
            // Of a file or a directory.
            ("path", guest_directory_below_root()),
            ("dst", guest_directory()),
            ("link", guest_file()),
            ("src", filled()),
            ("target", bounded(MAX_PATH_BYTES, no_nul())),
            ("mode", json!({"maximum": MAX_FILE_MODE})),
        ],
        "PublishedPortSpec" => vec![("guest_port", positive()), ("host_bind", ip_address())],
        "NetworkSpec" => vec![("max_connections", positive())],
        "HandoffInit" => vec![
            (
                "cmd",
                handoff_path("auto|", "Must be an absolute path in the guest or `auto`."),
            ),
            (
                "cwd",
                handoff_path("", "Must be an absolute path in the guest."),
            ),
            ("args", strings()),
            (
                "env",
                json!({"items": {
                    "type": "array",
                    "prefixItems": [
                        with(env_key(), json!({"type": "string"})),
                        with(no_nul(), json!({"type": "string"})),
                    ],
                    "minItems": 2,
                    "maxItems": 2,
                }}),
            ),
        ],
        "VolumeSpec" | "NamedVolumeCreate" => vec![
            ("name", volume_name()),
            ("quota_mib", positive()),
            ("capacity_mib", positive()),
        ],
        "SnapshotSpec" => vec![("source_sandbox", sandbox_name())],
        "SnapshotDestination" => vec![("Name", volume_name()), ("Path", filled())],
        "CloudCreateSandboxRequest" => {
            let mut rules = process();
            rules.extend(lifetime());
            rules.extend([
                ("name", sandbox_name()),
                ("image", image_reference()),
                ("vcpus", positive()),
                ("memory_mib", positive()),
                (
                    "log_level",
                    json!({"enum": ["error", "warn", "info", "debug", "trace", null]}),
                ),
                (
                    "env",
                    json!({
                        "propertyNames": env_key(),
                        "additionalProperties": with(no_nul(), json!({"type": "string"})),
                    }),
                ),
            ]);
            rules
        }
        _ => Vec::new(),
    }
}

fn add_rules(of_type: &str, schema: &mut Value) {
    for (field, keywords) in rules(of_type).into_iter().chain(editor::fields(of_type)) {
        let matched = add_to_field(schema, field, &keywords);
        debug_assert!(matched, "{of_type} has no field {field}");
    }
    editor::describe_variants(schema);
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    if let Value::Object(keywords) = editor::of_type(of_type) {
        schema.extend(keywords);
    }
    let is_disk = json!({"properties": {"kind": {"const": "Disk"}}});
    let no_capacity = json!({"properties": {"capacity_mib": {"type": "null"}}});
    let capacity = json!({
        "required": ["capacity_mib"],
        "properties": {"capacity_mib": {"type": "integer"}},
    });
    match of_type {
        // A draft may lack them, what passes its check does not.
        "SandboxSpec" | "CloudCreateSandboxRequest" => {
            schema.insert("required".into(), json!(["name", "image"]));
            for field in ["name", "image"] {
                let fields = schema.get_mut("properties");
                let field = fields.and_then(|fields| fields.get_mut(field));
                if let Some(field) = field.and_then(Value::as_object_mut) {
                    field.remove("default");
                }
            }
        }
        "VolumeSpec" => {
            schema.insert("if".into(), is_disk);
            schema.insert("then".into(), capacity);
            schema.insert("else".into(), no_capacity);
        }
        "NamedVolumeCreate" => {
            let existing = json!({"properties": {"mode": {"const": "Existing"}}});
            schema.insert("if".into(), is_disk);
            schema.insert("then".into(), json!({"if": existing, "else": capacity}));
            schema.insert("else".into(), no_capacity);
        }
        _ => {}
    }
}

/// Adds keywords to a field wherever a schema has it; returns whether it has it at all.
fn add_to_field(schema: &mut Value, field: &str, keywords: &Value) -> bool {
    let mut matched = false;
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(fields)) = object.get_mut("properties") {
                if let (Some(Value::Object(found)), Value::Object(keywords)) =
                    (fields.get_mut(field), keywords)
                {
                    matched = true;
                    found.extend(keywords.clone());
                    if keywords.contains_key("defaultSnippets") {
                        found.remove("default");
                    }
                }
                for inner in fields.values_mut() {
                    matched |= add_to_field(inner, field, keywords);
                }
            }
            if let Some(variants) = object.get_mut("oneOf") {
                matched |= add_to_field(variants, field, keywords);
            }
        }
        Value::Array(variants) => {
            for variant in variants {
                matched |= add_to_field(variant, field, keywords);
            }
        }
        _ => {}
    }
    matched
}

/// Closes objects to other fields if `closed`, bounds integers by their types, and turns
/// documentation for programmers into plain descriptions.
fn tidy(schema: &mut Value, closed: bool) {
    match schema {
        Value::Object(object) => {
            if closed && object.get("properties").is_some() && object.get("type").is_some() {
                object.entry("additionalProperties").or_insert(json!(false));
            }
            match object.get("format").and_then(Value::as_str) {
                Some("uint32") => {
                    object.remove("format");
                    object.entry("maximum").or_insert(json!(u32::MAX));
                }
                Some("uint64" | "uint") => {
                    object.remove("format");
                    object.entry("maximum").or_insert(json!(u64::MAX));
                }
                Some("uint8" | "uint16") => drop(object.remove("format")),
                _ => {}
            }
            if let Some(Value::String(description)) = object.get_mut("description") {
                *description = plain(description);
            }
            object.values_mut().for_each(|inner| tidy(inner, closed));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| tidy(inner, closed)),
        _ => {}
    }
}

/// Returns the first paragraph, which is for everyone, as one line without the targets of links.
fn plain(description: &str) -> String {
    let text = description.split("\n\n").next().unwrap_or(description);
    let mut plain = String::with_capacity(text.len());
    for piece in text.split("[`") {
        let piece = match piece.split_once("`]") {
            Some((name, rest)) => {
                let after_target = rest.strip_prefix('(').and_then(|r| r.split_once(')'));
                format!("`{name}`{}", after_target.map_or(rest, |(_, rest)| rest))
            }
            None => piece.into(),
        };
        plain.push_str(&piece);
    }
    plain.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;

    use serde_json::Value;

    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(object) => {
                if let Some(Value::Object(fields)) = object.get("properties") {
                    found.extend(fields.keys().cloned());
                }
                object.values().for_each(|inner| keys(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }

    /// A row of the tables that matches no field would go unnoticed.
    #[test]
    fn every_row_matches_a_field() {
        let mut rows = BTreeSet::new();
        for (_, schema) in super::json_schemas() {
            let title = schema.get("title").and_then(Value::as_str);
            let types = schema.get("$defs").and_then(Value::as_object);
            let types = types.into_iter().flatten();
            let types = types.map(|(name, of)| (name.as_str(), of));
            for (name, schema) in title.map(|name| (name, &schema)).into_iter().chain(types) {
                let mut found = BTreeSet::new();
                keys(schema, &mut found);
                let of_editor = super::editor::fields(name).into_iter();
                for (field, _) in of_editor.chain(super::rules(name)) {
                    assert!(found.contains(field), "{name}.{field}");
                    rows.insert(format!("{name}.{field}"));
                }
            }
        }
        assert!(rows.len() > 60, "{rows:?}");
    }
}
