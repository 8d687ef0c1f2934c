// Records what the tasks have done so far in one store, and shows how far the walks led. Run it on one
// machine, as often as you like: also while tasks run.
import fs from "node:fs";
import path from "node:path";
import { Store } from "@stet/stet";
import { common, shared } from "./walks.ts";

const index = new Store({ ...common, store: `sqlite:///${path.join(shared, "walks.sqlite3")}` });
const { recorded, left } = await index.ingest();
console.log(`${recorded} new records, ${left} notes that do not fit`);

const distances = new Map<number, number[]>();
for await (const { steps, resultFile } of index.find()) {
  const last = Number(fs.readFileSync(resultFile, "utf8").trim().split("\n").at(-1));
  distances.set(steps, [...distances.get(steps) ?? [], Math.abs(last)]);
}
for (const [steps, found] of [...distances].sort(([a], [b]) => a - b)) {
  const mean = found.reduce((sum, distance) => sum + distance, 0) / found.length;
  console.log(`${steps} steps: ${mean.toFixed(1)} places away, the mean of ${found.length} walks`);
}
await index.close();
