//! What the spec types offer besides their JSON: constructors, accessors, defaults, constants.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use microsandbox_types::*;
use serde_json::{Value, json};

#[test]
fn constants() {
    assert_eq!(DEFAULT_SANDBOX_CPUS, 1);
    assert_eq!(DEFAULT_SANDBOX_MEMORY_MIB, 512);
    assert_eq!(DEFAULT_METRICS_SAMPLE_INTERVAL_MS, 1000);
    assert_eq!(DEFAULT_SANDBOX_CPUS, reference::DEFAULT_SANDBOX_CPUS);
    assert_eq!(
        DEFAULT_SANDBOX_MEMORY_MIB,
        reference::DEFAULT_SANDBOX_MEMORY_MIB
    );
    assert_eq!(
        DEFAULT_METRICS_SAMPLE_INTERVAL_MS,
        reference::DEFAULT_METRICS_SAMPLE_INTERVAL_MS
    );
}

/// Each default, as JSON; the published crate's is the same.
#[test]
fn defaults() {
    macro_rules! assert_defaults {
        ($($ty:ident = $json:expr;)*) => {
            $(
                let expected: Value = $json;
                assert_eq!(serde_json::to_value($ty::default()).unwrap(), expected);
                assert_eq!(serde_json::to_value(reference::$ty::default()).unwrap(), expected);
            )*
        };
    }
    assert_defaults! {
        MountOptions = json!({
            "readonly": false, "noexec": false, "nosuid": false, "nodev": false,
        });
        NetworkSpec = json!({
            "enabled": true, "ports": [], "max_connections": null, "trust_host_cas": false,
        });
        PublishedPortSpec = json!({
            "host_port": 0, "guest_port": 0, "protocol": "tcp", "host_bind": "127.0.0.1",
        });
        RootfsSource = json!({"Oci": {"reference": ""}});
        SandboxPolicy = json!({
            "ephemeral": false, "max_duration_secs": null, "idle_timeout_secs": null,
        });
        SandboxResources = json!({"cpus": 1, "memory_mib": 512});
        SandboxRuntimeOptions = json!({
            "workdir": null, "shell": null, "scripts": {}, "entrypoint": null, "cmd": null,
            "hostname": null, "user": null, "log_level": null, "metrics_sample_interval_ms": 1000,
            "disable_metrics_sample": false,
        });
        CloudCreateSandboxRequest = json!({
            "name": "", "image": "", "vcpus": 1, "memory_mib": 512, "env": {}, "ephemeral": true,
        });
    }
    assert_eq!(
        serde_json::to_value(SandboxSpec::default()).unwrap(),
        serde_json::to_value(reference::SandboxSpec::default()).unwrap()
    );
    assert_eq!(CloudErrorBody::default().code, None);
    assert_eq!(CloudErrorDetails::default().message, None);
}

#[test]
fn oci_sources() {
    let source = OciRootfsSource::new("alpine");
    assert_eq!(source.reference, "alpine");
    assert_eq!(source.upper_size_mib, None);
    assert_eq!(RootfsSource::oci("alpine"), RootfsSource::Oci(source));

    let sized = RootfsSource::Oci(OciRootfsSource {
        reference: "alpine".into(),
        upper_size_mib: Some(8),
    });
    let disk = RootfsSource::DiskImage {
        path: "/disk".into(),
        format: DiskImageFormat::Raw,
        fstype: None,
    };
    let table = [
        (RootfsSource::oci("alpine"), Some("alpine"), None),
        (sized, Some("alpine"), Some(8)),
        (RootfsSource::Bind("/srv".into()), None, None),
        (disk, None, None),
        (RootfsSource::default(), Some(""), None),
    ];
    for (source, reference, upper_size_mib) in table {
        assert_eq!(source.oci_reference(), reference);
        assert_eq!(source.oci_upper_size_mib(), upper_size_mib);
    }
}

#[test]
fn host_paths() {
    let path = HostPath::from("/srv/root");
    assert_eq!(path, HostPath::from(String::from("/srv/root")));
    assert_eq!(path.as_str(), "/srv/root");
    assert_eq!(format!("{path:?}"), "\"/srv/root\"");
    assert_eq!(String::from(path.clone()), "/srv/root");

    assert_eq!(HostPath::try_from(Path::new("/srv/root")), Ok(path.clone()));
    assert_eq!(
        HostPath::try_from(PathBuf::from("/srv/root")),
        Ok(path.clone())
    );
    assert_eq!(path.join("etc"), Path::new("/srv/root/etc"));
    assert_eq!(PathBuf::from(path), Path::new("/srv/root"));
}

#[cfg(unix)]
#[test]
fn host_paths_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;

    let path = Path::new(std::ffi::OsStr::from_bytes(b"/srv/\x1b\xff"));
    assert_eq!(
        HostPath::try_from(path).unwrap_err().to_string(),
        r#"invalid config: host path is not UTF-8: "/srv/\u{1b}\xFF""#
    );
}

#[test]
fn debug_shows_no_secret() {
    const SECRET: &str = "hunter2";
    let scripts = || BTreeMap::from([("setup".into(), SECRET.into())]);
    let spec = SandboxSpec {
        runtime: SandboxRuntimeOptions {
            scripts: scripts(),
            ..SandboxRuntimeOptions::default()
        },
        env: vec![EnvVar::new("TOKEN", SECRET)],
        patches: vec![
            Patch::Text {
                path: "/text".into(),
                content: SECRET.into(),
                mode: None,
                replace: false,
            },
            Patch::File {
                path: "/file".into(),
                content: vec![104, 117],
                mode: None,
                replace: false,
            },
            Patch::Append {
                path: "/append".into(),
                content: SECRET.into(),
            },
        ],
        network: NetworkSpec {
            interface: Some(SECRET.into()),
            policy: Some(SECRET.into()),
            dns: Some(SECRET.into()),
            tls: Some(SECRET.into()),
            secrets: Some(SECRET.into()),
            ..NetworkSpec::default()
        },
        init: Some(HandoffInit::new("auto").env("TOKEN", SECRET)),
        ..SandboxSpec::default()
    };
    let request = CloudCreateSandboxRequest {
        env: BTreeMap::from([("TOKEN".into(), SECRET.into())]),
        scripts: scripts(),
        ..CloudCreateSandboxRequest::default()
    };
    for (text, names) in [
        (
            format!("{spec:?}"),
            [
                r#"env: [EnvVar { key: "TOKEN", value: _ }]"#,
                r#"scripts: {"setup": _}"#,
                r#"File { path: "/file", content: _,"#,
                "secrets: Some(_)",
            ]
            .as_slice(),
        ),
        (
            format!("{request:?}"),
            &[r#"env: {"TOKEN": _}"#, r#"scripts: {"setup": _}"#],
        ),
    ] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.contains("104"), "{text}");
        for name in names {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}

#[test]
fn env_vars_and_pairs() {
    let pair = || (String::from("A"), String::from("b"));
    let var = EnvVar::new("A", "b");
    assert_eq!((var.key.as_str(), var.value.as_str()), ("A", "b"));
    assert_eq!(var.as_pair(), ("A", "b"));
    assert_eq!(EnvVar::from(pair()), var);
    assert_eq!(<(String, String)>::from(var), pair());
}

#[test]
fn volumes() {
    assert_eq!(
        VolumeSpec::new("data"),
        VolumeSpec {
            name: "data".into(),
            kind: VolumeKind::Directory,
            quota_mib: None,
            capacity_mib: None,
            labels: vec![],
        }
    );
    let labels = vec![(String::from("a"), String::from("b"))];
    let create = NamedVolumeCreate::new(
        NamedVolumeMode::EnsureExists,
        VolumeSpec {
            name: "data".into(),
            kind: VolumeKind::Disk,
            quota_mib: Some(3),
            capacity_mib: Some(2),
            labels: labels.clone(),
        },
    );
    assert_eq!(create.mode(), NamedVolumeMode::EnsureExists);
    assert_eq!(create.name(), "data");
    assert_eq!(create.kind(), VolumeKind::Disk);
    assert_eq!(create.quota_mib(), Some(3));
    assert_eq!(create.capacity_mib(), Some(2));
    assert_eq!(create.labels(), labels);
}

#[test]
fn mounts() {
    let create = NamedVolumeCreate::new(NamedVolumeMode::Create, VolumeSpec::new("data"));
    let named = |create| VolumeMount::Named {
        name: "data".into(),
        guest: "/named".into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        create,
    };
    let bind = VolumeMount::Bind {
        host: "/srv".into(),
        guest: "/bind".into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        quota_mib: None,
    };
    let tmpfs = VolumeMount::Tmpfs {
        guest: "/tmpfs".into(),
        size_mib: None,
        options: MountOptions::default(),
    };
    let disk = VolumeMount::DiskImage {
        host: "/srv/disk".into(),
        guest: "/disk".into(),
        format: DiskImageFormat::Raw,
        fstype: None,
        options: MountOptions::default(),
    };
    let table = [
        (bind, "/bind", None),
        (named(None), "/named", None),
        (named(Some(create.clone())), "/named", Some(&create)),
        (tmpfs, "/tmpfs", None),
        (disk, "/disk", None),
    ];
    for (mount, guest, create) in table {
        assert_eq!(mount.guest(), guest);
        assert_eq!(mount.named_create(), create);
    }
}

/// JSON neither writes the request for a named volume nor reads it.
#[test]
fn a_mount_in_json_has_no_request() {
    let mut mount = VolumeMount::Named {
        name: "data".into(),
        guest: "/data".into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        create: Some(NamedVolumeCreate::new(
            NamedVolumeMode::Create,
            VolumeSpec::new("data"),
        )),
    };
    let mut document = serde_json::to_value(&mount).unwrap();
    assert_eq!(document.get("create"), None);
    document["create"] = json!({"mode": "Create", "name": "data", "kind": "Disk", "labels": []});

    let read: VolumeMount = serde_json::from_value(document).unwrap();
    if let VolumeMount::Named { create, .. } = &mut mount {
        *create = None;
    }
    assert_eq!(read, mount);
}
