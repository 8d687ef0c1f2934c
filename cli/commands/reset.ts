import process from "node:process";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { DEFAULT_STORE } from "../../core/runs/open_stores.ts";
import { createReset, resetSelected } from "../../core/tools/reset.ts";
import { asUsage } from "../as_usage.ts";
import { type Command, storeOf, UsageError } from "../command.ts";
import { pairsHelp, readPair, valuesOf } from "../grids/read_pair.ts";
import { registry } from "../registry.ts";

const resetStore = createReset(registry);

/** `stet reset`. */
export const reset: Command = {
  summary: "forget runs, so that they are run again",
  help: `Usage: stet reset [store] [name=value ...] [--where condition] [--yes]

Removes the rows that agree on all the values given, and forgets the failures that do; with --where
those for which a condition holds. Without either it removes all rows, after a yes.

      --where condition   only entries for which it holds (see: stet ls --help)
  -y, --yes               remove all rows without asking

${pairsHelp}

Examples:
  stet reset runs.csv alpha=0.1 seed=42
  stet reset runs.csv --where "date >= '2024-02-01'"
  stet reset runs.csv --yes`,
  options: { yes: { type: "boolean", short: "y" }, where: { type: "string" } },
  async run({ yes, where }, positionals, { log }): Promise<void> {
    const pairs = positionals.filter((text) => text.includes("=")).map(readPair);
    const store = storeOf(positionals.filter((text) => !text.includes("="))) ?? DEFAULT_STORE;
    if (pairs.length === 0 && where === undefined) {
      if (!yes && !process.stdin.isTTY) {
        throw new UsageError("to remove all rows without a terminal to ask on, say --yes");
      }
      await resetStore(store, undefined, { log, yes: yes === true });
      return;
    }
    const backend = engineOf(await registry.open(store));
    try {
      const selection = {
        ...pairs.length > 0 && { columns: await valuesOf(pairs, backend) },
        ...where !== undefined && { where: String(where) },
      };
      await asUsage(() => resetSelected(backend, selection, (line) => log(`[stet] ${line}`)));
    } finally {
      await backend.close();
    }
  },
};
