import fs from "node:fs";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { writeAll } from "./file_bytes.ts";

/** Number of bytes in one write. */
const CHUNK = 1 << 18;
const COMMA = 44, QUOTE = 34, LF = 10, ZERO = 48;

/** A file of cells for DuckDB to read: CSV without a header, in columns `c` and `c0`, `c1` …. */
export interface Spool {
  readonly path: string;
  /** The columns from `c0` on; `c` is never empty, as a line without cells would be. */
  readonly names: readonly string[];
  /** The length of the longest line in bytes. */
  longest: number;
  /** True if a cell has a newline. */
  hasLines: boolean;
}

/** Makes a spool. */
export class SpoolWriter {
  readonly spool: Spool;
  readonly #fd: number;
  #bytes = new Uint8Array(2 * CHUNK);
  #length = 0;

  constructor(spool: Spool) {
    this.spool = spool;
    this.#fd = fs.openSync(spool.path, "wx", 0o600);
  }

  /** Adds rows. */
  add({ length, columns }: CellBatch): void {
    const { spool } = this;
    const cells = spool.names.map((name) => columns.find((column) => column.name === name));
    for (let row = 0; row < length; row++) {
      const start = this.#length;
      this.#put(ZERO);
      for (const column of cells) {
        this.#put(COMMA);
        if (column) this.#putCell(column.bytes, column.offsets[row]!, column.offsets[row + 1]!);
      }
      this.#put(LF);
      spool.longest = Math.max(spool.longest, this.#length - start);
      if (this.#length >= CHUNK) this.#flush();
    }
  }

  /** Ends the file. */
  close(): void {
    try {
      this.#flush();
    } finally {
      fs.closeSync(this.#fd);
    }
  }

  #putCell(from: Uint8Array, start: number, end: number): void {
    this.#reserve(2 * (end - start) + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    let isPlain = true;
    for (let i = start; i < end; i++) {
      const c = from[i]!;
      if (c === COMMA || c === QUOTE || c === LF) isPlain = false;
      if (c === LF) this.spool.hasLines = true;
      bytes[at++] = c;
    }
    if (!isPlain) {
      at = this.#length;
      bytes[at++] = QUOTE;
      for (let i = start; i < end; i++) {
        if (from[i] === QUOTE) bytes[at++] = QUOTE;
        bytes[at++] = from[i]!;
      }
      bytes[at++] = QUOTE;
    }
    this.#length = at;
  }

  #put(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(2 * (this.#length + count)));
  }

  #flush(): void {
    writeAll(this.#fd, this.#bytes.subarray(0, this.#length), null);
    this.#length = 0;
  }
}
