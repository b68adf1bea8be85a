//! The HTTP shapes of the cloud control plane.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
#[cfg(feature = "std")]
use serde::de::{
    IntoDeserializer,
    value::{self, StrDeserializer},
};
use serde::{Deserialize, Serialize};

use crate::limits::{DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB};
use crate::shape::shaped;
use crate::spec::hidden::Keys;

/// The state of a cloud sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CloudSandboxStatus {
    /// It has not been started yet.
    Created,
    /// It is starting.
    Starting,
    /// It is running.
    Running,
    /// It is stopping.
    Stopping,
    /// It has stopped.
    Stopped,
    /// It has failed.
    ///
    /// [`CloudSandbox::last_error`] may say why.
    Failed,
}

shaped! {
    #[json(remote = "CloudCreateSandboxRequest", default)]
    #[binary(remote = "CloudCreateSandboxRequest")]
    /// A request to create a cloud sandbox.
    ///
    /// In JSON, a missing field takes its default.
    ///
    /// `Debug` shows the names of variables and scripts alone.
    #[derive(Clone, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct CloudCreateSandboxRequest {
        /// The sandbox's name: 1 to 128 ASCII letters, digits, `.`, `-` and `_`, starting with a
        /// letter or digit.
        ///
        /// A draft may leave it empty.
        pub name: String,
        /// The OCI image's reference, such as `alpine:3.20`.
        pub image: String,
        /// The number of virtual CPUs; 1 by default.
        ///
        /// The default is [`DEFAULT_SANDBOX_CPUS`].
        pub vcpus: u8,
        /// The amount of memory, in MiB; 512 by default.
        ///
        /// The default is [`DEFAULT_SANDBOX_MEMORY_MIB`].
        pub memory_mib: u32,
        /// Environment variables for the sandbox's processes.
        pub env: BTreeMap<String, String>,
        /// Whether to delete the sandbox's state when it stops; `true` by default.
        pub ephemeral: bool,
        /// The working directory inside the guest.
        #[json(skip_serializing_if = "Option::is_none")]
        pub workdir: Option<String>,
        /// The shell that runs scripts and interactive sessions.
        #[json(skip_serializing_if = "Option::is_none")]
        pub shell: Option<String>,
        /// The entrypoint, in place of the image's.
        #[json(skip_serializing_if = "Option::is_none")]
        pub entrypoint: Option<Vec<String>>,
        /// The guest's hostname, of 1 to 64 bytes.
        #[json(skip_serializing_if = "Option::is_none")]
        pub hostname: Option<String>,
        /// The user that the guest's processes run as.
        #[json(skip_serializing_if = "Option::is_none")]
        pub user: Option<String>,
        /// How much the runtime logs: `error`, `warn`, `info`, `debug` or `trace`.
        ///
        /// It is a string, so that a newer control plane may know more levels.
        #[json(skip_serializing_if = "Option::is_none")]
        pub log_level: Option<String>,
        /// Scripts to put into the guest: each name with its content.
        #[json(skip_serializing_if = "BTreeMap::is_empty")]
        pub scripts: BTreeMap<String, String>,
        /// How many seconds the sandbox may run before it is stopped; no limit by default.
        #[json(skip_serializing_if = "Option::is_none")]
        pub max_duration_secs: Option<u64>,
        /// How many seconds the sandbox may be idle before it is stopped; no limit by default.
        #[json(skip_serializing_if = "Option::is_none")]
        pub idle_timeout_secs: Option<u64>,
    }
}

impl Default for CloudCreateSandboxRequest {
    fn default() -> Self {
        Self {
            name: String::new(),
            image: String::new(),
            vcpus: DEFAULT_SANDBOX_CPUS,
            memory_mib: DEFAULT_SANDBOX_MEMORY_MIB,
            env: BTreeMap::new(),
            ephemeral: true,
            workdir: None,
            shell: None,
            entrypoint: None,
            hostname: None,
            user: None,
            log_level: None,
            scripts: BTreeMap::new(),
            max_duration_secs: None,
            idle_timeout_secs: None,
        }
    }
}

impl fmt::Debug for CloudCreateSandboxRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudCreateSandboxRequest")
            .field("name", &self.name)
            .field("image", &self.image)
            .field("vcpus", &self.vcpus)
            .field("memory_mib", &self.memory_mib)
            .field("env", &Keys(&self.env))
            .field("ephemeral", &self.ephemeral)
            .field("workdir", &self.workdir)
            .field("shell", &self.shell)
            .field("entrypoint", &self.entrypoint)
            .field("hostname", &self.hostname)
            .field("user", &self.user)
            .field("log_level", &self.log_level)
            .field("scripts", &Keys(&self.scripts))
            .field("max_duration_secs", &self.max_duration_secs)
            .field("idle_timeout_secs", &self.idle_timeout_secs)
            .finish()
    }
}

/// A cloud sandbox as the control plane reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudSandbox {
    /// The sandbox's identifier.
    pub id: String,
    /// The identifier of the organisation that owns it.
    pub org_id: String,
    /// The sandbox's name.
    pub name: String,
    /// The sandbox's state.
    pub status: CloudSandboxStatus,
    /// The request that created it.
    pub config: CloudCreateSandboxRequest,
    /// Whether its state is deleted when it stops.
    pub ephemeral: bool,
    /// When it was created, in RFC 3339.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::timestamp))]
    pub created_at: DateTime<Utc>,
    /// When it last started.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_timestamp))]
    #[serde(default)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it last stopped.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_timestamp))]
    #[serde(default)]
    pub stopped_at: Option<DateTime<Utc>>,
    /// The last error.
    #[serde(default)]
    pub last_error: Option<String>,
}

/// A page of a longer list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudPaginated<T> {
    /// The page's entries.
    pub data: Vec<T>,
    /// The cursor of the next page; the last page has none.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// A response that consists of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudMessageResponse {
    /// The message, for people.
    pub message: String,
}

/// The body of an error response.
///
/// In JSON every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CloudErrorBody {
    /// A stable code for programs.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// The error as an object of its own, in some responses.
    pub error: Option<CloudErrorDetails>,
}

/// An error as an object of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CloudErrorDetails {
    /// A stable code for programs.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
}

/// Whether a string is a time as these shapes hold it.
#[cfg(feature = "std")]
pub(crate) fn is_time(text: &str) -> bool {
    let text: StrDeserializer<'_, value::Error> = text.into_deserializer();
    DateTime::<Utc>::deserialize(text).is_ok()
}
