import type { OpenOptions } from "../../core/contract/backend.ts";
import { FileBackend } from "../log/file_backend.ts";
import { withNewline } from "../files/file_bytes.ts";
import { ByteError, type Format, type Layout, type RowScanner } from "../log/format.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { type Beginning, JsonScanner, jsonStart, skipSpace } from "./json_rows.ts";

const COMMA = 44, OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123;

/** Maximum number of passes over the bytes, after which an object counts as a row. */
const MAX_PASSES = 64;

/**
 * A store in a JSON file: one array of objects, an object for each row, valid JSON after every
 * record. Pretty-printed files are read, and appended to as they are.
 *
 * @example
 * ```ts
 * import { JsonBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = new JsonBackend("example_runs.json");
 * await backend.record({ alpha: 0.1, model: "a" });
 * const [row] = JSON.parse(fs.readFileSync(backend.path, "utf8"));
 * assert.equal(row.alpha, 0.1);
 * await backend.close();
 * fs.unlinkSync("example_runs.json");
 * ```
 */
export class JsonBackend extends FileBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, json, options);
  }
}

/** Opens the JSON store at a path. */
export function open(path: string, options: OpenOptions): JsonBackend {
  return new JsonBackend(path, options);
}

const BEGINNING: Beginning = {
  first: OPEN_BRACKET,
  expected: "an array of rows, [{…}, …]",
  other: [OPEN_BRACE, "a file with an object on each line is a .jsonl"],
};

/** JSON for the engine. */
export const json: Format = {
  name: "JSON",

  hasRowPerLine: false,

  layoutOf(bytes): Layout | undefined {
    const at = jsonStart(bytes, BEGINNING);
    return at === undefined ? undefined : { columns: [], start: at + 1 };
  },

  extend: (layout) => layout ?? { columns: [], start: 1 },

  scanner: () => new JsonScanner(false),

  isClosed(rest): boolean {
    let at = skipSpace(rest, 0, rest.length);
    if (rest[at] === COMMA) at = skipSpace(rest, at + 1, rest.length);
    return rest[at] === CLOSE_BRACKET && skipSpace(rest, at + 1, rest.length) === rest.length;
  },

  rowAfter: (rest) => objectAfter(rest, new JsonScanner(false)),

  encode: encodeJsonRow,

  head: () => "[",

  closing: "\n]\n",

  append(rows, _layout, after): string {
    return (after === "head" ? "\n " : ",\n ") + rows.join(",\n ") + "\n]\n";
  },
};

/**
 * Returns the offset of the first object that is a row of an array, after bytes that are none: after a `]`,
 * or after NULs. Objects within a row that was cut off are none.
 */
function objectAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
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
