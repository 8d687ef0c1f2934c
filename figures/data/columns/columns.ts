import {
  ELAPSED,
  isKeyColumn,
  NAMESPACE,
  orderColumns,
  TIMESTAMP,
} from "../../../core/values/columns.ts";
import { canonicalJson } from "../../../core/values/json.ts";
import { areRecords, isParamColumn } from "../../../core/values/record_names.ts";
import { isPlainObject, type Row, setEntry, type Value } from "../../../core/values/value.ts";
import { Column, type Values } from "./column.ts";
import { LongCells } from "./long_cells.ts";
import { CREATED, CUSTOM_DATA, type PackedRows, runTimes } from "./packed_rows.ts";
import { PrivateDatabase } from "./private_database.ts";
import { RowNumbers } from "./row_numbers.ts";

/** The number of rows that are packed at a time. */
const BATCH = 1000;

/** The maximum number of values made of all rows that are kept. */
const MAX_KEPT = 8;

/** The range of the ends of runs, and counts of their durations. */
export interface Times {
  readonly first: number;
  readonly last: number;
  readonly took: {
    readonly numbers: number;
    readonly left_out: number;
    readonly sum: number;
    readonly least: number;
    readonly most: number;
  };
}

/** The rows of a store in columns, kept up by the rows that it gains. */
export class Columns {
  readonly #expected: number;
  readonly #columns = new Map<string, Column>();
  #db: PrivateDatabase | undefined;
  #tables = 0;
  #names: readonly string[] = [];
  #stored: readonly string[] = [];
  #length = 0;
  #ended = new RowNumbers();
  #took = new RowNumbers();
  readonly #times = {
    first: Infinity,
    last: -Infinity,
    took: { numbers: 0, left_out: 0, sum: 0, least: Infinity, most: -Infinity },
  };
  #isRecords = false;
  readonly #kept = new Map<string, { readonly length: number; readonly value: unknown }>();

  /** @param expected The number of rows to make room for. */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** The names of the columns, in the order of the store. Entries of records' custom data come last. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The names of the store's columns, in its order. */
  get stored(): readonly string[] {
    return this.#stored;
  }

  /** The end of each run, in seconds since 1970; NaN if unknown. */
  get ended(): Float64Array {
    return this.#ended.of(this.#plainEnds());
  }

  /** The duration of each run in seconds; NaN if unknown. */
  get took(): Float64Array {
    return this.#took.of(this.#plainDurations());
  }

  /** The first and last end of a run, infinite if none is known; the number, sum and extremes of durations. */
  get times(): Times {
    return this.#times;
  }

  /** The columns that identify a run, but for the namespace. */
  get params(): readonly string[] {
    if (this.#isRecords) return this.#names.filter((name) => isParamColumn(name) && !isEntry(name));
    return this.#names.filter((name) => isKeyColumn(name) && name !== NAMESPACE);
  }

  /** The columns of saved results. */
  get results(): readonly string[] {
    if (this.#isRecords) return this.#names.filter(isEntry);
    return this.#names.filter((name) => !isKeyColumn(name) && !name.startsWith("_stet_"));
  }

  /** Returns a column; undefined if it has no value. */
  get(name: string): Column | undefined {
    return this.#columns.get(name);
  }

  /** Returns the value of a row. */
  at(name: string, row: number): Value | undefined {
    return this.#columns.get(name)?.at(row);
  }

  /** Returns a row with some of its columns, in this order. */
  row(names: readonly string[], row: number): Row {
    const found: Row = {};
    for (const name of names) {
      const value = this.at(name, row);
      if (value !== undefined) setEntry(found, name, value);
    }
    return found;
  }

  /** Returns the same rows, of which those without a param have its default. No rows are added to them. */
  withDefaults(defaults: Row): Columns {
    return this.once(`defaults ${canonicalJson(defaults)}`, () => {
      const filled = new Columns();
      filled.#length = this.#length;
      filled.#ended = this.#ended;
      filled.#took = this.#took;
      Object.assign(filled.#times, this.#times);
      filled.#isRecords = this.#isRecords;
      for (const [name, column] of this.#columns) filled.#columns.set(name, column);
      for (const [name, value] of Object.entries(defaults)) {
        const column = filled.#columns.get(name) ?? filled.#newColumn(name);
        filled.#columns.set(name, column.withDefault(value));
      }
      const others = Object.keys(defaults).filter((name) => !this.#columns.has(name));
      filled.#names = orderColumns([...this.#names], others);
      filled.#stored = this.#stored;
      return filled;
    });
  }

  /** Returns a value made of the rows, once for their number. */
  once<T>(key: string, make: () => T): T {
    const found = this.#kept.get(key);
    const isKnown = found?.length === this.#length;
    const value = isKnown ? found.value as T : make();
    for (const [name, { length }] of this.#kept) {
      if (length !== this.#length) this.#kept.delete(name);
    }
    this.#kept.delete(key); // the least recently used is the first
    this.#kept.set(key, { length: this.#length, value });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return value;
  }

  /** Adds rows. */
  insert(rows: PackedRows): void {
    const { length } = rows;
    const from = this.#length;
    const ends = this.#plainEnds();
    const durations = this.#plainDurations();
    const isRecords = areRecords(rows.names);
    this.#isRecords ||= isRecords;
    const values = new Map<string, Values>(rows.names.map((name, i) => [name, rows.columns[i]!]));
    if (isRecords) addEntries(values);
    for (const name of values.keys()) {
      if (this.#columns.has(name)) continue;
      this.#columns.set(name, this.#newColumn(name));
      this.#names = orderColumns(this.#names, [name]);
    }
    for (const [name, column] of this.#columns) column.append(values.get(name) ?? [], length);
    this.#length += length;
    const [endOf, durationOf] = runTimes(rows);
    this.#ended.append(ends, this.#plainEnds(), from, length, endOf!);
    this.#took.append(durations, this.#plainDurations(), from, length, durationOf!);
    this.#addTimes(from);
  }

  /** Sets the order of columns. @param names The store's columns. */
  commit(names: readonly string[]): void {
    const of = new Set(names);
    this.#isRecords ||= areRecords(names);
    const others = [...this.#columns.keys()].filter((name) => !of.has(name));
    this.#names = orderColumns([...names], others);
    this.#stored = this.#names.filter((name) => of.has(name) || !isEntry(name));
  }

  /** Frees the rows. */
  close(): void {
    this.#db?.close();
    this.#db = undefined;
  }

  /** Adds rows that are objects. */
  add(rows: Iterable<Row>): void {
    let batch: Row[] = [];
    const insert = (): void => {
      const names = [...new Set(batch.flatMap((row) => Object.keys(row)))];
      const columns = names.map((name) =>
        batch.map((row) => Object.hasOwn(row, name) ? row[name] : undefined)
      );
      this.insert({ length: batch.length, names, columns });
      batch = [];
    };
    for (const row of rows) {
      batch.push(row);
      if (batch.length === BATCH) insert();
    }
    if (batch.length > 0) insert();
    this.commit([...this.#columns.keys()].filter((name) => !isEntry(name)));
  }

  #newColumn(name: string): Column {
    const newLong = (): LongCells =>
      new LongCells(this.#db ??= new PrivateDatabase(), ++this.#tables);
    const column = new Column(name, !isKeyColumn(name), newLong, this.#expected);
    column.append([], this.#length);
    return column;
  }

  /** The ends of runs, if a column has them all. */
  #plainEnds(): Float64Array | undefined {
    const column = this.#columns.get(TIMESTAMP);
    return column?.isPlain && !this.#columns.has(CREATED) ? column.seconds : undefined;
  }

  /** The durations of runs, if a column has them all. */
  #plainDurations(): Float64Array | undefined {
    const column = this.#columns.get(ELAPSED);
    if (!column?.isPlain || this.#columns.has(CUSTOM_DATA)) return undefined;
    return column.counts.left_out === 0 ? column.numbers : undefined;
  }

  #addTimes(from: number): void {
    const { ended, took: durations } = this;
    const { took } = this.#times;
    for (let i = from; i < this.#length; i++) {
      const end = ended[i]!;
      if (end < this.#times.first) this.#times.first = end;
      if (end > this.#times.last) this.#times.last = end;
      const seconds = durations[i]!;
      if (Number.isNaN(seconds)) continue;
      took.numbers++;
      took.sum += seconds;
      if (seconds < took.least) took.least = seconds;
      if (seconds > took.most) took.most = seconds;
    }
  }
}

function isEntry(name: string): boolean {
  return name.startsWith(`${CUSTOM_DATA}.`);
}

/** Adds the entries of records' custom data as columns. */
function addEntries(columns: Map<string, Values>): void {
  const entries = new Map<string, (Value | undefined)[]>();
  for (const [i, value] of (columns.get(CUSTOM_DATA) ?? []).entries()) {
    if (!isPlainObject(value)) continue;
    for (const [key, entry] of Object.entries(value)) {
      const name = `${CUSTOM_DATA}.${key}`;
      let column = entries.get(name);
      if (!column) entries.set(name, column = []);
      column[i] = entry as Value;
    }
  }
  for (const [name, column] of entries) if (!columns.has(name)) columns.set(name, column);
}
