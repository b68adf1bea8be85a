//! What is certain is fixed, and nothing else.

use microsandbox_types::*;

/// Makes the edits of all findings, as an editor would.
fn apply_edits(json: &str, found: &Findings) -> String {
    let mut edits: Vec<_> = found.iter().flat_map(|finding| &finding.edits).collect();
    edits.sort_by_key(|edit| edit.span.start);
    let mut fixed = json.to_owned();
    for edit in edits.into_iter().rev() {
        fixed.replace_range(edit.span.clone(), edit.text);
    }
    fixed
}

#[test]
fn each_kind_of_mistake() {
    for (before, after) in [
        // Around the document.
        ("\u{feff}{}", "{}"),
        (
            r#"{"name": "a,]", "env": [], "labels": {"a": "\",}" , },}"#,
            r#"{"name": "a,]", "env": [], "labels": {"a": "\",}"  }}"#,
        ),
        // Names and words.
        (r#"{"Name": "a"}"#, r#"{"name": "a"}"#),
        (r#"{"n\u0061me_": "a"}"#, r#"{"name": "a"}"#),
        (
            r#"{"resources": {"memoryMib": 512, "CPUS": 1}}"#,
            r#"{"resources": {"memory_mib": 512, "cpus": 1}}"#,
        ),
        (
            r#"{"pull-policy": "if-missing"}"#,
            r#"{"pull_policy": "IfMissing"}"#,
        ),
        (
            r#"{"security_profile": "DEFAULT"}"#,
            r#"{"security_profile": "default"}"#,
        ),
        (
            r#"{"image": {"bind": "/srv"}}"#,
            r#"{"image": {"Bind": "/srv"}}"#,
        ),
        (
            r#"{"patches": [{"remove": {"Path": "/a"}}]}"#,
            r#"{"patches": [{"Remove": {"path": "/a"}}]}"#,
        ),
        (
            r#"{"mounts": [{"Type": "tmpfs" , "Guest": "/a", "sizeMib": "5"}]}"#,
            r#"{"mounts": [{"type": "Tmpfs" , "guest": "/a", "size_mib": 5}]}"#,
        ),
        (
            r#"{"mounts": [{"type": "disk_image", "guest": "/a", "host": "/d", "format": "RAW"}]}"#,
            r#"{"mounts": [{"type": "DiskImage", "guest": "/a", "host": "/d", "format": "Raw"}]}"#,
        ),
        // Numbers.
        (
            r#"{"resources": {"cpus": "255"}}"#,
            r#"{"resources": {"cpus": 255}}"#,
        ),
        (
            r#"{"lifecycle": {"idle_timeout_secs": "0"}}"#,
            r#"{"lifecycle": {"idle_timeout_secs": 0}}"#,
        ),
        (
            r#"{"patches": [{"File": {"path": "/a", "content": ["1",], "replace": true}}]}"#,
            r#"{"patches": [{"File": {"path": "/a", "content": [1], "replace": true}}]}"#,
        ),
        // The environment.
        (r#"{"env": {}}"#, r#"{"env": []}"#),
        (
            "{\"env\": {\n  \"A\" : \"b\",\n  \"C\":\"\\u00e9\\\"\"\n}}",
            "{\"env\": [\n  {\"key\": \"A\" , \"value\": \"b\"},\n  {\"key\": \"C\", \"value\":\"\\u00e9\\\"\"}\n]}",
        ),
        (
            r#"{"env": ["A=", "B=c=d\n", {"key": "E", "value": "f"}]}"#,
            r#"{"env": [{"key": "A", "value": ""}, {"key": "B", "value": "c=d\n"}, {"key": "E", "value": "f"}]}"#,
        ),
        (
            r#"{"init": {"cmd": "auto", "env": {"A": "b", "C": "d"}}}"#,
            r#"{"init": {"cmd": "auto", "env": [["A", "b"], ["C", "d"]]}}"#,
        ),
        (
            r#"{"init": {"cmd": "auto", "env": ["A=b"]}}"#,
            r#"{"init": {"cmd": "auto", "env": [["A", "b"]]}}"#,
        ),
        // The image.
        (
            r#"{"image": "alpine:3.20"}"#,
            r#"{"image": {"Oci": {"reference": "alpine:3.20"}}}"#,
        ),
        // One inside of the other, and many at once.
        (
            "\u{feff}{\"Image\": \"alpine\", \"ENV\": {\"A\": \"b\",},\n\"Network\": {\"Ports\": [{\"Host_Port\": \"80\",\"guest_port\": \"080\"}]}}",
            "{\"image\": {\"Oci\": {\"reference\": \"alpine\"}}, \"env\": [{\"key\": \"A\", \"value\": \"b\"}],\n\"network\": {\"ports\": [{\"host_port\": 80,\"guest_port\": \"080\"}]}}",
        ),
    ] {
        let found = SandboxSpec::check_json(before);
        let fixed = SandboxSpec::fix_json(before);
        assert_eq!(fixed.as_deref(), Some(after), "{before}");
        assert_eq!(apply_edits(before, &found), after, "{before}");
        assert_eq!(SandboxSpec::fix_json(after), None, "{after}");
        let fixable = found
            .iter()
            .filter(|finding| !finding.edits.is_empty())
            .count();
        let left = SandboxSpec::check_json(after);
        assert_eq!(
            found.errors() - fixable,
            left.errors(),
            "{before}:\n{found}\n{left}"
        );
    }
}

#[test]
fn what_is_not_certain() {
    for json in [
        // Nothing is wrong, or something else is.
        r#"{"name": "a", "image": {"Bind": "/srv"}}"#,
        "",
        "\u{feff}",
        "\u{feff}x",
        "[,]",
        "[1,,]",
        "{,}",
        r#"{"a":,}"#,
        r#"{"name": "a,}"#,
        r#"{"name": "a",} // ends here"#,
        // The right field is there too, or two could become it.
        r#"{"name": "a", "Name": "b"}"#,
        r#"{"Name": "b", "name": "a"}"#,
        r#"{"Name": "a", "NAME": "b"}"#,
        r#"{"Name": "a", "env": [], "env": []}"#,
        r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "Guest": "/b"}]}"#,
        r#"{"mounts": [{"Type": "Tmpfs", "TYPE": "Bind", "guest": "/a"}]}"#,
        r#"{"image": {"oci": {"reference": "a"}, "Bind": "/a"}}"#,
        r#"{"image": {"oci": {"reference": "a"}, "oci": {"reference": "a"}}}"#,
        // More than the spelling differs, or names are free.
        r#"{"nam": "a"}"#,
        r#"{"resources": {"memory": 512}}"#,
        r#"{"labels": {"Name": 1}, "network": {"policy": {"Ports": "1"}}}"#,
        r#"{"pull_policy": "missing"}"#,
        r#"{"security_profile": ""}"#,
        // Not a whole number in range as JSON writes it.
        r#"{"resources": {"cpus": "256"}}"#,
        r#"{"resources": {"cpus": "-1"}}"#,
        r#"{"resources": {"cpus": "+1"}}"#,
        r#"{"resources": {"cpus": "01"}}"#,
        r#"{"resources": {"cpus": "1.0"}}"#,
        r#"{"resources": {"cpus": " 1"}}"#,
        r#"{"resources": {"cpus": "\u0031"}}"#,
        r#"{"resources": {"cpus": ""}}"#,
        r#"{"resources": {"memory_mib": "512MB"}}"#,
        // A mode is octal more often than not.
        r#"{"patches": [{"Mkdir": {"path": "/a", "mode": "0755"}}]}"#,
        r#"{"patches": [{"Mkdir": {"path": "/a", "mode": "755"}}]}"#,
        // One variable, or not all of them have a string.
        r#"{"env": {"key": "A", "value": "b"}}"#,
        r#"{"env": {"NAME": "A", "Value": "b"}}"#,
        r#"{"env": {"A": "b", "C": 1}}"#,
        r#"{"env": {"A": {"B": "c"}}}"#,
        r#"{"env": {"A": "b", "A": "c"}}"#,
        r#"{"env": {"A": "b", "\u0041": "c"}}"#,
        // Where the key ends is open.
        r#"{"env": ["A", "=b", "A\u003db", "\u0041=b", "A B=c", "é=c", ""]}"#,
        r#"{"env": ["--env=A=b", "https://a/?b=c", "1=a"]}"#,
        // Not a reference, or perhaps a file.
        r#"{"image": "/srv/root"}"#,
        r#"{"image": "./root"}"#,
        r#"{"image": "disk.qcow2"}"#,
        r#"{"image": "rootfs.ext4"}"#,
        r#"{"image": "Alpine"}"#,
        r#"{"image": "oci"}"#,
        r#"{"image": "alp\u0069ne"}"#,
        r#"{"image": ""}"#,
        r#"{"image": ["alpine"]}"#,
    ] {
        assert_eq!(SandboxSpec::fix_json(json), None);
        let found = SandboxSpec::check_json(json);
        assert!(
            found.iter().all(|finding| finding.edits.is_empty()),
            "{found}"
        );
    }
}

/// A number is too large for a parser only in a field that is read, unless it keeps every digit.
#[test]
fn a_number_that_a_fix_would_bring_to_light() {
    let keeps_digits = serde_json::from_str::<serde_json::Value>("1e999").is_ok();
    let json = r#"{"Resources": {"cpus": 1e999, "Memory_mib": 1},}"#;
    let found = SandboxSpec::check_json(json);
    let is_fixable = found.iter().any(|finding| !finding.edits.is_empty());
    assert_eq!(is_fixable, keeps_digits, "{found}");
    assert_eq!(SandboxSpec::fix_json(json).is_some(), keeps_digits);
}

/// What a mistake hid is found with it, at its place in the text as it is.
#[test]
fn what_comes_to_light_is_found_at_once() {
    let json =
        r#"{"mounts": [{"Type": "tmpfs", "guest": "a", "sizeMib": "0"}], "image": "alpine",}"#;
    let found = SandboxSpec::check_json(json);
    let found: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.code.as_str(),
                one.path.as_str(),
                &json[one.span.clone().unwrap()],
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("unknown-field", "mounts[0].Type", "\"Type\""),
            ("wrong-type", "mounts[0].type", "\"tmpfs\""),
            ("unknown-field", "mounts[0].sizeMib", "\"sizeMib\""),
            ("wrong-type", "mounts[0].size_mib", "\"0\""),
            ("wrong-type", "image", "\"alpine\""),
            ("syntax", "", ","),
            ("name-invalid", "name", "{"),
            ("path-not-absolute", "mounts[0].guest", "\"a\""),
            ("zero", "mounts[0].size_mib", "0"),
        ]
    );
}

/// All that can be fixed is, not just what is kept of the findings.
#[test]
fn more_than_the_findings_that_are_kept() {
    const COUNT: usize = 100_000;
    let (wrong, right) = (
        r#""KEY_1=0123456789 0123456789 01234567""#,
        r#"{"key": "KEY_1", "value": "0123456789 0123456789 01234567"}"#,
    );
    let list = |one: &str| format!(r#"{{"env": [{}]}}"#, vec![one; COUNT].join(","));
    assert_eq!(SandboxSpec::fix_json(&list(wrong)), Some(list(right)));
    let found = SandboxSpec::check_json(&list(wrong));
    assert_eq!(found.as_slice().len(), MAX_FINDINGS);
    assert!(found.errors() > COUNT);
}
