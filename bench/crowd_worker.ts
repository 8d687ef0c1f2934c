/**
 * Records rows of its own into a store for some seconds from the word on standard input, and prints
 * how many, and the longest wait for one in milliseconds.
 */
import { once } from "node:events";
import process from "node:process";
import { openBackend } from "../mod.ts";
import { paramsAt } from "./sample_rows.ts";

const [store, number, seconds] = process.argv.slice(2);
const backend = await openBackend(store!, { durability: "process" });
let next = (Number(number) + 1) * 10_000_000;
await backend.record(paramsAt(next++));
console.log("ready");
await once(process.stdin, "data");

const end = performance.now() + Number(seconds) * 1000;
let count = 0;
let longest = 0;
for (let start = performance.now(); start < end;) {
  await backend.record(paramsAt(next++));
  const now = performance.now();
  longest = Math.max(longest, now - start);
  start = now;
  count++;
}
await backend.close();
console.log(JSON.stringify({ count, longest }));
process.exit();
