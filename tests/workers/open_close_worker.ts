/**
 * Opens a store, records a row and closes it, over and over. Arguments: the store, a number that no
 * other worker has, how often; a `{}` in the store's name makes it a new store each time, which waits for
 * that of the other worker (numbers 0 and 1).
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import { openBackend } from "../../mod.ts";

const [store, number, times] = process.argv.slice(2) as [string, string, string];

/** Waits, without a pause, until both workers have come to the same store. */
function meet(path: string): void {
  fs.writeFileSync(`${path}.${number}`, "");
  const end = Date.now() + 20_000;
  while (!fs.existsSync(`${path}.${1 - Number(number)}`)) {
    if (Date.now() > end) throw new Error(`no other worker came to ${path}`);
  }
}

for (let i = 0; i < Number(times); i++) {
  const path = store.replace("{}", String(i));
  if (path !== store) meet(path);
  const backend = await openBackend(path, { durability: "process" });
  await backend.record({ worker: Number(number), i });
  await backend.close();
}
