/**
 * Records rows of varied size until it is killed, for 80 ms at most, and appends a byte to a file for each that was
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
const end = Date.now() + 80; // if the killer is late, the store does not grow without bounds

for (let n = 0; Date.now() < end; n++) {
  // Now and then a row of many pages, so that a kill can come between two of them.
  const size = Math.floor(Math.random() * (n % 50 === 10 ? 2000 : 20));
  await backend.record({ round: Number(round), n, size, text: 'a,"\nb'.repeat(size) });
  writeSync(fd, ".");
}
await new Promise((resolve) => setTimeout(resolve, 10_000));
