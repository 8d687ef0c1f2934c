import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Row, setEntry, type Value } from "../../core/values/value.ts";
import type { SqlValue } from "./sql_value.ts";

/** Maximum number of statements that are kept prepared. */
const MAX_STATEMENTS = 1000;

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

/** Returns the row with these values in these columns. */
export function rowOf(names: readonly string[], values: readonly (Value | undefined)[]): Row {
  const row: Row = {};
  for (const [i, name] of names.entries()) {
    const value = values[i];
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
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

/** Returns a name as SQLite compares it: it folds the case of ASCII letters only. */
export function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
