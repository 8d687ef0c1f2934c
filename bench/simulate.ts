/**
 * Simulates many workers that share a store in Postgres, while workers, connections and the server fail, and counts
 * what is repeated, refused and waited for. The claims, leases and connections are the real ones; the clock, the
 * network and the server are simulated. Exits with 1 if something happened that must not.
 *
 *     node bench/simulate.ts                       1,000 workers, 10,000,000 keys
 *     node bench/simulate.ts --workers=20 --keys=2000 --job=10 --faults=12 --restarts=40
 *       --seed=1        seed of its random numbers
 *       --job=100       number of keys of a job, which run at a time
 *       --faults=0.3    faults of each kind for each hour of each worker
 *       --restarts=6    restarts of the server for each hour
 *       --claims=lease  owners without a session lock, as behind a pooler
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { simulate } from "./simulation/simulation.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "1000" },
    keys: { type: "string", default: "10000000" },
    job: { type: "string", default: "100" },
    faults: { type: "string", default: "0.3" },
    restarts: { type: "string", default: "6" },
    claims: { type: "string", default: "session" },
  },
});
const start = performance.now();
const report = await simulate({
  seed: Number(values.seed),
  workers: Number(values.workers),
  keys: Number(values.keys),
  jobKeys: Number(values.job),
  faultsPerHour: Number(values.faults),
  restartsPerHour: Number(values.restarts),
  claims: values.claims === "lease" ? "lease" : "session",
});
console.log(JSON.stringify(report, null, 2));
console.log(
  `took ${((performance.now() - start) / 1000).toFixed(1)} s, ` +
    `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
);
process.exit(report.violations.length > 0 ? 1 : 0);
