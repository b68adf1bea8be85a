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
