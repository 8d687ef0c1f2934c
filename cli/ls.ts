import { createLs } from "../core/ls.ts";
import { type Command, storeOf, UsageError } from "./command.ts";
import { registry } from "./registry.ts";
import { rowJson } from "./row_json.ts";

const list = createLs(registry);

/** `stet ls`. */
export const ls: Command = {
  summary: "the newest rows of a store, as a table",
  help: `Usage: stet ls [store] [-n count] [--json]

Prints the newest rows as a table, the last one recorded at the end.

  -n, --limit count   how many rows (default 20)
  --json              print a JSON object for each row instead

Examples:
  stet ls
  stet ls runs.csv -n 5
  stet ls runs.csv --json | tail -1`,
  options: { limit: { type: "string", short: "n" }, json: { type: "boolean" } },
  async run({ limit = "20", json }, positionals, { log }): Promise<void> {
    const count = Number(limit);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new UsageError(`--limit must be a whole number from 1 up, got "${limit}"`);
    }
    const rows = await list(storeOf(positionals), {
      limit: count,
      ...json ? { quiet: true } : { log },
    });
    if (json) { for (const row of rows) log(rowJson(row)); }
  },
};
