import fs from "node:fs";
import { createInterface } from "node:readline";
import { TIMESTAMP } from "./columns.ts";
import type { CompleteBackend } from "./complete_backend.ts";
import { FormatError, messageOf } from "./errors.ts";
import { parseJson } from "./json.ts";
import { isPlainObject, type Row, toValue, type Value } from "./value.ts";

/**
 * Reads the rows of a file that need not be a store: a JSON file without stet's columns has JSON's own
 * types, where a string is a string and not cell text. Lines one at a time, a JSON array as a whole.
 */
export async function* foreignRows(backend: CompleteBackend): AsyncGenerator<Row> {
  const { location } = backend;
  const isJson = /\.(?:json|jsonl|ndjson)$/i.test(location);
  if (!isJson || (await backend.columns()).includes(TIMESTAMP)) yield* backend.rows();
  else if (/\.json$/i.test(location)) yield* arrayRows(location);
  else yield* lineRows(location);
}

function* arrayRows(file: string): Generator<Row> {
  const text = fs.readFileSync(file, "utf8").replace(/^\ufeff/, "");
  const values = parsed(text, file, undefined);
  if (!Array.isArray(values)) {
    throw new FormatError(`Cannot read "${file}": it is no array of rows`);
  }
  for (const [i, value] of values.entries()) yield rowOf(value, `row ${i + 1} of "${file}"`);
}

async function* lineRows(file: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
  let line = 0;
  for await (const text of lines) {
    line++;
    const json = text.replace(/^\ufeff/, "");
    if (json.trim() !== "") yield rowOf(parsed(json, file, line), `line ${line} of "${file}"`);
  }
}

function parsed(text: string, file: string, line: number | undefined): Value {
  try {
    return parseJson(text);
  } catch (cause) {
    const where = line === undefined ? "" : `line ${line}: `;
    throw new FormatError(`Cannot read "${file}": ${where}${messageOf(cause)}`, { cause });
  }
}

function rowOf(value: Value, what: string): Row {
  if (isPlainObject(value)) return toValue(value, what) as Row;
  throw new FormatError(`Cannot read ${what}: it is no object`);
}
