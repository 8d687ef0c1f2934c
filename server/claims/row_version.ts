import { createHash } from "node:crypto";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";

/** Tells a row from every other that was recorded of its key: a hash of its cells. */
export function rowVersion(row: Row): string {
  return createHash("sha256").update(cellsOf(row, Object.keys(row))).digest("base64url").slice(
    0,
    22,
  );
}

/** Whether two rows have the same cells, whenever they were recorded. */
export function isSameRun(one: Row, other: Row): boolean {
  const names = (row: Row): string[] => Object.keys(row).filter((name) => name !== TIMESTAMP);
  return cellsOf(one, names(one)) === cellsOf(other, names(other));
}

function cellsOf(row: Row, names: readonly string[]): string {
  return keyOf(keyShape(names), row).text;
}
