import { createStatus } from "../../core/tools/status.ts";
import { type Command, storeOf } from "../command.ts";
import { registry } from "../registry.ts";

const printStatus = createStatus(registry);

/** `stet status`. */
export const status: Command = {
  summary: "how many runs a store has, and when the last one was",
  help: `Usage: stet status [store] [--json]

Prints where the store is, how many runs are done, when the last one was, and its key columns.

  --json    print it as one JSON object

Examples:
  stet status
  stet status runs.csv --json`,
  options: { json: { type: "boolean" } },
  async run({ json }, positionals, { log }): Promise<void> {
    const found = await printStatus(storeOf(positionals), json ? { quiet: true } : { log });
    if (json) log(JSON.stringify(found));
  },
};
