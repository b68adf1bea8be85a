//! The contract between a microVM sandbox host and the agent inside the VM: one crate that both
//! link, so that what one writes the other reads, byte for byte, across releases.
//!
//! A sandbox is described by a spec, in JSON. A [plan](SandboxSpec::plan) makes of it what the host
//! attaches to the VM and what the guest sets up. Host and guest then talk in small checksummed
//! frames: a setup (root filesystem, mounts, network), a handoff (which program becomes init), and
//! reports back, from the first sign of life until the init runs.
//!
//! # A host
//!
//! ```no_run
//! # #[cfg(feature = "std")] {
//! use std::os::unix::net::UnixStream;
//! use microsandbox_types::{BootHost, HandOver, HostPath, SandboxSpec, hand_over};
//!
//! struct Host;
//! impl BootHost for Host {
//!     fn is_file(&self, path: &HostPath) -> bool { path.is_file() }
//! }
//!
//! let spec = SandboxSpec::from_json_strict(&std::fs::read_to_string("spec.json")?)?;
//! let plan = spec.plan(&Host)?;
//! // Start the VM with `plan.devices`; this is the socket of its virtio-serial port.
//! let mut guest = UnixStream::connect("agent.sock")?;
//! let outcome = hand_over(&mut guest, HandOver::from(&plan), |report| {
//!     println!("the guest {report}");
//! })?;
//! println!("{outcome:?}");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A guest
//!
//! ```
//! use microsandbox_types::{DecodeError, FrameHeader, FrameKind, GuestReport, HandoffInitRef};
//!
//! /// The steps of an agent without its system calls: `read` fills a buffer from the port, `send`
//! /// writes to it, `execve` takes over.
//! fn become_init(
//!     buffer: &mut [u8],
//!     mut read: impl FnMut(&mut [u8]),
//!     mut send: impl FnMut(GuestReport),
//!     execve: impl FnOnce(&HandoffInitRef<'_>),
//! ) -> Result<(), DecodeError> {
//!     read(&mut buffer[..FrameHeader::LEN]);
//!     let header = FrameHeader::parse(buffer)?.expect_kind(FrameKind::HandoffInit)?;
//!     let frame = &mut buffer[..header.frame_len()];
//!     read(&mut frame[FrameHeader::LEN..]);
//!     let handoff = HandoffInitRef::decode(frame)?; // borrows from the frame, without heap
//!     send(GuestReport::Accepted);
//!     execve(&handoff); // handoff.argv(), handoff.merge_env(…)
//!     Ok(())
//! }
//! ```
//!
//! An error becomes a report by [`GuestReport::from`], and the host prints what it means.
//!
//! # By task
//!
//! | you want to | see |
//! |---|---|
//! | describe a sandbox | [`SandboxSpec`], [`RootfsSource`], [`VolumeMount`], [`Patch`], [`NetworkSpec`], [`VolumeSpec`], [`SnapshotSpec`] |
//! | check what people wrote | [`SandboxSpec::check_json`], also of [`VolumeSpec`] and the other documents; [`SandboxSpec::validate`], [`Findings`] |
//! | hold a valid name | [`SandboxName`], [`Hostname`] |
//! | know what to attach and what to say | [`SandboxSpec::plan`], [`BootHost`], [`BootPlan`] |
//! | boot a guest over a stream | [`hand_over`]; [`HandOver`] for async hosts |
//! | write a guest agent | [`FrameHeader`], [`GuestSetupRef`], [`HandoffInitRef`], [`GuestReport`], [`BootStep`] |
//! | know what `execve(2)` takes | [`ExecLimits`], [`GuestFacts`] |
//! | talk to a cloud control plane | [`CloudCreateSandboxRequest`], [`CloudSandbox`] |
//! | read or write frames in another language | [`wire_format`] |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | none | | a guest's part: frames, [`HandoffInitRef`], [`GuestSetupRef`], [`GuestReport`], names. No heap, and no allocator needed to link |
//! | `alloc` | | messages that own their strings, spec types with their JSON, checks, plans |
//! | `std` | yes | `alloc`; frames over `io::Read` and `io::Write`, strict reading of documents, `Path` conveniences |
//! | `cloud` | yes | `alloc`; the HTTP shapes of a cloud control plane (brings `chrono`) |
//! | `arbitrary` | | `arbitrary::Arbitrary` for every type with a JSON shape |
//! | `schema` | | `json_schemas`, the JSON Schemas of the documents (brings `schemars`) |
//!
//! The crate is always `no_std`, and has no `unsafe`. Hosts are Linux, macOS and Windows; guests
//! are Linux, on any target with a `usize` of 32 bits or more.
//!
//! # Errors
//!
//! Every error is a small enum with a text of one line, which says what is wrong and where. None
//! carries a value that could be a secret. A guest's refusal is a stable number and a byte of the
//! frame; [`refusal_text`] puts the number into words.
//!
//! # Stability
//!
//! These never change their meaning: the bytes of a frame of a released generation, the number of a
//! refusal, the code of a finding, the JSON of a document. Texts for people may get better. A field
//! or variant may come to what is `#[non_exhaustive]` in a minor release.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
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
#[cfg(feature = "std")]
pub use strict::Release;
pub use wire::{DecodeError, DecodeErrorKind, EncodeError, FrameHeader, FrameKind, GENERATION};
#[cfg(feature = "std")]
pub use wire::{ReadError, WriteError, read_frame};

/// The wire format, for implementations in other languages: the page `WIRE.md` of the package.
#[cfg(doc)]
#[doc = include_str!("../WIRE.md")]
pub mod wire_format {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
