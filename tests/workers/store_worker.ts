/**
 * Does to stores what its parent says: a command on each line of standard input, an answer on a line
 * of standard output. Ends when standard input does.
 *
 * @module
 */

import type { Engine } from "../../core/contract/engine.ts";
import process from "node:process";
import { createInterface } from "node:readline";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { type Claim, once, type OnceFunction, type Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";

interface Params {
  readonly key: string;
}

interface Result {
  readonly by: string;
}

/** One for all keys: a store keeps an index for each. */
const shape = keyShape(["key"]);
const stores = new Map<string, Promise<Engine>>();
const claims = new Map<string, Claim>();
const functions = new Map<string, OnceFunction<[Params], Promise<Result>>>();
/** Ends the runs that wait. */
const finishing = new Map<string, (by: string) => void>();

function open(store: string): Promise<Engine> {
  const opened = stores.get(store) ?? openEngine(store, { warn: () => {} });
  stores.set(store, opened);
  return opened;
}

function tell(message: unknown): void {
  process.stdout.write(JSON.stringify(message) + "\n");
}

async function run({ key }: Params): Promise<Result> {
  tell({ began: key });
  return { by: await new Promise<string>((resolve) => finishing.set(key, resolve)) };
}

const commands = {
  /** Claims a key and keeps the claim. */
  async claim(store: string, key: string): Promise<{ state: string; holder?: string }> {
    const answer = await (await open(store)).claim(keyOf(shape, { key }));
    if (answer.state !== "claimed") return answer;
    claims.set(store + key, answer.claim);
    return { state: "claimed" };
  },
  /** Claims a key for a lease of so many milliseconds. */
  async lease(store: string, key: string, token: string, milliseconds: number): Promise<string> {
    const lease = { token, until: Date.now() + milliseconds };
    const answer = await (await open(store)).claim(keyOf(shape, { key }), { lease });
    if (answer.state === "claimed") claims.set(store + key, answer.claim);
    return answer.state;
  },
  /** Ends a claim with a row. */
  async finish(store: string, key: string): Promise<void> {
    await claims.get(store + key)!.record({ key });
  },
  /** Ends a claim with a failure. */
  async fail(store: string, key: string): Promise<void> {
    await claims.get(store + key)!.fail({ error: "out of luck", stack: "" });
  },
  async release(store: string, key: string): Promise<void> {
    await claims.get(store + key)!.release();
  },
  async record(store: string, row: Row): Promise<void> {
    await (await open(store)).record(row);
  },
  async remove(store: string, columns: Row): Promise<number> {
    return await (await open(store)).remove(columns);
  },
  async has(store: string, columns: Row): Promise<boolean> {
    return await (await open(store)).has(columns);
  },
  async load(store: string): Promise<Row[]> {
    return await (await open(store)).load();
  },
  /** Closes a store; used again, it is opened anew. */
  async close(store: string): Promise<void> {
    const opened = stores.get(store);
    stores.delete(store);
    await (await opened)?.close();
  },
  /** Runs a key, saving the result, until `end` is called with what to return. */
  async run(store: string, key: string): Promise<Result | undefined> {
    const wrapped = functions.get(store) ??
      once(run, { store: await open(store), key: ["key"], save: true, quiet: true });
    functions.set(store, wrapped);
    return await wrapped({ key });
  },
  async end(key: string, by: string): Promise<void> {
    finishing.get(key)!(by);
  },
};

/** The commands, for those who ask. */
export type Commands = typeof commands;

async function answer(id: number, name: keyof Commands, args: never[]): Promise<void> {
  try {
    const command = commands[name] as (...args: never[]) => Promise<unknown>;
    tell({ id, value: await command(...args) });
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.stack : String(error) });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, name, args } = JSON.parse(line);
  void answer(id, name, args);
}
for (const store of stores.values()) await (await store).close();
