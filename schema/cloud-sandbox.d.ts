// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * A cloud sandbox as the control plane reports it.
 */
export interface CloudSandbox {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  config: CloudCreateSandboxRequest;
  /**
   * When it was created, in RFC 3339.
   */
  created_at: string;
  /**
   * Whether its state is deleted when it stops.
   */
  ephemeral: boolean;
  /**
   * The sandbox's identifier.
   */
  id: string;
  /**
   * The last error.
   */
  last_error?: string | null;
  /**
   * The sandbox's name.
   */
  name: string;
  /**
   * The identifier of the organisation that owns it.
   */
  org_id: string;
  /**
   * When it last started.
   */
  started_at?: string | null;
  /**
   * The sandbox's state.
   */
  status: "created" | "starting" | "running" | "stopping" | "stopped" | "failed";
  /**
   * When it last stopped.
   */
  stopped_at?: string | null;
  [k: string]: unknown;
}
/**
 * The request that created it.
 */
export interface CloudCreateSandboxRequest {
  /**
   * The entrypoint, in place of the image's.
   */
  entrypoint?: string[] | null;
  /**
   * Environment variables for the sandbox's processes.
   */
  env?: {
    [k: string]: string;
  };
  /**
   * Whether to delete the sandbox's state when it stops; `true` by default.
   */
  ephemeral?: boolean;
  /**
   * The guest's hostname, of 1 to 64 bytes.
   */
  hostname?: string | null;
  /**
   * How many seconds the sandbox may be idle before it is stopped; no limit by default.
   */
  idle_timeout_secs?: number | null;
  /**
   * The OCI image's reference, such as `alpine:3.20`.
   */
  image?: string;
  /**
   * How much the runtime logs: `error`, `warn`, `info`, `debug` or `trace`.
   */
  log_level?: string | null;
  /**
   * How many seconds the sandbox may run before it is stopped; no limit by default.
   */
  max_duration_secs?: number | null;
  /**
   * The amount of memory, in MiB; 512 by default.
   */
  memory_mib?: number;
  /**
   * The sandbox's name: 1 to 128 ASCII letters, digits, `.`, `-` and `_`, starting with a letter or digit.
   */
  name?: string;
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
   * The user that the guest's processes run as.
   */
  user?: string | null;
  /**
   * The number of virtual CPUs; 1 by default.
   */
  vcpus?: number;
  /**
   * The working directory inside the guest.
   */
  workdir?: string | null;
  [k: string]: unknown;
}
