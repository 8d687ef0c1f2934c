import { once, openBackend, sweep as sweepOf, workers } from "../mod.ts";
import { busy } from "./busy.ts";
import { runChild } from "./child.ts";
import type { Group } from "./group.ts";
import { compare, type Measurement, median, millisecondsOf, type Sampling } from "./measure.ts";
import { type Params, paramsAt } from "./sample_rows.ts";
import { type Format, makeStore, removeStore } from "./sample_store.ts";

/** Sweeps: what one costs for each run, what a finished one costs, what more processors give. */
export const sweep: Group = {
  name: "sweep",
  sizes: [10_000, 1_000_000],
  formats: [".csv"],
  async measure(rows, { folder, isQuick, sampling, format }): Promise<Measurement[]> {
    return [
      await overhead(rows, folder, format, sampling),
      ...finished(rows, folder, format, isQuick ? 1 : 3),
      ...rows === 10_000 ? [await parallel(isQuick ? 1 : 3)] : [],
    ];
  },
};

/** The whole way of a run whose function does nothing. */
async function overhead(
  rows: number,
  folder: string,
  format: Format,
  sampling: Sampling,
): Promise<Measurement> {
  const store = makeStore(folder, rows, format);
  const backend = await openBackend(store, { durability: "process" });
  const call = once(({ alpha: _alpha, seed: _seed, model: _model }: Params) => {}, {
    store: backend,
    key: ["alpha", "seed", "model"],
    quiet: true,
  });
  let next = rows;
  function* items(times: number): Generator<Params> {
    for (let n = 0; n < times; n++) yield paramsAt(next++);
  }
  await call(paramsAt(next++)); // adds the column of how long runs took
  const taken = await compare({
    async stet(times): Promise<void> {
      await sweepOf(call, items(times)).done;
    },
    async raw(times): Promise<void> {
      for (const params of items(times)) await call(params);
    },
  }, sampling);
  await backend.close();
  removeStore(store);
  return {
    what: "sweep: a run of an empty function",
    rows,
    unit: "µs",
    stet: taken.stet,
    raw: { what: "a loop of once calls", value: taken.raw },
    target: { of: "value", is: "≤", limit: 150 },
  };
}

function finished(rows: number, folder: string, format: Format, times: number): Measurement[] {
  const store = makeStore(folder, rows, format);
  const trials: { stet: number; raw: number; peak: number }[] = [];
  for (let trial = 0; trial < times; trial++) {
    trials.push(JSON.parse(runChild(["sweep_loop.ts", store, String(rows)]).output));
  }
  removeStore(store);
  return [{
    what: "sweep: all done before",
    rows,
    unit: "s",
    stet: median(trials.map((trial) => trial.stet)),
    raw: { what: "the params into a Set", value: median(trials.map((trial) => trial.raw)) },
    target: { of: "value", is: "≤", limit: 3 },
  }, {
    what: "sweep: peak memory",
    rows,
    unit: "MB",
    stet: median(trials.map((trial) => trial.peak)),
    target: { of: "value", is: "≤", limit: 250 },
  }];
}

/** Computing runs of 20 ms, in two workers, compared with a loop that calls the function. */
async function parallel(times: number): Promise<Measurement> {
  const runs = 300;
  const turns = await turnsOf(20);
  const stet: number[] = [];
  const raw: number[] = [];
  for (let trial = 0; trial < times; trial++) {
    const call = once(busy, { store: ":memory:", save: true, key: ["n", "turns"], quiet: true });
    const items = Array.from({ length: runs }, (_, n) => ({ n, turns }));
    const executor = workers(new URL("busy.ts", import.meta.url), "busy", { concurrency: 2 });
    const taken = await millisecondsOf(() => sweepOf(call, items, { executor }).done);
    stet.push(runs / taken * 1000);
    const serial = await millisecondsOf(() => {
      for (const item of items) busy(item);
    });
    raw.push(runs / serial * 1000);
  }
  return {
    what: `sweep: ${runs} runs of 20 ms in 2 workers`,
    rows: 0,
    unit: "/s",
    stet: median(stet),
    raw: { what: "a loop of calls", value: median(raw) },
    target: { of: "ratio", is: "≥", limit: 1.8 },
  };
}

/** Number of iterations that take so many milliseconds. */
async function turnsOf(ms: number): Promise<number> {
  const turns = 10_000_000;
  busy({ n: 1, turns });
  return Math.round(turns * ms / await millisecondsOf(() => busy({ n: 1, turns })));
}
