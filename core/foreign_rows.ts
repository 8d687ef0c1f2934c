import fs from "node:fs";
import { createInterface } from "node:readline";
import { TIMESTAMP } from "./columns.ts";
import type { CompleteBackend } from "./complete_backend.ts";
import { FormatError, messageOf } from "./errors.ts";
import { parseJson } from "./json.ts";
import { jsonArrayItems } from "./json_array_items.ts";
import { isPlainObject, type Row, toValue, type Value } from "./value.ts";

/**
 * Reads the rows of a file that need not be a store: a JSON file without stet's columns has JSON's own
 * types, where a string is a string and not cell text. One row at a time.
 */
export async function* foreignRows(backend: CompleteBackend): AsyncGenerator<Row> {
  const { location } = backend;
  const isJson = /\.(?:json|jsonl|ndjson)$/i.test(location);
  if (!isJson || (await backend.columns()).includes(TIMESTAMP)) yield* backend.rows();
  else if (/\.json$/i.test(location)) yield* arrayRows(location);
  else yield* lineRows(location);
}

function* arrayRows(file: string): Generator<Row> {
  let row = 0;
  try {
    for (const text of jsonArrayItems(file)) {
      const where = `row ${++row}`;
      yield rowOf(parsed(text, file, where), `${where} of "${file}"`);
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FormatError(`Cannot read "${file}": ${cause.message}`, { cause });
  }
}

async function* lineRows(file: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
  let line = 0;
  for await (const text of lines) {
    line++;
    const json = text.replace(/^\ufeff/, "");
    if (json.trim() !== "") {
      yield rowOf(parsed(json, file, `line ${line}`), `line ${line} of "${file}"`);
    }
  }
}

function parsed(text: string, file: string, where: string): Value {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new FormatError(`Cannot read "${file}": ${where}: ${messageOf(cause)}`, { cause });
  }
}

function rowOf(value: Value, what: string): Row {
  if (isPlainObject(value)) return toValue(value, what) as Row;
  throw new FormatError(`Cannot read ${what}: it is no object`);
}
