//! Writes the table of shapes from the schemas of the types, and holds the file to it.
// A test fails by a panic.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::cloud::{
    CloudCreateSandboxRequest, CloudErrorBody, CloudMessageResponse, CloudPaginated, CloudSandbox,
};
use crate::handoff::HandoffInit;
use crate::spec::{NamedVolumeCreate, SandboxSpec, SnapshotSpec, VolumeSpec};

const HEADER: &str = "\
//! The shapes of the documents, written from the schemas of their types. `UPDATE=1 cargo test
//! --all-features --lib strict` writes this file anew.

use super::shape::Shape::{self, *};
use super::shape::{Field, Variant};
";

fn field(name: &str, shape: &str, required: bool) -> String {
    format!("Field {{ name: {name:?}, shape: {shape}, required: {required} }}")
}

/// `"RootfsSource"` as `ROOTFS_SOURCE`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.push(c.to_ascii_uppercase());
    }
    constant
}

fn fields(schema: &Value, without: &str) -> String {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let fields: Vec<_> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != without)
        .map(|(name, of)| {
            field(
                name,
                &reference(of),
                required.contains(&Value::from(name.as_str())),
            )
        })
        .collect();
    format!("&[\n    {},\n]", fields.join(",\n    "))
}

fn reference(schema: &Value) -> String {
    match schema["$ref"].as_str() {
        Some(target) => format!("&{}", constant(target.rsplit('/').next().unwrap())),
        None => format!("&{}", shape(schema)),
    }
}

fn shape(schema: &Value) -> String {
    if let Some(either) = schema["anyOf"].as_array() {
        assert!(either.len() == 2 && either[1]["type"] == "null", "{schema}");
        return format!("Optional({})", reference(&either[0]));
    }
    if let Some(types) = schema["type"].as_array() {
        assert!(types.len() == 2 && types[1] == "null", "{schema}");
        let mut inner = schema.clone();
        inner["type"] = types[0].clone();
        return format!("Optional({})", reference(&inner));
    }
    if let Some(variants) = schema["oneOf"].as_array() {
        return one_of(variants);
    }
    if let Some(words) = schema["enum"].as_array() {
        return format!("Word(&{})", Value::from(words.clone()));
    }
    match schema["type"].as_str() {
        None => String::from("Any"),
        Some("string") if schema["format"] == "date-time" => String::from("Time"),
        Some("string") => String::from("Text"),
        Some("boolean") => String::from("Bool"),
        Some("integer") => {
            let most = match schema["format"].as_str() {
                Some("uint8") => u64::from(u8::MAX),
                Some("uint16") => u64::from(u16::MAX),
                Some("uint32") => u64::from(u32::MAX),
                Some("uint64" | "uint") => u64::MAX,
                other => panic!("{other:?}: {schema}"),
            };
            format!("Number({most})")
        }
        Some("array") if schema["prefixItems"].is_array() => String::from("Pair"),
        Some("array") => format!("List({})", reference(&schema["items"])),
        Some("object") if schema["properties"].is_object() => {
            format!("Object({})", fields(schema, ""))
        }
        Some("object") => format!("Map({})", reference(&schema["additionalProperties"])),
        other => panic!("{other:?}: {schema}"),
    }
}

fn one_of(variants: &[Value]) -> String {
    let tag = |of: &Value| of["properties"]["type"]["const"].as_str().map(String::from);
    if variants.iter().all(|of| of["const"].is_string()) {
        let words: Vec<_> = variants.iter().map(|of| of["const"].to_string()).collect();
        format!("Word(&[{}])", words.join(", "))
    } else if variants.iter().all(|of| tag(of).is_some()) {
        let of = |of: &Value| {
            let tag = tag(of).unwrap();
            format!("Variant {{ tag: {tag:?}, fields: {} }}", fields(of, "type"))
        };
        let variants: Vec<_> = variants.iter().map(of).collect();
        format!("Tagged(&[\n{},\n])", variants.join(",\n"))
    } else {
        let mut all = Vec::new();
        for of in variants {
            for (name, of) in of["properties"].as_object().unwrap() {
                all.push(field(name, &reference(of), true));
            }
        }
        format!("Variants(&[\n    {},\n])", all.join(",\n    "))
    }
}

fn add<T: JsonSchema>(shapes: &mut BTreeMap<String, String>) {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema: Value = Schema::to_value(generator.into_root_schema_for::<T>());
    shapes.insert(constant(&T::schema_name()), shape(&schema));
    for (name, of) in schema["$defs"].as_object().into_iter().flatten() {
        shapes.insert(constant(name), shape(of));
    }
}

#[test]
fn the_table_is_that_of_the_types() {
    let mut shapes = BTreeMap::new();
    add::<SandboxSpec>(&mut shapes);
    add::<VolumeSpec>(&mut shapes);
    add::<NamedVolumeCreate>(&mut shapes);
    add::<SnapshotSpec>(&mut shapes);
    add::<HandoffInit>(&mut shapes);
    add::<CloudCreateSandboxRequest>(&mut shapes);
    add::<CloudPaginated<CloudSandbox>>(&mut shapes);
    add::<CloudErrorBody>(&mut shapes);
    add::<CloudMessageResponse>(&mut shapes);
    let mut text = HEADER.to_string();
    for (name, shape) in shapes {
        text.push('\n');
        if name.starts_with("CLOUD") {
            text += "#[cfg(feature = \"cloud\")]\n";
        }
        text += &format!("pub(super) static {name}: Shape = {shape};\n");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/strict/table.rs");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let current = std::fs::read_to_string(path).unwrap() == text;
    assert!(
        current,
        "src/strict/table.rs is not that of the types: run with UPDATE=1"
    );
}
