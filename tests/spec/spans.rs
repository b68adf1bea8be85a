//! Where in a JSON text a finding is.

use microsandbox_types::*;

fn finding(code: FindingCode, path: &str) -> Finding {
    let mut finding = SandboxSpec::check_json("[]").as_slice()[0].clone();
    finding.code = code;
    finding.path = path.into();
    finding
}

/// Asserts that a finding is where `marked` has it between `«` and `»`.
fn assert_marked(code: FindingCode, path: &str, marked: &str) {
    let (before, rest) = marked.split_once('«').unwrap();
    let (inside, after) = rest.split_once('»').unwrap();
    let json = format!("{before}{inside}{after}");
    let expected = before.len()..before.len() + inside.len();
    let span = finding(code, path).span(&json);
    assert_eq!(span, Some(expected), "{code} at `{path}` in {marked}");
}

#[test]
fn of_values() {
    for (path, marked) in [
        ("", "«0»"),
        ("", " \n\t\r«\"text\"» "),
        ("a", r#"{"a": «0», "b": 1}"#),
        ("b", r#"{"a":0,"b":«1»}"#),
        ("b", "{\"a\" : 0 ,\n\t\"b\"\r\n:\t«1»\n}"),
        ("b", r#"{"a": "\"}, \\", "b": «"\\\"]"»}"#),
        ("b", r#"{"a": "}]{[,:", "b": «"]}, :"»}"#),
        ("b", r#"{"a": {"x": [1, {"y": "z"}], "b": 2}, "b": «true»}"#),
        ("b", r#"{"a": [[], {}, [1, 2], "x"], "b": «null»}"#),
        ("a.b", r#"{"a": {"b": «1.5e3»,"c": 2}, "b": 3}"#),
        ("[1]", "[0, «1», 2]"),
        ("[1][0]", "[0,[«1»],2]"),
        ("a[10]", r#"{"a": [0,1,2,3,4,5,6,7,8,9,«10»]}"#),
        ("a[1].b", r#"{"a": [{"b": 0}, {"b": «1»}]}"#),
        // Names of which one starts with the other, or with what looks like a step.
        ("ab", r#"{"a": 0, "ab": «1»}"#),
        ("a", r#"{"ab": 0, "a": «1», "abc": 2}"#),
        (r#"["a.b"]"#, r#"{"a": {"b": 0}, "a.b": «1»}"#),
        (r#"a["b c"]"#, r#"{"a": {"b": 0, "b c": «1»}}"#),
        (r#"["é"]"#, r#"{"e": 0, "\u00e9": «1»}"#),
        // Pairs as lists.
        ("env[0].key", r#"{"env": [[«"A"», "b"]]}"#),
        ("env[0].value", r#"{"env": [["A", «"b"»]]}"#),
        // The last of two is meant.
        ("a", r#"{"a": 1, "b": 2, "a": «3», "c": 4}"#),
    ] {
        assert_marked(FindingCode::Zero, path, marked);
    }
}

/// Of what has an inside the name is marked, or the opening bracket where there is none.
#[test]
fn of_objects_and_arrays() {
    for (path, marked) in [
        ("", r#"«{»"a": 1}"#),
        ("", " «[»1]"),
        ("a", r#"{«"a"»: {"b": 1}}"#),
        ("a", r#"{"b": {}, «"a"» : [1]}"#),
        ("a[1]", r#"{"a": [0, «{»"b": 1}]}"#),
        ("a[0]", r#"{"a": [«[»1], 2]}"#),
    ] {
        assert_marked(FindingCode::WrongType, path, marked);
    }
}

/// A name that is at fault itself is marked in place of its value.
#[test]
fn of_names() {
    for code in [
        FindingCode::UnknownField,
        FindingCode::RepeatedField,
        FindingCode::ScriptName,
        FindingCode::LabelKey,
    ] {
        assert_marked(code, "a", r#"{«"a"»: 1}"#);
        assert_marked(code, "a.b", r#"{"a": {"a": 0, «"b"»: "c"}}"#);
        assert_marked(code, "a", r#"{"a": 1, «"a"»: 2}"#);
        assert_marked(code, "[0]", "[«1»]");
    }
}

/// What is absent is told of the nearest thing around it.
#[test]
fn of_what_is_absent() {
    for (path, marked) in [
        ("x", r#"«{»"a": 1}"#),
        ("[2]", "«[»0, 1]"),
        ("a.b", r#"{«"a"»: {"c": 1}, "b": 2}"#),
        ("a[1]", r#"{«"a"»: [0]}"#),
        ("a[0].b", r#"{"a": [«{»}]}"#),
        ("a.b", r#"{"a": «"text"», "b": 2}"#),
        ("a.b.c", r#"{"a": {"b": «0»}}"#),
    ] {
        assert_marked(FindingCode::Missing, path, marked);
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
        // Where the text ends too early, its last character is marked, unless that ends a line.
        "[1, «2»",
        "[1, 2\n«»",
        "[1]\r\n«]»",
    ] {
        assert_marked(FindingCode::Syntax, "", marked);
    }
    assert_eq!(finding(FindingCode::Syntax, "").span("{}"), None);
}

/// A text that is not JSON ends the search, wherever it breaks.
#[test]
fn of_another_text() {
    for (path, json) in [
        ("", ""),
        ("", " "),
        ("", ","),
        ("[1]", "[}"),
        ("[0]", "[:1]"),
        ("[0]", "[1"),
        ("a", "{"),
        ("a", "{]"),
        ("a", "{1: 2}"),
        ("a", r#"{"a""#),
        ("a", r#"{"a" 1}"#),
        ("a", r#"{"a":"#),
        ("b", r#"{"a":}"#),
        ("b", r#"{"a": 1"#),
        ("b", r#"{"a": {"b": 1"#),
    ] {
        let span = finding(FindingCode::Zero, path).span(json);
        assert_eq!(span, None, "`{path}` in {json}");
    }
}
