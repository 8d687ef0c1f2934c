import fs from "node:fs";
import type { Backend, Claim } from "../../core/contract/backend.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import type { RecordAllOptions } from "../../core/contract/engine.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { type Key, keyOf } from "../../core/keys/key.ts";
import { poll } from "../../core/runtime/poll.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import type { Row } from "../../core/values/value.ts";
import { Freshness } from "../files/freshness.ts";
import { recordBatches } from "../record_batches.ts";
import { cellsOf, stampedBatch } from "./cell_batch_builder.ts";
import { type ColumnarFiles, STALE } from "./columnar_files.ts";
import { checkNames } from "./columnar_format.ts";
import { holdStore } from "./held_store.ts";
import { replaceFile, writeNewFile } from "./new_file.ts";

/** A delta of more bytes, and of more than four times the columnar file's, is compacted earlier. */
const MAX_DELTA_BYTES = 1 << 26;
/** Attempts of a compaction, each undone by a change of the files by other processes. */
const MAX_TRIES = 100;
/** Compactions of a closed handle while other handles go on to record. */
const MAX_COMPACTIONS_AT_END = 10;
/** Number of rows in one write. */
const BATCH = 500;
/** The claim of a compaction in the state file. No key has this text. */
export const COMPACTION = "merge";

/** A change of the columnar file. */
export interface Change {
  /** Rows to remove: those of some keys, or those of the file that repeat an earlier one. */
  readonly gone?: readonly Key[] | "repeats";
  /** Rows to add. */
  readonly added?: readonly Row[];
}

/**
 * Compacts a columnar store: writes a new columnar file with the rows of the delta and renames it over the
 * old one, which is the one moment at which anything changes. The metadata of the file names the byte of
 * the delta up to which its rows are in the file, and no longer count in the delta. Other processes record
 * meanwhile: the lock is held for the rename only. A claim like that of a key keeps compactions apart.
 */
export class Compactor {
  readonly #files: ColumnarFiles;
  readonly #minRows: number;
  /** The compaction in the background. */
  #running: Promise<void> | undefined;
  /** No compaction in the background begins before the delta has more rows than this. */
  #pausedUntil = 0;

  /** @param minRows A delta of more rows, and of more than half of the columnar file's, is compacted. */
  constructor(files: ColumnarFiles, minRows: number) {
    this.#files = files;
    this.#minRows = minRows;
  }

  /** Resolves at the end of the compaction in the background; undefined if there is none. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Appends rows to the delta. Only under the lock. */
  append(rows: readonly Row[]): void {
    for (const row of rows) this.#files.checkNames(Object.keys(row));
    this.#files.checkWritable();
    const { base, delta } = this.#files;
    delta.append(rows);
    const { rowCount, extent } = delta;
    const isMany = rowCount > Math.max(this.#minRows, base.rowCount / 2);
    const isLarge = extent!.end > Math.max(MAX_DELTA_BYTES, 4 * base.size);
    if ((isMany || isLarge) && rowCount > this.#pausedUntil) this.#begin();
  }

  /** Appends rows a batch at a time, compacted on the way, and returns their number. */
  appendAll(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    return recordBatches(rows, [], BATCH, stamped, async (batch) => {
      await this.#files.locked(() => this.append(batch));
      await this.#running; // else the delta grows faster than it is compacted
    });
  }

  /**
   * Writes the columnar file, which does not exist yet, with all rows, and returns their number; undefined
   * if it exists by now. Rows that others record meanwhile are in the delta, and count as recorded later.
   */
  recordAnew(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [], source }: RecordAllOptions,
  ): Promise<number | undefined> {
    const files = this.#files;
    return this.#claimed(async () => {
      if (await files.locked(() => files.base.opened)) return undefined;
      const content = {
        names: columns,
        batches: this.#checked(source?.cells?.() ?? cellsOf(rows, stamped)),
        csv: csvOf(source),
      };
      const mark = { history: crypto.randomUUID(), compacted: undefined };
      return await writeNewFile(files, content, mark, async (file, count) => {
        if (await files.locked(() => replaceFile(files, file, undefined))) return count;
        throw new StoreError(
          `Cannot write "${files.path}": another program made it just now; add to it with append`,
        );
      });
    });
  }

  /** Checks that a file of the format can have the columns of batches, and gives each row a time. */
  async *#checked(
    batches: Iterable<CellBatch> | AsyncIterable<CellBatch>,
  ): AsyncGenerator<CellBatch> {
    const known = new Set<string>();
    const timer = new YieldTimer();
    for await (const batch of batches) {
      const added = batch.columns.map(({ name }) => name).filter((name) => !known.has(name));
      checkNames(this.#files.path, this.#files.format, known, added);
      for (const name of added) known.add(name);
      yield stampedBatch(batch);
      if (timer.isDue()) await timer.yield();
    }
  }

  /** Compacts at the end of use, unless other processes remain for it. On failure the delta stays. */
  async settle(): Promise<void> {
    const files = this.#files;
    if (!fs.existsSync(files.deltaPath)) return;
    if (!files.hasWritten && !files.isWritable) return; // it is only read here
    try {
      // A process that leaves during a compaction leaves its rows in the delta: look again.
      for (let n = 0; n < MAX_COMPACTIONS_AT_END; n++) {
        const isSettled = await files.locked(() => {
          if (files.delta.rowCount > 0) return files.claims.state.departUnlessAlone();
          files.removeDelta();
          return true;
        });
        if (isSettled) return;
        await this.compact();
      }
    } catch (error) {
      if (files.claims.isEnded) throw error;
      if (files.hasWritten) this.#warnOf(error); // else the folder may be one that is only read
    }
  }

  /** Compacts at the end of the process. */
  async settleBeforeExit(): Promise<void> {
    await this.#running;
    if (!this.#files.claims.isEnded) await this.settle();
  }

  #warnOf(error: unknown): void {
    this.#files.warn(
      `[stet] Cannot compact ${this.#files.deltaPath}, its rows stay there: ${messageOf(error)}`,
    );
  }

  /** Begins a compaction in the background, unless one is running. */
  #begin(): void {
    if (this.#running) return;
    this.#pausedUntil = Infinity;
    this.#running = Promise.resolve() // the caller has the lock
      .then(() => this.compact({}, false))
      .then(() => void (this.#pausedUntil = this.#files.delta.rowCount * 1.1)) // another may compact
      .catch((error) => {
        this.#pausedUntil = 2 * this.#files.delta.rowCount; // a full disk may have room by then
        if (!this.#files.claims.isEnded) this.#warnOf(error);
      })
      .finally(() => void (this.#running = undefined));
  }

  /**
   * Compacts with a change of the columnar file, and returns the number of rows that it removes.
   *
   * @param waits False to leave it to another process that compacts now.
   */
  async compact(change: Change = {}, waits = true): Promise<number> {
    const removed = await this.#claimed(async () => {
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const removed = await this.#tryCompact(change);
        if (removed !== STALE) return removed;
      }
      throw new StoreError(
        `Cannot compact "${this.#files.path}": another program replaced it or its delta ` +
          `${MAX_TRIES} times meanwhile; stop that and try again`,
      );
    }, waits);
    return removed ?? 0;
  }

  /** Runs a body with the claim of compactions; undefined if another has it and this does not wait. */
  async #claimed<T>(body: () => Promise<T>, waits = true): Promise<T | undefined> {
    const { claims } = this.#files;
    const attempt = async (): Promise<true | undefined> => {
      const { state } = await this.#files.locked(() =>
        claims.state.answer(COMPACTION, false, () => ({} as Claim))
      );
      return state === "claimed" || undefined;
    };
    const isClaimed = await attempt() ?? (waits && await poll(attempt, { minMs: 5, maxMs: 100 }));
    if (!isClaimed) return undefined;
    try {
      return await body();
    } finally {
      if (!claims.isEnded) {
        await claims.state.ending(COMPACTION, undefined, (kept) => {
          kept();
          return this.#files.locked(() => claims.state.release(COMPACTION));
        });
      }
    }
  }

  /** @returns STALE if the files were changed otherwise meanwhile. */
  async #tryCompact({ gone, added = [] }: Change): Promise<number | typeof STALE> {
    const files = this.#files;
    const { opened, extent, rowCount, held } = await files.locked(() => {
      const { base: { opened }, extent, delta: { rowCount } } = files;
      return { opened, extent, rowCount, held: holdStore(files) };
    });
    const keys = typeof gone === "object" ? gone : [];
    const texts = new Set(keys.map(({ text }) => text));
    let left = 0, removed = 0; // rows of the delta
    function* rows(): Generator<Row> {
      for (const row of held.delta) {
        if (texts.size > 0 && texts.has(keyOf(keys[0]!.shape, row).text)) removed++;
        else {
          left++;
          yield row;
        }
      }
      yield* added;
    }
    try {
      const numbers = opened && gone
        ? await (gone === "repeats" ? files.base.repeats() : files.base.numbersOf(gone))
        : [];
      if (rowCount + added.length + numbers.length === 0) return 0;
      const kept = (opened?.file.rowCount ?? 0) - numbers.length;
      const content = {
        base: kept === 0 ? undefined : opened?.file,
        gone: numbers,
        batches: cellsOf(rows()),
      };
      const mark = {
        history: gone === undefined && opened?.mark?.history || crypto.randomUUID(),
        compacted: extent ?? opened?.mark?.compacted,
      };
      return await writeNewFile(files, content, mark, async (file, written) => {
        const expected = kept + left + added.length;
        if (written !== expected) {
          throw new StoreError(
            `Cannot compact "${files.path}": ${written} rows were written instead of ${expected}; ` +
              `it is as it was`,
          );
        }
        const isDone = await files.locked(() => {
          if (files.extent?.generation !== extent?.generation) return false;
          if (!replaceFile(files, file, opened)) return false;
          if (gone !== undefined) Freshness.noteRemoval();
          return true;
        });
        if (!isDone) return STALE;
        await files.locked(() => {}); // removes the compacted rows from the delta
        await files.base.catchUpAll();
        return numbers.length + removed;
      });
    } finally {
      held.close();
    }
  }
}

/** Returns the path of a store that is a CSV file. */
function csvOf(source: Backend | undefined): string | undefined {
  const { path } = (source ?? {}) as { readonly path?: unknown };
  return typeof path === "string" && /\.csv$/i.test(path) ? path : undefined;
}
