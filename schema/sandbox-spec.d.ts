// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * Something that is mounted into the root filesystem.
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
       * Which permissions new files get on the host.
       */
      host_permissions?: "private" | "mirror";
      /**
       * The mount's flags.
       */
      options?: MountOptions | null;
      /**
       * How much the guest may store, in MiB; no limit by default.
       */
      quota_mib?: number | null;
      /**
       * Outdated: use `options.readonly`. Ignored if there are `options`.
       */
      readonly?: boolean;
      /**
       * Which owners and modes the guest sees.
       */
      stat_virtualization?: "strict" | "relaxed" | "off";
      /**
       * A directory or file on the host.
       */
      type: "Bind";
    }
  | {
      /**
       * The path inside the guest.
       */
      guest: string;
      /**
       * Which permissions new files get on the host.
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
       * Outdated: use `options.readonly`. Ignored if there are `options`.
       */
      readonly?: boolean;
      /**
       * Which owners and modes the guest sees.
       */
      stat_virtualization?: "strict" | "relaxed" | "off";
      /**
       * A named volume.
       */
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
       * Outdated: use `options.readonly`. Ignored if there are `options`.
       */
      readonly?: boolean;
      /**
       * How much it may hold, in MiB; half of the guest's memory by default.
       */
      size_mib?: number | null;
      /**
       * A filesystem in the guest's memory.
       */
      type: "Tmpfs";
    }
  | {
      /**
       * The image's format.
       */
      format: "Qcow2" | "Raw" | "Vmdk";
      /**
       * The filesystem in the image, such as `ext4`; detected by default.
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
       * Outdated: use `options.readonly`. Ignored if there are `options`.
       */
      readonly?: boolean;
      /**
       * A disk image on the host.
       */
      type: "DiskImage";
    };
/**
 * A change to the root filesystem, made before the sandbox starts.
 */
export type Patch =
  | {
      /**
       * Writes a text file.
       */
      Text: {
        /**
         * The file's content.
         */
        content: string;
        /**
         * The file's permission bits as a decimal number, such as 420 for octal 644.
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
      /**
       * Writes a binary file.
       */
      File: {
        /**
         * The file's bytes; in JSON, a list of numbers from 0 to 255.
         */
        content: number[];
        /**
         * The file's permission bits as a decimal number, such as 420 for octal 644.
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
      /**
       * Copies a file from the host.
       */
      CopyFile: {
        /**
         * The copy's path inside the guest.
         */
        dst: string;
        /**
         * The copy's permission bits as a decimal number, such as 420 for octal 644.
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
      /**
       * Copies a directory from the host, with everything in it.
       */
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
      /**
       * Creates a symbolic link.
       */
      Symlink: {
        /**
         * The link's path inside the guest.
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
      /**
       * Creates a directory.
       */
      Mkdir: {
        /**
         * The directory's permission bits as a decimal number, such as 493 for octal 755.
         */
        mode?: number | null;
        /**
         * The directory's path inside the guest.
         */
        path: string;
      };
    }
  | {
      /**
       * Removes a file or a directory.
       */
      Remove: {
        /**
         * The path inside the guest.
         */
        path: string;
      };
    }
  | {
      /**
       * Appends text to a file.
       */
      Append: {
        /**
         * The text to append.
         */
        content: string;
        /**
         * The file's path inside the guest.
         */
        path: string;
      };
    };
/**
 * How much a sandbox's runtime logs, from least to most.
 */
export type SandboxLogLevel = "error" | "warn" | "info" | "debug" | "trace";

/**
 * The description of a sandbox.
 */
export interface SandboxSpec {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * Environment variables for the guest's processes.
   */
  env?: EnvVar[];
  /**
   * Where the root filesystem comes from.
   */
  image:
    | {
        /**
         * The path of a directory on the host.
         */
        Bind: string;
      }
    | {
        Oci: OciRootfsSource;
      }
    | {
        /**
         * A disk image on the host.
         */
        DiskImage: {
          /**
           * The image's format.
           */
          format: "Qcow2" | "Raw" | "Vmdk";
          /**
           * The filesystem in the image, such as `ext4`; detected by default.
           */
          fstype?: string | null;
          /**
           * The image's path on the host.
           */
          path: string;
        };
      };
  /**
   * The program that takes over as the guest's init; by default the guest keeps its own.
   */
  init?: HandoffInit | null;
  /**
   * Labels to find the sandbox by.
   */
  labels?: {
    [k: string]: string;
  };
  lifecycle?: SandboxPolicy;
  /**
   * What is mounted into the root filesystem, in any order.
   *
   * @maxItems 64
   */
  mounts?: VolumeMount[];
  /**
   * The sandbox's name: 1 to 128 ASCII letters, digits, `.`, `-` and `_`, starting with a letter or digit.
   */
  name: string;
  network?: NetworkSpec;
  /**
   * Changes to make to the root filesystem before the sandbox starts, in this order.
   */
  patches?: Patch[];
  /**
   * When to pull the image.
   */
  pull_policy?: "IfMissing" | "Always" | "Never";
  resources?: SandboxResources;
  /**
   * Resource limits of the guest's processes.
   */
  rlimits?: Rlimit[];
  runtime?: SandboxRuntimeOptions;
  /**
   * How far the guest's processes are restricted.
   */
  security_profile?: "default" | "restricted";
}
/**
 * An environment variable.
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
/**
 * An OCI image.
 */
export interface OciRootfsSource {
  /**
   * The image's reference, such as `alpine:3.20`.
   */
  reference: string;
  /**
   * The size of the writable layer over the image, in MiB; the host chooses by default.
   */
  upper_size_mib?: number | null;
}
export interface HandoffInit {
  /**
   * The arguments after `argv[0]`.
   */
  args?: string[];
  /**
   * The init's program: an absolute path inside the guest, or `auto` to let the guest find one.
   */
  cmd: string;
  /**
   * The init's working directory: an absolute path inside the guest.
   */
  cwd?: string | null;
  /**
   * Environment variables for the init, each as a pair of key and value; of equal keys, the last wins.
   */
  env?: [string, string][];
}
/**
 * How long the sandbox may run.
 */
export interface SandboxPolicy {
  /**
   * Whether to delete the sandbox's state when it stops.
   */
  ephemeral?: boolean;
  /**
   * How many seconds the sandbox may be idle before it is stopped; no limit by default.
   */
  idle_timeout_secs?: number | null;
  /**
   * How many seconds the sandbox may run before it is stopped; no limit by default.
   */
  max_duration_secs?: number | null;
}
/**
 * The flags of a mount, as in `mount(8)`; none is set by default.
 */
export interface MountOptions {
  /**
   * Whether device files are ignored.
   */
  nodev?: boolean;
  /**
   * Whether programs cannot be executed from it.
   */
  noexec?: boolean;
  /**
   * Whether set-user-ID and set-group-ID bits are ignored.
   */
  nosuid?: boolean;
  /**
   * Whether the mount is read-only.
   */
  readonly?: boolean;
}
/**
 * The sandbox's network.
 */
export interface NetworkSpec {
  /**
   * How names are resolved. Its form is up to the network engine.
   */
  dns?: unknown;
  /**
   * Whether the sandbox has a network; `true` by default.
   */
  enabled?: boolean;
  /**
   * The guest's interface, such as its addresses. Its form is up to the network engine.
   */
  interface?: unknown;
  /**
   * How many connections may be open at once; the network engine's limit by default.
   */
  max_connections?: number | null;
  /**
   * Which connections are allowed. Its form is up to the network engine.
   */
  policy?: unknown;
  /**
   * The guest's ports that are published on the host.
   */
  ports?: PublishedPortSpec[];
  /**
   * Secrets to insert into outgoing requests. Its form is up to the network engine.
   */
  secrets?: unknown;
  /**
   * How TLS connections are inspected. Its form is up to the network engine.
   */
  tls?: unknown;
  /**
   * Whether the guest trusts the host's certificate authorities.
   */
  trust_host_cas?: boolean;
}
/**
 * A port of the guest that is published on the host.
 */
export interface PublishedPortSpec {
  /**
   * The port in the guest.
   */
  guest_port: number;
  /**
   * The address on the host to listen on, such as `127.0.0.1`.
   */
  host_bind: string;
  /**
   * The port on the host; 0 lets the host pick one.
   */
  host_port: number;
  /**
   * The protocol; `tcp` by default.
   */
  protocol?: "tcp" | "udp";
}
/**
 * The size of the virtual machine.
 */
export interface SandboxResources {
  /**
   * The number of virtual CPUs; 1 by default.
   */
  cpus?: number;
  /**
   * The amount of memory, in MiB; 512 by default.
   */
  memory_mib?: number;
}
/**
 * A limit on a resource, in the resource's own unit.
 */
export interface Rlimit {
  /**
   * The highest value that `soft` may have.
   */
  hard: number;
  /**
   * The resource.
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
   * The limit that the kernel enforces; a process may raise it to `hard`.
   */
  soft: number;
}
/**
 * How processes run in the guest.
 */
export interface SandboxRuntimeOptions {
  /**
   * The command, in place of the image's.
   */
  cmd?: string[] | null;
  /**
   * Whether to turn sampling off, whatever the interval.
   */
  disable_metrics_sample?: boolean;
  /**
   * The entrypoint, in place of the image's.
   */
  entrypoint?: string[] | null;
  /**
   * The guest's hostname, of 1 to 64 bytes; derived from the sandbox's name by default.
   */
  hostname?: string | null;
  /**
   * How much the runtime logs.
   */
  log_level?: SandboxLogLevel | null;
  /**
   * How often to sample the sandbox's metrics, in milliseconds; 1000 by default. `null` turns sampling off.
   */
  metrics_sample_interval_ms?: number | null;
  /**
   * Scripts to put into the guest: each name with its content.
   */
  scripts?: {
    [k: string]: string;
  };
  /**
   * The shell that runs scripts and interactive sessions.
   */
  shell?: string | null;
  /**
   * The user that the guest's processes run as; the image's by default.
   */
  user?: string | null;
  /**
   * The working directory inside the guest; the image's by default.
   */
  workdir?: string | null;
}
