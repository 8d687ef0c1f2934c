/** Exports a store to a file; prints how long that took, and the memory. */
import process from "node:process";
import { table } from "../backends/table.ts";
import { exportStore } from "../core/tools/export_store.ts";
import { Registry } from "../core/contract/registry.ts";
import { peakMemory } from "./peak_memory.ts";

const [store, file] = process.argv.slice(2);
const start = performance.now();
await exportStore(new Registry(table), store!, file!, { force: true });
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
