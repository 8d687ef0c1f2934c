/**
 * Sweeps a store with other processes: `sweep_worker.ts store log go count`. It makes its log, and
 * begins once there is a file `go`. Each run adds a line to the log as it begins; the values that the
 * sweep gave end up in `<log>.values`.
 *
 * @module
 */

import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import process from "node:process";
import { expandGrid, once, range, sweep } from "../../mod.ts";
import { until } from "../until.ts";

const [store, log, go, count] = process.argv.slice(2) as [string, string, string, string];

const square = once(async ({ n }: { n: number }) => {
  appendFileSync(log, `${n}\n`);
  await new Promise((resolve) => setTimeout(resolve, 1));
  return n * n;
}, { store, save: true, quiet: true });

writeFileSync(log, "");
await until(() => existsSync(go));
const values: Record<number, unknown> = {};
const grid = expandGrid({ n: range(0, Number(count) - 1) });
for await (const outcome of sweep(square, grid, { concurrency: 4 })) {
  values[outcome.params["n"] as number] = "value" in outcome ? outcome.value : outcome.status;
}
writeFileSync(`${log}.values`, JSON.stringify(values));
