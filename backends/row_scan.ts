import { isUtf8 } from "node:buffer";
import { type Row, setEntry } from "../core/value.ts";
import type { Pieces } from "./file_bytes.ts";
import { ByteError, type RowScanner } from "./format.ts";

const LF = 10;

/** The row that a scanner read last. */
export function rowOf(scanner: RowScanner, columns: readonly string[] = scanner.names): Row {
  const row: Row = {};
  for (const name of columns) {
    const slot = scanner.slot(name);
    const value = slot === -1 ? undefined : scanner.value(slot);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

/** @throws {ByteError} If the text is not UTF-8; at its first line that is not. */
export function checkUtf8(bytes: Uint8Array): void {
  if (isUtf8(bytes)) return;
  let start = 0;
  for (;;) {
    const next = bytes.indexOf(LF, start) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(start, next))) {
      throw new ByteError("the text is not UTF-8; save the file as UTF-8", start);
    }
    start = next;
  }
}

/** Visits the rows in a piece; gives how many bytes of it they and the blanks between them took. */
export function scanPiece(
  pieces: Pieces,
  scanner: RowScanner,
  visit: (offset: number) => void,
): number {
  const { bytes, length, base } = pieces;
  let at = 0;
  for (;;) {
    const next = scanner.next(bytes, at, length);
    if (next === -1) return at;
    if (scanner.isRow) visit(base + at);
    at = next;
  }
}
