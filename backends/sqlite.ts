import fs from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
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
import { writeCell } from "../core/cell.ts";
import { isKeyColumn, orderColumns } from "../core/columns.ts";
import { FormatError, messageOf, StoreError } from "../core/errors.ts";
import { type Key, type KeyShape, keyShape } from "../core/key.ts";
import { type Row, setEntry, toValue } from "../core/value.ts";
import { atExit, notAtExit } from "./at_exit.ts";
import { backOff } from "./back_off.ts";
import { realPath } from "./real_path.ts";
import { type Affinity, fromSql, spellings, type SqlValue, toSql } from "./sqlite_value.ts";
import { stamped } from "./stamped.ts";
import { isBusy, StateFile } from "./state_file.ts";

const TABLE = "stet_records";
/** The user_version of the files we write. Python's stet leaves it 0. */
const VERSION = 1;
/** How long a look is made without seeing whether the file was replaced, in milliseconds. */
const FRESH = 100;
/** How many rows are read at a time. */
const PAGE = 1000;

/** The open database, and what is known of its table. */
interface Connection {
  readonly db: DatabaseSync;
  readonly inode: number;
  readonly schemaVersion: StatementSync;
  /** Whether it was readied for writing. */
  isWriter: boolean;
  /** The schema at which `columns` was read. */
  schema: number;
  /** Empty if there is no table yet. */
  columns: ReadonlyMap<string, Affinity>;
  /** Statements by their text. */
  readonly statements: Map<string, StatementSync>;
  /** Looks by shape and form, for these columns. */
  looks: Map<KeyShape, Map<string, StatementSync>>;
  /** The last insert, and of which columns. */
  insert: { readonly names: readonly string[]; readonly statement: StatementSync } | undefined;
}

/** A key, as far as rows are found by it. */
type RowKey = Pick<Key, "shape" | "values">;

/** Which rows have a key: what a condition is made of, and what is bound to it. */
interface Condition {
  /** What each column may hold, with spaces between: `-` anything, `2` one of two, `n2` or NULL. */
  readonly form: string;
  readonly bound: readonly SqlValue[];
}

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
      this.#readyToWrite(connection);
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

/** What Deno's types leave out: rows as arrays, so that no column's name can be in the way. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(enabled: boolean): void;
}

/** Changes how the database is journaled if nobody else has it open; else it stays as it is. */
function tryJournalMode(db: DatabaseSync, mode: "WAL" | "DELETE"): void {
  try {
    db.exec(`PRAGMA journal_mode = ${mode}`);
  } catch (error) {
    if (!isBusy(error) && !/readonly/.test(messageOf(error))) throw error;
  }
}

function prepared(connection: Connection, sql: string): StatementSync {
  let statement = connection.statements.get(sql);
  if (!statement) {
    statement = connection.db.prepare(sql);
    statement.setReadBigInts(true);
    (statement as ArrayStatement).setReturnArrays(true);
    connection.statements.set(sql, statement);
  }
  return statement;
}

/** A look for the newest row of a shape and form: 1, or the columns in their order. */
function preparedLook(
  connection: Connection,
  shape: KeyShape,
  form: string,
  what: "1" | "*",
): StatementSync {
  const { columns, looks } = connection;
  let ofShape = looks.get(shape);
  if (!ofShape) looks.set(shape, ofShape = new Map());
  const text = what + form;
  let statement = ofShape.get(text);
  if (!statement) {
    // Columns by name: others may come between the preparing and the reading of `*`.
    const selected = what === "1" ? what : [...columns.keys()].map(quoted).join(", ");
    const order = what === "1" ? "" : `ORDER BY ${rowNumber(columns)} DESC`;
    const condition = conditionSql(shape, columns, form);
    statement = prepared(
      connection,
      `SELECT ${selected} FROM ${TABLE} WHERE ${condition} ${order} LIMIT 1`,
    );
    ofShape.set(text, statement);
  }
  return statement;
}

function preparedInsert(connection: Connection, names: readonly string[]): StatementSync {
  const last = connection.insert;
  if (last?.names.length === names.length && names.every((name, i) => name === last.names[i])) {
    return last.statement;
  }
  const marks = names.map(() => "?").join(", ");
  const sql = `INSERT INTO ${TABLE} (${names.map(quoted).join(", ")}) VALUES (${marks})`;
  const statement = prepared(connection, sql);
  connection.insert = { names, statement };
  return statement;
}

function schemaOf({ schemaVersion }: Connection): number {
  return (schemaVersion.get() as { schema_version: number }).schema_version;
}

function readColumns(db: DatabaseSync, connection: Connection): void {
  connection.schema = schemaOf(connection);
  const columns = db.prepare(`PRAGMA table_info(${TABLE})`).all() as {
    name: string;
    type: string;
  }[];
  connection.columns = new Map(
    columns.map(({ name, type }) => [name, /CHAR|CLOB|TEXT/i.test(type) ? "TEXT" : "NUMERIC"]),
  );
  connection.looks = new Map();
}

/** A database that is somebody else's is left alone. */
function checkSchema(db: DatabaseSync, { columns }: Connection, path: string): void {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as {
    user_version: number;
  };
  const others = db.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").all();
  if (columns.size === 0 && others.length > 0) {
    const names = others.map(({ name }) => `"${name}"`).join(", ");
    throw new FormatError(
      `Cannot use "${path}" as a store: it is a database with ${names} and no table ${TABLE}; ` +
        `choose another file`,
    );
  }
  if (columns.size > 0 && version > VERSION) {
    throw new FormatError(
      `Cannot use "${path}" as a store: it was made by a newer version of stet (${version}); ` +
        `update stet`,
    );
  }
}

function addColumns(connection: Connection, names: readonly string[], path: string): void {
  const { db } = connection;
  if (schemaOf(connection) !== connection.schema) readColumns(db, connection);
  const missing = names.filter((name) => !connection.columns.has(name));
  const known = new Map([...connection.columns.keys()].map((name) => [asciiLower(name), name]));
  for (const name of missing) {
    const twin = known.get(asciiLower(name));
    if (twin !== undefined) {
      throw new StoreError(
        `Cannot add column "${name}" to "${path}": it has "${twin}", and SQLite does not tell ` +
          `capitals from small letters in names; rename one, or use a .csv or .json store`,
      );
    }
    known.set(asciiLower(name), name);
  }
  if (ROW_NUMBERS.every((name) => known.has(name))) {
    throw new StoreError(
      `Cannot add column "${missing[0]}" to "${path}": a table of SQLite cannot have ` +
        `${ROW_NUMBERS.join(", ")} all three; rename one, or use a .csv or .json store`,
    );
  }
  if (connection.columns.size === 0) {
    const columns = missing.map((name) => `${quoted(name)} NUMERIC`).join(", ");
    db.exec(`CREATE TABLE ${TABLE} (${columns}); PRAGMA user_version = ${VERSION}`);
  } else {
    for (const name of missing) db.exec(`ALTER TABLE ${TABLE} ADD COLUMN ${quoted(name)} NUMERIC`);
  }
  readColumns(db, connection);
}

/** SQLite's names for the number of a row. A column of that name hides it. */
const ROW_NUMBERS = ["rowid", "_rowid_", "oid"];

/** A name for the number of a row that no column has. */
function rowNumber(columns: ReadonlyMap<string, Affinity>): string {
  const taken = new Set([...columns.keys()].map(asciiLower));
  return ROW_NUMBERS.find((name) => !taken.has(name)) ?? "rowid";
}

/** SQLite folds the case of ASCII letters only. */
function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The rows with a key; undefined if there can be none, as it has a column that the table has not. */
function conditionOf(
  { shape, values }: RowKey,
  columns: ReadonlyMap<string, Affinity>,
): Condition | undefined {
  let form = "";
  const bound: SqlValue[] = [];
  for (const name of shape.columns ?? new Set([...keyNames(columns), ...Object.keys(values)])) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const affinity = columns.get(name);
    const isDefault = value !== undefined && shape.defaults.size > 0 &&
      shape.defaults.get(name) === writeCell(value);
    if (affinity === undefined) {
      if (value !== undefined && !isDefault) return undefined;
      form += "- ";
    } else if (value === undefined) form += "n0 ";
    else {
      const texts = spellings(value, affinity);
      bound.push(...texts);
      form += `${isDefault ? "n" : ""}${texts.length} `;
    }
  }
  return { form, bound };
}

function conditionSql(
  shape: KeyShape,
  columns: ReadonlyMap<string, Affinity>,
  form: string,
): string {
  const parts = form.split(" ");
  const terms = (shape.columns ?? keyNames(columns)).flatMap((name, i) => {
    const part = parts[i]!;
    const count = Number(/\d+/.exec(part)?.[0] ?? 0);
    const isOne = count === 1 ? "= ?" : `IN (${Array(count).fill("?").join(", ")})`;
    if (part === "-") return [];
    if (part === "n0") return [`${quoted(name)} IS NULL`];
    const term = `${quoted(name)} ${isOne}`;
    return [part.startsWith("n") ? `(${term} OR ${quoted(name)} IS NULL)` : term];
  });
  return terms.join(" AND ") || "TRUE";
}

function keyNames(columns: ReadonlyMap<string, Affinity>): string[] {
  return [...columns.keys()].filter(isKeyColumn);
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

function rowOf(names: readonly string[], values: readonly SqlValue[]): Row {
  const row: Row = {};
  for (const [i, name] of names.entries()) {
    const value = fromSql(values[i]!);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function inodeOf(path: string): number | undefined {
  return fs.statSync(path, { throwIfNoEntry: false })?.ino;
}
