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

/// A host that says only what it must.
struct Folders;

impl BootHost for Folders {
    fn is_file(&self, _: &HostPath) -> bool {
        false
    }
}

#[test]
fn a_host_that_says_nothing_shares_folders_and_connects_nothing() {
    let plan = spec(Vec::new()).plan(&Folders).unwrap();
    let root = Root::Virtiofs {
        tag: "root".into(),
        readonly: false,
    };
    assert_eq!((plan.setup.root, plan.setup.interfaces), (root, vec![]));
    let findings = spec(vec![named("db", "/db")]).plan(&Folders).unwrap_err();
    assert_eq!(findings.as_slice()[0].path.as_str(), "mounts[0].name");
    // The defaults are answers that a host can give as well.
    assert_eq!(Folders.volume_kind("db"), None);
    assert_eq!(Folders.network(), GuestNetwork::default());
}

#[test]
fn a_setup_has_the_flags_and_the_profile_of_its_spec() {
    let tmpfs = |guest: &str, options| VolumeMount::Tmpfs {
        guest: guest.into(),
        size_mib: Some(8),
        options,
    };
    let with = |change: fn(&mut MountOptions)| {
        let mut options = MountOptions::default();
        change(&mut options);
        options
    };
    let flags = |readonly, noexec, nosuid, nodev| MountFlags {
        readonly,
        noexec,
        nosuid,
        nodev,
    };
    let cases = [
        (
            "/tmp",
            MountOptions::default(),
            0o1777,
            MountFlags::default(),
        ),
        (
            "/var/tmp/",
            with(|o| o.readonly = true),
            0o1777,
            flags(true, false, false, false),
        ),
        (
            "/a",
            with(|o| o.noexec = true),
            0o755,
            flags(false, true, false, false),
        ),
        (
            "/b",
            with(|o| o.nosuid = true),
            0o755,
            flags(false, false, true, false),
        ),
        (
            "/c",
            with(|o| o.nodev = true),
            0o755,
            flags(false, false, false, true),
        ),
    ];
    for (guest, options, mode, flags) in cases {
        let plan = spec(vec![tmpfs(guest, options)]).plan(&Folders).unwrap();
        let mount = &plan.setup.mounts[0];
        let source = MountSource::Tmpfs {
            size_mib: Some(8),
            mode: Some(mode),
        };
        assert_eq!((&mount.source, mount.flags), (&source, flags), "{guest}");
    }
    for profile in [SecurityProfile::Default, SecurityProfile::Restricted] {
        let mut spec = spec(Vec::new());
        spec.security_profile = profile;
        let restricted = spec.plan(&Folders).unwrap().setup.restricted;
        assert_eq!(restricted, profile == SecurityProfile::Restricted);
    }
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
             must be 1 to 15 visible ASCII characters, without `/`, `:` or `%`, and not `lo`, `.` or `..`",
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
    let paths: Vec<_> = plan.left.iter().map(|left| left.path).collect();
    assert_eq!(paths, ["network.enabled"]);
}

/// A host that connects the guest leaves nothing of it, and neither does a spec without a network.
#[test]
fn a_network_without_an_interface_is_named() {
    let on = spec(Vec::new());
    let mut off = on.clone();
    off.network.enabled = false;
    let interface = Interface {
        mac: [2, 0, 0, 0, 0, 1],
        name: "eth0".into(),
        mtu: None,
        ipv4: None,
        ipv6: None,
    };
    let connected = Host {
        network: GuestNetwork {
            interfaces: vec![interface],
            ..GuestNetwork::default()
        },
        ..Host::default()
    };
    let cases = [
        (&on, &Host::default(), true),
        (&on, &connected, false),
        (&off, &Host::default(), false),
        (&off, &connected, false),
    ];
    for (spec, host, is_named) in cases {
        let plan = spec.plan(host).unwrap();
        let named = plan.left.iter().any(|left| left.path == "network.enabled");
        assert_eq!(named, is_named);
    }
}

/// The guest sets its limits before `execve(2)`, which goes by the new stack limit.
#[test]
fn an_init_is_held_to_the_stack_that_the_spec_asks_for() {
    let args = |bytes| (0..bytes / 100_000).map(|_| "a".repeat(100_000));
    let of = |soft: Option<u64>, bytes| SandboxSpec {
        rlimits: soft
            .map(|soft| Rlimit {
                resource: RlimitResource::Stack,
                soft,
                hard: u64::MAX,
            })
            .into_iter()
            .collect(),
        init: Some(HandoffInit {
            args: args(bytes).collect(),
            ..HandoffInit::new("/sbin/init")
        }),
        ..spec(Vec::new())
    };
    // In bytes: a quarter of the limit, at least 128 KiB.
    let cases = [
        (None, 2_000_000, true),
        (None, 2_200_000, false),
        (Some(1 << 20), 200_000, true),
        (Some(1 << 20), 300_000, false),
        (Some(12 << 20), 3_000_000, true),
        (Some(12 << 20), 3_200_000, false),
    ];
    for (soft, bytes, fits) in cases {
        let spec = of(soft, bytes);
        assert_eq!(spec.validate().is_ok(), fits, "{soft:?} {bytes}");
        assert_eq!(
            spec.plan(&Host::default()).is_ok(),
            fits,
            "{soft:?} {bytes}"
        );
    }
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
            &[
                "runtime.workdir",
                "runtime.user",
                "env",
                "patches",
                "network.enabled",
            ][..],
        ),
        (
            Some(init.clone()),
            &["runtime.user", "patches", "network.enabled"],
        ),
        // The init has a directory of its own.
        (
            Some(init.cwd("/")),
            &[
                "runtime.workdir",
                "runtime.user",
                "patches",
                "network.enabled",
            ],
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
