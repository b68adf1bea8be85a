//! The laws of a boot's plan.

use std::collections::{BTreeMap, HashMap, HashSet};

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::*;
use serde_json::Value;

use crate::shared::setup;

/// A host that answers from a list.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// For an OCI image; the others are provided as they are.
    pub root: Option<RootDevice>,
    pub files: HashSet<String>,
    pub volumes: HashMap<String, VolumeKind>,
    pub network: GuestNetwork,
}

impl BootHost for Answers {
    fn root(&self, image: &RootfsSource) -> Option<RootDevice> {
        RootDevice::of(image).or_else(|| self.root.clone())
    }

    fn is_file(&self, path: &HostPath) -> bool {
        self.files.contains(path.as_str())
    }

    fn volume_kind(&self, name: &str) -> Option<VolumeKind> {
        self.volumes.get(name).copied()
    }

    fn network(&self) -> GuestNetwork {
        self.network.clone()
    }
}

/// Any spec and any host: a spec that does not validate is refused with its findings; one that
/// does is planned for every host whose answers fit, and refused with findings of its own for one
/// whose answers do not.
pub fn any(data: &[u8]) {
    let _ = try_any(&mut Unstructured::new(data));
}

fn try_any(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = spec(u)?;
    let host = host(u, &spec)?;
    let planned = spec.plan(&host);
    if let Err(findings) = spec.validate() {
        assert_eq!(planned, Err(findings));
        return Ok(());
    }
    match planned {
        Ok(plan) => {
            assert!(is_consistent(&spec, &host), "{spec:?}\n{host:?}");
            assert_planned(&spec, &host, &plan);
        }
        Err(findings) => {
            assert!(!is_consistent(&spec, &host), "{findings:?}\n{host:?}");
            for finding in findings.iter() {
                assert_eq!(finding.code, FindingCode::HostAnswer);
                let top = finding.path.as_str().split(['.', '[']).next().unwrap();
                assert!(["image", "mounts", "network"].contains(&top), "{finding}");
            }
        }
    }
    Ok(())
}

fn assert_planned(spec: &SandboxSpec, host: &Answers, plan: &BootPlan) {
    // The guest takes both messages, and reads what was planned.
    let frame = plan.setup.encode().unwrap();
    assert_eq!(GuestSetup::decode(&frame).as_ref(), Ok(&plan.setup));
    assert_eq!(plan.handoff.is_some(), plan.setup.then == Then::Handoff);
    assert_eq!(plan.handoff.is_some(), spec.init.is_some());
    if let (Some(init), Some(handoff)) = (&spec.init, &plan.handoff) {
        let frame = handoff.encode().unwrap();
        assert_eq!(HandoffInit::decode(&frame).as_ref(), Ok(handoff));
        assert_eq!((&handoff.cmd, &handoff.args), (&init.cmd, &init.args));
        let mut env = BTreeMap::new();
        env.extend(spec.env.iter().cloned().map(<(String, String)>::from));
        env.extend(init.env.iter().cloned());
        assert_eq!(handoff.env.len(), env.len());
        assert_eq!(handoff.env.iter().cloned().collect::<BTreeMap<_, _>>(), env);
        let cwd = init.cwd.as_ref().or(spec.runtime.workdir.as_ref());
        assert_eq!(handoff.cwd.as_ref(), cwd);
    }

    // Each device once, and each that the guest is told of, and no other.
    let devices: HashMap<_, _> = plan.devices.iter().map(|one| (&*one.id, one)).collect();
    assert_eq!(devices.len(), plan.devices.len());
    let mut told = HashSet::new();
    let mut share = |tag: &str, readonly: bool| {
        assert!(told.insert(tag.to_owned()));
        let device = devices[tag];
        let is_share = match &device.source {
            DeviceSource::Directory { .. } | DeviceSource::File { .. } => true,
            DeviceSource::Volume { kind, .. } => *kind == VolumeKind::Directory,
            _ => false,
        };
        assert!(is_share);
        assert_eq!(device.readonly, readonly, "{device:?}");
        device.source.clone()
    };
    let mut told_disks = HashSet::new();
    let mut disk = |serial: &str, readonly: bool| {
        assert!(told_disks.insert(serial.to_owned()));
        let device = devices[serial];
        let is_disk = match &device.source {
            DeviceSource::Disk { .. } => true,
            DeviceSource::Volume { kind, .. } => *kind == VolumeKind::Disk,
            _ => false,
        };
        assert!(is_disk);
        assert_eq!(device.readonly, readonly, "{device:?}");
    };
    match &plan.setup.root {
        Root::Initramfs => assert_eq!(host.root, Some(RootDevice::Initramfs)),
        Root::Virtiofs { tag, readonly } => drop(share(tag, *readonly)),
        Root::Block { device, readonly } => disk(&device.serial, *readonly),
        Root::Overlay { lower, upper } => {
            disk(&lower.serial, true);
            if let Upper::Block(upper) = upper {
                disk(&upper.serial, false);
            }
        }
    }

    // Each mount once, as the spec has it, behind those above it.
    assert_eq!(plan.setup.mounts.len(), spec.mounts.len());
    for (n, wanted) in spec.mounts.iter().enumerate() {
        let path = wanted.guest().trim_end_matches('/');
        let mut of_path = plan.setup.mounts.iter().filter(|one| one.guest == path);
        let mount = of_path.next().unwrap();
        assert_eq!(of_path.next(), None);
        let options = wanted.options();
        let flags = MountFlags {
            readonly: options.readonly,
            noexec: options.noexec,
            nosuid: options.nosuid,
            nodev: options.nodev,
        };
        assert_eq!(mount.flags, flags);
        let id = format!("m{n}");
        match &mount.source {
            MountSource::Virtiofs { tag } => {
                assert_eq!(*tag, id);
                drop(share(tag, flags.readonly));
            }
            MountSource::VirtiofsFile { tag, file } => {
                assert_eq!(*tag, id);
                let attach = share(tag, flags.readonly);
                assert!(matches!(attach, DeviceSource::File { .. }));
                assert_eq!(file, SHARED_FILE_NAME);
            }
            MountSource::Block(device) => {
                assert_eq!(device.serial, id);
                disk(&device.serial, flags.readonly);
            }
            MountSource::Tmpfs { mode, .. } => {
                let sticky = ["/tmp", "/var/tmp"].contains(&path);
                assert_eq!(*mode, Some(if sticky { 0o1777 } else { 0o755 }));
            }
        }
        if let Some(device) = devices.get(&*id) {
            assert_eq!(device.path, format!("mounts[{n}]"));
        } else {
            assert!(matches!(wanted, VolumeMount::Tmpfs { .. }));
        }
    }
    assert_eq!(told.len() + told_disks.len(), plan.devices.len());

    // What the host knows goes through as it is.
    let setup = &plan.setup;
    let network = if spec.network.enabled {
        host.network.clone()
    } else {
        GuestNetwork::default()
    };
    assert_eq!(setup.interfaces, network.interfaces);
    assert_eq!((&setup.dns, &setup.search), (&network.dns, &network.search));
    assert_eq!((&setup.hosts, setup.clock), (&network.hosts, None));
    assert_eq!(setup.rlimits.len(), spec.rlimits.len());
    let restricted = spec.security_profile == SecurityProfile::Restricted;
    assert_eq!(setup.restricted, restricted);
    assert_nothing_dropped(spec, plan);
}

/// Every field that is not as in an empty spec is carried out by someone or named.
fn assert_nothing_dropped(spec: &SandboxSpec, plan: &BootPlan) {
    const CARRIED: [&str; 12] = [
        "name",
        "image",
        "rlimits",
        "mounts",
        "init",
        "security_profile",
        "runtime.hostname",
        "env",
        "runtime.workdir",
        "resources",
        "network.enabled",
        "runtime.metrics_sample_interval_ms",
    ];
    let left: HashSet<_> = plan.left.iter().map(|left| left.path).collect();
    assert_eq!(left.len(), plan.left.len());
    let fields = |spec: &SandboxSpec| match serde_json::to_value(spec).unwrap() {
        Value::Object(fields) => fields,
        _ => unreachable!(),
    };
    let (is, empty) = (fields(spec), fields(&SandboxSpec::default()));
    for (field, value) in is {
        if field == "runtime" || field == "network" {
            for (inner, value) in value.as_object().unwrap() {
                let path = format!("{field}.{inner}");
                let set = empty[&field].get(inner).unwrap_or(&Value::Null) != value;
                let named = left.contains(&*path) || CARRIED.contains(&&*path);
                assert!(!set || named, "{path} is dropped");
            }
        } else {
            let named = left.contains(&*field) || CARRIED.contains(&&*field);
            assert!(empty[&field] == value || named, "{field} is dropped");
        }
    }
    let env_left = spec.init.is_none() && !spec.env.is_empty();
    assert_eq!(left.contains("env"), env_left);
    let has_cwd = spec.init.as_ref().is_none_or(|init| init.cwd.is_some());
    let workdir_left = spec.runtime.workdir.is_some() && has_cwd;
    assert_eq!(left.contains("runtime.workdir"), workdir_left);
    let interval = spec.runtime.metrics_sample_interval_ms;
    let sampling_left = interval != Some(DEFAULT_METRICS_SAMPLE_INTERVAL_MS);
    assert_eq!(
        left.contains("runtime.metrics_sample_interval_ms"),
        sampling_left
    );
}

/// Whether what the host answers fits a valid spec and the guest, by a plain list.
fn is_consistent(spec: &SandboxSpec, host: &Answers) -> bool {
    let fits = |disk: &RootImage| {
        let root = Root::Block {
            device: BlockDevice {
                serial: "x".into(),
                fstype: disk.fstype.clone(),
            },
            readonly: false,
        };
        setup::is_valid(&GuestSetup {
            root,
            ..GuestSetup::default()
        })
    };
    let image = match host.root(&spec.image) {
        None => false,
        Some(RootDevice::Disk { image, .. }) => fits(&image),
        Some(RootDevice::Overlay { lower, upper }) => {
            let upper = match upper {
                RootUpper::Disk(image) => fits(&image),
                RootUpper::Tmpfs { size_mib } => size_mib != Some(0),
                _ => true,
            };
            fits(&lower) && upper
        }
        _ => true,
    };
    let path = |mount: &VolumeMount| mount.guest().trim_end_matches('/').to_owned();
    let files: Vec<_> = spec
        .mounts
        .iter()
        .filter(|mount| matches!(mount, VolumeMount::Bind { host: path, .. } if host.is_file(path)))
        .map(|file| path(file) + "/")
        .collect();
    let mounts = spec.mounts.iter().all(|mount| {
        let named = match mount {
            VolumeMount::Named { name, create, .. } => {
                create.is_some() || host.volumes.contains_key(name)
            }
            _ => true,
        };
        named && !files.iter().any(|file| path(mount).starts_with(file))
    });
    let network = setup::is_valid(&GuestSetup {
        interfaces: host.network.interfaces.clone(),
        dns: host.network.dns.clone(),
        search: host.network.search.clone(),
        hosts: host.network.hosts.clone(),
        ..GuestSetup::default()
    });
    image && mounts && (network || !spec.network.enabled)
}

fn host(u: &mut Unstructured<'_>, spec: &SandboxSpec) -> Result<Answers> {
    let disk = |u: &mut Unstructured<'_>| {
        Ok(RootImage {
            host: "/images/root".into(),
            format: DiskImageFormat::arbitrary(u)?,
            fstype: match u.int_in_range(0..=7)? {
                0..=3 => None,
                7 => Some((*u.choose(&["", "Ext4", "ext 4"])?).to_owned()),
                _ => Some("erofs".to_owned()),
            },
        })
    };
    let root = match u.int_in_range(0..=7)? {
        0 => None,
        1 => Some(RootDevice::Initramfs),
        2 => Some(RootDevice::Directory {
            host: "/images/unpacked".into(),
            readonly: bool::arbitrary(u)?,
        }),
        3 | 4 => Some(RootDevice::Disk {
            image: disk(u)?,
            readonly: bool::arbitrary(u)?,
        }),
        _ => Some(RootDevice::Overlay {
            lower: disk(u)?,
            upper: match bool::arbitrary(u)? {
                true => RootUpper::Disk(disk(u)?),
                false => RootUpper::Tmpfs {
                    size_mib: *u.choose(&[None, Some(1), Some(0), Some(64)])?,
                },
            },
        }),
    };
    let mut host = Answers {
        root,
        ..Answers::default()
    };
    for mount in &spec.mounts {
        match mount {
            VolumeMount::Bind { host: path, .. } if u.int_in_range(0..=3)? == 0 => {
                host.files.insert(path.as_str().to_owned());
            }
            VolumeMount::Named { name, .. } => {
                let kind = VolumeKind::arbitrary(u)?;
                host.volumes.entry(name.clone()).or_insert(kind);
            }
            _ => {}
        }
    }
    if u.int_in_range(0..=31)? == 0 {
        host.volumes.clear();
    }
    if bool::arbitrary(u)? {
        // The network of a made-up setup, which breaks a rule now and then.
        let made_up = setup::setup(u)?;
        host.network = GuestNetwork {
            interfaces: made_up.interfaces,
            dns: made_up.dns,
            search: made_up.search,
            hosts: made_up.hosts,
        };
    }
    Ok(host)
}

/// Makes a spec that is valid more often than not.
fn spec(u: &mut Unstructured<'_>) -> Result<SandboxSpec> {
    // Now and then any values, which hardly ever are.
    if u.int_in_range(0..=31)? == 0 {
        return SandboxSpec::arbitrary(u);
    }
    let image = match u.int_in_range(0..=3)? {
        0 => RootfsSource::Bind("/srv/root".into()),
        1 => RootfsSource::DiskImage {
            path: "/srv/root.raw".into(),
            format: DiskImageFormat::Raw,
            fstype: match bool::arbitrary(u)? {
                true => Some("ext4".into()),
                false => None,
            },
        },
        _ => RootfsSource::Oci(OciRootfsSource {
            reference: "alpine:3.20".into(),
            upper_size_mib: match bool::arbitrary(u)? {
                true => Some(u.int_in_range(1..=4096)?),
                false => None,
            },
        }),
    };
    let count = match u.int_in_range(0..=15)? {
        0 => u.int_in_range(60..=66)?,
        few => few % 8,
    };
    let mut seen = HashSet::new();
    let mut mounts = Vec::new();
    for n in 0..count {
        let path = match u.int_in_range(0..=15)? {
            0 => "/tmp".to_owned(),
            1 => "/var/tmp".to_owned(),
            2 => format!("/{}", "p".repeat(u.int_in_range(250..=256)?)),
            3..=9 => {
                (*u.choose(&["/a", "/a/b", "/a/b/c", "/a/d", "/a-b", "/ab", "/é"])?).to_owned()
            }
            10 => (*u.choose(&["/dev", "/proc/x", "/", "/run", "a", "/a//b"])?).to_owned(),
            _ => format!("/m{n}"),
        };
        if u.int_in_range(0..=31)? == 0 || seen.insert(path.clone()) {
            let slash = if u.int_in_range(0..=3)? == 0 { "/" } else { "" };
            mounts.push(mount(u, path + slash)?);
        }
    }
    let texts: [&str; 4] = ["A", "B", "PATH", "LANG"];
    let mut pairs = |max: usize| -> Result<Vec<(String, String)>> {
        (0..u.int_in_range(0..=max)?)
            .map(|_| {
                Ok((
                    u.choose(&texts)?.to_string(),
                    String::arbitrary(u)?.replace('\0', ""),
                ))
            })
            .collect()
    };
    let (env, init_env) = (pairs(4)?, pairs(4)?);
    let init = match u.int_in_range(0..=2)? {
        0 => None,
        _ => Some(HandoffInit {
            cmd: (*u.choose(&["auto", "/sbin/init"])?).to_owned(),
            args: vec!["x".repeat(u.int_in_range(0..=200)?)],
            env: init_env,
            cwd: match bool::arbitrary(u)? {
                true => Some("/srv".into()),
                false => None,
            },
        }),
    };
    let mut rlimits = Vec::new();
    for resource in setup::RESOURCES {
        if u.int_in_range(0..=7)? == 0 {
            let hard = u64::arbitrary(u)?;
            let soft = hard / 2;
            rlimits.push(Rlimit {
                resource,
                soft,
                hard,
            });
        }
    }
    let mut some =
        |text: &str| -> Result<Option<String>> { Ok(bool::arbitrary(u)?.then(|| text.to_owned())) };
    let runtime = SandboxRuntimeOptions {
        workdir: some("/work/")?,
        shell: some("/bin/sh")?,
        hostname: some("Größe_1")?,
        user: some("nobody")?,
        entrypoint: some("/bin/app")?.map(|one| vec![one]),
        cmd: some("serve")?.map(|one| vec![one]),
        scripts: some("echo")?
            .map(|one| ("run".to_owned(), one))
            .into_iter()
            .collect(),
        log_level: bool::arbitrary(u)?.then_some(SandboxLogLevel::Debug),
        metrics_sample_interval_ms: *u.choose(&[None, Some(1), Some(1000)])?,
        disable_metrics_sample: bool::arbitrary(u)?,
    };
    let value = |u: &mut Unstructured<'_>| -> Result<Option<Value>> {
        Ok(bool::arbitrary(u)?.then(|| Value::from("x")))
    };
    let network = NetworkSpec {
        enabled: u.int_in_range(0..=3)? != 0,
        interface: value(u)?,
        ports: match u.int_in_range(0..=3)? {
            0 => vec![PublishedPortSpec {
                host_port: 8080,
                guest_port: 80,
                ..PublishedPortSpec::default()
            }],
            _ => Vec::new(),
        },
        policy: value(u)?,
        dns: value(u)?,
        tls: value(u)?,
        secrets: value(u)?,
        max_connections: bool::arbitrary(u)?.then_some(7),
        trust_host_cas: bool::arbitrary(u)?,
    };
    Ok(SandboxSpec {
        name: match u.int_in_range(0..=3)? {
            0 => "n".repeat(u.int_in_range(1..=129)?),
            _ => "web-1".to_owned(),
        },
        image,
        resources: SandboxResources::default(),
        runtime,
        env: env.into_iter().map(EnvVar::from).collect(),
        labels: match bool::arbitrary(u)? {
            true => [("team".to_owned(), "a".to_owned())].into(),
            false => BTreeMap::new(),
        },
        rlimits,
        mounts,
        patches: match bool::arbitrary(u)? {
            true => vec![Patch::Remove {
                path: "/etc/motd".into(),
            }],
            false => Vec::new(),
        },
        network,
        init,
        pull_policy: PullPolicy::arbitrary(u)?,
        security_profile: SecurityProfile::arbitrary(u)?,
        lifecycle: SandboxPolicy {
            max_duration_secs: bool::arbitrary(u)?.then_some(60),
            ..SandboxPolicy::default()
        },
    })
}

fn mount(u: &mut Unstructured<'_>, guest: String) -> Result<VolumeMount> {
    let options = MountOptions::arbitrary(u)?;
    let stat_virtualization = StatVirtualization::arbitrary(u)?;
    let host_permissions = HostPermissions::arbitrary(u)?;
    Ok(match u.int_in_range(0..=4)? {
        0 | 1 => VolumeMount::Bind {
            host: (*u.choose(&["/host/a", "/host/b", "/host/c", "C:\\d"])?).into(),
            guest,
            options,
            stat_virtualization,
            host_permissions,
            quota_mib: bool::arbitrary(u)?.then_some(64),
        },
        2 => {
            let name = (*u.choose(&["cache", "db", "logs"])?).to_owned();
            let kind = VolumeKind::arbitrary(u)?;
            let create = NamedVolumeCreate {
                mode: NamedVolumeMode::EnsureExists,
                name: name.clone(),
                kind,
                quota_mib: None,
                capacity_mib: (kind == VolumeKind::Disk).then_some(64),
                labels: Vec::new(),
            };
            VolumeMount::Named {
                name,
                guest,
                options,
                stat_virtualization,
                host_permissions,
                create: bool::arbitrary(u)?.then_some(create),
            }
        }
        3 => VolumeMount::Tmpfs {
            guest,
            size_mib: bool::arbitrary(u)?.then_some(64),
            options,
        },
        _ => VolumeMount::DiskImage {
            host: "/host/disk.qcow2".into(),
            guest,
            format: DiskImageFormat::Qcow2,
            fstype: bool::arbitrary(u)?.then(|| "xfs".to_owned()),
            options,
        },
    })
}
