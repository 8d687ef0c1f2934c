import { createLs } from "../../core/tools/ls.ts";
import { type Command, command } from "../command.ts";
import { columns } from "../grids/column_list.ts";
import { count, flag, given, option, storeArgument, text } from "../options.ts";
import { registry } from "../registry.ts";
import { rowJson } from "../terminal/row_json.ts";
import { asUsage } from "../usage_error.ts";

const list = createLs(registry);

/** `stet ls`. */
export const ls: Command = command({
  name: "ls",
  summary: "the newest rows of a store, or those asked for, as a table",
  usage: ["[store] [--where condition] [--sort columns] [-n count] [--json]"],
  about:
    `Prints the newest rows as a table, the last one recorded at the end. A column in which all rows are
     equal is said once, below. Results have six digits; --json has all.`,
  arguments: { store: storeArgument },
  options: {
    where: option(text("condition"), "only rows for which it holds"),
    sort: option(
      columns,
      "in the order of these columns, with - before one from the largest down",
      { isSigned: true },
    ),
    columns: option(columns, "only these columns, in this order"),
    limit: option(count(1), "how many rows", { short: "n", default: "20" }),
    offset: option(count(0), "pass over so many first: the newest, or the first of those sorted", {
      default: "0",
    }),
    all: flag("print the columns too in which all rows are equal"),
    json: flag("print a JSON object for each row instead"),
  },
  notes: [
    `Conditions: = != < <= > >=, in (1, 2), is absent, is null, and, or, not, ( ). Texts are in single
     quotes, column names bare (loss for result.loss) or in double quotes. The other values are numbers,
     true, false, null, nan, inf, and arrays and objects as JSON. _stet_namespace is the namespace of a
     run's function, absent in runs without one, and a column of every store.`,
  ],
  examples: [
    "",
    "runs.csv -n 5",
    `runs.csv --where "alpha > 0.2 and model = 'a'" --sort -accuracy`,
    "runs.csv --columns alpha,result.accuracy --limit 20 --offset 40",
    "runs.csv --json | tail -1",
  ],
  async run({ store, json, ...options }, { log }): Promise<void> {
    const print = json ? { quiet: true } : { log };
    const rows = await asUsage(() => list(store, { ...given(options), ...print }));
    if (json) { for (const row of rows) log(rowJson(row)); }
  },
});
