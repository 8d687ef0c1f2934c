import { Buffer } from "node:buffer";
import type { OpenOptions } from "../../core/contract/backend.ts";
import type { TextRow } from "../../core/contract/engine.ts";
import { fileText } from "../../core/values/cell.ts";
import { orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { csvField, quotedField } from "../../core/values/csv_field.ts";
import { namesOf, paddedFields } from "../../core/values/csv_names.ts";
import type { Row } from "../../core/values/value.ts";
import { withNewline } from "../files/file_bytes.ts";
import { CsvScanner, endsWithTimestamp } from "./csv_scanner.ts";
import { FileBackend } from "../log/file_backend.ts";
import { fileKind } from "./file_kind.ts";
import { ByteError, type Format, type Layout } from "../log/format.ts";

const LF = 10, CR = 13;

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
 * assert(!fs.existsSync("example_runs.csv"));
 * ```
 */
export class CsvBackend extends FileBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, csv, options);
  }

  /** The cells of each row as the file spells them, unquoted. */
  override texts(): Generator<TextRow> {
    return this.textRows();
  }
}

/** Opens the CSV store at a path. */
export function open(path: string, options: OpenOptions): CsvBackend {
  return new CsvBackend(path, options);
}

interface CsvLayout extends Layout {
  /** The fields of the header as the file spells them; undefined for new columns. */
  readonly spellings: readonly (string | undefined)[];
  readonly newline: "\n" | "\r\n";
  readonly mark: "" | "\ufeff";
  /** The header is the whole file and lacks its newline. */
  readonly isUnterminated: boolean;
}

/** CSV for the engine. */
export const csv: Format = {
  name: "CSV",

  hasRowPerLine: true,

  layoutOf(bytes, whole): CsvLayout | undefined {
    checkText(bytes);
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const scanner = new CsvScanner([]);
    const guarded = withNewline(bytes);
    let at = marked ? 3 : 0;
    do {
      const next = scanner.next(guarded, at, bytes.length);
      if (next === -1) {
        if (!whole || !scanner.last(guarded, at, bytes.length, true)) return undefined;
        at = bytes.length;
      } else at = next;
    } while (!scanner.isRow);
    const spellings = scanner.fields();
    const columns = namesOf(spellings);
    checkHeader(columns, spellings);
    const newline = bytes[at - 2] === CR && bytes[at - 1] === LF ? "\r\n" : "\n";
    const isUnterminated = bytes[at - 1] !== LF && bytes[at - 1] !== CR;
    const mark = marked ? "\ufeff" : "";
    return { columns, spellings, start: at, newline, mark, isUnterminated };
  },

  extend(layout, added): CsvLayout {
    const old = layout as CsvLayout | undefined;
    const columns = orderColumns(old?.columns ?? [], added);
    if (old && columns === old.columns) return old;
    const { newline, mark } = old ?? { newline: "\n", mark: "" };
    const known = new Map(old?.columns.map((name, i) => [name, old.spellings[i]]));
    const spellings = columns.map((name) => known.get(name));
    const extended = { columns, spellings, start: 0, newline, mark, isUnterminated: false };
    return { ...extended, start: Buffer.byteLength(csv.head(extended)) };
  },

  scanner: (layout) => new CsvScanner(layout.columns),

  closing: "",

  isClosed(rest, { columns }): boolean {
    // A crash cuts a row off before its timestamp.
    const isCut = columns.at(-1) === TIMESTAMP && !endsWithTimestamp(rest);
    if (rest.includes(LF) && !isCut) {
      throw new ByteError("a quote that is opened here is never closed", 0);
    }
    return rest.length === 0;
  },

  rowAfter: (rest, layout) => new CsvScanner(layout.columns).rowAfter(rest),

  encode: (row, { columns }) => columns.map((name) => encodeCell(row, name)).join(","),

  head(layout): string {
    const { mark, newline } = layout as CsvLayout;
    return mark + headerOf(layout as CsvLayout).join(",") + newline;
  },

  paddedNames: (layout) => paddedFields((layout as CsvLayout).spellings.map(String)),

  tidied: (layout) => ({ ...layout as CsvLayout, spellings: [] }),

  append(rows, layout, after): string {
    const { newline, isUnterminated } = layout as CsvLayout;
    const isOpen = after === "unterminated" || after === "head" && isUnterminated;
    return (isOpen ? newline : "") + rows.join(newline) + newline;
  },
};

function encodeCell(row: Row, name: string): string {
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  return value === undefined ? "" : csvField(fileText(value));
}

/** Returns the fields of a header: as the file spells them, if they still read as the same names. */
function headerOf({ columns, spellings }: CsvLayout): readonly string[] {
  const isAllQuoted = spellings.some((field) => field !== undefined) &&
    spellings.every((field) => field === undefined || field.startsWith('"'));
  const fields = columns.map((name, i) =>
    spellings[i] ?? (isAllQuoted ? quotedField(name) : quoteName(name))
  );
  const isSame = namesOf(fields).every((name, i) => name === columns[i]);
  return isSame && !FOREIGN.test(fields[0] ?? "") ? fields : columns.map(quoteName);
}

/** Beginning of files of other kinds (`fileKind`). */
const FOREIGN = /^(?:[[{<\ufeff]|PAR1|ARROW1|PK|BZh|%PDF|version )/;

/** Quotes a name also if it has outer white space, or if the file would begin like another kind. */
function quoteName(name: string): string {
  return FOREIGN.test(name) || name.trim() !== name ? quotedField(name) : csvField(name);
}

/** @throws {ByteError} If a file begins like one of another kind. */
function checkText(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const found = /^\s*[[{]/.test(start) ? "JSON" : fileKind(bytes);
  if (found) {
    throw new ByteError(`expected a header of column names in UTF-8, but this is ${found}`, 0);
  }
}

function checkHeader(columns: readonly string[], spellings: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const [i, name] of columns.entries()) {
    if (name === "") {
      throw new ByteError(
        `column ${i + 1} of the header has no name; name it (pandas: to_csv(index=False))`,
        0,
      );
    }
    const [spelling, other] = [spellings[i]!, seen.get(name)];
    if (other !== undefined) {
      const how = other === spelling ? "" : `, spelled "${other}" and "${spelling}"`;
      throw new ByteError(`the header has two columns "${name}"${how}; rename one`, 0);
    }
    seen.set(name, spelling);
  }
  if (columns.length === 1 && /[;\t]/.test(columns[0]!)) {
    throw new ByteError(
      "columns are separated by something else than commas; save it with commas",
      0,
    );
  }
}
