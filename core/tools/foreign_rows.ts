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

/** How the texts of a file's columns are read. */
export interface ForeignOptions {
  /** The kind of a column's values, if it was decided by hand. */
  readonly kindOf: (column: string) => TextKind | undefined;
  /** True if `1.0` in a column is a number, as programs write floats. Default: false for all. */
  readonly keepsFloats?: (column: string) => boolean;
  /** Gets each column of text whose values may have been meant as numbers. */
  readonly onText?: (name: string, column: TextColumn) => void;
}

/** True if stet wrote a file: its texts are cell text, and tell numbers from texts that look like some. */
export async function isStetFile(backend: Engine): Promise<boolean> {
  return (await backend.columns()).some((name) => name.startsWith("_stet_"));
}

/**
 * Returns a reader of the rows of a file that need not be a store, one at a time. A CSV without stet's
 * columns is read column by column as {@linkcode TextColumn} does; a JSON file without them has JSON's own
 * types, where a string is a string and not cell text.
 */
export async function foreignReader(
  backend: Engine,
  options: ForeignOptions,
): Promise<() => AsyncGenerator<Row>> {
  const columns = await isStetFile(backend) ? undefined : await foreignColumns(backend, options);
  if (columns) return () => textRows(backend, columns);
  return async function* (): AsyncGenerator<Row> {
    for await (const row of typedRows(backend)) yield kindedRow(row, options.kindOf);
  };
}

/**
 * Reads the texts of all columns of a file that has nothing but text, to tell which are numbers; undefined for
 * other files.
 */
export async function foreignColumns(
  backend: Engine,
  { kindOf, keepsFloats, onText }: ForeignOptions,
): Promise<ReadonlyMap<string, TextColumn> | undefined> {
  if (!backend.texts) return undefined;
  const columns = new Map((await backend.columns()).map((name) => [
    name,
    new TextColumn(kindOf(name), keepsFloats?.(name)),
  ]));
  for await (const texts of backend.texts()) {
    for (const [name, column] of columns) column.add(texts[name] ?? "");
  }
  if (onText) { for (const [name, column] of columns) onText(name, column); }
  return columns;
}

/** Returns a value of a file that has types of its own, as the kind that was decided by hand. */
export function kindedValue(value: Value, kind: TextKind | undefined): Value {
  if (kind === "text") return argumentText(value);
  if (kind !== "number" || typeof value !== "string") return value;
  const number = readCell(value);
  return typeof number === "number" || typeof number === "bigint" ? number : value;
}

function kindedRow(row: Row, kindOf: ForeignOptions["kindOf"]): Row {
  const kinded: Row = {};
  for (const [name, value] of Object.entries(row)) {
    setEntry(kinded, name, kindedValue(value, kindOf(name)));
  }
  return kinded;
}

async function* textRows(
  backend: Engine,
  columns: ReadonlyMap<string, TextColumn>,
): AsyncGenerator<Row> {
  for await (const texts of backend.texts!()) {
    const row: Row = {};
    for (const [name, column] of columns) {
      const value = column.read(texts[name] ?? "");
      if (value !== undefined) setEntry(row, name, value);
    }
    yield row;
  }
}

async function* typedRows(backend: Engine): AsyncGenerator<Row> {
  const { location } = backend;
  const isJson = /\.(?:json|jsonl|ndjson)$/i.test(location);
  if (!isJson || await isStetFile(backend)) yield* backend.rows();
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
