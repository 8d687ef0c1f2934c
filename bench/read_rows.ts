/** Reads all rows of a store with `load` or `rows`; prints how long that took, and the memory. */
import process from "node:process";
import { openEngine } from "../tests/open_engine.ts";
import { peakMemory } from "./peak_memory.ts";

const [store, rows, method] = process.argv.slice(2);
const backend = await openEngine(store!);
const start = performance.now();
let count = 0;
if (method === "load") count = (await backend.load()).length;
else for await (const _ of backend.rows()) count++;
const seconds = (performance.now() - start) / 1000;
if (count !== Number(rows)) throw new Error(`Cannot measure: found ${count} rows`);
await backend.close();
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
