//! Volumes that outlive a sandbox.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a volume is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VolumeKind {
    /// As a directory on the host.
    Directory,
    /// As a disk image on the host.
    Disk,
}

impl VolumeKind {
    /// Returns the kind's name in the host's database: `dir` or `disk`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "dir",
            Self::Disk => "disk",
        }
    }

    /// Reads a kind from the host's database: `disk` is a disk, anything else a directory.
    /// [`from_str`](Self::from_str) is strict.
    #[must_use]
    pub fn from_db_value(value: &str) -> Self {
        if value == Self::Disk.as_str() {
            Self::Disk
        } else {
            Self::Directory
        }
    }
}

impl fmt::Display for VolumeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for VolumeKind {
    type Err = String;

    /// Reads a kind by the exact name that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    /// Any other text is refused with `unknown volume kind: …`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Directory, Self::Disk]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| format!("unknown volume kind: {name}"))
    }
}

/// The description of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VolumeSpec {
    /// The volume's name.
    pub name: String,
    /// How the volume is stored.
    pub kind: VolumeKind,
    /// How much a directory may hold, in MiB; no limit by default.
    pub quota_mib: Option<u32>,
    /// The size of a disk, in MiB.
    pub capacity_mib: Option<u32>,
    /// Labels to find the volume by.
    pub labels: Vec<(String, String)>,
}

impl VolumeSpec {
    /// Makes a directory volume with nothing but its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: VolumeKind::Directory,
            quota_mib: None,
            capacity_mib: None,
            labels: Vec::new(),
        }
    }
}

/// Whether to create a named volume before it is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NamedVolumeMode {
    /// The volume must exist.
    Existing,
    /// The volume is created; it must not exist yet.
    Create,
    /// The volume is created if it does not exist.
    EnsureExists,
}

/// A request to create a named volume before it is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedVolumeCreate {
    /// Whether to create the volume.
    pub mode: NamedVolumeMode,
    /// The volume's name.
    pub name: String,
    /// How the volume is stored.
    pub kind: VolumeKind,
    /// How much a directory may hold, in MiB; no limit by default.
    pub quota_mib: Option<u32>,
    /// The size of a disk, in MiB.
    pub capacity_mib: Option<u32>,
    /// Labels to find the volume by.
    pub labels: Vec<(String, String)>,
}

impl NamedVolumeCreate {
    /// Makes a request for `volume`.
    #[must_use]
    pub fn new(mode: NamedVolumeMode, volume: VolumeSpec) -> Self {
        Self {
            mode,
            name: volume.name,
            kind: volume.kind,
            quota_mib: volume.quota_mib,
            capacity_mib: volume.capacity_mib,
            labels: volume.labels,
        }
    }

    /// Returns whether to create the volume.
    #[must_use]
    pub const fn mode(&self) -> NamedVolumeMode {
        self.mode
    }

    /// Returns the volume's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how the volume is stored.
    #[must_use]
    pub const fn kind(&self) -> VolumeKind {
        self.kind
    }

    /// Returns how much a directory may hold, in MiB.
    #[must_use]
    pub const fn quota_mib(&self) -> Option<u32> {
        self.quota_mib
    }

    /// Returns the size of a disk, in MiB.
    #[must_use]
    pub const fn capacity_mib(&self) -> Option<u32> {
        self.capacity_mib
    }

    /// Returns the volume's labels.
    #[must_use]
    pub fn labels(&self) -> &[(String, String)] {
        &self.labels
    }
}
