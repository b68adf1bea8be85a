//! What is mounted over a root filesystem.

use alloc::string::String;
use core::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{DiskImageFormat, HostPath, NamedVolumeCreate};
use crate::shape::shaped;

/// The flags of a mount, as `mount(8)` has them; none is set by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MountOptions {
    /// Whether nothing may be written.
    pub readonly: bool,
    /// Whether nothing may be executed.
    pub noexec: bool,
    /// Whether set-user-ID and set-group-ID bits have no effect.
    pub nosuid: bool,
    /// Whether device files have no effect.
    pub nodev: bool,
}

/// Whose view of a shared file's owner and mode the guest has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StatVirtualization {
    /// The guest's own, without exception.
    #[default]
    Strict,
    /// The guest's own where the host's filesystem allows it.
    Relaxed,
    /// The host's.
    Off,
}

/// Which permissions a file that the guest creates has on the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HostPermissions {
    /// Those that let its owner alone in.
    #[default]
    Private,
    /// Those that the guest gave it.
    Mirror,
}

shaped! {
    #[json(remote = "VolumeMount", tag = "type", from = "JsonMount")]
    #[binary(remote = "VolumeMount")]
    /// What is mounted over the root filesystem, and where.
    ///
    /// JSON names the variant in the field `type`. Older documents have a boolean `readonly`
    /// beside the other fields; it counts where `options` is missing or `null`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub enum VolumeMount {
        /// A directory or a file of the host.
        Bind {
            /// The path on the host.
            host: HostPath,
            /// The path inside the guest.
            guest: String,
            /// The mount's flags.
            options: MountOptions,
            /// Whose view of owners and modes the guest has.
            stat_virtualization: StatVirtualization,
            /// Which permissions new files have on the host.
            host_permissions: HostPermissions,
            /// The most that the guest may store, in MiB; without a value, no bound.
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
            /// Whose view of owners and modes the guest has.
            stat_virtualization: StatVirtualization,
            /// Which permissions new files have on the host.
            host_permissions: HostPermissions,
            /// The request to have the volume ready first. JSON neither writes nor reads it.
            #[json(skip)]
            create: Option<NamedVolumeCreate>,
        },
        /// A filesystem in the guest's memory.
        Tmpfs {
            /// The path inside the guest.
            guest: String,
            /// The most that it may hold, in MiB; without a value the guest's kernel decides.
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
            /// The filesystem in the image, such as `ext4`; without one the guest finds out.
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

    /// Returns the request to have a named volume ready first.
    #[must_use]
    pub fn named_create(&self) -> Option<&NamedVolumeCreate> {
        match self {
            Self::Named { create, .. } => create.as_ref(),
            Self::Bind { .. } | Self::Tmpfs { .. } | Self::DiskImage { .. } => None,
        }
    }
}

/// A mount as JSON may have it: with defaults, and with the `readonly` of older documents.
// The order of the fields is that in which an array's elements are read.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "JsonMount", tag = "type")]
enum JsonMount {
    /// A directory or a file of the host.
    Bind {
        /// The path on the host.
        host: HostPath,
        /// The path inside the guest.
        guest: String,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Of older documents: `options.readonly`, where `options` is absent.
        #[serde(default)]
        readonly: bool,
        /// How owners and modes look in the guest.
        #[serde(default)]
        stat_virtualization: StatVirtualization,
        /// Which permissions new files have on the host.
        #[serde(default)]
        host_permissions: HostPermissions,
        /// The most that the guest may store, in MiB; without a value, no bound.
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
        /// Of older documents: `options.readonly`, where `options` is absent.
        #[serde(default)]
        readonly: bool,
        /// How owners and modes look in the guest.
        #[serde(default)]
        stat_virtualization: StatVirtualization,
        /// Which permissions new files have on the host.
        #[serde(default)]
        host_permissions: HostPermissions,
    },
    /// A filesystem in the guest's memory.
    Tmpfs {
        /// The path inside the guest.
        guest: String,
        /// The most that it may hold, in MiB; without a value the guest's kernel decides.
        #[serde(default)]
        size_mib: Option<u32>,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Of older documents: `options.readonly`, where `options` is absent.
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
        /// The filesystem in the image, such as `ext4`; without one the guest finds out.
        #[serde(default)]
        fstype: Option<String>,
        /// The mount's flags.
        #[serde(default)]
        options: Option<MountOptions>,
        /// Of older documents: `options.readonly`, where `options` is absent.
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
