import type { Backend, OpenOptions } from "../core/contract/backend.ts";
import { TIMESTAMP } from "../core/values/columns.ts";
import { StoreError } from "../core/errors.ts";
import { type Key, keyOf, keyShape } from "../core/keys/key.ts";
import { toRow } from "../core/values/to_row.ts";
import type { Row } from "../core/values/value.ts";

/**
 * A store that lives and dies with the process: the contract in its smallest form.
 *
 * @example
 * ```ts
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const backend = new MemoryBackend();
 * backend.record({ alpha: 0.1, seed: 42 });
 * assert(backend.has({ alpha: 0.1 }));
 * assert(!backend.has({ alpha: 0.1, seed: 43 }));
 * ```
 */
export class MemoryBackend implements Backend {
  readonly location = ":memory:";
  #rows: Row[] | undefined = [];

  /** Whether a row agrees on all columns given. */
  has(columns: Row): boolean {
    return this.#open().some(agreesWith(columns));
  }

  /** Adds a row. */
  record(row: Row): void {
    const { [TIMESTAMP]: timestamp = new Date().toISOString(), ...columns } = row;
    const added = toRow(columns, "params"); // a copy, and checked
    this.#open().push({ ...added, [TIMESTAMP]: timestamp });
  }

  /** All rows, oldest first. */
  load(): Row[] {
    return structuredClone(this.#open());
  }

  /** Removes the rows that agree on all columns given; how many. */
  remove(columns: Row): number {
    if (Object.values(columns).every((value) => value === undefined)) {
      throw new TypeError(
        "Cannot remove rows without a column to match: use clear() to remove all",
      );
    }
    return this.#remove(agreesWith(columns));
  }

  /** Removes the rows with exactly this key; how many. */
  removeKey({ shape, text }: Key): number {
    return this.#remove((row) => keyOf(shape, row).text === text);
  }

  /** Removes all rows. */
  clear(): void {
    this.#open().length = 0;
  }

  /** Lets the rows go. Later calls are errors. */
  close(): void {
    this.#rows = undefined;
  }

  #remove(isGone: (row: Row) => boolean): number {
    const rows = this.#open();
    this.#rows = rows.filter((row) => !isGone(row));
    return rows.length - this.#rows.length;
  }

  #open(): Row[] {
    if (this.#rows) return this.#rows;
    throw new StoreError(
      `Cannot use store "${this.location}": it was closed, and its rows are gone`,
    );
  }
}

/** Whether a row agrees on all columns given, by cell text. */
function agreesWith(columns: Row): (row: Row) => boolean {
  const given = Object.keys(columns).filter((name) => columns[name] !== undefined);
  const shape = keyShape(given);
  const { text } = keyOf(shape, columns);
  return (row) => keyOf(shape, row).text === text;
}

/** Opens a new, empty store in memory. */
export function open(_location: string, _options: OpenOptions): MemoryBackend {
  return new MemoryBackend();
}
