// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * What a volume is made of.
 */
export type VolumeKind = "Directory" | "Disk";
/**
 * Whether a named volume must be there before it is mounted.
 */
export type NamedVolumeMode = "Existing" | "Create" | "EnsureExists";

/**
 * A request to have a named volume ready before it is mounted.
 */
export interface NamedVolumeCreate {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  capacity_mib?: number | null;
  kind: VolumeKind;
  labels: [string, string][];
  mode: NamedVolumeMode;
  name: string;
  quota_mib?: number | null;
}
