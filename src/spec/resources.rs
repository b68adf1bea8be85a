//! The virtual machine's size.

use serde::{Deserialize, Serialize};

use crate::limits::{DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB};

/// The virtual machine's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SandboxResources {
    /// Virtual CPUs; [`DEFAULT_SANDBOX_CPUS`] by default.
    pub cpus: u8,
    /// Memory in MiB; [`DEFAULT_SANDBOX_MEMORY_MIB`] by default.
    pub memory_mib: u32,
}

impl Default for SandboxResources {
    fn default() -> Self {
        Self {
            cpus: DEFAULT_SANDBOX_CPUS,
            memory_mib: DEFAULT_SANDBOX_MEMORY_MIB,
        }
    }
}
