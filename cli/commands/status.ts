import { createStatus } from "../../core/tools/status.ts";
import { type Command, command } from "../command.ts";
import { flag, storeArgument } from "../options.ts";
import { registry } from "../registry.ts";

const printStatus = createStatus(registry);

/** `stet status`. */
export const status: Command = command({
  name: "status",
  summary: "how many runs a store has, and when the last one was",
  about:
    `Prints where the store is, how many runs are done, when the last one was, and its key columns.`,
  arguments: { store: storeArgument },
  options: { json: flag("print it as one JSON object") },
  examples: ["", "runs.csv --json"],
  async run({ store, json }, { log }): Promise<void> {
    const found = await printStatus(store, json ? { quiet: true } : { log });
    if (json) log(JSON.stringify(found));
  },
});
