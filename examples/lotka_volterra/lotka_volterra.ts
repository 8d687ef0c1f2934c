// How does the number of foxes swing when rabbits breed faster and foxes die sooner? Each pair of
// rates is simulated once; its course is a CSV file, which the records find again.
import fs from "node:fs";
import path from "node:path";
import { expandGrid, linSpace, sweep, workers } from "@stet/stet";
import { store } from "./store.ts";

const grid = expandGrid({
  alpha: linSpace(0.6, 1.4, 5),
  gamma: linSpace(0.6, 1.4, 5),
  beta: [0.1],
  delta: [0.05],
  dt: [0.001],
});

// The same as `await store.sweep(grid)`, on all processors, and telling what happens.
const swept = sweep(store, grid, {
  executor: workers(new URL("store.ts", import.meta.url), "store"),
});
for await (const { status, params } of swept) {
  console.log(`${status}: alpha=${params["alpha"]} gamma=${params["gamma"]}`);
}
console.log(await swept.done);

console.log("\nThe most foxes that there ever were:");
console.log("alpha  gamma  foxes");
for await (const { alpha, gamma, resultFile } of store.find()) {
  const [, ...lines] = fs.readFileSync(resultFile, "utf8").trim().split("\n");
  const most = lines.reduce((most, line) => Math.max(most, Number(line.split(",")[2])), 0);
  console.log(
    `${alpha.toFixed(1).padStart(5)}  ${gamma.toFixed(1).padStart(5)}  ${
      most.toFixed(1).padStart(5)
    }`,
  );
}

const record = await store.retrieve({ alpha: 1, gamma: 1, beta: 0.1, delta: 0.05, dt: 0.001 });
console.log(`\nOne of the files: ${path.relative("", record!.resultFile)}`);
await store.close();
