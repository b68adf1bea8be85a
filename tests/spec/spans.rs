//! Where in a JSON text a finding is.

use microsandbox_types::*;

/// Asserts that the first finding with this code is where `marked` has it between `«` and `»`.
fn assert_marked(code: FindingCode, path: &str, marked: &str) {
    let (before, rest) = marked.split_once('«').unwrap();
    let (inside, after) = rest.split_once('»').unwrap();
    let json = format!("{before}{inside}{after}");
    let expected = before.len()..before.len() + inside.len();
    let found = SandboxSpec::check_json(&json);
    let one = found
        .iter()
        .find(|one| one.code == code && one.path.as_str() == path);
    let span = one.and_then(|one| one.span.clone());
    assert_eq!(
        span,
        Some(expected),
        "{code} at `{path}` in {marked}:\n{found}"
    );
}

#[test]
fn of_mistakes_of_form() {
    use FindingCode::{Missing, RepeatedField, UnknownField, WrongType};
    for (code, path, marked) in [
        (WrongType, "", "«0»"),
        (WrongType, "", " \n\t\r«\"te\\\"xt\"» "),
        (WrongType, "", "«[»1]"),
        (
            WrongType,
            "env",
            r#"{"labels": {"b": "}, \\"}, «"env"» : {"A": "b"}}"#,
        ),
        (
            WrongType,
            "env[1].value",
            r#"{"env":[{"key":"é","value":""},{"value":«-1.5e3»,"key":"\u00e9"}]}"#,
        ),
        (
            WrongType,
            "resources.cpus",
            r#"{"resources": {"cpus": «256» , "memory_mib": 1}}"#,
        ),
        (
            WrongType,
            "init.env[0]",
            r#"{"init": {"cmd": "auto", "env": [«[»"A"]]}}"#,
        ),
        (
            WrongType,
            "init.env[0][1]",
            r#"{"init": {"cmd": "auto", "env": [["A", «null»]]}}"#,
        ),
        (
            WrongType,
            "mounts[1].options.readonly",
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a"}, {"options": {"readonly": «"no"»}, "guest": "/b", "type": "Tmpfs"}]}"#,
        ),
        (
            WrongType,
            "mounts[0].type",
            r#"{"mounts": [{"guest": "/a", "type": «"tmpfs"» }]}"#,
        ),
        (
            WrongType,
            "image",
            r#"{"image": {"Oci": {"reference": "a"}, «"Bind"»: "/a"}}"#,
        ),
        (WrongType, "$schema", r#"{"$schema": «1»}"#),
        (
            RepeatedField,
            "image.Oci",
            r#"{"image": {"Oci": {"reference": "a"}, «"Oci"»: {"reference": "b"}}}"#,
        ),
        (
            UnknownField,
            "env[0].x",
            r#"{"env": [{"key": "A", "value": "", «"\u0078"»: [{}]}]}"#,
        ),
        (
            UnknownField,
            "resources.$schema",
            r#"{"resources": {«"$schema"»: ""}}"#,
        ),
        (
            UnknownField,
            "mounts[0].host",
            r#"{"mounts": [{«"host"»: {}, "type": "Tmpfs", "guest": "/a"}]}"#,
        ),
        (
            RepeatedField,
            "name",
            r#"{"name": "a", "env": [], «"n\u0061me"»: "b"}"#,
        ),
        (
            RepeatedField,
            "mounts[0].guest",
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", «"guest"»: "/b"}]}"#,
        ),
        (
            RepeatedField,
            r#"network.policy[""]"#,
            r#"{"network": {"policy": {"": 1, «""»: 2}}}"#,
        ),
        (
            Missing,
            "network.ports[0].host_bind",
            r#"{"network": {"ports": [«{»"host_port": 1, "guest_port": 1}]}}"#,
        ),
        (Missing, "init.cmd", r#"{«"init"»: {}}"#),
        (Missing, "mounts[0].type", r#"{"mounts": [«{»}]}"#),
    ] {
        assert_marked(code, path, marked);
    }
}

#[test]
fn of_what_breaks_a_rule() {
    let long = "k".repeat(400);
    for (code, path, marked) in [
        (FindingCode::Zero, "resources.cpus", r#"{"resources": {"cpus": «0»}}"#.into()),
        (FindingCode::Zero, "resources.cpus", r#"{"nme": [[], {}], "resources" : { "cpus"
: «0» }}"#.into()),
        (FindingCode::PathNotAbsolute, "mounts[1].guest", r#"{"mounts": [{"type": 1}, {"guest": «"a"», "type": "Tmpfs"}]}"#.into()),
        (FindingCode::EnvKeyEquals, "init.env[0].key", r#"{"init": {"cmd": "auto", "env": [[«"A="», "b"]]}}"#.into()),
        (FindingCode::ScriptName, r#"runtime.scripts["a/b"]"#, r#"{"runtime": {"scripts": {«"a\/b"»: ""}}}"#.into()),
        (FindingCode::LabelKey, &format!("labels[\"{}…\"]", &long[..64]), format!(r#"{{"labels": {{"{}": "", «"{long}"»: ""}}}}"#, &long[..100])),
        (FindingCode::PortsWithoutNetwork, "network.ports", r#"{"network": {"enabled": false, «"ports"»: [{"host_port": 1, "guest_port": 1, "host_bind": "::1"}]}}"#.into()),
    ] as [(FindingCode, &str, String); 7] {
        assert_marked(code, path, &marked);
    }
}

#[test]
fn of_broken_syntax() {
    for marked in [
        "«»",
        "«x»",
        r#"{"a": «x»}"#,
        r#"{"a": «é»}"#,
        r#"{"a": 1 «é»: 2}"#,
        "{\n\"é\": 1,\n\n  \"a\" «1»\n}",
        "{}\r\n«]»",
        // A word or a number is marked as a whole.
        r#"{"a": «undefined», "b": 1}"#,
        r#"{"a": [1, «0755»]}"#,
        r#"{"a": «1e5x»}"#,
        r#"{«name»: 1}"#,
        // What is never closed is marked where it starts.
        "[1, {\"a\": «[»[2]",
        "«{»\"a\": [1, 2]\n",
        "{\"a\": 1, «\"»b: 2}",
        "{\"a\": «\"»1\n2\", \"b\": 3}",
        r#"{«"»a: 1, "b": 2}"#,
        r#"{"a": "b«\x»"}"#,
        r#"{"name": "b«\ud800»"}"#,
        "{\"a\": \"b«\t»\"}",
    ] {
        assert_marked(FindingCode::Syntax, "", marked);
    }
}

#[test]
fn the_first_of_two_is_related() {
    let json = r#"{"name": "a", "name": "b"}"#;
    let found = SandboxSpec::check_json(json);
    let one = found
        .iter()
        .find(|one| one.code == FindingCode::RepeatedField);
    let related = &one.unwrap().related[0];
    assert_eq!(
        (related.span.clone(), related.label.as_ref()),
        (1..7, "the first is here")
    );
}

/// All mistakes are found at once, and the rules look at what could be read.
#[test]
fn of_many_mistakes_at_once() {
    let json =
        r#"{"name": 1, "env": {}, "mounts": [{"type": "Tmpfs"}, 5], "resources": {"cpus": 0}}"#;
    let found: Vec<_> = SandboxSpec::check_json(json)
        .iter()
        .map(|one| format!("{} {}", one.code, one.path))
        .collect();
    assert_eq!(
        found,
        [
            "wrong-type name",
            "wrong-type env",
            "missing mounts[0].guest",
            "wrong-type mounts[1]",
            "image-reference image.Oci.reference",
            "zero resources.cpus",
        ]
    );
}
