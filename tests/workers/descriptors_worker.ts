/**
 * Uses a store while this process has no file descriptors left, and tells each error on a line of JSON.
 * To be started with a limit of them. Argument: the store.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";

const [store] = process.argv.slice(2) as [string];
const key = (seed: number) => keyOf(keyShape(["seed"]), { seed });
const errors: [what: string, name: string, message: string][] = [];

async function attempt(what: string, use: () => unknown): Promise<void> {
  try {
    await use();
  } catch (error) {
    const { name, message } = error as Error;
    errors.push([what, name, message]);
  }
}

const warn = (): void => {};
const backend = await openEngine(store, { durability: "process", warn });
await backend.load(); // loads what is loaded on first use
await backend.record({ seed: 1 });
const answer = await backend.claim(key(2));
const other = await openEngine(store, { durability: "process", warn });
const held: number[] = [];
try {
  for (;;) held.push(fs.openSync("/dev/null", "r"));
} catch {
  // none is left
}
await attempt(
  "record",
  () => answer.state === "claimed" && answer.claim.record({ seed: 2, new: 1 }),
);
await attempt("claim", () => backend.claim(key(3)));
await attempt("load of another", () => other.load());
await attempt("claim of another", () => other.claim(key(3)));
await attempt("close", () => backend.close!());
for (const fd of held) fs.closeSync(fd);
await other.close!();
console.log(JSON.stringify(errors));
