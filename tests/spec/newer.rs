//! Documents of newer releases: what is new in them is named as such, at its place.

use microsandbox_types::*;
use serde_json::{Value, json};

/// The fields that newer releases added: document, path, first release, what is lost.
const FIELDS: &str = include_str!("../data/newer-fields.tsv");

/// What the help says of the fields that can be written in another way here.
#[rustfmt::skip]
const INSTEAD: &[((&str, &str), &str)] = &[
    (("SandboxSpec", "root_disk"), "for a managed disk, write it as `\"upper_size_mib\": 8192`"),
    (("SandboxSpec", "max_tcp_connections"), "write it as `\"max_connections\"`"),
    (("SnapshotSpec", "name"), "write it as `\"destination\": {\"Name\": \"daily\"}`"),
    (("SnapshotSpec", "dest_dir"), "write it as `\"destination\": {\"Path\": \"/srv/snapshots/daily\"}`"),
    (("CloudCreateSandboxRequest", "resources"), "write `\"vcpus\"` and `\"memory_mib\"` at the top level of the request"),
    (("CloudCreateSandboxRequest", "runtime"), "write its fields at the top level of the request"),
    (("CloudCreateSandboxRequest", "lifecycle"), "write its fields at the top level of the request"),
    (("CloudCreateSandboxRequest", "source"), "write it as `\"image\": \"alpine:3.20\"`"),
    (("CloudCreateSandboxRequest", "reference"), "write it as `\"image\": \"alpine:3.20\"`"),
];

fn check(document: &str, json: &str) -> Findings {
    match document {
        "SandboxSpec" => SandboxSpec::check_json(json),
        "SnapshotSpec" => SnapshotSpec::check_json(json),
        "CloudCreateSandboxRequest" => CloudCreateSandboxRequest::check_json(json),
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
        "SnapshotSpec" => json!({
            "source_sandbox": "web-1",
            "destination": {"Name": "daily"},
            "labels": [],
            "force": false,
            "record_integrity": true,
        }),
        "CloudCreateSandboxRequest" => json!({"name": "web-1", "image": "alpine:3.20"}),
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
        let instead = INSTEAD.iter().find(|(of, ..)| *of == (document, name));
        let help = match instead {
            Some((_, help)) => String::from(*help),
            None => format!("remove it, or use release {release} or later"),
        };
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

/// A shape that no release has is a mistake, and has nothing to do with newer ones.
#[test]
fn a_shape_of_no_release_is_of_the_wrong_type() {
    for (document, part, path) in [
        (
            "SandboxSpec",
            json!({"image": {"Bind": {"host": "/srv"}}}),
            "image.Bind",
        ),
        (
            "SandboxSpec",
            json!({"mounts": [{"type": "Owner"}]}),
            "mounts[0].type",
        ),
        (
            "CloudCreateSandboxRequest",
            json!({"image": {"Oci": {"reference": "a"}}}),
            "image",
        ),
        ("CloudCreateSandboxRequest", json!({"env": ["A=b"]}), "env"),
    ] {
        let mut value = good(document);
        let fields = value.as_object_mut().unwrap();
        fields.extend(part.as_object().unwrap().clone());
        let found = check(document, &value.to_string());
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.code, one.path.as_str()))
            .collect();
        assert_eq!(found, [(FindingCode::WrongType, path)], "{value}");
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
             write it as `\"Bind\": \"/srv/root\"`; \
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
        (
            "CloudCreateSandboxRequest",
            json!({"image": {"type": "oci", "reference": "alpine:3.20"}}),
            "image",
            "\"image\"",
            "\"image\" became an object in release 0.6.7; write it as `\"image\": \"alpine:3.20\"`; \
             note: release 0.6.3 cannot read it",
        ),
        (
            "CloudCreateSandboxRequest",
            json!({"env": [{"key": "TOKEN", "value": "hunter2"}]}),
            "env",
            "\"env\"",
            "\"env\" became a list in release 0.6.7; write it as `\"env\": {\"TOKEN\": \"…\"}`; \
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

/// What newer releases write in place of a field is told once, and the field is not missing.
#[test]
fn what_newer_fields_replace_is_not_missing() {
    for (document, replaced, newer, expected) in [
        (
            "SnapshotSpec",
            "destination",
            json!({}),
            &["missing destination"][..],
        ),
        (
            "SnapshotSpec",
            "destination",
            json!({"full": true}),
            &["missing destination", "newer-field full"],
        ),
        (
            "SnapshotSpec",
            "destination",
            json!({"dest_dir": null, "name": "daily"}),
            &["newer-field dest_dir", "newer-field name"],
        ),
        (
            "SnapshotSpec",
            "destination",
            json!({"dest_dir": "/srv"}),
            &["newer-field dest_dir"],
        ),
        (
            "CloudCreateSandboxRequest",
            "image",
            json!({}),
            &["image-reference image"],
        ),
        (
            "CloudCreateSandboxRequest",
            "image",
            json!({"source": "oci", "reference": "alpine:3.20"}),
            &["newer-field reference", "newer-field source"],
        ),
        (
            "CloudCreateSandboxRequest",
            "image",
            json!({"disk_snapshot_ref": {}}),
            &["newer-field disk_snapshot_ref"],
        ),
    ] {
        let mut value = good(document);
        let fields = value.as_object_mut().unwrap();
        fields.remove(replaced);
        fields.extend(newer.as_object().unwrap().clone());
        let found = check(document, &value.to_string());
        let found: Vec<_> = found
            .iter()
            .map(|one| format!("{} {}", one.code, one.path))
            .collect();
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn a_document_of_this_release_has_nothing_newer() {
    for document in ["SandboxSpec", "SnapshotSpec", "CloudCreateSandboxRequest"] {
        let found = check(document, &good(document).to_string());
        assert!(found.is_empty(), "{found}");
    }
    for (document, rich) in [
        (
            "SandboxSpec",
            include_str!("../data/json/sandbox-spec.rich.json"),
        ),
        (
            "SnapshotSpec",
            include_str!("../data/json/snapshot-spec.rich.json"),
        ),
        (
            "CloudCreateSandboxRequest",
            include_str!("../data/json/cloud-create-sandbox-request.rich.json"),
        ),
    ] {
        let found = check(document, rich);
        assert!(
            found.iter().all(|one| one.code != FindingCode::NewerField),
            "{found}"
        );
    }
}

#[test]
fn a_working_directory_is_for_no_published_release() {
    for (init, ignored) in [
        (json!({"cmd": "auto"}), false),
        (json!({"cmd": "auto", "cwd": null}), false),
        (json!({"cmd": "auto", "cwd": "/here"}), true),
    ] {
        let mut spec = good("SandboxSpec");
        spec["init"] = init.clone();
        for release in Release::ALL {
            for (check, check_for, document, path) in [
                (
                    SandboxSpec::check_json as fn(&str) -> Findings,
                    SandboxSpec::check_json_for as fn(&str, Release) -> Findings,
                    spec.to_string(),
                    "init.cwd",
                ),
                (
                    HandoffInit::check_json,
                    HandoffInit::check_json_for,
                    init.to_string(),
                    "cwd",
                ),
            ] {
                assert!(check(&document).is_empty(), "{document}");
                let found = check_for(&document, *release);
                assert_eq!(found.len(), usize::from(ignored), "{document}");
                for one in &found {
                    let code = (one.code.as_str(), one.severity());
                    assert_eq!(code, ("cwd-ignored", Severity::Warning));
                    let span = one.span.clone().unwrap();
                    assert_eq!(&document[span], "\"/here\"");
                    assert_eq!(one.path.as_str(), path);
                }
            }
        }
    }
}
