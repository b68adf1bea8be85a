// Made from the JSON Schema of the same name by schema/typescript.cjs.

export interface CloudCreateSandboxRequest {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * What replaces the image's entrypoint.
   */
  entrypoint?: string[] | null;
  /**
   * The environment of the sandbox's processes.
   */
  env?: {
    [k: string]: string;
  };
  /**
   * Whether the sandbox's state is removed when it stops; it is by default.
   */
  ephemeral?: boolean;
  /**
   * The guest's hostname: 1 to `MAX_HOSTNAME_BYTES` bytes.
   */
  hostname?: string | null;
  /**
   * Seconds without activity after which the sandbox is stopped; without a value, never.
   */
  idle_timeout_secs?: number | null;
  /**
   * The OCI image's reference.
   */
  image: string;
  /**
   * How much the runtime logs. The control plane checks the name.
   */
  log_level?: "error" | "warn" | "info" | "debug" | "trace" | null;
  /**
   * Seconds after its start at which the sandbox is stopped; without a value, never.
   */
  max_duration_secs?: number | null;
  /**
   * Memory in MiB; `DEFAULT_SANDBOX_MEMORY_MIB` by default.
   */
  memory_mib?: number;
  /**
   * The sandbox's name: 1 to `MAX_SANDBOX_NAME_BYTES` bytes. A draft may leave it empty.
   */
  name: string;
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
   * The user that the guest's processes run as.
   */
  user?: string | null;
  /**
   * Virtual CPUs; `DEFAULT_SANDBOX_CPUS` by default.
   */
  vcpus?: number;
  /**
   * The working directory inside the guest.
   */
  workdir?: string | null;
}
