/**
 * What a text format has to say to be a file backend: pure functions of bytes and text, no I/O. The
 * engine (file_backend.ts) does everything else: appending, locking, indexing, repairing.
 *
 * @module
 */

import type { Row, Value } from "../../core/values/value.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";

/** What the beginning of a file fixes for all that follows. */
export interface Layout {
  /** The columns, in order, for formats that name them once; else empty. */
  readonly columns: readonly string[];
  /** Byte at which the first row may begin. */
  readonly start: number;
}

/** Something in the bytes is not as the format wants it. Offsets count from the bytes given. */
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
        `remove the line${
          isSame ? "" : " and order the columns after it"
        }, or run: stet verify --repair`,
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
   * @returns Whether the row has that cell; if not, nothing is fed.
   */
  feed(slot: number, prefix: string, into: CellSink): boolean;
}

/** Walks rows in bytes. One object for all rows; its cells are those of the row read last. */
export interface RowScanner extends CellReader {
  /**
   * Reads the row, or the blank between rows, that begins at `at`. `bytes[end]` exists and is 10,
   * which spares the loop a comparison.
   *
   * @returns Where the next one begins; -1 if the bytes end before the row does.
   * @throws {ByteError} If it is not a row.
   */
  next(bytes: Uint8Array, at: number, end: number): number;

  /** Whether the last `next` read a row, and not a blank. */
  readonly isRow: boolean;

  /**
   * Reads the unterminated row that is the rest of the file, if it is whole.
   *
   * @param isSettled Whether nobody can be writing it at the moment: readers without the lock may see
   * a row up to the end of a page of memory, before the rest of it is there.
   * @returns Whether it is.
   */
  last(bytes: Uint8Array, at: number, end: number, isSettled: boolean): boolean;

  /** The value of a slot; undefined if absent. */
  value(slot: number): Value | undefined;

  /** The texts of the row as they are in the file, unquoted, for formats that have nothing else. */
  texts?(): string[];

  /** The row as text in a layout that may have more columns than the file: spellings are kept. */
  copy(layout: Layout): string;
}

/** A text format of rows that grows at its end. */
export interface Format {
  /** What people call it: `CSV`. */
  readonly name: string;

  /** Whether rows are lines, so that after one that cannot be read the next line is one again. */
  readonly hasRowPerLine: boolean;

  /**
   * The layout of a file that begins with these bytes.
   *
   * @param whole Whether they are the whole file.
   * @returns undefined if more bytes are needed, or if the file holds nothing yet.
   * @throws {ByteError} If this is no file of the format.
   */
  layoutOf(bytes: Uint8Array, whole: boolean): Layout | undefined;

  /** The layout with these columns too: the same object if nothing changes. Undefined: a new file. */
  extend(layout: Layout | undefined, columns: readonly string[]): Layout;

  /** A reader of rows. */
  scanner(layout: Layout): RowScanner;

  /**
   * Whether the bytes after the last whole row are what belongs there. If not, they are a torn row.
   *
   * @throws {ByteError} If they are more than a crash can have left.
   */
  isClosed(rest: Uint8Array): boolean;

  /**
   * The first whole row after bytes that are none, which follow the last row; undefined if there is none,
   * as after a crash.
   */
  rowAfter(rest: Uint8Array, layout: Layout): number | undefined;

  /** One row as text, without what stands between rows. */
  encode(row: Row, layout: Layout): string;

  /** The names of a header as they are spelled, where white space around them does not count. */
  paddedNames?(layout: Layout): readonly string[];

  /** The same layout with each name in its plain spelling. */
  tidied?(layout: Layout): Layout;

  /** What a file of this layout begins with; a file without rows ends with `closing` after it. */
  head(layout: Layout): string;

  /** What stands after the last row, and its terminator, in every file: `append` ends with it too. */
  readonly closing: string;

  /**
   * What to write after the last row of a file so that it ends with these rows.
   *
   * @param after What stands there now: nothing but the head, a row and its terminator, or a row
   * that lacks it.
   */
  append(rows: readonly string[], layout: Layout, after: "head" | "row" | "unterminated"): string;
}
