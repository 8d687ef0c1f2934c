import process from "node:process";
import { createReset } from "../core/reset.ts";
import { type Command, storeOf, UsageError } from "./command.ts";
import { readPair } from "./read_pair.ts";
import { registry } from "./registry.ts";

const resetStore = createReset(registry);

/** `stet reset`. */
export const reset: Command = {
  summary: "forget runs, so that they are run again",
  help: `Usage: stet reset [store] [name=value ...] [--yes]

Removes the rows that agree on all the values given. Without values it removes all rows, after a yes.

  -y, --yes   remove all rows without asking

Values are written as in the file: alpha=0.1, model=a, flag=True. Quote a number that is text: id='"7"'.

Examples:
  stet reset runs.csv alpha=0.1 seed=42
  stet reset runs.csv --yes`,
  options: { yes: { type: "boolean", short: "y" } },
  async run({ yes }, positionals, { log }): Promise<void> {
    const pairs = positionals.filter((text) => text.includes("="));
    const store = storeOf(positionals.filter((text) => !text.includes("=")));
    if (pairs.length > 0) {
      await resetStore(store, Object.fromEntries(pairs.map(readPair)), { log });
      return;
    }
    if (!yes && !process.stdin.isTTY) {
      throw new UsageError("to remove all rows without a terminal to ask on, say --yes");
    }
    await resetStore(store, undefined, { log, yes: yes === true });
  },
};
