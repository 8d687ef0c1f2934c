import { TIMESTAMP } from "../values/columns.ts";
import { toRow } from "../values/to_row.ts";
import type { Row } from "../values/value.ts";

/**
 * Returns a row as it is recorded: a copy, checked, with the time of now unless it has a time.
 *
 * @throws {TypeError} If a value or the name of a column cannot be kept.
 */
export function stamped(row: Readonly<Record<string, unknown>>): Row {
  const added = toRow(row);
  added[TIMESTAMP] ??= new Date().toISOString();
  return added;
}
