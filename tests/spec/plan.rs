//! From a spec to a boot.

use std::collections::HashMap;

use microsandbox_types::*;

/// A host that takes a path for a file if its name has a dot, and knows one volume.
#[derive(Default)]
struct Host {
    root: Option<RootDevice>,
    network: GuestNetwork,
}

impl BootHost for Host {
    fn root(&self, image: &RootfsSource) -> Option<RootDevice> {
        RootDevice::of(image).or_else(|| self.root.clone())
    }

    fn is_file(&self, path: &HostPath) -> bool {
        path.as_str().contains('.')
    }

    fn volume_kind(&self, name: &str) -> Option<VolumeKind> {
        (name == "db").then_some(VolumeKind::Disk)
    }

    fn network(&self) -> GuestNetwork {
        self.network.clone()
    }
}

fn bind(host: &str, guest: &str) -> VolumeMount {
    VolumeMount::Bind {
        host: host.into(),
        guest: guest.into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        quota_mib: None,
    }
}

fn named(name: &str, guest: &str) -> VolumeMount {
    VolumeMount::Named {
        name: name.into(),
        guest: guest.into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Strict,
        host_permissions: HostPermissions::Private,
        create: None,
    }
}

fn spec(mounts: Vec<VolumeMount>) -> SandboxSpec {
    SandboxSpec {
        name: "web-1".into(),
        image: RootfsSource::Bind("/srv/root".into()),
        mounts,
        ..SandboxSpec::default()
    }
}

#[test]
fn mounts_come_parents_first_whatever_their_order() {
    let spec = spec(vec![
        bind("/c", "/data/a/b/"),
        bind("/b", "/srv"),
        bind("/a", "/data"),
        bind("/d", "/data/a"),
    ]);
    let plan = spec.plan(&Host::default()).unwrap();
    let paths: Vec<_> = plan.setup.mounts.iter().map(|one| &*one.guest).collect();
    assert_eq!(paths, ["/srv", "/data", "/data/a", "/data/a/b"]);
    assert_eq!(plan.mount_order, [1, 2, 3, 0]);
    let devices = plan.devices.iter().map(|one| (&*one.id, &*one.path));
    let devices: HashMap<_, _> = devices.collect();
    assert_eq!(devices["root"], "image");
    assert_eq!(devices["m0"], "mounts[0]");
    let MountSource::Virtiofs { tag } = &plan.setup.mounts[3].source else {
        panic!("{plan:?}")
    };
    assert_eq!(tag, "m0");
}

#[test]
fn a_file_is_shared_alone() {
    let spec = spec(vec![bind("/home/me/app.json", "/etc/app.json")]);
    let plan = spec.plan(&Host::default()).unwrap();
    let source = DeviceSource::File {
        host: "/home/me/app.json".into(),
        sharing: Sharing::default(),
    };
    assert_eq!(plan.devices[1].source, source);
    let source = MountSource::VirtiofsFile {
        tag: "m0".into(),
        file: SHARED_FILE_NAME.into(),
    };
    assert_eq!(plan.setup.mounts[0].source, source);
}

#[test]
fn an_answer_that_does_not_fit_is_a_finding_at_its_place() {
    let oci = SandboxSpec {
        image: RootfsSource::oci("alpine:3.20"),
        ..spec(Vec::new())
    };
    let image = RootImage {
        host: "/root.raw".into(),
        format: DiskImageFormat::Raw,
        fstype: Some("Ext4".into()),
    };
    let disk = RootDevice::Disk {
        image,
        readonly: false,
    };
    let interface = Interface {
        mac: [2, 0, 0, 0, 0, 1],
        name: "lo".into(),
        mtu: None,
        ipv4: None,
        ipv6: None,
    };
    let network = GuestNetwork {
        interfaces: vec![interface],
        ..GuestNetwork::default()
    };
    let none = Host::default();
    let cases = [
        (
            &oci,
            &none,
            "error[host-answer] image: the host has no root filesystem for this image",
        ),
        (
            &oci,
            &Host {
                root: Some(disk),
                ..Host::default()
            },
            "error[host-answer] image: the guest would refuse the setup: root: filesystem must be \
             1 to 32 bytes: lower-case letters, digits, `.`, `-` and `_`",
        ),
        (
            &spec(vec![bind("/a", "/data/x"), bind("/f.txt", "/data")]),
            &none,
            "error[host-answer] mounts[0].guest: is inside a mount that is a file",
        ),
        (
            &spec(vec![named("cache", "/db")]),
            &none,
            "error[host-answer] mounts[0].name: the host has no such volume",
        ),
        (
            &spec(Vec::new()),
            &Host {
                network,
                ..Host::default()
            },
            "error[host-answer] network: the guest would refuse the setup: interfaces[0]: name \
             must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`",
        ),
    ];
    for (spec, host, text) in cases {
        let findings = spec.plan(host).unwrap_err();
        let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(texts, [text]);
    }
}

#[test]
fn an_environment_is_merged_and_the_working_directory_taken_from_the_runtime() {
    let spec = SandboxSpec {
        env: vec![
            EnvVar::new("A", "spec"),
            EnvVar::new("B", "spec"),
            EnvVar::new("C", "first"),
            EnvVar::new("C", "second"),
        ],
        runtime: SandboxRuntimeOptions {
            workdir: Some("/work".into()),
            ..SandboxRuntimeOptions::default()
        },
        init: Some(HandoffInit::new("/sbin/init").env("A", "init")),
        ..spec(Vec::new())
    };
    let plan = spec.plan(&Host::default()).unwrap();
    let handoff = HandoffInit::new("/sbin/init")
        .env("B", "spec")
        .env("C", "second")
        .env("A", "init")
        .cwd("/work");
    assert_eq!(plan.handoff, Some(handoff));
    assert_eq!(plan.left, []);
}

#[test]
fn what_nobody_acts_on_is_named() {
    let runtime = SandboxRuntimeOptions {
        user: Some("nobody".into()),
        workdir: Some("/work".into()),
        ..SandboxRuntimeOptions::default()
    };
    let of = |init| SandboxSpec {
        env: vec![EnvVar::new("A", "1")],
        patches: vec![Patch::Remove {
            path: "/etc/motd".into(),
        }],
        runtime: runtime.clone(),
        init,
        ..spec(Vec::new())
    };
    let init = HandoffInit::new("/sbin/init");
    for (init, left) in [
        (
            None,
            &["runtime.workdir", "runtime.user", "env", "patches"][..],
        ),
        (Some(init.clone()), &["runtime.user", "patches"]),
        // The init has a directory of its own.
        (
            Some(init.cwd("/")),
            &["runtime.workdir", "runtime.user", "patches"],
        ),
    ] {
        let plan = of(init).plan(&Host::default()).unwrap();
        let paths: Vec<_> = plan.left.iter().map(|left| left.path).collect();
        assert_eq!(paths, left);
    }
}

#[test]
fn a_spec_that_does_not_validate_is_not_planned() {
    let spec = spec(vec![bind("/a", "/proc")]);
    let findings = spec.validate().unwrap_err();
    assert_eq!(spec.plan(&Host::default()), Err(findings));
}
