//! The documents that describe a sandbox: drafts with plain public fields, as people store and send
//! them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::handoff::HandoffInit;

pub(crate) mod hidden;
mod host_path;
mod lifecycle;
mod log;
mod mount;
mod network;
mod patch;
mod resources;
mod rlimit;
mod rootfs;
mod runtime;
mod snapshot;
mod volume;

pub use host_path::HostPath;
pub use lifecycle::SandboxPolicy;
pub use log::{LogSource, SandboxLogLevel};
pub use mount::{HostPermissions, MountOptions, StatVirtualization, VolumeMount};
pub use network::{NetworkSpec, PortProtocol, PublishedPortSpec};
pub use patch::Patch;
pub use resources::SandboxResources;
pub use rlimit::Rlimit;
pub use rootfs::{DiskImageFormat, OciRootfsSource, PullPolicy, RootfsSource};
pub use runtime::{EnvVar, SandboxRuntimeOptions, SecurityProfile};
pub use snapshot::{SnapshotDestination, SnapshotSpec};
pub use volume::{NamedVolumeCreate, NamedVolumeMode, VolumeKind, VolumeSpec};

/// The description of a sandbox.
///
/// In JSON, a missing field takes its default.
///
/// `Debug` shows no value of the environment, no script, no secret and no content of a patch.
///
/// ```
/// use microsandbox_types::{RootfsSource, SandboxSpec};
///
/// let spec = SandboxSpec {
///     name: "web-1".into(),
///     image: RootfsSource::oci("alpine:3.20"),
///     ..SandboxSpec::default()
/// };
/// assert_eq!(spec.resources.memory_mib, 512);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SandboxSpec {
    /// The sandbox's name: 1 to 128 ASCII letters, digits, `.`, `-` and `_`, starting with a letter
    /// or digit.
    ///
    /// A draft may leave it empty.
    pub name: String,
    /// Where the root filesystem comes from.
    pub image: RootfsSource,
    /// The size of the virtual machine.
    pub resources: SandboxResources,
    /// How processes run in the guest.
    pub runtime: SandboxRuntimeOptions,
    /// Environment variables for the guest's processes.
    pub env: Vec<EnvVar>,
    /// Labels to find the sandbox by.
    pub labels: BTreeMap<String, String>,
    /// Resource limits of the guest's processes.
    pub rlimits: Vec<Rlimit>,
    /// What is mounted into the root filesystem, in any order.
    pub mounts: Vec<VolumeMount>,
    /// Changes to make to the root filesystem before the sandbox starts, in this order.
    pub patches: Vec<Patch>,
    /// The sandbox's network.
    pub network: NetworkSpec,
    /// The program that takes over as the guest's init; by default the guest keeps its own.
    pub init: Option<HandoffInit>,
    /// When to pull the image.
    pub pull_policy: PullPolicy,
    /// How far the guest's processes are restricted.
    pub security_profile: SecurityProfile,
    /// How long the sandbox may run.
    pub lifecycle: SandboxPolicy,
}
