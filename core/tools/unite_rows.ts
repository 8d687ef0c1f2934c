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
 * Unites rows by key. The first row of a key is taken, or the newest; rows of a key that differ in
 * anything but their `_stet_…` columns are a conflict unless it was said which to prefer.
 *
 * Two passes over the sources, in bounded memory but for some 50 bytes a key: fingerprints, as the
 * index of a store has them.
 *
 * @throws {ConflictError} If there are conflicts and `prefer` is undefined.
 */
export async function uniteRows(
  sources: readonly RowSource[],
  shape: KeyShape,
  prefer: "newest" | "first" | undefined,
): Promise<United> {
  const keys = new FingerprintSet();
  const fingerprint = new Fingerprint();
  const chosen = new Chosen(prefer === "newest");
  const conflicting = new Set<number>();
  const sizes: number[] = [];

  for (const [s, source] of sources.entries()) {
    let at = s * STRIDE;
    for await (const row of source.rows()) {
      const before = keys.size;
      const number = keys.add(fingerprint.begin().text(keyOf(shape, row).text).end());
      const { a, b } = fingerprintOf(row, shape, fingerprint);
      const time = prefer === "newest" ? timeOf(row) : 0;
      if (number === before) chosen.set(number, a, b, at, time);
      else {
        if (!chosen.holds(number, a, b)) conflicting.add(number);
        if (time > chosen.timeOf(number)) chosen.set(number, a, b, at, time);
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
          const number = keys.numberOf(fingerprint.begin().text(keyOf(shape, row).text).end());
          if (number !== -1 && chosen.rowOf(number) === at++) {
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

/** The chosen row of each key, by the key's number: 16 to 24 bytes a key, and no object. */
class Chosen {
  #contents = new Uint32Array(1024);
  #rows = new Float64Array(512);
  #times: Float64Array | undefined;

  /** @param hasTimes True to keep times. */
  constructor(hasTimes: boolean) {
    if (hasTimes) this.#times = new Float64Array(512);
  }

  /** @param a With `b`, half of the fingerprint of the row's contents. */
  set(key: number, a: number, b: number, row: number, time: number): void {
    if (key >= this.#rows.length) {
      this.#contents = doubled(this.#contents, new Uint32Array(4 * this.#rows.length));
      this.#times &&= doubled(this.#times, new Float64Array(2 * this.#rows.length));
      this.#rows = doubled(this.#rows, new Float64Array(2 * this.#rows.length));
    }
    this.#contents[2 * key] = a;
    this.#contents[2 * key + 1] = b;
    this.#rows[key] = row;
    if (this.#times) this.#times[key] = time;
  }

  holds(key: number, a: number, b: number): boolean {
    return this.#contents[2 * key] === a && this.#contents[2 * key + 1] === b;
  }

  rowOf(key: number): number {
    return this.#rows[key]!;
  }

  timeOf(key: number): number {
    return this.#times?.[key] ?? 0;
  }
}

function doubled<T extends Uint32Array | Float64Array>(numbers: T, room: T): T {
  room.set(numbers);
  return room;
}

/** Returns the fingerprint of a row without its key and stet's own columns. */
function fingerprintOf(row: Row, { columns }: KeyShape, fingerprint: Fingerprint): Fingerprint {
  fingerprint.begin();
  for (const name of Object.keys(row).sort()) {
    const isKey = columns ? columns.includes(name) : isKeyColumn(name);
    if (isKey || name.startsWith("_stet_")) continue;
    fingerprint.text(name).text(NAME_END).text(writeCell(row[name]!)).text(CELL_END);
  }
  return fingerprint.end();
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
  const fingerprint = new Fingerprint();
  for (const { name, rows } of sources) {
    for await (const row of rows()) {
      const key = keyOf(shape, row);
      const number = keys.numberOf(fingerprint.begin().text(key.text).end());
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
