import { verify as check } from "../../core/tools/verify_store.ts";
import { type Command, command } from "../command.ts";
import { flag, storeArgument } from "../options.ts";
import { registry } from "../registry.ts";

/** `stet verify`. */
export const verify: Command = command({
  name: "verify",
  summary: "what is wrong with a store, and its repair",
  about:
    `Looks for rows that were cut off, rows that cannot be read, rows that are there twice or differ,
     files that dead processes left, and records whose result file is gone.`,
  arguments: { store: storeArgument },
  options: {
    repair: flag(
      `mend what loses nothing: move rows that were cut off aside, remove rows that equal an earlier
       one, and files that nobody uses`,
    ),
    json: flag("print a JSON object for each finding"),
  },
  notes: ["What living processes use is neither listed nor touched."],
  exitCode1: "something is wrong and was not repaired",
  examples: ["", "runs.csv --repair"],
  async run({ store, repair, json }, { log }): Promise<number> {
    const findings = await check(registry, store, { repair });
    for (const { kind, message, repaired } of findings) {
      if (json) log(JSON.stringify({ kind, message, repaired }));
      else log(`${kind}: ${message}${repaired === undefined ? "" : `: ${repaired}`}`);
    }
    const left = findings.filter(({ repaired }) => repaired === undefined).length;
    if (!json) log(lastLine(findings.length, left, repair));
    return left === 0 ? 0 : 1;
  },
});

function lastLine(count: number, left: number, isRepairing: boolean): string {
  if (count === 0) return "[stet] Nothing is wrong";
  if (!isRepairing) return `[stet] ${count} found; --repair mends what loses nothing`;
  const rest = left > 0 ? `, ${left} left to you` : "";
  return `[stet] ${count} found, ${count - left} repaired${rest}`;
}
