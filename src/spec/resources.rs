//! The virtual machine's size.

use serde::{Deserialize, Serialize};

use crate::limits::{DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB};

/// The size of the virtual machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SandboxResources {
    /// The number of virtual CPUs; 1 by default.
    ///
    /// The default is [`DEFAULT_SANDBOX_CPUS`].
    pub cpus: u8,
    /// The amount of memory, in MiB; 512 by default.
    ///
    /// The default is [`DEFAULT_SANDBOX_MEMORY_MIB`].
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
