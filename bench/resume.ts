import { runChild } from "./child.ts";
import { allSizes, type Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** A finished sweep that is started again, in a fresh process: every call is skipped. */
export const resume: Group = {
  name: "resume",
  sizes: allSizes,
  formats: [".csv"],
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const trials: { stet: number; raw: number; peak: number }[] = [];
    for (let trial = 0; trial < (isQuick ? 1 : 3); trial++) {
      trials.push(JSON.parse(runChild(["resume_loop.ts", store, String(rows)]).output));
    }
    removeStore(store);
    return [
      {
        what: "resume: all calls skipped",
        rows,
        unit: "s",
        stet: median(trials.map((trial) => trial.stet)),
        raw: { what: "async no-op + Map.has", value: median(trials.map((trial) => trial.raw)) },
        target: { of: "value", is: "≤", limit: 3 },
      },
      {
        what: "resume: peak memory",
        rows,
        unit: "MB",
        stet: median(trials.map((trial) => trial.peak)),
      },
    ];
  },
};
