import { runChild } from "./child.ts";
import { allSizes, type Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { formats, makeStore, removeStore } from "./sample_store.ts";

/** The first look at a store in a fresh process; the file itself may be in the system's cache. */
export const cold: Group = {
  name: "cold",
  sizes: allSizes,
  formats,
  async measure(rows, { folder, sampling, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const looks: Trial[] = [];
    const raws: Trial[] = [];
    const [rawScript, what] = format === ".sqlite"
      ? ["cold_select.ts", "open + SELECT 1"] as const
      : ["cold_scan.ts", "read + count newlines"] as const;
    for (let sample = 0; sample < sampling.samples; sample++) {
      looks.push(tryOut("cold_look.ts", store, rows));
      raws.push(tryOut(rawScript, store, rows));
    }
    removeStore(store);

    function row(name: string, unit: "s" | "MB", field: keyof Trial, limit: number): Measurement {
      const value = (trials: readonly Trial[]): number => median(trials.map((each) => each[field]));
      return {
        what: `cold: ${name}`,
        rows,
        unit,
        stet: value(looks),
        raw: { what, value: value(raws) },
        target: { of: "value", is: "≤", limit },
      };
    }
    const measurements = [
      row("open and first look", "s", "seconds", 0.6),
      row("the whole process", "s", "whole", 0.6),
      row("peak memory", "MB", "peak", 200),
    ];
    if (format !== ".sqlite") return measurements;

    // The first look of all makes the index; only one in the life of a store does.
    const unindexed = makeStore(folder, rows, format, { isIndexed: false });
    const { seconds } = tryOut("cold_look.ts", unindexed, rows);
    removeStore(unindexed);
    return [
      ...measurements,
      { what: "cold: first look ever, makes the index", rows, unit: "s", stet: seconds },
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
