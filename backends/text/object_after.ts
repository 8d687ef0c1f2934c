import { withNewline } from "../files/file_bytes.ts";
import { ByteError, type RowScanner } from "../log/format.ts";
import { skipSpace } from "./json_rows.ts";

const COMMA = 44, OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123;

/** Maximum number of passes over the bytes, after which an object counts as a row. */
const MAX_PASSES = 64;

/**
 * Returns the offset of the first object that is a row of an array, after bytes that are none: after a `]`,
 * or after NULs. Objects within a row that was cut off are none.
 */
export function objectAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
  const bytes = withNewline(rest);
  const nul = rest.indexOf(0);
  let first = skipSpace(rest, 0, rest.length);
  if (rest[first] === COMMA) first = skipSpace(rest, first + 1, rest.length);
  // Without either, it is one row that was cut off.
  if (nul === -1 && rest[first] !== CLOSE_BRACKET) return undefined;
  let scanned = 0;
  for (let at = nul === -1 ? first : nul;;) {
    const start = rest.indexOf(OPEN_BRACE, at);
    if (start === -1) return undefined;
    const { end, failed } = objectsFrom(start, bytes, rest.length, scanner);
    if (end > start && isRowEnd(rest, end)) return start;
    scanned += failed - start;
    if (scanned > MAX_PASSES * rest.length) return start;
    at = Math.max(end, start + 1);
  }
}

/** Reads objects with commas between, and returns the end of the last whole one and that of the reading. */
function objectsFrom(
  start: number,
  bytes: Uint8Array,
  length: number,
  scanner: RowScanner,
): { readonly end: number; readonly failed: number } {
  let end = start;
  for (let at = start; bytes[at] === OPEN_BRACE;) {
    let next: number;
    try {
      next = scanner.next(bytes, at, length);
    } catch (error) {
      if (!(error instanceof ByteError)) throw error;
      return { end, failed: Math.max(error.offset, at) };
    }
    if (next === -1) return { end, failed: length };
    if (bytes.subarray(at, next).includes(0)) return { end, failed: next };
    end = next;
    at = skipSpace(bytes, end, length);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, length);
  }
  return { end, failed: end };
}

/** Returns true if the bytes after objects may follow rows: neither more of an object nor of an array in one. */
function isRowEnd(bytes: Uint8Array, at: number): boolean {
  const { length } = bytes;
  let i = skipSpace(bytes, at, length);
  if (bytes[i] === COMMA) i = skipSpace(bytes, i + 1, length);
  else if (bytes[i] === CLOSE_BRACKET) {
    i = skipSpace(bytes, i + 1, length);
    return i === length || bytes[i] === OPEN_BRACKET || bytes[i] === OPEN_BRACE ||
      bytes[i] === 0;
  }
  return i === length || bytes[i] === OPEN_BRACE || bytes[i] === 0;
}
