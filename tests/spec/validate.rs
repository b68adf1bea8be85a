//! The checks of the other documents, the bounds of a check, and the laws it keeps.

use microsandbox_types::*;
use proptest::prelude::*;
use serde_json::json;

use crate::shared::values;

fn brief(findings: &Findings) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|one| (one.code.as_str(), one.path.as_str()))
        .collect()
}

fn spec() -> SandboxSpec {
    SandboxSpec {
        name: "web-1".into(),
        image: RootfsSource::oci("alpine:3.20"),
        ..SandboxSpec::default()
    }
}

fn tmpfs(guest: impl Into<String>) -> VolumeMount {
    VolumeMount::Tmpfs {
        guest: guest.into(),
        size_mib: None,
        options: MountOptions::default(),
    }
}

#[test]
fn volumes() {
    let mut volume = VolumeSpec::new("data");
    assert_eq!(volume.validate(), Ok(()));
    volume.capacity_mib = Some(0);
    volume.quota_mib = Some(0);
    assert_eq!(
        brief(&volume.check()),
        [
            ("zero", "quota_mib"),
            ("zero", "capacity_mib"),
            ("capacity-on-directory", "capacity_mib"),
        ]
    );
    volume.kind = VolumeKind::Disk;
    volume.name = "a/b".into();
    volume.capacity_mib = None;
    volume.quota_mib = Some(1);
    volume.labels = vec![
        ("a".into(), String::new()),
        (String::new(), String::new()),
        ("a".into(), String::new()),
    ];
    assert_eq!(
        brief(&volume.validate().unwrap_err()),
        [
            ("name-invalid", "name"),
            ("capacity-missing", "capacity_mib"),
            ("quota-on-disk", "quota_mib"),
            ("empty", "labels[1].key"),
            ("label-repeated", "labels[2].key"),
        ]
    );
}

/// A volume that must be there already needs no capacity.
#[test]
fn requests_for_volumes() {
    let disk = VolumeSpec {
        kind: VolumeKind::Disk,
        ..VolumeSpec::new("data")
    };
    let request = |mode| NamedVolumeCreate::new(mode, disk.clone());
    assert_eq!(request(NamedVolumeMode::Existing).validate(), Ok(()));
    let missing = [("capacity-missing", "capacity_mib")];
    for mode in [NamedVolumeMode::Create, NamedVolumeMode::EnsureExists] {
        assert_eq!(brief(&request(mode).check()), missing);
        assert_eq!(brief(&request(mode).validate().unwrap_err()), missing);
    }
}

#[test]
fn a_mount_with_a_request() {
    let mut spec = spec();
    spec.mounts = vec![VolumeMount::Named {
        name: "other".into(),
        guest: "/data".into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        create: Some(NamedVolumeCreate::new(
            NamedVolumeMode::Create,
            VolumeSpec {
                kind: VolumeKind::Disk,
                ..VolumeSpec::new("data")
            },
        )),
    }];
    assert_eq!(
        brief(&spec.check()),
        [
            ("capacity-missing", "mounts[0].create.capacity_mib"),
            ("volume-mismatch", "mounts[0].create.name"),
        ]
    );
}

#[test]
fn snapshots() {
    let mut snapshot = SnapshotSpec {
        source_sandbox: "web-1".into(),
        destination: SnapshotDestination::Name("before".into()),
        labels: vec![],
        force: false,
        record_integrity: true,
    };
    assert_eq!(snapshot.validate(), Ok(()));
    snapshot.source_sandbox = "-".into();
    snapshot.destination = SnapshotDestination::Name("a b".into());
    snapshot.labels = vec![("tab\t".into(), String::new())];
    assert_eq!(
        brief(&snapshot.validate().unwrap_err()),
        [
            ("name-invalid", "source_sandbox"),
            ("name-invalid", "destination.Name"),
            ("label-key", "labels[0].key"),
        ]
    );
    snapshot.destination = SnapshotDestination::Path("".into());
    assert_eq!(brief(&snapshot.check())[1], ("empty", "destination.Path"));
}

#[test]
fn cloud_requests() {
    let good: CloudCreateSandboxRequest =
        serde_json::from_value(json!({"name": "web-1", "image": "alpine"})).unwrap();
    assert_eq!(good.validate(), Ok(()));
    let bad: CloudCreateSandboxRequest = serde_json::from_value(json!({
        "name": "", "image": "Alpine", "vcpus": 0, "memory_mib": 0,
        "env": {"": "a", "A=hunter2": "b", "B": "\0"},
        "workdir": "srv", "shell": "", "entrypoint": ["", "\0"], "hostname": "", "user": "",
        "log_level": "loud", "scripts": {"a/b": ""},
        "max_duration_secs": 0, "idle_timeout_secs": 0,
    }))
    .unwrap();
    let findings = bad.validate().unwrap_err();
    assert_eq!(
        brief(&findings),
        [
            ("name-invalid", "name"),
            ("image-reference", "image"),
            ("zero", "vcpus"),
            ("zero", "memory_mib"),
            ("empty", "env[\"\"]"),
            ("env-key-equals", "env"),
            ("nul", "env.B"),
            ("empty", "entrypoint[0]"),
            ("nul", "entrypoint[1]"),
            ("path-not-absolute", "workdir"),
            ("empty", "shell"),
            ("script-name", "scripts[\"a/b\"]"),
            ("hostname-invalid", "hostname"),
            ("empty", "user"),
            ("log-level", "log_level"),
            ("zero", "max_duration_secs"),
            ("zero", "idle_timeout_secs"),
        ]
    );
    assert!(!findings.to_string().contains("hunter2"));

    let large = CloudCreateSandboxRequest {
        env: [("A".into(), "v".repeat(128 * 1024))].into(),
        ..good
    };
    let found = large.validate().unwrap_err();
    assert_eq!(brief(&found), [("string-too-long", "env.A")]);
    let roomy = ExecLimits::new(64 * 1024, 8 * 1024 * 1024);
    assert_eq!(large.validate_with(&roomy), Ok(()));
}

#[test]
fn sizes_together() {
    let mut labels = spec();
    let half = "l".repeat(MAX_LABELS_BYTES / 2);
    labels.labels = [("a".into(), half.clone()), ("b".into(), half)].into();
    assert_eq!(brief(&labels.check()), [("labels-too-large", "labels")]);

    let mut scripts = spec();
    scripts.runtime.scripts = [("a".into(), "s".repeat(MAX_SCRIPTS_BYTES))].into();
    let too_large = [("scripts-too-large", "runtime.scripts")];
    assert_eq!(brief(&scripts.check()), too_large);

    let mut string = spec();
    let value = "v".repeat(128 * 1024);
    string.env = vec![EnvVar::new("A", value.clone())];
    string.init = Some(HandoffInit::new("auto").arg(value));
    let findings = string.check();
    assert_eq!(
        brief(&findings),
        [
            ("string-too-long", "env[0].value"),
            ("string-too-long", "init.args[0]"),
        ]
    );
    let limit = findings.as_slice()[0].limit.unwrap();
    assert_eq!((limit.value, limit.source), (131_072, "Linux execve(2)"));
}

/// The sandbox's environment and the init's are one when the init starts; a key that both have
/// counts once.
#[test]
fn the_environment_of_the_init_is_what_counts() {
    let entry = |n: usize| (format!("KEY_{n}"), "v".repeat(100 * 1024));
    let mut spec = spec();
    spec.env = (0..12).map(entry).map(EnvVar::from).collect();
    let mut init = HandoffInit::new("/sbin/init");
    init.env = (12..24).map(entry).collect();
    assert_eq!(init.validate(), Ok(()));
    spec.init = Some(init);
    assert_eq!(brief(&spec.check()), [("exec-too-large", "init")]);

    if let Some(init) = &mut spec.init {
        init.env = (0..12).map(entry).collect();
    }
    assert_eq!(spec.validate(), Ok(()));
    // What is planned counts no more than that.
    struct Host;
    impl BootHost for Host {
        fn root(&self, _: &RootfsSource) -> Option<RootDevice> {
            Some(RootDevice::Initramfs)
        }

        fn is_file(&self, _: &HostPath) -> bool {
            false
        }
    }
    let planned = spec.plan(&Host).unwrap().handoff.unwrap();
    assert_eq!(planned.env, (0..12).map(entry).collect::<Vec<_>>());

    spec.env = (0..24).map(entry).map(EnvVar::from).collect();
    spec.init = None;
    assert_eq!(brief(&spec.check()), [("exec-too-large", "env")]);
    let roomy = ExecLimits::new(4096, 64 * 1024 * 1024);
    assert_eq!(spec.validate_with(&roomy), Ok(()));
    let found = spec.validate_with(&ExecLimits::default()).unwrap_err();
    assert_eq!(brief(&found), [("exec-too-large", "env")]);
}

/// What programs get: as text, as JSON, one by one.
#[test]
fn findings_are_for_programs_too() {
    let json = r#"{"name": "web-1", "image": {"Bind": "/srv"}, "mounts": [{"type": "Tmpfs", "guest": "tmp"}]}"#;
    let found = SandboxSpec::check_json(json);
    assert_eq!((found.len(), found.is_empty()), (1, false));
    let written = serde_json::to_value(&found).unwrap();
    assert_eq!(written["errors"], 1);
    let first = &written["findings"][0];
    assert_eq!(first["path"], "mounts[0].guest");
    assert_eq!(first["pointer"], "/mounts/0/guest");
    assert_eq!(first["code"], "path-not-absolute");
    assert_eq!(first["span"], serde_json::json!([83, 88]));
    assert_eq!(found.into_iter().count(), 1);
}

/// The limits of the guest reach a document's check.
#[test]
fn a_document_is_checked_for_a_guest_with_other_limits() {
    let value = "x".repeat(200_000);
    let json = format!(
        r#"{{"name": "web-1", "image": {{"Bind": "/srv"}}, "init": {{"cmd": "/i", "env": [["A", "{value}"]]}}}}"#
    );
    assert_eq!(SandboxSpec::check_json(&json).errors(), 1);
    let roomy = ExecLimits::new(64 * 1024, 8 * 1024 * 1024);
    assert!(SandboxSpec::check_json_with(&json, &roomy).is_empty());
}

/// A hostile spec gets a bounded answer, in which its errors are not crowded out by warnings.
#[test]
fn findings_are_bounded() {
    let mut spec = spec();
    spec.env = vec![EnvVar::new("A", ""); 10_000];
    let warned = spec.check();
    assert_eq!((warned.errors(), warned.warnings()), (0, 9_999));
    assert_eq!(warned.as_slice().len(), MAX_FINDINGS);
    assert_eq!(warned.omitted(), 9_999 - MAX_FINDINGS);
    assert_eq!(spec.validate(), Ok(()));

    spec.mounts = vec![tmpfs("relative".repeat(500)); 5_000];
    let found = spec.validate().unwrap_err();
    assert_eq!((found.errors(), found.warnings()), (5_001, 9_999));
    assert_eq!(found.as_slice().len(), MAX_FINDINGS);
    assert!(found.iter().all(|one| one.severity() == Severity::Error));
    assert!(found.to_string().len() < 200 * MAX_FINDINGS);
    assert!(found.to_string().ends_with("and 14900 more"));

    let twice = {
        let mut twice = found.clone();
        twice.extend(found);
        twice
    };
    assert_eq!((twice.errors(), twice.warnings()), (10_002, 19_998));

    let mut fields: Vec<_> = (0..5_000)
        .map(|n| format!("\"{n}{}\": 0", "x".repeat(90)))
        .collect();
    fields.push("\"name\": \"web-1\"".into());
    let found = SandboxSpec::from_json_strict(&format!("{{{}}}", fields.join(","))).unwrap_err();
    assert_eq!(found.errors(), 5_000);
    assert!(found.to_string().len() < 250 * MAX_FINDINGS);
}

/// What grows is looked at once or sorted: twice the size does not take four times as long. The
/// sizes are such that a quadratic check would not end in time.
#[test]
fn large_specs_take_linear_time() {
    const MANY: usize = 80_000;
    let mut flat = spec();
    flat.network.ports = (0..MANY)
        .map(|n| PublishedPortSpec {
            host_port: 80,
            guest_port: 80,
            host_bind: format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255),
            ..PublishedPortSpec::default()
        })
        .collect();
    flat.env = (0..MANY)
        .map(|n| EnvVar::new(format!("K{n}"), "value"))
        .collect();
    assert_eq!(flat.validate(), Ok(()));

    let mut mounted = spec();
    mounted.mounts = (0..MANY).map(|n| tmpfs(format!("/m/{n}"))).collect();
    let found = mounted.validate().unwrap_err();
    assert_eq!(brief(&found), [("mounts-too-many", "mounts")]);

    // A name that is far too long is not compared with those that there are.
    let name = "n".repeat(16 * 1024 * 1024);
    let found = SandboxSpec::from_json_strict(&format!("{{\"{name}\": 0}}")).unwrap_err();
    assert_eq!(found.as_slice()[0].help, None);
}

/// A list is empty if it holds neither an error nor a warning.
#[test]
fn findings_are_a_list() {
    let fine = spec().check();
    assert!(fine.is_empty() && fine.as_slice().is_empty());

    let mut warned = spec();
    warned.env = vec![EnvVar::new("A", ""); 2];
    let mut wrong = spec();
    wrong.name = String::new();
    for (findings, code) in [
        (warned.check(), FindingCode::EnvRepeated),
        (wrong.check(), FindingCode::NameInvalid),
    ] {
        assert!(!findings.is_empty());
        let codes: Vec<_> = (&findings).into_iter().map(|one| one.code).collect();
        assert_eq!(codes, [code]);
    }
}

#[test]
fn findings_read_well() {
    let mut spec = spec();
    spec.runtime.hostname = Some("h".repeat(65));
    spec.mounts = vec![tmpfs("tmp")];
    assert_eq!(
        spec.check().to_string(),
        "error[hostname-invalid] runtime.hostname: hostname is 65 bytes long \
         (limit 64: Linux __NEW_UTS_LEN)\n\
         error[path-not-absolute] mounts[0].guest: must be an absolute path in the guest; \
         start it with `/`"
    );
}

/// Of a text that is not JSON nothing else is told: its names may be no names.
#[test]
fn broken_syntax_hides_the_rest() {
    let found = SandboxSpec::check_json(r#"{"nam: 1, "labels": {}}"#);
    assert_eq!(brief(&found), [("syntax", "")]);
}

/// Any spec at all: a check ends, and its counts are right.
#[test]
fn any_spec_is_checked() {
    values::check(&values::values::<SandboxSpec>(), |spec| {
        let found = spec.check();
        prop_assert_eq!(spec.validate().is_ok(), found.errors() == 0);
        prop_assert!(found.as_slice().len() <= MAX_FINDINGS);
        prop_assert_eq!(
            found.as_slice().len() + found.omitted(),
            found.errors() + found.warnings()
        );
        Ok(())
    });
}

/// Any text: strict reading ends, and refuses all that plain reading refuses.
#[test]
fn any_text_is_read() {
    let tokens = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"name\"",
        "\"mounts\"",
        "\"type\"",
        "\"Tmpfs\"",
        "\"guest\"",
        "\"/a\"",
        "null",
        "1",
        "\"env\"",
        "\"key\"",
        "\"\\u0000\"",
        "\u{e9}",
    ]);
    let text = prop::collection::vec(tokens, 0..40).prop_map(|tokens| tokens.concat());
    values::check(&text, |text| {
        let plain = serde_json::from_str::<SandboxSpec>(&text);
        match SandboxSpec::from_json_strict(&text) {
            Ok(spec) => prop_assert_eq!(plain.unwrap(), spec),
            Err(found) => prop_assert!(found.errors() > 0),
        }
        let _ = SandboxSpec::check_json(&text);
        Ok(())
    });
}

/// A number that no type holds is a mistake with a place, and hides nothing.
#[test]
fn a_number_out_of_range_has_a_place() {
    let json = r#"{"resources": {"cpus": 1e400, "memory_mib": 0}}"#;
    let found = SandboxSpec::check_json(json);
    let cpus = &found.as_slice()[0];
    assert_eq!(
        (cpus.code, cpus.path.as_str(), cpus.span.clone()),
        (FindingCode::WrongType, "resources.cpus", Some(23..28))
    );
    // Where any value may be, it depends on serde_json's features whether one is read.
    let json = r#"{"network": {"policy": [1e400]}}"#;
    let plain = serde_json::from_str::<SandboxSpec>(json);
    let found_too = SandboxSpec::from_json_strict(json).map_err(|found| found.to_string());
    let refused = "error[wrong-type] network.policy[0]: this number is too large";
    assert_eq!(found_too.err().as_deref(), plain.err().map(|_| refused));
    assert!(
        brief(&found).contains(&("zero", "resources.memory_mib")),
        "{found}"
    );
}
