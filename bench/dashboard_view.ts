import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { openBackend } from "../mod.ts";
import { largeRows } from "../tests/figures/samples.ts";
import { lineOf, startChild } from "./child.ts";
import type { Group } from "./group.ts";
import { load } from "./http_load.ts";
import { type Measurement, median, millisecondsOf } from "./measure.ts";

/** Number of pages that ask for figures. */
const PAGES = 3;
/** The pause between two requests of a page, in milliseconds. */
const PAUSE_MS = 1000;
/** The pause between two requests for a store that is being read, in milliseconds. */
const READING_PAUSE_MS = 100;
/** Views that differ from each other in metric, axes, aggregate or params. */
const PICKERS = [
  "metric=accuracy",
  "x=depth&y=model",
  "agg=median",
  "over=seed,depth",
  "metric=latency_ms&z=",
  "other=latency_ms",
];
const FILTERS = ["lr>0.01", "model='vit'", "loss>0.5 and depth<10", "batch in (8,64)", "seed=1"];

/** The figures of a page, and what claims take while pages are open. */
export const dashboardView: Group = {
  name: "dashboard",
  sizes: [100_000, 1_000_000],
  formats: [".csv"],
  async measure(rows, { folder, isQuick, format }): Promise<Measurement[]> {
    const store = path.join(fs.mkdtempSync(path.join(folder, `${rows}-`)), `runs${format}`);
    const backend = engineOf(await openBackend(store, { durability: "process" }));
    await backend.recordAll(largeRows(rows));
    await backend.close();
    const isLarge = rows > 100_000;
    const times = isQuick ? 1000 : 5000;
    const bare = await start("bare");
    const served = await start("stet", store, "process");
    const claims = claimsOf(served);
    await claims(10); // the file is indexed
    const idle = await memoryOf(served);
    const alone = quantileOf(await claims(times), 0.99);
    const raw = quantileOf(await latencies(bare, times, () => ["/", '{"params":{}}']), 0.99);
    const least = await millisecondsOf(() => fs.readFileSync(store, "utf8").split("\n").length);
    let text = "";
    const first = await millisecondsOf(() => viewNow(served, ""));
    const cold = first + await millisecondsOf(async () => text = await view(served, ""));
    const picked: number[] = [];
    const filtered: number[] = [];
    for (const query of PICKERS) picked.push(await millisecondsOf(() => view(served, query)));
    for (const where of FILTERS) {
      const query = new URLSearchParams({ where }).toString();
      filtered.push(await millisecondsOf(() => view(served, query)));
    }
    const memory = await memoryOf(served);
    const pages = openPages(served);
    const open = quantileOf(await claims(times), 0.99);
    await pages.close();
    served.child.kill("SIGKILL");
    bare.child.kill("SIGKILL");
    fs.rmSync(path.dirname(store), { recursive: true });
    const of = { rows, unit: "ms" } as const;
    const at = (limit: number) => ({ of: "value", is: "≤", limit }) as const;
    const bareRaw = { what: "a bare Hono route, p99", value: raw };
    return [
      { ...of, what: "dashboard: the first answer", stet: first, target: at(150) },
      {
        ...of,
        what: "dashboard: all figures, cold",
        stet: cold,
        raw: { what: "the file read and split into lines", value: least },
        target: at(isLarge ? 4000 : 800),
      },
      {
        ...of,
        what: "dashboard: another picker",
        stet: median(picked),
        target: at(isLarge ? 100 : 30),
      },
      {
        ...of,
        what: "dashboard: another filter",
        stet: median(filtered),
        target: at(isLarge ? 100 : 30),
      },
      { ...of, what: "dashboard: a claim's p99, no page", stet: alone, raw: bareRaw },
      {
        ...of,
        what: `dashboard: a claim's p99, ${PAGES} pages open`,
        stet: open,
        raw: bareRaw,
        target: at(alone + (isLarge ? 20 : 5)),
      },
      {
        rows,
        unit: "MB",
        what: "dashboard: memory over the idle sidecar",
        stet: (memory - idle) / 1e6,
        target: at(isLarge ? 90 : 15),
      },
      {
        rows,
        unit: "MB",
        what: "dashboard: a view, zipped",
        stet: gzipSync(text).length / 1e6,
        target: at(0.06),
      },
    ];
  },
};

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(...args: readonly string[]): Promise<Server> {
  const child = startChild(["sidecar_server.ts", ...args]);
  return { child, port: Number(await lineOf(child)) };
}

async function memoryOf({ child }: Server): Promise<number> {
  const answer = lineOf(child);
  child.stdin!.write("\n");
  return JSON.parse(await answer).memory;
}

/** Returns a view of all rows. */
async function view(served: Server, query: string): Promise<string> {
  for (;;) {
    const text = await viewNow(served, query);
    if (JSON.parse(text).progress.reading === null) return text;
    await sleep(READING_PAUSE_MS);
  }
}

/** Returns a view of the rows that have been read. */
async function viewNow({ port }: Server, query: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/view?${query}`);
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(`Cannot measure: the view "${query}" is answered with ${text}`);
}

/** Pages that each ask for a view of their own, again and again. */
function openPages(served: Server): { close(): Promise<void> } {
  let isOpen = true;
  const pages = Array.from({ length: PAGES }, async (_, i) => {
    for (let turn = 0; isOpen; turn++) {
      await view(served, PICKERS[(i + turn * PAGES) % PICKERS.length]!);
      await sleep(PAUSE_MS);
    }
  });
  return {
    async close() {
      isOpen = false;
      await Promise.all(pages);
    },
  };
}

/** Returns a function that claims runs and releases them, each when the last request was answered. */
function claimsOf(served: Server): (times: number) => Promise<number[]> {
  let seed = 1e6;
  const key = '"key":["lr","batch","model","depth","seed"]';
  const run = (): string =>
    `"params":{"lr":0.1,"batch":8,"model":"mlp","depth":1,"seed":${seed}},${key}`;
  return (times) =>
    latencies(served, times, (answer) => {
      const token = /"token":"([^"]+)"/.exec(answer ?? "")?.[1];
      if (token !== undefined) return ["/v1/release", `{${run()},"token":"${token}"}`];
      seed++;
      return ["/v1/claim", `{${run()}}`];
    });
}

/** Returns the times to the answers of requests, in milliseconds. */
async function latencies(
  { port }: Server,
  times: number,
  next: (answer: string | undefined) => readonly [path: string, body: string],
): Promise<number[]> {
  const taken: number[] = [];
  let sent = 0;
  await load(port, [(answer) => {
    if (answer !== undefined) taken.push(performance.now() - sent);
    if (taken.length === times) return undefined;
    const [path, body] = next(answer);
    sent = performance.now();
    return { method: "POST", path, body };
  }]);
  return taken;
}

function quantileOf(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!;
}
