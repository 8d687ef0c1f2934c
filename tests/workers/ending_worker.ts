/**
 * Ends in one of several ways while runs are under way. Arguments: the store, the way.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { once } from "../../mod.ts";

const [store, way] = process.argv.slice(2) as [string, string];

const run = once(async ({ seed, what }: { seed: number; what: string }) => {
  if (what === "exit") process.exit(3);
  if (what === "throw") {
    setTimeout(() => {
      throw new Error("nobody catches this, as intended");
    });
  }
  if (what === "reject") void Promise.reject(new Error("nobody catches this, as intended"));
  if (what !== "end") await new Promise((resolve) => setTimeout(resolve, 60_000));
  await sleep(seed);
}, { store, key: ["seed"], quiet: true });

async function main(): Promise<void> {
  if (way === "leave") {
    for (const seed of [1, 2, 3]) void run({ seed, what: "end" });
    return;
  }
  await run({ seed: 1, what: "end" });
  void run({ seed: 2, what: "wait" });
  await sleep(20);
  await run({ seed: 3, what: way });
}

void main(); // an await up here would have Bun live on after an uncaught exception
