/**
 * Sweeps until it is interrupted: `interrupted_worker.ts store log [graceSeconds]`. A run ends when
 * there is a file `<log>.<n>`; what begins, and what the sweep says, goes to the log.
 *
 * @module
 */

import { appendFileSync, existsSync } from "node:fs";
import process from "node:process";
import { expandGrid, once, range, sweep } from "../../mod.ts";

const [store, log, grace] = process.argv.slice(2) as [string, string, string?];
const tell = (line: string): void => appendFileSync(log, `${line}\n`);

const wait = once(async ({ n }: { n: number }) => {
  tell(`began ${n}`);
  while (!existsSync(`${log}.${n}`)) await new Promise((resolve) => setTimeout(resolve, 5));
}, { store, quiet: true });

const swept = sweep(wait, expandGrid({ n: range(1, 9) }), {
  concurrency: 2,
  log: tell,
  ...grace !== undefined && { graceSeconds: Number(grace) },
});
for await (const { status, params } of swept) tell(`${status} ${params["n"]}`);
tell("after the loop");
