/**
 * Opens a store, records a row and closes it, over and over. Arguments: the store, a number that no
 * other worker has, how often.
 *
 * @module
 */

import process from "node:process";
import { openBackend } from "../../mod.ts";

const [store, number, times] = process.argv.slice(2) as [string, string, string];
for (let i = 0; i < Number(times); i++) {
  const backend = await openBackend(store, { durability: "process" });
  await backend.record({ worker: Number(number), i });
  await backend.close();
}
