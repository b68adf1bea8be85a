//! The fields of a spec's JSON: one table of all names, held against what the crate writes by a
//! test and against the schema by another.

/// What may stand at a place of a document, as far as field names go.
pub(super) enum Shape {
    /// A plain value, or a document that the crate passes through.
    Any,
    /// A name out of a list. Plain serde takes an object `{"Name": null}` for it too.
    Word,
    /// An object with free keys.
    Map,
    List(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
    /// An object whose one field names the variant.
    Variants(&'static [(&'static str, Shape)]),
    /// A mount: an object whose field `type` names the variant.
    Mount,
}

use self::Shape::{Any, List, Map, Mount, Object, Variants, Word};

pub(super) static SPEC: Shape = Object(&[
    ("$schema", Any),
    ("name", Any),
    (
        "image",
        Variants(&[
            ("Bind", Any),
            (
                "Oci",
                Object(&[("reference", Any), ("upper_size_mib", Any)]),
            ),
            (
                "DiskImage",
                Object(&[("path", Any), ("format", Word), ("fstype", Any)]),
            ),
        ]),
    ),
    ("resources", Object(&[("cpus", Any), ("memory_mib", Any)])),
    (
        "runtime",
        Object(&[
            ("workdir", Any),
            ("shell", Any),
            ("scripts", Map),
            ("entrypoint", Any),
            ("cmd", Any),
            ("hostname", Any),
            ("user", Any),
            ("log_level", Word),
            ("metrics_sample_interval_ms", Any),
            ("disable_metrics_sample", Any),
        ]),
    ),
    ("env", List(&Object(&[("key", Any), ("value", Any)]))),
    ("labels", Map),
    (
        "rlimits",
        List(&Object(&[("resource", Word), ("soft", Any), ("hard", Any)])),
    ),
    ("mounts", List(&Mount)),
    ("patches", List(&PATCH)),
    (
        "network",
        Object(&[
            ("enabled", Any),
            ("interface", Any),
            ("ports", List(&PORT)),
            ("policy", Any),
            ("dns", Any),
            ("tls", Any),
            ("secrets", Any),
            ("max_connections", Any),
            ("trust_host_cas", Any),
        ]),
    ),
    (
        "init",
        Object(&[("cmd", Any), ("args", Any), ("env", Any), ("cwd", Any)]),
    ),
    ("pull_policy", Word),
    ("security_profile", Word),
    (
        "lifecycle",
        Object(&[
            ("ephemeral", Any),
            ("max_duration_secs", Any),
            ("idle_timeout_secs", Any),
        ]),
    ),
]);

static PORT: Shape = Object(&[
    ("host_port", Any),
    ("guest_port", Any),
    ("protocol", Word),
    ("host_bind", Any),
]);

static PATCH: Shape = Variants(&[
    (
        "Text",
        Object(&[
            ("path", Any),
            ("content", Any),
            ("mode", Any),
            ("replace", Any),
        ]),
    ),
    (
        "File",
        Object(&[
            ("path", Any),
            ("content", Any),
            ("mode", Any),
            ("replace", Any),
        ]),
    ),
    (
        "CopyFile",
        Object(&[("src", Any), ("dst", Any), ("mode", Any), ("replace", Any)]),
    ),
    (
        "CopyDir",
        Object(&[("src", Any), ("dst", Any), ("replace", Any)]),
    ),
    (
        "Symlink",
        Object(&[("target", Any), ("link", Any), ("replace", Any)]),
    ),
    ("Mkdir", Object(&[("path", Any), ("mode", Any)])),
    ("Remove", Object(&[("path", Any)])),
    ("Append", Object(&[("path", Any), ("content", Any)])),
]);

pub(super) static MOUNT_OPTIONS: Shape = Object(&[
    ("readonly", Any),
    ("noexec", Any),
    ("nosuid", Any),
    ("nodev", Any),
]);

/// The fields of a mount of this type; `readonly` is that of older documents.
pub(super) fn mount_fields(tag: &str) -> Option<&'static [&'static str]> {
    Some(match tag {
        "Bind" => &[
            "type",
            "host",
            "guest",
            "options",
            "readonly",
            "stat_virtualization",
            "host_permissions",
            "quota_mib",
        ],
        "Named" => &[
            "type",
            "name",
            "guest",
            "options",
            "readonly",
            "stat_virtualization",
            "host_permissions",
        ],
        "Tmpfs" => &["type", "guest", "size_mib", "options", "readonly"],
        "DiskImage" => &[
            "type", "host", "guest", "format", "fstype", "options", "readonly",
        ],
        _ => return None,
    })
}

#[cfg(all(test, feature = "schema"))]
// A test fails by a panic.
#[allow(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::string::String;
    use std::vec::Vec;

    use serde_json::Value;

    use super::{Shape, mount_fields};

    /// Asserts that a shape has exactly the fields of a schema, all the way down.
    fn assert_same(shape: &Shape, schema: &Value, root: &Value) {
        if let Some(target) = schema["$ref"].as_str() {
            return assert_same(shape, root.pointer(&target[1..]).unwrap(), root);
        }
        // An optional object is that or `null`.
        if let Some(either) = schema["anyOf"].as_array() {
            return assert_same(shape, &either[0], root);
        }
        match shape {
            Shape::Any | Shape::Word | Shape::Map => assert_eq!(schema.get("properties"), None),
            Shape::List(of) => assert_same(of, &schema["items"], root),
            Shape::Object(known) => assert_fields(known, &schema["properties"], root),
            Shape::Variants(known) => {
                let mut variants = serde_json::Map::new();
                for variant in schema["oneOf"].as_array().unwrap() {
                    variants.extend(variant["properties"].as_object().unwrap().clone());
                }
                assert_fields(known, &variants.into(), root);
            }
            Shape::Mount => {
                for variant in schema["oneOf"].as_array().unwrap() {
                    let fields = variant["properties"].as_object().unwrap();
                    let tag = fields["type"]["const"].as_str().unwrap();
                    let mut known = mount_fields(tag).unwrap().to_vec();
                    known.sort();
                    assert!(fields.keys().eq(&known), "{tag}");
                }
            }
        }
    }

    fn assert_fields(known: &[(&str, Shape)], fields: &Value, root: &Value) {
        let fields: BTreeMap<&String, &Value> = fields.as_object().unwrap().iter().collect();
        let mut names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        names.sort();
        assert!(fields.keys().copied().eq(&names), "{names:?}");
        for (name, shape) in known {
            assert_same(shape, fields[&String::from(*name)], root);
        }
    }

    #[test]
    fn the_table_has_the_fields_of_the_schema() {
        let schemas = crate::json_schemas();
        let (_, schema) = &schemas[0];
        assert_same(&super::SPEC, schema, schema);
    }
}
