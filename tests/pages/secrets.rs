//! `check` never shows a secret, however broken the spec is.

use proptest::prelude::*;

use super::examples::run;
use super::shared::tree::Tree;

/// Each half is one too: a long line is cut.
const SECRET: [&str; 2] = ["k7Qz", "w9Xv"];

/// A spec with a secret in every place that may have one. `$S` stands for it.
const SPEC: &str = r#"{
  "name": "web-1",
  "image": {"Oci": {"reference": "user:$S@registry.example/web:1", "upper_size_mib": 8}},
  "resources": {"cpus": 1, "memory_mib": 512},
  "runtime": {
    "workdir": "/srv", "hostname": "web-1", "log_level": "info",
    "entrypoint": ["/bin/web", "--token=$S"], "cmd": ["$S"],
    "scripts": {"start": "export TOKEN=$S", "stop": "$S"}
  },
  "env": [{"key": "TOKEN", "value": "$S"}, {"key": "TOKEN", "value": "é$S"}],
  "labels": {"team": "$S"},
  "rlimits": [{"resource": "Nofile", "soft": 2, "hard": 1}],
  "mounts": [
    {"type": "Tmpfs", "guest": "/data", "size_mib": 0},
    {"type": "Bind", "host": "/srv/$S", "guest": "/data", "options": {"readonly": true}}
  ],
  "patches": [
    {"Text": {"path": "/etc/a", "content": "$S", "mode": 644, "replace": true}},
    {"Append": {"path": "etc/a", "content": "password=$S"}},
    {"CopyFile": {"src": "$S", "dst": "/b", "replace": false}}
  ],
  "network": {
    "ports": [{"host_port": 0, "guest_port": 80, "host_bind": "::"}],
    "secrets": {"entries": [{"name": "TOKEN", "value": "$S"}, "$S"]},
    "dns": {"token": "$S"}
  },
  "init": {"cmd": "auto", "args": ["--token", "$S"], "env": [["TOKEN", "$S"], ["A=B", "$S"]]}
}"#;

/// Where, what, and with what; each is taken modulo what there is.
type Change = (usize, usize, usize);

/// Changes one value, or the names of its fields. No value becomes a name.
fn change(tree: &mut Tree, what: usize, with: usize) {
    let wrapped = match with % 5 {
        0 => Tree::Array(vec![tree.clone()]),
        1 => Tree::Object(vec![("x".into(), tree.clone())]),
        2 => Tree::Object(vec![("x".into(), tree.clone()), ("x".into(), tree.clone())]),
        3 => Tree::Scalar("null".into()),
        _ => Tree::Scalar("70000000000".into()),
    };
    match tree {
        Tree::Object(entries) if !entries.is_empty() => {
            let place = with % entries.len();
            match what % 5 {
                0 => drop(entries.remove(place)),
                1 => entries[place].0.push('s'),
                2 => entries[place].0 = entries[place].0.to_uppercase(),
                3 => entries.push(entries[place].clone()),
                _ => *tree = wrapped,
            }
        }
        Tree::Text(text) => match what % 9 {
            0 => text.push('\0'),
            1 => text.insert(0, '\u{202e}'),
            // More than `execve(2)` takes.
            2 => text.push_str(&"x".repeat(140_000)),
            _ => *tree = wrapped,
        },
        _ => *tree = wrapped,
    }
}

/// Replaces or removes one character, or inserts one.
fn damage(json: &mut String, place: usize, what: usize, with: usize) {
    const WITH: [&str; 10] = ["\"", "{", "}", "[", "]", ":", ",", "\\", "//", "\n"];
    let marks: Vec<_> = json
        .char_indices()
        .filter(|(_, c)| "\"{}[]:,".contains(*c))
        .map(|(at, _)| at)
        .collect();
    let Some(at) = marks.get(place % marks.len().max(1)).copied() else {
        return;
    };
    let with = WITH[with % WITH.len()];
    match what % 4 {
        0 => drop(json.remove(at)),
        1 => json.replace_range(at..=at, with),
        2 => json.insert_str(at, with),
        _ => json.truncate(at),
    }
}

/// Whether the secret became the name of a field: a name is shown in what is found about it.
fn names_a_field(json: &str, secret: &str) -> bool {
    json.match_indices(secret).any(|(at, _)| {
        let rest = json[at..].split_once('"').map_or("", |(_, rest)| rest);
        rest.trim_start().starts_with(':')
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn no_secret_is_ever_shown(
        changes in prop::collection::vec(any::<Change>(), 0..4),
        damages in prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::collection::vec(any::<Change>(), 1..4),
        ],
        escape in any::<bool>(),
    ) {
        let mut tree = Tree::parse(&SPEC.replace("$S", &SECRET.concat()));
        for (place, what, with) in changes {
            let count = tree.count();
            change(tree.at(place % count), what, with);
        }
        let mut json = tree.print(escape);
        for (place, what, with) in damages {
            damage(&mut json, place, what, with);
        }
        let escaped = SECRET.map(|half| Tree::Text(half.into()).print(true).replace('"', ""));
        let secrets: Vec<_> = SECRET.into_iter().chain(escaped.iter().map(String::as_str)).collect();
        prop_assume!(!secrets.iter().any(|secret| names_a_field(&json, secret)));
        for format in ["text", "json", "github"] {
            let output = run("check", &["--format", format, "-"], json.as_bytes(), false);
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            prop_assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
            for secret in &secrets {
                prop_assert!(!said.contains(secret), "{secret} of {json} in\n{said}");
            }
        }
    }
}

/// What the snippet shows of the line that a finding is about.
#[test]
fn snippets_show_only_what_is_harmless() {
    for (json, shown) in [
        // The value that it is about, if that is harmless, and names of known fields.
        (r#"{"name": "a b", "x": 1}"#, r#"{"name": "a b", "*": *}"#),
        (
            r#"{"name": "w", "resources": {"cpus": 0}}"#,
            r#"{"name": "*", "resources": {"cpus": 0}}"#,
        ),
        (
            r#"{"resources": {"cpus": "12"}}"#,
            r#"{"resources": {"cpus": "**"}}"#,
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "a"}]}"#,
            r#"{"mounts": [{"type": "*****", "guest": "a"}]}"#,
        ),
        (
            r#"{"env": [{"key": "A=b", "value": "é"}]}"#,
            r#"{"env": [{"key": "***", "value": "*"}]}"#,
        ),
        (
            r#"{"env": [{"key": "", "value": "é"}]}"#,
            r#"{"env": [{"key": "", "value": "*"}]}"#,
        ),
        (r#"{"env": {"A": "b"}}"#, r#"{"env": {"*": "*"}}"#),
        (r#"{"init": {"cmd": "run"}}"#, r#"{"init": {"cmd": "run"}}"#),
        (
            r#"{"init": {"cmd": "run -p pw"}}"#,
            r#"{"init": {"cmd": "*********"}}"#,
        ),
        (r#"{"memory": 7}"#, r#"{"memory": *}"#),
        // Image references.
        (
            r#"{"image": {"Oci": {"reference": "r.io/A"}}}"#,
            r#"{"image": {"Oci": {"reference": "r.io/A"}}}"#,
        ),
        (
            r#"{"image": {"Oci": {"reference": "u:p@r.io/a"}}}"#,
            r#"{"image": {"Oci": {"reference": "****r.io/a"}}}"#,
        ),
        (
            r#"{"image": {"Oci": {"reference": "u:p@q@r.io/a"}}}"#,
            r#"{"image": {"Oci": {"reference": "******r.io/a"}}}"#,
        ),
        (
            r#"{"image": {"Oci": {"reference": "A@sha256:0"}}}"#,
            r#"{"image": {"Oci": {"reference": "A@sha256:0"}}}"#,
        ),
        (
            r#"{"image": {"Oci": {"reference": "u:p@r/a@sha256:0"}}}"#,
            r#"{"image": {"Oci": {"reference": "****r/a@sha256:0"}}}"#,
        ),
        (
            r#"{"image": {"Oci": {"reference": "u:p\u0040r/a"}}}"#,
            r#"{"image": {"Oci": {"reference": "************"}}}"#,
        ),
        // Broken texts: nobody knows what is what.
        (
            r#"{"name": "a b", "cmd": 1,}"#,
            r#"{"name": "***", "cmd": *,}"#,
        ),
        (
            r#"{"env": [{"key": "A, "value": "b"}]}"#,
            r#"{"env": [{"key": "***"*****"**"*"***"#,
        ),
    ] {
        let output = run("check", &["-"], json.as_bytes(), false);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = format!("\n1 | {shown}\n");
        assert!(text.contains(&line), "{json} as\n{text}");
    }
}

/// Each kind has harmless fields of its own.
#[test]
fn snippets_of_other_kinds() {
    for (kind, json, shown) in [
        (
            "cloud-create",
            r#"{"name": "w", "image": "u:p@r.io/A", "shell": "pw"}"#,
            r#"{"name": "*", "image": "****r.io/A", "shell": "**"}"#,
        ),
        (
            "cloud-create",
            r#"{"name": "w", "image": "a", "env": {"A": 1, "B": "pw"}}"#,
            r#"{"name": "*", "image": "*", "env": {"*": *, "*": "**"}}"#,
        ),
        (
            "cloud-sandbox",
            r#"{"status": "paused", "last_error": "pw"}"#,
            r#"{"status": "paused", "last_error": "**"}"#,
        ),
        (
            "cloud-error",
            r#"{"code": 404, "message": "pw"}"#,
            r#"{"code": ***, "message": "**"}"#,
        ),
        (
            "handoff",
            r#"{"cmd": "run", "args": ["pw"]}"#,
            r#"{"cmd": "run", "args": ["**"]}"#,
        ),
        (
            "handoff",
            r#"{"cmd": "run -p pw", "args": ["pw"]}"#,
            r#"{"cmd": "*********", "args": ["**"]}"#,
        ),
        (
            "volume",
            r#"{"name": "a", "kind": "dir", "labels": [["a", "pw"]]}"#,
            r#"{"name": "*", "kind": "dir", "labels": [["*", "**"]]}"#,
        ),
        (
            "snapshot",
            r#"{"source_sandbox": "a b", "destination": {"Path": "pw"}}"#,
            r#"{"source_sandbox": "a b", "destination": {"Path": "**"}}"#,
        ),
    ] {
        let output = run("check", &["--kind", kind, "-"], json.as_bytes(), false);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = format!("\n1 | {shown}\n");
        assert!(text.contains(&line), "{json} as\n{text}");
        assert!(!text.contains("pw"), "{text}");
    }
}
