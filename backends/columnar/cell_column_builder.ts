import type { CellColumn } from "../../core/contract/cell_batch.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";

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
