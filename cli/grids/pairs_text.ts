import { writeCell } from "../../core/values/cell.ts";
import { isKeyColumn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { shellText } from "../../core/runtime/shell_text.ts";

/** Returns params as a command line takes them: `alpha=0.1 model='a b'`. */
export function pairsText(params: Row): string {
  return shellText(Object.entries(params).map(([name, value]) => `${name}=${writeCell(value)}`));
}

/** Returns the key columns of a row. */
export function keyOnly(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => isKeyColumn(name)));
}
