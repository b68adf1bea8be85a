//! Mounts.

use alloc::string::String;
use core::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{DiskImageFormat, HostPath, NamedVolumeCreate};
use crate::shape::shaped;

/// The flags of a mount, as in `mount(8)`; none is set by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MountOptions {
    /// Whether the mount is read-only.
    pub readonly: bool,
    /// Whether programs cannot be executed from it.
    pub noexec: bool,
    /// Whether set-user-ID and set-group-ID bits are ignored.
    pub nosuid: bool,
    /// Whether device files are ignored.
    pub nodev: bool,
}

/// Which owner and mode the guest sees on a shared file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StatVirtualization {
    /// Always those that the guest set.
    #[default]
    Strict,
    /// Those that the guest set, where the host's filesystem can store them.
    Relaxed,
    /// Those on the host.
    Off,
}

/// Which permissions a file created by the guest gets on the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HostPermissions {
    /// Access for its owner only.
    #[default]
    Private,
    /// The permissions that the guest set.
    Mirror,
}

shaped! {
    #[json(remote = "VolumeMount", tag = "type", from = "JsonMount")]
    #[binary(remote = "VolumeMount")]
    /// Something that is mounted into the root filesystem.
    ///
    /// In JSON the field `type` names the variant. Older documents have a boolean `readonly` next
    /// to the other fields; it counts only where `options` is missing or `null`.
    ///
    /// ```
    /// use microsandbox_types::{MountOptions, VolumeMount};
    ///
    /// let json = r#"{"type": "Tmpfs", "guest": "/tmp", "options": {"noexec": true}}"#;
    /// let mount: VolumeMount = serde_json::from_str(json)?;
    /// assert_eq!(
    ///     mount,
    ///     VolumeMount::Tmpfs {
    ///         guest: "/tmp".into(),
    ///         size_mib: None,
    ///         options: MountOptions { noexec: true, ..MountOptions::default() },
    ///     }
    /// );
    /// assert_eq!(mount.guest(), "/tmp");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub enum VolumeMount {
        /// A directory or file on the host.
        Bind {
            /// The path on the host.
            host: HostPath,
            /// The path inside the guest.
            guest: String,
            /// The mount's flags.
            options: MountOptions,
            /// Which owners and modes the guest sees.
            stat_virtualization: StatVirtualization,
            /// Which permissions new files get on the host.
            host_permissions: HostPermissions,
            /// How much the guest may store, in MiB; no limit by default.
            quota_mib: Option<u32>,
        },
        /// A named volume.
        Named {
            /// The volume's name.
            name: String,
            /// The path inside the guest.
            guest: String,
            /// The mount's flags.
            options: MountOptions,
            /// Which owners and modes the guest sees.
            stat_virtualization: StatVirtualization,
            /// Which permissions new files get on the host.
            host_permissions: HostPermissions,
            /// A request to create the volume first. JSON neither writes nor reads it.
            #[json(skip)]
            create: Option<NamedVolumeCreate>,
        },
        /// A filesystem in the guest's memory.
        Tmpfs {
            /// The path inside the guest.
            guest: String,
            /// How much it may hold, in MiB; half of the guest's memory by default.
            size_mib: Option<u32>,
            /// The mount's flags.
            options: MountOptions,
        },
        /// A disk image on the host.
        DiskImage {
            /// The image's path on the host.
            host: HostPath,
            /// The path inside the guest.
            guest: String,
            /// The image's format.
            format: DiskImageFormat,
            /// The filesystem in the image, such as `ext4`; detected by default.
            fstype: Option<String>,
            /// The mount's flags.
            options: MountOptions,
        },
    }
}

impl VolumeMount {
    /// Returns the path inside the guest.
    #[must_use]
    pub fn guest(&self) -> &str {
        match self {
            Self::Bind { guest, .. }
            | Self::Named { guest, .. }
            | Self::Tmpfs { guest, .. }
            | Self::DiskImage { guest, .. } => guest,
        }
    }

    /// Returns the mount's flags.
    #[must_use]
    pub fn options(&self) -> &MountOptions {
        match self {
            Self::Bind { options, .. }
            | Self::Named { options, .. }
            | Self::Tmpfs { options, .. }
            | Self::DiskImage { options, .. } => options,
        }
    }

    /// Returns the request to create a named volume first.
    #[must_use]
    pub fn named_create(&self) -> Option<&NamedVolumeCreate> {
        match self {
            Self::Named { create, .. } => create.as_ref(),
            Self::Bind { .. } | Self::Tmpfs { .. } | Self::DiskImage { .. } => None,
        }
    }
}

/// Something that is mounted into the root filesystem.
///
/// This is a mount as JSON may have it: with defaults, and with the `readonly` of older documents.
// The order of the fields is that in which an array's elements are read.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "JsonMount", tag = "type")]
enum JsonMount {
    /// A directory or file on the host.
    Bind {
        /// The path on the host.
        host: HostPath,
        /// The path inside the guest.
        guest: String,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Outdated: use `options.readonly`. Ignored if there are `options`.
        #[serde(default)]
        readonly: bool,
        /// Which owners and modes the guest sees.
        #[serde(default)]
        stat_virtualization: StatVirtualization,
        /// Which permissions new files get on the host.
        #[serde(default)]
        host_permissions: HostPermissions,
        /// How much the guest may store, in MiB; no limit by default.
        #[serde(default)]
        quota_mib: Option<u32>,
    },
    /// A named volume.
    Named {
        /// The volume's name.
        name: String,
        /// The path inside the guest.
        guest: String,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Outdated: use `options.readonly`. Ignored if there are `options`.
        #[serde(default)]
        readonly: bool,
        /// Which owners and modes the guest sees.
        #[serde(default)]
        stat_virtualization: StatVirtualization,
        /// Which permissions new files get on the host.
        #[serde(default)]
        host_permissions: HostPermissions,
    },
    /// A filesystem in the guest's memory.
    Tmpfs {
        /// The path inside the guest.
        guest: String,
        /// How much it may hold, in MiB; half of the guest's memory by default.
        #[serde(default)]
        size_mib: Option<u32>,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Outdated: use `options.readonly`. Ignored if there are `options`.
        #[serde(default)]
        readonly: bool,
    },
    /// A disk image on the host.
    DiskImage {
        /// The path on the host.
        host: HostPath,
        /// The path inside the guest.
        guest: String,
        /// The image's format.
        format: DiskImageFormat,
        /// The filesystem in the image, such as `ext4`; detected by default.
        #[serde(default)]
        fstype: Option<String>,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Outdated: use `options.readonly`. Ignored if there are `options`.
        #[serde(default)]
        readonly: bool,
    },
}

impl<'de> Deserialize<'de> for JsonMount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MountVisitor)
    }
}

/// Passes a mount on to the reader that serde derives, which sets all fields aside until it has
/// seen `type`.
struct MountVisitor;

impl<'de> Visitor<'de> for MountVisitor {
    type Value = JsonMount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mount")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<JsonMount, A::Error> {
        JsonMount::deserialize(MapAccessDeserializer::new(EightFields(fields)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<JsonMount, A::Error> {
        JsonMount::deserialize(SeqAccessDeserializer::new(elements))
    }
}

/// Says beforehand that there are eight fields. That is enough for any mount, so that the room to
/// set them aside need not grow.
struct EightFields<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for EightFields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        key: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(key)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, value: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(8)
    }
}

impl From<JsonMount> for VolumeMount {
    fn from(mount: JsonMount) -> Self {
        match mount {
            JsonMount::Bind {
                host,
                guest,
                options,
                readonly,
                stat_virtualization,
                host_permissions,
                quota_mib,
            } => Self::Bind {
                host,
                guest,
                options: effective_options(options, readonly),
                stat_virtualization,
                host_permissions,
                quota_mib,
            },
            JsonMount::Named {
                name,
                guest,
                options,
                readonly,
                stat_virtualization,
                host_permissions,
            } => Self::Named {
                name,
                guest,
                options: effective_options(options, readonly),
                stat_virtualization,
                host_permissions,
                create: None,
            },
            JsonMount::Tmpfs {
                guest,
                size_mib,
                options,
                readonly,
            } => Self::Tmpfs {
                guest,
                size_mib,
                options: effective_options(options, readonly),
            },
            JsonMount::DiskImage {
                host,
                guest,
                format,
                fstype,
                options,
                readonly,
            } => Self::DiskImage {
                host,
                guest,
                format,
                fstype,
                options: effective_options(options, readonly),
            },
        }
    }
}

/// Returns the flags that a document means by its `options` and its older `readonly`.
fn effective_options(options: Option<MountOptions>, readonly: bool) -> MountOptions {
    options.unwrap_or(MountOptions {
        readonly,
        ..MountOptions::default()
    })
}
