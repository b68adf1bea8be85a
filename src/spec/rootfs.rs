//! Where a root filesystem comes from.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::HostPath;
use crate::shape::shaped;

/// The format of a disk image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DiskImageFormat {
    /// QEMU's copy-on-write format, version 2.
    Qcow2,
    /// The plain bytes of the disk.
    Raw,
    /// VMware's format.
    Vmdk,
}

impl DiskImageFormat {
    const ALL: [Self; 3] = [Self::Qcow2, Self::Raw, Self::Vmdk];

    /// Returns the format's name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
            Self::Vmdk => "vmdk",
        }
    }

    /// Returns the format of a file extension, which is lower case and has no dot.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == extension)
    }
}

impl fmt::Display for DiskImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DiskImageFormat {
    type Err = String;

    /// Reads a format by the exact name that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    ///
    /// Any other text is refused with `unknown disk image format: …`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_extension(name).ok_or_else(|| format!("unknown disk image format: {name}"))
    }
}

/// When to pull an image from its registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PullPolicy {
    /// If the host does not have it yet.
    #[default]
    IfMissing,
    /// Every time.
    Always,
    /// Never: the host must have it.
    Never,
}

shaped! {
    #[json(remote = "OciRootfsSource")]
    #[binary(remote = "OciRootfsSource")]
    /// An OCI image as a root filesystem.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct OciRootfsSource {
        /// The image's reference, such as `alpine:3.20`.
        pub reference: String,
        /// The size of the writable layer over the image, in MiB; the host chooses by default.
        #[json(default, skip_serializing_if = "Option::is_none")]
        pub upper_size_mib: Option<u32>,
    }
}

impl OciRootfsSource {
    /// Makes a source from an image's reference.
    pub fn new(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            upper_size_mib: None,
        }
    }
}

/// Where a root filesystem comes from.
///
/// ```
/// use microsandbox_types::{DiskImageFormat, RootfsSource};
///
/// for (json, source) in [
///     (r#"{"Oci":{"reference":"alpine:3.20"}}"#, RootfsSource::oci("alpine:3.20")),
///     (r#"{"Bind":"/srv/rootfs"}"#, RootfsSource::Bind("/srv/rootfs".into())),
///     (
///         r#"{"DiskImage":{"path":"/srv/disk.raw","format":"Raw","fstype":null}}"#,
///         RootfsSource::DiskImage {
///             path: "/srv/disk.raw".into(),
///             format: DiskImageFormat::Raw,
///             fstype: None,
///         },
///     ),
/// ] {
///     assert_eq!(serde_json::to_string(&source)?, json);
///     assert_eq!(serde_json::from_str::<RootfsSource>(json)?, source);
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RootfsSource {
    /// The path of a directory on the host.
    Bind(HostPath),
    /// An OCI image.
    Oci(OciRootfsSource),
    /// A disk image on the host.
    DiskImage {
        /// The image's path on the host.
        path: HostPath,
        /// The image's format.
        format: DiskImageFormat,
        /// The filesystem in the image, such as `ext4`; detected by default.
        fstype: Option<String>,
    },
}

impl RootfsSource {
    /// Makes a source from an OCI image's reference.
    pub fn oci(reference: impl Into<String>) -> Self {
        Self::Oci(OciRootfsSource::new(reference))
    }

    /// Returns the reference of an OCI image.
    #[must_use]
    pub fn oci_reference(&self) -> Option<&str> {
        match self {
            Self::Oci(source) => Some(&source.reference),
            Self::Bind(_) | Self::DiskImage { .. } => None,
        }
    }

    /// Returns the size of the writable layer over an OCI image, in MiB.
    #[must_use]
    pub fn oci_upper_size_mib(&self) -> Option<u32> {
        match self {
            Self::Oci(source) => source.upper_size_mib,
            Self::Bind(_) | Self::DiskImage { .. } => None,
        }
    }
}

impl Default for RootfsSource {
    /// Returns an OCI image without a reference: a draft.
    fn default() -> Self {
        Self::oci("")
    }
}
