import path from "node:path";
import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** What a store is exported to. */
const targets = [".csv", ".jsonl", ".sqlite"];

/** A store in another format, each time in a fresh process. */
export const exporting: Group = {
  name: "export",
  sizes: [100_000, 1_000_000],
  formats: [".csv"],
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const measurements = targets.flatMap((target): Measurement[] => {
      const file = path.join(path.dirname(store), `exported${target}`);
      const trials: Trial[] = [];
      for (let trial = 0; trial < (isQuick ? 1 : 3); trial++) {
        trials.push(JSON.parse(runChild(["export_rows.ts", store, file]).output));
      }
      const what = `export: to ${target}`;
      return [
        { what, rows, unit: "/s", stet: rows / median(trials.map(({ seconds }) => seconds)) },
        {
          what: `${what}, peak memory`,
          rows,
          unit: "MB",
          stet: median(trials.map(({ peak }) => peak)),
          target: { of: "value", is: "≤", limit: 300 },
        },
      ];
    });
    removeStore(store);
    return measurements;
  },
};

interface Trial {
  readonly seconds: number;
  /** MB. */
  readonly peak: number;
}
