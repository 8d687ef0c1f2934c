/**
 * Runs keys of a store as the user that it is started as, and tells each outcome on a line. Key 7 fails.
 * Arguments: the store, the keys.
 *
 * @module
 */

import process from "node:process";
import { once } from "../../mod.ts";

const [store, ...keys] = process.argv.slice(2) as [string, ...string[]];
const run = once(({ k }: { k: number }) => {
  console.log(`runs ${k}`);
  if (k === 7) throw new Error("out of luck");
  return { [`result of ${process.getuid!()}`]: k };
}, { store, save: true, quiet: true });
for (const k of keys.map(Number)) {
  try {
    console.log((await run.outcome({ k })).status);
  } catch (error) {
    console.log(`${(error as Error).name}: ${(error as Error).message}`);
  }
}
