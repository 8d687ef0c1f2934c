/**
 * Records rows in a columnar store that merges all the time, until it is killed, for 500 ms at most or the given time,
 * and appends a byte to a file for each that was acknowledged. Now and then it removes a row of its own
 * and records it again; if a time is given, it removes all of its own instead, so that the store stays
 * small and is merged again soon. Arguments: the store, that file, a name for the `by` column,
 * milliseconds.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import { extname } from "node:path";
import process from "node:process";
import { ColumnarBackend } from "../../backends/columnar/columnar_backend.ts";
import { formats } from "./columnar_formats.ts";

const [store, path, by, time] = process.argv.slice(2) as [string, string, string, string?];
const fd = openSync(path, "a"); // what it was given survives the death of the process
const format = formats[extname(store)]!;
const options = { durability: "process", warn: console.error } as const;
const backend = new ColumnarBackend(store, format, options, 5);
const end = Date.now() + Number(time ?? 500); // if the killer is late, the store does not grow without bounds

for (let n = 0; Date.now() < end; n++) {
  await backend.record({ by, n, value: n % 30 === 29 ? "mixed" : n / 2, ...n > 40 && { late: n } });
  writeSync(fd, ".");
  // Merges take their turns between records.
  if (n % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 1));
  if (time !== undefined) {
    if (n % 60 === 59) await backend.remove({ by });
  } else if (n % 40 === 39) {
    await backend.remove({ by, n });
    await backend.record({ by, n, again: true });
  }
}
await new Promise((resolve) => setTimeout(resolve, 10_000));
