import { isUtf8 } from "node:buffer";
import fs from "node:fs";
import { StoreError } from "../../core/errors.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { openFile } from "../files/open_file.ts";
import { Pieces } from "../files/file_bytes.ts";
import { ByteError, type Layout, type RowScanner } from "./format.ts";
import type { TextFile } from "./text_file.ts";

const LF = 10;

/** Returns the row that a scanner read last. */
export function rowOf(scanner: RowScanner, columns: readonly string[] = scanner.names): Row {
  const row: Row = {};
  for (const name of columns) {
    const slot = scanner.slot(name);
    const value = slot === -1 ? undefined : scanner.value(slot);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

/** Checks that bytes are UTF-8. @throws {ByteError} At the first line that is not. */
export function checkUtf8(bytes: Uint8Array, offset = 0): void {
  if (isUtf8(bytes)) return;
  let start = 0;
  for (;;) {
    const next = bytes.indexOf(LF, start) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(start, next))) {
      throw new ByteError("the text is not UTF-8; save the file as UTF-8", offset + start);
    }
    start = next;
  }
}

/** Visits the rows in `length` bytes of a piece, and returns the number of bytes of rows and blanks. */
export function scanPiece(
  pieces: Pieces,
  scanner: RowScanner,
  visit: (offset: number) => void,
  length: number = pieces.length,
): number {
  const { bytes, base } = pieces;
  const after = bytes[length]!;
  bytes[length] = LF;
  try {
    let at = 0;
    for (;;) {
      const next = scanner.next(bytes, at, length);
      if (next === -1) return at;
      if (scanner.isRow) visit(base + at);
      at = next;
    }
  } finally {
    bytes[length] = after;
  }
}

/** Visits all rows of pieces. */
export function scanRows(
  pieces: Pieces,
  scanner: RowScanner,
  visit: (offset: number) => void,
): void {
  while (pieces.fill()) pieces.consume(scanPiece(pieces, scanner, visit));
  if (scanner.last(pieces.bytes, 0, pieces.length, true)) visit(pieces.base);
}

/**
 * Reads the rows between two offsets of the file with an inode. Descriptor and scanner are its own: the store
 * may be used between two rows.
 */
export function* scannedRows<T>(
  file: TextFile,
  inode: number,
  layout: Layout,
  start: number,
  end: number,
  read: (scanner: RowScanner) => T,
): Generator<T> {
  if (start === end) return;
  const fd = openFile(file.path) ?? -1;
  const pieces = new Pieces(fd, Math.max(start, layout.start), end);
  try {
    if (fd === -1 || fs.fstatSync(fd).ino !== inode) {
      throw new StoreError(`Cannot read "${file.path}": it was replaced just now; read it again`);
    }
    const scanner = file.format.scanner(layout);
    while (pieces.fill()) {
      let at = 0;
      for (;;) {
        const next = scanner.next(pieces.bytes, at, pieces.length);
        if (next === -1) break;
        if (scanner.isRow) yield read(scanner);
        at = next;
      }
      pieces.consume(at);
    }
    if (scanner.last(pieces.bytes, 0, pieces.length, true)) yield read(scanner);
  } catch (error) {
    throw file.readError(fd, error, pieces.base);
  } finally {
    if (fd !== -1) fs.closeSync(fd);
  }
}

/** Returns the offset of the first line but the first that is a whole row. */
export function lineAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
  for (let at = rest.indexOf(LF) + 1; at > 0 && at < rest.length;) {
    const next = rest.indexOf(LF, at);
    const end = next === -1 ? rest.length : next;
    const isWhole = !rest.subarray(at, end).includes(0) && scanner.last(rest, at, end, true);
    if (isWhole) return at;
    at = end + 1;
  }
  return undefined;
}
