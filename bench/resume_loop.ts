/**
 * Calls a function for every row of a finished store, and then an async function that does nothing
 * but look in a Map; prints how long each took, and the memory of the first.
 */
import process from "node:process";
import { once } from "../mod.ts";
import { peakMemory } from "./peak_memory.ts";
import { type Params, paramsAt } from "./sample_rows.ts";

const [store, count] = process.argv.slice(2);
const rows = Number(count);
const call = once(({ alpha, seed, model }: Params) => {
  throw new Error(`Cannot measure: ${alpha}, ${seed}, ${model} was not found`);
}, { store: store!, quiet: true });
let start = performance.now();
for (let i = 0; i < rows; i++) await call(paramsAt(i));
const stet = (performance.now() - start) / 1000;
const peak = peakMemory();

const done = new Map<string, true>();
const textOf = ({ alpha, seed, model }: Params): string => `${alpha},${seed},${model}`;
for (let i = 0; i < rows; i++) done.set(textOf(paramsAt(i)), true);
async function look(params: Params): Promise<void> {
  if (!done.has(textOf(params))) throw new Error("Cannot measure: a row was not found");
}
start = performance.now();
for (let i = 0; i < rows; i++) await look(paramsAt(i));
const raw = (performance.now() - start) / 1000;
console.log(JSON.stringify({ stet, raw, peak }));
