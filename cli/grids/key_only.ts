import { isKeyColumn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";

/** The columns of a row that say which run it is. */
export function keyOnly(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => isKeyColumn(name)));
}
