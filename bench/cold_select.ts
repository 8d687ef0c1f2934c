/** Opens a database and selects a row in its middle; prints how long that took, and the memory. */
import process from "node:process";
import { peakMemory } from "./peak_memory.ts";
import { openRaw } from "./sample_database.ts";
import { paramsAt } from "./sample_rows.ts";

const [store, rows] = process.argv.slice(2);
const start = performance.now();
const db = openRaw(store!);
const isThere = db.has(paramsAt(Math.floor(Number(rows) / 2)));
const seconds = (performance.now() - start) / 1000;
if (!isThere) throw new Error("Cannot measure: the row was not found");
db.close();
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
