// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * The description of a volume.
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
   * How the volume is stored.
   */
  kind: "Directory" | "Disk";
  /**
   * Labels to find the volume by.
   */
  labels: [string, string][];
  /**
   * The volume's name.
   */
  name: string;
  /**
   * How much a directory may hold, in MiB; no limit by default.
   */
  quota_mib?: number | null;
}
