//! Documents of newer releases: what is new in them is named as such, at its place.

use microsandbox_types::*;
use serde_json::{Value, json};

/// The fields that newer releases added: document, path, first release, what is lost.
const FIELDS: &str = include_str!("../data/newer-fields.tsv");

fn check(document: &str, json: &str) -> Findings {
    match document {
        "SandboxSpec" => SandboxSpec::check_json(json),
        other => panic!("{other}"),
    }
}

/// A document without a mistake, with an object at each path that a newer field may be in.
fn good(document: &str) -> Value {
    match document {
        "SandboxSpec" => json!({
            "name": "web-1",
            "image": {"Oci": {"reference": "alpine:3.20"}},
            "resources": {},
            "runtime": {},
            "mounts": [{"type": "Bind", "host": "/srv", "guest": "/srv", "options": {}}],
            "network": {},
        }),
        other => panic!("{other}"),
    }
}

/// Asserts that `json` has this one error, and that it marks `marked`, which is there once.
fn assert_newer(found: &Findings, json: &str, path: &str, marked: &str, text: &str) {
    let one = match found.as_slice() {
        [one] => one,
        _ => panic!("{json}:\n{found}"),
    };
    assert_eq!(json.matches(marked).count(), 1, "{marked}: {json}");
    let start = json.find(marked).unwrap();
    assert_eq!(
        one.to_string(),
        format!("error[newer-field] {path}: {text}")
    );
    assert_eq!(one.span, Some(start..start + marked.len()), "{json}");
}

#[test]
fn each_field_is_named_with_its_release() {
    for line in FIELDS.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [document, path, release, lost] = columns[..] else {
            panic!("{line}");
        };
        if document != "SandboxSpec" {
            continue;
        }
        let path = path.replace("[]", "[0]");
        let (object, name) = path.rsplit_once('.').unwrap_or(("", &path));
        let pointer = object.replace('.', "/").replace("[0]", "/0");
        let pointer = match pointer.as_str() {
            "" => String::new(),
            pointer => format!("/{pointer}"),
        };
        let mut value = good(document);
        // What is in it is new, too: there is one finding all the same.
        value.pointer_mut(&pointer).unwrap()[name] = json!({"a": [{"b": null}]});

        let json = value.to_string();
        let found = check(document, &json);
        let one = &found.as_slice()[0];
        let help = one.help.as_deref().unwrap();
        if !help.contains("write `") && !help.contains("write its fields") {
            let default = format!("remove it, or use release {release} or later");
            assert_eq!(help, default, "{line}");
        }
        let lost = match lost {
            "security" => "this security setting",
            "resources" => "this resource setting",
            _ => "this setting",
        };
        let text = format!(
            "\"{name}\" was added in release {release}; {help}; \
             note: release 0.6.3 ignores it: {lost} would be lost"
        );
        assert_newer(&found, &json, &path, &format!("\"{name}\""), &text);
    }
}

#[test]
fn a_field_that_is_new_elsewhere_is_unknown() {
    for (json, path) in [
        (r#"{"max_cpus": 4}"#, "max_cpus"),
        (r#"{"network": {"max_cpus": 4}}"#, "network.max_cpus"),
        (r#"{"resources": {"vsock": {}}}"#, "resources.vsock"),
        (r#"{"resources.max_cpus": 4}"#, r#"["resources.max_cpus"]"#),
        (r#"{"dest_dir": "/srv"}"#, "dest_dir"),
    ] {
        let found = SandboxSpec::from_json_strict(json).unwrap_err();
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.code, one.path.as_str()))
            .collect();
        assert_eq!(found, [(FindingCode::UnknownField, path)], "{json}");
    }
}

#[test]
fn each_changed_shape_is_named_with_its_release() {
    for (document, part, path, marked, text) in [
        (
            "SandboxSpec",
            json!({"image": {"Bind": {"path": "/srv/root", "follow_root_symlinks": false}}}),
            "image.Bind",
            "\"Bind\"",
            "\"Bind\" became an object in release 0.6.7; \
             write the path alone: `\"Bind\": \"/srv/root\"`; \
             note: release 0.6.3 cannot read it",
        ),
        (
            "SandboxSpec",
            json!({"mounts": [{"type": "Owned", "guest": "/data", "storage": {"kind": "directory"}}]}),
            "mounts[0].type",
            "\"Owned\"",
            "\"Owned\" was added in release 0.7.0; use a named volume: \
             `{\"type\": \"Named\", \"name\": \"data\", \"guest\": \"/data\"}`; \
             note: release 0.6.3 cannot read it",
        ),
    ] {
        let mut value = good(document);
        let fields = value.as_object_mut().unwrap();
        fields.remove("mounts");
        fields.extend(part.as_object().unwrap().clone());
        let json = value.to_string();
        assert_newer(&check(document, &json), &json, path, marked, text);
    }
}

#[test]
fn a_document_of_this_release_has_nothing_newer() {
    let json = good("SandboxSpec").to_string();
    let found = check("SandboxSpec", &json);
    assert!(found.is_empty(), "{found}");
    let rich = include_str!("../data/json/sandbox-spec.rich.json");
    let newer = |one: &&Finding| one.code == FindingCode::NewerField;
    assert_eq!(SandboxSpec::check_json(rich).iter().find(newer), None);
}

#[test]
fn a_working_directory_is_for_no_published_release() {
    for (init, expected) in [
        (json!(null), None),
        (json!({"cmd": "auto"}), None),
        (json!({"cmd": "auto", "cwd": null}), None),
        (json!({"cmd": "auto", "cwd": "/srv"}), Some("\"/srv\"")),
    ] {
        let json = json!({"image": {"Oci": {"reference": "a"}}, "init": init, "name": "web-1"});
        let json = json.to_string();
        assert_eq!(SandboxSpec::check_json(&json).len(), 0, "{json}");
        for release in Release::ALL {
            let found = SandboxSpec::check_json_for(&json, *release);
            let found: Vec<_> = found
                .iter()
                .map(|one| {
                    (
                        one.code.as_str(),
                        one.severity(),
                        one.path.as_str(),
                        one.span.clone(),
                    )
                })
                .collect();
            let start = json.find("\"/srv\"").unwrap_or_default();
            let expected: Vec<_> = expected
                .iter()
                .map(|marked| {
                    let span = Some(start..start + marked.len());
                    ("cwd-ignored", Severity::Warning, "init.cwd", span)
                })
                .collect();
            assert_eq!(found, expected, "{json}");
        }
    }
}
