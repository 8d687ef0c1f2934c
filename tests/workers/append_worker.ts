/**
 * Records rows of varied size until it is killed, and appends a byte to a file for each that was
 * acknowledged. Arguments: the store, that file, a number for the `round` column.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { openBackend } from "../../mod.ts";

const [store, path, round] = process.argv.slice(2) as [string, string, string];
const fd = openSync(path, "a"); // what it was given survives the death of the process
const backend = await openBackend(store, { durability: "process" });
const end = Date.now() + 10_000; // if nobody comes to kill it

for (let n = 0; Date.now() < end; n++) {
  // Now and then a row of many pages, so that a kill can come between two of them.
  const size = Math.floor(Math.random() * (n % 20 === 10 ? 10_000 : 40));
  await backend.record({ round: Number(round), n, size, text: 'a,"\n'.repeat(size) });
  writeSync(fd, ".");
}
