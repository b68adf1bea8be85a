//! How long a sandbox lives.

use serde::{Deserialize, Serialize};

/// How long a sandbox lives, and what is left of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SandboxPolicy {
    /// Whether the sandbox's state is removed when it stops.
    #[serde(default)]
    pub ephemeral: bool,
    /// Seconds after its start at which the sandbox is stopped; without a value, never.
    pub max_duration_secs: Option<u64>,
    /// Seconds without activity after which the sandbox is stopped; without a value, never.
    pub idle_timeout_secs: Option<u64>,
}
