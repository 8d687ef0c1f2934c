import { type Command, command } from "../command.ts";
import type { Check } from "../doctor/check.ts";
import { checkRuntime } from "../doctor/check_runtime.ts";
import { checkStore } from "../doctor/check_store.ts";
import { flag, storeArgument } from "../options.ts";

/** `stet doctor`. */
export const doctor: Command = command({
  name: "doctor",
  summary: "look at the runtime, the optional packages, and the disk and locks of a store",
  about:
    `Prints the versions of stet and the runtime, Deno's permissions, which optional packages are found or
     how to install them, and for a store its rows, the runs under way with the versions of stet that run them, the kind of its disk, and if runs
     can be claimed and recorded in its folder. Changes nothing in the store; stet verify looks for faults
     in its rows.`,
  arguments: { store: storeArgument },
  options: { json: flag("print a JSON object for each line") },
  exitCode1: "something must be mended before runs can be recorded",
  examples: ["", "runs.csv", "postgres://host/database"],
  async run({ store, json }, { log }): Promise<number> {
    const checks: readonly Check[] = [...await checkRuntime(), ...await checkStore(store)];
    const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
    for (const check of checks) {
      const { name, text, ok } = check;
      log(json ? JSON.stringify(check) : `${name.padEnd(width)}${ok ? "" : "!! "}${text}`);
    }
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
});
