//! From a spec to both halves of a boot: what the host attaches, and what the guest sets up.
//!
//! One function makes both, so that they cannot disagree.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::check::{FindingCode, Findings, Place};
use crate::exec::ExecLimits;
use crate::handoff::HandoffInit;
use crate::name::hostname_from_sandbox_name;
use crate::rule::MessageField;
use crate::setup::{
    BlockDevice, GuestSetup, HostsEntry, Interface, Mount, MountFlags, MountSource, Root,
    SetupRlimit, Then, Upper,
};
use crate::spec::{
    DiskImageFormat, EnvVar, HostPath, HostPermissions, MountOptions, NamedVolumeCreate,
    RootfsSource, SandboxSpec, SecurityProfile, StatVirtualization, VolumeKind, VolumeMount,
};

/// The name that a file which is shared alone has in its share.
pub const SHARED_FILE_NAME: &str = "file";

/// What a spec cannot know: the host's answers.
///
/// [`SandboxSpec::plan`] looks at nothing on the host itself, so that it can be tested, and run on
/// another machine than the one that boots.
///
/// ```
/// use microsandbox_types::{BootHost, HostPath, SandboxSpec};
///
/// /// A host that shares folders and has no volumes.
/// struct Folders;
///
/// impl BootHost for Folders {
///     fn is_file(&self, path: &HostPath) -> bool {
///         path.is_file()
///     }
/// }
///
/// let spec: SandboxSpec = serde_json::from_str(
///     r#"{"name": "web-1", "image": {"Bind": "/srv/alpine"}, "init": {"cmd": "/sbin/init"}}"#,
/// )?;
/// let plan = spec.plan(&Folders)?;
/// assert_eq!(plan.devices[0].id, "root");
/// assert_eq!(plan.setup.hostname.as_deref(), Some("web-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait BootHost {
    /// Says how the guest gets its root filesystem; `None` where it cannot have this image.
    ///
    /// The default shares a folder and attaches a disk image, and knows nothing of OCI images,
    /// which a host must unpack first.
    fn root(&self, image: &RootfsSource) -> Option<RootDevice> {
        RootDevice::of(image)
    }

    /// Says whether a mount's source on the host is a file, not a folder.
    fn is_file(&self, path: &HostPath) -> bool;

    /// Says what a named volume is; `None` where the host has no such volume.
    ///
    /// A mount that asks for the volume to be made says so itself, and this is not asked.
    fn volume_kind(&self, name: &str) -> Option<VolumeKind> {
        let _ = name;
        None
    }

    /// Says what the guest's network is; not asked where the spec turns the network off.
    fn network(&self) -> GuestNetwork {
        GuestNetwork::default()
    }
}

/// How the guest gets its root filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootDevice {
    /// The guest stays in the initramfs that it started from.
    Initramfs,
    /// A folder of the host, over virtiofs.
    Directory {
        /// The folder.
        host: HostPath,
        /// Whether nothing may be written.
        readonly: bool,
    },
    /// A disk image.
    Disk {
        /// The image.
        image: RootImage,
        /// Whether nothing may be written.
        readonly: bool,
    },
    /// A read-only disk image under a layer that takes what is written.
    Overlay {
        /// The image.
        lower: RootImage,
        /// What takes the writes.
        upper: RootUpper,
    },
}

/// A disk image with a filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootImage {
    /// The image on the host.
    pub host: HostPath,
    /// The image's format.
    pub format: DiskImageFormat,
    /// The filesystem in it, such as `ext4`; without one the guest finds out.
    pub fstype: Option<String>,
}

/// The writable layer of an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootUpper {
    /// A disk image, which outlives the boot.
    Disk(RootImage),
    /// The guest's memory: at most so many MiB, or as many as its kernel allows.
    Tmpfs {
        /// The size in MiB.
        size_mib: Option<u32>,
    },
}

impl RootDevice {
    /// Returns how an image that needs no unpacking is provided: a folder is shared, a disk image
    /// attached, both writable. `None` for an OCI image.
    #[must_use]
    pub fn of(image: &RootfsSource) -> Option<Self> {
        match image {
            RootfsSource::Bind(host) => Some(Self::Directory {
                host: host.clone(),
                readonly: false,
            }),
            RootfsSource::DiskImage {
                path,
                format,
                fstype,
            } => Some(Self::Disk {
                image: RootImage {
                    host: path.clone(),
                    format: *format,
                    fstype: fstype.clone(),
                },
                readonly: false,
            }),
            RootfsSource::Oci(_) => None,
        }
    }
}

/// The guest's network, as the host has set up its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestNetwork {
    /// The interfaces, which the guest finds by their hardware addresses.
    pub interfaces: Vec<Interface<String>>,
    /// The servers for `/etc/resolv.conf`.
    pub dns: Vec<core::net::IpAddr>,
    /// The search domains for `/etc/resolv.conf`.
    pub search: Vec<String>,
    /// Further lines of `/etc/hosts`.
    pub hosts: Vec<HostsEntry>,
}

/// What a boot needs: see [`SandboxSpec::plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootPlan {
    /// What the host attaches to the VM.
    pub devices: Vec<BootDevice>,
    /// What the guest sets up before its init.
    pub setup: GuestSetup,
    /// For each mount of the setup, its index in the spec: the setup has parents before children.
    pub mount_order: Vec<usize>,
    /// Whether the setup's hostname only follows from the sandbox's name: a guest agent that
    /// cannot read a setup goes without it.
    pub hostname_is_derived: bool,
    /// Which init the guest becomes; without one it stays what it is.
    pub handoff: Option<HandoffInit>,
    /// What the spec asks for and this plan does not do, so that nothing is dropped in silence.
    pub left: Vec<Left>,
}

/// A device of the VM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootDevice {
    /// The tag of a share or the serial of a disk, by which the guest finds it: `root`, `upper`,
    /// or `m` and the mount's index in the spec.
    pub id: String,
    /// What is attached.
    pub source: DeviceSource,
    /// Whether the device itself takes no writes; the guest's mount is read-only then too.
    pub readonly: bool,
    /// The part of the spec that it comes from, such as `mounts[2]`.
    pub path: String,
}

/// What is attached to the VM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceSource {
    /// A folder, over virtiofs.
    Directory {
        /// The folder.
        host: HostPath,
        /// How it is shared.
        sharing: Sharing,
    },
    /// One file over virtiofs, alone in its share under the name [`SHARED_FILE_NAME`]: sharing its
    /// folder would show the guest its siblings.
    File {
        /// The file.
        host: HostPath,
        /// How it is shared.
        sharing: Sharing,
    },
    /// A disk image, over virtio-blk.
    Disk {
        /// The image.
        host: HostPath,
        /// The image's format.
        format: DiskImageFormat,
    },
    /// A named volume: a folder over virtiofs, or a disk over virtio-blk, as it is kept.
    Volume {
        /// The volume's name.
        name: String,
        /// What it is.
        kind: VolumeKind,
        /// The request to have it ready first.
        create: Option<NamedVolumeCreate>,
        /// How a folder is shared.
        sharing: Sharing,
    },
}

/// How a folder or file is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Whose view of owners and modes the guest has.
    pub stat_virtualization: StatVirtualization,
    /// Which permissions new files have on the host.
    pub host_permissions: HostPermissions,
    /// The most that the guest may store, in MiB.
    pub quota_mib: Option<u32>,
}

/// A part of a spec that a plan does not act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The field, such as `runtime.scripts`.
    pub path: &'static str,
    /// Who could act on it.
    pub who: &'static str,
}

impl SandboxSpec {
    /// Says what a boot of this sandbox needs: the devices that the host attaches, the setup that
    /// the guest sets up, and the init that it becomes.
    ///
    /// A read-only mount is read-only in its device and in the guest. Mounts are sorted so that
    /// parents come first, whatever their order in the spec.
    ///
    /// # Errors
    /// What [`validate`](Self::validate) finds; an answer of `host` that does not fit the spec, at
    /// the field that it is about.
    pub fn plan(&self, host: &impl BootHost) -> Result<BootPlan, Findings> {
        self.plan_with(host, &ExecLimits::default())
    }

    /// [`plan`](Self::plan) for a guest with these limits.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn plan_with(
        &self,
        host: &impl BootHost,
        limits: &ExecLimits,
    ) -> Result<BootPlan, Findings> {
        self.validate_with(limits)?;
        let mut planner = Planner {
            devices: Vec::new(),
            found: Findings::default(),
        };
        let root = planner.root(self, host);
        let (mounts, mount_order) = planner.mounts(self, host);
        let network = if self.network.enabled {
            host.network()
        } else {
            GuestNetwork::default()
        };
        let setup = GuestSetup {
            then: if self.init.is_some() {
                Then::Handoff
            } else {
                Then::Stay
            },
            root,
            mounts,
            hostname: Some(match &self.runtime.hostname {
                Some(hostname) => hostname.clone(),
                None => hostname_from_sandbox_name(&self.name),
            }),
            interfaces: network.interfaces,
            dns: network.dns,
            search: network.search,
            hosts: network.hosts,
            rlimits: self.rlimits.iter().map(rlimit).collect(),
            restricted: self.security_profile == SecurityProfile::Restricted,
            clock: None,
        };
        let handoff = self.init.as_ref().map(|init| self.handoff(init));
        planner.check(&setup, handoff.as_ref(), &self.exec_limits(limits));
        planner.found.into_result()?;
        let left = left(self, setup.interfaces.is_empty());
        Ok(BootPlan {
            devices: planner.devices,
            setup,
            mount_order,
            hostname_is_derived: self.runtime.hostname.is_none(),
            handoff,
            left,
        })
    }

    /// What an init is held to in a guest with these limits, once the guest has set those that the
    /// spec asks for.
    pub(crate) fn exec_limits(&self, limits: &ExecLimits) -> ExecLimits {
        limits.after(
            self.rlimits
                .iter()
                .map(|limit| (limit.resource, limit.soft)),
        )
    }

    /// The init with all that the spec says of its process.
    fn handoff(&self, init: &HandoffInit) -> HandoffInit {
        let of_spec = self.env.iter().map(EnvVar::as_pair);
        let of_init = init.env.iter();
        let of_init = of_init.map(|(key, value)| (key.as_str(), value.as_str()));
        HandoffInit {
            cmd: init.cmd.clone(),
            args: init.args.clone(),
            env: merged(of_spec.chain(of_init)),
            cwd: init.cwd.clone().or_else(|| self.runtime.workdir.clone()),
        }
    }
}

/// Each key once, with its last value: entries that lose would take up room.
fn merged<'a>(
    entries: impl DoubleEndedIterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let mut env: Vec<_> = entries
        .rev()
        .filter(|(key, _)| seen.insert(*key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    env.reverse();
    env
}

/// Collects what is to be attached, and what is wrong.
struct Planner {
    devices: Vec<BootDevice>,
    found: Findings,
}

impl Planner {
    fn attach(&mut self, id: &str, source: DeviceSource, readonly: bool, path: impl ToString) {
        self.devices.push(BootDevice {
            id: id.to_owned(),
            source,
            readonly,
            path: path.to_string(),
        });
    }

    fn root(&mut self, spec: &SandboxSpec, host: &impl BootHost) -> Root<String> {
        let Some(device) = host.root(&spec.image) else {
            let message = "the host has no root filesystem for this image";
            self.found.note(
                &Place::ROOT.field("image"),
                FindingCode::HostAnswer,
                message,
            );
            return Root::Initramfs;
        };
        match device {
            RootDevice::Initramfs => Root::Initramfs,
            RootDevice::Directory { host, readonly } => {
                let sharing = Sharing::default();
                let source = DeviceSource::Directory { host, sharing };
                self.attach("root", source, readonly, "image");
                Root::Virtiofs {
                    tag: "root".into(),
                    readonly,
                }
            }
            RootDevice::Disk { image, readonly } => Root::Block {
                device: self.disk("root", image, readonly),
                readonly,
            },
            RootDevice::Overlay { lower, upper } => Root::Overlay {
                lower: self.disk("root", lower, true),
                upper: match upper {
                    RootUpper::Disk(image) => Upper::Block(self.disk("upper", image, false)),
                    RootUpper::Tmpfs { size_mib } => Upper::Tmpfs { size_mib },
                },
            },
        }
    }

    fn disk(&mut self, id: &str, image: RootImage, readonly: bool) -> BlockDevice<String> {
        let RootImage {
            host,
            format,
            fstype,
        } = image;
        self.attach(id, DeviceSource::Disk { host, format }, readonly, "image");
        BlockDevice {
            serial: id.into(),
            fstype,
        }
    }

    /// The mounts, parents first, and their indices in the spec.
    fn mounts(
        &mut self,
        spec: &SandboxSpec,
        host: &impl BootHost,
    ) -> (Vec<Mount<String>>, Vec<usize>) {
        let mut order: Vec<usize> = (0..spec.mounts.len()).collect();
        let depth = |n: &usize| {
            let guest = spec.mounts.get(*n).map_or("", VolumeMount::guest);
            guest.split('/').filter(|part| !part.is_empty()).count()
        };
        // Stable: mounts of one depth keep their order.
        order.sort_by_key(depth);
        let mut mounts = Vec::with_capacity(order.len());
        let mut files: Vec<&str> = Vec::new();
        for (n, mount) in order
            .iter()
            .filter_map(|n| Some((*n, spec.mounts.get(*n)?)))
        {
            let guest = mount.guest().trim_end_matches('/');
            let source = self.mount_source(n, mount, host);
            let is_below = |file: &&str| {
                guest
                    .strip_prefix(*file)
                    .is_some_and(|p| p.starts_with('/'))
            };
            if files.iter().any(is_below) {
                let message = "is inside a mount that is a file";
                self.note_mount(n, "guest", message);
            }
            if let MountSource::VirtiofsFile { .. } = source {
                files.push(guest);
            }
            mounts.push(Mount {
                source,
                guest: guest.to_owned(),
                flags: flags(mount.options()),
            });
        }
        (mounts, order)
    }

    fn note_mount(&mut self, n: usize, field: &'static str, message: &str) {
        let mounts = Place::ROOT.field("mounts");
        let at = mounts.index(n);
        self.found
            .note(&at.field(field), FindingCode::HostAnswer, message);
    }

    fn mount_source(
        &mut self,
        n: usize,
        mount: &VolumeMount,
        answers: &impl BootHost,
    ) -> MountSource<String> {
        let id = format!("m{n}");
        let path = format!("mounts[{n}]");
        let readonly = mount.options().readonly;
        match mount {
            VolumeMount::Bind {
                host,
                stat_virtualization,
                host_permissions,
                quota_mib,
                ..
            } => {
                let sharing = Sharing {
                    stat_virtualization: *stat_virtualization,
                    host_permissions: *host_permissions,
                    quota_mib: *quota_mib,
                };
                let is_file = answers.is_file(host);
                let host = host.clone();
                let source = if is_file {
                    DeviceSource::File { host, sharing }
                } else {
                    DeviceSource::Directory { host, sharing }
                };
                self.attach(&id, source, readonly, path);
                if is_file {
                    let file = SHARED_FILE_NAME.into();
                    MountSource::VirtiofsFile { tag: id, file }
                } else {
                    MountSource::Virtiofs { tag: id }
                }
            }
            VolumeMount::Named {
                name,
                stat_virtualization,
                host_permissions,
                create,
                ..
            } => {
                let kind = match create {
                    Some(create) => Some(create.kind),
                    None => answers.volume_kind(name),
                };
                let Some(kind) = kind else {
                    self.note_mount(n, "name", "the host has no such volume");
                    return MountSource::Virtiofs { tag: id };
                };
                let sharing = Sharing {
                    stat_virtualization: *stat_virtualization,
                    host_permissions: *host_permissions,
                    quota_mib: create.as_ref().and_then(|create| create.quota_mib),
                };
                let source = DeviceSource::Volume {
                    name: name.clone(),
                    kind,
                    create: create.clone(),
                    sharing,
                };
                self.attach(&id, source, readonly, path);
                match kind {
                    VolumeKind::Directory => MountSource::Virtiofs { tag: id },
                    VolumeKind::Disk => MountSource::Block(BlockDevice {
                        serial: id,
                        fstype: None,
                    }),
                }
            }
            VolumeMount::Tmpfs {
                guest, size_mib, ..
            } => MountSource::Tmpfs {
                size_mib: *size_mib,
                mode: Some(match guest.trim_end_matches('/') {
                    "/tmp" | "/var/tmp" => 0o1777,
                    _ => 0o755,
                }),
            },
            VolumeMount::DiskImage {
                host,
                format,
                fstype,
                ..
            } => {
                let source = DeviceSource::Disk {
                    host: host.clone(),
                    format: *format,
                };
                self.attach(&id, source, readonly, path);
                MountSource::Block(BlockDevice {
                    serial: id,
                    fstype: fstype.clone(),
                })
            }
        }
    }

    /// Notes what the guest would refuse: after the spec's own rules, the host's answers alone can
    /// be at fault.
    fn check(&mut self, setup: &GuestSetup, handoff: Option<&HandoffInit>, limits: &ExecLimits) {
        let root = Place::ROOT;
        if let Err(invalid) = setup.validate() {
            let message = format!("the guest would refuse the setup: {invalid}");
            // A mount is refused for the file above it, which has been noted.
            let at = match invalid.field {
                MessageField::Root => root.field("image"),
                MessageField::Mount(_) => root.field("mounts"),
                _ => root.field("network"),
            };
            if self.found.is_empty() {
                self.found.note(&at, FindingCode::HostAnswer, message);
            }
        }
        if let Some(Err(invalid)) = handoff.map(|handoff| handoff.validate_with(limits)) {
            let message = format!("the guest would refuse the handoff: {invalid}");
            self.found
                .note(&root.field("init"), FindingCode::HostAnswer, message);
        }
    }
}

fn flags(options: &MountOptions) -> MountFlags {
    MountFlags {
        readonly: options.readonly,
        noexec: options.noexec,
        nosuid: options.nosuid,
        nodev: options.nodev,
    }
}

fn rlimit(rlimit: &crate::spec::Rlimit) -> SetupRlimit {
    SetupRlimit {
        resource: rlimit.resource,
        soft: rlimit.soft,
        hard: rlimit.hard,
    }
}

/// The fields that say something and that neither device, setup nor handoff carries.
fn left(spec: &SandboxSpec, no_interface: bool) -> Vec<Left> {
    const HOST: &str = "the host, which sizes, connects and ends the VM";
    const AGENT: &str = "a resident agent, over its own protocol";
    const NOBODY: &str = "nobody yet: prepare the root filesystem before the boot";
    let SandboxSpec {
        name: _,
        image,
        resources,
        runtime,
        env,
        labels,
        rlimits: _,
        mounts: _,
        patches,
        network,
        init,
        pull_policy,
        security_profile: _,
        lifecycle,
    } = spec;
    let usual = SandboxSpec::default();
    let no_init = init.is_none();
    let cwd = init.as_ref().map(|init| &init.cwd);
    let upper = image.oci_upper_size_mib().is_some();
    let fields = [
        ("image.Oci.upper_size_mib", upper, HOST),
        ("resources", *resources != usual.resources, HOST),
        (
            "runtime.workdir",
            runtime.workdir.is_some() && cwd.is_none_or(Option::is_some),
            AGENT,
        ),
        ("runtime.shell", runtime.shell.is_some(), AGENT),
        ("runtime.scripts", !runtime.scripts.is_empty(), AGENT),
        ("runtime.entrypoint", runtime.entrypoint.is_some(), AGENT),
        ("runtime.cmd", runtime.cmd.is_some(), AGENT),
        ("runtime.user", runtime.user.is_some(), AGENT),
        ("runtime.log_level", runtime.log_level.is_some(), HOST),
        (
            "runtime.metrics_sample_interval_ms",
            runtime.metrics_sample_interval_ms != usual.runtime.metrics_sample_interval_ms,
            HOST,
        ),
        (
            "runtime.disable_metrics_sample",
            runtime.disable_metrics_sample,
            HOST,
        ),
        ("env", no_init && !env.is_empty(), AGENT),
        ("labels", !labels.is_empty(), HOST),
        ("patches", !patches.is_empty(), NOBODY),
        ("network.enabled", network.enabled && no_interface, HOST),
        ("network.interface", network.interface.is_some(), HOST),
        ("network.ports", !network.ports.is_empty(), HOST),
        ("network.policy", network.policy.is_some(), HOST),
        ("network.dns", network.dns.is_some(), HOST),
        ("network.tls", network.tls.is_some(), HOST),
        ("network.secrets", network.secrets.is_some(), HOST),
        (
            "network.max_connections",
            network.max_connections.is_some(),
            HOST,
        ),
        ("network.trust_host_cas", network.trust_host_cas, AGENT),
        ("pull_policy", *pull_policy != usual.pull_policy, HOST),
        ("lifecycle", *lifecycle != usual.lifecycle, HOST),
    ];
    let said = fields.into_iter().filter(|(_, is_said, _)| *is_said);
    said.map(|(path, _, who)| Left { path, who }).collect()
}
