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
    /// A name in the host's snapshot store.
    Name(String),
    /// A path on the host.
    Path(HostPath),
}

/// The description of a snapshot.
///
/// In JSON every field is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SnapshotSpec {
    /// The name of the sandbox to take a snapshot of.
    pub source_sandbox: String,
    /// Where the snapshot is kept.
    pub destination: SnapshotDestination,
    /// Labels to find the snapshot by.
    pub labels: Vec<(String, String)>,
    /// Whether to replace an existing snapshot.
    pub force: bool,
    /// Whether to record checksums, which reveal damage later.
    pub record_integrity: bool,
}
