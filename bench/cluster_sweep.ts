/**
 * Sweeps keys on a cluster and prints the seconds and the peak memory: `cluster_sweep.ts url from count
 * [detach]`.
 */
import process from "node:process";
import { cluster, expandGrid, range, sweep } from "../mod.ts";
import { workOn } from "./cluster_work.ts";
import { peakMemory } from "./peak_memory.ts";

const [, , url = "", from = "0", count = "0", detach] = process.argv;
const grid = expandGrid({ n: range(Number(from), Number(from) + Number(count) - 1) });
await using work = workOn(url);
const start = performance.now();
const executor = cluster(url, { fallback: false, detach: detach !== undefined });
const { ran } = await sweep(work, grid, { executor, log: () => {} }).done;
const seconds = (performance.now() - start) / 1000;
if (detach === undefined && ran !== Number(count)) throw new Error(`Cannot measure: ${ran} ran`);
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
