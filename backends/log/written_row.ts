import { writeCell } from "../../core/values/cell.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import type { CellReader, RowScanner } from "./format.ts";

/**
 * A row that was just written, read as the scanner of its file would read it from the bytes: a cell that is
 * written is canonical, and has the same spelling in every format.
 */
export class WrittenRow implements CellReader {
  readonly #scanner: RowScanner;
  #row: Row = {};

  constructor(scanner: RowScanner) {
    this.#scanner = scanner;
  }

  get names(): readonly string[] {
    return this.#scanner.names;
  }

  /**
   * Takes a row, and returns true unless the scanner has to read it: it must know each column, and a row
   * without a plain timestamp may look like a header.
   */
  take(row: Row): boolean {
    this.#row = row;
    const timestamp = row[TIMESTAMP];
    return typeof timestamp === "string" && /^[0-9]/.test(timestamp) &&
      Object.keys(row).every((name) => this.#scanner.slot(name) !== -1);
  }

  slot(name: string): number {
    return this.#scanner.slot(name);
  }

  feed(slot: number, prefix: string, into: CellSink): boolean {
    const name = this.names[slot]!;
    if (!Object.hasOwn(this.#row, name)) return false;
    into.text(prefix).text(writeCell(this.#row[name]!));
    return true;
  }
}
