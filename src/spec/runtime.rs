//! How processes run in the guest.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::SandboxLogLevel;
use super::hidden::{Hidden, Keys};
use crate::limits::DEFAULT_METRICS_SAMPLE_INTERVAL_MS;

/// How far the guest's processes are restricted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SecurityProfile {
    /// No further than usual.
    #[default]
    Default,
    /// Mounts are `nosuid` and `nodev`, and processes cannot gain privileges.
    Restricted,
}

/// An environment variable.
///
/// `Debug` does not show its value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvVar {
    /// The variable's name.
    pub key: String,
    /// The variable's value.
    pub value: String,
}

impl EnvVar {
    /// Makes a variable.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }

    /// Returns the name and the value.
    #[must_use]
    pub fn as_pair(&self) -> (&str, &str) {
        (&self.key, &self.value)
    }
}

impl fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvVar")
            .field("key", &self.key)
            .field("value", &Hidden)
            .finish()
    }
}

impl From<(String, String)> for EnvVar {
    fn from((key, value): (String, String)) -> Self {
        Self { key, value }
    }
}

impl From<EnvVar> for (String, String) {
    fn from(var: EnvVar) -> Self {
        (var.key, var.value)
    }
}

/// How processes run in the guest.
///
/// In JSON, a missing field takes its default.
///
/// `Debug` shows the names of scripts alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SandboxRuntimeOptions {
    /// The working directory inside the guest; the image's by default.
    pub workdir: Option<String>,
    /// The shell that runs scripts and interactive sessions.
    pub shell: Option<String>,
    /// Scripts to put into the guest: each name with its content.
    pub scripts: BTreeMap<String, String>,
    /// The entrypoint, in place of the image's.
    pub entrypoint: Option<Vec<String>>,
    /// The command, in place of the image's.
    pub cmd: Option<Vec<String>>,
    /// The guest's hostname, of 1 to 64 bytes; derived from the sandbox's name by default.
    pub hostname: Option<String>,
    /// The user that the guest's processes run as; the image's by default.
    pub user: Option<String>,
    /// How much the runtime logs.
    pub log_level: Option<SandboxLogLevel>,
    /// How often to sample the sandbox's metrics, in milliseconds; 1000 by default. `null` turns
    /// sampling off.
    ///
    /// `None` is the `null` of JSON; the default is [`DEFAULT_METRICS_SAMPLE_INTERVAL_MS`].
    pub metrics_sample_interval_ms: Option<u64>,
    /// Whether to turn sampling off, whatever the interval.
    pub disable_metrics_sample: bool,
}

impl Default for SandboxRuntimeOptions {
    fn default() -> Self {
        Self {
            workdir: None,
            shell: None,
            scripts: BTreeMap::new(),
            entrypoint: None,
            cmd: None,
            hostname: None,
            user: None,
            log_level: None,
            metrics_sample_interval_ms: Some(DEFAULT_METRICS_SAMPLE_INTERVAL_MS),
            disable_metrics_sample: false,
        }
    }
}

impl fmt::Debug for SandboxRuntimeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxRuntimeOptions")
            .field("workdir", &self.workdir)
            .field("shell", &self.shell)
            .field("scripts", &Keys(&self.scripts))
            .field("entrypoint", &self.entrypoint)
            .field("cmd", &self.cmd)
            .field("hostname", &self.hostname)
            .field("user", &self.user)
            .field("log_level", &self.log_level)
            .field(
                "metrics_sample_interval_ms",
                &self.metrics_sample_interval_ms,
            )
            .field("disable_metrics_sample", &self.disable_metrics_sample)
            .finish()
    }
}
