/**
 * Goes over a grid until all of it is done, together with others, and notes in a log of its own what
 * it does: `begin`, `end` and, once it is acknowledged, `ack`, each with the seed and the time.
 * Arguments: the store, the log, the number of seeds.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { once } from "../../mod.ts";

const [store, path, count] = process.argv.slice(2) as [string, string, string];
const fd = openSync(path, "a"); // what it was given survives the death of the process

function note(what: string, seed: number): void {
  writeSync(fd, `${what} ${seed} ${Date.now()}\n`);
}

const run = once(async ({ seed }: { seed: number }) => {
  note("begin", seed);
  await sleep(Math.random() * 5);
  note("end", seed);
}, { store, quiet: true, onBusy: "skip" });

for (let isBusy = true; isBusy;) {
  isBusy = false;
  for (let seed = 0; seed < Number(count); seed++) {
    const outcome = await run.outcome({ seed });
    if (outcome.status === "failed") throw outcome.error;
    if (outcome.status === "ran") note("ack", seed);
    if (outcome.status === "busy") isBusy = true;
  }
  if (isBusy) await sleep(Math.random() * 5);
}
