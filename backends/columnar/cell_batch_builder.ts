import type { CellBatch, CellColumn } from "../../core/contract/cell_batch.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { writeCell } from "../../core/values/cell.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";

/** Number of rows of a batch, the last one excepted. */
const CELL_BATCH = 1 << 15;

/** Gathers rows into batches of cells. */
export class CellBatchBuilder {
  readonly #columns: CellColumnBuilder[] = [];
  readonly #byName = new Map<string, CellColumnBuilder>();
  #length = 0;

  /** True if a batch is full. */
  get isFull(): boolean {
    return this.#length === CELL_BATCH;
  }

  /** The number of rows since the last batch. */
  get length(): number {
    return this.#length;
  }

  /** Returns the column of a name. */
  column(name: string): CellColumnBuilder {
    let column = this.#byName.get(name);
    if (!column) {
      column = new CellColumnBuilder(name, CELL_BATCH);
      column.endRows(this.#length);
      this.#byName.set(name, column);
      this.#columns.push(column);
    }
    return column;
  }

  /** Ends a row. */
  endRow(): void {
    const count = ++this.#length;
    for (const column of this.#columns) column.endRows(count);
  }

  /** Adds a row. */
  add(row: Row): void {
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (value !== undefined) this.column(name).text(writeCell(value));
    }
    this.endRow();
  }

  /** Returns the rows, and begins a new batch. */
  take(): CellBatch {
    const batch = { length: this.#length, columns: this.#columns.map((column) => column.take()) };
    this.#length = 0;
    return batch;
  }
}

/** Yields rows as batches of cells, each row as `prepared` returns it. */
export async function* cellsOf(
  rows: Iterable<Row> | AsyncIterable<Row>,
  prepared: (row: Row) => Row = (row) => row,
): AsyncGenerator<CellBatch> {
  const batch = new CellBatchBuilder();
  for await (const row of yielding(rows)) {
    batch.add(prepared(row));
    if (batch.isFull) yield batch.take();
  }
  if (batch.length > 0) yield batch.take();
}

const encoder = new TextEncoder();

/** Gathers the cells of one column for a batch of rows. */
export class CellColumnBuilder implements CellSink {
  readonly name: string;
  #bytes = new Uint8Array(1 << 12);
  #length = 0;
  readonly #offsets: Int32Array;
  /** The number of ended rows. */
  #rows = 0;

  /** @param size Maximum number of rows of a batch. */
  constructor(name: string, size: number) {
    this.name = name;
    this.#offsets = new Int32Array(size + 1);
  }

  /** Adds text to the cell of the row. */
  text(text: string): this {
    const { length } = text;
    this.#reserve(3 * length); // UTF-8 takes up to 3 bytes a unit
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) {
        at += encoder.encodeInto(text.slice(i), bytes.subarray(at)).written;
        break;
      }
      bytes[at++] = unit;
    }
    this.#length = at;
    return this;
  }

  /** Adds ASCII bytes to it. */
  ascii(from: Uint8Array, start: number, end: number): this {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    this.#length = at;
    return this;
  }

  /** Ends rows up to a count. A row without a cell has an absent one. */
  endRows(count: number): void {
    while (this.#rows < count) this.#offsets[++this.#rows] = this.#length;
  }

  /** The column of the rows that have ended, and begins a new one. */
  take(): CellColumn {
    const column = {
      name: this.name,
      bytes: this.#bytes.slice(0, this.#length),
      offsets: this.#offsets.slice(0, this.#rows + 1),
    };
    this.#length = 0;
    this.#rows = 0;
    return column;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/** The batch with the time of now in rows that have none. */
export function stampedBatch(batch: CellBatch): CellBatch {
  const { length, columns } = batch;
  const times = columns.find(({ name }) => name === TIMESTAMP);
  if (times && areAllThere(times)) return batch;
  const stamped = new CellColumnBuilder(TIMESTAMP, length);
  const now = new Date().toISOString();
  for (let i = 0; i < length; i++) {
    const start = times?.offsets[i] ?? 0, end = times?.offsets[i + 1] ?? 0;
    if (end > start) stamped.ascii(times!.bytes, start, end);
    else stamped.text(now);
    stamped.endRows(i + 1);
  }
  return { length, columns: [...columns.filter((column) => column !== times), stamped.take()] };
}

function areAllThere({ offsets }: CellColumn): boolean {
  for (let i = 1; i < offsets.length; i++) if (offsets[i] === offsets[i - 1]) return false;
  return true;
}
