#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::todo,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "alloc")]
mod check;
#[cfg(feature = "cloud")]
mod cloud;
mod error;
mod exec;
#[cfg(feature = "arbitrary")]
mod generate;
#[cfg(feature = "alloc")]
mod hand_over;
mod handoff;
mod limits;
mod name;
mod path;
#[cfg(feature = "alloc")]
mod plan;
mod report;
mod rlimit;
mod rule;
#[cfg(feature = "schema")]
mod schema;
mod setup;
#[cfg(feature = "alloc")]
mod shape;
#[cfg(feature = "alloc")]
mod spec;
#[cfg(feature = "std")]
mod strict;
mod wire;

#[cfg(feature = "alloc")]
pub use check::{FieldPath, Finding, FindingCode, Findings, Limit, PathStep, Related, Severity};
#[cfg(feature = "cloud")]
pub use cloud::{
    CloudCreateSandboxRequest, CloudErrorBody, CloudErrorDetails, CloudMessageResponse,
    CloudPaginated, CloudSandbox, CloudSandboxStatus,
};
#[cfg(feature = "alloc")]
pub use error::{TypesError, TypesResult};
pub use exec::{AUTO_INIT, AUTO_INIT_CANDIDATES, CStrings, ExecLimits, MergedEnv, ScratchTooSmall};
#[cfg(feature = "std")]
pub use hand_over::{ConversationError, hand_over};
#[cfg(feature = "alloc")]
pub use hand_over::{HandOver, HandOverError, MAX_REPORTS, Next, Outcome};
#[cfg(feature = "alloc")]
pub use handoff::HandoffInit;
pub use handoff::HandoffInitRef;
pub use limits::{
    DEFAULT_METRICS_SAMPLE_INTERVAL_MS, DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB,
    MAX_CLOCK_SECONDS, MAX_DOMAIN_BYTES, MAX_FILE_MODE, MAX_FINDINGS, MAX_FSTYPE_BYTES,
    MAX_HOSTNAME_BYTES, MAX_HOSTNAME_LABEL_BYTES, MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES,
    MAX_INTERFACE_NAME_BYTES, MAX_LABEL_KEY_BYTES, MAX_LABELS_BYTES, MAX_PATH_BYTES,
    MAX_PAYLOAD_BYTES, MAX_REPORT_PAYLOAD_BYTES, MAX_SANDBOX_NAME_BYTES, MAX_SCRIPT_NAME_BYTES,
    MAX_SCRIPTS_BYTES, MAX_SERIAL_BYTES, MAX_SETUP_MOUNTS, MAX_SETUP_PAYLOAD_BYTES, MAX_TAG_BYTES,
    MAX_VOLUME_NAME_BYTES,
};
pub use name::{Hostname, InvalidName, SandboxName};
#[cfg(feature = "alloc")]
pub use name::{hostname_from_sandbox_name, validate_hostname, validate_sandbox_name};
#[cfg(feature = "alloc")]
pub use plan::{
    BootDevice, BootHost, BootPlan, DeviceSource, GuestNetwork, Left, RootDevice, RootImage,
    RootUpper, SHARED_FILE_NAME, Sharing,
};
pub use report::{BootStep, GuestFacts, GuestReport, LinuxErrno, refusal_text};
pub use rlimit::RlimitResource;
pub use rule::{InvalidMessage, MessageField, MessageRule};
#[cfg(feature = "schema")]
pub use schema::json_schemas;
pub use setup::{
    BlockDevice, GuestSetupRef, HostsEntryRef, Interface, IpNet, Mount, MountFlags, MountSource,
    Root, SetupRlimit, Then, Upper, WallClock,
};
#[cfg(feature = "alloc")]
pub use setup::{GuestSetup, HostsEntry};
#[cfg(feature = "alloc")]
pub use spec::{
    DiskImageFormat, EnvVar, HostPath, HostPermissions, LogSource, MountOptions, NamedVolumeCreate,
    NamedVolumeMode, NetworkSpec, OciRootfsSource, Patch, PortProtocol, PublishedPortSpec,
    PullPolicy, Rlimit, RootfsSource, SandboxLogLevel, SandboxPolicy, SandboxResources,
    SandboxRuntimeOptions, SandboxSpec, SecurityProfile, SnapshotDestination, SnapshotSpec,
    StatVirtualization, VolumeKind, VolumeMount, VolumeSpec,
};
pub use wire::{DecodeError, DecodeErrorKind, EncodeError, FrameHeader, FrameKind, GENERATION};
#[cfg(feature = "std")]
pub use wire::{ReadError, WriteError, read_frame};
