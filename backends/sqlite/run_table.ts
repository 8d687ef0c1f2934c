import type { DatabaseSync } from "node:sqlite";
import { FormatError, messageOf } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import {
  ELAPSED,
  isDetail,
  isReserved,
  orderColumns,
  SOURCE,
  TIMESTAMP,
} from "../../core/values/columns.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { isBusy } from "../state/state_database.ts";
import { checkAddable } from "./check_addable.ts";
import { KeyLookup, type RowKey } from "./key_lookup.ts";
import { type Affinity, fromSql, type SqlValue, toSql } from "./sql_value.ts";
import { rowNumber } from "./numbered_rows.ts";
import { insertSql, quoted, quotedList, rowOf, Statements } from "./statements.ts";
import type { Looked, Table } from "./table.ts";

/** Name of the table. Python's stet calls it so too. */
const TABLE = "stet_records";
/** The user_version of the files we write. Python's stet leaves it 0. */
const VERSION = 1;
/** The columns of a run's row besides those of its key and its result. */
const RUN_COLUMNS = [ELAPSED, SOURCE, TIMESTAMP];
/** Maximum number of columns of an index. */
const MAX_INDEXED = 16;

/** Finds the definition of the table. Its length tells a new column at a tenth of the cost of the schema's number. */
const DEFINITION = `SELECT rowid, length(sql) FROM sqlite_master
  WHERE name = '${TABLE}' COLLATE NOCASE AND type IN ('table', 'view')`;

/** The rows of `once` in the table `stet_records`, with a column for each param. */
export class RunTable implements Table {
  readonly stateSuffix = "-state";
  readonly #path: string;
  readonly name = TABLE;
  readonly time = TIMESTAMP;
  statements: Statements | undefined;
  /** Number of the schema at which the columns were read. */
  #schema = -1;
  /** Row and length of the table's definition then. */
  #definition: readonly SqlValue[] = [];
  #columns: ReadonlyMap<string, Affinity> = new Map();
  /** The columns that each kind of lookup reads. */
  #looked!: Readonly<Record<Looked, readonly string[]>>;
  /** For these columns. */
  readonly #lookups = new Map<KeyShape, KeyLookup>();
  /** The last insert. */
  #insert: { readonly names: readonly string[]; readonly sql: string } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  use(db: DatabaseSync | undefined): void {
    this.forget();
    this.statements = db && new Statements(db, () => this.#lookups.clear());
    if (!db) return;
    checkSchema(db, this.#path);
    this.#readColumns();
  }

  forget(): void {
    this.#setColumns(-1, new Map());
  }

  columns(): readonly string[] {
    return orderColumns([...this.known().keys()], []);
  }

  checkKey(): void {}

  checkFits({ values }: Key): void {
    const names = Object.keys(values);
    if (names.every((name) => this.#columns.has(name))) return;
    checkAddable(this.#columns, [...names, ...RUN_COLUMNS], this.#path);
  }

  look(key: RowKey, looked: Looked): Row | undefined {
    const values = this.#valuesOf(key, looked);
    return values && rowOf(this.#looked[looked], values.map(fromSql));
  }

  /** Returns values of the newest row with a key. Other processes may have added columns. */
  #valuesOf(key: RowKey, looked: Looked): SqlValue[] | undefined {
    while (this.statements) {
      const found = this.#newest(this.statements, key, looked);
      if (found && this.#isSure(key.shape, looked)) return found;
      const isCurrent = found && looked !== "none"
        ? found.pop() === this.#definition[1]
        : this.#schemaNow() === this.#schema;
      if (isCurrent) return found;
      this.#readColumns();
    }
    return undefined;
  }

  /** True if a new column can be no part of the key and none of the cells. */
  #isSure({ columns }: KeyShape, looked: Looked): boolean {
    if (columns === undefined) return false;
    return looked === "none" || (looked === "source" && this.#columns.has(SOURCE));
  }

  /** The cells are followed by the length of the table's definition, unless the lookup is sure. */
  #newest(statements: Statements, key: RowKey, looked: Looked): SqlValue[] | undefined {
    if (this.#columns.size === 0) return undefined;
    const lookup = this.#lookupOf(key.shape);
    const condition = lookup.conditionOf(key.values);
    if (!condition) return undefined;
    if (!lookup.isIndexed) this.#makeIndex(statements, key.shape, lookup);
    const { form, bound } = condition;
    const id = looked + form;
    let statement = lookup.statements.get(id);
    if (!statement) {
      const end = looked === "none" ? "LIMIT 1" : "LIMIT 2";
      statement = statements.prepare(this.#sql(key.shape, looked, lookup.sql(form), end));
      lookup.statements.set(id, statement);
    }
    if (looked === "none") return statement.get(...bound) as unknown as SqlValue[] | undefined;
    const rows = statement.all(...bound) as unknown as SqlValue[][];
    if (rows.length < 2) return rows[0]; // the usual case: ORDER BY costs Bun more than the search
    const order = `ORDER BY ${rowNumber(this.#columns)} DESC LIMIT 1`;
    return statements.get(this.#sql(key.shape, looked, lookup.sql(form), order), bound);
  }

  #sql(shape: KeyShape, looked: Looked, condition: string, end: string): string {
    const cells = looked === "none" ? ["1"] : this.#looked[looked].map(quoted);
    if (looked !== "none" && !this.#isSure(shape, looked)) {
      cells.push(`(SELECT length(sql) FROM sqlite_master WHERE rowid = ${this.#definition[0]})`);
    }
    return `SELECT ${cells.join(", ")} FROM ${TABLE} WHERE ${condition} ${end}`;
  }

  #lookupOf(shape: KeyShape): KeyLookup {
    let lookup = this.#lookups.get(shape);
    if (!lookup) this.#lookups.set(shape, lookup = new KeyLookup(shape, this.#columns));
    return lookup;
  }

  /** Makes an index for lookups of a shape, so that they do not scan. Without one they are only slower. */
  #makeIndex({ db }: Statements, shape: KeyShape, lookup: KeyLookup): void {
    const names = lookup.columns;
    if (names.length === 0 || db.isTransaction) return;
    lookup.isIndexed = true;
    const name = `stet_key ${shape.columns ? names.join(",") : "*"}`;
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(name)) return;
    const columns = quotedList(names.slice(0, MAX_INDEXED));
    try {
      db.exec(`CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${TABLE} (${columns})`);
    } catch (error) {
      if (isBusy(error)) lookup.isIndexed = false; // the next lookup tries again
      else if (!/readonly/.test(messageOf(error))) throw error;
    }
  }

  extension(columns: readonly string[], rows: readonly Row[]): (() => void) | undefined {
    const names = [...columns, ...rows.flatMap((row) => Object.keys(row))];
    if (rows.length > 0) names.push(TIMESTAMP);
    const missing = new Set(names.filter((name) => !this.#columns.has(name)));
    return missing.size > 0 ? () => this.#addColumns([...missing]) : undefined;
  }

  #addColumns(names: readonly string[]): void {
    const { db } = this.statements!;
    this.known();
    const missing = names.filter((name) => !this.#columns.has(name));
    checkAddable(this.#columns, missing, this.#path);
    const added = missing.map((name) => `${quoted(name)} NUMERIC`);
    if (this.#columns.size === 0) {
      db.exec(`CREATE TABLE ${TABLE} (${added.join(", ")}); PRAGMA user_version = ${VERSION}`);
    } else {
      for (const column of added) db.exec(`ALTER TABLE ${TABLE} ADD COLUMN ${column}`);
    }
    this.#readColumns();
  }

  insert(row: Row): void {
    row[TIMESTAMP] ??= new Date().toISOString();
    const names = Object.keys(row);
    const bound = names.map((name) => toSql(row[name]!, this.#columns.get(name)!));
    const last = this.#insert?.names;
    if (last?.length !== names.length || names.some((name, i) => name !== last[i])) {
      this.#insert = { names, sql: insertSql(TABLE, names) };
    }
    this.statements!.run(this.#insert!.sql, bound);
  }

  delete(key: RowKey): number {
    if (this.known().size === 0) return 0;
    const lookup = this.#lookupOf(key.shape);
    const condition = lookup.conditionOf(key.values);
    if (!condition) return 0;
    const sql = `DELETE FROM ${TABLE} WHERE ${lookup.sql(condition.form)}`;
    return this.statements!.run(sql, condition.bound);
  }

  deleteRepeats(): number {
    if (this.known().size === 0) return 0;
    const names = [...this.#columns.keys()].filter((name) => !isDetail(name));
    const number = rowNumber(this.#columns);
    const firsts = `SELECT min(${number}) FROM ${TABLE} GROUP BY ${quotedList(names) || "TRUE"}`;
    return this.statements!.run(`DELETE FROM ${TABLE} WHERE ${number} NOT IN (${firsts})`);
  }

  /** Other processes may have added columns. */
  known(): ReadonlyMap<string, Affinity> {
    if (this.statements && this.#schemaNow() !== this.#schema) this.#readColumns();
    return this.#columns;
  }

  decode(_column: string, value: SqlValue): Value | undefined {
    return fromSql(value);
  }

  #schemaNow(): number {
    return Number(this.statements!.get("PRAGMA schema_version")![0]);
  }

  #readColumns(): void {
    const schema = this.#schemaNow();
    this.#definition = this.statements!.get(DEFINITION) ?? [];
    const columns = this.statements!.db.prepare(`PRAGMA table_info(${TABLE})`).all() as {
      name: string;
      type: string;
    }[];
    const affinityOf = (type: string): Affinity =>
      /CHAR|CLOB|TEXT/i.test(type) ? "TEXT" : "NUMERIC";
    this.#setColumns(schema, new Map(columns.map(({ name, type }) => [name, affinityOf(type)])));
  }

  #setColumns(schema: number, columns: ReadonlyMap<string, Affinity>): void {
    this.#schema = schema;
    this.#columns = columns;
    this.#lookups.clear();
    const all = [...columns.keys()];
    const source = all.filter((name) => name === SOURCE);
    const isResult = (name: string): boolean => isReserved(name) && !name.startsWith("_stet_");
    this.#looked = { none: [], source, result: [...all.filter(isResult), ...source], all };
  }
}

/**
 * Checks that a database is a store, or empty. The names of the tables come from one statement: another
 * process may create the table of the store between two.
 *
 * @throws {FormatError} If it belongs to another program, or has a newer version.
 */
function checkSchema(db: DatabaseSync, path: string): void {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").all();
  const names = tables.map(({ name }) => String(name));
  // SQLite compares names of tables without case.
  if (!names.some((name) => name.toLowerCase() === TABLE)) {
    if (names.length === 0) return;
    throw new FormatError(
      `Cannot use "${path}" as a store: it is a database with ` +
        `${names.map((name) => `"${name}"`).join(", ")} and no table ${TABLE}; choose another file`,
    );
  }
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as {
    user_version: number;
  };
  if (version > VERSION) {
    throw new FormatError(
      `Cannot use "${path}" as a store: it was made by a newer version of stet (${version}); ` +
        `update stet`,
    );
  }
}
