/**
 * Looks up the rows of a finished store: by a sweep, and one call after the other. Prints the keys for each
 * second. Arguments: the store, its rows, the number of single calls.
 *
 * @module
 */
import process from "node:process";
import { once, sweep } from "../mod.ts";
import { type Params, paramsAt } from "./sample_rows.ts";

const [store, rows, singles] = process.argv.slice(2) as [string, string, string];

const call = once(({ alpha, seed, model }: Params) => {
  throw new Error(`Cannot measure: ${alpha}, ${seed}, ${model} was not found`);
}, { store, quiet: true });

function* grid(): Generator<Params> {
  for (let i = 0; i < Number(rows); i++) yield paramsAt(i);
}

await call(paramsAt(0)); // connects
let start = performance.now();
for (let i = 0; i < Number(singles); i++) await call(paramsAt(i));
const single = Number(singles) / (performance.now() - start) * 1000;

start = performance.now();
const { skipped } = await sweep(call, grid()).done;
const stet = skipped / (performance.now() - start) * 1000;
if (skipped !== Number(rows)) throw new Error(`Cannot measure: ${skipped} were skipped`);
await call.close();
console.log(JSON.stringify({ stet, single }));
