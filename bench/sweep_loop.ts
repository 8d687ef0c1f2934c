/**
 * Sweeps every row of a finished store, and then takes the same params through nothing but a Set;
 * prints how long each took, and the memory of the first.
 */
import process from "node:process";
import { once, sweep } from "../mod.ts";
import { peakMemory } from "./peak_memory.ts";
import { type Params, paramsAt } from "./sample_rows.ts";

const [store, count] = process.argv.slice(2);
const rows = Number(count);

function* grid(): Generator<Params> {
  for (let i = 0; i < rows; i++) yield paramsAt(i);
}

const call = once(({ alpha, seed, model }: Params) => {
  throw new Error(`Cannot measure: ${alpha}, ${seed}, ${model} was not found`);
}, { store: store!, quiet: true });
let start = performance.now();
const { skipped } = await sweep(call, grid()).done;
const stet = (performance.now() - start) / 1000;
const peak = peakMemory();
if (skipped !== rows) throw new Error(`Cannot measure: ${skipped} of ${rows} were skipped`);

const seen = new Set<string>();
start = performance.now();
for (const { alpha, seed, model } of grid()) seen.add(`${alpha},${seed},${model}`);
const raw = (performance.now() - start) / 1000;
console.log(JSON.stringify({ stet, raw, peak }));
