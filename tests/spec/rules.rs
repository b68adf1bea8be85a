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

/// A path of `n` bytes whose components are short.
fn path(n: usize) -> String {
    let mut path = "/abcdefg".repeat(n / 8 + 1);
    path.truncate(n);
    if path.ends_with('/') {
        path.replace_range(n - 2.., "hh");
    }
    path
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
            |n| json!({"runtime": {"workdir": path(n)}}),
        ),
        (
            "path-too-long runtime.workdir",
            255,
            |n| json!({"runtime": {"workdir": format!("/a/{}/b", "w".repeat(n))}}),
        ),
        (
            "path-too-long init.cmd",
            255,
            |n| json!({"init": {"cmd": format!("/{}", "i".repeat(n))}}),
        ),
        (
            "path-too-long patches[0].Symlink.target",
            MAX_PATH_BYTES,
            |n| json!({"patches": [{"Symlink": {"target": path(n), "link": "/l", "replace": false}}]}),
        ),
        (
            "mounts-too-many mounts",
            MAX_SETUP_MOUNTS,
            |n| json!({"mounts": (0..n).map(|n| json!({"type": "Tmpfs", "guest": format!("/{n}")})).collect::<Vec<_>>()}),
        ),
        (
            "filesystem-type image.DiskImage.fstype",
            MAX_FSTYPE_BYTES,
            |n| json!({"image": {"DiskImage": {"path": "/d", "format": "Raw", "fstype": "f".repeat(n)}}}),
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
            |n| json!({"mounts": [{"type": "Tmpfs", "guest": path(n)}]}),
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
            |n| json!({"init": {"cmd": "/init", "cwd": path(n)}}),
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
    let id = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a";
    for (reference, text) in [
        (
            "",
            "image reference must not be empty; name an image, such as `alpine:3.20`",
        ),
        (
            id,
            "image reference must not be a bare image ID; \
             name the image, and put its digest behind `@sha256:`",
        ),
        (
            "Alpine",
            "image name must not contain upper-case letters; write it in lower case",
        ),
        (
            "https://docker.io/alpine",
            "registry port is not a number; leave out the scheme and its `://`",
        ),
        (
            "my_host.example:5000/app",
            "registry host is not a valid hostname; \
             a reference looks like `registry.example/team/app:1.2`",
        ),
        (
            "host:port/app",
            "registry port is not a number; \
             a reference looks like `registry.example/team/app:1.2`",
        ),
    ] {
        let found = check(&json!({"image": {"Oci": {"reference": reference}}})).to_string();
        let start = "error[image-reference] image.Oci.reference: ";
        assert_eq!(found, format!("{start}{text}"));
    }
}

/// A digest has the digits of its algorithm, in lower case.
#[test]
fn digests() {
    for (algorithm, digits, fine) in [
        ("sha256", 63, false),
        ("sha256", 64, true),
        ("sha256", 65, false),
        ("sha384", 96, true),
        ("sha512", 127, false),
        ("sha512", 128, true),
        ("sha512", 129, false),
        ("md5", 32, false),
        ("SHA256", 64, false),
        ("", 64, false),
    ] {
        let reference = format!("a@{algorithm}:{}", "b".repeat(digits));
        let found = check(&json!({"image": {"Oci": {"reference": reference}}}));
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

/// The order of mounts does not matter, a path's `/` at its end neither.
#[test]
fn mounts_on_one_path() {
    let table: &[(&[&str], &str)] = &[
        (&["/a", "/a/b", "/a/b/c", "/ab"], ""),
        (&["/a/b/c", "/a/b/", "/a"], ""),
        (
            &["/a", "/b", "/a/", "/a"],
            "error[mount-repeated] mounts[2].guest: duplicates the path of mounts[0]\n\
             error[mount-repeated] mounts[3].guest: duplicates the path of mounts[0]",
        ),
        // A path that is not normal is told once.
        (
            &["a", "/a"],
            "error[path-not-absolute] mounts[0].guest: must be an absolute path in the guest; \
             start it with `/`",
        ),
        (
            &["/a/..", "/a"],
            "error[path-not-normal] mounts[0].guest: path has a component `..`; \
             write it without `//`, `.` and `..`",
        ),
        (
            &["/a//", "/a"],
            "error[path-not-normal] mounts[0].guest: path has an empty component; \
             write it without `//`, `.` and `..`",
        ),
        (
            &["/a/b", "/a/./b"],
            "error[path-not-normal] mounts[1].guest: path has a component `.`; \
             write it without `//`, `.` and `..`",
        ),
        (
            &["/a", "/"],
            "error[path-is-root] mounts[1].guest: must not be the root directory",
        ),
        (
            &["/dev/shm", "/proc/"],
            "error[mount-reserved] mounts[1].guest: the guest mounts `/proc` itself; \
             mount it on another path",
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

/// What ends with `/` is a directory to the kernel, and cannot be a file.
#[test]
fn a_slash_at_the_end() {
    let table = [
        (json!({"runtime": {"workdir": "/a/"}}), &[][..]),
        (json!({"runtime": {"workdir": "/"}}), &[]),
        (
            json!({"runtime": {"workdir": "//"}}),
            &["path-not-normal runtime.workdir"],
        ),
        (json!({"patches": [{"Mkdir": {"path": "/a/"}}]}), &[]),
        (json!({"patches": [{"Remove": {"path": "/a/"}}]}), &[]),
        (
            json!({"patches": [{"CopyDir": {"src": "/s", "dst": "/a/", "replace": true}}]}),
            &[],
        ),
        (
            json!({"patches": [{"CopyFile": {"src": "/s", "dst": "/a/", "replace": true}}]}),
            &["path-not-normal patches[0].CopyFile.dst"],
        ),
        (
            json!({"patches": [{"Append": {"path": "/a/", "content": ""}}]}),
            &["path-not-normal patches[0].Append.path"],
        ),
        (
            json!({"patches": [{"Symlink": {"target": "b/", "link": "/a/", "replace": true}}]}),
            &["path-not-normal patches[0].Symlink.link"],
        ),
        // One finding a path.
        (
            json!({"patches": [{"Append": {"path": "/../a/", "content": ""}}]}),
            &["path-not-normal patches[0].Append.path"],
        ),
    ];
    assert_found(&table);
}

/// A NUL ends a path, not a file's content.
#[test]
fn nuls_in_patches() {
    assert_found(&[
        (
            json!({"patches": [
                {"Text": {"path": "/a", "content": "\0", "replace": false}},
                {"Append": {"path": "/a", "content": "\0"}},
            ]}),
            &[],
        ),
        (
            json!({"patches": [{"Append": {"path": "/a\0", "content": ""}}]}),
            &["nul patches[0].Append.path"],
        ),
    ]);
}

#[test]
fn filesystem_types() {
    const FOUND: &[&str] = &["filesystem-type mounts[0].fstype"];
    for (fstype, expected) in [
        ("ext4", &[][..]),
        ("fuse.sshfs-1_2", &[]),
        ("EXT4", FOUND),
        ("ext4 ", FOUND),
        ("ext4\0", FOUND),
        ("a/b", FOUND),
        ("", &["empty mounts[0].fstype"]),
    ] {
        let mounts = json!([{"type": "DiskImage", "host": "/d", "guest": "/d", "format": "Raw", "fstype": fstype}]);
        assert_found(&[(json!({"mounts": mounts}), expected)]);
    }
}

/// What `sethostname(2)` or the guest's files cannot take is an error, what DNS cannot is a
/// warning.
#[test]
fn hostnames() {
    const INVALID: &[&str] = &["hostname-invalid runtime.hostname"];
    const NOT_DNS: &[&str] = &["hostname-not-dns runtime.hostname"];
    for (hostname, expected) in [
        ("web-1.example", &[][..]),
        ("1.2.3", &[]),
        ("1.2.3.4.5", &[]),
        ("1.2.3.x4", &[]),
        ("1.2.3.4", NOT_DNS),
        ("999.2.3.4", NOT_DNS),
        ("my_app", NOT_DNS),
        ("-a", NOT_DNS),
        ("bücher", NOT_DNS),
        ("a b", INVALID),
        ("a/b", INVALID),
        ("a\tb", INVALID),
        ("a\u{85}b", INVALID),
        ("", INVALID),
        ("a\0b", &["nul runtime.hostname"]),
    ] {
        assert_found(&[(json!({"runtime": {"hostname": hostname}}), expected)]);
    }
}

/// Octal digits that people know, read as decimal; what JSON should have is told.
#[test]
fn modes() {
    let mode = |mode: u32| check(&json!({"patches": [{"Mkdir": {"path": "/p", "mode": mode}}]}));
    for octal in [
        0o400, 0o440, 0o444, 0o500, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666, 0o700,
        0o711, 0o750, 0o755, 0o770, 0o775, 0o777, 0o1777, 0o2755, 0o2775, 0o4755,
    ] {
        assert!(mode(octal).is_empty(), "{octal:o}");
        let by_habit = format!("{octal:o}").parse().unwrap();
        let text = mode(by_habit).to_string();
        let help = format!("; for octal {octal:o}, write {octal}");
        assert!(text.ends_with(&help), "{text}");
        let start = if by_habit <= MAX_FILE_MODE {
            "warning[mode-decimal]"
        } else {
            "error[mode-bits]"
        };
        assert!(text.starts_with(start), "{text}");
    }
}

/// The restricted profile takes set-ID bits their effect. It mounts everything `nosuid` and `nodev`
/// as well, which overrides nothing that a spec can ask for.
#[test]
fn the_restricted_profile() {
    const PATCH: &[&str] = &["restricted-overrides patches[0].Text.mode"];
    for options in [json!({}), json!({"noexec": true}), json!({"nosuid": false})] {
        let mounts = json!([{"type": "Tmpfs", "guest": "/a", "options": options}]);
        let part = json!({"security_profile": "restricted", "mounts": mounts});
        assert_found(&[(part, &[])]);
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
            network(&[port(80, "0.0.0.0"), port(80, "0.0.0.0")]),
            &["port-repeated network.ports[1].host_port"],
        ),
        // On Linux, `::` meets every IPv4 address, whichever comes first.
        (
            network(&[port(80, "0.0.0.0"), port(80, "::")]),
            &["port-dual-stack network.ports[1].host_port"],
        ),
        (
            network(&[port(80, "::"), port(80, "127.0.0.1")]),
            &["port-dual-stack network.ports[1].host_port"],
        ),
        (network(&[port(80, "::1"), port(80, "0.0.0.0")]), &[]),
        (network(&[port(80, "::"), port(81, "0.0.0.0")]), &[]),
        (
            network(&[port(0, "::"), port(0, "::")]),
            &[
                "host-port-zero network.ports[0].host_port",
                "host-port-zero network.ports[1].host_port",
            ],
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
        "error[port-repeated] network.ports[2].host_port: network.ports[0] already listens on this \
         address, protocol and port"
    );
}

/// Linux allows 1,048,576 open files unless told otherwise, and never more than 2,147,483,584.
#[test]
fn open_files() {
    for (hard, text) in [
        (1_048_576, ""),
        (
            1_048_577,
            "warning[rlimit-ceiling] rlimits[0].hard: hard limit 1048577 needs a guest that \
             raises `fs.nr_open` first (limit 1048576: Linux fs.nr_open)",
        ),
        (
            2_147_483_585,
            "warning[rlimit-ceiling] rlimits[0].hard: hard limit 2147483585 is more open files \
             than Linux allows (limit 2147483584: Linux, highest fs.nr_open)",
        ),
    ] {
        let rlimits = json!([{"resource": "Nofile", "soft": 1, "hard": hard}]);
        assert_eq!(check(&json!({"rlimits": rlimits})).to_string(), text);
        let rlimits = json!([{"resource": "Nproc", "soft": 1, "hard": hard}]);
        assert_found(&[(json!({"rlimits": rlimits}), &[])]);
    }
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
        // The document has a name.
        ("NAME", "; remove it"),
        ("naem", ""),
        ("enb", "; did you mean \"env\"?"),
        ("xnb", ""),
        ("pul_polcy", "; did you mean \"pull_policy\"?"),
        ("lifecyc", "; did you mean \"lifecycle\"?"),
        ("lifecy", ""),
        ("cpus", "; in \"resources\", write `\"cpus\": 2`"),
        ("memory_mib", "; it belongs in \"resources\""),
        ("hostname", "; it belongs in \"runtime\""),
        ("policy", "; it belongs in \"network\""),
        (
            "guest_port",
            "; it belongs in an element of \"network.ports\"",
        ),
        (
            "args",
            "; in \"runtime\", write `\"cmd\": [\"/bin/sh\", \"-c\", \"sleep 1\"]`",
        ),
        ("Scripts", "; did you mean \"scripts\" in \"runtime\"?"),
        ("frobnicate", ""),
    ] {
        assert_eq!(
            check(&json!({name: 0})).to_string(),
            format!("error[unknown-field] {name}: unknown field \"{name}\"{text}")
        );
    }
}

/// What is of a wrong type is told without its value.
#[test]
fn wrong_types() {
    for (part, text) in [
        (
            json!({"resources": {"cpus": "hunter2"}}),
            "error[wrong-type] resources.cpus: \"cpus\" must be a number, not a string",
        ),
        (
            json!({"resources": {"cpus": 4711}}),
            "error[wrong-type] resources.cpus: \"cpus\" must be a whole number from 0 to 255",
        ),
        (
            json!({"env": [{"key": "A"}]}),
            "error[missing] env[0].value: field \"value\" is missing; add `\"value\": \"…\"`",
        ),
        (
            json!({"pull_policy": "allways"}),
            "error[wrong-type] pull_policy: \"pull_policy\" must be \"IfMissing\", \"Always\" or \
             \"Never\"; did you mean \"Always\"?",
        ),
        (
            json!({"pull_policy": "Al`ways\u{7f}"}),
            "error[wrong-type] pull_policy: \"pull_policy\" must be \"IfMissing\", \"Always\" or \
             \"Never\"; did you mean \"Always\"?",
        ),
        (
            json!({"lifecycle": [true, null, null]}),
            "error[wrong-type] lifecycle: \"lifecycle\" must be an object, not a list; write \
             `{\"max_duration_secs\": 3600}`",
        ),
        (
            json!({"pull_policy": {"Always": null}}),
            "error[wrong-type] pull_policy: \"pull_policy\" must be a string, not an object; write \
             one of \"IfMissing\", \"Always\" or \"Never\"",
        ),
    ] {
        assert_eq!(check(&part).to_string(), text, "{part}");
    }
}

/// Plain serde takes an object for a word, also inside a mount.
#[test]
fn the_words_of_a_mount() {
    for (field, words, mount) in [
        (
            "format",
            r#""Qcow2", "Raw" or "Vmdk""#,
            json!({"type": "DiskImage", "host": "/d", "guest": "/g", "format": {"Raw": null}}),
        ),
        (
            "stat_virtualization",
            r#""strict", "relaxed" or "off""#,
            json!({"type": "Bind", "host": "/d", "guest": "/g", "stat_virtualization": {"off": null}}),
        ),
        (
            "host_permissions",
            r#""private" or "mirror""#,
            json!({"type": "Bind", "host": "/d", "guest": "/g", "host_permissions": {"private": null}}),
        ),
    ] {
        assert_eq!(
            check(&json!({"mounts": [mount]})).to_string(),
            format!(
                "error[wrong-type] mounts[0].{field}: \"{field}\" must be a string, not an object; \
                 write one of {words}"
            )
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
