import type { DatabaseSync, StatementSync } from "node:sqlite";
import { writeCell } from "../../core/values/cell.ts";
import { isKeyColumn, SOURCE } from "../../core/values/columns.ts";
import { ColumnError, FormatError } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { type Affinity, fromSql, spellings, type SqlValue } from "./sqlite_value.ts";

/** The table of a store. Python's stet calls it so too. */
export const TABLE = "stet_records";
/** The user_version of the files we write. Python's stet leaves it 0. */
const VERSION = 1;
/** The open database, and what is known of its table. */
export interface Connection {
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
export type RowKey = Pick<Key, "shape" | "values">;

/** Which rows have a key: what a condition is made of, and what is bound to it. */
export interface Condition {
  /** What each column may hold, with spaces between: `-` anything, `2` one of two, `n2` or NULL. */
  readonly form: string;
  readonly bound: readonly SqlValue[];
}

/** What Deno's types leave out: rows as arrays, so that no column's name can be in the way. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(enabled: boolean): void;
}

/** The most statements that are kept prepared. */
const MAX_STATEMENTS = 1000;

/** The statement of a text; rows come as arrays, integers as bigints. */
export function prepared(
  connection: Pick<Connection, "db" | "statements"> & Partial<Pick<Connection, "looks">>,
  sql: string,
): StatementSync {
  let statement = connection.statements.get(sql);
  if (!statement) {
    if (connection.statements.size >= MAX_STATEMENTS) {
      connection.statements.clear();
      connection.looks?.clear();
    }
    statement = connection.db.prepare(sql);
    statement.setReadBigInts(true);
    (statement as ArrayStatement).setReturnArrays(true);
    connection.statements.set(sql, statement);
  }
  return statement;
}

/** What a look selects: that there is a row, its source (NULL for no row), or all columns in their order. */
export type Looked = "1" | typeof SOURCE | "*";

/** A look for the newest row of a shape and form. */
export function preparedLook(
  connection: Connection,
  shape: KeyShape,
  form: string,
  what: Looked,
): StatementSync {
  const { columns, looks } = connection;
  let ofShape = looks.get(shape);
  if (!ofShape) looks.set(shape, ofShape = new Map());
  const text = what + form;
  let statement = ofShape.get(text);
  if (!statement) {
    const rows = `FROM ${TABLE} WHERE ${conditionSql(shape, columns, form)}`;
    statement = prepared(
      connection,
      what === SOURCE ? sourceSql(rows) : lookSql(what, rows, columns),
    );
    ofShape.set(text, statement);
  }
  return statement;
}

function lookSql(what: "1" | "*", rows: string, columns: ReadonlyMap<string, Affinity>): string {
  if (what === "1") return `SELECT 1 ${rows} LIMIT 1`;
  // Columns by name: others may come between the preparing and the reading of `*`.
  const names = [...columns.keys()].map(quoted).join(", ");
  return `SELECT ${names} ${rows} ORDER BY ${rowNumber(columns)} DESC LIMIT 1`;
}

/**
 * Selects the source of the only row, `*` if there are several, NULL if there is none. The outer column
 * answers for a table that has none yet; to find the newest of several costs Bun three times as much.
 */
function sourceSql(rows: string): string {
  return `SELECT (SELECT CASE count(*) WHEN 0 THEN NULL WHEN 1 THEN max(source) ELSE '*' END FROM ` +
    `(SELECT coalesce(${SOURCE}, '') AS source ${rows} LIMIT 2)) FROM (SELECT NULL AS ${SOURCE})`;
}

/** The insert of a row with these columns. */
export function preparedInsert(connection: Connection, names: readonly string[]): StatementSync {
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

/** The number of the schema that the database has now. */
export function schemaOf({ schemaVersion }: Connection): number {
  return (schemaVersion.get() as { schema_version: number }).schema_version;
}

/** Reads the columns that the table has now. */
export function readColumns(db: DatabaseSync, connection: Connection): void {
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

/**
 * Checks that the database is a store, or empty. The names of the tables come from one statement: another
 * process may create the table of the store between two.
 *
 * @throws {FormatError} If it belongs to another program, or has a newer version.
 */
export function checkSchema(db: DatabaseSync, path: string): void {
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

/** The most columns that a table has. SQLite's own limit is 2000 in a SELECT, the row number is one. */
export const MAX_COLUMNS = 1999;

/**
 * Checks that a table can have more columns than it has.
 *
 * @throws {ColumnError} If SQLite cannot have them beside the ones that are there.
 */
export function checkAddable(
  columns: ReadonlyMap<string, unknown>,
  names: Iterable<string>,
  path: string,
): void {
  const known = new Map([...columns.keys()].map((name) => [asciiLower(name), name]));
  let first: string | undefined;
  for (const name of names) {
    if (columns.has(name)) continue;
    first ??= name;
    const twin = known.get(asciiLower(name));
    if (twin !== undefined && twin !== name) {
      throw new ColumnError(
        `Cannot add column "${name}" to "${path}": it has "${twin}", and SQLite does not tell ` +
          `capitals from small letters in names; rename one, or use a .csv or .json store`,
      );
    }
    known.set(asciiLower(name), name);
  }
  if (first === undefined) return;
  if (known.size > MAX_COLUMNS) {
    throw new ColumnError(
      `Cannot add column "${first}" to "${path}": there would be ${known.size} columns, and a table ` +
        `of SQLite has ${MAX_COLUMNS} at most; use a .csv or .json store, or put several values in one ` +
        `object`,
    );
  }
  if (ROW_NUMBERS.every((name) => known.has(name))) {
    throw new ColumnError(
      `Cannot add column "${first}" to "${path}": a table of SQLite cannot have ` +
        `${ROW_NUMBERS.join(", ")} all three; rename one, or use a .csv or .json store`,
    );
  }
  const number = ROW_NUMBERS.map((name) => known.get(name))
    .find((name) => name !== undefined && !columns.has(name));
  if (number !== undefined && columns.size > 0) {
    throw new ColumnError(
      `Cannot add column "${number}" to "${path}": SQLite (since 3.54) adds no column with a name that ` +
        `it has for the number of a row; rename it, or use a .csv or .json store`,
    );
  }
}

/**
 * Adds the columns that the table lacks; makes it if need be.
 *
 * @throws {ColumnError} If SQLite cannot have them beside the ones that are there.
 */
export function addColumns(connection: Connection, names: readonly string[], path: string): void {
  const { db } = connection;
  if (schemaOf(connection) !== connection.schema) readColumns(db, connection);
  const missing = names.filter((name) => !connection.columns.has(name));
  checkAddable(connection.columns, missing, path);
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
export function rowNumber(columns: ReadonlyMap<string, unknown>): string {
  const taken = new Set([...columns.keys()].map(asciiLower));
  return ROW_NUMBERS.find((name) => !taken.has(name)) ?? "rowid";
}

/** A range of a table's rows. */
export interface Extent {
  readonly count: number;
  /** The number of the last row; -1 if there is none. */
  readonly last: bigint;
  /** When that was recorded. */
  readonly time: string;
}

/** The extent of a table that is not there. */
export const NO_ROWS: Extent = { count: 0, last: -1n, time: "" };

/**
 * The newest row up to a number, and how many rows come after another number: all if that is undefined,
 * which SQLite counts without reading them.
 *
 * @param time The column that says when a row was recorded.
 */
export function extentOf(
  connection: Pick<Connection, "db" | "statements"> & {
    readonly columns: ReadonlyMap<string, unknown>;
  },
  table: string,
  time: string,
  after: bigint | undefined,
  upTo: bigint,
): Extent {
  const { columns } = connection;
  if (columns.size === 0) return NO_ROWS;
  const number = rowNumber(columns);
  const upToIt = `FROM ${table} WHERE ${number} <= ?`;
  const timeOfLast = columns.has(time)
    ? `(SELECT ${quoted(time)} ${upToIt} ORDER BY ${number} DESC LIMIT 1)`
    : "substr('', ?)";
  const those = after === undefined ? "" : ` WHERE ${number} > ?`;
  const [last, text, count] = prepared(
    connection,
    `SELECT (SELECT max(${number}) ${upToIt}), ${timeOfLast}, (SELECT count(*) FROM ${table}${those})`,
  ).get(...[upTo, upTo, ...after === undefined ? [] : [after]]) as unknown as [
    bigint | null,
    SqlValue,
    bigint,
  ];
  return { count: Number(count), last: last ?? -1n, time: String(text) };
}

/** A name as SQLite compares it: it folds the case of ASCII letters only. */
export function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The rows with a key; undefined if there can be none, as it has a column that the table has not. */
export function conditionOf(
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

/** The condition of a form, as SQL. */
export function conditionSql(
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
  return allOf(terms);
}

function keyNames(columns: ReadonlyMap<string, Affinity>): string[] {
  return [...columns.keys()].filter(isKeyColumn);
}

/** How many terms are joined without parentheses. */
const MAX_CHAIN = 100;

/** The conjunction of terms, in a tree: SQLite nests `a AND b AND c` once per term, 1000 deep at most. */
export function allOf(terms: readonly string[]): string {
  if (terms.length <= MAX_CHAIN) return terms.join(" AND ") || "TRUE";
  const middle = terms.length >> 1;
  return `(${allOf(terms.slice(0, middle))}) AND (${allOf(terms.slice(middle))})`;
}

/** The row that these values of these columns are. */
export function rowOf(names: readonly string[], values: readonly SqlValue[]): Row {
  const row: Row = {};
  for (const [i, name] of names.entries()) {
    const value = fromSql(values[i]!);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

/** A name as an identifier of SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
