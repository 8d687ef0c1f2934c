import { createHash } from "node:crypto";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";

/** Returns a hash of a row's cells, which no other row of its key has. */
export function rowVersion(row: Row): string {
  const hash = createHash("sha256").update(cellsOf(row, Object.keys(row)));
  return hash.digest("base64url").slice(0, 22);
}

/** True if two rows have the same cells, apart from their timestamp. */
export function isSameRun(one: Row, other: Row): boolean {
  const names = (row: Row): string[] => Object.keys(row).filter((name) => name !== TIMESTAMP);
  return cellsOf(one, names(one)) === cellsOf(other, names(other));
}

function cellsOf(row: Row, names: readonly string[]): string {
  return keyOf(keyShape(names), row).text;
}
