import fs from "node:fs";
import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
  MaybePromise,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import type {
  Finding,
  RecordAllOptions,
  RowsOptions,
  VerifyOptions,
} from "../../core/contract/engine.ts";
import { Engine } from "../../core/contract/engine.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { checkColumn, sourceIn } from "../../core/values/columns.ts";
import { FormatError, messageOf, StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import type { Row } from "../../core/values/value.ts";
import { yielding, YieldTimer } from "../../core/runtime/yield_timer.ts";
import { beforeExit, notBeforeExit } from "../files/before_exit.ts";
import { rowOf } from "./columnar_base.ts";
import { ColumnarFiles, type Place, STALE } from "./columnar_files.ts";
import type { ColumnarFile, ColumnarFormat } from "./columnar_format.ts";
import { ColumnarMerger, MERGE } from "./columnar_compactor.ts";
import { HeldRows } from "./held_rows.ts";
import { leftoversOf } from "../state/leftovers_of.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { removeFile } from "../files/system_error.ts";

/** Pending rows are merged when there are more than this, and more than half of the merged ones. */
const LEAST_MERGED = 10_000;
/** How many rows that cannot be read are told. */
const MOST_UNREADABLE = 20;

/**
 * A store in a columnar file, which cannot grow: everything that a columnar format does not say itself.
 *
 * Rows are recorded in `<store>.pending.jsonl`, a JSON Lines store like any other, and merged into the
 * columnar file in steps that grow with it, when the last process leaves, and after a crash when the
 * next one does (columnar_merger.ts).
 */
export class ColumnarBackend extends Engine {
  readonly #files: ColumnarFiles;
  readonly #merger: ColumnarMerger;
  readonly #beforeExit = (): Promise<void> => this.#merger.mergeBeforeExit();

  /**
   * @param leastMerged More pending rows than this are merged. Default: 10,000.
   */
  constructor(
    location: string,
    format: ColumnarFormat,
    options: OpenOptions,
    leastMerged: number = LEAST_MERGED,
  ) {
    super();
    this.#files = new ColumnarFiles(location, format, options);
    this.#merger = new ColumnarMerger(this.#files, leastMerged);
    beforeExit(this.#beforeExit);
  }

  /** The columnar file, with symbolic links resolved. */
  get path(): string {
    return this.#files.path;
  }

  /** Where rows are until they are merged. */
  get pendingPath(): string {
    return this.#files.pendingPath;
  }

  /** Whether the store is there. */
  exists(): boolean {
    return this.#files.exists();
  }

  /** The path, as messages show it. */
  get location(): string {
    return this.#files.path;
  }

  protected override hasRows(): Promise<boolean> {
    return Promise.resolve(
      this.#files.reading(() => this.#files.base.rowCount + this.#files.pending.rowCount > 0),
    );
  }

  /** Adds a row. */
  record(row: Row): MaybePromise<void> {
    const added = stamped(row); // before anything changes
    return this.#files.changing(() => this.#merger.append([added]));
  }

  /** Adds many rows; to a store that is not there, in one go. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    options: RecordAllOptions = {},
  ): Promise<number> {
    options.columns?.forEach(checkColumn);
    this.#files.hasWritten = true;
    const written = this.#files.exists() ? undefined : await this.#merger.recordAnew(rows, options);
    return written ?? await this.#merger.appendAll(rows);
  }

  /** Removes the rows with exactly this key; how many. */
  override async removeKey(key: Key): Promise<number> {
    const { shape } = key;
    const removed = await this.#files.changing(() => {
      if (this.#files.base.find(key) !== -1) return STALE; // the columnar file must be written anew
      if (this.#files.pending.find(key) === -1) return 0;
      const before = this.#files.pending.rowCount;
      this.#files.pending.rewrite([key], []);
      this.#files.noteRemoval();
      return before - this.#files.pending.rowCount;
    }, shape);
    return removed === STALE ? await this.#merger.merge({ gone: [key] }) : removed;
  }

  /** Removes the rows with exactly one of these keys, by one merge; how many. */
  async removeKeys(keys: readonly Key[]): Promise<number> {
    return keys.length === 0 ? 0 : await this.#merger.merge({ gone: keys });
  }

  /** Removes the files. */
  async clear(): Promise<void> {
    await this.#files.changing(() => {
      this.#files.remove();
      this.#files.state.forgetAll();
    });
  }

  /** All rows that were there when it was called, one at a time, in bounded memory. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    yield* rowsOf(await this.#held(() => this.#hold(columns)), columns);
  }

  /** Returns the rows that were added since a cursor. A merge moves rows and changes none. */
  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#files.reading(() => {
      const now = this.#files.cursor;
      if (cursor === now) return { cursor, isWhole: false, rows: [] };
      const start = this.#files.countAt(cursor);
      return { cursor: now, isWhole: start === undefined, rows: this.#rowsBetween(start, now) };
    });
  }

  /** The rows from a number on that existed at a cursor. No file is opened before the first. */
  async *#rowsBetween(start: number | undefined, cursor: string): AsyncGenerator<Row> {
    const { end, held } = await this.#held(() => {
      const end = this.#files.countAt(cursor);
      return { end, held: end === undefined ? undefined : this.#hold(undefined) };
    });
    if (!held) {
      throw new StoreError(
        `Cannot read "${this.#files.path}": rows were removed just now; read it again`,
      );
    }
    yield* rowsOf(held, undefined, start, end);
  }

  /** The columns of the store, in its order. */
  columns(): MaybePromise<readonly string[]> {
    return this.#files.reading(() => this.#files.names);
  }

  /** The source of the newest row with exactly this key. */
  override sourceOf(key: Key): MaybePromise<string | undefined> {
    const { shape } = key;
    const { base, pending } = this.#files;
    // A hit that was true a moment ago is believed: rows seldom go.
    if (this.#files.areFresh && pending.isIndexed(shape) && base.isIndexed(shape)) {
      const source = this.#source(key);
      if (typeof source === "string") return source;
    }
    const source = this.#files.reading(() => this.#source(key), shape);
    const known = (it: string | null | undefined): MaybePromise<string | undefined> => {
      if (it !== null) return it;
      const row = this.find(key);
      const sourceOf = (it: Row | undefined): string | undefined => it && sourceIn(it);
      return row instanceof Promise ? row.then(sourceOf) : sourceOf(row);
    };
    return source instanceof Promise ? source.then(known) : known(source);
  }

  #source(key: Key): string | null | undefined {
    const { base, pending } = this.#files;
    return pending.sourceOf(key) ?? base.sourceOf(key);
  }

  /** The newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined> {
    const found = this.#found(key);
    return found instanceof Promise ? found.then((it) => it?.row) : found?.row;
  }

  /** Looks and claims under the lock. */
  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    const { isDone } = options;
    if (isDone) return this.#claimUnlessDone(key, isDone, options);
    return this.#files.locked(
      () => this.#answer(key, this.#files.locate(key) !== undefined, options),
      key.shape,
    );
  }

  /** The failures noted, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    if (this.#files.ended) throw this.#files.ended;
    return this.#files.state.failures();
  }

  /** Forgets failures by their params; how many. */
  forget(params: readonly Row[]): MaybePromise<number> {
    if (this.#files.ended) throw this.#files.ended;
    return this.#files.state.forget(params);
  }

  /** The keys that are being run now, and by whom. */
  async held(): Promise<readonly HeldKey[]> {
    if (this.#files.ended) throw this.#files.ended;
    return (await this.#files.state.claims()).filter(({ key }) => key !== MERGE);
  }

  /** What is wrong with the files, and what dead processes left beside them. */
  override async verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    if (this.#files.ended) throw this.#files.ended;
    const findings: Finding[] = [];
    try {
      await this.#files.base.catchUp();
      await this.#files.base.readAll();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return [{ kind: "unreadable", message: error.message, repaired: undefined }];
    }
    // A state file object of its own: without repair, what is found is to stay as it is.
    const state = this.#files.state.another();
    let isPending = false;
    try {
      const look = (isAlone: boolean): void => {
        findings.push(...leftoversOf(state.path, repair), ...this.#faults(repair, isAlone));
        isPending = isAlone && !this.#files.hasWritten && this.#files.pending.rowCount > 0;
      };
      if (!state.exists() && !repair) look(true);
      else if (repair) await state.lock(() => look(!state.departUnlessAlone()));
      else await state.lockToRead(() => look(state.isAlone()));
    } finally {
      if (repair) await state.leave();
      else state.close();
    }
    if (isPending) {
      findings.push({
        kind: "leftover",
        message:
          `"${this.#files.pendingPath}" has rows of a process that died before it merged them`,
        repaired: repair ? `merged them into "${this.#files.path}"` : undefined,
      });
    }
    if (!repair) return findings;
    if (isPending) await this.#merger.merge();
    if (!this.#files.base.opened || (await this.#files.base.repeats()).length === 0) {
      return findings;
    }
    return [...findings, repeatedFinding(await this.#merger.merge({ gone: "repeats" }), true)];
  }

  /**
   * Merges what is pending, unless other processes use the store, which then do; frees the files, the
   * claims and the lock. With no failure to remember, the state file goes.
   */
  async close(): Promise<void> {
    if (this.#files.ended) return;
    const closed = `Cannot use store "${this.#files.path}": it was closed; open it again`;
    await closeAfter(
      async () => {
        await this.#merger.merging;
        await this.#files.sync(); // for records that nobody waited for
        await this.#merger.settle();
      },
      () => this.#files.state.leave(),
      () => {
        notBeforeExit(this.#beforeExit);
        this.#files.end(new StoreError(closed));
      },
    );
  }

  #found(key: Key): MaybePromise<{ readonly place: Place; readonly row: Row } | undefined> {
    const found = this.#files.reading(() => {
      const place = this.#files.locate(key);
      if (!place) return undefined;
      const row = place.in === "pending"
        ? this.#files.pending.rowAt(place.at)
        : this.#files.base.rowAt(place.at);
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

  async #claimUnlessDone(
    key: Key,
    isDone: (row: Row) => boolean,
    options: ClaimOptions,
  ): Promise<ClaimAnswer> {
    for (;;) {
      const found = await this.#found(key);
      const isDoneNow = found !== undefined && isDone(found.row);
      const answer = await this.#files.locked(
        () =>
          this.#files.locate(key)?.id === found?.place.id
            ? this.#answer(key, isDoneNow, options)
            : STALE,
        key.shape,
      );
      if (answer !== STALE) return answer;
    }
  }

  #answer(key: Key, isDoneNow: boolean, options: ClaimOptions): ClaimAnswer {
    if (!isDoneNow) this.#files.checkWritable();
    const claim = (): Claim => this.#claimOf(key, options);
    return this.#files.state.answer(key.text, isDoneNow, claim, options.lease);
  }

  #claimOf(key: Key, options: ClaimOptions): Claim {
    const { shape, text } = key;
    const { isDone, lease } = options;
    const { state } = this.#files;
    const append = (row: Row, kept: (isDone: boolean) => void): MaybePromise<void | typeof STALE> =>
      this.#files.locked(() => {
        // Another process may have recorded it if the state file was deleted meanwhile.
        if (this.#files.locate(key)) return STALE;
        this.#checkLease(key, lease, false);
        this.#merger.append([row]);
        kept(true);
        state.finish(text, lease);
      }, shape);
    const replaced = (row: Row) => (appended: void | typeof STALE): MaybePromise<void> =>
      appended === STALE ? this.#replace(key, row, options) : undefined;
    const ending = (end: () => void): MaybePromise<void> =>
      this.#files.locked(() => {
        this.#checkLease(key, lease, !isDone && this.#files.locate(key) !== undefined);
        end();
      }, shape);
    return {
      record: (given): MaybePromise<void> => {
        const row = stamped(given);
        const appended = this.#files.durably(
          state.ending(text, lease, (kept) => append(row, kept)),
        );
        return appended instanceof Promise ? appended.then(replaced(row)) : replaced(row)(appended);
      },
      fail: (failure: FailureNote) => ending(() => state.fail(key, failure, lease)),
      release: () => {
        if (this.#files.ended && !lease) return; // and the claim with it
        if (this.#files.ended) throw this.#files.ended;
        return state.ending(text, lease, (kept) => {
          kept();
          return ending(() => state.release(text, lease));
        });
      },
    };
  }

  #checkLease({ text }: Key, lease: Lease | undefined, isDone: boolean): void {
    if (lease) this.#files.state.checkLease(text, lease, isDone);
  }

  /** Puts a row in the place of those of its key, unless they count as done. */
  async #replace(key: Key, row: Row, { isDone, lease }: ClaimOptions): Promise<void> {
    const { shape, text } = key;
    const found = await this.#found(key);
    const isDoneNow = found !== undefined && (isDone?.(found.row) ?? lease !== undefined);
    if (isDoneNow) await this.#files.locked(() => this.#checkLease(key, lease, true));
    else {
      const rewritten = await this.#files.changing(() => {
        this.#checkLease(key, lease, false);
        if (this.#files.base.find(key) !== -1) return STALE;
        this.#files.checkNames(Object.keys(row));
        this.#files.pending.rewrite([key], [row]);
      }, shape);
      if (rewritten === STALE) await this.#merger.merge({ gone: [key], added: [row] });
    }
    const { state } = this.#files;
    await state.ending(text, lease, (kept) => {
      kept(true);
      return this.#files.locked(() => state.finish(text, lease));
    });
  }

  /** Both files as they are now, held open until they are closed. */
  #hold(columns: readonly string[] | undefined): HeldStore {
    const { opened } = this.#files.base;
    const pending = new HeldRows(this.#files.pending.rows(columns));
    opened?.held.hold();
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      opened?.held.letGo();
      pending.close();
    };
    return { file: opened?.file, pending, close };
  }

  /** Reads the files as they are at one moment. */
  async #held<T>(read: () => T): Promise<T> {
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#files.reading(read);
      } catch (error) {
        // The pending file was replaced between two system calls.
        if (attempt > 5 || !wasReplaced(error)) throw error;
      }
    }
  }

  /** What a crash left in the pending file and beside it. Under the lock, if somebody else may be there. */
  #faults(repair: boolean, isAlone: boolean): Finding[] {
    const findings: Finding[] = [];
    const add = (kind: Finding["kind"], message: string, repaired: string): void =>
      void findings.push({ kind, message, repaired: repair ? repaired : undefined });
    const { temporary } = this.#files.pending;
    const left = fs.existsSync(temporary) ? [temporary] : [];
    if (isAlone && !this.#merger.merging) left.push(...this.#merger.temporaries()); // else they merge
    for (const file of left) {
      add("leftover", `"${file}" was left by a process that died`, "removed it");
      if (repair) removeFile(file);
    }
    for (const { error: { message }, repaired } of repair ? this.#files.pending.mend() : []) {
      findings.push({ kind: "unreadable", message, repaired });
    }
    for (const { message } of this.#files.pending.unreadable(MOST_UNREADABLE)) {
      findings.push({ kind: "unreadable", message, repaired: undefined });
    }
    if (findings.some(({ kind, repaired }) => kind === "unreadable" && repaired === undefined)) {
      return findings;
    }
    this.#files.pending.refresh(true);
    const { tornLength, quarantinePath } = this.#files.pending;
    if (tornLength > 0) {
      const message =
        `the last ${tornLength} bytes of "${this.#files.pendingPath}" are a row that was cut off`;
      add("torn", message, `moved them to "${quarantinePath}"`);
      if (repair) this.#files.pending.repair();
    }
    return findings;
  }
}

/** The rows of a store at one moment, whatever becomes of its files. */
interface HeldStore {
  readonly file: ColumnarFile | undefined;
  readonly pending: HeldRows;
  close(): void;
}

/** The rows of a store that is held, from number `start` up to `end`; the store is released after them. */
async function* rowsOf(
  { file, pending, close }: HeldStore,
  columns: readonly string[] | undefined,
  start = 0,
  end = Infinity,
): AsyncGenerator<Row> {
  const { rowCount = 0 } = file ?? {};
  const timer = new YieldTimer();
  const fileEnd = Math.min(end, rowCount);
  try {
    const known = file?.columns.map(({ name }) => name) ?? [];
    const names = columns ? columns.filter((name) => known.includes(name)) : known;
    for await (const batch of file?.batches(names, Math.min(start, fileEnd), fileEnd) ?? []) {
      for (let i = 0; i < batch.length; i++) {
        if (timer.isDue(16)) await timer.yield();
        yield rowOf(names, batch, i);
      }
    }
    let passed = rowCount;
    for await (const row of yielding(pending)) {
      if (passed >= end) return;
      if (passed++ >= start) yield row;
    }
  } finally {
    close();
  }
}

/** Whether a file was replaced or removed as it was opened. */
function wasReplaced(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT" ||
    /replaced just now/.test(messageOf(error));
}
