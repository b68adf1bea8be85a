//! Volumes that outlive a sandbox.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// What a volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VolumeKind {
    /// A directory of the host.
    Directory,
    /// A disk image on the host.
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
    #[must_use]
    pub fn from_db_value(value: &str) -> Self {
        if value == Self::Disk.as_str() {
            Self::Disk
        } else {
            Self::Directory
        }
    }
}

/// A volume as its creator describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VolumeSpec {
    /// The volume's name.
    pub name: String,
    /// What the volume is made of.
    pub kind: VolumeKind,
    /// The most that a directory may hold, in MiB; without a value, no bound.
    pub quota_mib: Option<u32>,
    /// The size of a disk, in MiB.
    pub capacity_mib: Option<u32>,
    /// Free-form labels to find the volume by.
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

/// Whether a named volume must be there before it is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NamedVolumeMode {
    /// It must be there.
    Existing,
    /// It must not be there, and is created.
    Create,
    /// It is created unless it is there.
    EnsureExists,
}

/// A request to have a named volume ready before it is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedVolumeCreate {
    /// Whether the volume must be there already.
    pub mode: NamedVolumeMode,
    /// The volume's name.
    pub name: String,
    /// What the volume is made of.
    pub kind: VolumeKind,
    /// The most that a directory may hold, in MiB; without a value, no bound.
    pub quota_mib: Option<u32>,
    /// The size of a disk, in MiB.
    pub capacity_mib: Option<u32>,
    /// Free-form labels to find the volume by.
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

    /// Returns whether the volume must be there already.
    #[must_use]
    pub const fn mode(&self) -> NamedVolumeMode {
        self.mode
    }

    /// Returns the volume's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the volume is made of.
    #[must_use]
    pub const fn kind(&self) -> VolumeKind {
        self.kind
    }

    /// Returns the most that a directory may hold, in MiB.
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
