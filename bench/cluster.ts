import { fileURLToPath } from "node:url";
import { loadPgBoss } from "../packages/pg_boss.ts";
import { postgresSkip } from "../tests/postgres/programs.ts";
import { startServer } from "../tests/postgres/server.ts";
import { runChild, startChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { insertRaw, makeRawTables } from "./postgres_load.ts";

/** Number of workers, with one run at a time each. */
const WORKERS = 2;
/** Number of keys that are sent at once. */
const SENT = 100_000;

const module = fileURLToPath(new URL("cluster_work.ts", import.meta.url));

/** Sweeps on workers of a cluster on this machine. The functions do nothing. */
export const cluster: Group = {
  name: "cluster",
  kind: "postgresql:",
  sizes: [0],
  formats: [".csv"],
  async measure(_, { isQuick }): Promise<Measurement[]> {
    if (postgresSkip) {
      console.error(`Cannot measure a cluster: ${postgresSkip}`);
      return [];
    }
    await loadPgBoss("measure a cluster");
    const server = await startServer({ isDurable: true });
    const url = server.url();
    const workers = Array.from(
      { length: WORKERS },
      () => startChild(["../cli.ts", "worker", `${module}#work`, "--store", url, "-j", "1"]),
    );
    try {
      const sql = await server.connect();
      await makeRawTables(sql);
      const count = isQuick ? 4_000 : 20_000;
      const taken = { stet: [] as number[], raw: [] as number[], peak: [] as number[] };
      for (let trial = 0; trial <= (isQuick ? 1 : 5); trial++) { // the first warms up
        const args = ["cluster_sweep.ts", url, String(trial * count), String(count)] as const;
        const { seconds, peak } = JSON.parse(runChild(args).output);
        const raw = await insertRaw(sql, "keyed", trial * count, count);
        if (trial === 0) continue;
        taken.stet.push(count / seconds);
        taken.peak.push(peak);
        taken.raw.push(raw);
      }
      await sql.close();
      const target = server.url({ params: { table: "sent" } });
      const sent = JSON.parse(
        runChild(["cluster_sweep.ts", target, "0", String(SENT), "detach"]).output,
      );
      return [{
        what: `cluster: empty runs by ${WORKERS} workers`,
        rows: count,
        unit: "/s",
        stet: median(taken.stet),
        raw: { what: "INSERT of 256 rows at a time", value: median(taken.raw) },
        target: { of: "value", is: "≥", limit: 1_000 },
      }, {
        what: "cluster: peak memory of the coordinator",
        rows: count,
        unit: "MB",
        stet: median(taken.peak),
      }, {
        what: `cluster: ${SENT.toLocaleString("en")} keys looked up and sent`,
        rows: 0,
        unit: "s",
        stet: sent.seconds,
        target: { of: "value", is: "≤", limit: 20 },
      }, {
        what: "cluster: peak memory of that sweep",
        rows: 0,
        unit: "MB",
        stet: sent.peak,
      }];
    } finally {
      for (const worker of workers) worker.kill("SIGKILL");
      await server.end();
    }
  },
};
