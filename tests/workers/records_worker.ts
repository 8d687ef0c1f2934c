/**
 * Sweeps a Store: `records_worker.ts <store> <folder> <name> <count> [hang]`. Each run appends `<name>
 * <n>` to `<folder>/log`. With `hang`, the run of 0 writes half a file, says so in `<folder>/half`, and
 * never ends. What the sweep gave goes to `<folder>/<name>.json`.
 *
 * @module
 */

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { Store } from "../../mod.ts";

const [location, folder, name, count, ending] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];

const store = new Store({
  store: location,
  resultsDir: path.join(folder, "results"),
  fileSuffix: ".csv",
  columns: { n: "integer", dt: "real" },
  durability: "process",
  runner: async ({ n, resultFile }) => {
    fs.appendFileSync(path.join(folder, "log"), `${name} ${n}\n`);
    if (ending === "hang" && n === 0) {
      fs.writeFileSync(resultFile, "half");
      fs.writeFileSync(path.join(folder, "half"), resultFile);
      await new Promise((resolve) => setTimeout(resolve, 1_000_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    fs.writeFileSync(resultFile, `whole ${n}`);
  },
});
const params = Array.from({ length: Number(count) }, (_, n) => ({ n, dt: n + 0.5 }));
const records = await store.sweep(params, { handleSignals: false });
await store.close();
fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(records));
