import fs from "node:fs";
import path from "node:path";
import { openBackend } from "../mod.ts";
import { countRecords, dumpOf, makeDatabase } from "./sample_database.ts";
import { paramsAt, timestamp } from "./sample_rows.ts";
import { makeText, rowsIn } from "./sample_text.ts";

export { paramsAt, someParams } from "./sample_rows.ts";

/** The kinds of store that are measured. */
export const formats = [".csv", ".json", ".jsonl", ".sqlite"] as const;

/** One of them, by its extension. */
export type Format = typeof formats[number];

/**
 * Writes a new store of `rows` rows without stet; gives its path.
 *
 * @param options.isIndexed Whether a database has the index of looks already. Default: yes.
 */
export function makeStore(
  folder: string,
  rows: number,
  format: Format,
  { isIndexed = true }: { readonly isIndexed?: boolean } = {},
): string {
  const store = path.join(fs.mkdtempSync(path.join(folder, `${rows}-`)), `runs${format}`);
  if (format === ".sqlite") makeDatabase(store, rows, isIndexed);
  else makeText(store, rows, format);
  return store;
}

/** Removes a store and the files next to it. */
export function removeStore(store: string): void {
  fs.rmSync(path.dirname(store), { recursive: true });
}

/** Returns the number of rows of a store that is not open. */
export function countRows(store: string, format: Format): number {
  if (format === ".sqlite") return countRecords(store);
  return rowsIn(fs.readFileSync(store, "utf8").split("\n").length - 1, format);
}

/** Checks that `makeStore` writes what stet writes: text byte by byte, a database row by row. */
export async function checkSample(folder: string, format: Format): Promise<void> {
  const made = makeStore(folder, 1000, format);
  const recorded = path.join(path.dirname(made), `recorded${format}`);
  const backend = await openBackend(recorded, { durability: "process" });
  for (let i = 0; i < 1000; i++) {
    await backend.record({ ...paramsAt(i), _stet_timestamp: timestamp });
  }
  await backend.has(paramsAt(0)); // makes the index of a database
  await backend.close();
  const contentOf = (store: string): string =>
    format === ".sqlite" ? dumpOf(store) : fs.readFileSync(store, "latin1");
  if (contentOf(made) !== contentOf(recorded)) {
    throw new Error(`Cannot measure: stet writes the sample store differently than ${made} is`);
  }
  removeStore(made);
}
