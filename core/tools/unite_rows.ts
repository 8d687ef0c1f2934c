import { writeCell } from "../values/cell.ts";
import { isKeyColumn, TIMESTAMP } from "../values/columns.ts";
import { type Conflict, ConflictError, type ConflictingRow } from "./conflict_error.ts";
import { StoreError } from "../errors.ts";
import { Fingerprint } from "../keys/fingerprint.ts";
import { FingerprintSet } from "../keys/fingerprint_set.ts";
import { CELL_END, keyOf, type KeyShape, NAME_END } from "../keys/key.ts";
import type { Row } from "../values/value.ts";

/** Rows that can be read several times. */
export interface RowSource {
  /** Name in messages. */
  readonly name: string;
  /** Reads the rows from the beginning. */
  rows(): Iterable<Row> | AsyncIterable<Row>;
}

/** The rows of several sources, one for each key. */
export interface United {
  /** Number of rows that were read. */
  readonly read: number;
  /** Number of keys, and so of united rows. */
  readonly keys: number;
  /** Number of keys with rows that differ. */
  readonly conflicts: number;
  /** Reads the row of each key, in the order of the sources. @throws {StoreError} If they changed. */
  rows(): AsyncGenerator<Row>;
}

/** Maximum numbers of conflicts that are listed, and of rows of each. */
const MAX_LISTED = 20;
const MAX_ROWS = 5;

/** Distance between the row numbers of two sources. */
const STRIDE = 2 ** 40;

/**
 * Unites rows by key in two passes, with some 50 bytes of memory a key. The first row of a key is taken, or
 * the newest; rows of a key that differ in anything but their `_stet_…` columns are a conflict unless `prefer`
 * says which to take.
 *
 * @throws {ConflictError} If there are conflicts and `prefer` is undefined.
 */
export async function uniteRows(
  sources: readonly RowSource[],
  shape: KeyShape,
  prefer: "newest" | "first" | undefined,
): Promise<United> {
  const keys = new FingerprintSet();
  const conflicting = new Set<number>();
  const sizes: number[] = [];
  // Of the chosen row of each key, by the key's number. Arrays of numbers hold no objects.
  const contents: number[] = [];
  const places: number[] = [];
  const times: number[] = [];

  for (const [s, source] of sources.entries()) {
    let at = s * STRIDE;
    for await (const row of source.rows()) {
      const number = keys.add(keyOf(shape, row).fingerprint);
      const content = contentOf(row, shape);
      const time = prefer === "newest" ? timeOf(row) : 0;
      const isNew = number === places.length;
      if (!isNew && content !== contents[number]) conflicting.add(number);
      if (isNew || time > times[number]!) {
        contents[number] = content;
        places[number] = at;
        times[number] = time;
      }
      at++;
    }
    sizes.push(at - s * STRIDE);
  }
  if (conflicting.size > 0 && prefer === undefined) {
    throw conflictError(conflicting.size, await listed(sources, shape, keys, conflicting));
  }
  return {
    read: sizes.reduce((sum, size) => sum + size, 0),
    keys: keys.size,
    conflicts: conflicting.size,
    async *rows(): AsyncGenerator<Row> {
      let given = 0;
      for (const [s, source] of sources.entries()) {
        let at = s * STRIDE;
        const end = at + sizes[s]!;
        for await (const row of source.rows()) {
          if (at === end) break; // rows after this were added meanwhile
          const number = keys.numberOf(keyOf(shape, row).fingerprint);
          if (number !== -1 && places[number] === at++) {
            given++;
            yield row;
          }
        }
      }
      if (given === keys.size) return;
      const names = sources.map(({ name }) => `"${name}"`).join(", ");
      throw new StoreError(`Cannot read ${names}: rows were removed meanwhile; try again`);
    },
  };
}

/** Returns 53 bits of the fingerprint of a row without its key and stet's own columns. */
function contentOf(row: Row, { columns }: KeyShape): number {
  const fingerprint = new Fingerprint().begin();
  for (const name of Object.keys(row).sort()) {
    const isKey = columns ? columns.includes(name) : isKeyColumn(name);
    if (isKey || name.startsWith("_stet_")) continue;
    fingerprint.text(name).text(NAME_END).text(writeCell(row[name]!)).text(CELL_END);
  }
  const { a, b } = fingerprint.end();
  return a * 2 ** 21 + (b >>> 11);
}

/** Returns the time of a row in milliseconds; rows without one are the oldest. */
function timeOf(row: Row): number {
  const time = Date.parse(String(row[TIMESTAMP]));
  return Number.isNaN(time) ? -Infinity : time;
}

/** Returns the first conflicts, with their rows. */
async function listed(
  sources: readonly RowSource[],
  shape: KeyShape,
  keys: FingerprintSet,
  conflicting: ReadonlySet<number>,
): Promise<Conflict[]> {
  const numbers = [...conflicting].sort((a, b) => a - b).slice(0, MAX_LISTED);
  const found = new Map<number, { key: Row; rows: ConflictingRow[] }>();
  for (const { name, rows } of sources) {
    for await (const row of rows()) {
      const key = keyOf(shape, row);
      const number = keys.numberOf(key.fingerprint);
      if (!numbers.includes(number)) continue;
      const conflict = found.get(number) ?? { key: key.values, rows: [] };
      found.set(number, conflict);
      if (conflict.rows.length < MAX_ROWS) conflict.rows.push({ store: name, row });
    }
  }
  return [...found.values()];
}

function conflictError(count: number, conflicts: readonly Conflict[]): ConflictError {
  const what = count === 1 ? "1 key has rows that differ" : `${count} keys have rows that differ`;
  return new ConflictError(
    `Cannot unite rows: ${what}; say which to take with prefer: newest or first`,
    count,
    conflicts,
  );
}
