import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { formats, makeStore, removeStore } from "./sample_store.ts";

/** All rows of a store, at once and one at a time, each in a fresh process. */
export const read: Group = {
  name: "read",
  sizes: [100_000, 1_000_000],
  formats,
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const measurements = ["load", "rows"].flatMap((method): Measurement[] => {
      const trials: { seconds: number; peak: number }[] = [];
      for (let trial = 0; trial < (isQuick ? 1 : 3); trial++) {
        trials.push(JSON.parse(runChild(["read_rows.ts", store, String(rows), method]).output));
      }
      const seconds = median(trials.map((trial) => trial.seconds));
      const peak = median(trials.map((trial) => trial.peak));
      return [
        { what: `read: ${method}()`, rows, unit: "/s", stet: rows / seconds },
        { what: `read: ${method}(), peak memory`, rows, unit: "MB", stet: peak },
      ];
    });
    removeStore(store);
    return measurements;
  },
};
