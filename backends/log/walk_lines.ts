import type { Pieces } from "../files/file_bytes.ts";
import { ByteError, type Format, HeaderError, type Layout, type RowScanner } from "./format.ts";
import { checkUtf8, rowOf } from "./row_scan.ts";
import { checkTorn, nulMessage } from "./scan_to_end.ts";

const LF = 10;

/** Bytes of a file that are no row. */
export interface Fault {
  /** The error of reading them; its offset counts from the beginning of the file. */
  readonly error: ByteError;
  readonly bytes: Uint8Array;
  /** `damaged` bytes can be moved to the quarantine; a `header` names the columns of the rows after it. */
  readonly kind: "damaged" | "header" | "unreadable" | "torn";
}

/**
 * Walks a file whose rows are lines, and yields the scanner once it has read a row, or a fault. Damaged lines
 * with no row after them are `torn`.
 */
export function* walkLines(
  pieces: Pieces,
  format: Format,
  layout: Layout,
): Generator<RowScanner | Fault> {
  let current = layout;
  let scanner = format.scanner(current);
  let pending: Fault[] = [];
  let at = 0;
  let nul = -1;
  const nextNul = (): number => nul = pieces.bytes.subarray(0, pieces.length).indexOf(0, at);
  /** Reads more after the bytes that were not consumed; false at the end of the file. */
  const fill = (): boolean => {
    pieces.consume(at);
    at = 0;
    const isMore = pieces.fill();
    nextNul();
    return isMore;
  };
  let isMore = fill();
  while (isMore) {
    const { base } = pieces;
    if (nul !== -1 && nul < at) nextNul();
    const end = nul === -1 ? pieces.length : nul;
    let error: ByteError;
    try {
      const next = nextLine(scanner, pieces.bytes, at, end);
      if (next !== -1) {
        if (scanner.isRow) {
          checkUtf8(pieces.bytes.subarray(at, next), at);
          rowOf(scanner);
          yield* pending;
          pending = [];
          yield scanner;
        }
        at = next;
        continue;
      }
      if (nul === -1) {
        isMore = fill();
        continue;
      }
      error = new ByteError(nulMessage(base + nul), nul);
    } catch (thrown) {
      if (!(thrown instanceof ByteError)) throw thrown;
      error = thrown;
    }
    const bytes = pieces.bytes.subarray(0, pieces.length);
    const line = bytes.indexOf(LF, Math.max(error.offset, at)) + 1;
    const isDamaged = bytes.subarray(at, line || bytes.length).includes(0);
    // The lines after a NUL may be of the same row.
    const row = isDamaged ? format.rowAfter(bytes.subarray(at), current) : undefined;
    const found = isDamaged ? row && at + row : line || undefined;
    if (found === undefined && fill()) continue; // the same fault is found again, with more after it
    const after = found ?? pieces.length;
    const fault: Fault = {
      error: shifted(error, base),
      bytes: pieces.bytes.slice(at, after),
      kind: isDamaged ? "damaged" : error instanceof HeaderError ? "header" : "unreadable",
    };
    if (isDamaged) pending.push(fault);
    else {
      yield* pending;
      pending = [];
      yield fault;
    }
    if (error instanceof HeaderError) {
      current = { ...layout, columns: error.columns };
      scanner = format.scanner(current);
    }
    at = after;
    if (found === undefined) isMore = fill();
  }
  for (const fault of pending) yield { ...fault, kind: "torn" };
  if (pieces.length === 0) return;
  if (scanner.last(pieces.bytes, 0, pieces.length, true)) yield scanner;
  else yield endOf(pieces, format, current);
}

/** Returns the fault of the bytes at the end of a file. */
function endOf(pieces: Pieces, format: Format, layout: Layout): Fault {
  const bytes = pieces.bytes.slice(0, pieces.length);
  let error = new ByteError("a row is cut off", 0);
  let kind: Fault["kind"] = "torn";
  try {
    if (!format.isClosed(bytes, layout)) checkTorn(bytes, format, layout, pieces.base);
  } catch (thrown) {
    if (!(thrown instanceof ByteError)) throw thrown;
    error = thrown;
    kind = "unreadable";
  }
  return { error: shifted(error, pieces.base), bytes, kind };
}

/** Reads a line of the bytes up to `end`. */
function nextLine(scanner: RowScanner, bytes: Uint8Array, at: number, end: number): number {
  const after = bytes[end]!;
  bytes[end] = LF;
  try {
    return scanner.next(bytes, at, end);
  } finally {
    bytes[end] = after;
  }
}

function shifted(error: ByteError, base: number): ByteError {
  return new ByteError(error.message, error.offset + base);
}
