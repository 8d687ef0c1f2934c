import type { Backend, KeyAccess, OpenOptions } from "../core/contract/backend.ts";
import { StoreError } from "../core/errors.ts";
import { agreesWith, removedKey } from "../core/contract/subset_shape.ts";
import { keyOf } from "../core/keys/key.ts";
import { stamped } from "../core/contract/stamped.ts";
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
  /** The same for all stores in memory, which share no rows. */
  readonly location = ":memory:";
  /** Access by exact key. */
  readonly keys: KeyAccess = {
    find: ({ shape, text }) =>
      structuredClone(this.#open().findLast((row) => keyOf(shape, row).text === text)),
    remove: ({ shape, text }) => this.#remove((row) => keyOf(shape, row).text === text),
  };
  #rows: Row[] | undefined = [];

  /** Returns true if a row agrees on all columns given. */
  has(columns: Row): boolean {
    return this.#open().some(agreesWith(columns));
  }

  /** Adds a row. */
  record(row: Row): void {
    this.#open().push(stamped(row));
  }

  /** All rows, oldest first. */
  load(): Row[] {
    return structuredClone(this.#open());
  }

  /** Removes the rows that agree on all columns given, and returns their number. */
  remove(columns: Row): number {
    const { shape, text } = removedKey(this.location, columns);
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

/** Opens a new, empty store in memory. */
export function open(_location: string, _options: OpenOptions): MemoryBackend {
  return new MemoryBackend();
}
