import { runChild } from "./child.ts";
import { allSizes, type Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** The first look at a store in a fresh process; the file itself may be in the system's cache. */
export const cold: Group = {
  name: "cold",
  sizes: allSizes,
  async measure(rows, { folder, sampling }): Promise<Measurement[]> {
    const store = makeStore(folder, rows);
    const looks: Trial[] = [];
    const scans: Trial[] = [];
    for (let sample = 0; sample < sampling.samples; sample++) {
      looks.push(tryOut("cold_look.ts", store, rows));
      scans.push(tryOut("cold_scan.ts", store, rows));
    }
    removeStore(store);

    function row(what: string, unit: "s" | "MB", field: keyof Trial, limit: number): Measurement {
      const value = (trials: readonly Trial[]): number => median(trials.map((each) => each[field]));
      return {
        what: `cold: ${what}`,
        rows,
        unit,
        stet: value(looks),
        raw: { what: "read + count newlines", value: value(scans) },
        target: { of: "value", is: "≤", limit },
      };
    }
    return [
      row("open and first look", "s", "seconds", 0.6),
      row("the whole process", "s", "whole", 0.6),
      row("peak memory", "MB", "peak", 200),
    ];
  },
};

interface Trial {
  /** The work itself, in seconds. */
  readonly seconds: number;
  /** The whole process, in seconds. */
  readonly whole: number;
  /** MB. */
  readonly peak: number;
}

function tryOut(script: string, store: string, rows: number): Trial {
  const { output, seconds: whole } = runChild([script, store, String(rows)]);
  return { ...JSON.parse(output), whole };
}
