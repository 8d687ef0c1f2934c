import type { RowScanner } from "./format.ts";
import { ByteError } from "./format.ts";

const LF = 10, CR = 13, SPACE = 32, TAB = 9, COMMA = 44;
const OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123;

/** The beginning of the first line but the first that is a whole row. */
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

/** How often the bytes of a file's end are gone through, before its objects are taken for rows. */
const MAX_PASSES = 64;

/**
 * The beginning of the first object that is a row of an array, after bytes that are none: after a `]`, or
 * after NULs. Objects within a row that was cut off are none.
 */
export function objectAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
  const bytes = new Uint8Array(rest.length + 1);
  bytes.set(rest);
  bytes[rest.length] = LF;
  const nul = rest.indexOf(0);
  let first = skip(rest, 0);
  if (rest[first] === COMMA) first = skip(rest, first + 1);
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

/** Reads objects with commas between: where the last whole one ends, and how far they were read. */
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
    at = skip(bytes, end);
    if (bytes[at] === COMMA) at = skip(bytes, at + 1);
  }
  return { end, failed: end };
}

/** True if what comes after objects may come after rows: neither more of an object nor of an array in one. */
function isRowEnd(bytes: Uint8Array, at: number): boolean {
  let i = skip(bytes, at);
  if (bytes[i] === COMMA) i = skip(bytes, i + 1);
  else if (bytes[i] === CLOSE_BRACKET) {
    i = skip(bytes, i + 1);
    return i === bytes.length || bytes[i] === OPEN_BRACKET || bytes[i] === OPEN_BRACE ||
      bytes[i] === 0;
  }
  return i === bytes.length || bytes[i] === OPEN_BRACE || bytes[i] === 0;
}

/** The first byte that is no white space. */
function skip(bytes: Uint8Array, at: number): number {
  let i = at;
  while (isBlank(bytes[i])) i++;
  return i;
}

function isBlank(c: number | undefined): boolean {
  return c === SPACE || c === LF || c === CR || c === TAB;
}
