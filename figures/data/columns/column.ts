import { canonicalJson } from "../../../core/values/json.ts";
import type { Value } from "../../../core/values/value.ts";

/** The maximum number of different values of a column that has a dictionary. */
const MAX_CODES = 65_536;
/** The maximum number of different numbers of a result that has a dictionary. */
const MAX_RESULT_CODES = 1024;
/** The maximum length of all texts of a dictionary, of a param and of a result. */
const MAX_TEXT_LENGTH = 16_000_000;
const MAX_RESULT_TEXT_LENGTH = 1_000_000;

type Codes = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

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
  /** Numbers and booleans that are finite, and their extremes. */
  numbers: number;
  least: number;
  most: number;
  /** NaN and infinite numbers. */
  left_out: number;
  texts: number;
  /** The length of all texts. */
  length: number;
  present: number;
}

/**
 * A column of values in typed arrays: a dictionary with codes, or numbers once they are many. Texts beyond a
 * dictionary are kept if `keepsTexts`, and otherwise only counted.
 */
export class Column {
  readonly name: string;
  readonly #keepsTexts: boolean;
  readonly #maxCodes: number;
  readonly #maxLength: number;
  /** The counts once there is no dictionary. */
  #counts = noCounts();
  #counted: { readonly length: number; readonly counts: ColumnCounts } | undefined;
  #length = 0;
  /** The dictionary; undefined once the values are too many. */
  #index: Map<unknown, number> | undefined = new Map();
  #values: (Value | undefined)[] = [undefined];
  #rows: number[] = [0];
  #codes: Codes = new Uint8Array(256);
  /** Numbers by row: NaN for each other value, which is in `#others`; absent rows are in `#isAbsent`. */
  #numbers: Float64Array<ArrayBuffer> | undefined;
  #others = new Map<number, Value>();
  #isAbsent: Uint8Array<ArrayBuffer> | undefined;
  /** All values by row, of texts that are kept. */
  #all: (Value | undefined)[] | undefined;
  #isLost = false;
  #made: { readonly length: number; readonly coded: Coded } | undefined;
  #dictionaryLength = 0;

  /**
   * @param isResult True for a column whose values are rarely equal.
   * @param keepsTexts True to keep texts that are too many for a dictionary.
   */
  constructor(name: string, isResult: boolean, keepsTexts: boolean) {
    this.name = name;
    this.#keepsTexts = keepsTexts;
    this.#maxCodes = isResult ? MAX_RESULT_CODES : MAX_CODES;
    this.#maxLength = isResult ? MAX_RESULT_TEXT_LENGTH : MAX_TEXT_LENGTH;
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** True if only the counts of its values are known. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The numbers by row, if they are too many for a dictionary. Other values are NaN here. */
  get numbers(): Float64Array<ArrayBuffer> | undefined {
    return this.#numbers;
  }

  /** True if each row has a number, which {@linkcode numbers} has. */
  get isNumbers(): boolean {
    return this.#numbers !== undefined && this.#others.size === 0 && !this.#isAbsent;
  }

  /** The counts of its values. */
  get counts(): Readonly<ColumnCounts> {
    if (!this.#index) return this.#counts;
    if (this.#counted?.length !== this.#length) {
      this.#counted = { length: this.#length, counts: this.#countValues() };
    }
    return this.#counted.counts;
  }

  /** Adds the values of rows; undefined, or past the end, where a row has none. */
  append(values: readonly (Value | undefined)[], length: number): void {
    const from = this.#length;
    this.#length += length;
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (!this.#index && value !== undefined) addCount(this.#counts, value, 1);
      this.#set(from + i, value);
    }
  }

  /** Returns the value of a row. @throws {TypeError} If it {@linkcode isLost}. */
  at(row: number): Value | undefined {
    if (this.#index) return row < this.#codes.length ? this.#values[this.#codes[row]!] : undefined;
    if (this.#numbers) {
      if (this.#isAbsent?.[row]) return undefined;
      return this.#others.size > 0 && this.#others.has(row)
        ? this.#others.get(row)
        : this.#numbers[row];
    }
    if (this.#isLost) throw new TypeError(`Cannot read column "${this.name}": it is not kept`);
    return this.#all![row];
  }

  /** Returns codes for all rows. @throws {TypeError} If the column {@linkcode isLost}. */
  coded(): Coded {
    if (this.#index) {
      if (this.#codes.length < this.#length) this.#codes = grown(this.#codes, this.#length);
      return { codes: this.#codes, values: this.#values, rows: this.#rows };
    }
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
    if (this.#numbers) {
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
    } else if (this.#all) {
      for (let row = 0; row < this.#length; row++) numbers[row] = numberOf(this.#all[row]);
    }
    return numbers;
  }

  /** Returns a copy in which rows without a value have this one. Texts that are not kept stay so. */
  withDefault(value: Value): Column {
    const absent = this.#length - this.counts.present;
    if (absent === 0 || this.#isLost) return this;
    const copy = new Column(this.name, false, this.#keepsTexts);
    copy.#length = this.#length;
    copy.#counts = { ...this.#counts };
    if (this.#index) this.#fillCodes(copy, value);
    else {
      addCount(copy.#counts, value, absent);
      copy.#index = undefined;
      if (this.#numbers) this.#fillNumbers(copy, value);
      else {
        const valueAt = (row: number): Value =>
          this.#all![row] === undefined ? value : this.#all![row];
        copy.#all = Array.from({ length: this.#length }, (_, row) => valueAt(row));
      }
    }
    return copy;
  }

  #fillCodes(copy: Column, value: Value): void {
    const values = [...this.#values];
    const rows = [...this.#rows];
    const key = keyOf(value);
    const code = this.#index!.get(key) ?? values.push(value) - 1;
    copy.#index = new Map(this.#index).set(key, code);
    rows[code] = (rows[code] ?? 0) + rows[0]!;
    rows[0] = 0;
    const codes = code < 256
      ? this.#codes
      : code < 65_536
      ? Uint16Array.from(this.#codes)
      : Uint32Array.from(this.#codes);
    copy.#codes = grown(codes.subarray(0, this.#length) as Codes, this.#length);
    for (let row = 0; row < this.#length; row++) {
      if (copy.#codes[row] === 0) copy.#codes[row] = code;
    }
    [copy.#values, copy.#rows] = [values, rows];
  }

  #fillNumbers(copy: Column, value: Value): void {
    copy.#numbers = this.#numbers!.slice();
    copy.#others = new Map(this.#others);
    for (let row = 0; row < this.#length; row++) {
      if (this.#isAbsent![row] === 1) copy.#setNumber(row, value);
    }
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
    } else if (this.#numbers) {
      this.#setNumber(row, value);
    } else if (this.#all) {
      this.#all[row] = value;
    }
  }

  #setCode(row: number, value: Value): void {
    const key = keyOf(value);
    let code = this.#index!.get(key);
    if (code === undefined) {
      code = this.#values.length;
      if (typeof key === "string") this.#dictionaryLength += key.length;
      if (code > this.#maxCodes || this.#dictionaryLength > this.#maxLength) {
        return this.#leaveCodes(row, value);
      }
      this.#index!.set(key, code);
      this.#values.push(value);
      this.#rows.push(0);
    }
    this.#rows[code]!++;
    if (row >= this.#codes.length) this.#codes = grown(this.#codes, row + 1);
    if (code > 255 && this.#codes.BYTES_PER_ELEMENT === 1) {
      this.#codes = Uint16Array.from(this.#codes);
    }
    if (code > 65_535 && this.#codes.BYTES_PER_ELEMENT === 2) {
      this.#codes = Uint32Array.from(this.#codes);
    }
    this.#codes[row] = code;
  }

  /** Keeps the values in another way, as they are too many for a dictionary. */
  #leaveCodes(row: number, value: Value): void {
    const values = this.#values;
    const codes = this.#codes;
    this.#counts = this.#countValues();
    addCount(this.#counts, value, 1);
    const numbers = values.reduce<number>((sum, each) => sum + Number(typeof each === "number"), 0);
    this.#index = undefined;
    if (numbers > values.length / 2 && typeof value !== "string") {
      this.#numbers = new Float64Array(Math.max(codes.length, row + 1));
      for (let i = 0; i < row; i++) this.#setNumber(i, values[codes[i] ?? 0]);
    } else if (this.#keepsTexts) {
      this.#all = Array.from({ length: row }, (_, i) => values[codes[i] ?? 0]);
    } else {
      this.#isLost = true;
    }
    this.#values = [];
    this.#rows = [];
    this.#codes = new Uint8Array(0);
    this.#set(row, value);
  }

  #setNumber(row: number, value: Value | undefined): void {
    if (row >= this.#numbers!.length) this.#numbers = grown(this.#numbers!, row + 1);
    if (typeof value === "number") {
      this.#numbers![row] = value;
      return;
    }
    this.#numbers![row] = NaN;
    if (value !== undefined) {
      this.#others.set(row, value);
    } else {
      this.#isAbsent ??= new Uint8Array(this.#numbers!.length);
    }
    if (this.#isAbsent && row >= this.#isAbsent.length) {
      this.#isAbsent = grown(this.#isAbsent, this.#numbers!.length);
    }
    if (value === undefined) this.#isAbsent![row] = 1;
  }
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
  if (!Number.isFinite(number)) {
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

/** Returns the key of a value in a Map: different for different values. */
export function keyOf(value: Value): unknown {
  if (typeof value === "object" && value !== null) return `\x1e${canonicalJson(value)}`;
  // A text that begins as the key of an object does.
  return typeof value === "string" && value.startsWith("\x1e") ? `\x1e${value}` : value;
}

/** Returns a copy with room for more. */
function grown<T extends Codes | Float64Array<ArrayBuffer>>(array: T, least: number): T {
  const length = Math.max(least, Math.ceil(array.length * 1.25), 256);
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
