// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * A volume as its creator describes it.
 */
export interface VolumeSpec {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * The size of a disk, in MiB.
   */
  capacity_mib?: number | null;
  /**
   * What the volume is made of.
   */
  kind: "Directory" | "Disk";
  /**
   * Free-form labels to find the volume by.
   */
  labels: [string, string][];
  /**
   * The volume's name.
   */
  name: string;
  /**
   * The most that a directory may hold, in MiB; without a value, no bound.
   */
  quota_mib?: number | null;
}
