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
 * after NULs. An object within a row that was cut off is none: other things follow it.
 */
export function objectAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
  const bytes = new Uint8Array(rest.length + 1);
  bytes.set(rest);
  bytes[rest.length] = LF;
  const nul = rest.indexOf(0);
  const first = skip(rest, 0);
  // Without either, it is one row that was cut off.
  if (nul === -1 && rest[first] !== CLOSE_BRACKET) return undefined;
  let scanned = 0;
  for (let at = nul === -1 ? first : nul;;) {
    at = rest.indexOf(OPEN_BRACE, at);
    if (at === -1) return undefined;
    const next = nextRow(scanner, bytes, at, rest.length);
    if (next.end !== -1 && isRowEnd(rest, next.end) && !rest.subarray(at, next.end).includes(0)) {
      return at;
    }
    scanned += (next.end === -1 ? next.failed : next.end) - at;
    if (scanned > MAX_PASSES * rest.length) return at;
    at++;
  }
}

/** Reads an object: where it ends, -1 if it does not; where it was seen to be none. */
function nextRow(
  scanner: RowScanner,
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly end: number; readonly failed: number } {
  try {
    return { end: scanner.next(bytes, at, end), failed: end };
  } catch (error) {
    if (!(error instanceof ByteError)) throw error;
    return { end: -1, failed: Math.max(error.offset, at) };
  }
}

/** True if what comes at a byte may come after a row. */
function isRowEnd(bytes: Uint8Array, at: number): boolean {
  let i = skip(bytes, at);
  if (bytes[i] === COMMA) i = skip(bytes, i + 1);
  else if (bytes[i] === CLOSE_BRACKET) {
    i = skip(bytes, i + 1);
    return i === bytes.length || bytes[i] === OPEN_BRACKET || bytes[i] === 0;
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
