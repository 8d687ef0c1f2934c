/**
 * A module that sweeps its own function in workers when it is imported: `unguarded_sweep.ts store
 * report`. Each time it gets past the sweep it adds a line to the report.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { workers } from "../../executors/mod.ts";
import { once, sweep } from "../../mod.ts";

const [store, report] = process.argv.slice(2) as [string, string];

export const square = once(({ n }: { n: number }) => ({ squared: n * n, pid: process.pid }), {
  store,
  save: true,
  quiet: true,
});

const pids = new Set<unknown>();
let sum = 0;
const grid = [1, 2, 3, 4, 5, 6].map((n) => ({ n }));
const executor = workers(import.meta.url, "square", { concurrency: 2 });
for await (const outcome of sweep(square, grid, { executor })) {
  if (outcome.status !== "ran") throw new Error(`a run came to ${outcome.status}`);
  pids.add(outcome.value?.pid);
  sum += outcome.value?.squared ?? 0;
}
appendFileSync(report, JSON.stringify({ sum, here: pids.has(process.pid) }) + "\n");
