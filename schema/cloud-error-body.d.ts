// Made from the JSON Schema of the same name by schema/typescript.cjs.

/**
 * The body of an error response.
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
   * The error as an object of its own, in some responses.
   */
  error?: CloudErrorDetails | null;
  /**
   * A message for people.
   */
  message?: string | null;
  [k: string]: unknown;
}
/**
 * An error as an object of its own.
 */
export interface CloudErrorDetails {
  /**
   * A stable code for programs.
   */
  code?: string | null;
  /**
   * A message for people.
   */
  message?: string | null;
  [k: string]: unknown;
}
