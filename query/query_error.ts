import { StoreError } from "../core/errors.ts";

/**
 * SQL cannot be run as it was asked for: it does not parse, names what is not there, would write, or
 * takes longer than it may. The message has that of DuckDB, with the place in the SQL.
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
  override name = "QueryError";
}
