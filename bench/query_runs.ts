/**
 * Groups the rows of a store, by stet or by DuckDB alone, or writes all of them as Arrow; prints how long
 * that took, and the memory.
 */
import process from "node:process";
import { table } from "../backends/table.ts";
import { Registry } from "../core/contract/registry.ts";
import { loadDuckDb } from "../duckdb/duckdb.ts";
import { query as ask } from "../query/query.ts";
import { resultArrow } from "../query/result_arrow.ts";
import { peakMemory } from "./peak_memory.ts";

const [store, by] = process.argv.slice(2);
const duckdb = await loadDuckDb();
const query = ask.bind(undefined, new Registry(table));
const groups = (from: string): string =>
  `SELECT alpha, avg(seed) AS mean FROM ${from} GROUP BY alpha`;

async function rawGroups(file: string): Promise<number> {
  const instance = await duckdb.DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const result = await connection.run(groups(`'${file}'`));
  let count = 0;
  while (count < result.rowCount) count += (await result.fetchChunk())!.getColumns()[0]!.length;
  connection.closeSync();
  instance.closeSync();
  return count;
}

async function arrowBytes(): Promise<number> {
  let bytes = 0;
  for await (const piece of resultArrow(await query(store!, "FROM runs"))) bytes += piece.length;
  return bytes;
}

const start = performance.now();
const count = by === "arrow"
  ? await arrowBytes()
  : by === "duckdb"
  ? await rawGroups(store!)
  : (await (await query(store!, groups("runs"))).rows()).length;
const seconds = (performance.now() - start) / 1000;
if (by !== "arrow" && count !== 99) throw new Error(`Cannot measure: there are ${count} groups`);
console.log(JSON.stringify({ seconds, peak: peakMemory(), count }));
