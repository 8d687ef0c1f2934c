import { writeCell } from "../../core/values/cell.ts";
import { canonicalJson } from "../../core/values/json.ts";
import type { Row } from "../../core/values/value.ts";

/** A row as JSON that any program reads, in the order of its columns: `nan` and `inf` are strings. */
export function rowJson(row: Row): string {
  const entries = Object.entries(row).map(([name, value]) => {
    const isFinite = typeof value !== "number" || Number.isFinite(value);
    return `${JSON.stringify(name)}:${canonicalJson(isFinite ? value : writeCell(value))}`;
  });
  return `{${entries.join(",")}}`;
}
