//! What the spec types offer besides their JSON: constructors, accessors, defaults, constants.

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
fn bind_sources() {
    let source = RootfsSource::Bind("/srv/root".into());
    assert_eq!(RootfsSource::bind("/srv/root").as_ref(), Ok(&source));
    assert_eq!(
        RootfsSource::bind(std::path::PathBuf::from("/srv/root")),
        Ok(source)
    );
}

#[cfg(unix)]
#[test]
fn bind_sources_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;

    let path = std::ffi::OsStr::from_bytes(b"/srv/\xff");
    assert_eq!(
        RootfsSource::bind(path).unwrap_err().to_string(),
        "invalid config: root filesystem path is not UTF-8: /srv/\u{fffd}"
    );
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
