// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * A mount as JSON may have it: with defaults, and with the `readonly` of older documents.
 */
export type VolumeMount =
  | {
      /**
       * The path inside the guest.
       */
      guest: string;
      /**
       * The path on the host.
       */
      host: string;
      /**
       * Which permissions new files have on the host.
       */
      host_permissions?: "private" | "mirror";
      /**
       * The mount's flags.
       */
      options?: MountOptions | null;
      /**
       * The most that the guest may store, in MiB; without a value, no bound.
       */
      quota_mib?: number | null;
      /**
       * Of older documents: `options.readonly`, where `options` is absent.
       */
      readonly?: boolean;
      /**
       * How owners and modes look in the guest.
       */
      stat_virtualization?: "strict" | "relaxed" | "off";
      type: "Bind";
    }
  | {
      /**
       * The path inside the guest.
       */
      guest: string;
      /**
       * Which permissions new files have on the host.
       */
      host_permissions?: "private" | "mirror";
      /**
       * The volume's name.
       */
      name: string;
      /**
       * The mount's flags.
       */
      options?: MountOptions | null;
      /**
       * Of older documents: `options.readonly`, where `options` is absent.
       */
      readonly?: boolean;
      /**
       * How owners and modes look in the guest.
       */
      stat_virtualization?: "strict" | "relaxed" | "off";
      type: "Named";
    }
  | {
      /**
       * The path inside the guest.
       */
      guest: string;
      /**
       * The mount's flags.
       */
      options?: MountOptions | null;
      /**
       * Of older documents: `options.readonly`, where `options` is absent.
       */
      readonly?: boolean;
      /**
       * The most that it may hold, in MiB; without a value the guest's kernel decides.
       */
      size_mib?: number | null;
      type: "Tmpfs";
    }
  | {
      /**
       * The image's format.
       */
      format: "Qcow2" | "Raw" | "Vmdk";
      /**
       * The filesystem in the image, such as `ext4`; without one the guest finds out.
       */
      fstype?: string | null;
      /**
       * The path inside the guest.
       */
      guest: string;
      /**
       * The path on the host.
       */
      host: string;
      /**
       * The mount's flags.
       */
      options?: MountOptions | null;
      /**
       * Of older documents: `options.readonly`, where `options` is absent.
       */
      readonly?: boolean;
      type: "DiskImage";
    };
/**
 * A change to the root filesystem before the sandbox starts.
 *
 * `mode` holds the permission bits of `chmod(2)`, such as `0o644`; without a value the host chooses. `replace` says whether a file that is there already is overwritten.
 */
export type Patch =
  | {
      Text: {
        /**
         * What the file holds.
         */
        content: string;
        /**
         * The file's permission bits.
         */
        mode?: number | null;
        /**
         * The file's path inside the guest.
         */
        path: string;
        /**
         * Whether an existing file is overwritten.
         */
        replace: boolean;
      };
    }
  | {
      File: {
        /**
         * What the file holds; an array of numbers in JSON.
         */
        content: number[];
        /**
         * The file's permission bits.
         */
        mode?: number | null;
        /**
         * The file's path inside the guest.
         */
        path: string;
        /**
         * Whether an existing file is overwritten.
         */
        replace: boolean;
      };
    }
  | {
      CopyFile: {
        /**
         * The copy's path inside the guest.
         */
        dst: string;
        /**
         * The copy's permission bits.
         */
        mode?: number | null;
        /**
         * Whether an existing file is overwritten.
         */
        replace: boolean;
        /**
         * The file's path on the host.
         */
        src: string;
      };
    }
  | {
      CopyDir: {
        /**
         * The copy's path inside the guest.
         */
        dst: string;
        /**
         * Whether existing files are overwritten.
         */
        replace: boolean;
        /**
         * The directory's path on the host.
         */
        src: string;
      };
    }
  | {
      Symlink: {
        /**
         * The link's own path inside the guest.
         */
        link: string;
        /**
         * Whether an existing file is overwritten.
         */
        replace: boolean;
        /**
         * What the link points to.
         */
        target: string;
      };
    }
  | {
      Mkdir: {
        /**
         * The directory's permission bits.
         */
        mode?: number | null;
        /**
         * The directory's path inside the guest.
         */
        path: string;
      };
    }
  | {
      Remove: {
        /**
         * The path inside the guest.
         */
        path: string;
      };
    }
  | {
      Append: {
        /**
         * What is added.
         */
        content: string;
        /**
         * The file's path inside the guest.
         */
        path: string;
      };
    };
/**
 * How much a sandbox's runtime logs, from the least to the most.
 */
export type SandboxLogLevel = "error" | "warn" | "info" | "debug" | "trace";

/**
 * A sandbox as its creator describes it.
 *
 * In JSON every field may be missing and then takes its default.
 */
export interface SandboxSpec {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * The environment of the guest's processes.
   */
  env?: EnvVar[];
  /**
   * Where the root filesystem comes from.
   */
  image:
    | {
        Bind: string;
      }
    | {
        Oci: OciRootfsSource;
      }
    | {
        DiskImage: {
          /**
           * The image's format.
           */
          format: "Qcow2" | "Raw" | "Vmdk";
          /**
           * The filesystem in the image, such as `ext4`; without one the guest finds out.
           */
          fstype?: string | null;
          /**
           * The image's path on the host.
           */
          path: string;
        };
      };
  /**
   * The program that takes over as the guest's init; without one the guest keeps its own.
   */
  init?: HandoffInit | null;
  /**
   * Free-form labels to find the sandbox by.
   */
  labels?: {
    [k: string]: string;
  };
  lifecycle?: SandboxPolicy;
  /**
   * What is mounted over the root filesystem.
   */
  mounts?: VolumeMount[];
  /**
   * The sandbox's name: 1 to `MAX_SANDBOX_NAME_BYTES` bytes. A draft may leave it empty.
   */
  name: string;
  network?: NetworkSpec;
  /**
   * Changes to the root filesystem before the sandbox starts, in this order.
   */
  patches?: Patch[];
  /**
   * When the image is pulled.
   */
  pull_policy?: "IfMissing" | "Always" | "Never";
  resources?: SandboxResources;
  /**
   * Resource limits of the guest's processes.
   */
  rlimits?: Rlimit[];
  runtime?: SandboxRuntimeOptions;
  /**
   * How much the guest's processes may do.
   */
  security_profile?: "default" | "restricted";
}
/**
 * One variable of an environment.
 */
export interface EnvVar {
  /**
   * The variable's name.
   */
  key: string;
  /**
   * The variable's value.
   */
  value: string;
}
export interface OciRootfsSource {
  /**
   * The image's reference, such as `alpine:3.20`.
   */
  reference: string;
  /**
   * The size in MiB of the writable layer over the image; without a value the host chooses.
   */
  upper_size_mib?: number | null;
}
export interface HandoffInit {
  /**
   * The arguments after `argv[0]`.
   */
  args?: string[];
  /**
   * The init: an absolute path inside the guest, or `AUTO_INIT` to let the guest choose. It is `argv[0]` too; for `AUTO_INIT` that is the path found.
   */
  cmd: string;
  /**
   * The init's working directory: an absolute path inside the guest. Absent, the init starts where the agent is.
   */
  cwd?: string | null;
  /**
   * Environment entries, merged over the environment that the init would inherit; of entries with one key, the last wins.
   */
  env?: [string, string][];
}
/**
 * How long the sandbox lives.
 */
export interface SandboxPolicy {
  /**
   * Whether the sandbox's state is removed when it stops.
   */
  ephemeral?: boolean;
  /**
   * Seconds without activity after which the sandbox is stopped; without a value, never.
   */
  idle_timeout_secs?: number | null;
  /**
   * Seconds after its start at which the sandbox is stopped; without a value, never.
   */
  max_duration_secs?: number | null;
}
/**
 * The flags of a mount, as `mount(8)` has them; none is set by default.
 */
export interface MountOptions {
  /**
   * Whether device files have no effect.
   */
  nodev?: boolean;
  /**
   * Whether nothing may be executed.
   */
  noexec?: boolean;
  /**
   * Whether set-user-ID and set-group-ID bits have no effect.
   */
  nosuid?: boolean;
  /**
   * Whether nothing may be written.
   */
  readonly?: boolean;
}
/**
 * The sandbox's network.
 */
export interface NetworkSpec {
  /**
   * How names are resolved.
   */
  dns?: unknown;
  /**
   * Whether the sandbox has a network at all; it has by default.
   */
  enabled?: boolean;
  /**
   * The guest's interface: addresses and the like.
   */
  interface?: unknown;
  /**
   * The most connections at a time; without a value, the engine's own bound.
   */
  max_connections?: number | null;
  /**
   * Which connections are let through.
   */
  policy?: unknown;
  /**
   * The guest's ports that the host answers for.
   */
  ports?: PublishedPortSpec[];
  /**
   * Secrets that are put into outgoing requests.
   */
  secrets?: unknown;
  /**
   * How TLS connections are inspected.
   */
  tls?: unknown;
  /**
   * Whether the guest trusts the certificate authorities that the host trusts.
   */
  trust_host_cas?: boolean;
}
/**
 * A guest's port that the host answers for.
 */
export interface PublishedPortSpec {
  /**
   * The port in the guest.
   */
  guest_port: number;
  /**
   * The host's address that is listened on. JSON must name it.
   */
  host_bind: string;
  /**
   * The port on the host.
   */
  host_port: number;
  /**
   * The protocol; TCP when JSON leaves it out.
   */
  protocol?: "tcp" | "udp";
}
/**
 * The virtual machine's size.
 */
export interface SandboxResources {
  /**
   * Virtual CPUs; `DEFAULT_SANDBOX_CPUS` by default.
   */
  cpus?: number;
  /**
   * Memory in MiB; `DEFAULT_SANDBOX_MEMORY_MIB` by default.
   */
  memory_mib?: number;
}
/**
 * A limit on one resource, in the resource's own unit.
 */
export interface Rlimit {
  /**
   * The ceiling of `soft`.
   */
  hard: number;
  /**
   * What is limited.
   */
  resource:
    | "Cpu"
    | "Fsize"
    | "Data"
    | "Stack"
    | "Core"
    | "Rss"
    | "Nproc"
    | "Nofile"
    | "Memlock"
    | "As"
    | "Locks"
    | "Sigpending"
    | "Msgqueue"
    | "Nice"
    | "Rtprio"
    | "Rttime";
  /**
   * The limit that the kernel enforces; a process may raise it up to `hard`.
   */
  soft: number;
}
/**
 * What runs in the guest, and how.
 */
export interface SandboxRuntimeOptions {
  /**
   * What replaces the image's command.
   */
  cmd?: string[] | null;
  /**
   * Whether sampling is off whatever the interval says.
   */
  disable_metrics_sample?: boolean;
  /**
   * What replaces the image's entrypoint.
   */
  entrypoint?: string[] | null;
  /**
   * The guest's hostname: 1 to `MAX_HOSTNAME_BYTES` bytes.
   */
  hostname?: string | null;
  /**
   * How much the runtime logs.
   */
  log_level?: SandboxLogLevel | null;
  /**
   * Milliseconds between two samples of the sandbox's metrics; `DEFAULT_METRICS_SAMPLE_INTERVAL_MS` by default. `None`, an explicit `null` in JSON, turns sampling off.
   */
  metrics_sample_interval_ms?: number | null;
  /**
   * Named scripts that are put into the guest: name to content.
   */
  scripts?: {
    [k: string]: string;
  };
  /**
   * The shell that runs scripts and interactive sessions.
   */
  shell?: string | null;
  /**
   * The user that the guest's processes run as; without one, the image's.
   */
  user?: string | null;
  /**
   * The working directory inside the guest; without one, the image's.
   */
  workdir?: string | null;
}
