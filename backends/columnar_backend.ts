import fs from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers";
import type {
  Backend,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  Finding,
  HeldKey,
  MaybePromise,
  OpenOptions,
  RecordAllOptions,
  RowsOptions,
  VerifyOptions,
} from "../core/backend.ts";
import type { CellBatch } from "../core/cell_batch.ts";
import { CellBatchBuilder } from "../core/cell_batch_builder.ts";
import { orderColumns, TIMESTAMP } from "../core/columns.ts";
import { FormatError, messageOf, StoreError } from "../core/errors.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "../core/key.ts";
import { repeatedFinding } from "../core/repeated_finding.ts";
import { type Row, toValue } from "../core/value.ts";
import { batchesOf } from "./batches_of.ts";
import { beforeExit, notBeforeExit } from "./before_exit.ts";
import { joinKinds, kindOf, type SeenKind } from "./column_kind.ts";
import { ColumnarBase, markMetadata, type OpenedFile, rowOf } from "./columnar_base.ts";
import type { Batch, Column, ColumnarFile, ColumnarFormat } from "./columnar_format.ts";
import { syncFolder } from "./file_bytes.ts";
import { HeldRows } from "./held_rows.ts";
import { leftoversOf } from "./leftovers_of.ts";
import { networkFileSystem } from "./network_folder.ts";
import { type Merged, pendingFormat, type PendingLayout } from "./pending_format.ts";
import { realPath } from "./real_path.ts";
import { stamped, stampedBatch } from "./stamped.ts";
import { StateFile } from "./state_file.ts";
import { StoreFile } from "./store_file.ts";
import { Syncer } from "./syncer.ts";

/** How long a hit is believed without a look at the files, in milliseconds. */
const FRESH = 100;
/** Pending rows are merged when there are more than this, and more than half of the merged ones. */
const LEAST_MERGED = 10_000;
/** They are merged earlier if they take more bytes than this, and than four times the columnar file. */
const MOST_PENDING_BYTES = 1 << 26;
/** Pending rows of fewer bytes than this are kept in memory while they are merged, and not read twice. */
const MOST_KEPT = 1 << 24;
/** What a merge claims. No key has this text. */
const MERGE = "merge";
/** How many rows are added in one write. */
const BATCH = 500;
/** How many rows that cannot be read are told. */
const MOST_UNREADABLE = 20;
/** How many rows are gone through before others have their turn. */
const TURN = 2000;

/** The files were replaced just now: what was seen of them does not count. */
const STALE = Symbol("stale");

/** How often rows were removed in this thread, from any store: an older hit is not believed. */
let removals = 0;

/** A change of the columnar file: rows to leave out, and rows to add. */
interface Change {
  /** All of them, those of a key, or merged ones that equal an earlier one but for when they were made. */
  readonly gone?: Key | "all" | "repeats";
  readonly added?: readonly Row[];
}

/** Where the newest row of a key is; `id` tells it from all others. */
interface Place {
  readonly in: "base" | "pending";
  /** Its number in the columnar file, or its byte in the pending one. */
  readonly at: number;
  readonly id: string;
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
 * A store in a columnar file, which cannot grow: everything that a columnar format does not say itself.
 *
 * Rows are recorded in `<store>.pending.jsonl`, a JSON Lines store like any other, and merged into the
 * columnar file in steps that grow with it, when the last process leaves, and after a crash when the
 * next one does. A merge writes a new file beside the old one and renames it, which is the one moment
 * at which it happens: the file says in its metadata up to which byte of which pending file it has
 * merged, so that rows before that count there no more. Others record meanwhile. The lock in the state
 * file is held for the rename only; that one process merges at a time is a claim like that of a key.
 */
export class ColumnarBackend implements Backend {
  /** The columnar file, with symbolic links resolved. */
  readonly path: string;
  readonly #format: ColumnarFormat;
  readonly #base: ColumnarBase;
  #pendingFile: { readonly file: StoreFile; readonly of: OpenedFile | undefined };
  readonly #state: StateFile;
  readonly #syncer: Syncer;
  readonly #isSynced: boolean;
  readonly #warn: (message: string) => void;
  readonly #leastMerged: number;
  readonly #shapes = new Map<string, KeyShape>();
  #hasLocked = false;
  #hasWritten = false;
  /** When the files were last looked at. */
  #refreshed = -Infinity;
  /** `removals` as it was then. */
  #removals = 0;
  /** The merge in the background. */
  #merging: Promise<void> | undefined;
  /** No merge in the background begins before that many rows are pending. */
  #mergeAfter = 0;
  /** Columns that are surely there, as long as the files are these. */
  #checked: {
    readonly opened: OpenedFile | undefined;
    readonly generation: string | undefined;
    readonly names: Set<string>;
  } = { opened: undefined, generation: undefined, names: new Set() };
  /** Why this store can no longer be used, once it cannot. */
  #ended: StoreError | undefined;
  readonly #beforeExit = (): Promise<void> => this.#mergeBeforeExit();

  /**
   * @param leastMerged More pending rows than this are merged. Default: 10,000.
   */
  constructor(
    location: string,
    format: ColumnarFormat,
    { durability = "power", warn = console.warn }: OpenOptions,
    leastMerged: number = LEAST_MERGED,
  ) {
    this.path = realPath(location);
    this.#format = format;
    this.#warn = warn;
    this.#leastMerged = leastMerged;
    this.#base = new ColumnarBase(this.path, format);
    this.#pendingFile = { file: this.#openPending(undefined), of: undefined };
    this.#state = new StateFile(`${this.path}-state`);
    this.#syncer = new Syncer({
      path: this.pendingPath,
      mayBeGone: true, // merged, and with its rows synced
      sync: () => this.#pendingFile.file.sync(),
    });
    this.#isSynced = durability === "power";
    beforeExit(this.#beforeExit);
  }

  /** The path, as messages show it. */
  get location(): string {
    return this.path;
  }

  /** Where rows are until they are merged. */
  get pendingPath(): string {
    return `${this.path}.pending.jsonl`;
  }

  /** Whether the store is there. */
  exists(): boolean {
    return fs.existsSync(this.path) || fs.existsSync(this.pendingPath);
  }

  /** Whether a row agrees on all columns given. */
  has(columns: Row): MaybePromise<boolean> {
    const shape = this.#shapeOf(columns);
    if (shape.columns!.length > 0) return this.hasKey(keyOf(shape, columns));
    return this.#reading(() => this.#base.rowCount + this.#pending.rowCount > 0);
  }

  /** Adds a row. */
  record(row: Row): MaybePromise<void> {
    const added = stamped(toValue(row, "row") as Row); // what no cell can hold is refused here
    return this.#changing(() => this.#append([added]));
  }

  /** Adds many rows; to a store that is not there, in one go. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    options: RecordAllOptions = {},
  ): Promise<number> {
    this.#hasWritten = true;
    const written = this.exists() ? undefined : await this.#recordAnew(rows, options);
    return written ?? await this.#appendAll(rows);
  }

  /** All rows, oldest first. */
  async load(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of this.rows()) rows.push(row);
    return rows;
  }

  /** Removes the rows that agree on all columns given; how many. */
  remove(columns: Row): MaybePromise<number> {
    const shape = this.#shapeOf(columns);
    if (shape.columns!.length === 0) {
      throw new TypeError(
        `Cannot remove rows of "${this.path}" without a column to match: use clear() to remove all`,
      );
    }
    return this.removeKey(keyOf(shape, columns));
  }

  /** Removes the rows with exactly this key; how many. */
  async removeKey(key: Key): Promise<number> {
    const { shape, text } = key;
    const removed = await this.#changing(() => {
      if (this.#base.find(shape, text) !== -1) return STALE; // the columnar file must be written anew
      if (this.#pending.find(shape, text) === -1) return 0;
      const before = this.#pending.rowCount;
      this.#pending.rewrite(key, []);
      removals++;
      return before - this.#pending.rowCount;
    }, shape);
    return removed === STALE ? await this.#merge({ gone: key }) : removed;
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    if (!this.exists()) {
      if (this.#ended) throw this.#ended;
      return await this.#locked(() => this.#state.forgetAll());
    }
    await this.#merge({ gone: "all" });
    await this.#locked(() => this.#state.forgetAll());
  }

  /** All rows that were there when it was called, one at a time, in bounded memory. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const { names, batches, first, pending } = await this.#rowsNow(columns);
    try {
      for (let batch = await first; batch && !batch.done; batch = await batches!.next()) {
        for (let i = 0; i < batch.value.length; i++) yield rowOf(names, batch.value, i);
      }
      yield* pending;
    } finally {
      await batches?.return(undefined);
      pending.close();
    }
  }

  /** The columns of the store, in its order. */
  columns(): MaybePromise<readonly string[]> {
    return this.#reading(() => this.#columns);
  }

  /** Whether there is a row with exactly this key. */
  hasKey({ shape, text }: Key): MaybePromise<boolean> {
    // A hit that was true a moment ago is believed: rows seldom go.
    const isFresh = this.#removals === removals && performance.now() - this.#refreshed < FRESH;
    if (isFresh) {
      if (this.#base.find(shape, text) !== -1) return true;
      const pending = this.#pending;
      if (pending.isIndexed(shape) && pending.find(shape, text) !== -1) return true;
    }
    return this.#reading(
      () => this.#pending.find(shape, text) !== -1 || this.#base.find(shape, text) !== -1,
      shape,
    );
  }

  /** The newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined> {
    const found = this.#found(key);
    return found instanceof Promise ? found.then((it) => it?.row) : found?.row;
  }

  /** Looks and claims under the lock. */
  claim(key: Key, { isDone }: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    if (isDone) return this.#claimUnlessDone(key, isDone);
    return this.#locked(() => this.#answer(key, this.#locate(key) !== undefined), key.shape);
  }

  /** The failures noted, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    if (this.#ended) throw this.#ended;
    return this.#state.failures();
  }

  /** The keys that are being run now, and by whom. */
  async claims(): Promise<readonly HeldKey[]> {
    if (this.#ended) throw this.#ended;
    return (await this.#state.claims()).filter(({ key }) => key !== MERGE);
  }

  /** What is wrong with the files, and what dead processes left beside them. */
  async verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    if (this.#ended) throw this.#ended;
    const findings: Finding[] = [];
    try {
      await this.#base.catchUp();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return [{ kind: "unreadable", message: error.message, repaired: undefined }];
    }
    // A state file object of its own: without repair, what is found is to stay as it is.
    const state = new StateFile(this.#state.path);
    let isPending = false;
    try {
      const look = (isAlone: boolean): void => {
        findings.push(...leftoversOf(state.path, repair), ...this.#faults(repair, isAlone));
        isPending = isAlone && !this.#hasWritten && this.#pending.rowCount > 0;
      };
      if (!state.exists() && !repair) look(true);
      else await state.lock(() => look(!state.departUnlessAlone()));
    } finally {
      if (repair) await state.leave();
      else state.close();
    }
    if (isPending) {
      findings.push({
        kind: "leftover",
        message: `"${this.pendingPath}" has rows of a process that died before it merged them`,
        repaired: repair ? `merged them into "${this.path}"` : undefined,
      });
    }
    if (!repair) return findings;
    if (isPending) await this.#merge();
    if (!this.#base.opened || (await this.#base.repeats()).length === 0) return findings;
    return [...findings, repeatedFinding(await this.#merge({ gone: "repeats" }), true)];
  }

  /**
   * Merges what is pending, unless other processes use the store, which then do; frees the files, the
   * claims and the lock. With no failure to remember, the state file goes.
   */
  async close(): Promise<void> {
    if (this.#ended) return;
    try {
      await this.#merging;
      if (this.#isSynced) await this.#syncer.sync(); // for records that nobody waited for
      await this.#settle();
      await this.#state.leave();
    } finally {
      this.#end(new StoreError(`Cannot use store "${this.path}": it was closed; open it again`));
    }
  }

  /** The pending rows that are not in the columnar file, as that was last looked at. */
  get #pending(): StoreFile {
    const { opened } = this.#base;
    if (this.#pendingFile.of !== opened) this.#followPending(opened?.mark?.merged, opened);
    return this.#pendingFile.file;
  }

  #followPending(merged: Merged | undefined, of: OpenedFile | undefined): void {
    const { file } = this.#pendingFile;
    if (this.#isSynced) file.sync(); // the next knows nothing of what this one wrote
    file.close();
    this.#pendingFile = { file: this.#openPending(merged), of };
  }

  #openPending(merged: Merged | undefined): StoreFile {
    return new StoreFile(this.pendingPath, pendingFormat(merged), this.#warn);
  }

  /** Which pending file it is, and up to where it was read. */
  get #pendingExtent(): Merged | undefined {
    const extent = this.#pending.extent;
    if (!extent) return undefined;
    return { generation: (extent.layout as PendingLayout).generation, offset: extent.end };
  }

  get #columns(): readonly string[] {
    const names = this.#base.opened?.file.columns.map(({ name }) => name) ?? [];
    return orderColumns(names, this.#pending.columns);
  }

  /** Adds rows; only under the lock. */
  #append(rows: readonly Row[]): void {
    for (const row of rows) this.#checkNames(Object.keys(row));
    this.#pending.append(rows);
    const { rowCount, extent } = this.#pending;
    const isMany = rowCount > Math.max(this.#leastMerged, this.#base.rowCount / 2);
    const isLarge = extent!.end > Math.max(MOST_PENDING_BYTES, 4 * this.#base.size);
    if ((isMany || isLarge) && rowCount > this.#mergeAfter) this.#beginMerge();
  }

  /** @throws {TypeError} If a file of the format could not have these columns. */
  #checkNames(names: readonly string[]): void {
    const { opened } = this.#base;
    const generation = this.#pendingExtent?.generation;
    // Columns go only when a file is written anew.
    if (this.#checked.opened !== opened || this.#checked.generation !== generation) {
      this.#checked = { opened, generation, names: new Set(this.#columns) };
    }
    const checked = this.#checked.names;
    if (names.every((name) => checked.has(name))) return;
    const known = new Set(this.#columns);
    const added = names.filter((name) => !known.has(name));
    for (const name of known) checked.add(name);
    if (added.length === 0) return;
    checkNames(this.path, this.#format, known, added);
  }

  /** Where the newest row of a key is. Of what was read. */
  #locate({ shape, text }: Key): Place | undefined {
    const pending = this.#pending.find(shape, text);
    if (pending !== -1) {
      const id = `${this.#pendingExtent!.generation} ${pending}`;
      return { in: "pending", at: pending, id };
    }
    const number = this.#base.find(shape, text);
    if (number === -1) return undefined;
    const id = `${this.#base.opened!.history} ${number}`;
    return { in: "base", at: number, id };
  }

  #found(key: Key): MaybePromise<{ readonly place: Place; readonly row: Row } | undefined> {
    const found = this.#reading(() => {
      const place = this.#locate(key);
      if (!place) return undefined;
      const row = place.in === "pending"
        ? this.#pending.rowAt(place.at)
        : this.#base.rowAt(place.at);
      return { place, row };
    }, key.shape);
    return found instanceof Promise
      ? found.then((it) => this.#whole(key, it))
      : this.#whole(key, found);
  }

  #whole(
    key: Key,
    found: { readonly place: Place; readonly row: MaybePromise<Row | undefined> } | undefined,
  ): MaybePromise<{ readonly place: Place; readonly row: Row } | undefined> {
    if (!found) return undefined;
    const { place, row } = found;
    if (!(row instanceof Promise)) return { place, row: row! };
    return row.then((it) => it ? { place, row: it } : this.#found(key));
  }

  async #claimUnlessDone(key: Key, isDone: (row: Row) => boolean): Promise<ClaimAnswer> {
    for (;;) {
      const found = await this.#found(key);
      const isDoneNow = found !== undefined && isDone(found.row);
      const answer = await this.#locked(
        () =>
          this.#locate(key)?.id === found?.place.id ? this.#answer(key, isDoneNow, isDone) : STALE,
        key.shape,
      );
      if (answer !== STALE) return answer;
    }
  }

  #answer(key: Key, isDoneNow: boolean, isDone?: ClaimOptions["isDone"]): ClaimAnswer {
    return this.#state.answer(key.text, isDoneNow, () => this.#claimOf(key, isDone));
  }

  #claimOf(key: Key, isDone: ClaimOptions["isDone"]): Claim {
    const append = (row: Row): MaybePromise<void | typeof STALE> =>
      this.#changing(() => {
        // Another process may have recorded it if the state file was deleted meanwhile.
        if (this.#locate(key)) return STALE;
        this.#append([stamped(row)]);
        this.#state.finish(key.text);
      }, key.shape);
    const replaced = (row: Row) => (appended: void | typeof STALE): MaybePromise<void> =>
      appended === STALE ? this.#replace(key, row, isDone) : undefined;
    return {
      record(row): MaybePromise<void> {
        const appended = append(row);
        return appended instanceof Promise ? appended.then(replaced(row)) : replaced(row)(appended);
      },
      fail: (failure: FailureNote) => this.#locked(() => this.#state.fail(key, failure)),
      release: () => this.#locked(() => this.#state.release(key.text)),
    };
  }

  /** Puts a row in the place of those of its key, unless they count as done. */
  async #replace(key: Key, row: Row, isDone: ClaimOptions["isDone"]): Promise<void> {
    const { shape, text } = key;
    const found = await this.#found(key);
    if (!found || !isDone?.(found.row)) {
      const rewritten = await this.#changing(() => {
        if (this.#base.find(shape, text) !== -1) return STALE;
        this.#checkNames(Object.keys(row));
        this.#pending.rewrite(key, [stamped(row)]);
      }, shape);
      if (rewritten === STALE) await this.#merge({ gone: key, added: [stamped(row)] });
    }
    await this.#locked(() => this.#state.finish(text));
  }

  /** Both files as they are at one moment, held open. */
  async #rowsNow(columns: readonly string[] | undefined): Promise<{
    readonly names: readonly string[];
    readonly batches: AsyncGenerator<Batch> | undefined;
    readonly first: Promise<IteratorResult<Batch>> | undefined;
    readonly pending: HeldRows;
  }> {
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#reading(() => {
          const pending = new HeldRows(this.#pending.rows(columns));
          const { file } = this.#base.opened ?? {};
          const known = file?.columns.map(({ name }) => name) ?? [];
          const names = columns ? columns.filter((name) => known.includes(name)) : known;
          const batches = file?.batches(names, 0, file.rowCount);
          const first = batches?.next();
          first?.catch(() => {}); // who reads it is told
          return { names, batches, first, pending };
        });
      } catch (error) {
        // The pending file was replaced between two system calls.
        if (attempt > 5 || !wasReplaced(error)) throw error;
      }
    }
  }

  /** A batch in one write, with merges on the way; one sync at the end. */
  async #appendAll(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      const added = batch.map((row) => stamped(toValue(row, "row") as Row));
      await this.#locked(() => this.#append(added));
      count += added.length;
      await this.#merging; // else more would come than is merged
    }
    return this.#isSynced ? await this.#synced(count) : count;
  }

  /**
   * Writes the columnar file, which is not there yet, with all rows; how many. Undefined if it is there
   * by now. What others record meanwhile is pending, and counts as recorded after them.
   */
  #recordAnew(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [], source }: RecordAllOptions,
  ): Promise<number | undefined> {
    return this.#asMerger(async () => {
      if (await this.#locked(() => this.#base.opened)) return undefined;
      const temporary = this.#temporary();
      try {
        const count = await this.#format.writeAnew(temporary, {
          names: columns,
          batches: this.#checkedBatches(source?.cells?.() ?? cellsOf(rows)),
          metadata: markMetadata({ history: crypto.randomUUID(), merged: undefined }),
          csv: csvOf(source),
        });
        syncFile(temporary, this.path);
        if (!await this.#locked(() => this.#takePlace(temporary, undefined))) {
          throw new StoreError(
            `Cannot write "${this.path}": another program made it just now; add to it with append`,
          );
        }
        return count;
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    });
  }

  /** Batches of rows that a file of the format can have, each with a time. */
  async *#checkedBatches(
    batches: Iterable<CellBatch> | AsyncIterable<CellBatch>,
  ): AsyncGenerator<CellBatch> {
    const known = new Set<string>();
    for await (const batch of batches) {
      const added = batch.columns.map(({ name }) => name).filter((name) => !known.has(name));
      checkNames(this.path, this.#format, known, added);
      for (const name of added) known.add(name);
      yield stampedBatch(batch);
    }
  }

  /** One shape for each set of columns, so that the index of it is found again. */
  #shapeOf(columns: Row): KeyShape {
    const names = Object.keys(columns).filter((name) => columns[name] !== undefined).sort();
    const text = JSON.stringify(names);
    let shape = this.#shapes.get(text);
    if (!shape) this.#shapes.set(text, shape = keyShape(names));
    return shape;
  }

  /** Whether the columnar file was looked at, and its keys indexed by a shape. */
  #isKnown(shape: KeyShape | undefined): boolean {
    return this.#base.isKnown && (!shape || this.#base.isIndexed(shape));
  }

  #refresh(isLocked: boolean): void {
    this.#pending.refresh(isLocked);
    this.#refreshed = performance.now();
    this.#removals = removals;
  }

  /** Reads without the lock. What does not parse is read once more under it: it may be half written. */
  #reading<T>(read: () => T, shape?: KeyShape): MaybePromise<T> {
    if (this.#ended) throw this.#ended;
    if (this.#isKnown(shape) && this.#base.isCurrent()) {
      try {
        this.#refresh(false);
        // Rows go from one file to the other: both must be of the same moment.
        if (this.#base.isCurrent()) return read();
      } catch (error) {
        if (!(error instanceof FormatError) || !this.#state.exists()) throw error;
        return this.#locked(read, shape);
      }
    }
    return this.#base.catchUp(shape).then(() => this.#reading(read, shape));
  }

  /** Runs a body under the lock, the files refreshed. */
  #locked<T>(body: () => T, shape?: KeyShape): MaybePromise<T> {
    if (this.#ended) throw this.#ended;
    if (!this.#hasLocked) this.#begin();
    if (!this.#isKnown(shape)) {
      return this.#base.catchUp(shape).then(() => this.#locked(body, shape));
    }
    let isStale = false;
    const result = this.#state.lock(() => {
      isStale = !this.#base.isCurrent();
      if (isStale) return STALE;
      this.#refresh(true);
      this.#cutMerged();
      return body();
    }, () => this.#catchUp());
    const again = (result: T | typeof STALE): MaybePromise<T> =>
      isStale ? this.#base.catchUp(shape).then(() => this.#locked(body, shape)) : result as T;
    return result instanceof Promise ? result.then(again) : again(result);
  }

  #begin(): void {
    this.#hasLocked = true;
    const network = networkFileSystem(path.dirname(this.path));
    if (network === undefined) return;
    this.#warn(
      `[stet] ${this.path} is on a network file system (${network}), where locks cannot be relied ` +
        `on: use it from one machine at a time, or keep the store on a local disk`,
    );
  }

  /** Reads what is new before the lock is taken, so that nobody waits meanwhile. */
  #catchUp(): void {
    try {
      this.#pending.refresh(false);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // it is read again under the lock
    }
  }

  /** Runs a body that writes, and acknowledges it once it is as durable as promised. */
  #changing<T>(body: () => T, shape?: KeyShape): MaybePromise<T> {
    this.#hasWritten = true;
    const changed = this.#locked(body, shape);
    if (!this.#isSynced) return changed;
    return changed instanceof Promise
      ? changed.then((result) => this.#synced(result))
      : this.#synced(changed);
  }

  async #synced<T>(result: T): Promise<T> {
    try {
      await this.#syncer.sync();
    } catch (cause) {
      // After a failed sync nobody knows what is on the disk, and a second one may say all is well
      // (https://wiki.postgresql.org/wiki/Fsync_Errors).
      this.#end(
        new StoreError(
          `Cannot use store "${this.path}" any more: the disk did not take what was written (${
            messageOf(cause)
          }); check the disk and start again`,
          { cause },
        ),
      );
      throw this.#ended;
    }
    return result;
  }

  #end(why: StoreError): void {
    this.#ended ??= why;
    notBeforeExit(this.#beforeExit);
    this.#state.close();
    this.#pendingFile.file.close();
    this.#base.close();
  }

  /** Takes merged rows out of the pending file, where a crash left them. Only under the lock. */
  #cutMerged(): void {
    const merged = this.#base.opened?.mark?.merged;
    if (!merged || this.#pendingExtent?.generation !== merged.generation) return;
    if (this.#pending.rowCount > 0) this.#pending.rewrite(undefined, []);
    else this.#removePending();
  }

  /** Removes a pending file without rows. Only under the lock. */
  #removePending(): void {
    const pending = this.#pending;
    pending.repair(); // a torn row is kept aside
    pending.close();
    fs.rmSync(this.pendingPath, { force: true });
  }

  /** Merges what is pending, unless others are there to do it. If it cannot be done, the rows stay there. */
  async #settle(): Promise<void> {
    if (!fs.existsSync(this.pendingPath)) return;
    try {
      const isSettled = await this.#locked(() => {
        if (this.#pending.rowCount > 0) return this.#state.departUnlessAlone();
        this.#removePending();
        return true;
      });
      if (!isSettled) await this.#merge();
    } catch (error) {
      if (this.#ended) throw error;
      if (this.#hasWritten) this.#warnOf(error); // else it may be a folder in which one only reads
    }
  }

  async #mergeBeforeExit(): Promise<void> {
    await this.#merging;
    if (!this.#ended) await this.#settle();
  }

  #warnOf(error: unknown): void {
    this.#warn(
      `[stet] Cannot merge ${this.pendingPath}, its rows stay there: ${messageOf(error)}`,
    );
  }

  /** Begins to merge in the background, unless that is under way. */
  #beginMerge(): void {
    if (this.#merging) return;
    this.#mergeAfter = Infinity;
    this.#merging = Promise.resolve() // the caller has the lock
      .then(() => this.#merge({}, false))
      .then(() => void (this.#mergeAfter = this.#pending.rowCount * 1.1)) // another may be merging
      .catch((error) => {
        this.#mergeAfter = 2 * this.#pending.rowCount; // a full disk may have room by then
        if (!this.#ended) this.#warnOf(error);
      })
      .finally(() => void (this.#merging = undefined));
  }

  /**
   * Merges the pending rows into the columnar file, with a change: how many rows are gone.
   *
   * @param isPatient Whether to wait while another process merges, and merge then; else it is left to
   * that.
   */
  async #merge(change: Change = {}, isPatient = true): Promise<number> {
    const merged = await this.#asMerger(async () => {
      for (;;) {
        const gone = await this.#tryMerge(change);
        if (gone !== STALE) return gone;
      }
    }, isPatient);
    return merged ?? 0;
  }

  /** Runs a body while no other process merges; undefined if one does and this is not patient. */
  async #asMerger<T>(body: () => Promise<T>, isPatient = true): Promise<T | undefined> {
    for (let pause = 5;; pause = Math.min(pause * 1.5, 100)) {
      const answer = await this.#locked(() => this.#state.answer(MERGE, false, () => NO_CLAIM));
      if (answer.state === "claimed") break;
      if (!isPatient) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
    try {
      return await body();
    } finally {
      if (!this.#ended) await this.#locked(() => this.#state.release(MERGE));
    }
  }

  /** Renames a new file to the store's name, if the one there is still this. Only under the lock. */
  #takePlace(temporary: string, opened: OpenedFile | undefined): boolean {
    if (this.#base.opened !== opened) return false;
    fs.renameSync(temporary, this.path);
    syncFolder(path.dirname(this.path));
    return true;
  }

  /** Merges, unless the store is changed otherwise meanwhile. */
  async #tryMerge(change: Change): Promise<number | typeof STALE> {
    const opened = await this.#locked(() => {
      const { opened } = this.#base;
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
    const goneNumbers = !opened || !gone || gone === "all"
      ? []
      : gone === "repeats"
      ? await this.#base.repeats()
      : await this.#base.numbersOf(gone);
    const pending = await this.#locked(() =>
      this.#base.opened === opened ? this.#snapshot() : STALE
    );
    if (pending === STALE) return STALE;
    const temporary = this.#temporary();
    try {
      const isGone = (row: Row): boolean =>
        gone === "all" || typeof gone === "object" && keyOf(gone.shape, row).text === gone.text;
      const kinds = new Map<string, SeenKind>();
      let count = 0;
      let all = 0;
      const rows: Row[] | undefined = (pending.extent?.offset ?? 0) < MOST_KEPT ? [] : undefined;
      for (const row of rowsOf(pending.passes[0], () => false, added)) {
        if (++all % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        if (all <= pending.count && isGone(row)) continue;
        count++;
        rows?.push(row);
        for (const [name, value] of Object.entries(row)) {
          kinds.set(name, joinKinds(kinds.get(name), kindOf(value)));
        }
      }
      const gonePending = all - count;
      if (count === 0 && gonePending === 0 && goneNumbers.length === 0 && gone !== "all") return 0;
      const kept = (opened?.file.rowCount ?? 0) - goneNumbers.length;
      const base = gone === "all" || kept === 0 ? undefined : opened?.file;
      const isLonger = gone === undefined;
      const mark = {
        history: isLonger && opened?.mark?.history || crypto.randomUUID(),
        merged: pending.extent ?? opened?.mark?.merged,
      };
      const written = await this.#format.write(temporary, {
        columns: await columnsOf(base, kinds),
        base,
        gone: goneNumbers,
        added: rows ?? rowsOf(pending.passes[1], isGone, added),
        metadata: markMetadata(mark),
      });
      const expected = count + (base ? kept : 0);
      if (written !== expected) {
        throw new StoreError(
          `Cannot merge into "${this.path}": ${written} rows were written instead of ${expected}; ` +
            `it is as it was`,
        );
      }
      syncFile(temporary, this.path);
      const isDone = await this.#locked(() => {
        if (this.#pendingExtent?.generation !== pending.extent?.generation) return false;
        if (!this.#takePlace(temporary, opened)) return false;
        if (gone !== undefined) removals++;
        return true;
      });
      if (!isDone) return STALE;
      await this.#locked(() => {}); // takes what was merged out of the pending file
      await this.#base.catchUpAll();
      const goneBase = gone === "all" ? opened?.file.rowCount ?? 0 : goneNumbers.length;
      return goneBase + gonePending;
    } finally {
      for (const pass of pending.passes) pass.close();
      fs.rmSync(temporary, { force: true });
    }
  }

  /** What a crash left in the pending file and beside it. Under the lock, if somebody else may be there. */
  #faults(repair: boolean, isAlone: boolean): Finding[] {
    const findings: Finding[] = [];
    const add = (kind: Finding["kind"], message: string, repaired: string): void =>
      void findings.push({ kind, message, repaired: repair ? repaired : undefined });
    // Others may be merging.
    for (const file of isAlone && !this.#merging ? this.#temporaries() : []) {
      add("leftover", `"${file}" was left by a process that died`, "removed it");
      if (repair) fs.rmSync(file, { force: true });
    }
    for (const { message } of this.#pending.unreadable(MOST_UNREADABLE)) {
      findings.push({ kind: "unreadable", message, repaired: undefined });
    }
    if (findings.some(({ kind }) => kind === "unreadable")) return findings;
    this.#pending.refresh(true);
    const { tornLength, aside } = this.#pending;
    if (tornLength > 0) {
      const message =
        `the last ${tornLength} bytes of "${this.pendingPath}" are a row that was cut off`;
      add("torn", message, `moved them to "${aside}"`);
      if (repair) this.#pending.repair();
    }
    return findings;
  }

  #snapshot(): Pending {
    const pending = this.#pending;
    return {
      extent: this.#pendingExtent,
      count: pending.rowCount,
      passes: [new HeldRows(pending.rows()), new HeldRows(pending.rows())],
    };
  }

  /** A path beside the store for a new file. What a killed merge left is taken away. */
  #temporary(): string {
    for (const file of this.#temporaries()) fs.rmSync(file, { force: true });
    return `${this.#temporaryPrefix}${crypto.randomUUID()}`;
  }

  get #temporaryPrefix(): string {
    return path.join(path.dirname(this.path), `.${path.basename(this.path)}.merge-`);
  }

  /** The files of merges that are under way, or were killed. */
  #temporaries(): string[] {
    const folder = path.dirname(this.path);
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

/** Brings a new file to the disk, with the mode of the one that it replaces. */
function syncFile(path: string, replaced: string): void {
  const fd = fs.openSync(path, "r+");
  try {
    const found = fs.statSync(replaced, { throwIfNoEntry: false });
    if (found) fs.fchmodSync(fd, found.mode & 0o7777);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether a file was replaced or removed as it was opened. */
function wasReplaced(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT" ||
    /replaced just now/.test(messageOf(error));
}

/**
 * Checks that a file of a format can have more columns.
 *
 * @throws {TypeError} If one has a name that no file can have. @throws {StoreError} If two differ in
 * case only, and the format cannot hold both.
 */
function checkNames(
  path: string,
  { name: kind, isCaseSensitive }: ColumnarFormat,
  known: Iterable<string>,
  added: readonly string[],
): void {
  const folded = (name: string): string => isCaseSensitive ? name : name.toLowerCase();
  const spellings = new Map([...known].map((name) => [folded(name), name]));
  for (const name of added) {
    if (name === "" || name.includes("\0") || !name.isWellFormed()) {
      throw new TypeError(
        `Cannot record in "${path}": a column cannot be called ${JSON.stringify(name)}; ` +
          `rename the param`,
      );
    }
    const other = spellings.get(folded(name));
    if (other !== undefined) {
      throw new StoreError(
        `Cannot record in "${path}": the columns ${other} and ${name} differ in case only, ` +
          `which a ${kind} file cannot hold; rename one of them`,
      );
    }
    spellings.set(folded(name), name);
  }
}

/** Rows as cells, each with a time. */
async function* cellsOf(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<CellBatch> {
  const batch = new CellBatchBuilder();
  for await (const row of rows) {
    batch.add(stamped(toValue(row, "row") as Row));
    if (batch.isFull) yield batch.take();
  }
  if (batch.length > 0) yield batch.take();
}

/** The file of a store that is CSV. */
function csvOf(source: Backend | undefined): string | undefined {
  const { path } = (source ?? {}) as { readonly path?: unknown };
  return typeof path === "string" && /\.csv$/i.test(path) ? path : undefined;
}
