//! What a sandbox is to be: drafts with plain public fields, as people store and send them.

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
pub use rlimit::{Rlimit, RlimitResource};
pub use rootfs::{DiskImageFormat, OciRootfsSource, PullPolicy, RootfsSource};
pub use runtime::{EnvVar, SandboxRuntimeOptions, SecurityProfile};
pub use snapshot::{SnapshotDestination, SnapshotSpec};
pub use volume::{NamedVolumeCreate, NamedVolumeMode, VolumeKind, VolumeSpec};

/// A sandbox as its creator describes it.
///
/// In JSON every field may be missing and then takes its default.
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
    /// The sandbox's name: 1 to [`MAX_SANDBOX_NAME_BYTES`](crate::MAX_SANDBOX_NAME_BYTES) bytes.
    /// A draft may leave it empty.
    pub name: String,
    /// Where the root filesystem comes from.
    pub image: RootfsSource,
    /// The virtual machine's size.
    pub resources: SandboxResources,
    /// What runs in the guest, and how.
    pub runtime: SandboxRuntimeOptions,
    /// The environment of the guest's processes.
    pub env: Vec<EnvVar>,
    /// Free-form labels to find the sandbox by.
    pub labels: BTreeMap<String, String>,
    /// Resource limits of the guest's processes.
    pub rlimits: Vec<Rlimit>,
    /// What is mounted over the root filesystem.
    pub mounts: Vec<VolumeMount>,
    /// Changes to the root filesystem before the sandbox starts, in this order.
    pub patches: Vec<Patch>,
    /// The sandbox's network.
    pub network: NetworkSpec,
    /// The program that takes over as the guest's init; without one the
    /// guest keeps its own.
    pub init: Option<HandoffInit>,
    /// When the image is pulled.
    pub pull_policy: PullPolicy,
    /// How much the guest's processes may do.
    pub security_profile: SecurityProfile,
    /// How long the sandbox lives.
    pub lifecycle: SandboxPolicy,
}
