import { DatabaseSync } from "node:sqlite";
import type { RecordsTable } from "../../core/contract/backend.ts";
import type { Key } from "../../core/keys/key.ts";
import type { TableColumns } from "../../core/contract/records_backend.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { checkAddable } from "./check_addable.ts";
import { columnSql, fromColumn, toColumn } from "./record_column.ts";
import {
  boundCell,
  checkRecordColumns,
  checkRecordKey,
  checkRequired,
  declaredColumn,
  inferredColumns,
  kindOf,
  OWN_COLUMNS,
  paramColumns,
  type RecordColumn,
  type RecordColumns,
  typesOf,
} from "../records/record_columns.ts";
import type { RowKey } from "./key_lookup.ts";
import type { SqlValue } from "./sql_value.ts";
import { rowNumber } from "./numbered_rows.ts";
import { allOf, insertSql, quoted, quotedList, rowOf, Statements } from "./statements.ts";
import type { Table } from "./table.ts";

/**
 * The records of a `Store` in a table of the form that Python's entropic (SQLAlchemy) makes and reads: the
 * params' columns by their types, then `id`, the primary key, `result_file`, `created_at` and `custom_data`.
 */
export class RecordTable implements Table {
  readonly stateSuffix: string;
  readonly name: string;
  readonly time = "created_at";
  readonly #path: string;
  readonly #table: string;
  readonly #declared: readonly RecordColumn[] | undefined;
  statements: Statements | undefined;
  /** Empty while there is no table. */
  #columns: RecordColumns = new Map();

  /** @throws {TypeError} If the table cannot have this name. */
  constructor(path: string, { table, columns }: RecordsTable) {
    if (table === "" || /^sqlite_|[\p{Cc}\p{Cs}]/iu.test(table)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(table)} as the name of a table: it is empty, begins with ` +
          `"sqlite_" or has control characters; choose another`,
      );
    }
    this.stateSuffix = `-${encodeURIComponent(table)}-state`;
    this.#path = path;
    this.#table = table;
    this.name = quoted(table);
    this.#declared = columns &&
      Object.entries(columns).map(([name, type]) => declaredColumn(name, type));
  }

  use(db: DatabaseSync | undefined): void {
    this.forget();
    this.statements = db && new Statements(db);
    this.known();
  }

  forget(): void {
    this.#columns = new Map();
  }

  /** The columns of the table. Other processes may have made it meanwhile. */
  known(): RecordColumns {
    if (this.#columns.size === 0 && this.statements) {
      const columns = readColumns(this.statements.db, this.name);
      if (columns.size > 0) checkRecordColumns(columns, this.#declared, this.#title);
      this.#columns = columns;
    }
    return this.#columns;
  }

  columns(): readonly string[] {
    return [...this.known().keys()];
  }

  types(): TableColumns | undefined {
    return typesOf(this.known());
  }

  checkKey(key: Key): void {
    checkRecordKey(key, this.#title);
  }

  /** The table and its columns were made before. An older row keeps what it has. */
  checkFits(key: Key, found: Row | undefined): void {
    if (!found) checkRequired(this.#columns, key, this.#title);
  }

  look(key: RowKey): Row | undefined {
    const columns = this.known();
    const condition = conditionOf(key, columns);
    if (!condition) return undefined;
    const names = [...columns.keys()];
    const values = this.statements!.get(
      `SELECT ${quotedList(names)} FROM ${this.name} WHERE ${condition.sql} ` +
        `ORDER BY ${rowNumber(columns)} DESC LIMIT 1`,
      condition.bound,
    );
    return values && rowOf(names, names.map((name, i) => this.decode(name, values[i]!)));
  }

  extension(_columns: readonly string[], [first = {}]: readonly Row[]): (() => void) | undefined {
    if (this.known().size > 0) return undefined;
    const columns = [...this.#declared ?? inferredColumns(first), ...OWN_COLUMNS];
    checkAddable(new Map(), columns.map(({ name }) => name), this.#path);
    const lines = columns.map((column) => `\n\t${quoted(column.name)} ${columnSql(column)}, `);
    return () => {
      this.statements!.db.exec(
        `CREATE TABLE IF NOT EXISTS ${this.name} (${lines.join("")}\n\tPRIMARY KEY (id)\n)`,
      );
      this.known();
    };
  }

  insert(row: Row): void {
    const cells = Object.keys(row).map((name) =>
      [name, boundCell(this.#columns, name, row, toColumn, this.#title)] as const
    )
      .filter(([name, cell]) => cell !== null || this.#columns.get(name)!.isNullable);
    const sql = insertSql(this.name, cells.map(([name]) => name));
    this.statements!.run(sql, cells.map(([, cell]) => cell));
  }

  delete(key: RowKey): number {
    const condition = conditionOf(key, this.known());
    if (!condition) return 0;
    const sql = `DELETE FROM ${this.name} WHERE ${condition.sql}`;
    return this.statements!.run(sql, condition.bound);
  }

  deleteRepeats(): number {
    return 0; // the id is the primary key
  }

  decode(column: string, value: SqlValue): Value | undefined {
    const { kind } = this.#columns.get(column) ?? {};
    return kind && fromColumn(value, kind);
  }

  /** The table in messages. */
  get #title(): string {
    return `table "${this.#table}" of "${this.#path}"`;
  }
}

/** Returns the one table of records in a database that is no other store, or undefined. */
export function recordsIn(path: string): RecordsTable | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const tables = rows.map(({ name }) => String(name));
    if (tables.includes("stet_records")) return undefined;
    const found = tables.filter((table) => {
      const columns = readColumns(db!, quoted(table));
      return OWN_COLUMNS.every(({ name }) => columns.has(name));
    });
    return found.length === 1 ? { table: found[0]! } : undefined;
  } catch {
    return undefined; // no file yet, or one whose error is thrown when it is used
  } finally {
    db?.close();
  }
}

function readColumns(db: DatabaseSync, table: string): Map<string, RecordColumn> {
  const rows = db.prepare(`PRAGMA table_info(${table})`).all() as {
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

/** Returns the condition that a row has a key, or undefined if no row can, as while there is no table. */
function conditionOf(
  { shape, values }: RowKey,
  columns: RecordColumns,
): { readonly sql: string; readonly bound: readonly SqlValue[] } | undefined {
  if (columns.size === 0) return undefined;
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
