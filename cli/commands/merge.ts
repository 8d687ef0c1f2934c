import { counted } from "../../core/display/counted.ts";
import { mergeStores } from "../../core/tools/merge_stores.ts";
import { type Command, command } from "../command.ts";
import { columns } from "../grids/column_list.ts";
import { type Argument, flag, given, oneOf, option, text } from "../options.ts";
import { registry } from "../registry.ts";
import { exitOnInterrupt } from "../terminal/exit_on_interrupt.ts";
import { listConflicts } from "../terminal/list_conflicts.ts";
import { asUsage, UsageError } from "../usage_error.ts";

const stores: Argument<readonly string[]> = {
  usage: "store ...",
  expects: "the stores to merge",
  count: [1, Infinity],
  read: (texts) => texts,
};

/** `stet merge`. */
export const merge: Command = command({
  name: "merge",
  summary: "several stores as one, a row for each key",
  usage: ["store store ... -o file [--prefer newest|first] [options]"],
  about:
    `Writes the rows of several stores, of any kinds, to a new one: one row for each key. Rows of one key
     with equal results become one. If they differ, that is a conflict: it is listed, and nothing is
     written, unless --prefer says which to take.`,
  arguments: { stores },
  options: {
    output: option(text("file"), "where to", { short: "o" }),
    prefer: option(
      oneOf("which", ["newest", "first"]),
      "of rows that differ take the newest, or the first in the order given",
    ),
    key: option(columns, "the columns that say which run it is (default: all params)"),
    force: flag("replace a store that is there already"),
  },
  exitCode1: "rows of one key differ; nothing was written",
  examples: [
    "monday.csv tuesday.sqlite -o all.jsonl",
    "a.csv b.csv -o all.csv --key alpha,seed --prefer newest",
  ],
  async run({ stores, output: to, ...options }, output): Promise<number> {
    if (to === undefined) throw new UsageError("say where to: -o all.csv");
    const advice =
      "; nothing was written. Say which to take with --prefer newest or --prefer first";
    return await listConflicts(output, advice, async () => {
      const { read, written, conflicts } = await exitOnInterrupt(() =>
        asUsage(() => mergeStores(registry, stores, to, given(options)))
      );
      const differing = conflicts === 0
        ? ""
        : `; ${counted(conflicts, "key")} had rows that differ`;
      output.log(`[stet] ${counted(written, "row")} of ${read} written to ${to}${differing}`);
    });
  },
});
