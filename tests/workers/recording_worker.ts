/**
 * Records rows until a signal ends it: `recording_worker.ts store log`. A byte goes to the log for each
 * row that was acknowledged. With a third argument it sweeps instead, which has a handler of signals.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { once, openBackend, sweep } from "../../mod.ts";

const [store, path, way] = process.argv.slice(2) as [string, string, string?];
const fd = openSync(path, "a"); // what it was given survives the death of the process

if (way === undefined) {
  const backend = await openBackend(store);
  for (let n = 0; n < 100_000; n++) {
    await backend.record({ n });
    writeSync(fd, ".");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
} else {
  const run = once(async ({ n }: { n: number }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { store, quiet: true });
  const params = (function* (): Generator<{ n: number }> {
    for (let n = 0; n < 100_000; n++) yield { n };
  })();
  for await (const _ of sweep(run, params, { concurrency: 1, log: () => {} })) writeSync(fd, ".");
}
