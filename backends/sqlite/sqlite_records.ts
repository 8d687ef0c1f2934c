import { DatabaseSync, type StatementSync } from "node:sqlite";
import type {
  ClaimAnswer,
  ClaimOptions,
  MaybePromise,
  OpenOptions,
  RecordsTable,
} from "../../core/contract/backend.ts";
import { FormatError, StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import type {
  RecordsBackend,
  TableColumns,
  TableType,
} from "../../core/contract/records_backend.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { takeNumbers } from "./sqlite_damage.ts";
import {
  columnSql,
  declaredColumn,
  fromColumn,
  inferredColumn,
  kindOf,
  OWN_COLUMNS,
  type RecordColumn,
  toColumn,
  typeOf,
} from "./sqlite_record_column.ts";
import { type OpenDatabase, type Page, SqliteStore } from "./sqlite_store.ts";
import {
  allOf,
  checkAddable,
  type Extent,
  extentOf,
  NO_ROWS,
  prepared,
  quoted,
  type RowKey,
  rowNumber,
} from "./sqlite_table.ts";
import type { SqlValue } from "./sqlite_value.ts";

/** How many rows are read at a time. */
const PAGE = 1000;

interface RecordsDatabase extends OpenDatabase {
  readonly statements: Map<string, StatementSync>;
  /** Empty while there is no table. */
  columns: ReadonlyMap<string, RecordColumn>;
}

/**
 * The records of a `Store` in a table of an SQLite database, in the form in which Python's entropic
 * (SQLAlchemy) makes and reads it: the params' columns by their types, then `id`, the primary key,
 * `result_file`, `created_at` and `custom_data`. Claims and failures are in a state file of the
 * table's own.
 */
export class SqliteRecords extends SqliteStore<RecordsDatabase> implements RecordsBackend {
  readonly #table: string;
  readonly #declared: readonly RecordColumn[] | undefined;

  /** Opens the table; it and the file are made when they are first needed. */
  constructor(path: string, { table, columns }: RecordsTable, options: OpenOptions = {}) {
    super(path, `-${encodeURIComponent(table)}-state`, options);
    if (table === "" || /^sqlite_|[\p{Cc}\p{Cs}]/iu.test(table)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(table)} as the name of a table: it is empty, begins with ` +
          `"sqlite_" or has control characters; choose another`,
      );
    }
    this.#table = table;
    this.#declared = columns &&
      Object.entries(columns).map(([name, type]) => declaredColumn(name, type));
  }

  /** Whether there is a record with this id. */
  override hasKey(key: Key): MaybePromise<boolean> {
    return super.hasKey(this.#checked(key));
  }

  /** The record with this id, as a row. */
  override find(key: Key): MaybePromise<Row | undefined> {
    return super.find(this.#checked(key));
  }

  /** Looks and claims under the lock of the state file. */
  override claim(key: Key, options?: ClaimOptions): MaybePromise<ClaimAnswer> {
    return super.claim(this.#checked(key), options);
  }

  /** The key, if it is one of a `Store`: what `once` asks for, no record answers. */
  #checked(key: Key): Key {
    if (key.shape.columns?.join() === "id") return key;
    throw new StoreError(
      `Cannot run on table "${this.#table}" of "${this.path}": it holds the records of a Store; use ` +
        `that, or choose another file`,
    );
  }

  /** The columns of the table, in its order. */
  columns(): MaybePromise<readonly string[]> {
    return this.trying(() => [...this.#current()?.columns.keys() ?? []]);
  }

  /** The types of the params' columns; undefined while there is no table. */
  recordColumns(first?: Row): MaybePromise<TableColumns | undefined> {
    return this.trying(() => {
      const connection = first ? this.#withTable(first) : this.#current();
      if (!connection || connection.columns.size === 0) return undefined;
      const types: Record<string, TableType> = {};
      for (const column of paramColumns(connection.columns)) {
        setEntry(types, column.name, typeOf(column));
      }
      return types;
    });
  }

  protected connected(database: OpenDatabase): RecordsDatabase {
    const columns = readColumns(database.db, this.#table);
    if (columns.size > 0) this.#check(columns);
    return { ...database, statements: new Map(), columns };
  }

  protected found(key: RowKey): Row | undefined {
    const connection = this.#current();
    if (!connection || connection.columns.size === 0) return undefined;
    const names = [...connection.columns.keys()];
    const condition = conditionOf(key, connection.columns);
    if (!condition) return undefined;
    const number = rowNumber(connection.columns);
    const values = prepared(
      connection,
      `SELECT ${names.map(quoted).join(", ")} FROM ${quoted(this.#table)} ` +
        `WHERE ${condition.sql} ORDER BY ${number} DESC LIMIT 1`,
    ).get(...condition.bound) as unknown as SqlValue[] | undefined;
    return values && this.#rowOf(connection, names, values);
  }

  /** The columns are those of the table, which was made before; an older row keeps what it has. */
  protected checkFits({ values }: Key, found: Row | undefined): void {
    if (found || Object.keys(values).every((name) => name === "id")) return; // no run follows
    for (const column of paramColumns(this.connection?.columns ?? new Map())) {
      const { name, isNullable, hasDefault } = column;
      if (isNullable || hasDefault || (values[name] ?? null) !== null) continue;
      throw new TypeError(
        `Cannot record in table "${this.#table}" of "${this.path}" without "${name}": its column is ` +
          `"${
            typeOf(column)
          }", may not be null, and has no default in the database, though Python's ` +
          `model may have one; give it`,
      );
    }
  }

  protected withTable(_columns: readonly string[], [first = {}]: readonly Row[]): RecordsDatabase {
    return this.#withTable(first);
  }

  protected insertInto(connection: RecordsDatabase, row: Row): void {
    const cells = Object.keys(row).map((name) =>
      [name, this.#bound(connection, name, row)] as const
    )
      .filter(([name, cell]) => cell !== null || connection.columns.get(name)!.isNullable);
    const names = cells.map(([name]) => name);
    const marks = names.map(() => "?").join(", ");
    prepared(
      connection,
      `INSERT INTO ${quoted(this.#table)} (${names.map(quoted).join(", ")}) VALUES (${marks})`,
    ).run(...cells.map(([, cell]) => cell));
  }

  protected deleteRepeats(): number {
    return 0; // the id is the primary key
  }

  protected delete(connection: RecordsDatabase, key: RowKey): number {
    const { columns } = this.#current() ?? connection;
    const condition = columns.size > 0 ? conditionOf(key, columns) : undefined;
    if (!condition) return 0;
    const sql = `DELETE FROM ${quoted(this.#table)} WHERE ${condition.sql}`;
    return Number(prepared(connection, sql).run(...condition.bound).changes);
  }

  protected deleteAll(connection: RecordsDatabase): void {
    if (this.#current()!.columns.size > 0) {
      connection.db.exec(`DELETE FROM ${quoted(this.#table)}`);
    }
  }

  protected extent(after: bigint | undefined, upTo: bigint): Extent {
    const connection = this.#current();
    if (!connection) return NO_ROWS;
    return extentOf(connection, quoted(this.#table), "created_at", after, upTo);
  }

  protected page(after: bigint, wanted: readonly string[] | undefined, upTo: bigint): Page {
    const connection = this.#current();
    if (!connection || connection.columns.size === 0) return { rows: [], last: after };
    const names = [...connection.columns.keys()].filter((name) => wanted?.includes(name) ?? true);
    const number = rowNumber(connection.columns);
    const found = prepared(
      connection,
      `SELECT ${[...names.map(quoted), number].join(", ")} FROM ${quoted(this.#table)} ` +
        `WHERE ${number} > ? ORDER BY ${number} LIMIT ${PAGE}`,
    ).all(after) as unknown as SqlValue[][];
    const { rows, last } = takeNumbers(found, after, upTo, this.path);
    return { rows: rows.map((values) => this.#rowOf(connection, names, values)), last };
  }

  /** The open database; others may have made the table meanwhile. */
  #current(): RecordsDatabase | undefined {
    const connection = this.open();
    if (connection?.columns.size === 0) {
      connection.columns = readColumns(connection.db, this.#table);
      if (connection.columns.size > 0) this.#check(connection.columns);
    }
    return connection;
  }

  /** The open database with the table. */
  #withTable(row: Row): RecordsDatabase {
    const connection = this.#current() ?? this.create();
    if (connection.columns.size > 0) return connection;
    const columns = [...this.#declared ?? inferred(row), ...OWN_COLUMNS];
    checkAddable(new Map(), columns.map(({ name }) => name), this.path);
    const lines = columns.map((column) => `\n\t${quoted(column.name)} ${columnSql(column)}, `);
    this.writing(connection, () => {
      connection.db.exec(
        `CREATE TABLE IF NOT EXISTS ${quoted(this.#table)} (${
          lines.join("")
        }\n\tPRIMARY KEY (id)\n)`,
      );
    });
    return this.#current()!;
  }

  #bound(connection: RecordsDatabase, name: string, row: Row): SqlValue {
    const column = connection.columns.get(name);
    if (!column) {
      throw new StoreError(
        `Cannot record in table "${this.#table}" of "${this.path}": it has no column "${name}", ` +
          `only ${[...connection.columns.keys()].join(", ")}`,
      );
    }
    const bound = toColumn(row[name], column.kind);
    if (bound !== undefined) return bound;
    throw new TypeError(
      `Cannot record in table "${this.#table}" of "${this.path}": its column "${name}" ` +
        `(${typeOf(column)}) cannot hold ${String(row[name])}`,
    );
  }

  #rowOf(connection: RecordsDatabase, names: readonly string[], values: readonly SqlValue[]): Row {
    const row: Row = {};
    for (const [i, name] of names.entries()) {
      const value = fromColumn(values[i]!, connection.columns.get(name)!.kind);
      if (value !== undefined) setEntry(row, name, value);
    }
    return row;
  }

  /** Sees that the table is one of records, and as it was declared. */
  #check(columns: ReadonlyMap<string, RecordColumn>): void {
    const table = `table "${this.#table}" of "${this.path}"`;
    for (const { name } of OWN_COLUMNS) {
      if (columns.has(name)) continue;
      throw new FormatError(
        `Cannot use ${table} for records: it has no column "${name}"; choose another table`,
      );
    }
    if (!this.#declared) return;
    const declared = new Map(this.#declared.map((column) => [column.name, column]));
    for (const column of paramColumns(columns)) {
      const type = typeOf(column);
      const wanted = declared.get(column.name);
      if (!wanted) {
        throw new StoreError(
          `Cannot use ${table}: it has a column "${column.name}", which is not among the columns ` +
            `declared; add ${column.name}: "${type}", or choose another table`,
        );
      }
      const isSameKind = wanted.kind === column.kind ||
        (column.kind === "number" && /integer|real/.test(wanted.kind)) ||
        (/^(?:time|date)$/.test(column.kind) && wanted.kind === "text");
      // One that is declared as nullable may be left out where Python's model has a default for it.
      if (isSameKind && (wanted.isNullable || !column.isNullable)) continue;
      throw new StoreError(
        `Cannot use ${table}: its column "${column.name}" is "${type}", and "${typeOf(wanted)}" ` +
          `is declared; declare "${type}", or choose another table`,
      );
    }
    const missing = this.#declared.find(({ name }) => !columns.has(name));
    if (missing) {
      throw new StoreError(
        `Cannot use ${table}: it has no column "${missing.name}", which is declared; leave it out, ` +
          `add it to the table, or choose another table`,
      );
    }
  }
}

/** The one table of records in a database that is no other store; undefined if there is none. */
export function recordsIn(path: string): RecordsTable | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const tables = rows.map(({ name }) => String(name));
    if (tables.includes("stet_records")) return undefined;
    const found = tables.filter((table) => {
      const columns = readColumns(db!, table);
      return OWN_COLUMNS.every(({ name }) => columns.has(name));
    });
    return found.length === 1 ? { table: found[0]! } : undefined;
  } catch {
    return undefined; // no file yet, or what is wrong with it is told when it is used
  } finally {
    db?.close();
  }
}

function readColumns(db: DatabaseSync, table: string): Map<string, RecordColumn> {
  const rows = db.prepare(`PRAGMA table_info(${quoted(table)})`).all() as {
    name: string;
    type: string;
    notnull: number;
    dflt_value: string | null;
  }[];
  return new Map(
    rows.map(({ name, type, notnull, dflt_value }) => [name, {
      name,
      kind: name === "created_at" ? "created" : kindOf(type),
      isNullable: notnull === 0,
      hasDefault: dflt_value !== null,
    }]),
  );
}

function paramColumns(columns: ReadonlyMap<string, RecordColumn>): RecordColumn[] {
  return [...columns.values()].filter(isOfParam);
}

function isOfParam({ name }: { readonly name: string }): boolean {
  return OWN_COLUMNS.every((own) => own.name !== name);
}

function inferred(row: Row): RecordColumn[] {
  return Object.entries(row).map(([name, value]) => inferredColumn(name, value)).filter(isOfParam);
}

/** The rows with a key; undefined if there can be none. */
function conditionOf(
  { shape, values }: RowKey,
  columns: ReadonlyMap<string, RecordColumn>,
): { readonly sql: string; readonly bound: readonly SqlValue[] } | undefined {
  const terms: string[] = [];
  const bound: SqlValue[] = [];
  for (const name of shape.columns ?? paramColumns(columns).map((column) => column.name)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const column = columns.get(name);
    if (!column && value === undefined) continue;
    const cell = column && toColumn(value, column.kind);
    if (cell === undefined) return undefined;
    terms.push(`${quoted(name)} IS ?`);
    bound.push(cell);
  }
  return { sql: allOf(terms), bound };
}
