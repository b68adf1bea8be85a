//! What helps people who write a document in an editor: what is inserted for a field, and words for
//! each key that a variant has.
//!
//! `defaultSnippets` is a keyword of editors; other readers of the schema ignore it. An editor
//! inserts a field with its snippet where that is all there is to choose from, so a field with a
//! snippet has no default beside it. Keys are written in alphabetical order; so are the places that
//! an author fills in.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use serde_json::{Value, json};

use super::plain;

fn snippet(label: &str, body: Value) -> Value {
    json!({"label": label, "body": body})
}

/// A field whose value is inserted like this.
fn inserts(label: &str, body: Value) -> Value {
    json!({"defaultSnippets": [snippet(label, body)]})
}

fn oci() -> Value {
    json!({"reference": "${1:alpine:3.20}"})
}

fn disk_image() -> Value {
    json!({"format": "${1|Qcow2,Raw,Vmdk|}", "path": "${2:/srv/disk.qcow2}"})
}

fn bind_mount() -> Value {
    json!({
        "guest": "${1:/app}",
        "host": "${2:/srv/app}",
        "options": {"readonly": "^${3|true,false|}"},
        "type": "Bind",
    })
}

fn env_var() -> Value {
    json!({"key": "${1:LANG}", "value": "${2:C.UTF-8}"})
}

fn port() -> Value {
    json!({"guest_port": "^${1:80}", "host_bind": "${2:127.0.0.1}", "host_port": "^${3:8080}"})
}

fn rlimit() -> Value {
    json!({"hard": "^${1:4096}", "resource": "${2:Nofile}", "soft": "^${3:1024}"})
}

fn mkdir() -> Value {
    json!({"mode": "^${1:493}", "path": "${2:/srv/app}"})
}

fn text_file() -> Value {
    json!({
        "content": "${1:Welcome}\n",
        "mode": "^${2:420}",
        "path": "${3:/etc/motd}",
        "replace": "^${4|true,false|}",
    })
}

fn copied_file() -> Value {
    json!({
        "dst": "${1:/etc/app.conf}",
        "mode": "^${2:420}",
        "replace": "^${3|true,false|}",
        "src": "${4:/srv/app.conf}",
    })
}

/// The keywords of a field by its type's name and its own.
pub(super) fn fields(of_type: &str) -> Vec<(&'static str, Value)> {
    match of_type {
        "SandboxSpec" => vec![
            ("image", inserts("OCI image", json!({"Oci": oci()}))),
            (
                "resources",
                inserts(
                    "Size",
                    json!({"cpus": "^${1:1}", "memory_mib": "^${2:512}"}),
                ),
            ),
            ("env", inserts("Environment variables", json!([env_var()]))),
            (
                "labels",
                inserts("Labels", json!({"${1:team}": "${2:web}"})),
            ),
            ("rlimits", inserts("Resource limits", json!([rlimit()]))),
            ("mounts", inserts("Mounts", json!([bind_mount()]))),
            ("patches", inserts("Changes", json!([{"Mkdir": mkdir()}]))),
            (
                "network",
                inserts("Published ports", json!({"ports": [port()]})),
            ),
            (
                "runtime",
                inserts("Process", json!({"workdir": "${1:/app}"})),
            ),
            (
                "lifecycle",
                inserts("Lifetime", json!({"ephemeral": "^${1|true,false|}"})),
            ),
            (
                "init",
                inserts("Init", json!({"args": ["$1"], "cmd": "${2:/sbin/init}"})),
            ),
        ],
        "RootfsSource" => vec![
            ("Bind", json!({"examples": ["/srv/rootfs"]})),
            ("Oci", inserts("OCI image", oci())),
            ("DiskImage", inserts("Disk image", disk_image())),
        ],
        "SandboxRuntimeOptions" => vec![
            ("workdir", json!({"examples": ["/app"]})),
            ("shell", json!({"examples": ["/bin/sh"]})),
            (
                "scripts",
                inserts("Scripts", json!({"${1:setup}": "${2:#!/bin/sh}\n"})),
            ),
            (
                "entrypoint",
                inserts("Entrypoint", json!(["${1:/usr/bin/app}"])),
            ),
            ("cmd", inserts("Command", json!(["${1:--verbose}"]))),
        ],
        "VolumeMount" => vec![(
            "options",
            inserts("Options", json!({"readonly": "^${1|true,false|}"})),
        )],
        "NetworkSpec" => {
            let free_form = ["interface", "policy", "dns", "tls", "secrets"];
            let free_form = free_form.map(|part| (part, inserts("Settings", json!({}))));
            let ports = ("ports", inserts("Published ports", json!([port()])));
            free_form.into_iter().chain([ports]).collect()
        }
        "Patch" => vec![
            ("Text", inserts("Text file", text_file())),
            ("CopyFile", inserts("File", copied_file())),
            ("Mkdir", inserts("Directory", mkdir())),
        ],
        "HandoffInit" => vec![
            ("cmd", json!({"examples": ["/sbin/init", "auto"]})),
            (
                "env",
                inserts(
                    "Environment variables",
                    json!([["${1:LANG}", "${2:C.UTF-8}"]]),
                ),
            ),
        ],
        _ => Vec::new(),
    }
}

/// The keywords of a type that lists hold: what an entry may be.
pub(super) fn of_type(name: &str) -> Value {
    let snippets = match name {
        "VolumeMount" => vec![
            snippet("Directory or file on the host", bind_mount()),
            snippet(
                "Named volume",
                json!({"guest": "${1:/data}", "name": "${2:data}", "type": "Named"}),
            ),
            snippet(
                "Filesystem in memory",
                json!({"guest": "${1:/tmp}", "size_mib": "^${2:64}", "type": "Tmpfs"}),
            ),
            snippet(
                "Disk image",
                json!({
                    "format": "${1|Qcow2,Raw,Vmdk|}",
                    "guest": "${2:/data}",
                    "host": "${3:/srv/disk.qcow2}",
                    "type": "DiskImage",
                }),
            ),
        ],
        "EnvVar" => vec![snippet("Environment variable", env_var())],
        "PublishedPortSpec" => vec![snippet("Published port", port())],
        "Rlimit" => vec![snippet("Resource limit", rlimit())],
        _ => return Value::Null,
    };
    json!({"defaultSnippets": snippets})
}

/// Puts an enum into the keywords that editors know best: bare words become `enum`, with a
/// description each; any other variant's description moves to the key that names the variant, and
/// a variant of one key says of any other value what would be right.
pub(super) fn describe_variants(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Array(mut variants)) = schema.remove("oneOf") else {
        return;
    };
    let all = |key: &str| -> Option<Vec<Value>> {
        variants
            .iter()
            .map(|variant| variant.get(key).cloned())
            .collect()
    };
    if let (Some(words), Some(descriptions)) = (all("const"), all("description")) {
        let descriptions = descriptions.iter().filter_map(Value::as_str).map(plain);
        let descriptions: Vec<_> = descriptions.collect();
        schema.insert("type".into(), json!("string"));
        schema.insert("enum".into(), json!(words));
        schema.insert("enumDescriptions".into(), json!(descriptions));
        return;
    }
    let names: Vec<_> = variants
        .iter()
        .filter_map(|variant| only_key(variant).or_else(|| tag(variant)))
        .map(|name| format!("`{name}`"))
        .collect();
    let names = names.join(", ");
    for variant in &mut variants {
        let only_key = only_key(variant);
        let Some(variant) = variant.as_object_mut() else {
            continue;
        };
        let description = variant.remove("description");
        if only_key.is_some() {
            variant.remove("required");
            variant.insert("minProperties".into(), json!(1));
            let words = format!("Must be an object with exactly one of {names}.");
            variant.insert("errorMessage".into(), json!(words));
        }
        let keys = variant.get_mut("properties");
        let key = keys.and_then(|keys| keys.get_mut(only_key.as_deref().unwrap_or("type")));
        if let (Some(Value::Object(key)), Some(description)) = (key, description) {
            key.insert("description".into(), description);
            if only_key.is_none() {
                let words = format!("Must be one of {names}.");
                key.insert("errorMessage".into(), json!(words));
            }
        }
    }
    schema.insert("oneOf".into(), Value::Array(variants));
}

/// The word that names a variant in its field `type`.
fn tag(variant: &Value) -> Option<String> {
    let tag = variant.get("properties")?.get("type")?.get("const")?;
    tag.as_str().map(String::from)
}

/// The key of a variant that has only one.
fn only_key(variant: &Value) -> Option<String> {
    let keys = variant.get("properties")?.as_object()?;
    keys.keys().next().filter(|_| keys.len() == 1).cloned()
}
