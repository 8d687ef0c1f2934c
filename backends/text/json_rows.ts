import { Buffer } from "node:buffer";
import { canonicalCell, readCell } from "../../core/values/cell.ts";
import { messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";
import { decodeUtf8 } from "./decode_utf8.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";
import { ByteError, type RowScanner } from "../log/format.ts";
import { fileKind } from "./file_kind.ts";
import { isPlainCell } from "./plain_cell.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, QUOTE = 34, COMMA = 44, MINUS = 45, POINT = 46;
const ZERO = 48, NINE = 57, COLON = 58;
const OPEN_BRACKET = 91, BACKSLASH = 92, CLOSE_BRACKET = 93, OPEN_BRACE = 123, CLOSE_BRACE = 125;

/** Walks rows that are JSON objects. */
export class JsonScanner implements RowScanner {
  readonly names: string[] = [];
  isRow = false;
  readonly #hasRowPerLine: boolean;
  readonly #slots = new Map<string, number>();
  /** Spelling of each slot's name, with its quotes: most rows have the same names in the same order. */
  readonly #spellings: Uint8Array[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  /** Beginning and end of the row. */
  #start = 0;
  #end = 0;
  /** The number of the row; a slot whose stamp is another is absent. */
  #row = 0;
  #stamps: number[] = [];
  #starts: number[] = [];
  #ends: number[] = [];

  /** @param hasRowPerLine True if a row ends only with its newline; else rows are separated by commas. */
  constructor(hasRowPerLine: boolean) {
    this.#hasRowPerLine = hasRowPerLine;
  }

  slot(name: string): number {
    return this.#slots.get(name) ?? -1;
  }

  next(bytes: Uint8Array, at: number, end: number): number {
    this.#bytes = bytes;
    this.isRow = false;
    const hasRowPerLine = this.#hasRowPerLine;
    let i = skipSpace(bytes, at, end);
    if (i < end && !hasRowPerLine && bytes[i] === COMMA) i = skipSpace(bytes, i + 1, end);
    if (i >= end) return hasRowPerLine && i > at ? i : -1;
    if (bytes[i] === CLOSE_BRACKET && !hasRowPerLine) return -1;
    if (bytes[i] !== OPEN_BRACE) return unexpected("an object {…}", bytes, i, end);
    this.#start = i;
    this.#row++;
    i = this.#readObject(bytes, i + 1, end);
    if (i === -1) return -1;
    this.#end = i;
    if (hasRowPerLine) {
      while (i < end && (bytes[i] === SPACE || bytes[i] === TAB || bytes[i] === CR)) i++;
      if (i >= end) return -1;
      if (bytes[i++] !== LF) return unexpected("a newline after the row", bytes, i - 1, end);
    }
    this.isRow = true;
    return i;
  }

  last(bytes: Uint8Array, at: number, end: number): boolean {
    if (!this.#hasRowPerLine || at === end) return false;
    try {
      // The newline at `end` ends it. `end + 1` may lie beyond the bytes; nothing is read there.
      return this.next(bytes, at, end + 1) === end + 1 && this.isRow;
    } catch (error) {
      if (error instanceof ByteError) return false;
      throw error;
    }
  }

  feed(slot: number, prefix: string, into: CellSink): boolean {
    if (this.#stamps[slot] !== this.#row) return false;
    const bytes = this.#bytes;
    const start = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    const isText = bytes[start] === QUOTE;
    if (!isText || !hasBackslash(bytes, start, end)) {
      const inset = isText ? 1 : 0;
      if (start + inset < end - inset && isPlainCell(bytes, start + inset, end - inset)) {
        into.text(prefix).ascii(bytes, start + inset, end - inset);
        return true;
      }
    }
    const cell = canonicalCell(this.#text(slot));
    if (cell === "") return false;
    into.text(prefix).text(cell);
    return true;
  }

  value(slot: number): Value | undefined {
    return this.#stamps[slot] === this.#row ? readCell(this.#text(slot)) : undefined;
  }

  copy(): string {
    return decodeUtf8(this.#bytes, this.#start, this.#end);
  }

  /** Returns the cell text of a slot: the value of a string, the spelling of anything else. */
  #text(slot: number): string {
    const start = this.#starts[slot]!;
    const text = decodeUtf8(this.#bytes, start, this.#ends[slot]!);
    const first = this.#bytes[start];
    if (first === OPEN_BRACE || first === OPEN_BRACKET) checkJson(text, start);
    return first === QUOTE ? parseString(text, start) : text;
  }

  /** Reads the members of an object, and returns the offset after it, or -1. */
  #readObject(bytes: Uint8Array, from: number, end: number): number {
    let i = skipSpace(bytes, from, end);
    if (bytes[i] === CLOSE_BRACE && i < end) return i + 1;
    for (let slot = -1;;) {
      i = skipSpace(bytes, i, end);
      if (i >= end) return -1;
      if (bytes[i] !== QUOTE) {
        return unexpected("a name in quotes", bytes, i, end);
      }
      const expected = this.#spellings[slot + 1];
      if (expected && isThere(expected, bytes, i, end)) {
        slot++;
        i += expected.length;
      } else {
        const nameStart = i;
        i = afterString(bytes, i, end);
        if (i === -1) return -1;
        slot = this.#slotAt(bytes, nameStart, i);
      }
      i = skipSpace(bytes, i, end);
      if (i >= end) return -1;
      if (bytes[i] !== COLON) return unexpected('":"', bytes, i, end);
      i = skipSpace(bytes, i + 1, end);
      const start = i;
      i = afterValue(bytes, i, end);
      if (i === -1) return -1;
      this.#stamps[slot] = this.#row;
      this.#starts[slot] = start;
      this.#ends[slot] = i;
      i = skipSpace(bytes, i, end);
      if (i >= end) return -1;
      const c = bytes[i++];
      if (c === CLOSE_BRACE) return i;
      if (c !== COMMA) return unexpected('"," or "}"', bytes, i - 1, end);
    }
  }

  #slotAt(bytes: Uint8Array, start: number, end: number): number {
    const name = parseString(decodeUtf8(bytes, start, end), start);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.names.push(name) - 1;
      this.#slots.set(name, slot);
      this.#spellings.push(bytes.slice(start, end));
    }
    return slot;
  }
}

function isThere(wanted: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Returns the offset of the first byte that is not white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  for (let c; i < end && (c = bytes[i]!) <= SPACE; i++) {
    if (c !== SPACE && c !== LF && c !== CR && c !== TAB) break;
  }
  return i;
}

function hasBackslash(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

/** Returns the offset after a string, or -1. */
function afterString(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const c = bytes[i];
    if (c === QUOTE) return i + 1;
    if (c === LF) throw new ByteError("a string is not closed on its line", at);
    if (c === BACKSLASH) i++;
  }
  return -1;
}

/** Returns the offset after a value, or -1. A numeral or word must be followed by another byte. */
function afterValue(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const first = bytes[at]!;
  if (first === QUOTE) return afterString(bytes, at, end);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return afterContainer(bytes, at, end);
  const decimal = afterDecimal(bytes, at, end);
  if (decimal !== -1) return decimal;
  let i = at;
  while (i < end && isWordByte(bytes[i]!)) i++;
  if (i >= end) return -1;
  if (i === at || !SCALAR.test(Buffer.from(bytes.subarray(at, i)).toString("latin1"))) {
    return unexpected("a value", bytes, i === at ? i : at, end);
  }
  return i;
}

/** Returns the offset after a numeral without exponent; -1 if it may be something else, or not whole. */
function afterDecimal(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] === MINUS ? at + 1 : at;
  let i = afterDigits(bytes, first, end);
  if (i === first || bytes[first] === ZERO && i > first + 1) return -1;
  if (i < end && bytes[i] === POINT) {
    const fraction = i + 1;
    i = afterDigits(bytes, fraction, end);
    if (i === fraction) return -1;
  }
  return i < end && !isWordByte(bytes[i]!) ? i : -1;
}

function afterDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
  return i;
}

const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity)$/;

function isWordByte(c: number): boolean {
  return c >= 48 && c <= 57 || c >= 65 && c <= 90 || c >= 97 && c <= 122 || c === 43 || c === 45 ||
    c === 46;
}

/** Returns the offset after an array or object, or -1. */
function afterContainer(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  for (let i = at; i < end; i++) {
    const c = bytes[i];
    if (c === QUOTE) {
      i = afterString(bytes, i, end) - 1;
      if (i < 0) return -1;
    } else if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return i + 1;
  }
  return -1;
}

/** Checks an array or object, in which the scanner only counts brackets: cell text would take it for text. */
function checkJson(text: string, offset: number): void {
  try {
    parseJson(text);
  } catch (error) {
    throw new ByteError(messageOf(error), offset);
  }
}

/** Parses one string, as JSON.parse of V8 does rightly, unlike some keys of objects. */
function parseString(text: string, offset: number): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new ByteError("a string has a control character or a wrong escape", offset);
  }
}

/** @throws {ByteError} That there is something else at a byte. */
function unexpected(what: string, bytes: Uint8Array, at: number, end: number): never {
  throw new ByteError(`expected ${what}, found ${shown(bytes, at, end)}`, at);
}

/** Returns the text at a byte, for a message. */
function shown(bytes: Uint8Array, at: number, end: number): string {
  if (at >= end) return "the end of the file";
  return JSON.stringify(Buffer.from(bytes.subarray(at, Math.min(end, at + 12))).toString("utf8"));
}

/** The beginning of a file of a JSON format, for errors. */
export interface Beginning {
  /** The first byte that is not white space. */
  readonly first: number;
  readonly expected: string;
  /** Another first byte, and the format that has it. */
  readonly other: readonly [first: number, hint: string];
}

/**
 * Returns the offset of the first byte after a byte order mark and white space; undefined if there is none.
 *
 * @throws {ByteError} If it is not that of the format.
 */
export function jsonStart(
  bytes: Uint8Array,
  { first, expected, other: [otherFirst, hint] }: Beginning,
): number | undefined {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const at = skipSpace(bytes, isMarked ? 3 : 0, bytes.length);
  if (at === bytes.length) return undefined;
  const kind = fileKind(bytes, 4);
  if (kind) throw new ByteError(`expected ${expected}, but this is ${kind}`, 0);
  if (bytes[at] === first) return at;
  const found = shown(bytes, at, bytes.length);
  const isOther = bytes[at] === otherFirst;
  throw new ByteError(`expected ${expected}, found ${found}${isOther ? ` (${hint})` : ""}`, at);
}
