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

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod check;
#[cfg(feature = "cloud")]
mod cloud;
mod error;
#[cfg(feature = "arbitrary")]
mod generate;
mod handoff;
mod limits;
mod name;
mod path;
#[cfg(feature = "schema")]
mod schema;
mod shape;
mod spec;
#[cfg(feature = "std")]
mod strict;

pub use check::{Finding, FindingCode, Findings, Limit, Severity};
#[cfg(feature = "cloud")]
pub use cloud::{
    CloudCreateSandboxRequest, CloudErrorBody, CloudErrorDetails, CloudMessageResponse,
    CloudPaginated, CloudSandbox, CloudSandboxStatus,
};
pub use error::{TypesError, TypesResult};
pub use handoff::{
    AUTO_INIT, AUTO_INIT_CANDIDATES, CStrings, DecodeError, EncodeError, EnvpOver, ExecLimits,
    FrameHeader, FrameKind, GENERATION, GuestReport, HandoffField, HandoffInit, HandoffInitRef,
    HandoffRule, InvalidHandoff, ScratchTooSmall,
};
#[cfg(feature = "std")]
pub use handoff::{ReadError, WriteError, read_frame};
pub use limits::{
    DEFAULT_METRICS_SAMPLE_INTERVAL_MS, DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB,
    MAX_FILE_MODE, MAX_FINDINGS, MAX_HOSTNAME_BYTES, MAX_HOSTNAME_LABEL_BYTES,
    MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES, MAX_LABEL_KEY_BYTES, MAX_LABELS_BYTES,
    MAX_PATH_BYTES, MAX_PAYLOAD_BYTES, MAX_REPORT_PAYLOAD_BYTES, MAX_SANDBOX_NAME_BYTES,
    MAX_SCRIPT_NAME_BYTES, MAX_SCRIPTS_BYTES, MAX_VOLUME_NAME_BYTES,
};
pub use name::{
    Hostname, SandboxName, hostname_from_sandbox_name, validate_hostname, validate_sandbox_name,
};
#[cfg(feature = "schema")]
pub use schema::json_schemas;
pub use spec::{
    DiskImageFormat, EnvVar, HostPath, HostPermissions, LogSource, MountOptions, NamedVolumeCreate,
    NamedVolumeMode, NetworkSpec, OciRootfsSource, Patch, PortProtocol, PublishedPortSpec,
    PullPolicy, Rlimit, RlimitResource, RootfsSource, SandboxLogLevel, SandboxPolicy,
    SandboxResources, SandboxRuntimeOptions, SandboxSpec, SecurityProfile, SnapshotDestination,
    SnapshotSpec, StatVirtualization, VolumeKind, VolumeMount, VolumeSpec,
};
