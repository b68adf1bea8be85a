// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * The body of an answer that reports a failure. In JSON every field may be missing.
 */
export interface CloudErrorBody {
  /**
   * The schema of this document, for editors.
   */
  $schema?: string;
  /**
   * A stable code for programs.
   */
  code?: string | null;
  /**
   * The failure in an object of its own, as some answers have it.
   */
  error?: CloudErrorDetails | null;
  /**
   * A text for people.
   */
  message?: string | null;
  [k: string]: unknown;
}
/**
 * The failure of a `CloudErrorBody` in an object of its own.
 */
export interface CloudErrorDetails {
  /**
   * A stable code for programs.
   */
  code?: string | null;
  /**
   * A text for people.
   */
  message?: string | null;
  [k: string]: unknown;
}
