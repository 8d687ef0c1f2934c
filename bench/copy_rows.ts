/** Copies a CSV file to a Parquet one by DuckDB alone; prints how long that took, and the memory. */
import process from "node:process";
import { loadDuckDb } from "../duckdb/duckdb.ts";
import { peakMemory } from "./peak_memory.ts";

const [csv, file] = process.argv.slice(2);
const start = performance.now();
const { DuckDBInstance } = await loadDuckDb();
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`COPY (SELECT * FROM read_csv('${csv}')) TO '${file}' (FORMAT parquet)`);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
