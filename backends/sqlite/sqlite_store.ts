import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
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
import { checkColumn } from "../../core/values/columns.ts";
import { FormatError, messageOf, StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import { toRow } from "../../core/values/to_row.ts";
import { type Row, toValue } from "../../core/values/value.ts";
import { atExit, notAtExit } from "../../core/runtime/at_exit.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import { backOff } from "../back_off.ts";
import { batchesOf } from "../batches_of.ts";
import { checkOwnFile } from "../files/check_own_file.ts";
import { leftoversOf } from "../state/leftovers_of.ts";
import { checkWhole, damaged } from "./sqlite_damage.ts";
import { realPath } from "../files/real_path.ts";
import { type Extent, NO_ROWS, type RowKey } from "./sqlite_table.ts";
import { accessBeside, giveAccess } from "../files/side_file.ts";
import { isBusy } from "../state/state_database.ts";
import { StateFile } from "../state/state_file.ts";
import { removedKey, subsetShape } from "../../core/contract/subset_shape.ts";
import { explaining, systemError } from "../files/system_error.ts";

/** How long a look is made without seeing whether the file was replaced, in milliseconds. */
const FRESH = 100;

/** How many rows are added in one transaction. */
const BATCH = 5000;

/** Tries, each ended by a replacement of the file. */
const MAX_TRIES = 10;

/** An open database. */
export interface OpenDatabase {
  readonly db: DatabaseSync;
  readonly inode: number;
  /** Whether it was readied for writing. */
  isWriter: boolean;
}

/** The largest number that a row can have. */
export const LAST = 2n ** 63n - 1n;

/** Some rows of a table, and the number of the last one. */
export interface Page {
  readonly rows: Row[];
  readonly last: bigint;
}

/** A count of all rows, for as long as rows are only added, by the same connection. */
interface Counted<Connection> {
  readonly connection: Connection;
  /** Changes when another connection writes. */
  readonly version: unknown;
  readonly transactions: number;
  readonly extent: Extent;
}

/**
 * A store in one table of an SQLite database: everything that the form of the table does not say.
 *
 * SQLite's own transactions are its lock; claims and failures are in a state file. The database is
 * opened when it is first used, and again if the file was replaced. What a subclass does to it is
 * synchronous, and done again if the database was locked.
 */
export abstract class SqliteStore<Connection extends OpenDatabase> extends Engine {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly #state: StateFile;
  readonly #isSynced: boolean;
  #connection: Connection | undefined;
  /** The connection that was found fit to write. */
  #writable: Connection | undefined;
  /** When the file was last seen to be the one that is open. */
  #checked = -Infinity;
  #ended: StoreError | undefined;
  /** The last count of all rows, and what a later one must agree on. */
  #counted: Counted<Connection> | undefined;
  /** How many transactions this object has begun: each may have removed rows. */
  #transactions = 0;
  readonly #leave = (): void => this.#closeNow();

  /**
   * @param state What the name of the state file has after that of the database.
   */
  constructor(path: string, state: string, { durability = "power" }: OpenOptions) {
    super();
    this.path = realPath(path);
    this.#state = new StateFile(`${this.path}${state}`, this.path);
    this.#isSynced = durability === "power";
  }

  /** What is known of a database that was just opened. */
  protected abstract connected(database: OpenDatabase): Connection;
  /** The newest row with exactly this key. */
  protected abstract found(key: RowKey): Row | undefined;
  /** Checks that a row with this key can be recorded, in place of one that was found. */
  protected abstract checkFits(key: Key, found: Row | undefined): void;
  /** The open database with a table that has these columns and can hold these rows; made if need be. */
  protected abstract withTable(columns: readonly string[], rows: readonly Row[]): Connection;
  /** Adds a row to the table. */
  protected abstract insertInto(connection: Connection, row: Row): void;
  /** Removes the rows that equal an earlier one, in a transaction; how many. */
  protected abstract deleteRepeats(connection: Connection): number;
  /** Removes the rows with a key, in a transaction; how many. */
  protected abstract delete(connection: Connection, key: RowKey): number;
  /** Removes all rows, in a transaction. */
  protected abstract deleteAll(connection: Connection): void;
  /** The rows after one, in their order, if there are any. */
  protected abstract page(
    after: bigint,
    columns: readonly string[] | undefined,
    upTo: bigint,
  ): Page;
  /** The newest row up to a number, and how many rows come after another: all if that is undefined. */
  protected abstract extent(after: bigint | undefined, upTo: bigint): Extent;

  /** The path, as messages show it. */
  get location(): string {
    return this.path;
  }

  /** Whether the file is there. */
  exists(): boolean {
    return fs.existsSync(this.path);
  }

  /** Whether a row agrees on all columns given. */
  override has(columns: Row): MaybePromise<boolean> {
    return this.trying(() => this.found(subsetKey(columns)) !== undefined);
  }

  /** Returns true if there is a row with exactly this key. */
  override hasKey(key: Key): MaybePromise<boolean> {
    return this.trying(() => this.found(key) !== undefined);
  }

  /** Returns the newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined> {
    return this.trying(() => this.found(key));
  }

  /** Adds a row. */
  record(row: Row): MaybePromise<void> {
    const added = toRow(row); // before anything changes
    return this.trying(() => this.insert(added));
  }

  /** Adds many rows, a batch in one transaction. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    columns.forEach(checkColumn);
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      const added = batch.map((row) => toRow(row));
      await this.trying(() => this.insertAll(added, columns));
      count += added.length;
    }
    if (count === 0 && columns.length > 0) await this.trying(() => this.insertAll([], columns));
    return count;
  }

  /**
   * The rows that are there when it begins, oldest first, in bounded memory; the database is not locked
   * between two of them.
   */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    yield* this.#rowsBetween(-1n, await this.lastNumber(), columns);
  }

  /** The number of the last row. */
  protected lastNumber(): MaybePromise<bigint> {
    return this.trying(() => this.extent(LAST, LAST).last);
  }

  async *#rowsBetween(
    after: bigint,
    upTo: bigint,
    columns?: readonly string[],
  ): AsyncGenerator<Row> {
    const timer = new YieldTimer();
    for (;;) {
      if (timer.isDue()) await timer.yield();
      const page = await this.trying(() => this.page(after, columns, upTo));
      if (page.rows.length === 0) return;
      yield* page.rows;
      after = page.last;
    }
  }

  /** Returns the rows that were added since a cursor. Values that others edit in place are not seen. */
  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.trying(() => {
      const connection = this.open();
      const { inode = 0 } = connection ?? {};
      const cursorOf = ({ last, count, time }: Extent): string =>
        `${inode} ${last} ${count} ${time}`;
      const last = BigInt(/^\d+ (\d+) /.exec(cursor ?? "")?.[1] ?? -1);
      const { now, before } = connection
        ? this.#extents(connection, last)
        : { now: NO_ROWS, before: NO_ROWS };
      // A number is given again once the last row was removed: its time tells.
      const isWhole = cursor !== cursorOf(before);
      const rows = this.#rowsBetween(isWhole ? -1n : last, now.last);
      return { cursor: cursorOf(now), isWhole, rows };
    });
  }

  /**
   * The extents of all rows, and of those up to a number. All rows are counted once, and again only
   * after rows were removed or another connection has written.
   */
  #extents(
    connection: Connection,
    last: bigint,
  ): { readonly now: Extent; readonly before: Extent } {
    const { db } = connection;
    db.exec("BEGIN"); // both are of one moment
    try {
      const { data_version: version } = db.prepare("PRAGMA data_version").get()!;
      let known = this.#counted;
      const isKnown = known?.connection === connection && known.version === version &&
        known.transactions === this.#transactions;
      if (!isKnown) known = undefined;
      const added = this.extent(known?.extent.last, LAST);
      const now = { ...added, count: (known?.extent.count ?? 0) + added.count };
      this.#counted = { connection, version, transactions: this.#transactions, extent: now };
      if (last === -1n) return { now, before: NO_ROWS };
      const { count: later, ...before } = this.extent(last, last);
      return { now, before: { ...before, count: now.count - later } };
    } finally {
      if (this.#connection === connection && db.isTransaction) db.exec("ROLLBACK");
    }
  }

  override remove(columns: Row): MaybePromise<number> {
    removedKey(this.path, columns); // not none
    return this.#remove(subsetKey(columns));
  }

  override removeKey(key: Key): MaybePromise<number> {
    return this.#remove(key);
  }

  /** Removes the rows with exactly one of these keys, in one transaction; how many. */
  removeKeys(keys: readonly Key[]): MaybePromise<number> {
    return this.trying(() => {
      const connection = this.open();
      if (!connection) return 0;
      return this.writing(
        connection,
        () => keys.reduce((sum, key) => sum + this.delete(connection, key), 0),
      );
    });
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.trying(() => {
      const connection = this.open();
      if (connection) this.writing(connection, () => this.deleteAll(connection));
    });
    if (this.#state.exists()) await this.#state.lock(() => this.#state.forgetAll());
  }

  /** Looks and claims under the lock of the state file. */
  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    return this.trying(() =>
      this.#state.lock(() => {
        const { isDone, lease } = options;
        // What a finished run recorded was committed before it took this lock to end its claim.
        const found = this.#told(() => this.found(key));
        const isDoneNow = found !== undefined && (!isDone || isDone(found));
        if (!isDoneNow) {
          this.checkFits(key, found);
          this.#told(() => this.#checkWritable());
        }
        return this.#state.answer(key.text, isDoneNow, () => this.#claimOf(key, options), lease);
      })
    );
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

  /** What SQLite finds wrong with the file, and what dead processes left beside it. */
  override verify(options: VerifyOptions = {}): Promise<readonly Finding[]> {
    return explaining(`Cannot verify "${this.path}"`, this.path, () => this.#verify(options));
  }

  async #verify({ repair = false }: VerifyOptions): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    // A state file object of its own: without repair, what is found is to stay as it is.
    const state = this.#state.another();
    try {
      const look = (): void => void findings.push(...leftoversOf(state.path, repair));
      if (repair) await state.lock(look);
      else if (state.exists()) await state.lockToRead(look);
      else look();
    } finally {
      if (repair) await state.leave();
      else state.close();
    }
    try {
      findings.push(...await this.trying(() => this.#faults(repair)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      findings.push({ kind: "unreadable", message: error.message, repaired: undefined });
    }
    return findings;
  }

  #faults(repair: boolean): Finding[] {
    const connection = this.open();
    if (!connection) return [];
    const rows = connection.db.prepare("PRAGMA integrity_check(20)").all();
    const faults = rows.map((row) => String(row["integrity_check"])).filter((text) =>
      text !== "ok"
    );
    const findings = faults.map((fault): Finding => ({
      kind: "unreadable",
      message: `a page of "${this.path}" is damaged (${fault}); save what can be saved with: ` +
        `sqlite3 ${this.path} .recover`,
      repaired: undefined,
    }));
    if (!repair || faults.length > 0) return findings;
    const repeats = this.writing(connection, () => this.deleteRepeats(connection));
    return repeats > 0 ? [repeatedFinding(repeats, true)] : [];
  }

  /** Frees the database, the claims and the lock. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = new StoreError(`Cannot use store "${this.path}": it was closed; open it again`);
    await closeAfter(
      () => explaining(`Cannot close store "${this.path}"`, this.path, () => this.#endLog()),
      () => explaining(`Cannot close store "${this.path}"`, this.path, () => this.disconnect()),
      () => this.#state.leave(),
    );
  }

  /** Checks what can be known of whether a row can be written, before a run, whose result would be lost. */
  #checkWritable(): void {
    const connection = this.open();
    if (!connection || connection === this.#writable) return;
    this.#checkOwn();
    const { db } = connection;
    db.exec("BEGIN IMMEDIATE"); // without an error, if the file may only be read
    try {
      db.exec("PRAGMA user_version = 0");
    } finally {
      if (db.isTransaction) db.exec("ROLLBACK");
    }
    this.#writable = connection;
  }

  #checkOwn(): void {
    const found = fs.statSync(this.path, { throwIfNoEntry: false });
    if (found) checkOwnFile(this.path, found); // else it was just deleted, and is made again
  }

  #claimOf(key: Key, { isDone, lease }: ClaimOptions): Claim {
    if (lease) return this.#leasedClaimOf(key, lease, isDone);
    return {
      record: async (row) => {
        const added = toRow(row);
        await this.trying(() => {
          // Another process may have recorded it if the state file was deleted meanwhile.
          const found = this.found(key);
          if (!found) this.insert(added);
          else if (!isDone?.(found)) this.#replace(key, added);
        });
        await this.#end(key, undefined, () => this.#state.finish(key.text), true);
      },
      fail: (failure: FailureNote) => this.#state.lock(() => this.#state.fail(key, failure)),
      release: () => this.#end(key, undefined, () => this.#state.release(key.text)),
    };
  }

  /** Ends a claim of which nothing is to be recorded any more. */
  #end(
    { text }: Key,
    lease: Lease | undefined,
    end: () => void,
    isDone = false,
  ): MaybePromise<void> {
    if (this.#ended && !lease) return; // and the claim with it
    if (this.#ended) throw this.#ended;
    return this.#state.ending(text, lease, (kept) => {
      kept(isDone);
      return this.#state.lock(end);
    });
  }

  /** A lease may have been lost: what it ends with is done under the lock under which that is seen. */
  #leasedClaimOf(key: Key, lease: Lease, isDone: ClaimOptions["isDone"]): Claim {
    const check = (): boolean => {
      const found = this.#told(() => this.found(key));
      const isThere = found !== undefined;
      this.#state.checkLease(key.text, lease, isThere && (isDone?.(found) ?? true));
      return isThere;
    };
    const record = (given: Row, kept: (isDone: boolean) => void): MaybePromise<void> => {
      const row = toRow(given);
      return this.#state.lock(() => {
        const isThere = check();
        this.#told(() => isThere ? this.#replace(key, row) : this.insert(row));
        kept(true);
        this.#state.finish(key.text, lease);
      });
    };
    return {
      record: (row) =>
        this.trying(() => this.#state.ending(key.text, lease, (kept) => record(row, kept))),
      fail: (failure: FailureNote) =>
        this.trying(() =>
          this.#state.lock(() => {
            check();
            this.#state.fail(key, failure, lease);
          })
        ),
      release: () =>
        this.trying(() =>
          this.#end(key, lease, () => {
            check();
            this.#state.release(key.text, lease);
          })
        ),
    };
  }

  #remove(key: RowKey): MaybePromise<number> {
    return this.trying(() => {
      const connection = this.open();
      return connection ? this.writing(connection, () => this.delete(connection, key)) : 0;
    });
  }

  #replace(key: Key, row: Row): void {
    const connection = this.open()!;
    this.writing(connection, () => {
      this.delete(connection, key);
      this.insert(row);
    });
  }

  /** What is wrong with the store must not be taken for trouble with the state file. */
  #told<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw isBusy(error) ? error : this.#error(error);
    }
  }

  /** Adds a row. */
  protected insert(row: Row): void {
    this.insertAll([row], []);
  }

  /** Adds rows, several in one transaction. */
  protected insertAll(rows: readonly Row[], columns: readonly string[]): void {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const connection = this.withTable(columns, rows);
      this.readyToWrite(connection);
      if (rows.length === 1) this.insertInto(connection, rows[0]!);
      else {
        this.writing(connection, () => {
          for (const row of rows) this.insertInto(connection, row);
        });
      }
      if (this.isCurrent(connection)) return;
      this.disconnect(); // the file was deleted under it, and the rows with it
    }
    throw this.#replacedError();
  }

  /** Runs a body in one transaction; it may stand in another. */
  protected writing<T>(connection: Connection, body: () => T): T {
    const { db } = connection;
    if (db.isTransaction) return body();
    this.readyToWrite(connection);
    this.#transactions++;
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** The database as it was last opened. */
  protected get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The open database, or undefined while there is no file. */
  protected open(): Connection | undefined {
    if (this.#ended) throw this.#ended;
    const now = performance.now();
    if (this.#connection && now - this.#checked < FRESH) return this.#connection;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const inode = inodeOf(this.path);
      if (this.#connection?.inode !== inode) this.disconnect();
      this.#checked = now;
      if (inode === undefined) return undefined;
      this.#connection ??= this.#connect(inode);
      if (this.isCurrent(this.#connection)) return this.#connection;
    }
    throw this.#replacedError();
  }

  #replacedError(): StoreError {
    return new StoreError(
      `Cannot use store "${this.path}": at each look it is another file, replaced by another program or ` +
        `on a file system without lasting inode numbers (FUSE); keep it on a local disk`,
    );
  }

  /** The open database; it is made if there is none. */
  protected create(): Connection {
    const access = accessBeside(this.path, this.#state.path);
    new DatabaseSync(this.path).close(); // not with fs: that would drop the locks of other threads
    giveAccess(this.path, access);
    this.#checked = -Infinity;
    return this.open()!;
  }

  /** Whether the file that is open is still the one of its path. */
  protected isCurrent({ inode }: Connection): boolean {
    return inodeOf(this.path) === inode;
  }

  #connect(inode: number): Connection {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.path);
      // EXTRA: where the log cannot be had, the deletion of a journal commits, and FULL would not
      // sync that.
      const synchronous = this.#isSynced ? "EXTRA" : "OFF";
      db.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${synchronous}`);
      checkWhole(db, this.path);
      return this.connected({ db, inode, isWriter: false });
    } catch (error) {
      db?.close();
      throw error;
    }
  }

  /** Has writes go to a log (WAL) while the store is in use: a tenth of the syncs, and no waiting. */
  protected readyToWrite(connection: Connection): void {
    if (connection.isWriter) return;
    this.#checkOwn();
    connection.isWriter = true;
    tryJournalMode(connection.db, "WAL");
    if (this.#connection === connection) atExit(this.#leave);
  }

  /** Closes the database until it is used again. */
  protected disconnect(): void {
    notAtExit(this.#leave);
    const { db, isWriter } = this.#connection ?? {};
    this.#connection = undefined;
    this.#checked = -Infinity;
    // One plain file again, which can be read where nothing can be written.
    const isThere = isWriter && inodeOf(this.path) !== undefined;
    try {
      if (db && isThere) tryJournalMode(db, "DELETE");
    } catch (error) {
      throw this.#error(error); // as of a full disk: the log stays, with its rows
    } finally {
      db?.close();
    }
  }

  /**
   * Closes the database, and ends its log if nobody else has it open. Under the lock of the state file: of
   * two that do so at once, each would find the other there, and the log would be left.
   */
  async #endLog(): Promise<void> {
    if (!this.#connection?.isWriter) return;
    await this.#state.lock(() => this.disconnect());
    // Whoever has it open for a moment, to read it, takes no lock.
    for (let attempt = 0; attempt < 5 && fs.existsSync(`${this.path}-wal`); attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 9));
      await this.#state.lock(() => {
        if (inodeOf(this.path) === undefined) return;
        const db = new DatabaseSync(this.path);
        try {
          db.exec("PRAGMA busy_timeout = 0");
          tryJournalMode(db, "DELETE");
        } finally {
          db.close();
        }
      });
    }
  }

  /** Closes the database at the end of the process, when nothing can be awaited. */
  #closeNow(): void {
    try {
      this.#state.lockNow(() => this.disconnect());
    } catch (error) {
      if (fs.existsSync(this.path)) throw error; // else its folder is gone, as those of tests are
    } finally {
      this.disconnect();
      this.#state.leaveNow();
    }
  }

  /** Runs a body, again and again while the database is locked. What SQLite says is told in ours. */
  protected trying<T>(body: () => MaybePromise<T>): MaybePromise<T> {
    try {
      const result = body();
      return result instanceof Promise ? this.#retrying(body, result) : result;
    } catch (error) {
      if (isBusy(error)) return this.#retrying(body);
      throw this.#error(error);
    }
  }

  async #retrying<T>(body: () => MaybePromise<T>, begun?: Promise<T>): Promise<T> {
    const attempt = async (
      result: () => MaybePromise<T>,
    ): Promise<{ readonly result: T } | undefined> => {
      try {
        return { result: await result() };
      } catch (error) {
        if (isBusy(error)) return undefined;
        throw this.#error(error);
      }
    };
    const done = begun && await attempt(() => begun);
    return done
      ? done.result
      : await backOff(() => attempt(body), () => `Cannot lock "${this.path}"`);
  }

  #error(cause: unknown): unknown {
    const message = messageOf(cause);
    if (cause instanceof StoreError || cause instanceof TypeError) return cause;
    if (/not a database/.test(message)) {
      return new FormatError(
        `Cannot read "${this.path}" as SQLite: byte 0: expected "SQLite format 3", but this is ` +
          `another kind of file; rename it or choose another store`,
        { cause },
      );
    }
    if (/malformed|unsupported file/.test(message)) return damaged(this.path, message, cause);
    return systemError(`Cannot use store "${this.path}"`, this.path, cause);
  }
}

/** Read-only where that is all that is permitted. */
function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    if (!/write access/.test(messageOf(error))) throw error; // Deno without --allow-write
    return new DatabaseSync(path, { readOnly: true });
  }
}

/** Changes how the database is journaled if nobody else has it open; else it stays as it is. */
function tryJournalMode(db: DatabaseSync, mode: "WAL" | "DELETE"): void {
  try {
    db.exec(`PRAGMA journal_mode = ${mode}`);
  } catch (error) {
    if (!isBusy(error) && !/readonly/.test(messageOf(error))) throw error;
  }
}

/** The key that subset matching looks for: the columns given, and no others. */
export function subsetKey(columns: Row): RowKey {
  const values = toValue(columns, "params") as Row; // without those that are undefined
  return { shape: subsetShape(values), values };
}

function inodeOf(path: string): number | undefined {
  return fs.statSync(path, { throwIfNoEntry: false })?.ino;
}
