//! JSON Schemas of the documents that people and services exchange.
//!
//! The types tell their fields, descriptions and defaults. What the checks hold values to is added
//! here from the same constants: one table, in which each row is a field of a type.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::limits::{
    MAX_FILE_MODE, MAX_HOSTNAME_BYTES, MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES,
    MAX_LABEL_KEY_BYTES, MAX_PATH_BYTES, MAX_SANDBOX_NAME_BYTES, MAX_SCRIPT_NAME_BYTES,
    MAX_VOLUME_NAME_BYTES,
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
    if let Some(Value::Object(types)) = schema.get_mut("$defs") {
        for (name, definition) in types {
            add_rules(name, definition);
        }
    }
    add_rules(&name, &mut schema);
    // What a service answers may gain fields.
    let closed = !matches!(&*name, "CloudSandbox" | "CloudErrorBody");
    tidy(&mut schema, closed);
    schema
}

/// The keywords of a text of at least `min` bytes, 0 or 1.
fn texts(min: usize, max: Option<usize>, pattern: &str) -> Value {
    let mut keywords = json!({"minLength": min, "pattern": pattern});
    // A schema counts characters, of which there are no more than bytes.
    if let (Some(max), Some(keywords)) = (max, keywords.as_object_mut()) {
        keywords.insert("maxLength".into(), json!(max));
    }
    keywords
}

const NO_NUL: &str = r"^[^\x00]*$";
const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

/// The grammar of the distribution project; an IPv6 host is not looked into.
fn image_reference() -> Value {
    let part = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let host = format!(r"(?:{part}(?:\.{part})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?");
    let path = "[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*";
    let short = format!("(?=[^:@]{{1,{MAX_IMAGE_NAME_BYTES}}}(?:[:@]|$))");
    let tag = format!(
        "[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{}}}",
        MAX_IMAGE_TAG_BYTES.saturating_sub(1)
    );
    let digest = "(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})";
    let pattern = format!("^(?:{host}/)?{short}{path}(?:/{path})*(?::{tag})?(?:@{digest})?$");
    json!({"not": {"pattern": "^[0-9a-f]{64}$"}, "pattern": pattern})
}

/// A path inside the guest that may be the root if `root`, and may end with `/` if `directory`.
fn guest_path(root: bool, directory: bool) -> Value {
    let end = if directory { "/?" } else { "" };
    let rest = if root { "?" } else { "" };
    json!({
        "maxLength": MAX_PATH_BYTES,
        "pattern": format!(r"^/(?:[^/\x00]+(?:/[^/\x00]+)*{end}){rest}$"),
        "not": {"pattern": r"/\.{1,2}(?:/|$)|[^/]{256}"},
    })
}

fn fstype() -> Value {
    json!({"pattern": "^[a-z0-9_.-]{1,32}$"})
}

/// An IPv4 address, or what may be an IPv6 address.
fn ip_address() -> Value {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    json!({"pattern": format!(r"^(?:{octet}(?:\.{octet}){{3}}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$")})
}

fn hostname() -> Value {
    texts(1, Some(MAX_HOSTNAME_BYTES), r"^[^\x00-\x20/\x7f-\x9f]*$")
}

/// A command: its first string names a program.
fn command() -> Value {
    json!({
        "prefixItems": [{"type": "string", "minLength": 1, "pattern": NO_NUL}],
        "items": {"type": "string", "pattern": NO_NUL},
    })
}

const KEY: &str = r"^[^=\x00]*$";

/// The keywords of a field by its type's name and its own; of an enum, in whichever variant.
fn rules(of_type: &str) -> Vec<(&'static str, Value)> {
    let filled = || texts(1, None, NO_NUL);
    let positive = || json!({"minimum": 1});
    let name = || texts(1, Some(MAX_SANDBOX_NAME_BYTES), NAME);
    let volume_name = || texts(1, Some(MAX_VOLUME_NAME_BYTES), NAME);
    let mode = || json!({"maximum": MAX_FILE_MODE});
    let file = || guest_path(false, false);
    let directory = || guest_path(false, true);
    let process = || {
        vec![
            ("workdir", guest_path(true, true)),
            ("shell", filled()),
            ("user", filled()),
            ("hostname", hostname()),
            ("entrypoint", command()),
            ("cmd", command()),
            (
                "scripts",
                json!({"propertyNames": {
                    "maxLength": MAX_SCRIPT_NAME_BYTES,
                    "pattern": r"^[^/\x00]+$",
                    "not": {"enum": [".", ".."]},
                }}),
            ),
            ("metrics_sample_interval_ms", positive()),
            ("max_duration_secs", positive()),
            ("idle_timeout_secs", positive()),
        ]
    };
    match of_type {
        "SandboxSpec" => vec![
            ("name", name()),
            (
                "labels",
                json!({"propertyNames": texts(
                    1,
                    Some(MAX_LABEL_KEY_BYTES),
                    r"^[^\x00-\x1f\x7f-\x9f]*$",
                )}),
            ),
            ("mounts", json!({"maxItems": 64})),
        ],
        "OciRootfsSource" => vec![
            ("reference", image_reference()),
            ("upper_size_mib", positive()),
        ],
        "RootfsSource" => vec![("Bind", filled()), ("path", filled()), ("fstype", fstype())],
        "SandboxResources" => vec![("cpus", positive()), ("memory_mib", positive())],
        "SandboxRuntimeOptions" | "SandboxPolicy" => process(),
        "EnvVar" => vec![
            ("key", texts(1, None, KEY)),
            ("value", json!({"pattern": NO_NUL})),
        ],
        "VolumeMount" => vec![
            ("guest", directory()),
            ("host", filled()),
            ("name", volume_name()),
            ("quota_mib", positive()),
            ("size_mib", positive()),
            ("fstype", fstype()),
        ],
        "Patch" => vec![
            ("path", directory()),
            ("dst", guest_path(true, true)),
            ("link", file()),
            ("src", filled()),
            ("target", texts(1, Some(MAX_PATH_BYTES), NO_NUL)),
            ("mode", mode()),
        ],
        "PublishedPortSpec" => vec![("guest_port", positive()), ("host_bind", ip_address())],
        "NetworkSpec" => vec![("max_connections", positive())],
        "HandoffInit" => vec![
            (
                "cmd",
                json!({"maxLength": MAX_PATH_BYTES, "pattern": r"^(?:auto|/[^\x00]*)$"}),
            ),
            (
                "cwd",
                json!({"maxLength": MAX_PATH_BYTES, "pattern": r"^/[^\x00]*$"}),
            ),
            (
                "args",
                json!({"items": {"type": "string", "pattern": NO_NUL}}),
            ),
        ],
        "VolumeSpec" | "NamedVolumeCreate" => vec![
            ("name", volume_name()),
            ("quota_mib", positive()),
            ("capacity_mib", positive()),
        ],
        "SnapshotSpec" => vec![("source_sandbox", name())],
        "SnapshotDestination" => vec![("Name", volume_name()), ("Path", filled())],
        "CloudCreateSandboxRequest" => {
            let mut rules = process();
            rules.extend([
                ("name", name()),
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
                        "propertyNames": texts(1, None, KEY),
                        "additionalProperties": {"type": "string", "pattern": NO_NUL},
                    }),
                ),
            ]);
            rules
        }
        _ => Vec::new(),
    }
}

fn add_rules(of_type: &str, schema: &mut Value) {
    for (field, keywords) in rules(of_type) {
        add_to_field(schema, field, &keywords);
    }
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
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

/// Adds keywords to a field wherever a schema has it.
fn add_to_field(schema: &mut Value, field: &str, keywords: &Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(fields)) = object.get_mut("properties") {
                if let (Some(Value::Object(found)), Value::Object(keywords)) =
                    (fields.get_mut(field), keywords)
                {
                    found.extend(keywords.clone());
                }
                for inner in fields.values_mut() {
                    add_to_field(inner, field, keywords);
                }
            }
            if let Some(variants) = object.get_mut("oneOf") {
                add_to_field(variants, field, keywords);
            }
        }
        Value::Array(variants) => {
            for variant in variants {
                add_to_field(variant, field, keywords);
            }
        }
        _ => {}
    }
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
                Some("uint8" | "uint16" | "uint64" | "uint") => drop(object.remove("format")),
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

/// Leaves out examples in Rust, what `Debug` does and the targets of links, and joins lines.
fn plain(description: &str) -> String {
    let text = description.split("\n\n```").next().unwrap_or(description);
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
    plain
        .split("\n\n")
        .filter(|paragraph| !paragraph.starts_with("`Debug`"))
        .map(|paragraph| paragraph.replace('\n', " "))
        .collect::<Vec<_>>()
        .join("\n\n")
}
