import { Buffer } from "node:buffer";
import { canonicalCell, readCell } from "../../core/values/cell.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { unquoted } from "../../core/values/csv_field.ts";
import { namesOf } from "../../core/values/csv_names.ts";
import type { Value } from "../../core/values/value.ts";
import { withNewline } from "../files/file_bytes.ts";
import { decodeUtf8 } from "./decode_utf8.ts";
import type { CellSink } from "../../core/values/cell_sink.ts";
import { ByteError, HeaderError, type Layout, type RowScanner } from "../log/format.ts";
import { isPlainCell } from "./plain_cell.ts";
import { plainNumber } from "./plain_number.ts";

const LF = 10, CR = 13, QUOTE = 34, COMMA = 44, SPACE = 32, ZERO = 48, NINE = 57;

/** `2026-11-21T14:22:01.123Z`, with any fraction and any offset from UTC. */
const WHOLE_TIMESTAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Line that marks a merge conflict. */
const MARKER = /^(?:<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)(?: |$)/;

/** The maximum length of a cell whose bytes and length are one number. */
const MAX_PACKED = 6;
/** The maximum number of such cells that are kept. */
const MAX_VALUES = 4096;

/** Walks the rows of a CSV file, or the one that is its header. */
export class CsvScanner implements RowScanner {
  readonly names: readonly string[];
  readonly #slots: ReadonlyMap<string, number>;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Beginning and end of each field, its quotes included. */
  #starts = new Int32Array(16);
  #ends = new Int32Array(16);
  #fields = 0;
  readonly #timeSlot: number;
  /** First bytes of names, and of marks of a merge conflict. */
  readonly #initials: ReadonlySet<number>;
  /** Canonical cells of spellings that were read before. */
  #canonical = new Map<string, string>();
  /** Values of short cells that were read before, by their bytes as a number. */
  #values = new Map<number, Value | undefined>();
  isRow = false;

  /** Without names, it reads a header of any number of fields. */
  constructor(names: readonly string[]) {
    this.names = names;
    this.#slots = new Map(names.map((name, i) => [name, i]));
    this.#timeSlot = this.slot(TIMESTAMP);
    const initials = names.map((name) => Buffer.from(name.slice(0, 2))[0]!);
    this.#initials = new Set([...Buffer.from("<=>|\xef", "latin1"), ...initials]);
  }

  slot(name: string): number {
    return this.#slots.get(name) ?? -1;
  }

  next(bytes: Uint8Array, at: number, end: number): number {
    this.#bytes = bytes;
    let i = at;
    let field = 0;
    let isBlank = true;
    for (;;) {
      const start = i;
      if (bytes[i] === QUOTE) {
        i = closeQuote(bytes, i + 1, end);
        if (i === -1) return -1;
        const c = bytes[i];
        if (c !== COMMA && c !== LF && c !== CR) {
          // In a line that does not end it may be torn: a quote of a pair, and then NULs.
          if (bytes.indexOf(LF, i) >= end) return -1;
          throw new ByteError("a quoted cell goes on after its closing quote", i);
        }
      } else {
        for (let c = bytes[i]!; c > COMMA || c !== COMMA && c !== LF && c !== CR; c = bytes[++i]!);
      }
      if (i >= end) return -1;
      if (field === this.#starts.length) {
        this.#starts = new Int32Array(this.#starts.buffer.transfer(8 * field));
        this.#ends = new Int32Array(this.#ends.buffer.transfer(8 * field));
      }
      this.#starts[field] = start;
      this.#ends[field] = i;
      field++;
      if (i > start) isBlank = false;
      const c = bytes[i++];
      if (c === COMMA) continue;
      if (c === CR) {
        if (i === end) return -1;
        if (bytes[i] === LF) i++;
      }
      break;
    }
    this.#fields = field;
    this.isRow = !isBlank;
    if (this.isRow && this.names.length > 0 && this.#isSuspect(field)) this.#check(at);
    return i;
  }

  /** Returns true if a line may be no row: a quick check of each line. */
  #isSuspect(fields: number): boolean {
    if (fields !== this.names.length) return true;
    const slot = this.#timeSlot === -1 ? 0 : this.#timeSlot;
    let at = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    while (at < end && (this.#bytes[at] === QUOTE || this.#bytes[at] === SPACE)) at++;
    if (at === end) return false;
    const c = this.#bytes[at]!;
    return this.#timeSlot === -1 ? this.#initials.has(c) : c < ZERO || c > NINE;
  }

  /** @throws {ByteError} If a line is no row. */
  #check(at: number): void {
    const { names } = this;
    const fields = this.fields();
    if (fields.length === 1 && MARKER.test(fields[0]!)) {
      throw new ByteError("this is a mark of a merge conflict; resolve it", at);
    }
    const found = namesOf(fields.map((field) => field.replace(/^\ufeff/, "")));
    const known = found.filter((name) => this.#slots.has(name)).length;
    // A line with the columns of another file may have more or fewer.
    const isHeader = new Set(found).size === found.length && !found.includes("") &&
      (found.includes(TIMESTAMP) || found.length > 1 && known === found.length ||
        known === names.length);
    if (isHeader) throw new HeaderError(names, found, at);
    if (found.length !== names.length) {
      throw new ByteError(
        `expected ${names.length} field${names.length === 1 ? "" : "s"} as in the header, ` +
          `found ${found.length}`,
        at,
      );
    }
  }

  last(bytes: Uint8Array, at: number, end: number, isSettled: boolean): boolean {
    if (at === end) return false;
    // The newline at `end` closes the line; a row that ends before `end` + 1 is not the last.
    const limit = end + 1;
    const guarded = bytes.length > limit ? bytes : withNewline(bytes.subarray(0, limit));
    const after = guarded[limit];
    guarded[limit] = LF;
    try {
      if (this.next(guarded, at, limit) !== limit || !this.isRow) return false;
    } catch (error) {
      if (error instanceof ByteError) return false;
      throw error;
    } finally {
      guarded[limit] = after!;
    }
    const slot = this.slot(TIMESTAMP);
    if (slot === -1) return true;
    const timestamp = this.#text(slot);
    return timestamp === "" ? isSettled : WHOLE_TIMESTAMP.test(timestamp);
  }

  /**
   * Returns the offset of the first line but the first at which a row, or a header, begins. Lines within a cell
   * are none: the quote that ends the cell is misplaced in a row that begins at one of them.
   */
  rowAfter(rest: Uint8Array): number | undefined {
    const guarded = new Uint8Array(rest.length + 2).fill(LF); // `last` would copy it for its newline
    guarded.set(rest);
    const nul = rest.lastIndexOf(0);
    for (let at = rest.indexOf(LF) + 1; at > 0 && at < rest.length; at = rest.indexOf(LF, at) + 1) {
      if (this.#isRowAt(guarded, at, rest.length, nul)) return at;
    }
    return undefined;
  }

  #isRowAt(bytes: Uint8Array, at: number, end: number, lastNul: number): boolean {
    try {
      const next = this.next(bytes, at, end);
      if (next === -1 ? !this.last(bytes, at, end, true) : !this.isRow) return false;
      if (at <= lastNul && bytes.subarray(at, next === -1 ? end : next).includes(0)) return false;
    } catch (error) {
      if (error instanceof ByteError) return error instanceof HeaderError;
      throw error;
    }
    const slot = this.#timeSlot;
    const time = slot === -1 ? "" : this.#text(slot);
    return (time === "" || WHOLE_TIMESTAMP.test(time)) &&
      this.fields().every((field) => field.startsWith('"') || !field.includes('"'));
  }

  feed(slot: number, prefix: string, into: CellSink): boolean {
    const start = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    if (start === end) return false;
    if (isPlainCell(this.#bytes, start, end)) {
      into.text(prefix).ascii(this.#bytes, start, end);
      return true;
    }
    const cell = this.#canonicalText(this.#text(slot));
    if (cell === "") return false;
    into.text(prefix).text(cell);
    return true;
  }

  value(slot: number): Value | undefined {
    const start = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    if (start === end) return undefined;
    const number = plainNumber(this.#bytes, start, end);
    if (!Number.isNaN(number)) return number;
    return end - start <= MAX_PACKED
      ? this.#shortValue(slot, start, end)
      : readCell(this.#text(slot));
  }

  /** Returns the value of a cell of a few bytes, which is likely to come again. */
  #shortValue(slot: number, start: number, end: number): Value | undefined {
    let packed = end - start;
    for (let i = start; i < end; i++) packed = packed * 256 + this.#bytes[i]!;
    if (this.#values.has(packed)) return this.#values.get(packed);
    const value = readCell(this.#text(slot));
    if (typeof value === "object" && value !== null) return value; // each row has its own
    if (this.#values.size >= MAX_VALUES) this.#values.clear();
    this.#values.set(packed, value);
    return value;
  }

  copy(layout: Layout): string {
    return layout.columns.map((name) => {
      const slot = this.slot(name);
      return slot === -1 ? "" : decodeUtf8(this.#bytes, this.#starts[slot]!, this.#ends[slot]!);
    }).join(",");
  }

  /** Returns the fields of the row as the file spells them. */
  fields(): string[] {
    return Array.from(
      { length: this.#fields },
      (_, slot) => decodeUtf8(this.#bytes, this.#starts[slot]!, this.#ends[slot]!),
    );
  }

  texts(): string[] {
    return Array.from({ length: this.#fields }, (_, slot) => this.#text(slot));
  }

  #text(slot: number): string {
    const start = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    if (this.#bytes[start] !== QUOTE) return decodeUtf8(this.#bytes, start, end);
    return decodeUtf8(this.#bytes, start + 1, end - 1).replaceAll('""', '"');
  }

  #canonicalText(text: string): string {
    let cell = this.#canonical.get(text);
    if (cell === undefined) {
      cell = canonicalCell(text);
      if (this.#canonical.size >= 4096) this.#canonical.clear();
      this.#canonical.set(text, cell);
    }
    return cell;
  }
}

/** Returns true if bytes end as a row does whose last cell is its timestamp. */
export function endsWithTimestamp(bytes: Uint8Array): boolean {
  if (bytes.at(-1) !== LF) return false;
  const end = Buffer.from(bytes.subarray(-64)).toString("latin1").trimEnd();
  return WHOLE_TIMESTAMP.test(unquoted(end.slice(end.lastIndexOf(",") + 1)));
}

/** Returns the offset after the quote that closes a cell, or -1. */
function closeQuote(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  for (;;) {
    while (i < end && bytes[i] !== QUOTE) i++;
    if (i >= end) return -1;
    if (bytes[i + 1] !== QUOTE || i + 1 >= end) return i + 1;
    i += 2;
  }
}
