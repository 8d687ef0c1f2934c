import fs from "node:fs";
import path from "node:path";
import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** Formats of the export, and the target in rows per second. */
const targets: readonly (readonly [extension: string, rate?: number])[] = [
  [".csv"],
  [".jsonl"],
  [".sqlite"],
  [".parquet"],
  [".arrow", 500_000],
  [".arrows", 500_000],
];

/** A store in another format, each time in a fresh process. */
export const exporting: Group = {
  name: "export",
  sizes: [100_000, 1_000_000],
  formats: [".csv"],
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const times = isQuick ? 1 : 3;
    const measurements = targets.flatMap(([target, rate]): Measurement[] => {
      const file = path.join(path.dirname(store), `exported${target}`);
      const copy = `${file}.copy`;
      const trials: Trial[] = [];
      const copies: Trial[] = [];
      for (let trial = 0; trial < times; trial++) {
        trials.push(JSON.parse(runChild(["export_rows.ts", store, file]).output));
        if (target === ".parquet") {
          copies.push(JSON.parse(runChild(["copy_rows.ts", store, copy]).output));
        }
        fs.rmSync(copy, { force: true });
      }
      const what = `export: to ${target}`;
      const seconds = secondsOf(trials);
      const speed: Measurement = copies.length === 0
        ? {
          what,
          rows,
          unit: "/s",
          stet: rows / seconds,
          ...rate !== undefined && { target: { of: "value", is: "≥", limit: rate } },
        }
        : {
          what,
          rows,
          unit: "ms",
          stet: seconds * 1000,
          raw: { what: "DuckDB's COPY", value: secondsOf(copies) * 1000 },
          target: { of: "ratio", is: "≤", limit: 1.5 },
        };
      return [speed, {
        what: `${what}, peak memory`,
        rows,
        unit: "MB",
        stet: median(trials.map(({ peak }) => peak)),
        target: { of: "value", is: "≤", limit: 300 },
      }];
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

function secondsOf(trials: readonly Trial[]): number {
  return median(trials.map(({ seconds }) => seconds));
}
