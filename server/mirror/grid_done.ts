import { type Grid, gridNumber } from "../../core/grids/grid.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import type { Mirror } from "./mirror.ts";
import { fromMirror } from "./mirror_value.ts";
import { namespaceSql } from "./namespace_sql.ts";

/** The maximum number of combinations: each takes a byte. */
const MAX_COMBINATIONS = 100_000_000;

/** Checks that the combinations of a grid can be counted. @throws {RangeError} If there are too many. */
export function checkCountable({ count }: Grid): void {
  if (count <= MAX_COMBINATIONS) return;
  throw new RangeError(
    `Cannot count a grid of ${count} combinations, more than ${MAX_COMBINATIONS}`,
  );
}

/** The maximum number of combinations that have a byte each; of more, those that are done are in a set. */
const MAX_BYTES = 10_000_000;

/** The numbers of combinations that are done. */
interface Done {
  /** Adds a number; false if it is there. */
  add(number: number): boolean;
}

/** Counts which combinations of a grid are done; rows that were counted before are not read again. */
export class GridDone {
  readonly grid: Grid;
  readonly #namespace: string | undefined;
  readonly #numberOf: (params: Row) => number;
  #done: Done;
  #count = 0;
  #generation = -1;
  #position = 0;

  /** @param namespace The namespace of rows that count; empty: none. Default: all rows do. */
  constructor(grid: Grid, namespace?: string) {
    this.grid = grid;
    this.#namespace = namespace;
    this.#numberOf = gridNumber(grid);
    this.#done = doneOf(grid);
  }

  /** Returns the number of combinations that the mirror has a row of. */
  count(mirror: Mirror): number {
    if (mirror.generation !== this.#generation) {
      this.#generation = mirror.generation;
      this.#done = doneOf(this.grid);
      this.#count = this.#position = 0;
    }
    const known = new Set(mirror.columns);
    const names = this.grid.names.filter((name) => known.has(name));
    const columns = names.map((name) => mirror.sql(name)).join(", ") || "NULL";
    const own = this.#namespace === undefined
      ? { text: "1", values: [] }
      : namespaceSql(mirror, this.#namespace);
    const sql = `SELECT DISTINCT ${columns} FROM ${mirror.table} WHERE n > ? AND ${own.text}`;
    for (const cells of mirror.db.each(sql, [BigInt(this.#position), ...own.values])) {
      const params: Row = {};
      for (const [i, name] of names.entries()) {
        const value = fromMirror(cells[i]!);
        if (value !== undefined) setEntry(params, name, value);
      }
      const number = this.#numberOf(params);
      if (number === -1 || !this.#done.add(number)) continue;
      this.#count++;
    }
    this.#position = mirror.count;
    return this.#count;
  }
}

function doneOf({ count }: Grid): Done {
  if (count > MAX_BYTES) {
    const numbers = new Set<number>();
    return { add: (number) => numbers.size < numbers.add(number).size };
  }
  const bytes = new Uint8Array(count);
  return {
    add(number) {
      if (bytes[number] === 1) return false;
      bytes[number] = 1;
      return true;
    },
  };
}
