// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * A request to create a named volume before it is mounted.
 */
export interface NamedVolumeCreate {
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
   * Whether to create the volume.
   */
  mode: "Existing" | "Create" | "EnsureExists";
  /**
   * The volume's name.
   */
  name: string;
  /**
   * How much a directory may hold, in MiB; no limit by default.
   */
  quota_mib?: number | null;
}
