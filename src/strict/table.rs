//! The shapes of the documents, written from the schemas of their types. `UPDATE=1 cargo test
//! --all-features --lib strict` writes this file anew.

use super::shape::Shape::{self, *};
use super::shape::{Field, Variant};

#[cfg(feature = "cloud")]
pub(super) static CLOUD_CREATE_SANDBOX_REQUEST: Shape = Object(&[
    Field { name: "entrypoint", shape: &Optional(&List(&Text)), required: false },
    Field { name: "env", shape: &Map(&Text), required: false },
    Field { name: "ephemeral", shape: &Bool, required: false },
    Field { name: "hostname", shape: &Optional(&Text), required: false },
    Field { name: "idle_timeout_secs", shape: &Optional(&Number(18446744073709551615)), required: false },
    Field { name: "image", shape: &Text, required: false },
    Field { name: "log_level", shape: &Optional(&Text), required: false },
    Field { name: "max_duration_secs", shape: &Optional(&Number(18446744073709551615)), required: false },
    Field { name: "memory_mib", shape: &Number(4294967295), required: false },
    Field { name: "name", shape: &Text, required: false },
    Field { name: "scripts", shape: &Map(&Text), required: false },
    Field { name: "shell", shape: &Optional(&Text), required: false },
    Field { name: "user", shape: &Optional(&Text), required: false },
    Field { name: "vcpus", shape: &Number(255), required: false },
    Field { name: "workdir", shape: &Optional(&Text), required: false },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_ERROR_BODY: Shape = Object(&[
    Field { name: "code", shape: &Optional(&Text), required: false },
    Field { name: "error", shape: &Optional(&CLOUD_ERROR_DETAILS), required: false },
    Field { name: "message", shape: &Optional(&Text), required: false },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_ERROR_DETAILS: Shape = Object(&[
    Field { name: "code", shape: &Optional(&Text), required: false },
    Field { name: "message", shape: &Optional(&Text), required: false },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_MESSAGE_RESPONSE: Shape = Object(&[
    Field { name: "message", shape: &Text, required: true },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_PAGINATED: Shape = Object(&[
    Field { name: "data", shape: &List(&CLOUD_SANDBOX), required: true },
    Field { name: "next_cursor", shape: &Optional(&Text), required: false },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_SANDBOX: Shape = Object(&[
    Field { name: "config", shape: &CLOUD_CREATE_SANDBOX_REQUEST, required: true },
    Field { name: "created_at", shape: &Time, required: true },
    Field { name: "ephemeral", shape: &Bool, required: true },
    Field { name: "id", shape: &Text, required: true },
    Field { name: "last_error", shape: &Optional(&Text), required: false },
    Field { name: "name", shape: &Text, required: true },
    Field { name: "org_id", shape: &Text, required: true },
    Field { name: "started_at", shape: &Optional(&Time), required: false },
    Field { name: "status", shape: &CLOUD_SANDBOX_STATUS, required: true },
    Field { name: "stopped_at", shape: &Optional(&Time), required: false },
]);

#[cfg(feature = "cloud")]
pub(super) static CLOUD_SANDBOX_STATUS: Shape = Word(&["created", "starting", "running", "stopping", "stopped", "failed"]);

pub(super) static DISK_IMAGE_FORMAT: Shape = Word(&["Qcow2", "Raw", "Vmdk"]);

pub(super) static ENV_VAR: Shape = Object(&[
    Field { name: "key", shape: &Text, required: true },
    Field { name: "value", shape: &Text, required: true },
]);

pub(super) static HANDOFF_INIT: Shape = Object(&[
    Field { name: "args", shape: &List(&Text), required: false },
    Field { name: "cmd", shape: &Text, required: true },
    Field { name: "cwd", shape: &Optional(&Text), required: false },
    Field { name: "env", shape: &List(&Pair), required: false },
]);

pub(super) static HOST_PERMISSIONS: Shape = Word(&["private", "mirror"]);

pub(super) static MOUNT_OPTIONS: Shape = Object(&[
    Field { name: "nodev", shape: &Bool, required: false },
    Field { name: "noexec", shape: &Bool, required: false },
    Field { name: "nosuid", shape: &Bool, required: false },
    Field { name: "readonly", shape: &Bool, required: false },
]);

pub(super) static NAMED_VOLUME_CREATE: Shape = Object(&[
    Field { name: "capacity_mib", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "kind", shape: &VOLUME_KIND, required: true },
    Field { name: "labels", shape: &List(&Pair), required: true },
    Field { name: "mode", shape: &NAMED_VOLUME_MODE, required: true },
    Field { name: "name", shape: &Text, required: true },
    Field { name: "quota_mib", shape: &Optional(&Number(4294967295)), required: false },
]);

pub(super) static NAMED_VOLUME_MODE: Shape = Word(&["Existing", "Create", "EnsureExists"]);

pub(super) static NETWORK_SPEC: Shape = Object(&[
    Field { name: "dns", shape: &Any, required: false },
    Field { name: "enabled", shape: &Bool, required: false },
    Field { name: "interface", shape: &Any, required: false },
    Field { name: "max_connections", shape: &Optional(&Number(18446744073709551615)), required: false },
    Field { name: "policy", shape: &Any, required: false },
    Field { name: "ports", shape: &List(&PUBLISHED_PORT_SPEC), required: false },
    Field { name: "secrets", shape: &Any, required: false },
    Field { name: "tls", shape: &Any, required: false },
    Field { name: "trust_host_cas", shape: &Bool, required: false },
]);

pub(super) static OCI_ROOTFS_SOURCE: Shape = Object(&[
    Field { name: "reference", shape: &Text, required: true },
    Field { name: "upper_size_mib", shape: &Optional(&Number(4294967295)), required: false },
]);

pub(super) static PATCH: Shape = Variants(&[
    Field { name: "Text", shape: &Object(&[
    Field { name: "content", shape: &Text, required: true },
    Field { name: "mode", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "path", shape: &Text, required: true },
    Field { name: "replace", shape: &Bool, required: true },
]), required: true },
    Field { name: "File", shape: &Object(&[
    Field { name: "content", shape: &List(&Number(255)), required: true },
    Field { name: "mode", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "path", shape: &Text, required: true },
    Field { name: "replace", shape: &Bool, required: true },
]), required: true },
    Field { name: "CopyFile", shape: &Object(&[
    Field { name: "dst", shape: &Text, required: true },
    Field { name: "mode", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "replace", shape: &Bool, required: true },
    Field { name: "src", shape: &Text, required: true },
]), required: true },
    Field { name: "CopyDir", shape: &Object(&[
    Field { name: "dst", shape: &Text, required: true },
    Field { name: "replace", shape: &Bool, required: true },
    Field { name: "src", shape: &Text, required: true },
]), required: true },
    Field { name: "Symlink", shape: &Object(&[
    Field { name: "link", shape: &Text, required: true },
    Field { name: "replace", shape: &Bool, required: true },
    Field { name: "target", shape: &Text, required: true },
]), required: true },
    Field { name: "Mkdir", shape: &Object(&[
    Field { name: "mode", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "path", shape: &Text, required: true },
]), required: true },
    Field { name: "Remove", shape: &Object(&[
    Field { name: "path", shape: &Text, required: true },
]), required: true },
    Field { name: "Append", shape: &Object(&[
    Field { name: "content", shape: &Text, required: true },
    Field { name: "path", shape: &Text, required: true },
]), required: true },
]);

pub(super) static PORT_PROTOCOL: Shape = Word(&["tcp", "udp"]);

pub(super) static PUBLISHED_PORT_SPEC: Shape = Object(&[
    Field { name: "guest_port", shape: &Number(65535), required: true },
    Field { name: "host_bind", shape: &Text, required: true },
    Field { name: "host_port", shape: &Number(65535), required: true },
    Field { name: "protocol", shape: &PORT_PROTOCOL, required: false },
]);

pub(super) static PULL_POLICY: Shape = Word(&["IfMissing", "Always", "Never"]);

pub(super) static RLIMIT: Shape = Object(&[
    Field { name: "hard", shape: &Number(18446744073709551615), required: true },
    Field { name: "resource", shape: &RLIMIT_RESOURCE, required: true },
    Field { name: "soft", shape: &Number(18446744073709551615), required: true },
]);

pub(super) static RLIMIT_RESOURCE: Shape = Word(&["Cpu", "Fsize", "Data", "Stack", "Core", "Rss", "Nproc", "Nofile", "Memlock", "As", "Locks", "Sigpending", "Msgqueue", "Nice", "Rtprio", "Rttime"]);

pub(super) static ROOTFS_SOURCE: Shape = Variants(&[
    Field { name: "Bind", shape: &Text, required: true },
    Field { name: "Oci", shape: &OCI_ROOTFS_SOURCE, required: true },
    Field { name: "DiskImage", shape: &Object(&[
    Field { name: "format", shape: &DISK_IMAGE_FORMAT, required: true },
    Field { name: "fstype", shape: &Optional(&Text), required: false },
    Field { name: "path", shape: &Text, required: true },
]), required: true },
]);

pub(super) static SANDBOX_LOG_LEVEL: Shape = Word(&["error", "warn", "info", "debug", "trace"]);

pub(super) static SANDBOX_POLICY: Shape = Object(&[
    Field { name: "ephemeral", shape: &Bool, required: false },
    Field { name: "idle_timeout_secs", shape: &Optional(&Number(18446744073709551615)), required: false },
    Field { name: "max_duration_secs", shape: &Optional(&Number(18446744073709551615)), required: false },
]);

pub(super) static SANDBOX_RESOURCES: Shape = Object(&[
    Field { name: "cpus", shape: &Number(255), required: false },
    Field { name: "memory_mib", shape: &Number(4294967295), required: false },
]);

pub(super) static SANDBOX_RUNTIME_OPTIONS: Shape = Object(&[
    Field { name: "cmd", shape: &Optional(&List(&Text)), required: false },
    Field { name: "disable_metrics_sample", shape: &Bool, required: false },
    Field { name: "entrypoint", shape: &Optional(&List(&Text)), required: false },
    Field { name: "hostname", shape: &Optional(&Text), required: false },
    Field { name: "log_level", shape: &Optional(&SANDBOX_LOG_LEVEL), required: false },
    Field { name: "metrics_sample_interval_ms", shape: &Optional(&Number(18446744073709551615)), required: false },
    Field { name: "scripts", shape: &Map(&Text), required: false },
    Field { name: "shell", shape: &Optional(&Text), required: false },
    Field { name: "user", shape: &Optional(&Text), required: false },
    Field { name: "workdir", shape: &Optional(&Text), required: false },
]);

pub(super) static SANDBOX_SPEC: Shape = Object(&[
    Field { name: "env", shape: &List(&ENV_VAR), required: false },
    Field { name: "image", shape: &ROOTFS_SOURCE, required: false },
    Field { name: "init", shape: &Optional(&HANDOFF_INIT), required: false },
    Field { name: "labels", shape: &Map(&Text), required: false },
    Field { name: "lifecycle", shape: &SANDBOX_POLICY, required: false },
    Field { name: "mounts", shape: &List(&VOLUME_MOUNT), required: false },
    Field { name: "name", shape: &Text, required: false },
    Field { name: "network", shape: &NETWORK_SPEC, required: false },
    Field { name: "patches", shape: &List(&PATCH), required: false },
    Field { name: "pull_policy", shape: &PULL_POLICY, required: false },
    Field { name: "resources", shape: &SANDBOX_RESOURCES, required: false },
    Field { name: "rlimits", shape: &List(&RLIMIT), required: false },
    Field { name: "runtime", shape: &SANDBOX_RUNTIME_OPTIONS, required: false },
    Field { name: "security_profile", shape: &SECURITY_PROFILE, required: false },
]);

pub(super) static SECURITY_PROFILE: Shape = Word(&["default", "restricted"]);

pub(super) static SNAPSHOT_DESTINATION: Shape = Variants(&[
    Field { name: "Name", shape: &Text, required: true },
    Field { name: "Path", shape: &Text, required: true },
]);

pub(super) static SNAPSHOT_SPEC: Shape = Object(&[
    Field { name: "destination", shape: &SNAPSHOT_DESTINATION, required: true },
    Field { name: "force", shape: &Bool, required: true },
    Field { name: "labels", shape: &List(&Pair), required: true },
    Field { name: "record_integrity", shape: &Bool, required: true },
    Field { name: "source_sandbox", shape: &Text, required: true },
]);

pub(super) static STAT_VIRTUALIZATION: Shape = Word(&["strict", "relaxed", "off"]);

pub(super) static VOLUME_KIND: Shape = Word(&["Directory", "Disk"]);

pub(super) static VOLUME_MOUNT: Shape = Tagged(&[
Variant { tag: "Bind", fields: &[
    Field { name: "guest", shape: &Text, required: true },
    Field { name: "host", shape: &Text, required: true },
    Field { name: "host_permissions", shape: &HOST_PERMISSIONS, required: false },
    Field { name: "options", shape: &Optional(&MOUNT_OPTIONS), required: false },
    Field { name: "quota_mib", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "readonly", shape: &Bool, required: false },
    Field { name: "stat_virtualization", shape: &STAT_VIRTUALIZATION, required: false },
] },
Variant { tag: "Named", fields: &[
    Field { name: "guest", shape: &Text, required: true },
    Field { name: "host_permissions", shape: &HOST_PERMISSIONS, required: false },
    Field { name: "name", shape: &Text, required: true },
    Field { name: "options", shape: &Optional(&MOUNT_OPTIONS), required: false },
    Field { name: "readonly", shape: &Bool, required: false },
    Field { name: "stat_virtualization", shape: &STAT_VIRTUALIZATION, required: false },
] },
Variant { tag: "Tmpfs", fields: &[
    Field { name: "guest", shape: &Text, required: true },
    Field { name: "options", shape: &Optional(&MOUNT_OPTIONS), required: false },
    Field { name: "readonly", shape: &Bool, required: false },
    Field { name: "size_mib", shape: &Optional(&Number(4294967295)), required: false },
] },
Variant { tag: "DiskImage", fields: &[
    Field { name: "format", shape: &DISK_IMAGE_FORMAT, required: true },
    Field { name: "fstype", shape: &Optional(&Text), required: false },
    Field { name: "guest", shape: &Text, required: true },
    Field { name: "host", shape: &Text, required: true },
    Field { name: "options", shape: &Optional(&MOUNT_OPTIONS), required: false },
    Field { name: "readonly", shape: &Bool, required: false },
] },
]);

pub(super) static VOLUME_SPEC: Shape = Object(&[
    Field { name: "capacity_mib", shape: &Optional(&Number(4294967295)), required: false },
    Field { name: "kind", shape: &VOLUME_KIND, required: true },
    Field { name: "labels", shape: &List(&Pair), required: true },
    Field { name: "name", shape: &Text, required: true },
    Field { name: "quota_mib", shape: &Optional(&Number(4294967295)), required: false },
]);
