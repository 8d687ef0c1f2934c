import { writeCell } from "../../core/values/cell.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { CellColumnBuilder } from "./cell_column_builder.ts";
import type { Row } from "../../core/values/value.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";

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
