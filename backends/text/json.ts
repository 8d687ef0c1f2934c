import type { OpenOptions } from "../../core/contract/backend.ts";
import { FileBackend } from "../log/file_backend.ts";
import { objectAfter } from "./object_after.ts";
import type { Format, Layout } from "../log/format.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { type Beginning, JsonScanner, jsonStart, skipSpace } from "./json_rows.ts";

const COMMA = 44, OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123;

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

  scanner: jsonScanner,

  isClosed(rest): boolean {
    let at = skipSpace(rest, 0, rest.length);
    if (rest[at] === COMMA) at = skipSpace(rest, at + 1, rest.length);
    return rest[at] === CLOSE_BRACKET && skipSpace(rest, at + 1, rest.length) === rest.length;
  },

  rowAfter: (rest) => objectAfter(rest, jsonScanner()),

  encode: encodeJsonRow,

  head: () => "[",

  closing: "\n]\n",

  append(rows, _layout, after): string {
    return (after === "head" ? "\n " : ",\n ") + rows.join(",\n ") + "\n]\n";
  },
};

function jsonScanner(): JsonScanner {
  return new JsonScanner({ hasCommas: true, endsWithNewline: false });
}
