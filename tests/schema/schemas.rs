//! The JSON Schemas: current, true to the checks, and of use against mistakes.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use microsandbox_types::*;
use proptest::prelude::*;
use serde_json::{Value, json};

#[allow(dead_code)] // the random values of a type serve other tests
#[path = "../shared/values.rs"]
mod values;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn validator(file: &str) -> Validator {
    let schemas = json_schemas();
    let (_, schema) = schemas.iter().find(|(name, _)| *name == file).unwrap();
    jsonschema::draft202012::new(schema).unwrap()
}

/// The committed files are what the crate makes. `UPDATE=1` writes them anew.
#[test]
fn the_files_are_current() {
    let mut files = Vec::new();
    for (file, schema) in json_schemas() {
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{file}");
        let (path, text) = (root("schema").join(file), format!("{schema:#}\n"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let current = fs::read_to_string(&path).unwrap() == text;
        assert!(
            current,
            "schema/{file} is not what the crate makes: run with UPDATE=1"
        );
        files.push(file.to_owned());
    }
    let mut there: Vec<_> = fs::read_dir(root("schema"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    files.sort();
    there.sort();
    assert_eq!(files, there);
}

/// Frozen documents of every kind are valid, but for drafts that lack a name.
#[test]
fn frozen_documents_are_valid() {
    for kind in [
        "sandbox-spec",
        "volume-spec",
        "named-volume-create",
        "snapshot-spec",
        "handoff-init",
        "cloud-create-sandbox-request",
        "cloud-sandbox",
        "cloud-error-body",
    ] {
        let validator = validator(&format!("{kind}.json"));
        let path = root("tests/data/json").join(format!("{kind}.rich.json"));
        let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}");
    }
}

/// What no schema can tell: one value against another, texts that are repeated, and warnings.
const BEYOND: &[&str] = &[
    "exec-too-large",
    "label-repeated",
    "labels-too-large",
    "mount-repeated",
    "mount-reserved",
    "port-repeated",
    "repeated-field",
    "rlimit-order",
    "rlimit-repeated",
    "scripts-too-large",
    "string-too-long",
    "syntax",
    "volume-mismatch",
];

/// Every spec of the folder: valid if it has no error, else refused, if a schema can tell.
#[test]
fn specs_of_the_folder() {
    let validator = validator("sandbox-spec.json");
    for entry in fs::read_dir(root("tests/data/specs")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let Ok(document) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let findings = SandboxSpec::check_json(&text);
        let told = |one: &Finding| {
            one.severity() == Severity::Error && !BEYOND.contains(&one.code.as_str())
        };
        let name = path.display();
        if findings.errors() == 0 {
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        } else if findings.iter().any(told) {
            assert!(!validator.is_valid(&document), "{name}: {findings}");
        }
    }
}

#[test]
fn volumes_and_their_capacity() {
    let validator = validator("volume-spec.json");
    for (kind, capacity, valid) in [
        ("Disk", json!(1), true),
        ("Disk", Value::Null, false),
        ("Disk", json!(0), false),
        ("Directory", Value::Null, true),
        ("Directory", json!(1), false),
    ] {
        let document = json!({"name": "v", "kind": kind, "capacity_mib": capacity, "labels": []});
        assert_eq!(validator.is_valid(&document), valid, "{document}");
        let volume: VolumeSpec = serde_json::from_value(document).unwrap();
        assert_eq!(volume.validate().is_ok(), valid);
    }
}

/// One of these: the first is fine, and comes up most.
fn one_of(values: Value) -> impl Strategy<Value = Value> {
    let values = values.as_array().unwrap().clone();
    prop_oneof![3 => Just(values[0].clone()), 1 => prop::sample::select(values)]
}

fn some_of(values: Value) -> impl Strategy<Value = Value> {
    prop::collection::vec(one_of(values), 0..3).prop_map(Value::from)
}

/// Specs that are nearly all fine: each part is drawn from a few, some of them wrong.
fn near_specs() -> impl Strategy<Value = Value> {
    let paths = || {
        json!([
            "/a", "/a/b", "/", "a", "/a/../b", "/..a", "/.", "/a//", "/é", "/a\u{0}"
        ])
    };
    let name = one_of(json!(["web-1", "a", "0._-", "-a", "", "é", "a\n"]));
    let reference = one_of(json!([
        "alpine:3.20",
        "localhost:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "[::1]:80/a",
        "Host/a",
        "A",
        "a:",
        "a__b",
        "a\n",
    ]));
    let runtime = (
        one_of(paths()),
        one_of(json!(["h", "", "é", null, "a_b"])),
        one_of(json!([{}, {"a b": ""}, {"..": ""}, {"/": ""}])),
        one_of(json!([1000, null, 0])),
    )
        .prop_map(|(workdir, hostname, scripts, interval)| {
            json!({"workdir": workdir, "hostname": hostname, "scripts": scripts, "metrics_sample_interval_ms": interval})
        });
    let env = some_of(
        json!([{"key": "A", "value": "b"}, {"key": "", "value": ""}, {"key": "=", "value": ""}, {"key": "é", "value": "\u{0}"}]),
    );
    let mount = (one_of(paths()), one_of(json!([null, 1, 0])), any::<bool>()).prop_map(
        |(guest, size, older)| {
            if older {
                json!({"type": "Bind", "host": "C:\\x", "guest": guest, "quota_mib": size, "readonly": true})
            } else {
                json!({"type": "Tmpfs", "guest": guest, "size_mib": size, "options": null})
            }
        },
    );
    let mounts = prop::collection::vec(mount, 0..2);
    let patch = (one_of(paths()), one_of(json!([null, 420, 4095, 4096]))).prop_map(|(path, mode)| {
        json!({"Text": {"path": path, "content": "", "mode": mode, "replace": true}})
    });
    let patches = prop::collection::vec(patch, 0..2);
    let init = one_of(json!([
        null, {"cmd": "auto"}, {"cmd": "/init", "cwd": "/..", "env": [["A", "b"]]}, {"cmd": "init"}, {"cmd": "autos"},
    ]));
    let labels = one_of(json!([{}, {"a/b": "é"}, {"": ""}, {"\u{85}": ""}]));
    (name, reference, runtime, env, mounts, patches, init, labels).prop_map(
        |(name, reference, runtime, env, mounts, patches, init, labels)| {
            json!({
                "$schema": "x", "name": name, "image": {"Oci": {"reference": reference}},
                "runtime": runtime, "env": env, "mounts": mounts, "patches": patches,
                "init": init, "labels": labels,
            })
        },
    )
}

/// What is read strictly and passes its check is valid, as is what the crate then writes; its
/// handoff can be sent and its hostname used.
#[test]
fn what_passes_is_valid() {
    let validator = validator("sandbox-spec.json");
    values::check(&near_specs(), |document| {
        let text = document.to_string();
        let Ok(spec) = SandboxSpec::from_json_strict(&text) else {
            return Err(TestCaseError::fail(text));
        };
        if spec.validate().is_ok() {
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|e| e.to_string())
                .collect();
            prop_assert!(errors.is_empty(), "{:?}\n{}", errors, text);
            let written = serde_json::to_value(&spec).unwrap();
            prop_assert!(validator.is_valid(&written), "{}", written);
            prop_assert!(validate_hostname(spec.runtime.hostname.as_deref()).is_ok());
            prop_assert!(validate_sandbox_name(&spec.name).is_ok());
            if let Some(init) = &spec.init {
                prop_assert!(init.encode().is_ok());
            }
        }
        Ok(())
    });
}

/// An object of fields that are nearly all fine.
fn near(fields: Value) -> impl Strategy<Value = Value> {
    let fields = fields.as_object().unwrap().clone();
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, values)| one_of(values).prop_map(move |value| (name.clone(), value)))
        .collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// What passes of every other kind is valid, too; that of a service, whatever it holds.
#[test]
fn what_passes_of_other_kinds_is_valid() {
    let name = json!(["a", "", "a b", "-"]);
    let size = json!([1, null, 0]);
    let path = json!(["/a", null, "a", "", "/..", "/a\u{0}"]);
    let labels = json!([[["a", "b"]], [], [["", ""]], [["a\n", ""]]]);
    let volume = json!({
        "name": name, "kind": ["Disk", "Directory"], "capacity_mib": size, "quota_mib": [null, 1],
        "labels": labels,
    });
    let mut create = volume.clone();
    create["mode"] = json!(["Create", "Existing", "EnsureExists"]);
    let snapshot = json!({
        "source_sandbox": name, "destination": [{"Name": "a"}, {"Path": "/a"}, {"Name": ""}],
        "labels": labels, "force": [true, false], "record_integrity": [true, false],
    });
    let handoff = json!({
        "cmd": ["auto", "/a", "/..", "a", ""], "cwd": path,
        "args": [["a"], [""], ["\u{0}"]], "env": [[["A", "b"]], [["", ""]], [["A=", ""]], [["A", "\u{0}"]]],
    });
    let request = json!({
        "name": name, "image": ["a", "a:1", "", "A"], "vcpus": [1, 255, 0], "memory_mib": [1, 0],
        "env": [{"A": "b"}, {"": ""}, {"A=": ""}, {"A": "\u{0}"}], "workdir": path,
        "shell": [null, "/bin/sh", ""], "entrypoint": [null, ["a"], [], [""]],
        "hostname": ["a", null, "a b", ""], "log_level": [null, "info", "loud"],
        "scripts": [{}, {"a": "b"}, {"a/b": ""}], "max_duration_secs": size,
    });
    let sandbox = json!({
        "id": ["a"], "org_id": ["a"], "name": name, "status": ["running"], "ephemeral": [true],
        "created_at": ["2024-01-01T00:00:00Z"], "region": ["a"],
        "config": [{}, {"name": "a b", "vcpus": 0, "log_level": "loud", "gpu": 1}],
    });
    let error = json!({"code": ["a", null], "error": [null, {"code": "a", "id": 1}]});
    for (file, fields, check) in [
        (
            "volume-spec.json",
            volume,
            VolumeSpec::check_json as fn(&str) -> Findings,
        ),
        (
            "named-volume-create.json",
            create,
            NamedVolumeCreate::check_json,
        ),
        ("snapshot-spec.json", snapshot, SnapshotSpec::check_json),
        ("handoff-init.json", handoff, HandoffInit::check_json),
        (
            "cloud-create-sandbox-request.json",
            request,
            CloudCreateSandboxRequest::check_json,
        ),
        ("cloud-sandbox.json", sandbox, CloudSandbox::check_json),
        ("cloud-error-body.json", error, CloudErrorBody::check_json),
    ] {
        let validator = validator(file);
        let passed = std::cell::Cell::new(0);
        values::check(&near(fields), |document| {
            let text = document.to_string();
            if check(&text).errors() == 0 {
                passed.set(passed.get() + 1);
                let errors: Vec<_> = validator
                    .iter_errors(&document)
                    .map(|e| e.to_string())
                    .collect();
                prop_assert!(errors.is_empty(), "{:?}\n{}", errors, text);
            }
            Ok(())
        });
        assert!(passed.get() > 10, "{file}: {}", passed.get());
    }
}

/// Enough of the specs above pass for that to mean something.
#[test]
fn many_of_the_near_specs_pass() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let passed = (0..4000)
        .filter(|_| {
            let document = near_specs().new_tree(&mut runner).unwrap().current();
            let spec: SandboxSpec = serde_json::from_value(document).unwrap();
            spec.validate().is_ok()
        })
        .count();
    assert!(passed > 200, "{passed}");
}

/// Every field has a description, and none speaks of Rust.
#[test]
fn descriptions_are_for_everyone() {
    fn walk(at: &str, schema: &Value, described: &mut usize) {
        let Some(object) = schema.as_object() else {
            return;
        };
        if let Some(text) = object.get("description").and_then(Value::as_str) {
            let of_rust = |word: &str| {
                let constant = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
                ["None", "Some", "Debug", "Self"].contains(&word)
                    || word.contains("::")
                    || (word.trim_matches('_').contains('_') && word.chars().all(constant))
            };
            let is_separator = |c: char| !c.is_alphanumeric() && !"_:".contains(c);
            let word = text.split(is_separator).find(|word| of_rust(word));
            assert_eq!(word, None, "{at}: {text}");
            assert!(!text.contains('\n') && text.ends_with('.'), "{at}: {text}");
            *described += 1;
        }
        for (name, field) in object
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            // A condition is no field.
            let condition = field.as_object().is_some_and(|field| field.len() == 1);
            let at = format!("{at}.{name}");
            assert!(condition || field.get("description").is_some(), "{at}");
            walk(&at, field, described);
        }
        for (name, inner) in object
            .get("$defs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            walk(name, inner, described);
        }
        for variant in object
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            walk(at, variant, described);
        }
    }
    for (file, schema) in json_schemas() {
        let mut described = 0;
        walk(file, &schema, &mut described);
        assert!(described > 3, "{file}");
    }
}
