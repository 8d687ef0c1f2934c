import { firstNul, type Pieces } from "../files/file_bytes.ts";
import { ByteError, type Format, type Layout, type RowScanner } from "./format.ts";
import { checkUtf8, scanPiece } from "./row_scan.ts";

const SPACE = 32;

/** Takes part in a scan. */
export interface ScanVisitor {
  /** Is called for each row; the scanner has read it. */
  row(offset: number): void;
  /** Is called with the bytes of rows that were read, before they are consumed. */
  taken?(bytes: Uint8Array): void;
  /** Is called after `row` if that lacks its newline. */
  unterminated?(): void;
}

/** The end of a file after its last whole row. */
export interface FileEnd {
  readonly rest: Uint8Array;
  /** True if `rest` is the format's own end; else it is a torn row. */
  readonly isClosed: boolean;
}

/**
 * Reads all rows of a file that begin in pieces of it. Reading stops before a NUL, which no row holds: a
 * power cut leaves NULs where the file system kept the length of a write only.
 *
 * @param isSettled True if no process can be writing the file.
 * @throws {ByteError} If bytes are no row and whole rows follow. Offsets count from `pieces.base`.
 */
export function scanToEnd(
  pieces: Pieces,
  format: Format,
  layout: Layout,
  scanner: RowScanner,
  visitor: ScanVisitor,
  isSettled: () => boolean,
): FileEnd {
  let isDamaged = false;
  const take = (count: number): void => {
    visitor.taken?.(pieces.bytes.subarray(0, count));
    pieces.consume(count);
  };
  while (pieces.fill()) {
    if (isDamaged) continue; // the rest is gathered
    const nul = firstNul(pieces.bytes, pieces.length);
    isDamaged = nul !== -1;
    const count = scanPiece(pieces, scanner, visitor.row, isDamaged ? nul : pieces.length);
    checkUtf8(pieces.bytes.subarray(0, count));
    take(count);
  }
  const { length } = pieces;
  if (!isDamaged && length > 0 && scanner.last(pieces.bytes, 0, length, isSettled())) {
    visitor.row(pieces.base);
    visitor.unterminated?.();
    take(pieces.length);
  }
  const rest = pieces.bytes.slice(0, pieces.length);
  const isClosed = !isDamaged && format.isClosed(rest, layout);
  if (!isClosed) checkTorn(rest, format, layout, pieces.base);
  return { rest, isClosed };
}

/**
 * Checks that no row follows bytes that are none: only then can a crash have left them.
 *
 * @throws {ByteError} If one does; names both bytes.
 */
export function checkTorn(rest: Uint8Array, format: Format, layout: Layout, base: number): void {
  const row = format.rowAfter(rest, layout);
  if (row === undefined) return;
  const nul = rest.indexOf(0);
  if (nul !== -1) {
    const remedy = format.hasRowPerLine ? "run: stet verify --repair" : "mend it by hand";
    throw new ByteError(nulMessage(base + nul, remedy), nul);
  }
  const at = rest.findIndex((c) => c > SPACE);
  throw new ByteError(
    format.hasRowPerLine
      ? `the row that begins at byte ${base + at} is never closed, and whole rows follow; close it`
      : `the array ends at byte ${base + at}, and more rows follow from byte ${base + row}; ` +
        `join them in one array`,
    at,
  );
}

/** Returns the message that NULs begin at a byte, with rows after them. */
export function nulMessage(byte: number, remedy = "run: stet verify --repair"): string {
  return `NULs begin at byte ${byte}, as a power cut leaves them, and whole rows follow; ${remedy}`;
}
