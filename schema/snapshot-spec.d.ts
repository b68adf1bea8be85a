// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * The description of a snapshot.
 */
export interface SnapshotSpec {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * Where the snapshot is kept.
   */
  destination:
    | {
        /**
         * A name in the host's snapshot store.
         */
        Name: string;
      }
    | {
        /**
         * A path on the host.
         */
        Path: string;
      };
  /**
   * Whether to replace an existing snapshot.
   */
  force: boolean;
  /**
   * Labels to find the snapshot by.
   */
  labels: [string, string][];
  /**
   * Whether to record checksums, which reveal damage later.
   */
  record_integrity: boolean;
  /**
   * The name of the sandbox to take a snapshot of.
   */
  source_sandbox: string;
}
