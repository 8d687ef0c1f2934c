import { compareValues } from "../../../core/values/compare_values.ts";
import type { Value } from "../../../core/values/value.ts";
import type { PrivateDatabase, PrivateStatement } from "./private_database.ts";
import { fromSql, isJsonSql, type SqlValue, toSql } from "./sql_value.ts";

/** The values of a column by row, in a table of a private database: they are many, and can be long. */
export class LongCells {
  readonly #db: PrivateDatabase;
  readonly #table: string;
  readonly #insert: PrivateStatement;
  readonly #select: PrivateStatement;

  /** @param number That of the table: each column has another. */
  constructor(db: PrivateDatabase, number: number) {
    this.#db = db;
    this.#table = `cells${number}`;
    db.exec(`CREATE TABLE ${this.#table} (row INTEGER PRIMARY KEY, cell)`);
    this.#insert = db.prepare(`INSERT INTO ${this.#table} VALUES (?, ?)`);
    this.#select = db.prepare(`SELECT cell FROM ${this.#table} WHERE row = ?`);
  }

  /** Adds the values of rows; undefined where a row has none. */
  append(from: number, values: Iterable<Value | undefined>): void {
    this.#db.exec("BEGIN"); // else each statement would write its pages
    try {
      let row = from;
      for (const value of values) {
        if (value !== undefined) this.#insert.run(row, toSql(value));
        row++;
      }
    } finally {
      this.#db.exec("COMMIT"); // without a journal, nothing can be rolled back
    }
  }

  /** Returns the value of a row. */
  at(row: number): Value | undefined {
    const [cell = null] = this.#select.get(row) ?? [];
    return cell === null ? undefined : fromSql(cell);
  }

  /** Returns all values with their rows, in the order of rows. */
  *each(): Generator<readonly [row: number, value: Value]> {
    const rows = this.#db.prepare(`SELECT row, cell FROM ${this.#table} ORDER BY row`);
    for (const [row, cell] of rows.iterate()) yield [Number(row), fromSql(cell!)];
  }

  /** Returns the largest text; undefined if there is none. */
  largestText(): string | undefined {
    const statement = `SELECT max(cell) FROM ${this.#table} WHERE typeof(cell) = 'text'`;
    const [cell = null] = this.#db.prepare(statement).get() ?? [];
    return cell === null ? undefined : fromSql(cell) as string;
  }

  /**
   * Returns numbers that order rows as `compareValues` orders their values; NaN for rows without a value.
   *
   * @param length The number of rows.
   */
  ranks(length: number): Float64Array<ArrayBuffer> {
    const ranks = new Float64Array(length).fill(NaN);
    const others: (readonly [row: number, value: Value])[] = [];
    const sql = `SELECT row, cell FROM ${this.#table} ` +
      `WHERE typeof(cell) != 'text' AND NOT (${isJsonSql("cell")})`;
    for (const [row, cell] of this.#db.prepare(sql).iterate()) {
      others.push([Number(row), fromSql(cell!)]);
    }
    others.sort(([, a], [, b]) => compareValues(a, b));
    let rank = 0;
    for (const [i, [row, value]] of others.entries()) {
      if (i === 0 || compareValues(others[i - 1]![1], value) !== 0) rank++;
      ranks[row] = rank;
    }
    // SQLite sorts texts in a file if they are many.
    for (const condition of ["typeof(cell) = 'text'", isJsonSql("cell")]) {
      const first = rank;
      for (const [row, dense] of this.#ranked(condition)) {
        ranks[Number(row)] = rank = first + Number(dense);
      }
    }
    return ranks;
  }

  #ranked(condition: string): Iterable<readonly SqlValue[]> {
    return this.#db.prepare(
      `SELECT row, dense_rank() OVER (ORDER BY cell) FROM ${this.#table} WHERE ${condition}`,
    ).iterate();
  }
}
