import type { Backend, MaybePromise, OpenOptions } from "../../core/contract/backend.ts";
import type { ValueBatch } from "../../core/contract/engine.ts";
import {
  ELAPSED,
  isDetail,
  isKeyColumn,
  orderColumns,
  SOURCE,
  sourceIn,
  TIMESTAMP,
} from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { MemoryBackend } from "../memory.ts";
import { damaged, takeNumbers } from "./sqlite_damage.ts";
import { sqlitePath } from "./sqlite_path.ts";
import { recordsIn, SqliteRecords } from "./sqlite_records.ts";
import { type OpenDatabase, type Page, SqliteStore, subsetKey } from "./sqlite_store.ts";
import {
  addColumns,
  checkAddable,
  checkSchema,
  conditionOf,
  conditionSql,
  type Connection,
  type Extent,
  extentOf,
  type Looked,
  NO_ROWS,
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
import { fromSql, type SqlValue, toSql } from "./sqlite_value.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { isBusy } from "../state/state_database.ts";

/** The columns of a run's row besides those of its key and its result. */
const RUN_COLUMNS = [ELAPSED, SOURCE, TIMESTAMP];

/** How many rows are read at a time. */
const PAGE = 2000;

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
export class SqliteBackend extends SqliteStore<Connection> {
  /** Shapes whose index was made, or cannot be. */
  readonly #indexed = new WeakSet<KeyShape>();

  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, "-state", options);
  }

  /** Whether a row agrees on all columns given. */
  override has(columns: Row): MaybePromise<boolean> {
    return this.trying(() => this.#look(subsetKey(columns), "1") !== undefined);
  }

  /** Whether there is a row with exactly this key. */
  override hasKey(key: Key): MaybePromise<boolean> {
    return this.trying(() => this.#look(key, "1") !== undefined);
  }

  /** The source of the newest row with exactly this key. */
  override sourceOf(key: Key): MaybePromise<string | undefined> {
    return this.trying(() => {
      const source = this.#look(key, SOURCE)?.[0];
      if (source === undefined || source === "") return source;
      if (source !== "*") return String(fromSql(source));
      const row = this.found(key);
      return row && sourceIn(row);
    });
  }

  /** The columns of the store. */
  columns(): MaybePromise<readonly string[]> {
    return this.trying(() => orderColumns([...this.#current()?.columns.keys() ?? []], []));
  }

  protected connected(database: OpenDatabase): Connection {
    const { db } = database;
    const schemaVersion = db.prepare("PRAGMA schema_version");
    const connection: Connection = {
      ...database,
      schemaVersion,
      schema: -1,
      columns: new Map(),
      statements: new Map(),
      looks: new Map(),
      insert: undefined,
    };
    checkSchema(db, this.path);
    readColumns(db, connection);
    return connection;
  }

  protected found(key: RowKey): Row | undefined {
    const found = this.#look(key, "*");
    if (!found) return undefined;
    return rowOf([...this.connection!.columns.keys()], found);
  }

  /** The newest row with a key: 1, its source, or the columns in their order. */
  #look(key: RowKey, what: Looked): SqlValue[] | undefined {
    for (;;) {
      const connection = this.open();
      if (!connection) return undefined;
      const { db, schema, columns } = connection;
      const condition = columns.size > 0 ? conditionOf(key, columns) : undefined;
      if (condition) this.#makeIndex(connection, key.shape);
      const answer = condition &&
        preparedLook(connection, key.shape, condition.form, what)
          .get(...condition.bound) as unknown as SqlValue[] | undefined;
      const found = what === SOURCE && answer?.[0] === null ? undefined : answer;
      // A new column may be part of the key, of every key that nobody declared, and of every row.
      const isSure = found !== undefined && key.shape.columns !== undefined && what !== "*";
      if (isSure || schemaOf(connection) === schema) return found;
      readColumns(db, connection);
    }
  }

  /** A transaction that is undone may have made columns: they are read again. */
  protected override writing<T>(connection: Connection, body: () => T): T {
    try {
      return super.writing(connection, body);
    } catch (error) {
      connection.columns = new Map();
      connection.schema = -1;
      throw error;
    }
  }

  protected checkFits({ values }: Key): void {
    const known = this.connection?.columns ?? new Map();
    const names = Object.keys(values);
    if (names.every((name) => known.has(name))) return;
    checkAddable(known, [...names, ...RUN_COLUMNS], this.path);
  }

  protected withTable(columns: readonly string[], rows: readonly Row[]): Connection {
    const connection = this.open() ?? this.create();
    const missing = new Set<string>();
    const check = (name: string): void => {
      if (!connection.columns.has(name)) missing.add(name);
    };
    columns.forEach(check);
    for (const row of rows) Object.keys(row).forEach(check);
    if (rows.length > 0) check(TIMESTAMP);
    if (missing.size > 0) {
      this.writing(connection, () => addColumns(connection, [...missing], this.path));
    }
    return connection;
  }

  protected insertInto(connection: Connection, unstamped: Row): void {
    const row = stamped(unstamped);
    const names = Object.keys(row);
    const bound = names.map((name) => toSql(row[name]!, connection.columns.get(name)!));
    preparedInsert(connection, names).run(...bound);
  }

  protected deleteRepeats({ db }: Connection): number {
    const { columns = new Map() } = this.#current() ?? {};
    const names = [...columns.keys()].filter((name) => !isDetail(name)).map(quoted);
    if (columns.size === 0) return 0;
    const number = rowNumber(columns);
    const firsts = `SELECT min(${number}) FROM ${TABLE} GROUP BY ${names.join(", ") || "TRUE"}`;
    const sql = `DELETE FROM ${TABLE} WHERE ${number} NOT IN (${firsts})`;
    return Number(db.prepare(sql).run().changes);
  }

  protected delete(connection: Connection, key: RowKey): number {
    if (schemaOf(connection) !== connection.schema) readColumns(connection.db, connection);
    const { columns } = connection;
    const condition = conditionOf(key, columns);
    if (!condition || columns.size === 0) return 0;
    const sql = `DELETE FROM ${TABLE} WHERE ${conditionSql(key.shape, columns, condition.form)}`;
    return Number(prepared(connection, sql).run(...condition.bound).changes);
  }

  protected deleteAll({ db }: Connection): void {
    const connection = this.#current();
    if (connection && connection.columns.size > 0) db.exec(`DELETE FROM ${TABLE}`);
  }

  protected extent(after: bigint | undefined, upTo: bigint): Extent {
    const connection = this.#current();
    return connection ? extentOf(connection, TABLE, TIMESTAMP, after, upTo) : NO_ROWS;
  }

  /** The values of these columns, as `rows` gives them. */
  override async *valueBatches(columns: readonly string[]): AsyncGenerator<ValueBatch> {
    const upTo = await this.lastNumber();
    for (let after = -1n;;) {
      const { values, last } = await this.trying(() => this.#values(after, columns, upTo));
      if (values.length === 0) return;
      yield values.map((row) => row.map(fromSql));
      after = last;
    }
  }

  protected page(after: bigint, columns: readonly string[] | undefined, upTo: bigint): Page {
    const connection = this.#current();
    if (!connection) return { rows: [], last: after };
    const known = connection.columns;
    const names = [...known.keys()].filter((name) => columns?.includes(name) ?? true);
    const { values, last } = this.#values(after, names, upTo);
    if (connection.columns !== known) return this.page(after, columns, upTo); // a column came between
    const rows = values.map((row) => rowOf(names, row));
    if (columns === undefined && rows.some(isBlank)) {
      throw damaged(this.path, "a row without cells");
    }
    return { rows, last };
  }

  /** The values of columns in the rows after one; NULL in a column that the table has not. */
  #values(
    after: bigint,
    columns: readonly string[],
    upTo: bigint,
  ): { readonly values: SqlValue[][]; readonly last: bigint } {
    const connection = this.#current();
    if (!connection || connection.columns.size === 0) return { values: [], last: after };
    const { schema } = connection;
    const number = rowNumber(connection.columns);
    const selected = columns
      .map((name) => connection.columns.has(name) ? quoted(name) : "NULL");
    const sql = `SELECT ${[...selected, number].join(", ")} FROM ${TABLE} WHERE ${number} > ? ` +
      `ORDER BY ${number} LIMIT ${PAGE}`;
    const found = prepared(connection, sql).all(after) as unknown as SqlValue[][];
    if (schemaOf(connection) !== schema) return this.#values(after, columns, upTo); // it has it now
    const { rows, last } = takeNumbers(found, after, upTo, this.path);
    return { values: rows, last };
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

  /** The open database with the columns that it has now, others' new ones too. */
  #current(): Connection | undefined {
    const connection = this.open();
    if (connection && schemaOf(connection) !== connection.schema) {
      readColumns(connection.db, connection);
    }
    return connection;
  }
}

/** True if a row has no cell. Every row that was recorded has a time at least. */
function isBlank(row: Row): boolean {
  return Object.keys(row).length === 0;
}

/**
 * Opens the SQLite store at a path or URL: the table of a `Store` if it is asked for, or all that is
 * in the file.
 */
export function open(location: string, options: OpenOptions): Backend {
  const path = sqlitePath(location);
  if (path === undefined) return new MemoryBackend();
  const records = options.records ?? recordsIn(path);
  return records ? new SqliteRecords(path, records, options) : new SqliteBackend(path, options);
}
