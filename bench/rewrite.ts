import fs from "node:fs";
import { openBackend } from "../mod.ts";
import type { Group } from "./group.ts";
import { type Measurement, median, millisecondsOf } from "./measure.ts";
import { makeStore, paramsAt, removeStore } from "./sample_store.ts";

/** What writes the file anew. */
export const rewrite: Group = {
  name: "rewrite",
  sizes: [100_000],
  async measure(rows, { folder, sampling }): Promise<Measurement[]> {
    const store = makeStore(folder, rows);
    const backend = await openBackend(store);
    await backend.has(paramsAt(0)); // makes the index, which is made anew with the file
    const removing: number[] = [];
    const widening: number[] = [];
    const copying: number[] = [];
    for (let sample = 0; sample <= sampling.samples; sample++) {
      removing.push(await millisecondsOf(() => backend.remove(paramsAt(sample * 3))));
      copying.push(await millisecondsOf(() => copySynced(store, `${store}.copy`)));
    }
    for (let sample = 0; sample <= sampling.samples; sample++) {
      const row = { ...paramsAt(rows + sample), [`extra${sample}`]: 1 };
      widening.push(await millisecondsOf(() => backend.record(row)));
    }
    await backend.close();
    removeStore(store);
    // The first of each is the warm-up.
    const raw = { what: "copy + fsync", value: median(copying.slice(1)) };
    const wide = median(widening.slice(1));
    return [
      { what: "rewrite: remove one row", rows, unit: "ms", stet: median(removing.slice(1)), raw },
      { what: "rewrite: record with a new column", rows, unit: "ms", stet: wide, raw },
    ];
  },
};

function copySynced(from: string, to: string): void {
  fs.rmSync(to, { force: true });
  fs.copyFileSync(from, to);
  const fd = fs.openSync(to, "r+");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
