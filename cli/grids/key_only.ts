import { isKeyColumn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";

/** Returns the key columns of a row. */
export function keyOnly(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => isKeyColumn(name)));
}
