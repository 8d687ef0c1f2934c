// Which model predicts the species of a penguin best? Each is tried once: start this, interrupt it,
// start it again, start it twice.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { once, openBackend, sweep } from "@stet/stet";
import { grid, ks } from "./grid.ts";
import { leaveOneOut, type Model, parsePenguins } from "./knn.ts";
import { defaultStore, nextSteps, typed, untyped } from "./next_steps.ts";
import { type Progress, showProgress } from "./progress.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: defaultStore },
    k: { type: "string", default: ks.join(",") },
  },
});
const store = untyped(values.store);
fs.mkdirSync(path.dirname(store), { recursive: true });
const chosen = values.k.split(",").map(Number);
if (!chosen.every((k) => Number.isInteger(k) && k > 0)) {
  console.error(`--k takes whole numbers from 1 up, as in --k 2,4,6; got "${values.k}"`);
  process.exit(2);
}
const models = [...grid(chosen)];
const csv = fs.readFileSync(new URL("penguins.csv", import.meta.url), "utf8");
const { penguins, dropped } = parsePenguins(csv);

// Scores a model once: later calls give what is in the store.
const score = once(leaveOneOut, { store, save: true, quiet: true });

console.log(
  `Trying ${models.length} models that predict the species of ${penguins.length} penguins ` +
    `(${dropped} more have no measures).`,
);
console.log(`Store: ${typed(store)}`);

let before = 0;
for (const model of models) if (await score.has(model, penguins)) before++;
if (before > 0) console.log(`Resuming: ${before} of ${models.length} are done.`);
else console.log("Press Ctrl-C half-way, and start it again: it goes on from there.");

const bar = showProgress();
const first = await tryAll(bar.show);
bar.end();
const others = first.done - first.ran - before;
console.log(
  `Done: ${first.ran} run here (${time(first)})` +
    (before > 0 ? `, ${before} done before` : "") +
    (others > 0 ? `, ${others} run by another process.` : "."),
);

const rows = await bestFirst();
console.log("\nThe best models in the store (accuracy in %; the best of many is too optimistic):");
console.log("  acc   k  distance   features  scaling");
for (const { accuracy, k, distance, features, scaling } of rows.slice(0, 5)) {
  const right = (accuracy * 100).toFixed(1).padStart(5);
  const names = `${distance.padEnd(9)}  ${features.padEnd(8)}  ${scaling}`;
  console.log(`${right}  ${String(k).padStart(2)}  ${names}`);
}

const again = await tryAll(() => {});
console.log(`\nAll again: ${again.ran} run, ${again.done - again.ran} skipped (${time(again)}).\n`);
for (const line of nextSteps(store, rows[0]!)) console.log(line);

/** Tries every model that is not done, shared with other processes, and prints the progress. */
async function tryAll(tell: (progress: Progress) => void): Promise<Progress> {
  const start = performance.now();
  const swept = sweep(score, models.map((model) => [model, penguins]), {
    log(message): void {
      bar.end();
      console.log(message);
    },
  });
  const progress = (): Progress => ({
    total: models.length,
    before,
    done: swept.counts.ran + swept.counts.skipped,
    ran: swept.counts.ran,
    elapsed: performance.now() - start,
  });
  for await (const outcome of swept) {
    if (outcome.status === "failed") throw outcome.error;
    tell(progress());
  }
  return progress();
}

/** The rows of the store, best first; of equals, the one with the smallest k. */
async function bestFirst(): Promise<(Model & { accuracy: number })[]> {
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  return rows
    .map((row) => ({ ...row as unknown as Model, accuracy: row["result.accuracy"] as number }))
    .sort((a, b) => b.accuracy - a.accuracy || a.k - b.k);
}

function time({ elapsed }: Progress): string {
  return elapsed < 1000 ? `${Math.round(elapsed)} ms` : `${(elapsed / 1000).toFixed(1)} s`;
}
