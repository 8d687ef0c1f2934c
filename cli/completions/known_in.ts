import fs from "node:fs";
import { DEFAULT_STORE } from "../../core/contract/registry.ts";
import { withStore } from "../../core/contract/open_existing.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { writeCell } from "../../core/values/cell.ts";
import { isKeyColumn } from "../../core/values/columns.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import { entryOf, type Value } from "../../core/values/value.ts";
import type { Command } from "../command.ts";
import { registry } from "../registry.ts";

/** Maximum number of rows that are read for values, and of values. */
const MAX_ROWS = 10_000;
const MAX_VALUES = 100;

/** Names and values in the store of a command line. */
export interface Known {
  readonly columns: readonly string[];
  /** Names of params. */
  readonly names: readonly string[];
  /** Returns the values of a param, in order. */
  values(name: string): Promise<string[]>;
}

/** Returns names and values in the store that a command line names; none if it is no file that is there. */
export async function knownIn(command: Command, words: readonly string[]): Promise<Known> {
  const store = storeIn(command, words);
  const columns = await read(store, async (backend) => await backend.columns()) ?? [];
  return {
    columns,
    names: columns.filter((name) => isKeyColumn(name) && !name.startsWith("_stet_")),
    values: async (name) => await read(store, (backend) => valuesIn(backend, name)) ?? [],
  };
}

function storeIn(command: Command, words: readonly string[]): string {
  const named = words.findLastIndex((word) => word === "-s" || word === "--store");
  if (named >= 0 && "store" in command.options) return words[named + 1] ?? DEFAULT_STORE;
  const isStore = (word: string): boolean => !word.includes("=") && fs.existsSync(word);
  return "store" in command.arguments
    ? words.slice(1).find(isStore) ?? DEFAULT_STORE
    : DEFAULT_STORE;
}

/** A database elsewhere would answer too late, and a store that cannot be read completes nothing. */
async function read<T>(
  store: string,
  body: (backend: Engine) => Promise<T>,
): Promise<T | undefined> {
  if (!fs.existsSync(store)) return undefined;
  try {
    return await withStore(registry, store, {}, body);
  } catch {
    return undefined;
  }
}

async function valuesIn(backend: Engine, name: string): Promise<string[]> {
  const found = new Map<string, Value>();
  let count = 0;
  for await (const row of backend.rows({ columns: [name] })) {
    const value = entryOf(row, name);
    if (value !== undefined) found.set(writeCell(value), value);
    if (++count >= MAX_ROWS || found.size >= MAX_VALUES) break;
  }
  return [...found].sort(([, a], [, b]) => compareValues(a, b)).map(([text]) => text);
}
