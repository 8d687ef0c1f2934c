import fs from "node:fs";
import path from "node:path";
import { Store } from "@stet/stet";
import { simulate } from "./simulate.ts";

const output = path.join(import.meta.dirname!, "output");
fs.mkdirSync(output, { recursive: true });

/** A record and a CSV file for each run; `stet ls output/runs.sqlite3` shows the records. */
export const store = new Store({
  runner: ({ resultFile, ...params }) => {
    const lines = ["year,rabbits,foxes"];
    for (const { year, rabbits, foxes } of simulate(params)) {
      lines.push(`${year.toFixed(3)},${rabbits.toFixed(6)},${foxes.toFixed(6)}`);
    }
    fs.writeFileSync(resultFile, lines.join("\n") + "\n");
  },
  columns: { alpha: "real", beta: "real", delta: "real", gamma: "real", dt: "real" },
  store: `sqlite:///${path.join(output, "runs.sqlite3")}`,
  resultsDir: path.join(output, "results"),
  fileSuffix: ".csv",
});
