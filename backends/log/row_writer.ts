import { Buffer } from "node:buffer";
import { CHUNK_BYTES, writeAll } from "../files/file_bytes.ts";
import type { Format, Layout } from "./format.ts";

/** Writes a new file of a format, many rows at a time. */
export class RowWriter {
  readonly #fd: number;
  readonly #format: Format;
  readonly #layout: Layout;
  #end: number;
  #after: "head" | "row" = "head";
  #batch: string[] = [];
  #size = 0;

  constructor(fd: number, format: Format, layout: Layout) {
    this.#fd = fd;
    this.#format = format;
    this.#layout = layout;
    const head = Buffer.from(format.head(layout) + format.closing);
    writeAll(fd, head, 0);
    this.#end = head.length - format.closing.length;
  }

  /** Adds a row, as the format encodes it. */
  add(row: string): void {
    this.#size += row.length;
    if (this.#batch.push(row) > 0 && this.#size >= CHUNK_BYTES) this.end();
  }

  /** Writes the rows that were added. */
  end(): void {
    if (this.#batch.length === 0) return;
    const bytes = Buffer.from(this.#format.append(this.#batch, this.#layout, this.#after));
    writeAll(this.#fd, bytes, this.#end);
    this.#end += bytes.length - this.#format.closing.length;
    this.#after = "row";
    this.#batch = [];
    this.#size = 0;
  }
}
