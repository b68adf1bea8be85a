//! The HTTP shapes of the cloud control plane.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::limits::{DEFAULT_SANDBOX_CPUS, DEFAULT_SANDBOX_MEMORY_MIB};
use crate::shape::shaped;
use crate::spec::hidden::Keys;

/// Where a cloud sandbox is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CloudSandboxStatus {
    /// It is known, and was not started yet.
    Created,
    /// It is on its way up.
    Starting,
    /// It is up.
    Running,
    /// It is on its way down.
    Stopping,
    /// It is down.
    Stopped,
    /// It broke; [`CloudSandbox::last_error`] may say why.
    Failed,
}

shaped! {
    #[json(remote = "CloudCreateSandboxRequest", default)]
    #[binary(remote = "CloudCreateSandboxRequest")]
    /// What a client asks for when it creates a cloud sandbox. In JSON every field may be missing.
    ///
    /// `Debug` shows the names of variables and scripts alone.
    #[derive(Clone, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct CloudCreateSandboxRequest {
        /// The sandbox's name: 1 to [`MAX_SANDBOX_NAME_BYTES`](crate::MAX_SANDBOX_NAME_BYTES)
        /// bytes. A draft may leave it empty.
        pub name: String,
        /// The OCI image's reference.
        pub image: String,
        /// Virtual CPUs; [`DEFAULT_SANDBOX_CPUS`] by default.
        pub vcpus: u8,
        /// Memory in MiB; [`DEFAULT_SANDBOX_MEMORY_MIB`] by default.
        pub memory_mib: u32,
        /// The environment of the sandbox's processes.
        pub env: BTreeMap<String, String>,
        /// Whether the sandbox's state is removed when it stops; it is by default.
        pub ephemeral: bool,
        /// The working directory inside the guest.
        #[json(skip_serializing_if = "Option::is_none")]
        pub workdir: Option<String>,
        /// The shell that runs scripts and interactive sessions.
        #[json(skip_serializing_if = "Option::is_none")]
        pub shell: Option<String>,
        /// What replaces the image's entrypoint.
        #[json(skip_serializing_if = "Option::is_none")]
        pub entrypoint: Option<Vec<String>>,
        /// The guest's hostname: 1 to [`MAX_HOSTNAME_BYTES`](crate::MAX_HOSTNAME_BYTES) bytes.
        #[json(skip_serializing_if = "Option::is_none")]
        pub hostname: Option<String>,
        /// The user that the guest's processes run as.
        #[json(skip_serializing_if = "Option::is_none")]
        pub user: Option<String>,
        /// How much the runtime logs. The control plane checks the name.
        #[json(skip_serializing_if = "Option::is_none")]
        pub log_level: Option<String>,
        /// Named scripts that are put into the guest: name to content.
        #[json(skip_serializing_if = "BTreeMap::is_empty")]
        pub scripts: BTreeMap<String, String>,
        /// Seconds after its start at which the sandbox is stopped; without a value, never.
        #[json(skip_serializing_if = "Option::is_none")]
        pub max_duration_secs: Option<u64>,
        /// Seconds without activity after which the sandbox is stopped; without a value, never.
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
    /// The identifier of the organisation that it belongs to.
    pub org_id: String,
    /// The sandbox's name.
    pub name: String,
    /// Where the sandbox is in its life.
    pub status: CloudSandboxStatus,
    /// What its creator asked for.
    pub config: CloudCreateSandboxRequest,
    /// Whether its state is removed when it stops.
    pub ephemeral: bool,
    /// When it was created; RFC 3339 in JSON.
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
    /// What last went wrong.
    #[serde(default)]
    pub last_error: Option<String>,
}

/// One page of a longer list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudPaginated<T> {
    /// The page's entries.
    pub data: Vec<T>,
    /// What to ask for the next page with; the last page has none.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// An answer that holds nothing but a text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudMessageResponse {
    /// The text.
    pub message: String,
}

/// The body of an answer that reports a failure. In JSON every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CloudErrorBody {
    /// A stable code for programs.
    pub code: Option<String>,
    /// A text for people.
    pub message: Option<String>,
    /// The failure in an object of its own, as some answers have it.
    pub error: Option<CloudErrorDetails>,
}

/// The failure of a [`CloudErrorBody`] in an object of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CloudErrorDetails {
    /// A stable code for programs.
    pub code: Option<String>,
    /// A text for people.
    pub message: Option<String>,
}
