import { argumentText } from "../../core/values/argument_text.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { isReserved } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { foreignColumns, isStetFile, kindedValue } from "../../core/tools/foreign_rows.ts";
import type { Factor } from "../../core/grids/factor.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openExisting } from "../../core/contract/open_existing.ts";
import { type Row, setEntry, type Value } from "../../core/values/value.ts";
import { UsageError } from "../command.ts";
import { readJsonRows } from "./read_json_rows.ts";
import { registry } from "../registry.ts";
import type { TextKinds } from "./text_kinds.ts";

/** One row of a file: its params, and the texts that they are written as where these are known. */
interface Combination {
  readonly params: Row;
  readonly texts?: Readonly<Record<string, string>>;
}

/**
 * Reads the combinations in a file: a store of any kind, or a CSV, JSON array or JSON Lines without
 * stet's columns. Columns of results and of stet's own are left out, and so are combinations that
 * come twice.
 *
 * @param note Gets what is to be said of columns of text.
 * @throws {UsageError} If it cannot be read or there are none.
 */
export async function readCombinations(
  file: string,
  kinds: TextKinds,
  note: (line: string | undefined) => void,
): Promise<Factor> {
  const parts: Row[] = [];
  let isText = false;
  const seen = new Set<string>();
  const spelled = new Map<number, Readonly<Record<string, string>>>();
  const shape = keyShape(undefined);
  try {
    const backend = engineOf(await openExisting(registry, file, {}));
    try {
      for await (const { params, texts } of await combinationsIn(backend, kinds, note)) {
        const { text } = keyOf(shape, params);
        if (text === "" || seen.has(text)) continue;
        seen.add(text);
        isText = texts !== undefined;
        const written = texts && differing(params, texts);
        if (written) spelled.set(parts.length, written);
        parts.push(params);
      }
    } finally {
      await backend.close();
    }
  } catch (error) {
    throw new UsageError(
      `cannot read the combinations of -g ${file} (${messageOf(error)}); for the values of a ` +
        `param write name=values`,
      { cause: error },
    );
  }
  if (parts.length === 0) {
    throw new UsageError(`-g ${file} has no combinations; it needs a row for each`);
  }
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  return { names, parts, spelled, open: isText ? names.filter((name) => !kinds.of(name)) : [] };
}

async function combinationsIn(
  backend: Engine,
  kinds: TextKinds,
  note: (line: string | undefined) => void,
): Promise<Iterable<Combination> | AsyncIterable<Combination>> {
  const isStore = await isStetFile(backend);
  const columns = isStore ? undefined : await foreignColumns(backend, { kindOf: kinds.of });
  if (columns) {
    for (const [name, column] of columns) {
      if (!isReserved(name)) note(column.note(name, `--number ${name}`));
    }
    return mapped(backend.texts!(), (texts) => {
      const row: Row = {};
      for (const [name, text] of Object.entries(texts)) {
        const value = isReserved(name) ? undefined : columns.get(name)!.read(text);
        if (value !== undefined) setEntry(row, name, value);
      }
      return { params: row, texts };
    });
  }
  // In the JSON of a store text that looks like a number is quoted twice; in other JSON it is not.
  const isJson = !isStore && /\.(?:json|jsonl|ndjson)$/i.test(backend.location);
  return mapped(isJson ? readJsonRows(backend.location) : backend.rows(), (row) => {
    const params: Row = {};
    for (const [name, value] of Object.entries(row)) {
      if (!isReserved(name)) setEntry(params, name, kindedValue(value, kinds.of(name)));
    }
    return { params };
  });
}

async function* mapped<T, U>(
  items: Iterable<T> | AsyncIterable<T>,
  map: (item: T) => U,
): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

/** The texts that are not what a program would get for the value. */
function differing(
  params: Row,
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const found = Object.entries(params).filter(([name, value]) => isRespelled(value, texts[name]!));
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([name]) => [name, texts[name]!.trim()]));
}

function isRespelled(value: Value, text: string): boolean {
  return typeof value !== "string" && argumentText(value) !== text.trim();
}
