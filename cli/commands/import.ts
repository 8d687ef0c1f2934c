import { ConflictError } from "../../core/tools/conflict_error.ts";
import { conflictLines } from "../../core/tools/conflict_lines.ts";
import { createImport } from "../../core/tools/import_store.ts";
import { DEFAULT_STORE } from "../../core/runs/open_stores.ts";
import { asUsage } from "../as_usage.ts";
import { columnList, columnLists } from "../grids/column_list.ts";
import { type Command, UsageError } from "../command.ts";
import { registry } from "../registry.ts";
import { textKindOptions } from "../grids/text_kinds.ts";

const fill = createImport(registry);

/** `stet import`. */
export const importCommand: Command = {
  summary: "fill a store from results that are there already, so that those runs are skipped",
  help: `Usage: stet import file --key columns [-s store] [--rename old=new] [--result columns]
                   [--text columns] [--number columns]

Records the rows of a file (a CSV, JSON or JSON Lines file of any program, or another store) as runs
that are done. Runs that the store has already are left as they are. Nothing is recorded if the file
has rows of one key that differ.

  --key columns         the columns that say which run it is: all of the function's key, by the names
                        that they have in the store
  -s, --store store     the store to fill (default ${DEFAULT_STORE})
  --rename old=new      call a column something else in the store; may be repeated
  --result columns      save only these columns, as result.<name> (default: all but the key's)
  --namespace name      the namespace of the function whose runs they are
  --text columns        the values of these columns are text, by the names that they have in the store
  --number columns      what spells a number in these columns is one

In a CSV of another program a value is a number only if its text loses nothing by that: 7, 0.5, 1e-4;
but 007, +15, 3.10, 12E3 and 1e400 are text, in columns of the key 1.0 too. Where one value of a column is
text, all are. In a CSV that stet wrote, values are written as stet writes them.

A _stet_timestamp in the file is kept; without one, the time is now.

Examples:
  stet import results.csv --key alpha,seed
  stet import old.json --key alpha,seed --rename lr=alpha --result accuracy,loss -s runs.sqlite`,
  options: {
    key: { type: "string" },
    store: { type: "string", short: "s" },
    rename: { type: "string", multiple: true },
    result: { type: "string" },
    namespace: { type: "string" },
    ...textKindOptions,
  },
  async run(values, positionals, { log, error: complain }): Promise<number> {
    const { key, store = DEFAULT_STORE, rename = [], result, namespace } = values;
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) {
      throw new UsageError(`expected one file to import, got ${positionals.length}`);
    }
    if (key === undefined) {
      throw new UsageError(
        "--key must name the columns that say which run it is: --key alpha,seed",
      );
    }
    const options = {
      key: columnList("--key", key),
      store: String(store),
      rename: Object.fromEntries((rename as readonly string[]).map(renaming)),
      ...result !== undefined && { result: columnList("--result", result) },
      ...namespace !== undefined && { namespace: String(namespace) },
      text: columnLists("--text", values["text"]),
      number: columnLists("--number", values["number"]),
      warn: complain,
    };
    try {
      const { read, recorded } = await asUsage(() => fill(file, options));
      const left = read === recorded ? "" : `; ${read - recorded} were there already`;
      log(`[stet] ${recorded} runs recorded in ${store}${left}`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      for (const line of conflictLines(error.conflicts)) log(line);
      complain(
        `stet: ${error.count} keys have rows that differ in ${file}; nothing was recorded. Remove the ` +
          `rows that are wrong, or name more columns in --key`,
      );
      return 1;
    }
  },
};

function renaming(text: string): [string, string] {
  const at = text.indexOf("=");
  const [from, to] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()];
  if (from !== "" && to !== "") return [from, to];
  throw new UsageError(`--rename must be old=new, got "${text}"`);
}
