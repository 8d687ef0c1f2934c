import fs from "node:fs";
import path from "node:path";
import type { Backend, Claim } from "../../core/contract/backend.ts";
import type { RecordAllOptions } from "../../core/contract/engine.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { CellBatchBuilder } from "./cell_batch_builder.ts";
import { orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { type Key, keyOf } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { checksumPlaceholder, writeChecksum } from "../../packages/checksum.ts";
import { yielding, YieldTimer } from "../../core/runtime/yield_timer.ts";
import { batchesOf } from "../batches_of.ts";
import { joinKinds, kindOf, type SeenKind } from "./column_kind.ts";
import { markMetadata, type OpenedFile } from "./columnar_base.ts";
import { type ColumnarFiles, STALE } from "./columnar_files.ts";
import { checkNames, type Column, type ColumnarFile } from "./columnar_format.ts";
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
/** Pending rows of fewer bytes than this are kept in memory while they are merged, and not read twice. */
const MOST_KEPT = 1 << 24;
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
  /** Two ways through them. */
  readonly passes: readonly [HeldRows, HeldRows];
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
   * Writes the columnar file, which is not there yet, with all rows; how many. Undefined if it is there
   * by now. What others record meanwhile is pending, and counts as recorded after them.
   */
  recordAnew(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [], source }: RecordAllOptions,
  ): Promise<number | undefined> {
    return this.#asMerger(async () => {
      if (await this.#files.locked(() => this.#files.base.opened)) return undefined;
      const temporary = this.#temporary();
      const placeholder = checksumPlaceholder();
      try {
        const content = {
          names: columns,
          batches: this.#checkedBatches(source?.cells?.() ?? cellsOf(rows)),
          metadata: markMetadata({ history: crypto.randomUUID(), merged: undefined }, placeholder),
          csv: csvOf(source),
        };
        const count = await writing(this.#files.path, async () => {
          const written = await this.#files.format.writeAnew(temporary, content);
          syncFile(temporary, this.#files.path, placeholder);
          return written;
        });
        if (!await this.#files.locked(() => this.#takePlace(temporary, undefined))) {
          throw new StoreError(
            `Cannot write "${this.#files.path}": another program made it just now; add to it with append`,
          );
        }
        return count;
      } finally {
        removeFile(temporary);
      }
    });
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
    const goneTexts = new Set(typeof gone === "object" ? gone.map(({ text }) => text) : []);
    const goneNumbers = !opened || !gone
      ? []
      : gone === "repeats"
      ? await this.#files.base.repeats()
      : await this.#files.base.numbersOf(gone);
    const pending = await this.#files.locked(() =>
      this.#files.base.opened === opened ? this.#snapshot() : STALE
    );
    if (pending === STALE) return STALE;
    const temporary = this.#temporary();
    const placeholder = checksumPlaceholder();
    try {
      const isGone = (row: Row): boolean =>
        typeof gone === "object" && goneTexts.has(keyOf(gone[0]!.shape, row).text);
      const kinds = new Map<string, SeenKind>();
      let count = 0;
      let all = 0;
      const rows: Row[] | undefined = (pending.extent?.offset ?? 0) < MOST_KEPT ? [] : undefined;
      for await (const row of yielding(rowsOf(pending.passes[0], () => false, added))) {
        all++;
        if (all <= pending.count && isGone(row)) continue;
        count++;
        rows?.push(row);
        for (const [name, value] of Object.entries(row)) {
          kinds.set(name, joinKinds(kinds.get(name), kindOf(value)));
        }
      }
      const gonePending = all - count;
      if (count === 0 && gonePending === 0 && goneNumbers.length === 0) return 0;
      const kept = (opened?.file.rowCount ?? 0) - goneNumbers.length;
      const base = kept === 0 ? undefined : opened?.file;
      const isLonger = gone === undefined;
      const mark = {
        history: isLonger && opened?.mark?.history || crypto.randomUUID(),
        merged: pending.extent ?? opened?.mark?.merged,
      };
      const content = {
        columns: await columnsOf(base, kinds),
        base,
        gone: goneNumbers,
        added: rows ?? rowsOf(pending.passes[1], isGone, added),
        metadata: markMetadata(mark, placeholder),
      };
      const written = await writing(this.#files.path, async () => {
        const count = await this.#files.format.write(temporary, content);
        syncFile(temporary, this.#files.path, placeholder);
        return count;
      });
      const expected = count + (base ? kept : 0);
      if (written !== expected) {
        throw new StoreError(
          `Cannot merge into "${this.#files.path}": ${written} rows were written instead of ${expected}; ` +
            `it is as it was`,
        );
      }
      const isDone = await this.#files.locked(() => {
        if (this.#files.extent?.generation !== pending.extent?.generation) return false;
        if (!this.#takePlace(temporary, opened)) return false;
        if (gone !== undefined) this.#files.noteRemoval();
        return true;
      });
      if (!isDone) return STALE;
      await this.#files.locked(() => {}); // takes what was merged out of the pending file
      await this.#files.base.catchUpAll();
      return goneNumbers.length + gonePending;
    } finally {
      for (const pass of pending.passes) pass.close();
      removeFile(temporary);
    }
  }

  #snapshot(): Pending {
    const pending = this.#files.pending;
    return {
      extent: this.#files.extent,
      count: pending.rowCount,
      passes: [new HeldRows(pending.rows()), new HeldRows(pending.rows())],
    };
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

/** The rows of both, those of `pending` that are not gone. */
function* rowsOf(
  pending: Iterable<Row>,
  isGone: (row: Row) => boolean,
  added: readonly Row[],
): Generator<Row> {
  for (const row of pending) if (!isGone(row)) yield row;
  yield* added;
}

/** Rows as cells, each with a time. */
async function* cellsOf(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<CellBatch> {
  const batch = new CellBatchBuilder();
  for await (const row of rows) {
    batch.add(stamped(row));
    if (batch.isFull) yield batch.take();
  }
  if (batch.length > 0) yield batch.take();
}

/** The file of a store that is CSV. */
function csvOf(source: Backend | undefined): string | undefined {
  const { path } = (source ?? {}) as { readonly path?: unknown };
  return typeof path === "string" && /\.csv$/i.test(path) ? path : undefined;
}

/** The columns of a file with more rows. */
async function columnsOf(
  base: ColumnarFile | undefined,
  kinds: ReadonlyMap<string, SeenKind>,
): Promise<Column[]> {
  const before = new Map(base?.columns.map(({ name, kind }) => [name, kind]));
  const columns: Column[] = [];
  for (const name of orderColumns([...before.keys()], kinds.keys())) {
    const old = before.get(name);
    const added = kinds.get(name);
    if (!old || !added || old === added.kind) columns.push({ name, kind: old ?? added!.kind });
    else {
      const isLong = old === "integer" && added.kind === "double" && await hasLong(base!, name);
      columns.push({ name, kind: joinKinds({ kind: old, isLong }, added).kind });
    }
  }
  // No format has files without columns.
  return columns.length > 0 ? columns : [{ name: TIMESTAMP, kind: "text" }];
}

/** Whether a column of integers has one that a double does not keep. */
async function hasLong(file: ColumnarFile, name: string): Promise<boolean> {
  for await (const { columns } of file.batches([name], 0, file.rowCount)) {
    if (columns[0]!.some((value) => typeof value === "bigint")) return true;
  }
  return false;
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
