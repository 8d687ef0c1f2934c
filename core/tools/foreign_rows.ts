import fs from "node:fs";
import { createInterface } from "node:readline";
import { argumentText } from "../values/argument_text.ts";
import { readCell } from "../values/cell.ts";
import type { Engine } from "../contract/engine.ts";
import { FormatError, messageOf } from "../errors.ts";
import { parseJson } from "../values/json.ts";
import { jsonArrayItems } from "../values/json_array_items.ts";
import { TextColumn, type TextKind } from "../values/text_value.ts";
import { isPlainObject, type Row, setEntry, toValue, type Value } from "../values/value.ts";

/** Options of reading the texts of a file. */
export interface ForeignOptions {
  /** The kind of a column's values, if it was decided by hand. */
  readonly kindOf: (column: string) => TextKind | undefined;
  /** True if `1.0` in a column is a number, as programs write floats. Default: false for all. */
  readonly keepsFloats?: (column: string) => boolean;
  /** Gets each column of text whose values may have been meant as numbers. */
  readonly onText: (name: string, column: TextColumn) => void;
}

/** A row of a file that need not be a store. */
export interface ForeignRow {
  readonly row: Row;
  /** Its cells as they are written, in a file that has nothing but text. */
  readonly texts?: Readonly<Record<string, string>>;
}

/**
 * Returns a reader of the rows of a file that need not be a store, one at a time. Without stet's columns,
 * texts of a CSV are read as {@linkcode TextColumn} does, and strings of JSON are strings and no cell text.
 */
export async function foreignReader(
  backend: Engine,
  { kindOf, keepsFloats, onText }: ForeignOptions,
): Promise<() => AsyncGenerator<ForeignRow>> {
  const names = await backend.columns();
  // The texts of a file that stet wrote are cell text, which distinguishes numbers from texts that look like some.
  const isStet = names.some((name) => name.startsWith("_stet_"));
  if (isStet || !backend.texts) return () => typedRows(backend, isStet, kindOf);
  const columns = new Map(
    names.map((name) => [name, new TextColumn(kindOf(name), keepsFloats?.(name))]),
  );
  for await (const texts of backend.texts()) {
    for (const [name, column] of columns) column.add(texts[name] ?? "");
  }
  for (const [name, column] of columns) onText(name, column);
  return () => textRows(backend, columns);
}

async function* textRows(
  backend: Engine,
  columns: ReadonlyMap<string, TextColumn>,
): AsyncGenerator<ForeignRow> {
  for await (const texts of backend.texts!()) {
    const row: Row = {};
    for (const [name, column] of columns) {
      const value = column.read(texts[name] ?? "");
      if (value !== undefined) setEntry(row, name, value);
    }
    yield { row, texts };
  }
}

async function* typedRows(
  backend: Engine,
  isStet: boolean,
  kindOf: ForeignOptions["kindOf"],
): AsyncGenerator<ForeignRow> {
  const isJson = !isStet && /\.(?:json|jsonl|ndjson)$/i.test(backend.location);
  for await (const values of isJson ? jsonRows(backend.location) : backend.rows()) {
    const row: Row = {};
    for (const [name, value] of Object.entries(values)) {
      setEntry(row, name, kindedValue(value, kindOf(name)));
    }
    yield { row };
  }
}

/** Returns a value of a file that has types of its own, as the kind that was decided by hand. */
function kindedValue(value: Value, kind: TextKind | undefined): Value {
  if (kind === "text") return argumentText(value);
  if (kind !== "number" || typeof value !== "string") return value;
  const number = readCell(value);
  return typeof number === "number" || typeof number === "bigint" ? number : value;
}

async function* jsonRows(file: string): AsyncGenerator<Row> {
  const isArray = /\.json$/i.test(file);
  const texts = isArray
    ? arrayItems(file)
    : createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
  let count = 0;
  for await (const text of texts) {
    const place = `${isArray ? "row" : "line"} ${++count}`;
    const json = text.replace(/^\ufeff/, "");
    if (!isArray && json.trim() === "") continue;
    let value: Value;
    try {
      value = parseJson(json);
    } catch (cause) {
      throw new FormatError(`Cannot read "${file}": ${place}: ${messageOf(cause)}`, { cause });
    }
    const what = `${place} of "${file}"`;
    if (!isPlainObject(value)) throw new FormatError(`Cannot read ${what}: it is no object`);
    yield toValue(value, what) as Row;
  }
}

function* arrayItems(file: string): Generator<string> {
  try {
    yield* jsonArrayItems(file);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FormatError(`Cannot read "${file}": ${cause.message}`, { cause });
  }
}
