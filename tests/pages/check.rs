//! The options of the example `check`, and the kinds of documents that it knows.

use serde_json::Value;

use super::examples::run;

/// What `check` says of a document on its standard input, and its exit status.
fn check(args: &[&str], document: &str) -> (String, Option<i32>) {
    let args: Vec<_> = args.iter().copied().chain(["-"]).collect();
    let output = run("check", &args, document.as_bytes(), false);
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code())
}

fn as_json(args: &[&str], document: &str) -> Value {
    let args: Vec<_> = ["--format", "json"].iter().chain(args).copied().collect();
    serde_json::from_str(&check(&args, document).0).unwrap()
}

/// The kinds, the names of their schemas' files, and a good document of each.
const KINDS: [(&str, &str, &str); 8] = [
    (
        "sandbox",
        "sandbox-spec",
        r#"{"name": "a", "image": {"Bind": "/a"}, "runtime": {}}"#,
    ),
    (
        "volume",
        "volume-spec",
        r#"{"name": "a", "kind": "Directory", "labels": []}"#,
    ),
    (
        "volume-create",
        "named-volume-create",
        r#"{"name": "a", "kind": "Directory", "labels": [], "mode": "Create"}"#,
    ),
    (
        "snapshot",
        "snapshot-spec",
        r#"{"source_sandbox": "a", "destination": {"Name": "b"}, "labels": [], "force": false, "record_integrity": true}"#,
    ),
    ("handoff", "handoff-init", r#"{"cmd": "auto", "args": []}"#),
    (
        "cloud-create",
        "cloud-create-sandbox-request",
        r#"{"name": "a", "image": "a", "vcpus": 1}"#,
    ),
    (
        "cloud-sandbox",
        "cloud-sandbox",
        r#"{"id": "a", "org_id": "a", "name": "a", "status": "running", "config": {}, "ephemeral": true, "created_at": "2024-01-01T00:00:00Z"}"#,
    ),
    (
        "cloud-error",
        "cloud-error-body",
        r#"{"code": "a", "message": "b"}"#,
    ),
];

#[test]
fn a_kind_is_told_or_named_by_the_schema() {
    for (kind, file, document) in KINDS {
        let (text, code) = check(&["--kind", kind], document);
        assert_eq!(code, Some(0), "{kind}: {text}");
        for schema in [
            format!("{file}.json"),
            format!("https://example.com/v1/{file}.json?raw#"),
        ] {
            let rest = &document[1..];
            let document = format!(r#"{{"$schema": "{schema}", {rest}"#);
            let report = as_json(&[], &document);
            assert_eq!(report["documents"][0]["kind"], kind, "{schema}");
            assert_eq!(report["documents"][0]["errors"], 0, "{schema}");
            // The option wins.
            let report = as_json(&["--kind", "handoff"], &document);
            assert_eq!(report["documents"][0]["kind"], "handoff");
        }
        // A name that only ends in the same letters is another one.
        let report = as_json(&[], &format!(r#"{{"$schema": "my-{file}.json"}}"#));
        assert_eq!(report["documents"][0]["kind"], "sandbox");
    }
}

/// A document of another kind is named as what it looks like.
#[test]
fn a_document_that_looks_like_another_kind() {
    for (kind, _, document) in KINDS {
        let expected = if kind == "sandbox" {
            Value::Null
        } else {
            kind.into()
        };
        let report = as_json(&[], document);
        assert_eq!(report["documents"][0]["looks_like"], expected, "{document}");
    }
    for (args, document, expected) in [
        // Fields that moved out of their parts, and a mistake, do not make another kind.
        (
            &[][..],
            r#"{"name": "a", "image": {"Bind": "/a"}, "memory_mib": 1, "hostname": "a"}"#,
            Value::Null,
        ),
        (&[], r#"{"name": "a", "imagee": {}}"#, Value::Null),
        (
            &[],
            r#"{"name": "a", "kind": "dir", "labels": []}"#,
            "volume".into(),
        ),
        (
            &[],
            r#"{"cmd": "auto", "arg": [], "env": []}"#,
            "handoff".into(),
        ),
        (&[], "[]", Value::Null),
        (&[], r#"{"cmd": "auto""#, Value::Null),
        (&["--kind", "volume"], KINDS[0].2, "sandbox".into()),
    ] {
        let report = as_json(args, document);
        assert_eq!(report["documents"][0]["looks_like"], expected, "{document}");
    }
    let (text, _) = check(&[], KINDS[4].2);
    let hint = "note: -: this was checked as a sandbox spec, but looks like a handoff: try \
                `--kind handoff`\n";
    assert!(text.contains(hint), "{text}");
}

#[test]
fn json_has_a_version_and_pointers() {
    let report = as_json(
        &["--stdin-name", "a.json"],
        r#"{"name": "a", "image": {"Bind": "/a"}, "labels": {"a/b~c": 1}}"#,
    );
    assert_eq!(report["version"], 1);
    let document = &report["documents"][0];
    assert_eq!(document["file"], "a.json");
    assert_eq!(document["findings"][0]["pointer"], "/labels/a~1b~0c");
    assert_eq!(document["findings"][0]["span"]["start"]["column"], 60);
}

#[test]
fn commands_for_github() {
    let args = ["--format", "github", "--stdin-name", "a,b:100%.json"];
    let (text, code) = check(
        &args,
        "{\"name\": \"a\",\n  \"image\": {\"Bind\": \"\"}, \"mount\": [],\n \"env\": [{\"key\": \"é%\"}]}",
    );
    assert_eq!(
        text,
        "::error file=a%2Cb%3A100%25.json,line=2,endLine=2,col=26,endColumn=33,title=unknown-field::mount: unknown field \"mount\"%0Adid you mean \"mounts\"?\n\
         ::error file=a%2Cb%3A100%25.json,line=3,endLine=3,col=10,endColumn=11,title=missing::env[0].value: field \"value\" is missing%0Aadd `\"value\": \"…\"`\n\
         ::error file=a%2Cb%3A100%25.json,line=2,endLine=2,col=21,endColumn=23,title=empty::image.Bind: must not be empty\n"
    );
    assert_eq!(code, Some(1));
    let (text, _) = check(&args[..2], r#"{"cmd": "auto", "100%\n::error::": 1}"#);
    assert!(
        text.contains(r#"["100%25\n::error::"]: unknown field"#),
        "{text}"
    );
    assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
    let output = run("check", &["--format", "github", "a:b\n.json"], b"", false);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with(r"::error file=a%3Ab\u000a.json::cannot read a:b\u000a.json: "),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn codes_are_explained() {
    for code in microsandbox_types::FindingCode::ALL {
        let output = run("check", &["--explain", code.as_str()], b"", false);
        let text = String::from_utf8(output.stdout).unwrap();
        let title = format!("{code} ({})\n\n", code.severity());
        assert!(text.starts_with(&title), "{text}");
        assert_eq!(output.status.code(), Some(0));
    }
    let (text, code) = check(&["--explain", "frobnicate"], "");
    assert!(text.contains("unknown finding code: frobnicate"), "{text}");
    assert_eq!(code, Some(2));
}

#[test]
fn warnings_can_be_denied() {
    let warned = r#"{"name": "a", "image": {"Bind": "/a"}, "runtime": {"hostname": "a_b"}}"#;
    assert_eq!(check(&[], warned).1, Some(0));
    assert_eq!(check(&["--deny-warnings"], warned).1, Some(1));
    assert_eq!(check(&["--deny-warnings"], KINDS[0].2).1, Some(0));
}

#[test]
fn standard_input_has_a_name() {
    let (text, _) = check(&["--stdin-name", "web.json"], r#"{"name": "a b"}"#);
    assert!(text.contains("--> web.json:1:10"), "{text}");
}

#[test]
fn mistakes_on_the_command_line() {
    for (args, said) in [
        (&[][..], "no FILE"),
        (
            &["--format", "xml", "a"],
            "--format must be one of text, json, github, not xml",
        ),
        (&["--format"], "--format needs a value"),
        (
            &["--kind", "spec", "a"],
            "--kind must be one of sandbox, volume, volume-create, snapshot, handoff, cloud-create, cloud-sandbox, cloud-error, not spec",
        ),
        (
            &["--for", "0.1", "a"],
            "--for must be one of 0.6.3, not 0.1",
        ),
        (&["--stdin-name"], "--stdin-name needs a value"),
        (&["--frobnicate", "a"], "unknown option --frobnicate"),
    ] {
        let output = run("check", args, b"", false);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            text.starts_with(&format!("check: {said}\n\nUsage: ")),
            "{text}"
        );
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    }
    let output = run("check", &["--help"], b"", false);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Usage: ") && output.status.success());
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

/// No argument makes it panic, wherever it is not UTF-8.
#[cfg(unix)]
#[test]
fn values_of_options_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let value = OsStr::from_bytes(b"--\xff\x1b");
    for option in [
        "--kind",
        "--for",
        "--format",
        "--explain",
        "--stdin-name",
        "-",
    ] {
        let output = run("check", &[OsStr::new(option), value], b"{}", false);
        let said = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(said).unwrap();
        assert!(!text.contains(['\u{1b}']), "{text:?}");
        assert_eq!(output.status.code(), Some(2), "{option}: {text}");
    }
}
