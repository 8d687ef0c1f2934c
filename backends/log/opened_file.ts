import { Buffer } from "node:buffer";
import fs from "node:fs";
import { type Key, keyOf } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { Pieces, tailAfter, tailOf, writeAll } from "../files/file_bytes.ts";
import type { Layout, RowScanner } from "./format.ts";
import type { RowIndexes } from "./row_indexes.ts";
import { scanToEnd } from "./scan_to_end.ts";
import type { TextFile } from "./text_file.ts";
import { WrittenRow } from "./written_row.ts";

/** Age of the last change from which no write can be under way. */
const SETTLED_MS = 1000;

/** End of the last whole row of a file, the bytes after it, and the size of both. */
type Ending = Pick<OpenedFile, "end" | "rest" | "size">;

/** A text file that is open, and its rows as far as they were read or written. */
export class OpenedFile {
  #generation: string | undefined;
  readonly fd: number;
  readonly inode: number;
  readonly #device: number;
  readonly #file: TextFile;
  readonly #enter: RowIndexes["enter"];
  /** Descriptor for writing; opened by the first write. */
  #writer: number | undefined;
  /** The layout, and the scanner that has read the rows; undefined while the file holds nothing. */
  layout: Layout | undefined;
  scanner: RowScanner | undefined;
  #written: WrittenRow | undefined;
  /** Number of rows. */
  rows = 0;
  /** End of the last whole row. */
  end = 0;
  /** The bytes after it. */
  rest: Uint8Array = new Uint8Array(0);
  size = 0;
  /** The last bytes before `end`. */
  #tail: Uint8Array = new Uint8Array(0);
  /** Rows of a batch that are yet to be written, and the ending of the file until then. */
  #buffer: (Ending & { text: string }) | undefined;
  /** The bytes before `end`. */
  #after: "head" | "row" | "unterminated" = "head";
  /** True if `rest` is the format's own end of a file. */
  #isClosed = true;
  /** Time of the last change, by the clock of the file. */
  #changed = 0;
  /** Time at which this change was first seen, by a monotonic clock. */
  #seen = 0;

  /** Tells the file from the one before it was replaced or edited. */
  get generation(): string {
    return this.#generation ??= crypto.randomUUID(); // Node loads it slowly
  }

  /** @param enter Is called for each row as it is read or written. */
  constructor(
    file: TextFile,
    fd: number,
    { dev, ino }: fs.Stats,
    enter: RowIndexes["enter"],
  ) {
    this.#file = file;
    this.fd = fd;
    this.#device = dev;
    this.inode = ino;
    this.#enter = enter;
  }

  /** Returns true if the file of these stats is this one. */
  is({ dev, ino }: fs.Stats): boolean {
    return ino === this.inode && dev === this.#device;
  }

  /** Returns true if nothing changed. A torn tail is read again once no write can be under way. */
  isCurrent({ size, mtimeMs }: fs.Stats, isLocked: boolean): boolean {
    return size === this.size && mtimeMs === this.#changed &&
      (this.#isClosed || !this.#isSettled(isLocked));
  }

  /** Returns true if the file may have grown, and its rows are those that were read. */
  isGrown({ size, mtimeMs }: fs.Stats): boolean {
    if (size <= this.size && mtimeMs !== this.#changed) return false;
    return Buffer.compare(tailOf(this.fd, this.end, this.#tail.length), this.#tail) === 0;
  }

  /** Reads the rows that were appended since the last reading. */
  read({ size, mtimeMs }: Pick<fs.Stats, "size" | "mtimeMs">, isLocked: boolean): void {
    if (!this.layout) {
      const layout = this.#file.layoutOf(this.fd, size);
      if (layout) {
        this.layout = layout;
        this.scanner = this.#file.format.scanner(layout);
        this.#written = new WrittenRow(this.scanner);
        this.end = layout.start;
        this.#tail = tailOf(this.fd, this.end);
      }
    }
    if (size !== this.size || mtimeMs !== this.#changed) this.#seen = performance.now();
    this.size = size;
    this.#changed = mtimeMs;
    this.#scan(new Pieces(this.fd, this.end, size), () => this.#isSettled(isLocked));
  }

  /** Reads rows from `end` on. */
  #scan(pieces: Pieces, isSettled: () => boolean): void {
    const layout = this.layout, scanner = this.scanner;
    if (!layout || !scanner) return;
    let isUnterminated = false;
    this.#file.parsing(this.fd, pieces, () => {
      const { rest, isClosed } = scanToEnd(pieces, this.#file.format, layout, scanner, {
        row: (offset) => {
          this.rows++;
          this.#after = "row";
          this.#enter(scanner, offset);
        },
        taken: (bytes) => {
          if (bytes.length > 0 && this.#after === "unterminated") this.#after = "row";
          this.#tail = tailAfter(this.#tail, bytes);
        },
        unterminated: () => isUnterminated = true,
      }, isSettled);
      if (isUnterminated) this.#after = "unterminated";
      this.rest = rest;
      this.#isClosed = isClosed;
    });
    this.end = pieces.base;
  }

  /**
   * True if no write can be under way: a write takes microseconds, and sets the time as it begins. Its age is
   * the distance to the file's other times, which come from the same clock (reading sets one), or the time
   * for which the file has been seen unchanged.
   */
  #isSettled(isLocked: boolean): boolean {
    if (isLocked) return true;
    const { mtimeMs, ctimeMs, atimeMs } = fs.fstatSync(this.fd);
    return Math.max(ctimeMs, atimeMs) - mtimeMs > SETTLED_MS ||
      performance.now() - this.#seen > SETTLED_MS;
  }

  /** Number of bytes of a row that was cut off at the end. */
  get tornLength(): number {
    // If there are none but blanks, only the closing is missing.
    const isBlank = this.#isClosed || Buffer.from(this.rest).toString("latin1").trim() === "";
    return isBlank ? 0 : this.rest.length;
  }

  /** Moves a torn tail to the quarantine, and returns its length. */
  repair(): number {
    if (this.#isClosed) return 0;
    const { rest, tornLength } = this;
    const closing = Buffer.from(this.#file.format.closing);
    this.#file.writing(() => {
      if (tornLength > 0) this.#file.quarantine(rest, this.fd);
      const writer = this.openWriter();
      writeAll(writer, closing, this.end);
      fs.ftruncateSync(writer, this.end + closing.length);
    });
    this.rest = closing;
    this.size = this.end + closing.length;
    this.#isClosed = true;
    this.#noteTime();
    return tornLength;
  }

  /** Appends rows, of which one alone may have this key, to a closed file in one write or to a batch's buffer. */
  append(rows: readonly Row[], isBuffered: boolean, key?: Key): void {
    const { format } = this.#file;
    const layout = this.layout!;
    const lines = rows.map((row) => format.encode(row, layout));
    const text = format.append(lines, layout, this.#after);
    const bytes = Buffer.from(text + "\n"); // scanners want a newline after the end
    const length = bytes.length - 1;
    if (isBuffered) {
      const { end, rest, size } = this;
      this.#buffer ??= { end, rest, size, text: "" };
      this.#buffer.text += text.slice(0, text.length - format.closing.length);
    } else {
      this.#write(bytes.subarray(0, length), this);
    }
    if (rows.length === 1 && this.#after === "row" && this.#written!.take(rows[0]!)) {
      this.rows++;
      const hasKey = key && keyOf(key.shape, rows[0]!).text === key.text;
      this.#enter(this.#written!, this.end, hasKey ? key : undefined);
      const written = bytes.subarray(0, length - format.closing.length);
      this.#tail = tailAfter(this.#tail, written);
      this.end += written.length;
      this.rest = bytes.subarray(length - format.closing.length, length);
    } else {
      this.#scan(new Pieces(this.fd, this.end, this.end + length, bytes), () => true);
    }
    this.size = this.end + this.rest.length;
  }

  /** Offset from which rows are yet to be written; `Infinity` if there are none. */
  get bufferedFrom(): number {
    return this.#buffer?.end ?? Infinity;
  }

  /** Writes the rows of a batch. */
  flush(): void {
    const buffer = this.#buffer;
    if (!buffer) return;
    this.#buffer = undefined;
    this.#write(Buffer.from(buffer.text + this.#file.format.closing), buffer);
  }

  /** Writes bytes after the last row. If that fails, the file ends as it did. */
  #write(bytes: Uint8Array, { end, rest, size }: Ending): void {
    this.#file.writing(() => {
      writeAll(this.openWriter(), bytes, end);
      this.#noteTime();
    }, () => {
      if (this.#writer === undefined) return;
      if (rest.length > 0) writeAll(this.#writer, rest, end);
      fs.ftruncateSync(this.#writer, size);
    });
  }

  /** Notes the time of a write as the file has it: no other clock tells whether a change is another's. */
  #noteTime(): void {
    const found = fs.statSync(this.#file.path, { throwIfNoEntry: false }); // quicker than fstat
    this.#changed = found?.ino === this.inode ? found.mtimeMs : NaN;
  }

  /** True once it is open for writing. */
  get hasWriter(): boolean {
    return this.#writer !== undefined;
  }

  /** @throws {StoreError} If the file may not be written, or has other paths. */
  openWriter(): number {
    return this.#writer ??= this.#file.openWriter(this.inode);
  }

  /** Syncs the file (fdatasync). */
  sync(): void {
    if (this.#writer !== undefined) fs.fdatasyncSync(this.#writer); // a file written anew was synced then
  }

  /** Closes the file. */
  close(): void {
    fs.closeSync(this.fd);
    if (this.#writer !== undefined) fs.closeSync(this.#writer);
  }
}
