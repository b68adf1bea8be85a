// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * A snapshot as its creator describes it. In JSON every field is required.
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
        Name: string;
      }
    | {
        Path: string;
      };
  /**
   * Whether a snapshot that is there already is replaced.
   */
  force: boolean;
  /**
   * Free-form labels to find the snapshot by.
   */
  labels: [string, string][];
  /**
   * Whether checksums are recorded, so that damage shows later.
   */
  record_integrity: boolean;
  /**
   * The name of the sandbox that the snapshot is taken of.
   */
  source_sandbox: string;
}
