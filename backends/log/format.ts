/**
 * A text format as the file backend uses it: pure functions of bytes and text, no I/O. The engine
 * (file_backend.ts) does everything else: appending, locking, indexing, repairing.
 *
 * @module
 */

import type { Row, Value } from "../../core/values/value.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";

/** The part of a format that the beginning of a file fixes. */
export interface Layout {
  /** The columns, in order, for formats that name them once; else empty. */
  readonly columns: readonly string[];
  /** Byte at which the first row may begin. */
  readonly start: number;
}

/** Bytes that are not of the format. Offsets count from the bytes given. */
export class ByteError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** A line that is a header, where a row is expected: the rows after it may have other columns. */
export class HeaderError extends ByteError {
  readonly columns: readonly string[];

  constructor(names: readonly string[], columns: readonly string[], offset: number) {
    const isSame = names.length === columns.length && names.every((name, i) => name === columns[i]);
    super(
      `this is ${isSame ? "the header again" : "another header"}, as in files that were joined; ` +
        `remove the line${isSame ? "" : " and order the columns after it"}, or run: ` +
        `stet verify --repair`,
      offset,
    );
    this.columns = columns;
  }
}

/** Reads the cells of one row after another. */
export interface CellReader {
  /** Column name of each slot. May grow while rows are read. */
  readonly names: readonly string[];

  /** Returns the slot of a column; -1 if the file has no such column (yet). */
  slot(name: string): number;

  /**
   * Feeds `prefix` and the cell of a slot in its canonical spelling.
   *
   * @returns True if the row has that cell; if not, nothing is fed.
   */
  feed(slot: number, prefix: string, into: CellSink): boolean;
}

/** Walks rows in bytes. One object for all rows; its cells are those of the row read last. */
export interface RowScanner extends CellReader {
  /**
   * Reads the row, or the blank between rows, that begins at `at`. `bytes[end]` exists and is 10,
   * which spares the loop a comparison.
   *
   * @returns The offset of the next one; -1 if the bytes end before the row does.
   * @throws {ByteError} If it is not a row.
   */
  next(bytes: Uint8Array, at: number, end: number): number;

  /** True if the last `next` read a row, and not a blank. */
  readonly isRow: boolean;

  /**
   * Reads the unterminated row that is the rest of the file, if it is whole.
   *
   * @param isSettled True if no write can be under way: readers without the lock may see a row up to the
   * end of a page of memory, before the rest of it is there.
   * @returns True if it is whole.
   */
  last(bytes: Uint8Array, at: number, end: number, isSettled: boolean): boolean;

  /** Returns the value of a slot; undefined if absent. */
  value(slot: number): Value | undefined;

  /** Returns the texts of the row as they are in the file, unquoted, for formats whose values have no types. */
  texts?(): string[];

  /** Returns the row as text, spelled as it is, in a layout that may have more columns than the file. */
  copy(layout: Layout): string;
}

/** A text format of rows that grows at its end. */
export interface Format {
  /** Name in messages: `CSV`. */
  readonly name: string;

  /** True if rows are lines, so that the line after one that cannot be read is a row again. */
  readonly hasRowPerLine: boolean;

  /**
   * Reads the layout of a file that begins with these bytes.
   *
   * @param whole True if they are the whole file.
   * @returns undefined if more bytes are needed, or if the file holds nothing yet.
   * @throws {ByteError} If this is no file of the format.
   */
  layoutOf(bytes: Uint8Array, whole: boolean): Layout | undefined;

  /** Returns a layout, undefined for a new file, with these columns too: the same object if it has them. */
  extend(layout: Layout | undefined, columns: readonly string[]): Layout;

  /** Returns a reader of rows. */
  scanner(layout: Layout): RowScanner;

  /**
   * Returns true if the bytes after the last whole row belong there. If not, they are a torn row.
   *
   * @throws {ByteError} If they are more than a crash can have left.
   */
  isClosed(rest: Uint8Array, layout: Layout): boolean;

  /**
   * Returns the offset of the first whole row, or header, after bytes that are none and follow the last row;
   * undefined if there is none, as after a crash. The bytes before it may be several lines of one row.
   */
  rowAfter(rest: Uint8Array, layout: Layout): number | undefined;

  /** Encodes one row, without the separator of rows. */
  encode(row: Row, layout: Layout): string;

  /** The names of a header as they are spelled, where white space around them does not count. */
  paddedNames?(layout: Layout): readonly string[];

  /** Returns the same layout with each name in its plain spelling. */
  tidied?(layout: Layout): Layout;

  /** Returns the beginning of a file of this layout. In a file without rows, `closing` follows. */
  head(layout: Layout): string;

  /** The text after the last row and its terminator, in every file; `append` ends with it too. */
  readonly closing: string;

  /**
   * Returns the text to write after the last row of a file so that the file ends with these rows.
   *
   * @param after The end of the file now: its head, a row with its terminator, or a row without one.
   */
  append(rows: readonly string[], layout: Layout, after: "head" | "row" | "unterminated"): string;
}
