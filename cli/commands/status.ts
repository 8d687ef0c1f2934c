import { createStatus } from "../../core/tools/status.ts";
import { type Command, command } from "../command.ts";
import { flag, storeArgument } from "../options.ts";
import { registry } from "../registry.ts";
import { UsageError } from "../usage_error.ts";

const printStatus = createStatus(registry);

/** `stet status`. */
export const status: Command = command({
  name: "status",
  summary: "how many runs a store has, and when the last one was",
  about:
    `Prints where the store is, how many runs are done, when the last one was, and its key columns.`,
  arguments: { store: storeArgument },
  options: {
    workers: flag("print the workers of its cluster instead, what they run, and what waits"),
    json: flag("print it as one JSON object"),
  },
  examples: ["", "runs.csv --json", "postgres://host/database --workers"],
  async run({ store, workers, json }, { log }): Promise<void> {
    if (workers) {
      if (!/^postgres(?:ql)?(?:\+\w+)?:/i.test(store)) {
        throw new UsageError("--workers needs a store of PostgreSQL: no other has a cluster");
      }
      const { clusterLines, readCluster } = await import("../runs/cluster_lines.ts");
      const cluster = await readCluster(store);
      if (json) return log(JSON.stringify(cluster));
      return clusterLines(cluster).forEach((line) => log(line));
    }
    const found = await printStatus(store, json ? { quiet: true } : { log });
    if (json) log(JSON.stringify(found));
  },
});
