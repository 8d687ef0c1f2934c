import { createVerify } from "../../core/tools/verify_store.ts";
import { type Command, storeOf } from "../command.ts";
import { registry } from "../registry.ts";

const check = createVerify(registry);

/** `stet verify`. */
export const verify: Command = {
  summary: "what is wrong with a store, and its repair",
  help: `Usage: stet verify [store] [--repair] [--json]

Looks for rows that were cut off, rows that cannot be read, rows that are there twice or differ,
files that dead processes left, and records whose result file is gone.

  --repair              mend what loses nothing: move rows that were cut off aside, remove rows that
                        equal an earlier one, and files that nobody uses
  --json                print a JSON object for each finding

What living processes use is neither told nor touched. The exit code is 0 if nothing is wrong or all
was repaired, 1 if something is left.

Examples:
  stet verify
  stet verify runs.csv --repair`,
  options: { repair: { type: "boolean" }, json: { type: "boolean" } },
  async run({ repair, json }, positionals, { log }): Promise<number> {
    const findings = await check(storeOf(positionals), { repair: repair === true });
    for (const { kind, message, repaired } of findings) {
      if (json) log(JSON.stringify({ kind, message, repaired }));
      else log(`${kind}: ${message}${repaired === undefined ? "" : `: ${repaired}`}`);
    }
    const left = findings.filter(({ repaired }) => repaired === undefined).length;
    if (!json) log(lastLine(findings.length, left, repair === true));
    return left === 0 ? 0 : 1;
  },
};

function lastLine(count: number, left: number, isRepairing: boolean): string {
  if (count === 0) return "[stet] Nothing is wrong";
  if (!isRepairing) return `[stet] ${count} found; --repair mends what loses nothing`;
  return `[stet] ${count} found, ${count - left} repaired${
    left > 0 ? `, ${left} left to you` : ""
  }`;
}
