import { ConflictError } from "../../core/tools/conflict_error.ts";
import { conflictLines } from "../../core/tools/conflict_lines.ts";
import { createMerge, type MergeOptions } from "../../core/tools/merge_stores.ts";
import { asUsage } from "../as_usage.ts";
import { columnList } from "../grids/column_list.ts";
import { type Command, UsageError } from "../command.ts";
import { exitOnInterrupt } from "../terminal/exit_on_interrupt.ts";
import { registry } from "../registry.ts";

const unite = createMerge(registry);

/** `stet merge`. */
export const merge: Command = {
  summary: "several stores as one, a row for each key",
  help: `Usage: stet merge store store… -o file [--prefer newest|first] [--key columns] [--force]

Writes the rows of several stores, of any kinds, to a new one: one row for each key. Rows of one key
with equal results become one. If they differ, that is a conflict: it is listed, nothing is written,
and the exit code is 1, unless --prefer says which to take.

  -o, --output file     where to
  --prefer which        of rows that differ take the newest, or the first in the order given
  --key columns         the columns that say which run it is (default: all params)
  --force               replace a store that is there already

Examples:
  stet merge monday.csv tuesday.sqlite -o all.jsonl
  stet merge a.csv b.csv -o all.csv --key alpha,seed --prefer newest`,
  options: {
    output: { type: "string", short: "o" },
    prefer: { type: "string" },
    key: { type: "string" },
    force: { type: "boolean" },
  },
  async run(values, positionals, { log, error: complain }): Promise<number> {
    const { output, prefer, key, force } = values;
    if (positionals.length === 0) throw new UsageError("expected the stores to merge, got none");
    if (output === undefined) throw new UsageError("say where to: -o all.csv");
    const options: MergeOptions = {
      ...prefer !== undefined && { prefer: preferred(prefer) },
      ...key !== undefined && { key: columnList("--key", key) },
      force: force === true,
    };
    try {
      const { read, written, conflicts } = await exitOnInterrupt(() =>
        asUsage(() => unite(positionals, String(output), options))
      );
      const differing = conflicts === 0 ? "" : `; ${conflicts} keys had rows that differ`;
      log(`[stet] ${written} rows of ${read} written to ${output}${differing}`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      for (const line of conflictLines(error.conflicts)) log(line);
      const more = error.count - error.conflicts.length;
      if (more > 0) log(`and ${more} more`);
      complain(
        `stet: ${error.count} keys have rows that differ; nothing was written. Say which to take with ` +
          `--prefer newest or --prefer first`,
      );
      return 1;
    }
  },
};

function preferred(text: unknown): "newest" | "first" {
  if (text === "newest" || text === "first") return text;
  throw new UsageError(`--prefer must be newest or first, got "${text}"`);
}
