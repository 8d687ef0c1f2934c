import { TIMESTAMP } from "../core/columns.ts";
import type { Row } from "../core/value.ts";

/** The row with the time of now, unless it has a time. */
export function stamped(row: Row): Row {
  return row[TIMESTAMP] === undefined ? { ...row, [TIMESTAMP]: new Date().toISOString() } : row;
}
