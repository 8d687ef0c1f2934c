import fs from "node:fs";
import path from "node:path";
import type { Backend, Claim } from "../../core/contract/backend.ts";
import type { RecordAllOptions } from "../../core/contract/engine.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { cellsOf } from "./cell_batch_builder.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { type Key, keyOf, type KeyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { checksumPlaceholder, writeChecksum } from "../../packages/checksum.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import { batchesOf } from "../batches_of.ts";
import { type Mark, markMetadata, type OpenedFile } from "./columnar_base.ts";
import { type ColumnarFiles, STALE } from "./columnar_files.ts";
import { checkNames, type Content } from "./columnar_format.ts";
import { syncFolder } from "../files/file_bytes.ts";
import { HeldRows } from "./held_rows.ts";
import { newId } from "../files/new_id.ts";
import type { Merged } from "./pending_format.ts";
import { giveAccess } from "../files/side_file.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { stampedBatch } from "./stamped_batch.ts";
import { writing } from "../files/writing.ts";
import { removeFile } from "../files/system_error.ts";

/** They are merged earlier if they take more bytes than this, and than four times the columnar file. */
const MOST_PENDING_BYTES = 1 << 26;
/** Tries to merge, each undone by a change of the files by others. */
const MAX_TRIES = 100;
/** Merges of a handle that is closed while others go on to record. */
const MAX_MERGES_AT_END = 10;
/** What a merge claims. No key has this text. */
export const MERGE = "merge";
/** How many rows are added in one write. */
const BATCH = 500;

/** A change of the columnar file: rows to leave out, and rows to add. */
export interface Change {
  /** Those of some keys, or merged ones that equal an earlier one but for when they were made. */
  readonly gone?: readonly Key[] | "repeats";
  readonly added?: readonly Row[];
}

/** The pending rows at one moment. */
interface Pending {
  readonly extent: Merged | undefined;
  readonly count: number;
  readonly rows: HeldRows;
}

/** What a merge has instead of the claim of a key. */
const NO_CLAIM = {} as Claim;

/**
 * What brings rows into the columnar file of a store: into a new one that is written beside it and
 * renamed, which is the one moment at which it happens. The file says in its metadata up to which byte
 * of which pending file it has merged, so that rows before that count there no more. Others record
 * meanwhile. The lock in the state file is held for the rename only; that one process merges at a time
 * is a claim like that of a key.
 */
export class ColumnarMerger {
  readonly #files: ColumnarFiles;
  readonly #leastMerged: number;
  /** The merge in the background. */
  #merging: Promise<void> | undefined;
  /** No merge in the background begins before that many rows are pending. */
  #mergeAfter = 0;

  /**
   * @param leastMerged Pending rows are merged when there are more than this, and more than half of the
   * merged ones.
   */
  constructor(files: ColumnarFiles, leastMerged: number) {
    this.#files = files;
    this.#leastMerged = leastMerged;
  }

  /** Resolves when no merge in the background is under way. */
  get merging(): Promise<void> | undefined {
    return this.#merging;
  }

  /** Adds rows; only under the lock. */
  append(rows: readonly Row[]): void {
    for (const row of rows) this.#files.checkNames(Object.keys(row));
    this.#files.checkWritable();
    this.#files.pending.append(rows);
    const { rowCount, extent } = this.#files.pending;
    const isMany = rowCount > Math.max(this.#leastMerged, this.#files.base.rowCount / 2);
    const isLarge = extent!.end > Math.max(MOST_PENDING_BYTES, 4 * this.#files.base.size);
    if ((isMany || isLarge) && rowCount > this.#mergeAfter) this.#beginMerge();
  }

  /** A batch in one write, with merges on the way; one sync at the end. */
  async appendAll(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      const added = batch.map(stamped);
      await this.#files.locked(() => this.append(added));
      count += added.length;
      await this.#merging; // else more would come than is merged
    }
    return this.#files.isSynced ? await this.#files.synced(count) : count;
  }

  /**
   * Writes the columnar file, which does not exist yet, with all rows, and returns their number; undefined
   * if it exists by now. Rows that others record meanwhile are pending, and count as recorded after them.
   */
  recordAnew(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [], source }: RecordAllOptions,
  ): Promise<number | undefined> {
    return this.#asMerger(async () => {
      if (await this.#files.locked(() => this.#files.base.opened)) return undefined;
      const content = {
        names: columns,
        batches: this.#checkedBatches(source?.cells?.() ?? cellsOf(rows, stamped)),
        csv: csvOf(source),
      };
      const mark = { history: crypto.randomUUID(), merged: undefined };
      return await this.#writing(content, mark, async (file, count) => {
        if (await this.#files.locked(() => this.#takePlace(file, undefined))) return count;
        throw new StoreError(
          `Cannot write "${this.#files.path}": another program made it just now; add to it with append`,
        );
      });
    });
  }

  /** Writes a new file next to the store and has a body take it; what is left of it is removed. */
  async #writing<T>(
    content: Omit<Content, "metadata">,
    mark: Mark,
    take: (file: string, count: number) => Promise<T>,
  ): Promise<T> {
    const temporary = this.#temporary();
    const placeholder = checksumPlaceholder();
    const metadata = markMetadata(mark, placeholder);
    try {
      const count = await writing(this.#files.path, async () => {
        const written = await this.#files.format.write(temporary, { ...content, metadata });
        syncFile(temporary, this.#files.path, placeholder);
        return written;
      });
      return await take(temporary, count);
    } finally {
      removeFile(temporary);
    }
  }

  /** Batches of rows that a file of the format can have, each with a time. */
  async *#checkedBatches(
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

  /** Merges what is pending, unless others are there to do it. If it cannot be done, the rows stay there. */
  async settle(): Promise<void> {
    if (!fs.existsSync(this.#files.pendingPath)) return;
    if (!this.#files.hasWritten && !this.#files.isWritable) return; // it is only read here
    try {
      // Who leaves during a merge leaves its rows to it: they are looked for again.
      for (let merges = 0; merges < MAX_MERGES_AT_END; merges++) {
        const isSettled = await this.#files.locked(() => {
          if (this.#files.pending.rowCount > 0) return this.#files.state.departUnlessAlone();
          this.#files.removePending();
          return true;
        });
        if (isSettled) return;
        await this.merge();
      }
    } catch (error) {
      if (this.#files.ended) throw error;
      if (this.#files.hasWritten) this.#warnOf(error); // else it may be a folder in which one only reads
    }
  }

  /** Merges what is pending, at the end of the process. */
  async mergeBeforeExit(): Promise<void> {
    await this.#merging;
    if (!this.#files.ended) await this.settle();
  }

  #warnOf(error: unknown): void {
    this.#files.warn(
      `[stet] Cannot merge ${this.#files.pendingPath}, its rows stay there: ${messageOf(error)}`,
    );
  }

  /** Begins to merge in the background, unless that is under way. */
  #beginMerge(): void {
    if (this.#merging) return;
    this.#mergeAfter = Infinity;
    this.#merging = Promise.resolve() // the caller has the lock
      .then(() => this.merge({}, false))
      .then(() => void (this.#mergeAfter = this.#files.pending.rowCount * 1.1)) // another may be merging
      .catch((error) => {
        this.#mergeAfter = 2 * this.#files.pending.rowCount; // a full disk may have room by then
        if (!this.#files.ended) this.#warnOf(error);
      })
      .finally(() => void (this.#merging = undefined));
  }

  /**
   * Merges the pending rows into the columnar file, with a change: how many rows are gone.
   *
   * @param isPatient Whether to wait while another process merges, and merge then; else it is left to
   * that.
   */
  async merge(change: Change = {}, isPatient = true): Promise<number> {
    const merged = await this.#asMerger(async () => {
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const gone = await this.#tryMerge(change);
        if (gone !== STALE) return gone;
      }
      throw new StoreError(
        `Cannot merge into "${this.#files.path}": another program replaced it or its pending rows ` +
          `${MAX_TRIES} times meanwhile; stop that and try again`,
      );
    }, isPatient);
    return merged ?? 0;
  }

  /** Runs a body while no other process merges; undefined if one does and this is not patient. */
  async #asMerger<T>(body: () => Promise<T>, isPatient = true): Promise<T | undefined> {
    for (let pause = 5;; pause = Math.min(pause * 1.5, 100)) {
      const answer = await this.#files.locked(() =>
        this.#files.state.answer(MERGE, false, () => NO_CLAIM)
      );
      if (answer.state === "claimed") break;
      if (!isPatient) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
    try {
      return await body();
    } finally {
      const { state, ended } = this.#files;
      if (!ended) {
        await state.ending(MERGE, undefined, (kept) => {
          kept();
          return this.#files.locked(() => state.release(MERGE));
        });
      }
    }
  }

  /** Renames a new file to the store's name, if the one there is still this. Only under the lock. */
  #takePlace(temporary: string, opened: OpenedFile | undefined): boolean {
    if (this.#files.base.opened !== opened) return false;
    fs.renameSync(temporary, this.#files.path);
    syncFolder(path.dirname(this.#files.path));
    return true;
  }

  /** Merges, unless the store is changed otherwise meanwhile. */
  async #tryMerge(change: Change): Promise<number | typeof STALE> {
    const opened = await this.#files.locked(() => {
      const { opened } = this.#files.base;
      opened?.held.hold();
      return opened;
    });
    try {
      return await this.#tryMergeInto(opened, change);
    } finally {
      opened?.held.letGo();
    }
  }

  async #tryMergeInto(
    opened: OpenedFile | undefined,
    { gone, added = [] }: Change,
  ): Promise<number | typeof STALE> {
    const goneNumbers = !opened || !gone
      ? []
      : gone === "repeats"
      ? await this.#files.base.repeats()
      : await this.#files.base.numbersOf(gone);
    const pending = await this.#files.locked(() =>
      this.#files.base.opened === opened ? this.#snapshot() : STALE
    );
    if (pending === STALE) return STALE;
    const { extent, rows } = pending;
    try {
      if (pending.count + added.length + goneNumbers.length === 0) return 0;
      const left = new RowsLeft(rows, typeof gone === "object" ? gone : [], added);
      const kept = (opened?.file.rowCount ?? 0) - goneNumbers.length;
      const base = kept === 0 ? undefined : opened?.file;
      const mark = {
        history: gone === undefined && opened?.mark?.history || crypto.randomUUID(),
        merged: extent ?? opened?.mark?.merged,
      };
      const content = { base, gone: goneNumbers, batches: cellsOf(left) };
      return await this.#writing(content, mark, async (file, written) => {
        const expected = left.count + kept;
        if (written !== expected) {
          throw new StoreError(
            `Cannot merge into "${this.#files.path}": ${written} rows were written instead of ` +
              `${expected}; it is as it was`,
          );
        }
        const isDone = await this.#files.locked(() => {
          if (this.#files.extent?.generation !== extent?.generation) return false;
          if (!this.#takePlace(file, opened)) return false;
          if (gone !== undefined) this.#files.noteRemoval();
          return true;
        });
        if (!isDone) return STALE;
        await this.#files.locked(() => {}); // takes what was merged out of the pending file
        await this.#files.base.catchUpAll();
        return goneNumbers.length + left.gone;
      });
    } finally {
      rows.close();
    }
  }

  #snapshot(): Pending {
    const { pending, extent } = this.#files;
    return { extent, count: pending.rowCount, rows: new HeldRows(pending.rows()) };
  }

  /** A path beside the store for a new file. What a killed merge left is taken away. */
  #temporary(): string {
    this.#files.base.checkWritable();
    for (const file of this.temporaries()) removeFile(file);
    return `${this.#temporaryPrefix}${newId()}`;
  }

  get #temporaryPrefix(): string {
    return path.join(path.dirname(this.#files.path), `.${path.basename(this.#files.path)}.merge-`);
  }

  /** The files of merges that are under way, or were killed. */
  temporaries(): string[] {
    const folder = path.dirname(this.#files.path);
    return fs.readdirSync(folder).map((name) => path.join(folder, name))
      .filter((file) => file.startsWith(this.#temporaryPrefix));
  }
}

/** The rows that a merge adds to the file: pending ones but for those of some keys, and more. */
class RowsLeft implements Iterable<Row> {
  /** How many rows were given, and how many left out. */
  count = 0;
  gone = 0;
  readonly #pending: Iterable<Row>;
  readonly #shape: KeyShape | undefined;
  readonly #goneTexts: ReadonlySet<string>;
  readonly #added: readonly Row[];

  constructor(pending: Iterable<Row>, gone: readonly Key[], added: readonly Row[]) {
    this.#pending = pending;
    this.#shape = gone[0]?.shape;
    this.#goneTexts = new Set(gone.map(({ text }) => text));
    this.#added = added;
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const row of this.#pending) {
      if (this.#shape && this.#goneTexts.has(keyOf(this.#shape, row).text)) this.gone++;
      else {
        this.count++;
        yield row;
      }
    }
    this.count += this.#added.length;
    yield* this.#added;
  }
}

/** The file of a store that is CSV. */
function csvOf(source: Backend | undefined): string | undefined {
  const { path } = (source ?? {}) as { readonly path?: unknown };
  return typeof path === "string" && /\.csv$/i.test(path) ? path : undefined;
}

/** Brings a new file to the disk, with its checksum and with the mode of the one that it replaces. */
function syncFile(path: string, replaced: string, placeholder: string): void {
  const fd = fs.openSync(path, "r+");
  try {
    writeChecksum(fd, placeholder);
    const found = fs.statSync(replaced, { throwIfNoEntry: false });
    if (found) giveAccess(path, found);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
