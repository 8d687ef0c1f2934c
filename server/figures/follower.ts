import fs from "node:fs";
import path from "node:path";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { StoreError } from "../../core/errors.ts";
import type { Row } from "../../core/values/value.ts";
import { type PackedRows, packRows } from "../../figures/data/columns/packed_rows.ts";

/** The maximum number of batches that the sink has not inserted yet: it may compute a figure meanwhile. */
const MAX_PENDING = 16;

/** The target of a copy of a store's rows. Calls are handled in their order. */
export interface RowSink {
  /**
   * Begins a copy of all rows, in place of the present ones, or of rows to add.
   *
   * @param count The number of all rows of a whole copy; null if it is not known.
   */
  begin(isWhole: boolean, count: number | null): MaybePromise<void>;
  insert(rows: PackedRows): MaybePromise<void>;
  /** Ends the copy. @param columns The store's, in its order. */
  commit(columns: readonly string[]): MaybePromise<void>;
  /** Drops the copy. The next one begins with no rows. */
  abort(): MaybePromise<void>;
}

/** The progress of a copy of all rows. */
export interface Reading {
  /** The number of rows copied. */
  readonly rows: number;
  /** The number of all rows; null if it is not known. */
  readonly of: number | null;
}

/** Copies the rows of a store, as it grows, to a sink; yields to the event loop meanwhile. */
export class Follower {
  readonly #backend: Engine;
  readonly #sink: RowSink;
  #cursor: string | undefined;
  /** The file system that the rows are from. */
  #device: number | undefined;
  #generation = 0;
  #count = 0;
  #reading: Reading | null = null;
  /** The time of the store's last answer to the copy under way; undefined if there is none. */
  #answered: number | undefined;
  #running: Promise<string> | undefined;
  #next: Promise<string> | undefined;

  constructor(backend: Engine, sink: RowSink) {
    this.#backend = backend;
    this.#sink = sink;
  }

  /** The number of rows copied, and so the position of the newest one. */
  get count(): number {
    return this.#count;
  }

  /** The progress of the copy of all rows that is under way; null if there is none. */
  get reading(): Reading | null {
    return this.#reading;
  }

  /** The time for which the store has not answered the copy under way, in milliseconds. */
  get silence(): number {
    return this.#answered === undefined ? 0 : performance.now() - this.#answered;
  }

  /** Changes when the store was changed otherwise than by adding rows. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Copies the rows that the store has gained, and resolves to the store's cursor: as long as that is the
   * same, nothing has changed. Calls while a copy is under way share the next one.
   */
  catchUp(): Promise<string> {
    if (!this.#running) {
      return this.#running = this.#follow().finally(() => this.#running = undefined);
    }
    return this.#next ??= this.#running.then(() => {}, () => {}).then(() => {
      this.#next = undefined;
      return this.catchUp();
    });
  }

  /** Lets the next copy begin with no rows: the sink has lost them. */
  restart(): void {
    this.#cursor = undefined;
    this.#count = 0;
    this.#generation++;
  }

  async #follow(): Promise<string> {
    if (this.#cursor === undefined) this.#reading = { rows: 0, of: null };
    try {
      if (this.#cursor === undefined) {
        await this.#backend.readAhead((of) => this.#reading = { rows: 0, of });
      }
      this.#answered = performance.now();
      return await this.#copyAfter();
    } finally {
      this.#answered = undefined;
      this.#reading = null;
    }
  }

  async #copyAfter(): Promise<string> {
    const { cursor, isWhole, rows, count: all = null } = await this.#backend.rowsAfter(
      this.#cursor,
    );
    if (cursor === this.#cursor) {
      await closeRows(rows);
      return cursor;
    }
    const isNew = isWhole && this.#count > 0;
    const device = deviceOf(this.#backend.location);
    if (isNew && device !== this.#device && (await this.#backend.columns()).length === 0) {
      await closeRows(rows);
      throw new StoreError(
        `Cannot read store "${this.#backend.location}": its folder is gone, or its file system; mount it again`,
      );
    }
    try {
      if (isWhole) this.#reading = { rows: 0, of: all };
      await this.#sink.begin(isNew, isWhole ? all : null);
      const count = await this.#copy(rows);
      await this.#sink.commit(await this.#backend.columns());
      this.#count = isNew ? count : this.#count + count;
    } catch (error) {
      this.restart();
      await (async () => await this.#sink.abort())().catch(() => {}); // the first error counts
      throw error;
    }
    if (isNew) this.#generation++;
    this.#cursor = cursor;
    this.#device = device;
    return cursor;
  }

  /** Sends rows, and returns their number. Batches are made while the sink inserts those before. */
  async #copy(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    let count = 0;
    const inserted: MaybePromise<void>[] = [];
    for await (const batch of packRows(rows)) {
      this.#answered = performance.now();
      if (inserted.length === MAX_PENDING) await inserted.shift();
      const pending = this.#sink.insert(batch);
      if (pending instanceof Promise) pending.catch(() => {}); // it is awaited later
      inserted.push(pending);
      count += batch.length;
      if (this.#reading) this.#reading = { ...this.#reading, rows: count };
    }
    await Promise.all(inserted);
    return count;
  }
}

/** Returns the number of the file system that a file is on, or was; undefined if its folder is gone. */
function deviceOf(location: string): number | undefined {
  if (!path.isAbsolute(location)) return 0;
  return fs.statSync(path.dirname(location), { throwIfNoEntry: false })?.dev;
}

/** Closes rows that are not read to their end: a file may be open for them, or a connection. */
export async function closeRows(rows: object): Promise<void> {
  await (rows as { return?(): unknown }).return?.();
}
