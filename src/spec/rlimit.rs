//! Resource limits of the guest's processes.

use serde::{Deserialize, Serialize};

use crate::rlimit::RlimitResource;

/// A limit on one resource, in the resource's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rlimit {
    /// What is limited.
    pub resource: RlimitResource,
    /// The limit that the kernel enforces; a process may raise it up to `hard`.
    pub soft: u64,
    /// The ceiling of `soft`.
    pub hard: u64,
}
