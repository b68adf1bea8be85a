//! Snapshots of a sandbox.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::HostPath;

/// Where a snapshot is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SnapshotDestination {
    /// Under this name, where the host keeps its snapshots.
    Name(String),
    /// At this path of the host.
    Path(HostPath),
}

/// A snapshot as its creator describes it. In JSON every field is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SnapshotSpec {
    /// The name of the sandbox that the snapshot is taken of.
    pub source_sandbox: String,
    /// Where the snapshot is kept.
    pub destination: SnapshotDestination,
    /// Free-form labels to find the snapshot by.
    pub labels: Vec<(String, String)>,
    /// Whether a snapshot that is there already is replaced.
    pub force: bool,
    /// Whether checksums are recorded, so that damage shows later.
    pub record_integrity: bool,
}
