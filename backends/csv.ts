import { Buffer } from "node:buffer";
import type { OpenOptions } from "../core/backend.ts";
import { canonicalCell, readCell, writeCell } from "../core/cell.ts";
import { orderColumns, TIMESTAMP } from "../core/columns.ts";
import type { Row, Value } from "../core/value.ts";
import { isPlainCell } from "./csv_cell.ts";
import { FileBackend } from "./file_backend.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { ByteError, type Format, type Layout, type RowScanner } from "./format.ts";

const LF = 10, CR = 13, QUOTE = 34, COMMA = 44;

/**
 * A store in a CSV file (RFC 4180): a header of column names, a line for each row, cell text in the
 * cells. Files saved by a spreadsheet (CRLF, byte order mark, quoted cells, no newline at the end)
 * are read, and appended to in their own form.
 *
 * @example
 * ```ts
 * import { CsvBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = new CsvBackend("example_runs.csv");
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert(fs.readFileSync(backend.path, "utf8").startsWith("alpha,model,_stet_timestamp\n0.1,a,"));
 * await backend.clear();
 * await backend.close();
 * fs.unlinkSync("example_runs.csv");
 * ```
 */
export class CsvBackend extends FileBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, csv, options);
  }
}

/** Opens the CSV store at a path. */
export function open(path: string, options: OpenOptions): CsvBackend {
  return new CsvBackend(path, options);
}

interface CsvLayout extends Layout {
  readonly newline: "\n" | "\r\n";
  readonly mark: "" | "\ufeff";
  /** The header is the whole file and lacks its newline. */
  readonly isUnterminated: boolean;
}

/** CSV for the engine. */
export const csv: Format = {
  name: "CSV",

  layoutOf(bytes, whole): CsvLayout | undefined {
    checkText(bytes);
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const scanner = new CsvScanner([]);
    const guarded = withNewline(bytes);
    let at = marked ? 3 : 0;
    do {
      const next = scanner.next(guarded, at, bytes.length);
      if (next === -1) {
        if (!whole || !scanner.last(guarded, at, bytes.length)) return undefined;
        at = bytes.length;
      } else at = next;
    } while (!scanner.isRow);
    const columns = scanner.texts();
    checkHeader(columns, guarded);
    const newline = bytes[at - 2] === CR && bytes[at - 1] === LF ? "\r\n" : "\n";
    const isUnterminated = bytes[at - 1] !== LF && bytes[at - 1] !== CR;
    return { columns, start: at, newline, mark: marked ? "\ufeff" : "", isUnterminated };
  },

  extend(layout, added): CsvLayout {
    const old = layout as CsvLayout | undefined;
    const columns = orderColumns(old?.columns ?? [], added);
    if (old && columns === old.columns) return old;
    const { newline, mark } = old ?? { newline: "\n", mark: "" };
    const extended: CsvLayout = { columns, start: 0, newline, mark, isUnterminated: false };
    return { ...extended, start: Buffer.byteLength(csv.head(extended)) };
  },

  scanner: (layout) => new CsvScanner(layout.columns),

  closing: "",

  isClosed: (rest) => rest.length === 0,

  encode: (row, { columns }) => columns.map((name) => encodeCell(row, name)).join(","),

  head(layout): string {
    const { columns, mark, newline } = layout as CsvLayout;
    return mark + columns.map(quoteName).join(",") + newline;
  },

  append(rows, layout, after): string {
    const { newline, isUnterminated } = layout as CsvLayout;
    const isOpen = after === "unterminated" || after === "head" && isUnterminated;
    return (isOpen ? newline : "") + rows.join(newline) + newline;
  },
};

function encodeCell(row: Row, name: string): string {
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  return value === undefined ? "" : quoteText(writeCell(value));
}

/** Names are quoted also where the file would begin like one of another kind (`checkText`). */
function quoteName(name: string): string {
  return /^(?:[\s[{\ufeff]|PAR1|ARROW1)/.test(name) ? quoted(name) : quoteText(name);
}

function quoteText(text: string): string {
  return /[",\r\n]/.test(text) ? quoted(text) : text;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function withNewline(bytes: Uint8Array): Uint8Array {
  const guarded = new Uint8Array(bytes.length + 1);
  guarded.set(bytes);
  guarded[bytes.length] = LF;
  return guarded;
}

/** Tells files of other kinds by how they begin. */
function checkText(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const found = /^\s*[[{]/.test(text)
    ? "JSON"
    : text.startsWith("SQLite format 3\0")
    ? "an SQLite database"
    : text.startsWith("PAR1")
    ? "a Parquet file"
    : text.startsWith("ARROW1")
    ? "an Arrow file"
    : text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff")
    ? "UTF-16 text (save it as UTF-8)"
    : text.split("\n", 1)[0]!.includes("\0") // further on it may be a torn tail
    ? "not text"
    : undefined;
  if (found) {
    throw new ByteError(`expected a header of column names in UTF-8, but this is ${found}`, 0);
  }
}

function checkHeader(columns: readonly string[], bytes: Uint8Array): void {
  const seen = new Set<string>();
  for (const [i, name] of columns.entries()) {
    if (name === "") {
      throw new ByteError(
        `column ${i + 1} of the header has no name; name it (pandas: to_csv(index=False))`,
        0,
      );
    }
    if (seen.has(name)) throw new ByteError(`the header has two columns "${name}"; rename one`, 0);
    seen.add(name);
  }
  if (columns.length === 1 && /[;\t]/.test(columns[0]!)) {
    throw new ByteError(
      "columns are separated by something else than commas; save it with commas",
      0,
    );
  }
  decode(bytes, 0, bytes.indexOf(LF)); // throws what is not UTF-8
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, start: number, end: number): string {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    throw new ByteError("the text is not UTF-8; save the file as UTF-8", start);
  }
}

/** `2026-11-21T14:22:01.123Z`, with any fraction and any offset from UTC. */
const WHOLE_TIMESTAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

class CsvScanner implements RowScanner {
  readonly names: readonly string[];
  readonly #slots: ReadonlyMap<string, number>;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where each field begins and ends, its quotes included. */
  #starts = new Int32Array(16);
  #ends = new Int32Array(16);
  #fields = 0;
  /** Canonical cells of spellings met before: the same ones come again and again. */
  #canonical = new Map<string, string>();
  isRow = false;

  /** Without names it reads the header: any number of fields will do. */
  constructor(names: readonly string[]) {
    this.names = names;
    this.#slots = new Map(names.map((name, i) => [name, i]));
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
      if (field === this.#starts.length) this.#grow();
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
    if (field !== this.names.length && this.isRow && this.names.length > 0) {
      throw new ByteError(
        `expected ${count(this.names.length, "field")} as in the header, found ${field}`,
        at,
      );
    }
    return i;
  }

  last(bytes: Uint8Array, at: number, end: number): boolean {
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
    return timestamp === "" || WHOLE_TIMESTAMP.test(timestamp);
  }

  feed(slot: number, prefix: string, into: Fingerprint): boolean {
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
    return readCell(this.#text(slot));
  }

  copy(layout: Layout): string {
    return layout.columns.map((name) => {
      const slot = this.slot(name);
      return slot === -1 ? "" : decode(this.#bytes, this.#starts[slot]!, this.#ends[slot]!);
    }).join(",");
  }

  /** The fields of the row, unquoted. */
  texts(): string[] {
    return Array.from({ length: this.#fields }, (_, slot) => this.#text(slot));
  }

  #text(slot: number): string {
    const start = this.#starts[slot]!;
    const end = this.#ends[slot]!;
    if (this.#bytes[start] !== QUOTE) return decode(this.#bytes, start, end);
    return decode(this.#bytes, start + 1, end - 1).replaceAll('""', '"');
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

  #grow(): void {
    const starts = new Int32Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#starts = starts;
    const ends = new Int32Array(starts.length);
    ends.set(this.#ends);
    this.#ends = ends;
  }
}

/** The byte after the quote that closes a cell, or -1. */
function closeQuote(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  for (;;) {
    while (i < end && bytes[i] !== QUOTE) i++;
    if (i >= end) return -1;
    if (bytes[i + 1] !== QUOTE || i + 1 >= end) return i + 1;
    i += 2;
  }
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
