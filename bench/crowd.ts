import { once } from "node:events";
import { startChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median } from "./measure.ts";
import { countRows, type Format, formats, makeStore, removeStore } from "./sample_store.ts";

const processes = 16;

/** Result of one trial. */
interface Trial {
  readonly sum: number;
  readonly slowest: number;
  /** The longest wait for one record, in seconds. */
  readonly longest: number;
}

/** Many processes that record into one store at once, durability process. */
export const crowd: Group = {
  name: "crowd",
  sizes: [10_000],
  formats,
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const seconds = isQuick ? 1 : 2;
    const alone: Trial[] = [];
    const crowded: Trial[] = [];
    for (let trial = 0; trial < (isQuick ? 1 : 3); trial++) {
      alone.push(await recordTogether(1, rows, seconds, folder, format));
      crowded.push(await recordTogether(processes, rows, seconds, folder, format));
    }
    const sum = median(crowded.map((trial) => trial.sum)) / seconds;
    const one = median(alone.map((trial) => trial.sum)) / seconds;
    const slowest = median(crowded.map((trial) => trial.slowest)) / seconds;
    const longest = median(crowded.map((trial) => trial.longest));
    const atLeastHalf = { of: "ratio", is: "≥", limit: 0.5 } as const;
    return [
      {
        what: `crowd: records of ${processes} processes`,
        rows,
        unit: "/s",
        stet: sum,
        raw: { what: "one process alone", value: one },
        target: atLeastHalf,
      },
      {
        what: "crowd: the slowest of them",
        rows,
        unit: "/s",
        stet: slowest,
        raw: { what: "their mean", value: sum / processes },
        target: atLeastHalf,
      },
      {
        what: "crowd: longest wait for one record",
        rows,
        unit: "s",
        stet: longest,
        target: { of: "value", is: "≤", limit: 1 },
      },
    ];
  },
};

async function recordTogether(
  count: number,
  rows: number,
  seconds: number,
  folder: string,
  format: Format,
): Promise<Trial> {
  const store = makeStore(folder, rows, format);
  const workers = Array.from({ length: count }, (_, number) => {
    const child = startChild(["crowd_worker.ts", store, String(number), String(seconds)]);
    let output = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => output += text);
    return {
      child,
      isReady: once(child.stdout!, "data"),
      ended: once(child, "close"),
      output: () => output,
    };
  });
  try {
    for (const { isReady, ended } of workers) await Promise.race([isReady, ended]);
    for (const { child } of workers) child.stdin!.end("go");
    const results: { count: number; longest: number }[] = [];
    for (const { ended, output } of workers) {
      const [code] = await ended;
      if (code !== 0) throw new Error(`Cannot measure: a recording process ended with ${code}`);
      results.push(JSON.parse(output().split("\n")[1]!));
    }
    const counts = results.map((result) => result.count);
    const sum = counts.reduce((a, b) => a + b);
    // Each records one row more, to get ready.
    const wanted = rows + count + sum;
    const found = countRows(store, format);
    if (found !== wanted) {
      throw new Error(`Cannot measure: ${wanted} rows were recorded, ${found} are there`);
    }
    const longest = Math.max(...results.map((result) => result.longest)) / 1000;
    return { sum, slowest: Math.min(...counts), longest };
  } finally {
    for (const { child } of workers) child.kill();
    removeStore(store);
  }
}
