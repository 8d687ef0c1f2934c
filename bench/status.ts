import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** The command `status`, as a whole process. */
export const status: Group = {
  name: "status",
  sizes: [100],
  formats: [".csv"],
  async measure(rows, { folder, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const stet: number[] = [];
    const raw: number[] = [];
    for (let sample = 0; sample < 17; sample++) {
      stet.push(milliseconds(["../cli.ts", "status", store]));
      raw.push(milliseconds(["bare_start.ts"]));
    }
    removeStore(store);
    // The first of each fills the caches of the disk and of the runtime.
    return [{
      what: "status: cli.ts status from a cold start",
      rows,
      unit: "ms",
      stet: median(stet.slice(1)),
      raw: { what: "import node:fs, node:sqlite", value: median(raw.slice(1)) },
      ...rows <= 1000 && { target: { of: "ratio", is: "≤", limit: 1.5 } as const },
    }];
  },
};

function milliseconds(command: readonly [string, ...string[]]): number {
  return runChild(command, ["--allow-read", "--allow-write"]).seconds * 1000;
}
