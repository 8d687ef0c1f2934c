import { NAMESPACE, orderColumns } from "../../../core/values/columns.ts";
import { canonicalJson } from "../../../core/values/json.ts";
import { areRecords, isParamColumn } from "../../../core/values/record_names.ts";
import { isKeyColumn } from "../../../core/values/columns.ts";
import { isPlainObject, type Row, type Value } from "../../../core/values/value.ts";
import { Column } from "./column.ts";
import { type PackedRows, runTimes } from "./packed_rows.ts";

/** The custom data of a record: an object, whose entries are its results. */
const CUSTOM_DATA = "custom_data";
/** The number of rows that are packed at a time. */
const BATCH = 1000;

/** The texts that columns do not keep. */
export interface LostValues {
  /** Returns the numbers of the rows that fulfil a condition, from 0. */
  rowsWhere(condition: string): Iterable<number>;
  /** Returns a value of a column. */
  at(column: string, row: number): Value | undefined;
}

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
  /** Source of texts that are not kept; undefined: all are kept. */
  readonly lost: LostValues | undefined;
  readonly #columns = new Map<string, Column>();
  #names: readonly string[] = [];
  #length = 0;
  #ended = new Float64Array(256);
  #took = new Float64Array(256);
  readonly #times = {
    first: Infinity,
    last: -Infinity,
    took: { numbers: 0, left_out: 0, sum: 0, least: Infinity, most: -Infinity },
  };
  #isRecords = false;
  readonly #kept = new Map<string, { readonly length: number; readonly value: unknown }>();

  constructor(lost?: LostValues) {
    this.lost = lost;
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** The names of the columns, in the order of the store. Entries of records' custom data come last. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The end of each run, in seconds since 1970; NaN if unknown. */
  get ended(): Float64Array {
    return this.#ended;
  }

  /** The duration of each run in seconds; NaN if unknown. */
  get took(): Float64Array {
    return this.#took;
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
    const column = this.#columns.get(name);
    if (!column) return undefined;
    return column.isLost ? this.lost?.at(name, row) : column.at(row);
  }

  /** Returns the same rows, of which those without a param have its default. No rows are added to them. */
  withDefaults(defaults: Row): Columns {
    return this.once(`defaults ${canonicalJson(defaults)}`, () => {
      const filled = new Columns(this.lost);
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
      return filled;
    });
  }

  /** Returns a value made of the rows, once for their number. */
  once<T>(key: string, make: () => T): T {
    const found = this.#kept.get(key);
    if (found?.length === this.#length) return found.value as T;
    const value = make();
    for (const [name, { length }] of this.#kept) {
      if (length !== this.#length) this.#kept.delete(name);
    }
    if (this.#kept.size >= 8) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, { length: this.#length, value });
    return value;
  }

  /** Adds rows. */
  insert(rows: PackedRows): void {
    const { length } = rows;
    this.#insertTimes(rows);
    const isRecords = areRecords(rows.names);
    this.#isRecords ||= isRecords;
    const values = new Map(rows.names.map((name, i) => [name, rows.columns[i]!]));
    if (isRecords) addEntries(values);
    for (const name of values.keys()) {
      if (this.#columns.has(name)) continue;
      this.#columns.set(name, this.#newColumn(name));
      this.#names = orderColumns(this.#names, [name]);
    }
    for (const [name, column] of this.#columns) column.append(values.get(name) ?? [], length);
    this.#length += length;
  }

  /** Sets the order of columns. @param names The store's columns. */
  commit(names: readonly string[]): void {
    const of = new Set(names);
    this.#isRecords ||= areRecords(names);
    const others = [...this.#columns.keys()].filter((name) => !of.has(name));
    this.#names = orderColumns([...names], others);
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
    const column = new Column(name, !isKeyColumn(name), this.lost === undefined);
    column.append([], this.#length);
    return column;
  }

  #insertTimes(rows: PackedRows): void {
    const end = this.#length + rows.length;
    if (end > this.#ended.length) {
      const length = Math.ceil(end * 1.25);
      this.#ended = copied(this.#ended, length);
      this.#took = copied(this.#took, length);
    }
    const [endOf, tookOf] = runTimes(rows);
    for (let i = 0; i < rows.length; i++) {
      const took = tookOf!(i);
      const end = endOf!(i) ?? NaN;
      this.#ended[this.#length + i] = end;
      this.#took[this.#length + i] = took ?? NaN;
      if (end < this.#times.first) this.#times.first = end;
      if (end > this.#times.last) this.#times.last = end;
      if (took === null) continue;
      const all = this.#times.took;
      all.numbers++;
      all.sum += took;
      if (took < all.least) all.least = took;
      if (took > all.most) all.most = took;
    }
  }
}

function isEntry(name: string): boolean {
  return name.startsWith(`${CUSTOM_DATA}.`);
}

/** Adds the entries of records' custom data as columns. */
function addEntries(columns: Map<string, readonly (Value | undefined)[]>): void {
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

function copied(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(length);
  copy.set(array);
  return copy;
}
