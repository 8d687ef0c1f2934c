import type { ChildProcess } from "node:child_process";
import { lineOf, startChild } from "./child.ts";
import type { Group } from "./group.ts";
import { load, type Turn } from "./http_load.ts";
import { type Measurement, median } from "./measure.ts";
import { paramsAt } from "./sample_rows.ts";
import { makeStore, removeStore } from "./sample_store.ts";

/** Number of concurrent connections. */
const CONNECTIONS = 32;
/** Number of runs in a batch. */
const BATCH = 50;

/** The sidecar, asked by this process over connections that are kept open. */
export const sidecar: Group = {
  name: "sidecar",
  sizes: [10_000],
  formats: [".csv"],
  async measure(rows, { folder, isQuick, format, runtime }): Promise<Measurement[]> {
    const times = isQuick ? 3_000 : 20_000;
    const trials = isQuick ? 1 : 5;
    // Deno.serve (2.8.3 to 2.9.5) closes the connection after a request whose body did not come whole
    // with the head in its first 1024 bytes, however it is read: clients open another, which this one
    // does not (https://github.com/denoland/deno/issues/36657).
    const takesBatches = runtime !== "deno";
    const bare = await start("bare");
    const measurements: Measurement[] = [];
    for (const durability of ["process", "power"] as const) {
      const store = makeStore(folder, rows, format);
      const served = await start("stet", store, durability);
      const runs = runsFrom(rows);
      const raw: number[] = [];
      const single: number[] = [];
      const batched: number[] = [];
      for (let trial = 0; trial <= trials; trial++) { // the first warms up
        const ofRaw = await speed(bare, () => bareTurn(times));
        const ofSingle = await speed(served, () => singleTurn(runs, times));
        const ofBatched = takesBatches ? await speed(served, () => batchedTurn(runs, times)) : 0;
        if (trial === 0) continue;
        raw.push(ofRaw);
        single.push(ofSingle);
        batched.push(ofBatched);
      }
      const of = { rows, unit: "/s" } as const;
      measurements.push({
        ...of,
        what: `sidecar: requests of claim + record, ${durability}`,
        stet: median(single),
        raw: { what: "a bare Hono route, JSON in and out", value: median(raw) },
        target: { of: "ratio", is: "≥", limit: 0.5 },
      });
      if (takesBatches) {
        measurements.push({
          ...of,
          what: `sidecar: requests, ${BATCH} runs claimed at a time, ${durability}`,
          stet: median(batched),
          raw: { what: "a bare Hono route, JSON in and out", value: median(raw) },
        });
      }
      if (durability === "process") measurements.push(await memory(served, runs, rows, isQuick));
      served.child.kill("SIGKILL");
      removeStore(store);
    }
    bare.child.kill("SIGKILL");
    return measurements;
  },
};

/** Memory of a sidecar after many requests, as a multiple of its memory when it was warm. */
async function memory(
  served: Server,
  runs: Iterator<string>,
  rows: number,
  isQuick: boolean,
): Promise<Measurement> {
  const before = await memoryOf(served);
  await speed(served, () => singleTurn(runs, isQuick ? 10_000 : 100_000));
  return {
    what: `sidecar: memory after ${isQuick ? "10" : "100"},000 requests more`,
    rows,
    unit: "MB",
    stet: await memoryOf(served) / 1e6,
    raw: { what: "memory before", value: before / 1e6 },
  };
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(
  ...args: readonly ["bare"] | readonly ["stet", string, string]
): Promise<Server> {
  const child = startChild(["sidecar_server.ts", ...args]);
  return { child, port: Number(await lineOf(child)) };
}

async function memoryOf({ child }: Server): Promise<number> {
  const answer = lineOf(child);
  child.stdin!.write("\n");
  return JSON.parse(await answer).memory;
}

/** Requests for each second. */
async function speed({ port }: Server, turnOf: () => Turn): Promise<number> {
  const { requests, seconds } = await load(port, Array.from({ length: CONNECTIONS }, turnOf));
  return requests / seconds;
}

/** Runs that nobody ran, as members of a request. */
function* runsFrom(first: number): Generator<string> {
  for (let n = first;; n++) yield JSON.stringify(paramsAt(n));
}

const key = `"key":["alpha","seed","model"]`;
const came = `"elapsed_seconds":0.5`;

function bareTurn(times: number): Turn {
  let left = times / CONNECTIONS;
  const params = JSON.stringify(paramsAt(0));
  const body = `{"params":${params},${key}}`;
  return () => left-- > 0 ? { method: "POST", path: "/", body } : undefined;
}

function singleTurn(runs: Iterator<string>, times: number): Turn {
  let left = times / CONNECTIONS / 2;
  let params: string | undefined;
  return (answer) => {
    const token = params === undefined ? undefined : tokenIn(answer!);
    if (token !== undefined) {
      const body = `{"params":${params},${key},"token":"${token}",${came}}`;
      params = undefined;
      return { method: "POST", path: "/v1/record", body };
    }
    if (left-- <= 0) return undefined;
    params = runs.next().value as string;
    return { method: "POST", path: "/v1/claim", body: `{"params":${params},${key}}` };
  };
}

function batchedTurn(runs: Iterator<string>, times: number): Turn {
  let left = times / CONNECTIONS;
  let batch: string[] = [];
  let tokens: string[] = [];
  return (answer) => {
    if (answer?.startsWith('{"answers"')) {
      tokens = answer.split("},").map((text) => tokenIn(text)!);
    }
    const token = tokens.pop();
    if (token !== undefined) {
      const body = `{"params":${batch.pop()},${key},"token":"${token}",${came}}`;
      return { method: "POST", path: "/v1/record", body };
    }
    if ((left -= BATCH + 1) <= 0) return undefined;
    batch = Array.from({ length: BATCH }, () => runs.next().value as string);
    return { method: "POST", path: "/v1/claim", body: `{"batch":[${batch.join(",")}],${key}}` };
  };
}

function tokenIn(answer: string): string | undefined {
  return /"token":"([^"]+)"/.exec(answer)?.[1];
}
