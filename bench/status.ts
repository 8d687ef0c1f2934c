import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildNpm } from "../scripts/build_npm.ts";
import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** The command `status` of the built package, as a whole process. */
export const status: Group = {
  name: "status",
  sizes: [100],
  formats: [".csv"],
  async measure(rows, { folder, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const built = join(folder, "node_modules/@stet/stet");
    await buildNpm(built);
    writeFileSync(join(folder, "package.json"), "{}"); // Deno reads node_modules of a project only
    const stet: number[] = [];
    const raw: number[] = [];
    for (let sample = 0; sample < 21; sample++) {
      stet.push(milliseconds([join(built, "cli.js"), "status", store]));
      raw.push(milliseconds(["bare_start.js"]));
    }
    removeStore(store);
    for (const made of ["node_modules", "package.json"]) {
      rmSync(join(folder, made), { recursive: true });
    }
    // The first of each fills the caches of the disk and of the runtime.
    return [{
      what: "status: cli.js status from a cold start",
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
