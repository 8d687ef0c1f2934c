import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type {
  Backend,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  MaybePromise,
  OpenOptions,
  RowsOptions,
} from "../core/backend.ts";
import { isKeyColumn, orderColumns } from "../core/columns.ts";
import { FormatError, messageOf, StoreError } from "../core/errors.ts";
import { type Key, type KeyShape, keyShape } from "../core/key.ts";
import { type Row, toValue } from "../core/value.ts";
import { atExit, notAtExit } from "./at_exit.ts";
import { backOff } from "./back_off.ts";
import { realPath } from "./real_path.ts";
import {
  addColumns,
  checkSchema,
  conditionOf,
  conditionSql,
  type Connection,
  prepared,
  preparedInsert,
  preparedLook,
  quoted,
  readColumns,
  type RowKey,
  rowNumber,
  rowOf,
  schemaOf,
  TABLE,
} from "./sqlite_table.ts";
import { type SqlValue, toSql } from "./sqlite_value.ts";
import { stamped } from "./stamped.ts";
import { isBusy, StateFile } from "./state_file.ts";

/** How long a look is made without seeing whether the file was replaced, in milliseconds. */
const FRESH = 100;
/** How many rows are read at a time. */
const PAGE = 1000;

/**
 * A store in an SQLite database: the table `stet_records`, a column for each param. SQLite's own
 * transactions are its lock; claims and failures are in the state file, as for every file store.
 *
 * @example
 * ```ts
 * import { SqliteBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = new SqliteBackend("example_runs.sqlite");
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert(await backend.has({ alpha: 0.1 }));
 * await backend.close();
 * fs.unlinkSync("example_runs.sqlite");
 * ```
 */
export class SqliteBackend implements Backend {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly #state: StateFile;
  readonly #isSynced: boolean;
  #connection: Connection | undefined;
  /** When the file was last seen to be the one that is open. */
  #checked = -Infinity;
  #ended: StoreError | undefined;
  readonly #leave = (): void => this.#disconnect();
  /** Shapes whose index was made, or cannot be. */
  readonly #indexed = new WeakSet<KeyShape>();

  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, { durability = "power" }: OpenOptions = {}) {
    this.path = realPath(path);
    this.#state = new StateFile(`${this.path}-state`);
    this.#isSynced = durability === "power";
  }

  /** The path, as messages show it. */
  get location(): string {
    return this.path;
  }

  /** Whether the file is there. */
  exists(): boolean {
    return fs.existsSync(this.path);
  }

  /** Whether a row agrees on all columns given. */
  has(columns: Row): MaybePromise<boolean> {
    return this.#trying(() => this.#look(subsetKey(columns), "1") !== undefined);
  }

  /** Whether there is a row with exactly this key. */
  hasKey(key: Key): MaybePromise<boolean> {
    return this.#trying(() => this.#look(key, "1") !== undefined);
  }

  /** The newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined> {
    return this.#trying(() => this.#found(key));
  }

  /** Adds a row. */
  record(row: Row): MaybePromise<void> {
    const added = stamped(toValue(row, "row") as Row); // what no cell can hold is refused here
    return this.#trying(() => this.#insert(added));
  }

  /** All rows, oldest first. */
  async load(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of this.rows()) rows.push(row);
    return rows;
  }

  /** All rows, oldest first, in bounded memory; the database is not locked between two of them. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    for (let after = -1n;;) {
      const page = await this.#trying(() => this.#page(after, columns));
      if (page.rows.length === 0) return;
      yield* page.rows;
      after = page.last;
    }
  }

  /** The columns of the store. */
  columns(): MaybePromise<readonly string[]> {
    return this.#trying(() => orderColumns([...this.#current()?.columns.keys() ?? []], []));
  }

  /** Removes the rows that agree on all columns given; how many. */
  remove(columns: Row): MaybePromise<number> {
    const key = subsetKey(columns);
    if (key.shape.columns!.length > 0) return this.#remove(key);
    throw new TypeError(
      `Cannot remove rows of "${this.path}" without a column to match: use clear() to remove all`,
    );
  }

  /** Removes the rows with exactly this key; how many. */
  removeKey(key: Key): MaybePromise<number> {
    return this.#remove(key);
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.#trying(() => {
      const connection = this.#current();
      if (!connection || connection.columns.size === 0) return;
      this.#writing(connection, () => connection.db.exec(`DELETE FROM ${TABLE}`));
    });
    if (this.#state.exists()) await this.#state.lock(() => this.#state.forgetAll());
  }

  /** Looks and claims under the lock of the state file. */
  claim(key: Key, { isDone }: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    return this.#trying(() =>
      this.#state.lock(() => {
        // What a finished run recorded was committed before it took this lock to end its claim.
        const found = this.#foundOrError(key);
        const isDoneNow = found !== undefined && (!isDone || isDone(found));
        return this.#state.answer(key.text, isDoneNow, () => this.#claimOf(key, isDone));
      })
    );
  }

  /** The failures noted, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    if (this.#ended) throw this.#ended;
    return this.#state.failures();
  }

  /** Frees the database, the claims and the lock. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = new StoreError(`Cannot use store "${this.path}": it was closed; open it again`);
    try {
      await this.#state.leave();
    } finally {
      this.#disconnect();
    }
  }

  #claimOf(key: Key, isDone: ClaimOptions["isDone"]): Claim {
    return {
      record: async (row) => {
        await this.#trying(() => {
          // Another process may have recorded it if the state file was deleted meanwhile.
          const found = this.#found(key);
          if (!found) this.#insert(stamped(row));
          else if (!isDone?.(found)) this.#replace(key, stamped(row));
        });
        await this.#state.lock(() => this.#state.finish(key.text));
      },
      fail: (failure: FailureNote) => this.#state.lock(() => this.#state.fail(key, failure)),
      release: () => this.#state.lock(() => this.#state.release(key.text)),
    };
  }

  #remove(key: RowKey): MaybePromise<number> {
    return this.#trying(() => {
      const connection = this.#open();
      return connection ? this.#writing(connection, () => this.#delete(connection, key)) : 0;
    });
  }

  #found(key: Key): Row | undefined {
    const found = this.#look(key, "*");
    if (!found) return undefined;
    return rowOf([...this.#connection!.columns.keys()], found);
  }

  /** What is wrong with the store must not be taken for trouble with the state file. */
  #foundOrError(key: Key): Row | undefined {
    try {
      return this.#found(key);
    } catch (error) {
      throw isBusy(error) ? error : this.#error(error);
    }
  }

  /** The newest row with a key: 1, or the columns in their order. */
  #look(key: RowKey, what: "1" | "*"): SqlValue[] | undefined {
    for (;;) {
      const connection = this.#open();
      if (!connection) return undefined;
      const { db, schema, columns } = connection;
      const condition = columns.size > 0 ? conditionOf(key, columns) : undefined;
      if (condition) this.#makeIndex(connection, key.shape);
      const found = condition &&
        preparedLook(connection, key.shape, condition.form, what)
          .get(...condition.bound) as unknown as SqlValue[] | undefined;
      // A new column may be part of the key, of every key that nobody declared, and of every row.
      const isSure = found !== undefined && key.shape.columns !== undefined && what === "1";
      if (isSure || schemaOf(connection) === schema) return found;
      readColumns(db, connection);
    }
  }

  #insert(row: Row): void {
    for (;;) {
      const connection = this.#open() ?? this.#create();
      this.#readyToWrite(connection);
      const names = Object.keys(row);
      if (names.some((name) => !connection.columns.has(name))) {
        this.#writing(connection, () => addColumns(connection, names, this.path));
      }
      const bound = names.map((name) => toSql(row[name]!, connection.columns.get(name)!));
      preparedInsert(connection, names).run(...bound);
      if (inodeOf(this.path) === connection.inode) return;
      this.#disconnect(); // the file was deleted under it, and the row with it
    }
  }

  #replace(key: Key, row: Row): void {
    const connection = this.#open()!;
    this.#writing(connection, () => {
      this.#delete(connection, key);
      this.#insert(row);
    });
  }

  #delete(connection: Connection, key: RowKey): number {
    if (schemaOf(connection) !== connection.schema) readColumns(connection.db, connection);
    const { columns } = connection;
    const condition = conditionOf(key, columns);
    if (!condition || columns.size === 0) return 0;
    const sql = `DELETE FROM ${TABLE} WHERE ${conditionSql(key.shape, columns, condition.form)}`;
    return Number(prepared(connection, sql).run(...condition.bound).changes);
  }

  /** Runs a body in one transaction; it may stand in another. */
  #writing<T>(connection: Connection, body: () => T): T {
    const { db } = connection;
    if (db.isTransaction) return body();
    this.#readyToWrite(connection);
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

  #page(after: bigint, columns: readonly string[] | undefined): { rows: Row[]; last: bigint } {
    const connection = this.#current();
    if (!connection || connection.columns.size === 0) return { rows: [], last: after };
    const { schema } = connection;
    const names = [...connection.columns.keys()].filter((name) => columns?.includes(name) ?? true);
    const number = rowNumber(connection.columns);
    const selected = [number, ...names.map(quoted)].join(", ");
    const sql =
      `SELECT ${selected} FROM ${TABLE} WHERE ${number} > ? ORDER BY ${number} LIMIT ${PAGE}`;
    const found = prepared(connection, sql).all(after) as unknown as SqlValue[][];
    if (schemaOf(connection) !== schema) return this.#page(after, columns); // a column came between
    const last = found.at(-1)?.[0] as bigint | undefined;
    return { rows: found.map(([_, ...values]) => rowOf(names, values)), last: last ?? after };
  }

  /** An index for looks of this shape, so that they do not scan. Without one they are only slower. */
  #makeIndex(connection: Connection, shape: KeyShape): void {
    if (this.#indexed.has(shape)) return;
    const names = (shape.columns ?? [...connection.columns.keys()].filter(isKeyColumn))
      .filter((name) => connection.columns.has(name));
    if (names.length === 0 || connection.db.isTransaction) return;
    this.#indexed.add(shape);
    const name = `stet_key ${shape.columns ? names.join(",") : "*"}`;
    const exists = connection.db.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(name);
    if (exists) return;
    const columns = names.slice(0, 16).map(quoted).join(", ");
    try {
      connection.db.exec(`CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${TABLE} (${columns})`);
    } catch (error) {
      if (isBusy(error)) this.#indexed.delete(shape); // the next look tries again
      else if (!/readonly/.test(messageOf(error))) throw error;
    }
  }

  /** The open database, or undefined while there is no file. */
  #open(): Connection | undefined {
    if (this.#ended) throw this.#ended;
    const now = performance.now();
    if (this.#connection && now - this.#checked < FRESH) return this.#connection;
    const inode = inodeOf(this.path);
    if (this.#connection?.inode !== inode) this.#disconnect();
    this.#checked = now;
    if (inode === undefined) return undefined;
    return this.#connection ??= this.#connect(inode);
  }

  /** The open database with the columns that it has now, others' new ones too. */
  #current(): Connection | undefined {
    const connection = this.#open();
    if (connection && schemaOf(connection) !== connection.schema) {
      readColumns(connection.db, connection);
    }
    return connection;
  }

  #create(): Connection {
    new DatabaseSync(this.path).close(); // not with fs: that would drop the locks of other threads
    this.#checked = -Infinity;
    return this.#open()!;
  }

  #connect(inode: number): Connection {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.path);
      // EXTRA: where the log cannot be had, the deletion of a journal commits, and FULL would not
      // sync that.
      const synchronous = this.#isSynced ? "EXTRA" : "OFF";
      db.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${synchronous}`);
      const schemaVersion = db.prepare("PRAGMA schema_version");
      const connection: Connection = {
        db,
        inode,
        schemaVersion,
        isWriter: false,
        schema: -1,
        columns: new Map(),
        statements: new Map(),
        looks: new Map(),
        insert: undefined,
      };
      readColumns(db, connection);
      checkSchema(db, connection, this.path);
      return connection;
    } catch (error) {
      db?.close();
      throw error;
    }
  }

  /** Has writes go to a log (WAL) while the store is in use: a tenth of the syncs, and no waiting. */
  #readyToWrite(connection: Connection): void {
    if (connection.isWriter) return;
    connection.isWriter = true;
    tryJournalMode(connection.db, "WAL");
    if (this.#connection === connection) atExit(this.#leave);
  }

  #disconnect(): void {
    notAtExit(this.#leave);
    const { db, isWriter } = this.#connection ?? {};
    this.#connection = undefined;
    this.#checked = -Infinity;
    // One plain file again, which can be read where nothing can be written.
    if (db && isWriter && inodeOf(this.path) !== undefined) tryJournalMode(db, "DELETE");
    db?.close();
  }

  /** Runs a body, again and again while the database is locked. What SQLite says is told in ours. */
  #trying<T>(body: () => MaybePromise<T>): MaybePromise<T> {
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
    if (/malformed/.test(message)) {
      return new FormatError(
        `Cannot read "${this.path}" as SQLite: a page of it is damaged (${message}); save what can ` +
          `be saved with: sqlite3 ${this.path} .recover`,
        { cause },
      );
    }
    const advice = /full/.test(message)
      ? "; make room and try again"
      : /readonly|unable to open/.test(message)
      ? "; make the file and its folder writable or choose another store"
      : "";
    return new StoreError(`Cannot use store "${this.path}": ${message}${advice}`, { cause });
  }
}

/** Opens the SQLite store at a path. */
export function open(path: string, options: OpenOptions): SqliteBackend {
  return new SqliteBackend(path, options);
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

const shapes = new Map<string, KeyShape>();

/** The key that subset matching looks for: the columns given, and no others. */
function subsetKey(columns: Row): RowKey {
  const values = toValue(columns, "params") as Row; // without those that are undefined
  const names = Object.keys(values).sort();
  const text = JSON.stringify(names);
  let shape = shapes.get(text);
  if (!shape) shapes.set(text, shape = keyShape(names));
  return { shape, values };
}

function inodeOf(path: string): number | undefined {
  return fs.statSync(path, { throwIfNoEntry: false })?.ino;
}
