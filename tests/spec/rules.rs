//! The rules of a spec one by one, each beside what it must let pass, and at its very bound.

use microsandbox_types::*;
use serde_json::{Value, json};

/// All findings of a fine spec with the fields of `part`.
fn check(part: &Value) -> Findings {
    let mut document = json!({"name": "web-1", "image": {"Oci": {"reference": "alpine:3.20"}}});
    let fields = document.as_object_mut().unwrap();
    fields.extend(part.as_object().unwrap().clone());
    SandboxSpec::check_json(&document.to_string())
}

/// Asserts what is found in each spec: code and path.
fn assert_found(table: &[(Value, &[&str])]) {
    for (part, expected) in table {
        let findings = check(part);
        let found: Vec<_> = findings
            .iter()
            .map(|one| format!("{} {}", one.code, one.path))
            .collect();
        assert_eq!(found, *expected, "{part}");
    }
}

/// At its bound each text or number is fine. One more is a finding that tells the bound.
#[test]
fn bounds() {
    type Case = (&'static str, usize, fn(usize) -> Value);
    let cases: &[Case] = &[
        (
            "name-invalid name",
            MAX_SANDBOX_NAME_BYTES,
            |n| json!({"name": "n".repeat(n)}),
        ),
        (
            "image-reference image.Oci.reference",
            MAX_IMAGE_NAME_BYTES,
            |n| json!({"image": {"Oci": {"reference": "a".repeat(n)}}}),
        ),
        (
            "image-reference image.Oci.reference",
            MAX_IMAGE_TAG_BYTES,
            |n| json!({"image": {"Oci": {"reference": format!("a:{}", "t".repeat(n))}}}),
        ),
        (
            "path-too-long runtime.workdir",
            MAX_PATH_BYTES,
            |n| json!({"runtime": {"workdir": format!("/{}", "w".repeat(n - 1))}}),
        ),
        (
            "hostname-invalid runtime.hostname",
            MAX_HOSTNAME_BYTES,
            |n| json!({"runtime": {"hostname": format!("h.{}", "h".repeat(n - 2))}}),
        ),
        (
            "script-name runtime.scripts",
            MAX_SCRIPT_NAME_BYTES,
            |n| json!({"runtime": {"scripts": {"s".repeat(n): ""}}}),
        ),
        (
            "scripts-too-large runtime.scripts",
            MAX_SCRIPTS_BYTES,
            |n| json!({"runtime": {"scripts": {"s": "x".repeat(n - 1)}}}),
        ),
        (
            "label-key labels",
            MAX_LABEL_KEY_BYTES,
            |n| json!({"labels": {"k".repeat(n): ""}}),
        ),
        (
            "labels-too-large labels",
            MAX_LABELS_BYTES,
            |n| json!({"labels": {"k": "v".repeat(n - 1)}}),
        ),
        (
            "path-too-long mounts[0].guest",
            MAX_PATH_BYTES,
            |n| json!({"mounts": [{"type": "Tmpfs", "guest": format!("/{}", "g".repeat(n - 1))}]}),
        ),
        (
            "name-invalid mounts[0].name",
            MAX_VOLUME_NAME_BYTES,
            |n| json!({"mounts": [{"type": "Named", "name": "n".repeat(n), "guest": "/g"}]}),
        ),
        (
            "mode-bits patches[0].Mkdir.mode",
            MAX_FILE_MODE as usize,
            |n| json!({"patches": [{"Mkdir": {"path": "/p", "mode": n}}]}),
        ),
        (
            "path-too-long init.cwd",
            MAX_PATH_BYTES,
            |n| json!({"init": {"cmd": "/init", "cwd": format!("/{}", "c".repeat(n - 1))}}),
        ),
    ];
    for (expected, bound, part) in cases {
        assert!(check(&part(*bound)).is_empty(), "{expected}");
        let findings = check(&part(bound + 1));
        let [finding] = findings.as_slice() else {
            panic!("{expected}: {findings}");
        };
        let found = format!("{} {}", finding.code, finding.path);
        assert!(found.starts_with(expected), "{expected}: {found}");
        let limit = finding.limit.map(|limit| limit.value);
        assert_eq!(limit, Some(*bound as u64), "{expected}");
    }
}

/// A name at the bound with a wrong character is not told to be too long.
#[test]
fn a_long_name_with_a_wrong_character() {
    let name = format!("{}/", "n".repeat(MAX_SANDBOX_NAME_BYTES - 1));
    let findings = check(&json!({"name": name}));
    let [finding] = findings.as_slice() else {
        panic!("{findings}");
    };
    assert_eq!(
        (finding.code, finding.limit),
        (FindingCode::NameInvalid, None)
    );
}

/// What is said of a reference fits what is wrong with it.
#[test]
fn image_references() {
    for (reference, text) in [
        (
            "",
            "image reference must not be empty; name an image, such as `alpine:3.20`",
        ),
        (
            "Alpine",
            "image name holds an upper-case letter; write it in lower case",
        ),
        (
            "https://docker.io/alpine",
            "image reference names a registry port that is not a number; \
             leave out the scheme and its `://`",
        ),
        (
            "my_host.example/app",
            "image reference names a registry host that is not a host name; \
             a reference looks like `registry.example/team/app:1.2`",
        ),
        (
            "host:port/app",
            "image reference names a registry port that is not a number; \
             a reference looks like `registry.example/team/app:1.2`",
        ),
    ] {
        let found = check(&json!({"image": {"Oci": {"reference": reference}}})).to_string();
        let start = "error[image-reference] image.Oci.reference: ";
        assert_eq!(found, format!("{start}{text}"));
    }
}

/// The grammar's corners: what is just right, and what is just beyond it.
#[test]
fn corners_of_the_image_grammar() {
    let digest = |algorithm: &str, digits: usize| format!("a@{algorithm}:{}", "b".repeat(digits));
    for (reference, fine) in [
        ("my-host.example/app".into(), true),
        ("my-host-.example/app".into(), false),
        ("-my-host.example/app".into(), false),
        ("localhost/app".into(), true),
        ("local_host/app".into(), true),
        ("local_host:5000/app".into(), false),
        ("HOST/app".into(), true),
        ("[::1]:5000/app".into(), true),
        ("[::1]:/app".into(), false),
        ("host.example:5000/app".into(), true),
        ("host.example:50a0/app".into(), false),
        ("a-/app".into(), false),
        ("a:_".into(), true),
        ("a:b_c.d-e".into(), true),
        ("a:b+".into(), false),
        (digest("sha256", 63), false),
        (digest("sha256", 64), true),
        (digest("sha256", 65), false),
        (digest("sha512", 127), false),
        (digest("sha512", 128), true),
        (digest("sha512", 129), false),
        (digest("md5", 31), false),
        (digest("md5", 32), true),
        (digest("md5", 33), true),
        (digest("5md", 32), false),
        (digest("m!", 32), false),
        (digest("m+d", 32), true),
        (digest("", 32), false),
        (digest("SHA256", 32).replace('b', "B"), true),
        (digest("sha256", 64).replace('b', "B"), false),
        (digest("md5", 31) + "g", false),
    ] {
        let image = json!({"Oci": {"reference": reference}});
        let found = check(&json!({"image": image}));
        assert_eq!(found.is_empty(), fine, "{reference}: {found}");
    }
}

#[test]
fn disk_formats() {
    const FOUND: &[&str] = &["format-extension image.DiskImage.format"];
    for (path, format, expected) in [
        ("/d.raw", "Raw", &[][..]),
        ("/d.raw", "Qcow2", FOUND),
        ("/d.old.RAW", "Qcow2", FOUND),
        ("C:\\raw.d\\d.qcow2", "Raw", FOUND),
        ("C:\\d.qcow2\\d", "Raw", &[]),
        ("/d.qcow2/d", "Raw", &[]),
        ("/d.img", "Qcow2", &[]),
        ("raw", "Qcow2", &[]),
    ] {
        let image = json!({"DiskImage": {"path": path, "format": format}});
        assert_found(&[(json!({"image": image}), expected)]);
    }
}

/// Mounts that hide one another, as the guest's kernel would see them: by the order of the list.
#[test]
fn mounts_over_mounts() {
    let table: &[(&[&str], &str)] = &[
        (&["/a", "/a/b", "/a/b/c", "/ab"], ""),
        (&["/ab", "/a", "/b"], ""),
        (
            &["/a", "/b", "/a"],
            "error[mount-repeated] mounts[2].guest: mounts[0] is on this path too",
        ),
        (
            &["/a/b/c", "/a"],
            "error[mount-hidden] mounts[0].guest: mounts[1] is mounted over this path later and \
             hides it; list the mount of the outer path first",
        ),
        // The last that hides it is told, however often the path is mounted.
        (
            &["/a", "/a/b", "/a"],
            "error[mount-hidden] mounts[1].guest: mounts[2] is mounted over this path later and \
             hides it; list the mount of the outer path first\n\
             error[mount-repeated] mounts[2].guest: mounts[0] is on this path too",
        ),
        (
            &["/a/b", "/a", "/a/b"],
            "error[mount-hidden] mounts[0].guest: mounts[1] is mounted over this path later and \
             hides it; list the mount of the outer path first\n\
             error[mount-repeated] mounts[2].guest: mounts[0] is on this path too",
        ),
        // A path that does not tell its place is nobody's neighbour.
        (
            &["a", "/a"],
            "error[path-not-absolute] mounts[0].guest: path must be absolute inside the guest; \
             start it with `/`",
        ),
        (
            &["/a/..", "/a"],
            "error[path-not-normal] mounts[0].guest: path has a part `..`; \
             write it without empty parts, `.`, `..` and a `/` at the end",
        ),
        (
            &["/a", "/"],
            "error[path-is-root] mounts[1].guest: path must not be the root itself",
        ),
        // Others are where their parts lead.
        (
            &["/a/b", "/a//b"],
            "error[path-not-normal] mounts[1].guest: path has an empty part; \
             write it without empty parts, `.`, `..` and a `/` at the end\n\
             error[mount-repeated] mounts[1].guest: mounts[0] is on this path too",
        ),
        (
            &["/a/b", "/a/./b"],
            "error[path-not-normal] mounts[1].guest: path has a part `.`; \
             write it without empty parts, `.`, `..` and a `/` at the end\n\
             error[mount-repeated] mounts[1].guest: mounts[0] is on this path too",
        ),
    ];
    for (guests, expected) in table {
        let mounts: Vec<_> = guests
            .iter()
            .map(|guest| json!({"type": "Tmpfs", "guest": guest}))
            .collect();
        let found = check(&json!({"mounts": mounts})).to_string();
        assert_eq!(found, *expected, "{guests:?}");
    }
}

/// The restricted profile mounts everything `nosuid` and `nodev`: who chose flags is told, unless
/// both are among them.
#[test]
fn the_restricted_profile() {
    const MOUNT: &[&str] = &["restricted-overrides mounts[0].options"];
    const PATCH: &[&str] = &["restricted-overrides patches[0].Text.mode"];
    for (options, expected) in [
        (json!({}), &[][..]),
        (json!({"nosuid": true, "nodev": true}), &[]),
        (json!({"nosuid": true, "nodev": true, "noexec": true}), &[]),
        (json!({"nosuid": true}), MOUNT),
        (json!({"nodev": true}), MOUNT),
        (json!({"noexec": true}), MOUNT),
    ] {
        let mounts = json!([{"type": "Tmpfs", "guest": "/a", "options": options}]);
        assert_found(&[
            (
                json!({"security_profile": "restricted", "mounts": mounts}),
                expected,
            ),
            (json!({"mounts": mounts}), &[]),
        ]);
    }
    for (mode, expected) in [
        (json!(null), &[][..]),
        (json!(0), &[]),
        (json!(0o1755), &[]),
        (json!(0o2755), PATCH),
        (json!(0o4755), PATCH),
    ] {
        let patches =
            json!([{"Text": {"path": "/a", "content": "", "mode": mode, "replace": false}}]);
        assert_found(&[
            (
                json!({"security_profile": "restricted", "patches": patches}),
                expected,
            ),
            (json!({"patches": patches}), &[]),
        ]);
    }
}

#[test]
fn ports() {
    let port =
        |port: u16, bind: &str| json!({"host_port": port, "guest_port": 80, "host_bind": bind});
    let udp = json!({"host_port": 80, "guest_port": 80, "host_bind": "::1", "protocol": "udp"});
    let network = |ports: &[Value]| json!({"network": {"ports": ports}});
    assert_found(&[
        (
            network(&[
                port(80, "10.0.0.1"),
                port(80, "10.0.0.2"),
                port(81, "10.0.0.1"),
            ]),
            &[],
        ),
        (network(&[port(80, "::1"), udp, port(80, "127.0.0.1")]), &[]),
        (
            network(&[
                port(80, "10.0.0.1"),
                port(80, "10.0.0.1"),
                port(80, "10.0.0.1"),
            ]),
            &[
                "port-repeated network.ports[1].host_port",
                "port-repeated network.ports[2].host_port",
            ],
        ),
        (
            network(&[port(80, "0.0.0.0"), port(80, "0.0.0.0"), port(80, "::")]),
            &["port-repeated network.ports[1].host_port"],
        ),
        (network(&[port(80, "0.0.0.0"), port(81, "0.0.0.0")]), &[]),
        (json!({"network": {"enabled": false}}), &[]),
        (
            json!({"network": {"enabled": false, "ports": [port(80, "::1")]}}),
            &["ports-without-network network.ports"],
        ),
        (json!({"network": {"max_connections": 1}}), &[]),
        (
            json!({"network": {"max_connections": 0}}),
            &["zero network.max_connections"],
        ),
    ]);
    let ports = [port(80, "::1"), port(80, "::2"), port(80, "::")];
    assert_eq!(
        check(&network(&ports)).to_string(),
        "error[port-repeated] network.ports[2].host_port: network.ports[0] listens on this \
         address, protocol and port too"
    );
}

/// One number against another: equal ones are fine.
#[test]
fn numbers_that_must_be_in_order() {
    let rlimit = |soft: u64, hard: u64| json!({"rlimits": [{"resource": "Nofile", "soft": soft, "hard": hard}]});
    let lifecycle = |most: u64, idle: u64| json!({"lifecycle": {"max_duration_secs": most, "idle_timeout_secs": idle}});
    assert_found(&[
        (rlimit(1, 2), &[]),
        (rlimit(2, 2), &[]),
        (rlimit(3, 2), &["rlimit-order rlimits[0].soft"]),
        (lifecycle(2, 1), &[]),
        (lifecycle(2, 2), &[]),
        (
            lifecycle(2, 3),
            &["idle-after-end lifecycle.idle_timeout_secs"],
        ),
        // What is never read as a bound is not compared either.
        (lifecycle(0, 3), &["zero lifecycle.max_duration_secs"]),
    ]);
}

/// The nearest name is told, if it differs by no more than a third, else a part that has the name.
#[test]
fn suggestions() {
    for (name, text) in [
        ("NAME", "; did you mean `name`?"),
        ("naem", "; did you mean `name`?"),
        ("enb", "; did you mean `env`?"),
        ("xnb", ""),
        ("pul_polcy", "; did you mean `pull_policy`?"),
        ("lifecyc", "; did you mean `lifecycle`?"),
        ("lifecy", ""),
        ("cpus", "; did you mean `resources.cpus`?"),
        ("hostname", "; did you mean `runtime.hostname`?"),
        ("ports", "; did you mean `network.ports`?"),
        ("frobnicate", ""),
    ] {
        assert_eq!(
            check(&json!({name: 0})).to_string(),
            format!("error[unknown-field] {name}: there is no field `{name}`{text}")
        );
    }
}

/// What is of a wrong type is told without its value.
#[test]
fn wrong_types() {
    for (part, text) in [
        (
            json!({"resources": {"cpus": "hunter2"}}),
            "error[wrong-type] resources.cpus: invalid type: string, expected u8",
        ),
        (
            json!({"resources": {"cpus": 4711}}),
            "error[wrong-type] resources.cpus: invalid value: integer, expected u8",
        ),
        (
            json!({"env": [{"key": "A"}]}),
            "error[missing] env[0]: missing field `value`",
        ),
        (
            json!({"pull_policy": "allways"}),
            "error[wrong-type] pull_policy: there is no `allways`, expected one of `IfMissing`, \
             `Always`, `Never`; did you mean `Always`?",
        ),
        (
            json!({"pull_policy": "Al`ways\u{7f}"}),
            "error[wrong-type] pull_policy: there is no `Al`ways\\u{7f}`, expected one of \
             `IfMissing`, `Always`, `Never`; did you mean `Always`?",
        ),
        (
            json!({"lifecycle": [true, null, null]}),
            "error[wrong-type] lifecycle: must be an object, not an array",
        ),
        (
            json!({"pull_policy": {"Always": null}}),
            "error[wrong-type] pull_policy: must be a text, not an object",
        ),
    ] {
        assert_eq!(check(&part).to_string(), text, "{part}");
    }
}

/// Plain serde takes an object for a word, also inside a mount.
#[test]
fn the_words_of_a_mount() {
    for (field, mount) in [
        (
            "format",
            json!({"type": "DiskImage", "host": "/d", "guest": "/g", "format": {"Raw": null}}),
        ),
        (
            "stat_virtualization",
            json!({"type": "Bind", "host": "/d", "guest": "/g", "stat_virtualization": {"off": null}}),
        ),
        (
            "host_permissions",
            json!({"type": "Bind", "host": "/d", "guest": "/g", "host_permissions": {"private": null}}),
        ),
    ] {
        assert_eq!(
            check(&json!({"mounts": [mount]})).to_string(),
            format!("error[wrong-type] mounts[0].{field}: must be a text, not an object")
        );
    }
}

/// What stored specs and written frames are held to does not change unseen.
#[test]
fn bounds_are_frozen() {
    assert_eq!(MAX_PAYLOAD_BYTES, 4_194_304);
    assert_eq!(MAX_SCRIPTS_BYTES, 4_194_304);
    assert_eq!(MAX_LABELS_BYTES, 262_144);
    assert_eq!(MAX_REPORT_PAYLOAD_BYTES, 64);
}
