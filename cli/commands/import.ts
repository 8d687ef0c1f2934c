import { counted } from "../../core/display/counted.ts";
import { importStore } from "../../core/tools/import_store.ts";
import { DEFAULT_STORE } from "../../core/contract/registry.ts";
import { type Command, command } from "../command.ts";
import { columnLists, columns } from "../grids/column_list.ts";
import { given, option, repeated, required, text } from "../options.ts";
import { registry } from "../registry.ts";
import { listConflicts } from "../terminal/list_conflicts.ts";
import { asUsage, UsageError } from "../usage_error.ts";

/** `stet import`. */
export const importCommand: Command = command({
  name: "import",
  summary: "fill a store from results that are there already, so that those runs are skipped",
  usage: ["file --key columns [-s store] [--rename old=new] [options]"],
  about:
    `Records the rows of a file (a CSV, JSON or JSON Lines file of any program, or another store) as runs
     that are done. Runs that the store has already are left as they are. Nothing is recorded if the file
     has rows of one key that differ.`,
  arguments: { file: required("file", "one file to import") },
  options: {
    key: option(
      columns,
      `the columns that say which run it is: all of the function's key, by the names that they have in
       the store`,
    ),
    store: option(text("store"), "the store to fill", { short: "s", default: DEFAULT_STORE }),
    rename: repeated(
      { value: "old=new", read: renaming },
      "call a column something else in the store",
    ),
    result: option(
      columns,
      "save only these columns, as result.<name> (default: all but the key's)",
    ),
    namespace: option(text("name"), "the namespace of the function whose runs they are"),
    text: columnLists(
      "columns",
      "the values of these columns are text, by the names that they have in the store",
    ),
    number: columnLists("columns", "what spells a number in these columns is one"),
  },
  notes: [
    `In a CSV of another program a value is a number only if its text loses nothing by that: 7, 0.5,
     1e-4; but 007, +15, 3.10, 12E3 and 1e400 are text, in columns of the key 1.0 too. Where one value of
     a column is text, all are. In a CSV that stet wrote, values are written as stet writes them.`,
    `A _stet_timestamp in the file is kept; without one, the time is now.`,
  ],
  exitCode1: "rows of one key differ; nothing was recorded",
  examples: [
    "results.csv --key alpha,seed",
    "old.json --key alpha --rename lr=alpha --result loss -s a.sqlite",
  ],
  async run({ file, key, rename, ...options }, output): Promise<number> {
    if (key === undefined) {
      throw new UsageError(
        "--key must name the columns that say which run it is: --key alpha,seed",
      );
    }
    const advice =
      ` in ${file}; nothing was recorded. Remove the rows that are wrong, or name more ` +
      `columns in --key`;
    return await listConflicts(output, advice, async () => {
      const { read, recorded } = await asUsage(() =>
        importStore(registry, file, {
          ...given(options),
          key,
          rename: Object.fromEntries(rename),
          warn: output.error,
        })
      );
      const left = read === recorded ? "" : `; ${read - recorded} there already`;
      output.log(`[stet] ${counted(recorded, "run")} recorded in ${options.store}${left}`);
    });
  },
});

function renaming(text: string, flag: string): [string, string] {
  const at = text.indexOf("=");
  const [from, to] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()];
  if (from !== "" && to !== "") return [from, to];
  throw new UsageError(`${flag} must be old=new, got "${text}"`);
}
