import fs from "node:fs";
import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  MaybePromise,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import type {
  Finding,
  RecordAllOptions,
  RowsOptions,
  TextRow,
  VerifyOptions,
} from "../../core/contract/engine.ts";
import { Engine } from "../../core/contract/engine.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { checkColumn, isDetail } from "../../core/values/columns.ts";
import { FormatError, StoreError } from "../../core/errors.ts";
import { type Key, keyShape } from "../../core/keys/key.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import type { Row } from "../../core/values/value.ts";
import { batchesOf } from "../batches_of.ts";
import type { Format } from "./format.ts";
import { leftoversOf } from "../state/leftovers_of.ts";
import type { KeySet } from "./row_indexes.ts";
import { warnOfNetwork } from "../files/network_folder.ts";
import { realPath } from "../files/real_path.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { StateFile } from "../state/state_file.ts";
import { StoreFile } from "./store_file.ts";
import { Syncer, syncError } from "../files/syncer.ts";
import { explaining, removeFile } from "../files/system_error.ts";

/** How long a hit is believed without a look at the file, in milliseconds. */
const FRESH = 100;

/** How many rows are added in one write. */
const BATCH = 500;

/** How many rows that cannot be read are told. */
const MOST_UNREADABLE = 20;

/** How often rows were removed in this thread, from any store: an older hit is not believed. */
let removals = 0;

/**
 * A store in one text file that grows at its end: everything a file format does not say itself.
 *
 * A record is one write after the last row, made under the lock in the state file: refresh, check
 * the tail, write, commit; then the row is synced, and only then is it acknowledged. Looks go to an
 * index in memory that follows the file. Nothing is held across an `await`.
 */
export class FileBackend extends Engine {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly #file: StoreFile;
  readonly #state: StateFile;
  readonly #syncer: Syncer;
  readonly #isSynced: boolean;
  readonly #warn: (message: string) => void;
  #hasLocked = false;
  /** True while the body of a batch runs, which holds the lock. */
  #isBatch = false;
  /** When the file was last looked at. */
  #refreshed = -Infinity;
  /** `removals` as it was then. */
  #removals = 0;
  /** Why this store can no longer be used, once it cannot. */
  #ended: StoreError | undefined;

  constructor(
    location: string,
    format: Format,
    { durability = "power", warn = console.warn }: OpenOptions,
  ) {
    super();
    this.path = realPath(location);
    this.#file = new StoreFile(this.path, format, warn);
    this.#state = new StateFile(`${this.path}-state`, this.path);
    this.#syncer = new Syncer(this.#file);
    this.#isSynced = durability === "power";
    this.#warn = warn;
  }

  /** The path, as messages show it. */
  get location(): string {
    return this.path;
  }

  /** Whether the file is there. */
  exists(): boolean {
    return fs.existsSync(this.path);
  }

  protected override hasRows(): Promise<boolean> {
    return Promise.resolve(this.#reading(() => this.#file.rowCount > 0));
  }

  /** Adds a row. */
  record(row: Row): MaybePromise<void> {
    const added = stamped(row); // before anything changes
    return this.#changing(() => this.#file.append([added]));
  }

  /** Adds many rows, a batch in one write; one sync at the end. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    columns.forEach(checkColumn);
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      const added = batch.map(stamped);
      await this.#locked(() => this.#file.append(added, columns));
      count += added.length;
    }
    if (count === 0 && columns.length > 0) await this.#locked(() => this.#file.append([], columns));
    return this.#isSynced ? await this.#synced(count) : count;
  }

  /** All rows, oldest first. */
  override load(): MaybePromise<Row[]> {
    return this.#reading(() => [...this.#file.rows()]);
  }

  /** Removes the rows with exactly one of these keys, by one rewrite; how many. */
  removeKeys(keys: readonly Key[]): MaybePromise<number> {
    const [first] = keys;
    if (!first) return 0;
    const { shape } = first;
    return this.#changing(() => {
      const texts = new Set(keys.map(({ text }) => text));
      for (const text of texts) if (this.#file.find(shape, text) === -1) texts.delete(text);
      return texts.size === 0 ? 0 : this.#remove({ shape, texts });
    });
  }

  /** Removes the file. */
  clear(): MaybePromise<void> {
    return this.#changing(() => {
      this.#file.remove();
      removals++;
      this.#state.forgetAll();
    });
  }

  /** All rows that were there when it was called, one at a time, in bounded memory. */
  *rows({ columns }: RowsOptions = {}): Generator<Row> {
    this.#refresh(false);
    yield* this.#file.rows(columns);
  }

  /** The rows that were added since a mark. */
  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#reading(() => this.#file.rowsAfter(cursor));
  }

  /** All rows as cell text. */
  override *cells({ columns }: RowsOptions = {}): Generator<CellBatch> {
    this.#refresh(false);
    yield* this.#file.cells(columns);
  }

  /** The texts of each row, for formats that have nothing else. */
  protected *textRows(): Generator<TextRow> {
    this.#refresh(false);
    yield* this.#file.texts();
  }

  /** The columns of the store, in its order. */
  columns(): MaybePromise<readonly string[]> {
    if (this.#ended) throw this.#ended;
    // Rows that nobody has read yet need not be read for it.
    const isUnread = this.#refreshed === -Infinity;
    return isUnread && this.#file.namedColumns() || this.#reading(() => this.#file.columns);
  }

  /** The source of the newest row with exactly this key. */
  override sourceOf({ shape, text }: Key): MaybePromise<string | undefined> {
    // A hit that was true a moment ago is believed: rows seldom go.
    const isFresh = this.#removals === removals && performance.now() - this.#refreshed < FRESH &&
      this.#file.isIndexed(shape); // else the file is read, which may have changed
    const source = isFresh ? this.#file.sourceOf(shape, text) : undefined;
    return source ?? this.#reading(() => this.#file.sourceOf(shape, text));
  }

  /** The newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined> {
    return this.#reading(() => this.#found(key));
  }

  /** Looks and claims under the lock. */
  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    return this.#locked(() => {
      const { isDone, lease } = options;
      const isThere = this.#file.find(key.shape, key.text) !== -1;
      if (!isThere) this.#file.checkShared(() => key.shape.columns ?? Object.keys(key.values));
      const isDoneNow = isThere && (!isDone || isDone(this.#found(key)!));
      if (!isDoneNow) this.#file.checkWritable();
      return this.#state.answer(key.text, isDoneNow, () => this.#claimOf(key, options), lease);
    });
  }

  /** Has what a body asks for done under one lock, its rows added by one write. */
  override batch<T>(body: () => T): MaybePromise<T> {
    return this.#locked(() => {
      this.#isBatch = true;
      try {
        return this.#file.inOneWrite(() => {
          const result = body();
          this.#state.checkLocked();
          return result;
        });
      } finally {
        this.#isBatch = false;
      }
    });
  }

  /** The failures noted, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    if (this.#ended) throw this.#ended;
    return this.#state.failures();
  }

  /** Forgets failures by their params; how many. */
  forget(params: readonly Row[]): MaybePromise<number> {
    if (this.#ended) throw this.#ended;
    return this.#state.forget(params);
  }

  /** The keys that are being run now, and by whom. */
  held(): MaybePromise<readonly HeldKey[]> {
    if (this.#ended) throw this.#ended;
    return this.#state.claims();
  }

  /** What is wrong with the file, and what dead processes left beside it. */
  override verify(options: VerifyOptions = {}): Promise<readonly Finding[]> {
    return explaining(`Cannot verify "${this.path}"`, this.path, () => this.#verify(options));
  }

  async #verify({ repair = false }: VerifyOptions): Promise<readonly Finding[]> {
    if (this.#ended) throw this.#ended;
    // A state file object of its own: without repair, what is found is to stay as it is.
    const state = this.#state.another();
    const findings: Finding[] = [];
    try {
      const isAlone = !state.exists(); // nobody can be writing
      let errors = this.#file.unreadable(MOST_UNREADABLE);
      const look = (): void => {
        if (repair && errors.length > 0) {
          for (const { error: { message }, repaired } of this.#file.mend()) {
            findings.push({ kind: "unreadable", message, repaired });
          }
        }
        if (errors.length > 0) errors = this.#file.unreadable(MOST_UNREADABLE);
        findings.push(...leftoversOf(state.path, repair), ...this.#faults(repair));
      };
      if (isAlone && !repair) look();
      else if (repair) await state.lock(look);
      else await state.lockToRead(look);
      for (const { message } of errors) {
        findings.push({ kind: "unreadable", message, repaired: undefined });
      }
    } finally {
      if (repair) await state.leave();
      else state.close();
    }
    return findings;
  }

  /** Frees the file, the claims and the lock; with no failure to remember, the state file goes. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = new StoreError(`Cannot use store "${this.path}": it was closed; open it again`);
    await closeAfter(
      () => this.#isSynced ? this.#synced(undefined) : undefined, // for records that nobody waited for
      () => this.#state.leave(),
      () => this.#end(closed),
    );
  }

  #claimOf(key: Key, { isDone, lease }: ClaimOptions): Claim {
    const { text } = key;
    const check = (found = this.#found(key)): void => {
      if (!lease) return;
      this.#state.checkLease(text, lease, found !== undefined && (isDone?.(found) ?? true));
    };
    const record = (given: Row, kept: (isDone: boolean) => void): MaybePromise<void> => {
      const row = stamped(given);
      return this.#locked(() => {
        // Another process may have recorded it if the state file was deleted meanwhile.
        const found = this.#found(key);
        check(found);
        if (found && !isDone?.(found)) this.#file.rewrite(key, [row]);
        else if (!found) this.#file.append([row]);
        if (!this.#isBatch) kept(true); // its rows are written at the end
        this.#state.finish(text, lease);
      });
    };
    return {
      record: (row) => this.#durably(this.#state.ending(text, lease, (kept) => record(row, kept))),
      fail: (failure: FailureNote) =>
        this.#locked(() => {
          check();
          this.#state.fail(key, failure, lease);
        }),
      release: () => {
        if (this.#ended && !lease) return; // and the claim with it
        if (this.#ended) throw this.#ended;
        return this.#state.ending(text, lease, (kept) => {
          kept();
          return this.#locked(() => {
            check();
            this.#state.release(text, lease);
          });
        });
      },
    };
  }

  /** What a crash left in the file and beside it. Under the lock, if somebody else may be there. */
  #faults(repair: boolean): Finding[] {
    const findings: Finding[] = [];
    const add = (kind: Finding["kind"], message: string, repaired: string): void =>
      void findings.push({ kind, message, repaired: repair ? repaired : undefined });
    const { temporary, aside } = this.#file;
    if (fs.existsSync(temporary)) {
      add("leftover", `"${temporary}" was left by a process that died`, "removed it");
      if (repair) removeFile(temporary);
    }
    try {
      this.#refresh(true);
    } catch (error) {
      if (error instanceof FormatError) return findings;
      throw error;
    }
    const torn = this.#file.tornLength;
    if (torn > 0) {
      const message = `the last ${torn} bytes of "${this.path}" are a row that was cut off`;
      add("torn", message, `moved them to "${aside}"`);
      if (repair) this.#file.repair();
    }
    const padded = this.#file.paddedNames;
    if (padded.length > 0) {
      const names = padded.map((name) => JSON.stringify(name)).join(", ");
      const message = `white space around names of the header does not count: ${names}`;
      add("header", message, "wrote them without it");
      if (repair) this.#file.tidy();
    }
    if (repair) {
      const repeatsOf = keyShape(this.#file.columns.filter((name) => !isDetail(name)));
      const repeats = this.#file.repeatsOf(repeatsOf);
      if (repeats > 0) {
        this.#file.rewrite({ repeatsOf }, []);
        findings.push(repeatedFinding(repeats, true));
      }
    }
    return findings;
  }

  #remove(gone: Key | KeySet): number {
    const before = this.#file.rowCount;
    this.#file.rewrite(gone, []);
    removals++;
    return before - this.#file.rowCount;
  }

  #found(key: Key): Row | undefined {
    const offset = this.#file.find(key.shape, key.text);
    return offset === -1 ? undefined : this.#file.rowAt(offset);
  }

  #refresh(isLocked: boolean): void {
    if (this.#ended) throw this.#ended;
    this.#file.refresh(isLocked);
    this.#refreshed = performance.now();
    this.#removals = removals;
  }

  /** Reads without the lock. What does not parse is read once more under it: it may be half written. */
  #reading<T>(read: () => T): MaybePromise<T> {
    try {
      this.#refresh(false);
      return read();
    } catch (error) {
      if (!(error instanceof FormatError) || !this.#state.exists()) throw error;
      return this.#locked(read, "lockToRead");
    }
  }

  /** Runs a body under the lock, the file refreshed. */
  #locked<T>(body: () => T, lock: "lock" | "lockToRead" = "lock"): MaybePromise<T> {
    if (this.#ended) throw this.#ended;
    if (this.#isBatch) return body();
    if (!this.#hasLocked) this.#begin();
    return this.#state[lock](() => {
      this.#refresh(true);
      return body();
    }, () => this.#catchUp());
  }

  #begin(): void {
    this.#hasLocked = true;
    this.#catchUp();
    warnOfNetwork(this.path, this.#warn);
  }

  /** Reads what is new before the lock is taken, so that nobody waits meanwhile. */
  #catchUp(): void {
    try {
      this.#refresh(false);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // it is read again under the lock
    }
  }

  /** Runs a body that writes, and acknowledges it once it is as durable as promised. */
  #changing<T>(body: () => T): MaybePromise<T> {
    return this.#durably(this.#locked(body));
  }

  #durably<T>(changed: MaybePromise<T>): MaybePromise<T> {
    if (!this.#isSynced) return changed;
    return changed instanceof Promise
      ? changed.then((result) => this.#synced(result))
      : this.#synced(changed);
  }

  async #synced<T>(result: T): Promise<T> {
    try {
      await this.#syncer.sync();
    } catch (cause) {
      this.#end(syncError(this.path, cause));
      throw this.#ended;
    }
    return result;
  }

  #end(why: StoreError): void {
    this.#ended ??= why;
    this.#state.close();
    this.#file.close();
  }
}
