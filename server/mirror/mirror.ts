import { StoreError } from "../../core/errors.ts";
import { checkKnown } from "../../core/tools/select_rows.ts";
import { NAMESPACE, orderColumns } from "../../core/values/columns.ts";
import { kindOf } from "../../core/values/compare_values.ts";
import type { RowSink } from "./follower.ts";
import { isBig, type SqlValue, toMirror } from "./mirror_value.ts";
import { type PackedRows, runTimes } from "../../figures/data/columns/packed_rows.ts";
import { PrivateDatabase } from "./private_database.ts";

/** The maximum number of rows in one INSERT: a call costs as much as a row. */
const MAX_INSERTED_ROWS = 25;
/** SQLite's limit of values bound to a statement. */
const MAX_PARAMETERS = 32_766;
/** SQLite's limit of a table's columns is 2000, `n`, `ended` and `took` among them. */
const MAX_COLUMNS = 1997;
/** The maximum number of distinct values that are listed. */
const MAX_DISTINCT = 10_000;
/** Columns of every table: the end of the run (seconds since 1970), and its duration. */
const FIXED = ["ended", "took"];

/** Counts of values by `kindOf`: null, booleans, numbers, texts, arrays and objects. */
export type KindCounts = [number, number, number, number, number];

/** A table of rows that is being filled or read. */
interface Copy {
  readonly table: string;
  /** The numbers of the columns that have a cell. */
  readonly numbers: Map<string, number>;
  /** Columns with an integer that int64 does not hold. */
  readonly bigColumns: Set<string>;
  /** Distinct values of columns, undefined if they are many; emptied by each insert. */
  readonly distinct: Map<string, readonly SqlValue[] | undefined>;
  /** By the number of the column. */
  readonly kinds: KindCounts[];
  count: number;
}

/**
 * A copy of a store's rows in a private SQLite database, so that what a page shows is SQL over it. A
 * statement can take seconds, and blocks its thread: the sidecar has one for the mirror.
 *
 * The table is named by {@linkcode table} and its columns by {@linkcode sql}: SQLite takes names that
 * differ only in case for one.
 */
export class Mirror implements RowSink {
  /** The database of the table. */
  readonly db = new PrivateDatabase();
  readonly #location: string;
  #copy: Copy;
  /** The copy that is being filled. */
  #filled: Copy | undefined;
  #names: readonly string[] = [];
  #generation = 0;
  #copies = 0;

  /** @param location The store's name in messages. */
  constructor(location: string) {
    this.#location = location;
    this.#copy = this.#newCopy();
  }

  /** The table of rows. Its column `n` numbers them from 1. */
  get table(): string {
    return this.#copy.table;
  }

  /** The store's columns, in its order. */
  get columns(): readonly string[] {
    return this.#names;
  }

  /** The number of rows, and so the position of the newest one. */
  get count(): number {
    return this.#copy.count;
  }

  /** Changes when the store was changed otherwise than by adding rows. */
  get generation(): number {
    return this.#generation;
  }

  /** Returns how many cells of a column have a value of each kind. */
  kinds(column: string): Readonly<KindCounts> {
    return this.#copy.kinds[this.#copy.numbers.get(column) ?? -1] ?? [0, 0, 0, 0, 0];
  }

  /** True if a column has an integer that int64 does not hold. */
  hasBig(column: string): boolean {
    return this.#copy.bigColumns.has(column);
  }

  /** Returns a column's name in SQL. @throws {TypeError} If the store has no such column. */
  sql(column: string): string {
    const number = this.#copy.numbers.get(column);
    if (number !== undefined) return `c${number}`;
    if (column !== NAMESPACE) checkKnown([column], this.#names);
    return "NULL"; // a column without a cell
  }

  /** Returns the distinct values of a column as the mirror keeps them, NULL too; undefined if they are many. */
  distinct(column: string): readonly SqlValue[] | undefined {
    const { distinct, table } = this.#copy;
    if (!distinct.has(column)) {
      const cells = this.db.all(
        `SELECT DISTINCT ${this.sql(column)} FROM ${table} LIMIT ${MAX_DISTINCT + 1}`,
      );
      const isFew = cells.length <= MAX_DISTINCT;
      distinct.set(column, isFew ? cells.map(([cell]) => cell!) : undefined);
    }
    return distinct.get(column);
  }

  /** Closes the database, and so removes it. */
  close(): void {
    this.db.close();
  }

  begin(isWhole: boolean): void {
    this.#filled = isWhole ? this.#newCopy() : this.#copy;
  }

  insert(rows: PackedRows): void {
    this.db.run("BEGIN", []); // else each statement would write its pages
    try {
      this.#insertRows(rows);
    } finally {
      this.db.run("COMMIT", []); // without a journal, nothing can be rolled back
    }
  }

  #insertRows(rows: PackedRows): void {
    const copy = this.#filled!;
    copy.distinct.clear();
    this.#addColumns(copy, rows.names);
    const { table, numbers, kinds, bigColumns } = copy;
    const width = FIXED.length + numbers.size;
    const names = [...FIXED, ...Array.from(kinds, (_, i) => `c${i}`)].join(", ");
    const one = `(${Array(width).fill("?").join(", ")})`;
    const step = Math.max(1, Math.min(MAX_INSERTED_ROWS, Math.floor(MAX_PARAMETERS / width)));
    const fixed = runTimes(rows);
    for (let from = 0; from < rows.length; from += step) {
      const to = Math.min(from + step, rows.length);
      const values: SqlValue[] = new Array(width * (to - from)).fill(null);
      for (let i = from; i < to; i++) {
        for (const [f, valueAt] of fixed.entries()) values[(i - from) * width + f] = valueAt(i);
      }
      for (const [c, name] of rows.names.entries()) {
        const column = rows.columns[c]!;
        const number = numbers.get(name)!;
        for (let i = from; i < to; i++) {
          const value = column[i];
          if (value === undefined) continue;
          if (typeof value === "bigint" && isBig(value)) bigColumns.add(name);
          kinds[number]![kindOf(value)]++;
          values[(i - from) * width + FIXED.length + number] = toMirror(value);
        }
      }
      const places = Array(to - from).fill(one).join(", ");
      this.db.run(`INSERT INTO ${table} (${names}) VALUES ${places}`, values);
      copy.count += to - from;
    }
  }

  commit(columns: readonly string[]): void {
    const copy = this.#filled!;
    this.#names = orderColumns(columns, copy.numbers.keys());
    if (copy !== this.#copy) {
      this.#drop(this.#copy);
      this.#copy = copy;
      this.#generation++;
    }
    this.#filled = undefined;
  }

  abort(): void {
    if (this.#filled && this.#filled !== this.#copy) this.#drop(this.#filled);
    this.#filled = undefined;
    this.#drop(this.#copy);
    this.#copy = this.#newCopy();
    this.#generation++;
  }

  #newCopy(): Copy {
    const table = `runs${++this.#copies}`;
    this.db.alter(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY, ended, took)`);
    return {
      table,
      numbers: new Map(),
      bigColumns: new Set(),
      distinct: new Map(),
      kinds: [],
      count: 0,
    };
  }

  #drop({ table }: Copy): void {
    this.db.alter(`DROP TABLE ${table}`);
  }

  #addColumns({ table, numbers, kinds }: Copy, names: readonly string[]): void {
    for (const name of names) {
      if (numbers.has(name)) continue;
      if (numbers.size === MAX_COLUMNS) {
        throw new StoreError(
          `Cannot show store "${this.#location}": it has more than ${MAX_COLUMNS} columns; ` +
            `/v1/runs.ndjson and /v1/runs.csv give its rows`,
        );
      }
      this.db.alter(`ALTER TABLE ${table} ADD COLUMN c${numbers.size}`);
      kinds.push([0, 0, 0, 0, 0]);
      numbers.set(name, numbers.size);
    }
  }
}
