/**
 * Damages valid files in every format, at random but reproducibly, and has stet read them:
 * `deno task fuzz [reader,…|all] [count] [seed] [first]`. Prints a line for each reader and each fault, and
 * exits with 1 if there was one. Default: all readers, 10,000 files each, seed 1.
 *
 * @module
 */

import process from "node:process";
import { fuzz } from "./fuzz.ts";
import { readers } from "./stores.ts";

const [which = "all", count = "10000", seed = "1", first = "0"] = process.argv.slice(2);
const names = which === "all" ? Object.keys(readers) : which.split(",");
const unknown = names.find((name) => !Object.hasOwn(readers, name));
if (unknown !== undefined) {
  console.error(
    `Cannot fuzz "${unknown}": reader must be one of ${Object.keys(readers).join(", ")}`,
  );
  process.exit(2);
}
for (const reader of names) {
  const start = performance.now();
  const options = { reader, seed: Number(seed), first: Number(first), count: Number(count) };
  const { refused, faults } = await fuzz(options);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${reader}: ${count} damaged files in ${seconds} s, ${refused} refused, ${faults.length} faults`,
  );
  for (const fault of faults) console.log(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
