import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { formats, makeStore, removeStore } from "./sample_store.ts";

/** SQL over a store, each time in a fresh process; DuckDB alone reads the CSV file with its own types. */
export const query: Group = {
  name: "query",
  sizes: [100_000, 1_000_000],
  formats,
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const csv = format === ".csv" ? store : makeStore(folder, rows, ".csv");
    const stet: Trial[] = [];
    const raw: Trial[] = [];
    const arrow: Trial[] = [];
    for (let trial = 0; trial < (isQuick ? 1 : 5); trial++) {
      stet.push(JSON.parse(runChild(["query_runs.ts", store, "stet"]).output));
      raw.push(JSON.parse(runChild(["query_runs.ts", csv, "duckdb"]).output));
      arrow.push(JSON.parse(runChild(["query_runs.ts", store, "arrow"]).output));
    }
    removeStore(store);
    if (csv !== store) removeStore(csv);
    const middle = (trials: readonly Trial[], field: keyof Trial): number =>
      median(trials.map((trial) => trial[field]));
    const what = "DuckDB straight on CSV";
    const isDirect = format === ".csv";
    return [
      {
        what: "query: group-by",
        rows,
        unit: "s",
        stet: middle(stet, "seconds"),
        raw: { what, value: middle(raw, "seconds") },
        ...isDirect ? { target: { of: "ratio", is: "≤", limit: 1.2 } as const } : {},
      },
      {
        what: "query: group-by, peak memory",
        rows,
        unit: "MB",
        stet: middle(stet, "peak"),
        raw: { what, value: middle(raw, "peak") },
        target: { of: "value", is: "≤", limit: 300 },
      },
      {
        what: "query: all rows to Arrow",
        rows,
        unit: "/s",
        stet: rows / middle(arrow, "seconds"),
        target: { of: "value", is: "≥", limit: 500_000 },
      },
      {
        what: "query: all rows to Arrow, peak memory",
        rows,
        unit: "MB",
        stet: middle(arrow, "peak"),
        target: { of: "value", is: "≤", limit: 300 },
      },
    ];
  },
};

interface Trial {
  /** From having loaded the package to having the rows, in seconds. */
  readonly seconds: number;
  /** Of the whole process, MB. */
  readonly peak: number;
}
