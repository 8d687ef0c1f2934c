import { createLs } from "../../core/tools/ls.ts";
import { asUsage } from "../as_usage.ts";
import { columnList } from "../grids/column_list.ts";
import { type Command, storeOf, UsageError } from "../command.ts";
import { registry } from "../registry.ts";
import { rowJson } from "../terminal/row_json.ts";

const list = createLs(registry);

/** `stet ls`. */
export const ls: Command = {
  summary: "the newest rows of a store, or those asked for, as a table",
  help: `Usage: stet ls [store] [--where condition] [--sort columns] [-n count] [--json]

Prints the newest rows as a table, the last one recorded at the end.

  --where condition     only rows for which it holds
  --sort columns        in the order of these columns, with - before one from the largest down
  --columns columns     only these columns, in this order
  -n, --limit count     how many rows (default 20)
  --offset count        pass over so many first: the newest, or the first of those sorted
  --json                print a JSON object for each row instead

Conditions: = != < <= > >=   in (1, 2)   is absent   is null   and   or   not   ( )
Texts stand in single quotes, column names bare or in double quotes. The other values are numbers,
true, false, null, nan and inf.

Examples:
  stet ls
  stet ls runs.csv -n 5
  stet ls runs.csv --where "alpha > 0.2 and model = 'a'" --sort -result.accuracy,alpha
  stet ls runs.csv --columns alpha,result.accuracy --limit 20 --offset 40
  stet ls runs.csv --json | tail -1`,
  options: {
    where: { type: "string" },
    sort: { type: "string" },
    columns: { type: "string" },
    limit: { type: "string", short: "n" },
    offset: { type: "string" },
    json: { type: "boolean" },
  },
  signed: "sort",
  async run(values, positionals, { log }): Promise<void> {
    const { where, sort, columns, limit = "20", offset = "0", json } = values;
    const options = {
      limit: countOf("limit", limit, 1),
      offset: countOf("offset", offset, 0),
      ...where !== undefined && { where: String(where) },
      ...sort !== undefined && { sort: columnList("--sort", sort) },
      ...columns !== undefined && { columns: columnList("--columns", columns) },
      ...json ? { quiet: true } : { log },
    };
    const rows = await asUsage(() => list(storeOf(positionals), options));
    if (json) { for (const row of rows) log(rowJson(row)); }
  },
};

function countOf(name: string, text: unknown, least: number): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw new UsageError(`--${name} must be a whole number from ${least} up, got "${text}"`);
}
