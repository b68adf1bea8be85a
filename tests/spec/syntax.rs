//! Texts that are not JSON: each is named as what it is, at its place.

use microsandbox_types::*;

/// Asserts what the first finding about syntax says, and that it is at `«…»`.
fn assert_named(marked: &str, message: &str, label: &str, help: &str) {
    let (before, rest) = marked.split_once('«').unwrap();
    let (inside, after) = rest.split_once('»').unwrap();
    let json = format!("{before}{inside}{after}");
    let found = SandboxSpec::check_json(&json);
    let one = found.iter().find(|one| one.code == FindingCode::Syntax);
    let one = one.unwrap_or_else(|| panic!("{json}: {found}"));
    let expected = before.len()..before.len() + inside.len();
    assert_eq!(one.span, Some(expected), "{json}: {one:?}");
    assert_eq!(one.message, message, "{json}");
    assert_eq!(one.label.as_deref(), Some(label), "{json}");
    assert_eq!(one.help.as_deref().unwrap_or_default(), help, "{json}");
}

#[test]
fn other_formats() {
    let yaml = |text: &str| {
        assert_named(
            text,
            "this looks like YAML, but specs are JSON",
            "the file starts here",
            "convert it first: yq -o=json spec.yaml > spec.json",
        );
    };
    for text in [
        "«name»: web-1\nimage: alpine\n",
        "# a spec\n\n  «resources»:\n    cpus: 2\n",
        "«---»\nname: web-1\n",
        "«%YA»ML 1.2\n---\n{}\n",
        "«-» name: web-1\n",
        "\u{feff}«name»: web-1",
    ] {
        yaml(text);
    }
    for text in [
        "«{»\0\"\0n\0\"\0:\0{}\0",
        "«\0»{\0\"\0n\0\"\0:\0{}",
        "«\u{fffd}»\u{fffd}{\0}\0",
    ] {
        assert_named(
            text,
            "this looks like UTF-16, but specs are UTF-8",
            "the file starts here",
            "convert it first: iconv -f UTF-16 -t UTF-8 spec.json > spec-utf8.json",
        );
    }
    for text in ["«»", "«» \n\t"] {
        assert_named(
            text,
            "the file is empty",
            "here",
            r#"the smallest spec is `{"name": "web-1", "image": {"Oci": {"reference": "alpine:3.20"}}}`"#,
        );
    }
}

#[test]
fn unclosed_strings() {
    for text in [
        "{\n  \"name\": «\"»web-1,\n  \"env\": []\n}",
        "{«\"»name: 1, \"labels\": {}}",
        "{\"name\": «\"»web-1",
        "{\"name\": «\"»one\ntwo\"}",
        "{\"name\": «\"»web-1\\\"}",
    ] {
        assert_named(
            text,
            "this string is never closed",
            "it starts here",
            r#"add a closing `"`; inside a string, write `\"` for a quote and `\n` for a line break"#,
        );
    }
    let found = SandboxSpec::check_json("{\"name\": \"web-1");
    let note = found.as_slice()[0].note.as_deref();
    assert_eq!(note, Some("the rest of the file was not checked"));
}

#[test]
fn whatever_else_is_no_json() {
    const DOUBLE: &str = "strings must be in double quotes";
    for (text, message, help) in [
        (
            "{\"a\": 1 «\"»b\": 2}",
            "a comma is missing before this",
            "",
        ),
        ("{\"a\": [1 «2»]}", "a comma is missing before this", ""),
        ("{\"a\" «1»}", "a colon is missing before this", ""),
        (
            "{\"a\" «=» 1}",
            "a field's name and its value need a colon between them",
            "write `:`",
        ),
        ("{\"a\": 1«;» \"b\": 2}", "`;` does not belong here", ""),
        ("{«a»: 1}", "a field's name must be in double quotes", ""),
        (
            "{\"a\": 1, «b_c»: 1}",
            "a field's name must be in double quotes",
            "",
        ),
        ("{«,»}", "a field's name is missing here", ""),
        (
            "{\"a\": «,» \"b\": 1}",
            "a value is missing before this `,`",
            "",
        ),
        ("{\"a\":«}»", "a value is missing before this `}`", ""),
        (
            "{\"a\": 1,«,» \"b\": 1}",
            "a value is missing before this `,`",
            "",
        ),
        ("{\"a\": 1}«}»", "this `}` closes nothing", "remove it"),
        (
            "{\"a\": [1«}»}",
            "this `}` does not fit the bracket that is open",
            "",
        ),
        (
            "{\"a\": 1} «{»}",
            "the document has ended before this",
            "a file holds one document",
        ),
        (
            "[\"a\"«:» 1]",
            "only the name of an object's field takes a colon",
            "",
        ),
        ("{«“»a”: 1}", DOUBLE, "write a straight quote: `\"`"),
        ("{\"a\": «`»b`}", DOUBLE, "write `\"`"),
        (
            "{\"a\":«\u{a0}»1}",
            "this character may only be in a string",
            "",
        ),
        (
            "{\"a\": «0644»}",
            "JSON has no such number",
            "write it in decimal, without a 0 before it",
        ),
        (
            "{\"a\": «0x1f»}",
            "JSON has no such number",
            "write it in decimal, without a 0 before it",
        ),
        (
            "{\"a\": «.5»}",
            "JSON has no such number",
            "a number is digits, with a fraction or an exponent if need be",
        ),
        (
            "{\"a\": «undefined»}",
            "this word is not JSON",
            "a string must be in double quotes; the only words are `true`, `false` and `null`",
        ),
        (
            "{\"a\": \"C:«\\w»\"}",
            "JSON has no such escape",
            "write `\\\\` for a backslash",
        ),
        (
            "{\"name\": \"«\\ud800» \"}",
            "this escape is half a character",
            "write the character itself",
        ),
        (
            "{\"name\": \"a«\t»b\"}",
            "a string must not contain a control character",
            "write `\\t` for a tab and `\\n` for a line break",
        ),
    ] {
        assert_named(text, message, "here", help);
    }
    assert_named(
        "{\"a\": «[»1, 2",
        "this `[` is never closed",
        "it is opened here",
        "add a closing `]`",
    );
    let deep = "[".repeat(200);
    let found = SandboxSpec::check_json(&format!("{{\"network\": {{\"policy\": {deep}"));
    assert_eq!(
        found.as_slice()[0].message,
        "lists and objects are nested too deeply"
    );
}

/// Comments, trailing commas and the like are errors, and the rest is checked all the same, at its
/// places.
#[test]
fn what_does_not_stop_the_check() {
    const REST: &str = r#""resources": {"cpus": 0}"#;
    for (json, expected) in [
        (
            "{// hunter2\n$}",
            &["JSON does not allow comments; remove it"][..],
        ),
        (
            "/* hunter2\n\"é\" */{$/**/} # hunter2",
            &["JSON does not allow comments; remove them"],
        ),
        ("{$,}", &["JSON does not allow trailing commas; remove it"]),
        ("{$, \"env\": [ , ]\n}\n", &[]),
        (
            "{\"env\": [{\"key\": \"A\", \"value\": \"//, }\" , } /**/,], $}",
            &[
                "JSON does not allow trailing commas; remove it",
                "JSON does not allow trailing commas; remove it",
                "JSON does not allow comments; remove it",
            ],
        ),
        (
            "\u{feff}{$}",
            &["the file starts with a byte order mark; save it as UTF-8 without one"],
        ),
        (
            "{'env': [{\"key\": 'A', \"value\": ''}], $}",
            &["strings must be in double quotes; write `\"` in place of each `'`"],
        ),
        (
            "{\"network\": {\"enabled\": True, \"policy\": [None, FALSE]}, $}",
            &[
                "this is not how JSON spells `true`; write `true`",
                "this is not how JSON spells `null`; write `null`",
                "this is not how JSON spells `false`; write `false`",
            ],
        ),
    ] {
        let json = json.replace('$', REST);
        let found = SandboxSpec::check_json(&json);
        let syntax = found.iter().filter(|one| one.code == FindingCode::Syntax);
        let mut syntax: Vec<_> = syntax
            .map(|one| {
                format!(
                    "{}; {}",
                    one.message,
                    one.help.as_deref().unwrap_or_default()
                )
            })
            .collect();
        syntax.sort();
        let mut expected: Vec<_> = expected.to_vec();
        expected.sort_unstable();
        if expected.is_empty() {
            // A comma alone is none too many.
            assert_eq!(found.len(), 1, "{json}: {found}");
            continue;
        }
        assert_eq!(syntax, expected, "{json}");
        let zero = found.iter().find(|one| one.code == FindingCode::Zero);
        let at = json.find("0}").unwrap();
        assert_eq!(
            zero.and_then(|one| one.span.clone()),
            Some(at..at + 1),
            "{json}"
        );
        assert!(SandboxSpec::from_json_strict(&json).is_err(), "{json}");
    }
}

/// A comment may end in the middle of nothing, with characters of any length.
#[test]
fn places_are_whole_characters() {
    for json in [
        "// é",
        "{// é",
        "/*é",
        "# \u{10348}",
        "{\"a\" /*\u{10348}*/",
        "[/*é*/",
    ] {
        for one in &SandboxSpec::check_json(json) {
            assert!(
                json.get(one.span.clone().unwrap()).is_some(),
                "{json}: {one:?}"
            );
        }
    }
}

#[test]
fn many_comments_are_one_finding() {
    let json = "# one\n".repeat(50_000) + "{}";
    let found = SandboxSpec::from_json_strict(&json).unwrap_err();
    assert_eq!(found.len(), 1);
    let one = &found.as_slice()[0];
    assert_eq!(one.span, Some(0..1));
    assert_eq!(one.label.as_deref(), Some("the first is here"));
    assert_eq!(one.note.as_deref(), Some("there are 50000 comments"));
}
