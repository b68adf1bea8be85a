//! Resource limits of the guest's processes.

use serde::{Deserialize, Serialize};

use crate::rlimit::RlimitResource;

/// A limit on a resource, in the resource's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rlimit {
    /// The resource.
    pub resource: RlimitResource,
    /// The limit that the kernel enforces; a process may raise it to `hard`.
    pub soft: u64,
    /// The highest value that `soft` may have.
    pub hard: u64,
}
