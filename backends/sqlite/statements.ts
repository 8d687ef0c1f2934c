import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqlValue } from "./sql_value.ts";
import { takeNumbers } from "./sqlite_damage.ts";
import { type Extent, NO_ROWS } from "./table.ts";

/** Maximum number of statements that are kept prepared. */
const MAX_STATEMENTS = 1000;

/** Number of rows in a page. */
const PAGE = 2000;

/** Maximum number of terms joined without parentheses. */
const MAX_CHAIN = 100;

/** A part of Node's interface that Deno's types leave out: rows as arrays, so that no column's name matters. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(enabled: boolean): void;
}

/** Prepared statements of one connection, by their text. Rows are arrays; integers are bigints. */
export class Statements {
  readonly db: DatabaseSync;
  readonly #cleared: () => void;
  readonly #prepared = new Map<string, StatementSync>();

  /** @param cleared Called when the statements kept so far are dropped. */
  constructor(db: DatabaseSync, cleared: () => void = () => {}) {
    this.db = db;
    this.#cleared = cleared;
  }

  get(sql: string, bound: readonly SqlValue[] = []): SqlValue[] | undefined {
    return this.prepare(sql).get(...bound) as unknown as SqlValue[] | undefined;
  }

  all(sql: string, bound: readonly SqlValue[] = []): SqlValue[][] {
    return this.prepare(sql).all(...bound) as unknown as SqlValue[][];
  }

  /** Runs a statement, and returns the number of rows changed. */
  run(sql: string, bound: readonly SqlValue[] = []): number {
    return Number(this.prepare(sql).run(...bound).changes);
  }

  prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      if (this.#prepared.size >= MAX_STATEMENTS) {
        this.#prepared.clear();
        this.#cleared();
      }
      statement = this.db.prepare(sql);
      statement.setReadBigInts(true);
      (statement as ArrayStatement).setReturnArrays(true);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

/** A table as SQL names it. */
export interface TableName {
  readonly table: string;
  /** The columns that it has; not none. */
  readonly columns: ReadonlyMap<string, unknown>;
}

/**
 * Returns the values of columns in the rows of a page, and the number of its last row. A column that the table
 * lacks is NULL.
 */
export function pageOf(
  statements: Statements,
  { table, columns }: TableName,
  names: readonly string[],
  after: bigint,
  upTo: bigint,
  path: string,
): { readonly rows: SqlValue[][]; readonly last: bigint } {
  const number = rowNumber(columns);
  const selected = names.map((name) => columns.has(name) ? quoted(name) : "NULL");
  const sql = `SELECT ${[...selected, number].join(", ")} FROM ${table} WHERE ${number} > ? ` +
    `ORDER BY ${number} LIMIT ${PAGE}`;
  return takeNumbers(statements.all(sql, [after]), after, upTo, path);
}

/**
 * Returns the newest row up to a number, and the number of rows after another: of all if that is undefined,
 * which SQLite counts without reading them.
 *
 * @param time The column with the time of a row.
 */
export function extentOf(
  statements: Statements,
  { table, columns }: TableName,
  time: string,
  after: bigint | undefined,
  upTo: bigint,
): Extent {
  if (columns.size === 0) return NO_ROWS;
  const number = rowNumber(columns);
  const before = `FROM ${table} WHERE ${number} <= ?`;
  const timeOfLast = columns.has(time)
    ? `(SELECT ${quoted(time)} ${before} ORDER BY ${number} DESC LIMIT 1)`
    : "substr('', ?)";
  const counted = after === undefined ? table : `${table} WHERE ${number} > ?`;
  const [last, text, count] = statements.get(
    `SELECT (SELECT max(${number}) ${before}), ${timeOfLast}, (SELECT count(*) FROM ${counted})`,
    [upTo, upTo, ...after === undefined ? [] : [after]],
  ) as [bigint | null, SqlValue, bigint];
  return { count: Number(count), last: last ?? -1n, time: String(text) };
}

/** Returns a list of columns as SQL. */
export function quotedList(names: Iterable<string>): string {
  return [...names].map(quoted).join(", ");
}

/** Returns a name as an identifier of SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns an INSERT of a row with these columns. */
export function insertSql(table: string, names: readonly string[]): string {
  return `INSERT INTO ${table} (${quotedList(names)}) VALUES (${names.map(() => "?").join(", ")})`;
}

/** Returns the conjunction of terms as a tree: SQLite nests `a AND b AND c` once per term, 1000 deep at most. */
export function allOf(terms: readonly string[]): string {
  if (terms.length <= MAX_CHAIN) return terms.join(" AND ") || "TRUE";
  const middle = terms.length >> 1;
  return `(${allOf(terms.slice(0, middle))}) AND (${allOf(terms.slice(middle))})`;
}

/** Names of SQLite for the number of a row. A column of that name hides it. */
export const ROW_NUMBERS = ["rowid", "_rowid_", "oid"];

/** Returns a name for the number of a row that no column has. */
export function rowNumber(columns: ReadonlyMap<string, unknown>): string {
  const taken = new Set([...columns.keys()].map(asciiLower));
  return ROW_NUMBERS.find((name) => !taken.has(name)) ?? "rowid";
}

/** Returns a name as SQLite compares it: it folds the case of ASCII letters only. */
export function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
