//! What findings say to write.

use microsandbox_types::*;

/// A document, the path of a finding, and its message, help and note.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

fn assert_says(rows: &[Row<'_>]) {
    for (json, path, message, help, note) in rows {
        let found = SandboxSpec::check_json(json);
        let says = found.iter().any(|one| {
            one.path.as_str() == *path
                && one.message == *message
                && one.help.as_deref().unwrap_or_default() == *help
                && one.note.as_deref().unwrap_or_default() == *note
        });
        assert!(
            says,
            "{path}: {message} / {help} / {note}\n{json}: {found:#?}"
        );
    }
}

/// A mount that its author takes for read-only is not writable in silence.
#[test]
fn a_readonly_that_counts_for_nothing() {
    let mount = |members: &str| {
        format!(
            r#"{{"name": "a", "image": {{"Bind": "/a"}}, "mounts": [{{"type": "Tmpfs", "guest": "/b", {members}}}]}}"#
        )
    };
    let ignored = mount(r#""options": {"noexec": true}, "readonly": true"#);
    assert_says(&[(
        &ignored,
        "mounts[0].readonly",
        r#""readonly" is ignored beside "options""#,
        r#"in "options", write `"readonly": true`"#,
        "the mount would be writable",
    )]);
    assert_eq!(SandboxSpec::check_json(&ignored).len(), 1);
    for members in [
        r#""readonly": true"#,
        r#""readonly": true, "options": null"#,
        r#""readonly": true, "options": {"readonly": true}"#,
        r#""readonly": false, "options": {}"#,
    ] {
        let json = mount(members);
        assert!(SandboxSpec::check_json(&json).is_empty(), "{json}");
    }
}

#[test]
fn values_of_another_type() {
    assert_says(&[
        (
            r#"{"image": "debian"}"#,
            "image",
            r#""image" must be an object, not a string"#,
            r#"for an OCI image, write `{"Oci": {"reference": "alpine:3.20"}}`"#,
            "",
        ),
        (
            r#"{"network": {"ports": ["8080:80"]}}"#,
            "network.ports[0]",
            "a port must be an object, not a string",
            r#"write `{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}`"#,
            r#"Docker listens on every address: that is `"host_bind": "0.0.0.0"`"#,
        ),
        (
            r#"{"env": {"TOKEN": "hunter2"}}"#,
            "env",
            r#""env" must be a list, not an object"#,
            r#"write each variable as `{"key": "TOKEN", "value": "…"}`"#,
            "",
        ),
        (
            r#"{"mounts": ["/srv/app:/app:ro"]}"#,
            "mounts[0]",
            "a mount must be an object, not a string",
            r#"for a host directory, write `{"type": "Bind", "host": "/srv/app", "guest": "/app", "options": {"readonly": true}}`"#,
            "",
        ),
        (
            r#"{"init": {"cmd": "auto", "env": [{"key": "A", "value": "hunter2"}]}}"#,
            "init.env[0]",
            "a variable must be a list of two strings, not an object",
            r#"write each variable as `["TOKEN", "…"]`"#,
            "",
        ),
        (
            r#"{"runtime": {"cmd": "run --token=hunter2"}}"#,
            "runtime.cmd",
            r#""cmd" must be a list, not a string"#,
            r#"write each argument as a string of its own: `["/bin/sh", "-c", "sleep 1"]`"#,
            "",
        ),
        (
            r#"{"network": false}"#,
            "network",
            r#""network" must be an object, not true or false"#,
            r#"write `{"enabled": false}`"#,
            "",
        ),
        (
            r#"{"resources": {"cpus": "2"}}"#,
            "resources.cpus",
            r#""cpus" must be a number, not a string"#,
            "write it without quotes: `2`",
            "",
        ),
        (
            r#"{"resources": {"memory_mib": "2 GiB"}}"#,
            "resources.memory_mib",
            r#""memory_mib" must be a number, not a string"#,
            "write `2048`",
            "the unit is MiB: 2 GB would be 1907",
        ),
        (
            r#"{"resources": {"memory_mib": 8589934592}}"#,
            "resources.memory_mib",
            r#""memory_mib" must be a whole number from 0 to 4294967295"#,
            "write `8192`",
            "the unit is MiB: 8589934592 bytes are 8192",
        ),
        (
            r#"{"lifecycle": {"max_duration_secs": "5m"}}"#,
            "lifecycle.max_duration_secs",
            r#""max_duration_secs" must be a number, not a string"#,
            "write `300`",
            "the unit is seconds",
        ),
        (
            r#"{"patches": [{"Mkdir": {"path": "/a", "mode": "0755"}}]}"#,
            "patches[0].Mkdir.mode",
            r#""mode" must be a number, not a string"#,
            "write `493`",
            "JSON has no octal numbers: 0o755 is 493",
        ),
        (
            r#"{"rlimits": [{"resource": "RLIMIT_NPROC", "soft": -1, "hard": 2}]}"#,
            "rlimits[0].soft",
            r#""soft" must be a whole number from 0 to 18446744073709551615"#,
            "for no limit, write `18446744073709551615`",
            "",
        ),
        (
            r#"{"env": [{"key": "PIN", "value": 4711}]}"#,
            "env[0].value",
            r#""value" must be a string, not a number"#,
            "put it in quotes",
            "",
        ),
        (
            r#"{"runtime": {"log_level": "warning"}}"#,
            "runtime.log_level",
            r#""log_level" must be "error", "warn", "info", "debug" or "trace""#,
            r#"did you mean "warn"?"#,
            "",
        ),
    ]);
}

#[test]
fn kinds() {
    let found = SandboxSpec::check_json(r#"{"image": {"Oci": {"reference": "a"}, "Bind": "/a"}}"#);
    let one = found.iter().find(|one| one.path.as_str() == "image");
    let one = one.unwrap();
    assert_eq!(one.message, r#""image" must have one kind, but has two"#);
    assert_eq!(one.label.as_deref(), Some(r#""Bind" is the second"#));
    assert_eq!(one.related[0].label, r#""Oci" is the first"#);
    assert_eq!(one.help.as_deref(), Some("remove one of them"));

    let one_of = r#""image" must have one of "Bind", "Oci" or "DiskImage""#;
    let patch = "a patch must have one of \"Text\", \"File\", \"CopyFile\", \"CopyDir\", \"Symlink\", \
                 \"Mkdir\", \"Remove\" or \"Append\"";
    assert_says(&[
        (
            r#"{"image": {"oci": {}}}"#,
            "image",
            one_of,
            r#"did you mean "Oci"?"#,
            "",
        ),
        (
            r#"{"image": {"reference": "a"}}"#,
            "image",
            one_of,
            r#"it belongs in "Oci""#,
            "",
        ),
        (
            r#"{"image": {"docker": "a"}}"#,
            "image",
            one_of,
            r#"for an OCI image, write `{"Oci": {"reference": "alpine:3.20"}}`"#,
            "",
        ),
        (
            r#"{"image": {"upper_size_mib": 8, "Oci": {"reference": "a"}}}"#,
            "image",
            r#"unknown field "upper_size_mib" beside "Oci""#,
            r#"it belongs in "Oci""#,
            "",
        ),
        (
            r#"{"patches": [{"path": "/a", "content": "hunter2"}]}"#,
            "patches[0]",
            patch,
            r#"write `{"Text": {"path": "/etc/app.conf", "content": "…", "replace": true}}`"#,
            "",
        ),
        (
            r#"{"patches": [{"Delete": {"path": "/a"}}]}"#,
            "patches[0]",
            patch,
            r#"did you mean "Remove"?"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "volume", "name": "db", "guest": "/db"}]}"#,
            "mounts[0].type",
            r#""type" must be "Bind", "Named", "Tmpfs" or "DiskImage""#,
            r#"did you mean "Named"?"#,
            "",
        ),
    ]);
}

/// Asserts the help and the note about the only unknown field of a document.
fn assert_helps(rows: &[(&str, &str, &str)]) {
    for (json, help, note) in rows {
        let found = SandboxSpec::from_json_strict(json).unwrap_err();
        let mut unknown = found
            .iter()
            .filter(|one| one.code == FindingCode::UnknownField);
        let one = unknown.next().unwrap();
        assert_eq!(one.help.as_deref().unwrap_or_default(), *help, "{json}");
        assert_eq!(one.note.as_deref().unwrap_or_default(), *note, "{json}");
        assert!(unknown.next().is_none(), "{json}");
    }
}

#[test]
fn names_from_other_tools() {
    const MIB: &str = "the unit is MiB: 512 MB would be 488";
    assert_helps(&[
        (
            r#"{"resources": {"memory": 512}}"#,
            r#"write `"memory_mib": 512`"#,
            MIB,
        ),
        (
            r#"{"resources": {"memory": "hunter2"}}"#,
            r#"write `"memory_mib": 512`"#,
            MIB,
        ),
        (
            r#"{"resources": {"ram": "512MB"}}"#,
            r#"write `"memory_mib": 512`"#,
            MIB,
        ),
        (
            r#"{"mem": "512m"}"#,
            r#"in "resources", write `"memory_mib": 512`"#,
            MIB,
        ),
        // What cannot be read as a size is not made up.
        (r#"{"memory": "1.5g"}"#, "", ""),
        (
            r#"{"memory": 17179869184}"#,
            r#"in "resources", write `"memory_mib": 16384`"#,
            "the unit is MiB: 17179869184 bytes are 16384",
        ),
        (
            r#"{"rlimits": [{"resource": "Fsize", "soft": 1, "max": -1}]}"#,
            r#"write `"hard": 18446744073709551615`"#,
            "",
        ),
        (
            r#"{"rlimits": [{"resource": "Fsize", "soft": 1, "max": "10m"}]}"#,
            "",
            "",
        ),
        (
            r#"{"memory": 536870912, "resources": {}}"#,
            r#"in "resources", write `"memory_mib": 512`"#,
            "the unit is MiB: 536870912 bytes are 512",
        ),
        (r#"{"cpus": 4}"#, r#"in "resources", write `"cpus": 4`"#, ""),
        (r#"{"cpus": 4711}"#, r#"it belongs in "resources""#, ""),
        (
            r#"{"environment": ["A=hunter2"]}"#,
            r#"write `"env": [{"key": "TOKEN", "value": "…"}]`"#,
            "",
        ),
        (
            r#"{"runtime": {"environment": {}}}"#,
            r#"at the top level, write `"env": [{"key": "TOKEN", "value": "…"}]`"#,
            "",
        ),
        (
            r#"{"init": {"cmd": "auto", "environment": {}}}"#,
            r#"write `"env": [["TOKEN", "…"]]`"#,
            "",
        ),
        (
            r#"{"volumes": ["/a:/b"]}"#,
            r#"write `"mounts": [{"type": "Bind", "host": "/srv/app", "guest": "/app", "options": {"readonly": true}}]`"#,
            "",
        ),
        (
            r#"{"command": "hunter2"}"#,
            r#"in "runtime", write `"cmd": ["/bin/sh", "-c", "sleep 1"]`"#,
            "",
        ),
        (
            r#"{"ports": ["80:80"]}"#,
            r#"in "network", write `"ports": [{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}]`"#,
            "",
        ),
        (
            r#"{"network": {"ports": [{"host": 80}]}}"#,
            r#"write `"host_port": 80`"#,
            "",
        ),
        (
            r#"{"network": {"ports": [{"host": "::"}]}}"#,
            r#"write `"host_bind": "127.0.0.1"`"#,
            "",
        ),
        (
            r#"{"network": {"ports": [{"guest": 22}]}}"#,
            r#"write `"guest_port": 22`"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Bind", "source": "/a"}]}"#,
            r#"write `"host": "/srv/app"`"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Named", "source": "a"}]}"#,
            r#"write `"name": "data"`"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "target": "/a"}]}"#,
            r#"write `"guest": "/app"`"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "read_only": false}]}"#,
            r#"write `"options": {"readonly": false}`"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "ro": true, "options": {}}]}"#,
            r#"in "options", write `"readonly": true`"#,
            "",
        ),
        (
            r#"{"oci": "alpine"}"#,
            r#"write `"image": {"Oci": {"reference": "alpine:3.20"}}`"#,
            "",
        ),
        (
            r#"{"timeout": "30s"}"#,
            r#"in "lifecycle", write `"max_duration_secs": 30`"#,
            "",
        ),
    ]);
}

/// One level too deep or too high, the top level included.
#[test]
fn fields_in_the_wrong_place() {
    assert_helps(&[
        (r#"{"hostname": "a"}"#, r#"it belongs in "runtime""#, ""),
        (
            r#"{"resources": {"name": "a"}}"#,
            "it belongs at the top level",
            "",
        ),
        (
            r#"{"resources": {"hostname": "a"}}"#,
            r#"it belongs in "runtime""#,
            "",
        ),
        (
            r#"{"host_bind": "::"}"#,
            r#"it belongs in an element of "network.ports""#,
            "",
        ),
        (
            r#"{"upper_size_mib": 1}"#,
            r#"it belongs in "image.Oci""#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "nosuid": true}]}"#,
            r#"it belongs in "options""#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "host": "/b"}]}"#,
            r#"only "Bind" and "DiskImage" mounts have it"#,
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "quota_mib": 1}]}"#,
            r#"only a "Bind" mount has it"#,
            "",
        ),
        // Too many places have it.
        (r#"{"path": "/a"}"#, "", ""),
    ]);
}

/// Wherever in the document the suggested field is.
#[test]
fn no_suggestion_names_a_field_that_is_there() {
    assert_helps(&[
        (r#"{"nmae": 0, "name": "a"}"#, "", ""),
        (r#"{"NAME": 0, "name": "a"}"#, "remove it", ""),
        (
            r#"{"resources": {"mem": 1, "memory_mib": 1}}"#,
            "remove it",
            "",
        ),
        (
            r#"{"mem": 1, "resources": {"memory_mib": 1}}"#,
            "remove it",
            "",
        ),
        (
            r#"{"resources": {"name": "a"}, "name": "b"}"#,
            "remove it",
            "",
        ),
        (
            r#"{"hostname": "a", "runtime": {"hostname": "b"}}"#,
            "remove it",
            "",
        ),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "ro": true, "options": {"readonly": true}}]}"#,
            "remove it",
            "",
        ),
        // Another mount has its own.
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "options": {"readonly": true}}, {"type": "Tmpfs", "guest": "/b", "ro": true, "options": {}}]}"#,
            r#"in "options", write `"readonly": true`"#,
            "",
        ),
    ]);
}

/// Other kinds of documents have fields of the same names with other shapes.
#[test]
fn other_kinds_of_documents() {
    let request = CloudCreateSandboxRequest::from_json_strict;
    let helps = |found: Findings, path: &str| {
        let one = found.into_iter().find(|one| one.path.as_str() == path);
        one.and_then(|one| one.help)
    };
    for (json, path, help) in [
        (
            r#"{"environment": {}}"#,
            "environment",
            r#"write `"env": {"TOKEN": "…"}`"#,
        ),
        (r#"{"mem": "2g"}"#, "mem", r#"write `"memory_mib": 2048`"#),
        (r#"{"cpus": 4}"#, "cpus", r#"write `"vcpus": 4`"#),
    ] {
        assert_eq!(
            helps(request(json).unwrap_err(), path).as_deref(),
            Some(help)
        );
    }
    let found = HandoffInit::from_json_strict(r#"{"cmd": "auto", "environment": {}}"#);
    let help = helps(found.unwrap_err(), "environment");
    assert_eq!(help.as_deref(), Some(r#"write `"env": [["TOKEN", "…"]]`"#));
    let found =
        VolumeSpec::from_json_strict(r#"{"name": "a", "kind": "dir", "labels": {}, "size": 8}"#);
    let found = found.unwrap_err();
    for (path, help) in [
        ("kind", r#"did you mean "Directory"?"#),
        ("labels", r#"write each label as `["app", "web"]`"#),
        ("size", r#"write `"quota_mib": 8`"#),
    ] {
        assert_eq!(helps(found.clone(), path).as_deref(), Some(help));
    }
    let found = SnapshotSpec::from_json_strict(r#"{"source": "a", "destination": "b"}"#);
    let found = found.unwrap_err();
    for (path, help) in [
        ("source", r#"write `"source_sandbox": "web-1"`"#),
        ("destination", r#"write `{"Name": "daily"}`"#),
        ("force", r#"add `"force": false`"#),
    ] {
        assert_eq!(helps(found.clone(), path).as_deref(), Some(help));
    }
}

/// What is brought along is compared as a whole: advice about hostile names takes no time.
#[test]
fn only_what_is_kept_is_compared() {
    let names: String = (0..100_000).map(|n| format!("\"memory{n}\":0,")).collect();
    let found = SandboxSpec::check_json(&format!("{{{names}\"name\":\"a\"}}"));
    assert_eq!(found.as_slice().len(), MAX_FINDINGS);
    assert_eq!(found.errors(), 100_001);
}

#[test]
fn an_init_that_is_a_command_line() {
    let warns = |cmd: &str| {
        let json = serde_json::json!({"init": {"cmd": cmd}}).to_string();
        SandboxSpec::check_json(&json)
            .into_iter()
            .find(|one| one.code == FindingCode::CommandLine)
    };
    let warning = warns("/bin/sh -c 'run hunter2'").unwrap();
    assert_eq!(warning.severity(), Severity::Warning);
    assert_eq!(warning.path.as_str(), "init.cmd");
    assert_eq!(
        warning.message,
        r#""init.cmd" takes a path, but this looks like a command line"#
    );
    assert_eq!(
        warning.help.as_deref(),
        Some(r#"write `"cmd": "/bin/sh", "args": ["-c", "sleep 1"]`"#)
    );
    for (cmd, looks) in [
        ("auto", false),
        ("/sbin/init", false),
        ("/opt/my app/init", false),
        ("/opt/my app/bin/init", false),
        ("/sbin/init ", false),
        ("/bin/sleep 1", true),
        ("/bin/cat /etc/passwd", true),
        ("/opt/a/init --root=/a/b c/d", true),
        ("sleep 1", true),
    ] {
        assert_eq!(warns(cmd).is_some(), looks, "{cmd}");
    }
}
