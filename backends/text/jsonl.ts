import type { OpenOptions } from "../../core/contract/backend.ts";
import { FileBackend } from "../log/file_backend.ts";
import type { Format, Layout } from "../log/format.ts";
import { lineAfter } from "../log/row_scan.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { type Beginning, JsonScanner, jsonStart } from "./json_rows.ts";

const OPEN_BRACE = 123, OPEN_BRACKET = 91;

/**
 * A store in a JSON Lines file (`.jsonl`, `.ndjson`): an object on each line.
 *
 * @example
 * ```ts
 * import { JsonlBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = new JsonlBackend("example_runs.jsonl");
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert(fs.readFileSync(backend.path, "utf8").startsWith('{"alpha": 0.1, "model": "a", '));
 * await backend.close();
 * fs.unlinkSync("example_runs.jsonl");
 * ```
 */
export class JsonlBackend extends FileBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, jsonl, options);
  }
}

/** Opens the JSON Lines store at a path. */
export function open(path: string, options: OpenOptions): JsonlBackend {
  return new JsonlBackend(path, options);
}

const BEGINNING: Beginning = {
  first: OPEN_BRACE,
  expected: "an object on each line",
  other: [OPEN_BRACKET, "a file that is one array is a .json"],
};

/** JSON Lines for the engine. */
export const jsonl: Format = {
  name: "JSON Lines",

  hasRowPerLine: true,

  layoutOf(bytes): Layout | undefined {
    const start = jsonStart(bytes, BEGINNING);
    return start === undefined ? undefined : { columns: [], start };
  },

  extend: (layout) => layout ?? { columns: [], start: 0 },

  scanner: () => new JsonScanner(true),

  isClosed: (rest) => rest.length === 0,

  rowAfter: (rest) => lineAfter(rest, new JsonScanner(true)),

  encode: encodeJsonRow,

  head: () => "",

  closing: "",

  append(rows, _layout, after): string {
    return (after === "unterminated" ? "\n" : "") + rows.join("\n") + "\n";
  },
};
