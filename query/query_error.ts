import { StoreError } from "../core/errors.ts";

/**
 * A statement cannot be run: it does not parse, names an unknown table or column, would write, or takes
 * longer than the time-out. The message contains DuckDB's, with the position in the SQL.
 *
 * @example
 * ```ts
 * import { QueryError, StoreError } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert(new QueryError("Cannot run the SQL") instanceof StoreError);
 * ```
 */
export class QueryError extends StoreError {
  /** Name of the class, equal in every realm. */
  override name = "QueryError";
}
