//! The laws of a boot's plan.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::{
    BootHost, BootPlan, DeviceSource, DiskImageFormat, ExecLimits, FindingCode, GuestNetwork,
    GuestSetup, HandoffInit, HostPath, Interface, IpNet, MountSource, Root, RootDevice, RootImage,
    RootUpper, RootfsSource, SandboxSpec, Then, VolumeKind, VolumeMount,
};

/// A host that answers each question alike whenever it is asked, as these bits have it.
struct MadeUp {
    bits: u64,
}

impl MadeUp {
    fn says(&self, about: &str) -> bool {
        let sum = about.bytes().fold(self.bits, |sum, byte| {
            sum.rotate_left(5) ^ u64::from(byte).wrapping_mul(0x9e37_79b9)
        });
        sum.count_ones() % 2 == 1
    }
}

impl BootHost for MadeUp {
    fn root(&self, image: &RootfsSource) -> Option<RootDevice> {
        let image_of = |host: &str| RootImage {
            host: host.into(),
            format: DiskImageFormat::Raw,
            fstype: Some("erofs".into()),
        };
        RootDevice::of(image).or_else(|| {
            Some(RootDevice::Overlay {
                lower: image_of("/srv/lower"),
                upper: if self.says("upper") {
                    RootUpper::Disk(image_of("/srv/upper"))
                } else {
                    RootUpper::Tmpfs { size_mib: None }
                },
            })
        })
    }

    fn is_file(&self, path: &HostPath) -> bool {
        self.says(path.as_str())
    }

    fn volume_kind(&self, name: &str) -> Option<VolumeKind> {
        Some(if self.says(name) {
            VolumeKind::Disk
        } else {
            VolumeKind::Directory
        })
    }

    fn network(&self) -> GuestNetwork {
        let gateway = Some(Ipv4Addr::new(10, 0, 2, 2));
        GuestNetwork {
            interfaces: vec![Interface {
                mac: [2, 0, 0, 0, 0, 1],
                name: "eth0".into(),
                mtu: None,
                ipv4: Some(IpNet {
                    address: Ipv4Addr::new(10, 0, 2, 15),
                    prefix: 24,
                    gateway,
                }),
                ipv6: None,
            }],
            dns: vec![IpAddr::from([10, 0, 2, 3])],
            ..GuestNetwork::default()
        }
    }
}

/// Any spec that is valid, with any host that answers, plans, but for a mount inside one that the
/// host says is a file; what is planned is accepted, and says what the spec says.
pub fn any(data: &[u8]) {
    let _ = try_any(&mut Unstructured::new(data));
}

fn try_any(u: &mut Unstructured<'_>) -> Result<()> {
    let host = MadeUp {
        bits: u64::arbitrary(u)?,
    };
    let mut spec = SandboxSpec::arbitrary(u)?;
    // Else hardly any is valid.
    mend(&mut spec, u)?;
    let valid = spec.validate();
    match (spec.plan(&host), &valid) {
        (Ok(plan), Ok(())) => assert_plan(&spec, &host, &plan),
        (Err(found), Ok(())) => {
            assert!(
                found
                    .iter()
                    .all(|finding| finding.code == FindingCode::HostAnswer),
                "{found}"
            );
        }
        (Err(found), Err(invalid)) => assert_eq!(&found, invalid),
        (Ok(_), Err(invalid)) => panic!("planned although {invalid}"),
    }
    Ok(())
}

/// Gives what random texts never get right a value that is.
fn mend(spec: &mut SandboxSpec, u: &mut Unstructured<'_>) -> Result<()> {
    spec.name = "web-1".into();
    if u.ratio(1, 2)? {
        spec.image = RootfsSource::Bind("/srv/root".into());
    }
    spec.runtime.hostname = None;
    spec.runtime.workdir = None;
    spec.runtime.scripts.clear();
    spec.runtime.entrypoint = None;
    spec.runtime.cmd = None;
    spec.runtime.user = None;
    spec.runtime.shell = None;
    spec.env.clear();
    spec.rlimits.clear();
    spec.patches.clear();
    spec.network.ports.clear();
    spec.labels.clear();
    spec.resources = Default::default();
    spec.lifecycle = Default::default();
    if let Some(init) = &mut spec.init {
        *init = HandoffInit::new("/sbin/init").env("LANG", "C");
    }
    for mount in &mut spec.mounts {
        let path = *u.choose(&["/a", "/a/b/", "/a/b/c", "/tmp", "/var/tmp/", "/d", "/d/e"])?;
        match mount {
            VolumeMount::Bind {
                host,
                guest,
                quota_mib,
                ..
            } => {
                *host = format!("/srv{path}").into();
                *guest = path.into();
                *quota_mib = None;
            }
            VolumeMount::Named {
                name,
                guest,
                create,
                ..
            } => {
                *name = "vol".into();
                *guest = path.into();
                *create = None;
            }
            VolumeMount::Tmpfs {
                guest, size_mib, ..
            } => {
                *guest = path.into();
                *size_mib = Some(1);
            }
            VolumeMount::DiskImage {
                host,
                guest,
                fstype,
                ..
            } => {
                *host = "/srv/disk.img".into();
                *guest = path.into();
                *fstype = None;
            }
        }
    }
    Ok(())
}

fn assert_plan(spec: &SandboxSpec, host: &MadeUp, plan: &BootPlan) {
    let setup = &plan.setup;
    let frame = setup.encode().expect("what is planned is accepted");
    assert_eq!(GuestSetup::decode(&frame).as_ref(), Ok(setup));
    match (&plan.handoff, &spec.init) {
        (Some(handoff), Some(init)) => {
            assert_eq!(setup.then, Then::Handoff);
            assert_eq!(handoff.validate_with(&ExecLimits::default()), Ok(()));
            assert!(handoff.env.ends_with(&init.env));
        }
        (None, None) => assert_eq!(setup.then, Then::Stay),
        other => panic!("{other:?}"),
    }

    // Each mount is there exactly once.
    let order: BTreeSet<usize> = plan.mount_order.iter().copied().collect();
    assert!(order.iter().copied().eq(0..spec.mounts.len()));
    assert_eq!(plan.mount_order.len(), setup.mounts.len());
    let ids: BTreeSet<&str> = plan
        .devices
        .iter()
        .map(|device| device.id.as_str())
        .collect();
    assert_eq!(ids.len(), plan.devices.len());
    for (mount, n) in setup.mounts.iter().zip(&plan.mount_order) {
        let asked = &spec.mounts[*n];
        assert_eq!(mount.guest, asked.guest().trim_end_matches('/'));
        let device = plan
            .devices
            .iter()
            .find(|device| device.path == format!("mounts[{n}]"));
        // Nothing readonly becomes writable, in the device or in the mount.
        assert_eq!(mount.flags.readonly, asked.options().readonly);
        let id = match &mount.source {
            MountSource::Tmpfs { .. } => {
                assert!(device.is_none());
                continue;
            }
            MountSource::Virtiofs { tag } | MountSource::VirtiofsFile { tag, .. } => tag,
            MountSource::Block(block) => &block.serial,
        };
        let device = device.unwrap();
        assert_eq!(
            (&device.id, device.readonly),
            (id, asked.options().readonly)
        );
        if let VolumeMount::Bind { host: path, .. } = asked {
            let is_file = matches!(device.source, DeviceSource::File { .. });
            assert_eq!(is_file, host.is_file(path));
        }
    }
    let has = |id: &str| ids.contains(id);
    match &setup.root {
        Root::Initramfs => {}
        Root::Virtiofs { tag, .. } => assert!(has(tag)),
        Root::Block { device, .. } => assert!(has(&device.serial)),
        Root::Overlay { lower, .. } => assert!(has(&lower.serial)),
    }
    assert_eq!(setup.interfaces.is_empty(), !spec.network.enabled);
}
