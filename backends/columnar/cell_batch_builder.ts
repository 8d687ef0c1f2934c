import { writeCell } from "../../core/values/cell.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { CellColumnBuilder } from "./cell_column_builder.ts";
import type { Row } from "../../core/values/value.ts";

/** How many rows a batch has, the last one fewer. */
const CELL_BATCH = 1 << 15;

/** Gathers rows into batches of cells; columns are there from the first row on that has them. */
export class CellBatchBuilder {
  readonly #columns: CellColumnBuilder[] = [];
  readonly #byName = new Map<string, CellColumnBuilder>();
  #length = 0;

  /** Whether there is a batch. */
  get isFull(): boolean {
    return this.#length === CELL_BATCH;
  }

  /** How many rows there are. */
  get length(): number {
    return this.#length;
  }

  /** A column; it is made if need be. */
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

  /** The rows, and begins a new batch. */
  take(): CellBatch {
    const batch = { length: this.#length, columns: this.#columns.map((column) => column.take()) };
    this.#length = 0;
    return batch;
  }
}
