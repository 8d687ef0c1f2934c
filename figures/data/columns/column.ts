import { canonicalJson } from "../../../core/values/json.ts";
import type { Value } from "../../../core/values/value.ts";
import type { LongCells } from "./long_cells.ts";
import { ownTime, ownTimeText } from "./own_time.ts";

/** The maximum number of different values of a column that has a dictionary. */
const MAX_CODES = 65_536;
/** The maximum number of different numbers of a result that has a dictionary. */
const MAX_RESULT_CODES = 1024;
/** The maximum length of all texts of a dictionary, of a param and of a result. */
const MAX_TEXT_LENGTH = 16_000_000;
const MAX_RESULT_TEXT_LENGTH = 1_000_000;
/** The maximum number of values that are neither numbers nor null in a column of numbers. */
const MAX_OTHERS = 65_536;
/** Marks of rows in a column of numbers. */
const ABSENT = 1, NULL = 2;

type Codes = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** The values of some rows; undefined, or past the end, where a row has none. */
export type Values = readonly (Value | undefined)[] | Float64Array;

/** The largest number of a metric. Variances need its square, times the number of runs. */
export const MAX_NUMBER = 1e150;

/** A column whose rows are numbers of a dictionary; 0 is absent. */
export interface Coded {
  readonly codes: Codes;
  /** The values by code; the first is undefined. */
  readonly values: readonly (Value | undefined)[];
  /** The number of rows of each code. */
  readonly rows: readonly number[];
}

/** Counts of the values of a column. */
export interface ColumnCounts {
  /** Numbers and booleans of at most {@linkcode MAX_NUMBER}, and their extremes. */
  numbers: number;
  least: number;
  most: number;
  /** NaN, infinite and larger numbers. */
  left_out: number;
  texts: number;
  /** The length of all texts. */
  length: number;
  present: number;
}

/**
 * A column of values, each as it was given. It has a dictionary with codes. Once the values are too many for
 * it, numbers are in a typed array, and others in a private database. Times as stet writes them are numbers.
 */
export class Column {
  readonly name: string;
  readonly #isResult: boolean;
  readonly #newLong: () => LongCells;
  readonly #maxCodes: number;
  readonly #maxLength: number;
  /** The number of rows to make room for. */
  readonly #expected: number;
  /** The counts once there is no dictionary. */
  #counts = noCounts();
  #counted: { readonly length: number; readonly counts: ColumnCounts } | undefined;
  #length = 0;
  /** The dictionary; undefined once the values are too many. */
  #index: Map<unknown, number> | undefined = new Map();
  #values: (Value | undefined)[] = [undefined];
  #rows: number[] = [0];
  #codes: Codes = new Uint8Array(0);
  /** Numbers by row: NaN for each other value, which is in `#others`, and for null and absent rows in `#marks`. */
  #numbers: Float64Array<ArrayBuffer> | undefined;
  /** True if the numbers are those of times. */
  #isTimes = false;
  #others = new Map<number, Value>();
  #marks: Uint8Array<ArrayBuffer> | undefined;
  #nulls = 0;
  #long: LongCells | undefined;
  #made: { readonly length: number; readonly coded: Coded } | undefined;
  #dictionaryLength = 0;

  /**
   * @param isResult True for a column whose values are rarely equal.
   * @param newLong Returns a place for values that are too many or too long.
   * @param expected The number of rows that it will have, if it is known.
   */
  constructor(name: string, isResult: boolean, newLong: () => LongCells, expected = 0) {
    this.name = name;
    this.#isResult = isResult;
    this.#newLong = newLong;
    this.#expected = expected;
    this.#maxCodes = isResult ? MAX_RESULT_CODES : MAX_CODES;
    this.#maxLength = isResult ? MAX_RESULT_TEXT_LENGTH : MAX_TEXT_LENGTH;
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** Its values, if they are too many or too long to be told apart in memory: it has no codes then. */
  get long(): LongCells | undefined {
    return this.#long;
  }

  /** The numbers by row, if they are too many for a dictionary. Other values are NaN here. */
  get numbers(): Float64Array<ArrayBuffer> | undefined {
    return this.#isTimes ? undefined : this.#numbers;
  }

  /** The times by row, in seconds since 1970, if its values are such. Other values are NaN here. */
  get seconds(): Float64Array<ArrayBuffer> | undefined {
    return this.#isTimes ? this.#numbers : undefined;
  }

  /** True if {@linkcode numbers} or {@linkcode seconds} say all: each other row is absent. */
  get isPlain(): boolean {
    return this.#numbers !== undefined && this.#others.size + this.#nulls === 0;
  }

  /** The rows that {@linkcode numbers} and {@linkcode seconds} do not have, with their values. */
  *others(): Generator<readonly [row: number, value: Value | undefined]> {
    yield* this.#others;
    if (!this.#marks) return;
    for (let row = 0; row < this.#length; row++) {
      const mark = this.#marks[row];
      if (mark === ABSENT || mark === NULL) yield [row, mark === NULL ? null : undefined];
    }
  }

  /** The counts of its values. */
  get counts(): Readonly<ColumnCounts> {
    if (!this.#index) return this.#counts;
    if (this.#counted?.length !== this.#length) {
      this.#counted = { length: this.#length, counts: this.#countValues() };
    }
    return this.#counted.counts;
  }

  /** Adds the values of rows. */
  append(values: Values, length: number): void {
    const from = this.#length;
    this.#length += length;
    const isNumbers = values instanceof Float64Array;
    for (let i = 0; i < length; i++) {
      if (this.#long) return this.#appendLong(from + i, Array.from(values.slice(i, length)));
      if (isNumbers && this.#numbers && !this.#isTimes) {
        return this.#appendNumbers(from + i, values.subarray(i, length));
      }
      this.#set(from + i, values[i]);
    }
  }

  /** Returns the value of a row. */
  at(row: number): Value | undefined {
    if (this.#index) return row < this.#codes.length ? this.#values[this.#codes[row]!] : undefined;
    if (this.#long) return this.#long.at(row);
    const mark = this.#marks?.[row];
    if (mark === ABSENT || mark === NULL) return mark === NULL ? null : undefined;
    if (this.#others.size > 0 && this.#others.has(row)) return this.#others.get(row);
    const number = this.#numbers![row]!;
    return this.#isTimes ? ownTimeText(number) : number;
  }

  /** Returns codes for all rows. @throws {TypeError} If the values are {@linkcode long}. */
  coded(): Coded {
    if (this.#index) {
      if (this.#codes.length < this.#length) this.#codes = this.#grown(this.#codes, this.#length);
      return { codes: this.#codes, values: this.#values, rows: this.#rows };
    }
    if (this.#long) throw new TypeError(`Cannot code column "${this.name}": it is too long`);
    if (this.#made?.length === this.#length) return this.#made.coded;
    const index = new Map<unknown, number>();
    const values: (Value | undefined)[] = [undefined];
    const rows = [0];
    const codes = new Uint32Array(this.#length);
    for (let row = 0; row < this.#length; row++) {
      const value = this.at(row);
      let code: number | undefined = 0;
      if (value !== undefined) {
        const key = keyOf(value);
        code = index.get(key);
        if (code === undefined) {
          index.set(key, code = values.length);
          values.push(value);
          rows.push(0);
        }
      }
      codes[row] = code;
      rows[code]!++;
    }
    const coded = { codes, values, rows };
    this.#made = { length: this.#length, coded };
    return coded;
  }

  /** Returns its numbers by row; booleans count 0 and 1, each other value is NaN. */
  toNumbers(): Float64Array<ArrayBuffer> {
    if (this.#numbers && !this.#isTimes) {
      if (this.#others.size === 0) return this.#numbers;
      const numbers = this.#numbers.slice(0, this.#length);
      for (const [row, value] of this.#others) numbers[row] = numberOf(value);
      return numbers;
    }
    const numbers = new Float64Array(this.#length).fill(NaN);
    if (this.#index) {
      const table = Float64Array.from(this.#values, numberOf);
      const length = Math.min(this.#length, this.#codes.length);
      for (let row = 0; row < length; row++) numbers[row] = table[this.#codes[row]!]!;
    } else if (this.#long && this.#counts.texts < this.#counts.present) {
      for (const [row, value] of this.#long.each()) numbers[row] = numberOf(value);
    }
    for (const [row, value] of this.#others) numbers[row] = numberOf(value);
    return numbers;
  }

  /** Returns its largest text, in the order of UTF-16 units; undefined if there is none. */
  largestText(): string | undefined {
    if (this.#long) return this.#long.largestText();
    let largest: string | undefined;
    const add = (value: Value | undefined): void => {
      if (typeof value === "string" && !(largest !== undefined && largest >= value)) {
        largest = value;
      }
    };
    for (const [code, value] of this.#values.entries()) if (this.#rows[code]! > 0) add(value);
    for (const value of this.#others.values()) add(value);
    if (this.#isTimes) {
      let last = -Infinity;
      for (let row = 0; row < this.#length; row++) {
        if (this.#numbers![row]! > last) last = this.#numbers![row]!;
      }
      if (last > -Infinity) add(ownTimeText(last));
    }
    return largest;
  }

  /**
   * Returns a copy in which rows without a value have this one. A column whose values are {@linkcode long}, or
   * would be, stays as it is.
   */
  withDefault(value: Value): Column {
    const absent = this.#length - this.counts.present;
    const isOther = !this.#index && (typeof value !== "number" || this.#isTimes);
    if (absent === 0 || this.#long || isOther && absent > MAX_OTHERS / 2) return this;
    const copy = new Column(this.name, this.#isResult, this.#newLong);
    copy.#length = this.#length;
    if (this.#index) {
      this.#fillCodes(copy, value);
      return copy;
    }
    copy.#index = undefined;
    copy.#counts = { ...this.#counts };
    addCount(copy.#counts, value, absent);
    copy.#isTimes = this.#isTimes;
    copy.#numbers = this.#numbers!.slice();
    copy.#others = new Map(this.#others);
    copy.#marks = this.#marks?.slice();
    copy.#nulls = this.#nulls;
    for (let row = 0; row < this.#length; row++) {
      if (this.#marks?.[row] !== ABSENT) continue;
      copy.#marks![row] = 0;
      copy.#setNumber(row, value);
    }
    return copy;
  }

  #fillCodes(copy: Column, value: Value): void {
    const values = [...this.#values];
    const rows = [...this.#rows];
    const key = Object.is(value, -0) ? NEGATIVE_ZERO : keyOf(value);
    const code = this.#index!.get(key) ?? values.push(value) - 1;
    copy.#index = new Map(this.#index).set(key, code);
    rows[code] = (rows[code] ?? 0) + rows[0]!;
    rows[0] = 0;
    copy.#codes = this.#grown(widened(this.#codes, code), this.#length);
    for (let row = 0; row < this.#length; row++) {
      if (copy.#codes[row] === 0) copy.#codes[row] = code;
    }
    [copy.#values, copy.#rows] = [values, rows];
  }

  #countValues(): ColumnCounts {
    const counts = noCounts();
    for (const [code, value] of this.#values.entries()) {
      const rows = this.#rows[code]!;
      if (value !== undefined && rows > 0) addCount(counts, value, rows);
    }
    return counts;
  }

  #set(row: number, value: Value | undefined): void {
    if (this.#index) {
      if (value === undefined) this.#rows[0]!++;
      else this.#setCode(row, value);
    } else {
      if (value !== undefined) addCount(this.#counts, value, 1);
      this.#setNumber(row, value);
    }
  }

  #setCode(row: number, value: Value): void {
    const key = Object.is(value, -0) ? NEGATIVE_ZERO : keyOf(value);
    let code = this.#index!.get(key);
    if (code === undefined) {
      code = this.#values.length;
      if (typeof key === "string") this.#dictionaryLength += key.length;
      // Times are rarely equal: they need no dictionary before.
      const isTime = this.#isResult && code === 1 && typeof value === "string" &&
        !Number.isNaN(ownTime(value));
      if (isTime || code > this.#maxCodes || this.#dictionaryLength > this.#maxLength) {
        return this.#leaveCodes(row, value, isTime);
      }
      this.#index!.set(key, code);
      this.#values.push(value);
      this.#rows.push(0);
    }
    this.#rows[code]!++;
    if (row >= this.#codes.length) this.#codes = this.#grown(this.#codes, row + 1);
    this.#codes = widened(this.#codes, code);
    this.#codes[row] = code;
  }

  /** Keeps the values in another way, as they are too many for a dictionary. */
  #leaveCodes(row: number, value: Value, isTimes: boolean): void {
    const values = this.#values;
    const codes = this.#codes;
    this.#counts = this.#countValues();
    addCount(this.#counts, value, 1);
    const isNumber = values.map((each) => typeof each === "number");
    const others = this.#rows.filter((_, code) =>
      !isNumber[code] && (values[code] ?? null) !== null
    );
    const isNumbers = isTimes || typeof value !== "string" &&
        isNumber.filter(Boolean).length > values.length / 2 &&
        others.reduce((sum, rows) => sum + rows, 0) < MAX_OTHERS;
    this.#index = undefined;
    this.#values = [];
    this.#rows = [];
    this.#codes = new Uint8Array(0);
    const before = function* (): Generator<Value | undefined> {
      for (let i = 0; i < row; i++) yield values[codes[i] ?? 0];
      yield value;
    };
    if (isNumbers) {
      this.#isTimes = isTimes;
      this.#numbers = new Float64Array(Math.max(this.#expected, row + 1));
      let i = 0;
      for (const each of before()) this.#setNumber(i++, each);
    } else {
      this.#long = this.#newLong();
      this.#long.append(0, before());
    }
  }

  #setNumber(row: number, value: Value | undefined): void {
    if (row >= this.#numbers!.length) this.#numbers = this.#grown(this.#numbers!, row + 1);
    let number = NaN;
    let isNumber = false;
    if (this.#isTimes) {
      if (typeof value === "string") isNumber = !Number.isNaN(number = ownTime(value));
    } else if (typeof value === "number") {
      isNumber = true;
      number = value;
    }
    this.#numbers![row] = number;
    if (isNumber) return;
    if (value === undefined || value === null) {
      if (row >= (this.#marks?.length ?? 0)) {
        this.#marks = this.#grown(this.#marks ?? new Uint8Array(0), this.#numbers!.length);
      }
      this.#marks![row] = value === null ? NULL : ABSENT;
      if (value === null) this.#nulls++;
      return;
    }
    this.#others.set(row, value);
    if (this.#others.size > MAX_OTHERS) this.#leaveNumbers(row);
  }

  /** Keeps the values in a database, as those that are no numbers are too many. */
  #leaveNumbers(row: number): void {
    const long = this.#newLong();
    long.append(0, Array.from({ length: row + 1 }, (_, i) => this.at(i)));
    this.#long = long;
    this.#numbers = this.#marks = this.#made = undefined;
    this.#isTimes = false;
    this.#others = new Map();
  }

  #appendNumbers(from: number, values: Float64Array): void {
    const { length } = values;
    if (from + length > this.#numbers!.length) {
      this.#numbers = this.#grown(this.#numbers!, from + length);
    }
    this.#numbers!.set(values, from);
    for (let i = 0; i < length; i++) addCount(this.#counts, values[i]!, 1);
  }

  #appendLong(from: number, values: readonly (Value | undefined)[]): void {
    for (const value of values) if (value !== undefined) addCount(this.#counts, value, 1);
    this.#long!.append(from, values);
  }

  /** Returns a copy with room for more. */
  #grown<T extends Codes | Float64Array<ArrayBuffer>>(array: T, least: number): T {
    const length = Math.max(least, this.#expected, Math.ceil(array.length * 1.25), 256);
    const copy = new (array.constructor as new (length: number) => T)(length);
    copy.set(array);
    return copy;
  }
}

/** Returns codes as numbers that are wide enough for another one. */
function widened(codes: Codes, code: number): Codes {
  const bytes = codes.BYTES_PER_ELEMENT;
  if (code > 65_535 && bytes < 4) return Uint32Array.from(codes);
  return code > 255 && bytes < 2 ? Uint16Array.from(codes) : codes;
}

function noCounts(): ColumnCounts {
  return {
    numbers: 0,
    least: Infinity,
    most: -Infinity,
    left_out: 0,
    texts: 0,
    length: 0,
    present: 0,
  };
}

/** Counts a value that some rows have. */
function addCount(counts: ColumnCounts, value: Value, rows: number): void {
  counts.present += rows;
  if (typeof value === "string") {
    counts.texts += rows;
    counts.length += rows * value.length;
    return;
  }
  if (typeof value === "object") return;
  const number = Number(value);
  if (!(Math.abs(number) <= MAX_NUMBER)) {
    counts.left_out += rows;
    return;
  }
  counts.numbers += rows;
  if (number < counts.least) counts.least = number;
  if (number > counts.most) counts.most = number;
}

/** Returns a value as a number: booleans are 0 and 1, what is no number is NaN. */
export function numberOf(value: Value | undefined): number {
  switch (typeof value) {
    case "number":
      return value;
    case "boolean":
    case "bigint":
      return Number(value);
    default:
      return NaN;
  }
}

/** The key of -0, which a Map takes for 0. */
const NEGATIVE_ZERO = Symbol("-0");

/** Returns the key of a value in a Map: different for different values. */
export function keyOf(value: Value): unknown {
  if (typeof value === "object" && value !== null) return `\x1e${canonicalJson(value)}`;
  // A text that begins as the key of an object does.
  return typeof value === "string" && value.startsWith("\x1e") ? `\x1e${value}` : value;
}
