import process from "node:process";
import { isKnown, withStore } from "../../core/contract/open_existing.ts";
import { checkSelection, createReset, resetSelected } from "../../core/tools/reset.ts";
import { type Command, command } from "../command.ts";
import { pairsArgument, pairsNote, valuesOf } from "../grids/read_pair.ts";
import { flag, storeArgument, whereOption } from "../options.ts";
import { registry } from "../registry.ts";
import { asUsage, UsageError } from "../usage_error.ts";

const resetStore = createReset(registry);

/** `stet reset`. */
export const reset: Command = command({
  name: "reset",
  summary: "forget runs, so that they are run again",
  usage: ["[store] [name=value ...] [--where condition] [--yes]"],
  about:
    `Removes the rows that agree on all the values given, and forgets the failures that do; with --where
     those for which a condition holds. Without either it removes all rows, after a yes.`,
  arguments: { pairs: pairsArgument, store: storeArgument },
  options: {
    where: whereOption("entries"),
    yes: flag("remove all rows without asking", { short: "y" }),
  },
  notes: [pairsNote],
  examples: [
    "runs.csv alpha=0.1 seed=42",
    `runs.csv --where "date >= '2024-02-01'"`,
    "runs.csv --yes",
  ],
  async run({ store, pairs, where, yes }, { log }): Promise<void> {
    const isAll = pairs.length === 0 && where === undefined;
    await withStore(registry, store, {}, async (backend) => {
      if (isAll) return;
      const columns = pairs.length > 0 ? await valuesOf(pairs, backend) : undefined;
      const say = (line: string): void => log(`[stet] ${line}`);
      await asUsage(async () => {
        if (columns) await checkSelection(backend, columns);
        await resetSelected(backend, { columns, where }, say);
      });
    }, isKnown);
    if (!isAll) return;
    if (!yes && !process.stdin.isTTY) {
      throw new UsageError("to remove all rows without a terminal to ask on, say --yes");
    }
    await resetStore(store, undefined, { log, yes });
  },
});
