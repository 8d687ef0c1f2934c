import { yielding, YieldTimer } from "../../../core/runtime/yield_timer.ts";
import { ELAPSED, TIMESTAMP } from "../../../core/values/columns.ts";
import { isPlainObject, type Row, type Value } from "../../../core/values/value.ts";
import type { Values } from "./column.ts";
import { ownTime } from "./own_time.ts";

/** The end of a record's run. */
export const CREATED = "created_at";
/** The custom data of a record: an object, whose entries are its results. */
export const CUSTOM_DATA = "custom_data";

/** Rows by column, as they are sent to a thread: several times cheaper than objects. */
export interface PackedRows {
  readonly length: number;
  readonly names: readonly string[];
  /** The values of each column; undefined, or past the end, where a row has none. */
  readonly columns: readonly Values[];
}

/** A batch is full with so many cells; a long text counts as several. */
const MAX_CELLS = 20_000;
/** The length of a text that counts as one cell. */
const CELL_LENGTH = 64;

/** Number of rows between two reads of the clock. */
const ROWS_PER_CHECK = 16;

/** Packs rows in batches, and yields to the event loop meanwhile. */
export async function* packRows(
  rows: Iterable<Row> | AsyncIterable<Row>,
): AsyncGenerator<PackedRows> {
  const packer = new Packer();
  if (Symbol.asyncIterator in rows) {
    for await (const row of yielding(rows)) if (packer.add(row)) yield packer.take();
  } else {
    // Not by `yielding`: a promise for each row takes as long as to read it.
    const timer = new YieldTimer();
    for (const row of rows) {
      if (timer.isDue(ROWS_PER_CHECK)) await timer.yield();
      if (packer.add(row)) yield packer.take();
    }
  }
  if (packer.length > 0) yield packer.take();
}

/** Gathers rows by column. */
class Packer {
  #columns: ColumnPacker[] = [];
  #byName = new Map<string, ColumnPacker>();
  length = 0;
  #cells = 0;

  /** Adds a row; true if the batch is full. */
  add(row: Row): boolean {
    const names = Object.keys(row);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = row[name]!;
      const column = this.#columns[i]?.name === name ? this.#columns[i]! : this.#column(name);
      column.add(this.length, value);
      if (typeof value === "string") this.#cells += Math.floor(value.length / CELL_LENGTH);
    }
    this.length++;
    this.#cells += 1 + names.length;
    return this.#cells >= MAX_CELLS;
  }

  /** Returns the batch, and begins a new one. */
  take(): PackedRows {
    const packed = {
      length: this.length,
      names: this.#columns.map(({ name }) => name),
      columns: this.#columns.map((column) => column.values(this.length)),
    };
    this.#columns = [];
    this.#byName = new Map();
    this.length = this.#cells = 0;
    return packed;
  }

  #column(name: string): ColumnPacker {
    let column = this.#byName.get(name);
    if (!column) {
      this.#byName.set(name, column = new ColumnPacker(name));
      this.#columns.push(column);
    }
    return column;
  }
}

/** Gathers the values of a column: in a typed array while each row has a number, which is sent several times as fast. */
class ColumnPacker {
  readonly name: string;
  #numbers: Float64Array | undefined = new Float64Array(2048);
  #values: (Value | undefined)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  add(row: number, value: Value): void {
    if (this.#numbers) {
      if (typeof value === "number" && row === this.#count) {
        if (row === this.#numbers.length) this.#numbers = doubled(this.#numbers);
        this.#numbers[row] = value;
        this.#count++;
        return;
      }
      this.#values = Array.from(this.#numbers.subarray(0, this.#count));
      this.#numbers = undefined;
    }
    while (this.#values.length < row) this.#values.push(undefined);
    this.#values.push(value);
  }

  /** The number of rows with a number. */
  #count = 0;

  /** Returns the values of all rows. */
  values(length: number): Values {
    if (!this.#numbers) return this.#values;
    const numbers = this.#numbers.slice(0, this.#count);
    return this.#count === length ? numbers : Array.from(numbers);
  }
}

function doubled(numbers: Float64Array): Float64Array {
  const more = new Float64Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

/** Returns the readers of a row's end of the run, in seconds since 1970, and of its duration in seconds. */
export function runTimes({ names, columns }: PackedRows): ((row: number) => number | null)[] {
  const [timestamp, created, elapsed, custom] = [TIMESTAMP, CREATED, ELAPSED, CUSTOM_DATA]
    .map((name) => columns[names.indexOf(name)]);
  return [
    (row) => endOf(timestamp?.[row] ?? created?.[row]),
    (row) => durationOf(elapsed?.[row], custom?.[row]),
  ];
}

function endOf(text: Value | undefined): number | null {
  if (typeof text !== "string") return null;
  const quick = ownTime(text);
  if (!Number.isNaN(quick)) return quick;
  // Records have no zone, and are in UTC.
  const hasZone = text.endsWith("Z") || /[+-]\d\d:?\d\d$/.test(text);
  const time = Date.parse(hasZone ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? null : time / 1000;
}

/** A record keeps its duration in its custom data. */
function durationOf(elapsed: Value | undefined, custom: Value | undefined): number | null {
  const seconds = elapsed ?? (isPlainObject(custom) ? custom["elapsed_seconds"] : undefined);
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : null;
}
