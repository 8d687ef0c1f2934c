import { StoreError } from "../errors.ts";
import { isDetail, TIMESTAMP } from "../values/columns.ts";
import { compareValues } from "../values/compare_values.ts";
import { entryOf, type Row } from "../values/value.ts";
import { valueText } from "../values/value_text.ts";

/** Rows of one key with different results. */
export interface Conflict {
  /** The key's columns. */
  readonly key: Row;
  /** The first few rows. */
  readonly rows: readonly ConflictingRow[];
}

/** One of several rows of a key. */
export interface ConflictingRow {
  /** Name of the store. */
  readonly store: string;
  /** The row, as it is in that store. */
  readonly row: Row;
}

/**
 * Rows of one key have different results, and no option says which to take. Nothing was written.
 *
 * @example
 * ```ts
 * import { ConflictError, mergeStores } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("example_old.csv", "seed,result\n1,0.5\n");
 * fs.writeFileSync("example_new.csv", "seed,result\n1,0.6\n");
 * const merged = mergeStores(["example_old.csv", "example_new.csv"], "example_both.csv");
 * await assert.rejects(merged, ConflictError);
 * for (const name of ["old", "new"]) fs.unlinkSync(`example_${name}.csv`);
 * ```
 */
export class ConflictError extends StoreError {
  /** Name of the class, equal in every realm. */
  override name = "ConflictError";
  /** Number of keys. */
  readonly count: number;
  /** The first 20 of them. */
  readonly conflicts: readonly Conflict[];

  /** Makes an error; `conflicts` are the first of `count`. */
  constructor(message: string, count: number, conflicts: readonly Conflict[]) {
    super(message);
    this.count = count;
    this.conflicts = conflicts;
  }
}

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
