import { DatabaseSync } from "node:sqlite";
import { ELAPSED, orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { kindOf } from "../../core/values/compare_values.ts";
import { parseCondition } from "../../core/tools/condition.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { checkKnown } from "../../core/tools/select_rows.ts";
import { isPlainObject, type Row, setEntry, type Value } from "../../core/values/value.ts";
import { whereOf } from "../../core/tools/where.ts";
import type { RowSink } from "./follower.ts";
import { BIG_SQL, fromMirror, isBig, JSON_SQL, NAN_SQL, type SqlValue } from "./mirror_value.ts";
import { NULL_SQL, toMirror } from "./mirror_value.ts";
import type { PackedRows } from "./packed_rows.ts";
import { columnsIn, type Sql, whereSql } from "./where_sql.ts";

/** Which rows, in which order. */
export interface Page {
  /** As in `stet ls --where`. Default: all rows. */
  readonly where?: string;
  /** Columns to sort by; with `-` before the name from the largest down. Default: the store's order. */
  readonly sort?: readonly string[];
  readonly limit: number;
  readonly offset: number;
}

/** Rows that were added after others. */
export interface Added {
  /** How many. */
  readonly count: number;
  /** The newest of them, oldest first. */
  readonly rows: Row[];
}

/** How many rows one statement inserts at most: each call costs as much as a row. */
const MAX_ROWS_AT_ONCE = 25;
/** SQLite's limit of values bound to a statement. */
const MAX_PARAMETERS = 32_766;
/** SQLite's limit of a table's columns is 2000, `n`, `ended` and `took` among them. */
const MOST_COLUMNS = 1997;
/** More different values than so many are not listed. */
const MANY = 10_000;
/** How many statements are kept. */
const MOST_STATEMENTS = 100;
/** What every table has besides: when the run ended (seconds since 1970), and how long it took. */
const FIXED = ["ended", "took"];

type Statement = ReturnType<DatabaseSync["prepare"]>;

/**
 * A copy of a store's rows in a private SQLite database, so that what a page shows is SQL over it. Its
 * statements can take seconds, and block their thread: the sidecar has one for it. SQLite keeps the database in a file without a name, outside the
 * memory of the process but for a cache of 16 MB; the operating system removes it with the process.
 *
 * The table is named by {@linkcode table} and its columns by {@linkcode sql}: SQLite takes names that
 * differ only in case for one.
 */
export class Mirror implements RowSink {
  readonly #location: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, Statement>();
  #copy: Copy;
  /** The copy that is being filled. */
  #filled: Copy | undefined;
  #names: readonly string[] = [];
  #generation = 0;
  #copies = 0;

  /** @param location What messages call the store. */
  constructor(location: string) {
    this.#location = location;
    this.#db = openPrivate();
    this.#db.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384; " +
        "PRAGMA temp_store = MEMORY",
    );
    this.#copy = this.#newCopy();
  }

  /** The table of rows. */
  get table(): string {
    return this.#copy.table;
  }

  /** The store's columns, in its order. */
  get columns(): readonly string[] {
    return this.#names;
  }

  /** How many rows there are. */
  get count(): number {
    return this.#copy.count;
  }

  /** The place of the newest row: grows by 1 with each, as long as the generation is the same. */
  get last(): number {
    return this.#copy.count;
  }

  /** Changes when the store was changed otherwise than by adding rows. */
  get generation(): number {
    return this.#generation;
  }

  /** How many cells of a column have a value of each kind. */
  kinds(column: string): KindCounts {
    return this.#copy.kinds[this.#copy.numbers.get(column) ?? -1] ?? noKinds();
  }

  /** The name in SQL of a column. @throws {TypeError} If the store has none of that name. */
  sql(column: string): string {
    const number = this.#copy.numbers.get(column);
    if (number !== undefined) return `c${number}`;
    checkKnown([column], this.#names);
    return "NULL"; // a column without a cell
  }

  /** What a statement gives, row by row as arrays. Integers come as bigints. */
  all({ text, values }: Sql): SqlValue[][] {
    return this.#prepared(text).all(...values as never[]) as unknown as SqlValue[][];
  }

  /** The same, one row at a time: nothing else must be asked before the last. */
  each({ text, values }: Sql): Iterable<SqlValue[]> {
    return this.#prepared(text).iterate(...values as never[]) as unknown as Iterable<SqlValue[]>;
  }

  /** The different values of a column as the mirror keeps them, NULL too; undefined if there are many. */
  distinct(column: string): readonly SqlValue[] | undefined {
    const known = this.#copy.distinct;
    if (known.place !== this.last) {
      known.place = this.last;
      known.values.clear();
    }
    if (!known.values.has(column)) {
      const cells = this.all({
        text: `SELECT DISTINCT ${this.sql(column)} FROM ${this.table} LIMIT ?`,
        values: [BigInt(MANY + 1)],
      });
      known.values.set(column, cells.length > MANY ? undefined : cells.map(([cell]) => cell!));
    }
    return known.values.get(column);
  }

  /** A condition as SQL: `1` if there is none. @throws {SyntaxError} If it cannot be read. */
  where(text: string | undefined): Sql {
    if (text === undefined || text.trim() === "") return { text: "1", values: [] };
    const condition = parseCondition(text, this.#names);
    const isExact = columnsIn(condition).every((name) => !this.#copy.bigColumns.has(name));
    const sql = isExact ? whereSql(condition, (name) => this.sql(name)) : undefined;
    if (sql) return sql;
    // SQLite has no integers of such a size: rows are tested one by one.
    const isWanted = whereOf(condition);
    const places: number[] = [];
    const all = { text: `SELECT ${this.#cells()}, n FROM ${this.table}`, values: [] };
    for (const cells of this.each(all)) {
      if (isWanted(this.#row(cells))) places.push(Number(cells.at(-1)));
    }
    return { text: "n IN (SELECT value FROM json_each(?))", values: [JSON.stringify(places)] };
  }

  /**
   * Some rows, and how many there are in all. Absent values come last in either order.
   *
   * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If a column is not there.
   */
  page(
    { where, sort = [], limit, offset }: Page,
  ): { readonly rows: Row[]; readonly total: number } {
    const condition = this.where(where);
    const order = [...sort.flatMap((text) => this.#order(text)), "n"].join(", ");
    const from = `FROM ${this.table} WHERE ${condition.text}`;
    const [[total]] = this.all({ text: `SELECT count(*) ${from}`, values: condition.values }) as [
      [bigint],
    ];
    const rows = this.all({
      text: `SELECT ${this.#cells()} ${from} ORDER BY ${order} LIMIT ? OFFSET ?`,
      values: [...condition.values, BigInt(limit), BigInt(offset)],
    });
    return { rows: rows.map((cells) => this.#row(cells)), total: Number(total) };
  }

  /** The rows that took longest, the slowest first. */
  slowest(limit: number, where?: string): Row[] {
    const condition = this.where(where);
    const rows = this.all({
      text: `SELECT ${this.#cells()} FROM ${this.table} WHERE took IS NOT NULL AND ` +
        `${condition.text} ORDER BY took DESC, n LIMIT ?`,
      values: [...condition.values, BigInt(limit)],
    });
    return rows.map((cells) => this.#row(cells));
  }

  /** The largest text of a column, if it has one. */
  largestText(column: string): string | undefined {
    const cell = this.#copy.numbers.has(column) ? this.sql(column) : "NULL";
    const [[text]] = this.all({
      text: `SELECT max(${cell}) FROM ${this.table} WHERE typeof(${cell}) = 'text'`,
      values: [],
    }) as [[SqlValue]];
    return text === null ? undefined : fromMirror(text) as string;
  }

  /** How many rows come after a place, and the newest of them. */
  addedSince(place: number, most: number): Added {
    const from = Math.max(place, this.last - most);
    const rows = this.all({
      text: `SELECT ${this.#cells()} FROM ${this.table} WHERE n > ? ORDER BY n`,
      values: [BigInt(from)],
    });
    return { count: this.last - place, rows: rows.map((cells) => this.#row(cells)) };
  }

  /** Closes the database, and so removes it. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  /** Begins a copy: of all rows, in place of the ones there are, or of rows to add. */
  begin(isWhole: boolean): void {
    this.#filled = isWhole ? this.#newCopy() : this.#copy;
  }

  /** Inserts rows. */
  insert(rows: PackedRows): void {
    const copy = this.#filled!;
    this.#addColumns(copy, rows.names);
    const { table, numbers, kinds, bigColumns } = copy;
    const width = FIXED.length + numbers.size;
    const names = [...FIXED, ...Array.from(kinds, (_, i) => `c${i}`)].join(", ");
    const one = `(${Array(width).fill("?").join(", ")})`;
    const step = Math.max(1, Math.min(MAX_ROWS_AT_ONCE, Math.floor(MAX_PARAMETERS / width)));
    const fixed = fixedColumns(rows);
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
      // SQLite numbers the rows, from 1.
      const text = `INSERT INTO ${table} (${names}) VALUES ${places}`;
      this.#prepared(text).run(...values as never[]);
      copy.count += to - from;
    }
  }

  /** Ends a copy. @param columns The store's, in its order. */
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

  /** Removes all rows, also those of a copy that was begun. */
  abort(): void {
    if (this.#filled && this.#filled !== this.#copy) this.#drop(this.#filled);
    this.#filled = undefined;
    this.#drop(this.#copy);
    this.#copy = this.#newCopy();
    this.#generation++;
  }

  #newCopy(): Copy {
    const table = `runs${++this.#copies}`;
    this.#db.exec(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY, ended, took)`);
    return {
      table,
      numbers: new Map(),
      bigColumns: new Set(),
      distinct: { place: 0, values: new Map() },
      kinds: [],
      count: 0,
    };
  }

  #drop({ table }: Copy): void {
    this.#statements.clear();
    this.#db.exec(`DROP TABLE ${table}`);
  }

  #addColumns({ table, numbers, kinds }: Copy, names: readonly string[]): void {
    for (const name of names) {
      if (numbers.has(name)) continue;
      if (numbers.size === MOST_COLUMNS) {
        throw new StoreError(
          `Cannot show store "${this.#location}": it has more than ${MOST_COLUMNS} columns; ` +
            `/v1/runs.ndjson and /v1/runs.csv give its rows`,
        );
      }
      this.#db.exec(`ALTER TABLE ${table} ADD COLUMN c${numbers.size}`);
      kinds.push(noKinds());
      numbers.set(name, numbers.size);
      this.#statements.clear();
    }
  }

  /** The columns of rows, for SELECT. */
  #cells(): string {
    return this.#names.map((name) => this.sql(name)).join(", ") || "NULL";
  }

  #row(cells: readonly SqlValue[]): Row {
    const row: Row = {};
    for (const [i, name] of this.#names.entries()) {
      const value = fromMirror(cells[i] ?? null);
      if (value !== undefined) setEntry(row, name, value);
    }
    return row;
  }

  /** What sorts as `compareValues` does; integers beyond int64 among each other nearly so. */
  #order(text: string): string[] {
    const isDown = text.startsWith("-");
    const name = isDown ? text.slice(1) : text;
    const column = this.sql(name);
    const direction = isDown ? "DESC" : "ASC";
    // Texts alone, as times are: several times as fast.
    if (this.kinds(name)[3] === this.count) return [`${column} ${direction}`];
    const value = this.#copy.bigColumns.has(name)
      ? `CASE WHEN ${
        tagSql(column)
      } = ${BIG_SQL} THEN CAST(CAST(substr(${column}, 2) AS TEXT) AS REAL) ELSE ${column} END`
      : column;
    return [`${column} IS NULL`, `${rankSql(column)} ${direction}`, `${value} ${direction}`];
  }

  #prepared(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement) return statement;
    statement = this.#db.prepare(text);
    statement.setReadBigInts(true);
    (statement as ArrayStatement).setReturnArrays(true);
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    this.#statements.set(text, statement);
    return statement;
  }
}

/** A database of this process only: in a file without a name, or in memory where Deno wants a path. */
function openPrivate(): DatabaseSync {
  try {
    return new DatabaseSync("");
  } catch (error) {
    if (!/Empty path/.test(messageOf(error))) throw error;
    return new DatabaseSync(":memory:");
  }
}

/** A table of rows that is being filled or read. */
interface Copy {
  readonly table: string;
  /** The numbers of the columns that have a cell. */
  readonly numbers: Map<string, number>;
  /** Columns with an integer that int64 does not hold. */
  readonly bigColumns: Set<string>;
  /** The different values of columns, as long as the last row is this one. */
  readonly distinct: {
    place: number;
    readonly values: Map<string, readonly SqlValue[] | undefined>;
  };
  /** By the number of the column. */
  readonly kinds: KindCounts[];
  count: number;
}

/** How many values of each kind there are, by `kindOf`: null, booleans, numbers, texts, arrays and objects. */
export type KindCounts = [number, number, number, number, number];

function noKinds(): KindCounts {
  return [0, 0, 0, 0, 0];
}

/** Not in the types of all runtimes yet. */
interface ArrayStatement extends Statement {
  setReturnArrays(enabled: boolean): void;
}

/** The rank of a value's kind: null, booleans, numbers, NaN, texts, arrays and objects. */
function rankSql(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN 4 WHEN 'blob' THEN CASE ${tagSql(column)} ` +
    `WHEN ${NULL_SQL} THEN 0 WHEN ${BIG_SQL} THEN 2 WHEN ${NAN_SQL} THEN 3 ` +
    `WHEN ${JSON_SQL} THEN 5 ELSE 1 END ELSE 2 END`;
}

function tagSql(column: string): string {
  return `substr(${column}, 1, 1)`;
}

/** What gives the values of the fixed columns, by the number of the row. */
function fixedColumns({ names, columns }: PackedRows): ((row: number) => number | null)[] {
  const [timestamp, created, elapsed, custom] = [TIMESTAMP, "created_at", ELAPSED, "custom_data"]
    .map((name) => columns[names.indexOf(name)]);
  return [
    (row) => endOf(timestamp?.[row] ?? created?.[row]),
    (row) => durationOf(elapsed?.[row], custom?.[row]),
  ];
}

/** When a run ended, in seconds since 1970, if its time can be read. */
function endOf(text: Value | undefined): number | null {
  if (typeof text !== "string") return null;
  // Records have no zone, and are in UTC.
  const hasZone = text.endsWith("Z") || /[+-]\d\d:?\d\d$/.test(text);
  const time = Date.parse(hasZone ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? null : time / 1000;
}

/** How long a run took, in seconds, by its own column or the custom data of a record. */
function durationOf(elapsed: Value | undefined, custom: Value | undefined): number | null {
  const seconds = elapsed ?? (isPlainObject(custom) ? custom["elapsed_seconds"] : undefined);
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : null;
}
