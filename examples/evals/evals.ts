// Which prompt suits which model? Every prompt × model × sum × seed is asked once, although the API
// throttles and fails: start this, interrupt it, start it again.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { expandGrid, once, openBackend, range, sweep } from "@stet/stet";
import { ApiError, ask, type Case } from "./ask.ts";
import { startModel } from "./model.ts";

const store = process.argv[2] ?? path.join(import.meta.dirname!, "output", "evals.csv");
fs.mkdirSync(path.dirname(store), { recursive: true });

const grid = expandGrid({
  model: ["tiny", "small", "large"],
  prompt: ["What is {a} + {b}?", "Add {a} and {b}.", "{a} + {b} ="],
  sum: [[2, 3], [17, 25], [123, 456], [999, 1]] as [number, number][],
  seed: range(1, 5),
});

const api = await startModel();
const evaluate = once(
  ({ model, prompt, sum, seed }: Case) => ask(api.url, { model, prompt, sum, seed }),
  {
    store,
    save: true,
    quiet: true,
  },
);

const tries = { failed: 0 };
const swept = sweep(evaluate, grid, {
  concurrency: 8,
  perSecond: 80, // more than the API takes, to see it throttle
  retries: 6,
  retryDelay: (attempt, error) => {
    tries.failed++;
    return (error instanceof ApiError && error.retryAfter) || 100 * 2 ** attempt;
  },
});
for await (const { status, params } of swept) {
  if (status === "failed") console.log("gave up on", params);
}
const { ran, skipped, failed } = await swept.done;
console.log(
  `${ran} asked, ${skipped} known from before, ${failed} given up; ` +
    `${tries.failed} answers were errors and asked for again.`,
);
api.close();

const backend = await openBackend(store);
const right = new Map<string, number>();
const asked = new Map<string, number>();
for (const row of await backend.load()) {
  const name = `${String(row["model"]).padEnd(6)} ${row["prompt"]}`;
  asked.set(name, (asked.get(name) ?? 0) + 1);
  if (row["result.correct"] === true) right.set(name, (right.get(name) ?? 0) + 1);
}
await backend.close();
console.log("\nright  model  prompt");
for (const [name, count] of asked) {
  console.log(`${((right.get(name) ?? 0) / count * 100).toFixed(0).padStart(4)}%  ${name}`);
}
console.log(`\nOpen ${path.relative("", store)}; start it again: nothing is asked twice.`);
