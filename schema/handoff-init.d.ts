// Made from the JSON Schema of the same name by schema/typescript.cjs.

export interface HandoffInit {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
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
