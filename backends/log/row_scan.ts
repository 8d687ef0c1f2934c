import { isUtf8 } from "node:buffer";
import { type Row, setEntry } from "../../core/values/value.ts";
import type { Pieces } from "../files/file_bytes.ts";
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

/**
 * @param offset Where the bytes begin, for the error.
 * @throws {ByteError} If the text is not UTF-8; at its first line that is not.
 */
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

/**
 * Visits the rows in a piece; gives how many bytes of it they and the blanks between them took.
 *
 * @param length How much of the piece to read. Default: all of it.
 */
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
