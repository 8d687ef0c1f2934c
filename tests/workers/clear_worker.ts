/**
 * Records rows one after the other, and appends the number of each that was acknowledged to a file, until
 * a second file is there. Arguments: the store, both files, a name for the `by` column.
 *
 * @module
 */

import { appendFileSync, existsSync } from "node:fs";
import process from "node:process";
import { openBackend } from "../../mod.ts";

const [store, log, stop, by] = process.argv.slice(2) as [string, string, string, string];
const backend = await openBackend(store, { durability: "process" });
for (let n = 0; !existsSync(stop); n++) {
  await backend.record({ by, n });
  appendFileSync(log, `${n}\n`);
}
await backend.close();
