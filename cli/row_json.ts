import { writeCell } from "../core/cell.ts";
import { canonicalJson } from "../core/json.ts";
import type { Row } from "../core/value.ts";

/** A row as JSON that any program reads, in the order of its columns: `nan` and `inf` are strings. */
export function rowJson(row: Row): string {
  const entries = Object.entries(row).map(([name, value]) => {
    const isFinite = typeof value !== "number" || Number.isFinite(value);
    return `${JSON.stringify(name)}:${canonicalJson(isFinite ? value : writeCell(value))}`;
  });
  return `{${entries.join(",")}}`;
}
