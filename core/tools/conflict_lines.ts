import { isDetail, TIMESTAMP } from "../values/columns.ts";
import type { Conflict } from "./conflict_error.ts";
import { compareValues } from "../values/compare_values.ts";
import { entryOf } from "../values/value.ts";
import { valueText } from "../values/value_text.ts";

/** Returns the lines of conflicts: the key, then for each row its store and the columns that differ. */
export function conflictLines(conflicts: readonly Conflict[]): string[] {
  return conflicts.flatMap(({ key, rows }) => {
    const names = new Set(rows.flatMap(({ row }) => Object.keys(row)));
    const differing = [...names].filter((name) =>
      !isDetail(name) &&
      rows.some(({ row }) => compareValues(entryOf(row, name), entryOf(rows[0]!.row, name)))
    );
    return [
      Object.entries(key).map(([name, value]) => `${name}=${valueText(value)}`).join(" "),
      ...rows.map(({ store, row }) => {
        const time = row[TIMESTAMP] === undefined ? "" : `  (${String(row[TIMESTAMP])})`;
        const cells = differing.map((name) => {
          const value = entryOf(row, name);
          return `${name}: ${value === undefined ? "absent" : valueText(value)}`;
        });
        return `  ${store}: ${cells.join(", ")}${time}`;
      }),
    ];
  });
}
