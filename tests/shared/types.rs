//! The public serde types.

/// Calls a macro with a name for each public serde type, and the type as both crates have it at
/// their roots.
macro_rules! every_type {
    ($callback:ident) => {
        $callback! {
            cloud_create_sandbox_request: CloudCreateSandboxRequest,
            cloud_error_body: CloudErrorBody,
            cloud_error_details: CloudErrorDetails,
            cloud_message_response: CloudMessageResponse,
            cloud_paginated: CloudPaginated<CloudSandbox>,
            cloud_sandbox: CloudSandbox,
            cloud_sandbox_status: CloudSandboxStatus,
            disk_image_format: DiskImageFormat,
            env_var: EnvVar,
            handoff_init: HandoffInit,
            host_permissions: HostPermissions,
            log_source: LogSource,
            mount_options: MountOptions,
            named_volume_create: NamedVolumeCreate,
            named_volume_mode: NamedVolumeMode,
            network_spec: NetworkSpec,
            oci_rootfs_source: OciRootfsSource,
            patch: Patch,
            port_protocol: PortProtocol,
            published_port_spec: PublishedPortSpec,
            pull_policy: PullPolicy,
            rlimit: Rlimit,
            rlimit_resource: RlimitResource,
            rootfs_source: RootfsSource,
            sandbox_log_level: SandboxLogLevel,
            sandbox_policy: SandboxPolicy,
            sandbox_resources: SandboxResources,
            sandbox_runtime_options: SandboxRuntimeOptions,
            sandbox_spec: SandboxSpec,
            security_profile: SecurityProfile,
            snapshot_destination: SnapshotDestination,
            snapshot_spec: SnapshotSpec,
            stat_virtualization: StatVirtualization,
            volume_kind: VolumeKind,
            volume_mount: VolumeMount,
            volume_spec: VolumeSpec,
        }
    };
}
pub(crate) use every_type;
