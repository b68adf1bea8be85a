//! A sandbox's lifetime.

use serde::{Deserialize, Serialize};

/// How long a sandbox may run, and whether its state outlives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SandboxPolicy {
    /// Whether to delete the sandbox's state when it stops.
    #[serde(default)]
    pub ephemeral: bool,
    /// How many seconds the sandbox may run before it is stopped; no limit by default.
    pub max_duration_secs: Option<u64>,
    /// How many seconds the sandbox may be idle before it is stopped; no limit by default.
    pub idle_timeout_secs: Option<u64>,
}
