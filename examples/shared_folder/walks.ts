import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { expandGrid, range, Store } from "@stet/stet";

/** A folder that all machines see under the same path. */
export const shared = process.env["WALKS"] ?? path.join(import.meta.dirname!, "output");

/** What the store of each task, and the one that ingests their notes, agree on. */
export const common = {
  runner: walk,
  columns: { steps: "integer", seed: "integer" },
  resultsDir: path.join(shared, "results"),
  fileSuffix: ".csv",
} as const;

/** The task of the array job that this process is. */
const task = process.env["SLURM_ARRAY_TASK_ID"] ?? "none";
fs.mkdirSync(path.join(shared, "tasks"), { recursive: true });

/** One store for each task: no two machines use the same file. The notes are for all. */
export const walks = new Store({
  ...common,
  store: `sqlite:///${path.join(shared, "tasks", `${task}.sqlite3`)}`,
  resultNotes: true,
});

export const params = expandGrid({ steps: [100, 1000], seed: range(1, 50) });

interface Walk {
  readonly steps: number;
  readonly seed: number;
  readonly resultFile: string;
}

/** A walk of steps to the left or right: its places, one a line. */
function walk({ steps, seed, resultFile }: Walk): void {
  const places: number[] = [];
  for (let step = 0, place = 0, state = seed; step < steps; step++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    places.push(place += state >>> 31 === 0 ? -1 : 1);
  }
  fs.writeFileSync(resultFile, places.join("\n") + "\n");
}
