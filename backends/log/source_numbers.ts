import { readCell } from "../../core/values/cell.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";
import { SOURCE } from "../../core/values/columns.ts";
import type { CellReader } from "./format.ts";

/** Number of every source beyond the first 254: only the row has it. */
export const UNNUMBERED = 255;

/** Numbers the sources of rows, one byte each, so that an index can keep the source of every key. */
export class SourceNumbers implements CellSink {
  readonly #names: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);
  /** Cell of the last row; most rows have the source of the row before. */
  #cell = "";
  #number = 0;
  /** Slot of the column in the last reader, at its number of names. */
  #slot = -1;
  #reader: CellReader | undefined;
  #known = -1;

  /** Returns the number of a source. */
  numberOf(source: string): number {
    const number = this.#numbers.get(source);
    if (number !== undefined) return number;
    if (this.#names.length === UNNUMBERED) return UNNUMBERED;
    this.#numbers.set(source, this.#names.length);
    return this.#names.push(source) - 1;
  }

  /** Returns the source with a number; undefined if it is `UNNUMBERED`. */
  nameOf(number: number): string | undefined {
    return this.#names[number];
  }

  /** Returns the number of the source of the row of a reader. */
  read(reader: CellReader): number {
    if (reader !== this.#reader || reader.names.length !== this.#known) {
      this.#reader = reader;
      this.#known = reader.names.length;
      this.#slot = reader.slot(SOURCE);
    }
    if (this.#slot === -1 || !reader.feed(this.#slot, "", this)) return 0;
    return this.#number;
  }

  text(cell: string): this {
    if (cell === "" || cell === this.#cell) return this; // the empty prefix, or as before
    this.#cell = cell;
    this.#number = this.numberOf(String(readCell(cell)));
    return this;
  }

  ascii(bytes: Uint8Array, start: number, end: number): this {
    const cell = this.#cell;
    let isSame = end - start === cell.length;
    for (let i = 0; isSame && i < cell.length; i++) {
      isSame = bytes[start + i] === cell.charCodeAt(i);
    }
    return isSame ? this : this.text(String.fromCharCode(...bytes.subarray(start, end)));
  }
}
