/**
 * Does one task with one contender, and prints its times as JSON:
 *
 *     js_worker.ts CONTENDER fill|look|resume|grid FOLDER ROWS SECONDS PACKAGES
 *
 * @module
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { once, openBackend, sweep } from "../../mod.ts";
import { median } from "../measure.ts";
import { type Params, paramsAt } from "../sample_rows.ts";

/** A function that a contender remembers. */
interface Memo {
  call(params: Params): Promise<unknown>;
  /** Records rows that are not there yet, as quickly as it can, until a time. */
  fill(from: number, to: number, isOver: () => boolean): Promise<number>;
  /** Runs what is missing of a grid, where it has a way of its own. */
  sweep?(grid: Iterable<Params>): Promise<void>;
  close(): Promise<void>;
}

const [contender = "", task = "", folder = "", rowsText, secondsText, packages = ""] = process.argv
  .slice(2);
const rows = Number(rowsText);
const seconds = Number(secondsText);

type Work = (params: Params) => Promise<{ loss: number }> | { loss: number };

const compute: Work = ({ alpha, seed }) => ({ loss: alpha * seed });

/** Adds a line to a log, and takes 5 ms. */
const logged: Work = async (params) => {
  fs.appendFileSync(path.join(folder, "ran.log"), `${JSON.stringify(params)}\n`);
  await sleep(5);
  return compute(params);
};

function stet(work: Work, extension: string, durability: "power" | "process"): Memo {
  const store = path.join(folder, `runs${extension}`);
  const train = once(
    (params: Params) => work(params),
    { store, save: true, quiet: true, durability, key: ["alpha", "seed", "model"] },
  );
  return {
    call: async (params) => await train(params),
    async fill(from, to) {
      const backend = await openBackend(store, { durability: "process" });
      for (let i = from; i < to; i++) {
        const params = paramsAt(i);
        await backend.record({ ...params, "result.loss": params.alpha * params.seed });
      }
      await backend.close();
      return to;
    },
    async sweep(grid) {
      for await (const outcome of sweep(train, grid, { concurrency: 1 })) void outcome;
    },
    close: () => train.close(),
  };
}

function byHand(work: Work): Memo {
  const db = new DatabaseSync(path.join(folder, "runs.sqlite"));
  db.exec("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, result TEXT) WITHOUT ROWID");
  const select = db.prepare("SELECT result FROM runs WHERE key = ?");
  const insert = db.prepare("INSERT OR REPLACE INTO runs VALUES (?, ?)");
  return memo(work, {
    get: (key) => select.get(key)?.["result"] as string | undefined,
    set: (key, value) => void insert.run(key, value),
    bulk(body) {
      db.exec("BEGIN");
      return body().finally(() => db.exec("COMMIT"));
    },
    close: () => db.close(),
  });
}

/** Loads a package of the temporary folder. */
async function load(name: string): Promise<Record<string, unknown>> {
  const require = createRequire(path.join(packages, "index.js"));
  return await import(require.resolve(name));
}

async function keyv(work: Work): Promise<Memo> {
  const { default: Keyv } = await load("keyv") as { default: new (options: object) => KeyvLike };
  const { default: Sqlite } = await load("@keyv/sqlite") as {
    default: new (uri: string) => object;
  };
  const store = new Keyv({ store: new Sqlite(`sqlite://${path.join(folder, "runs.sqlite")}`) });
  return memo(work, {
    get: (key) => store.get(key),
    set: async (key, value) => void await store.set(key, value),
    close: () => store.disconnect(),
  });
}

interface KeyvLike {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<unknown>;
  disconnect(): Promise<void>;
}

async function cacache(work: Work): Promise<Memo> {
  const loaded = await load("cacache");
  const { get, put } = (loaded["default"] ?? loaded) as {
    get: { (folder: string, key: string): Promise<{ data: Uint8Array }> };
    put(folder: string, key: string, data: string): Promise<unknown>;
  };
  const cache = path.join(folder, "cache");
  return memo(work, {
    async get(key) {
      try {
        return `${(await get(cache, key)).data}`;
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return undefined;
        throw error;
      }
    },
    set: async (key, value) => void await put(cache, key, value),
    close() {},
  });
}

/** A function that is remembered by a store of texts. */
function memo(
  work: Work,
  { get, set, bulk = (body) => body(), close }: {
    get(key: string): string | undefined | Promise<string | undefined>;
    set(key: string, value: string): void | Promise<void>;
    bulk?(body: () => Promise<number>): Promise<number>;
    close(): void | Promise<void>;
  },
): Memo {
  return {
    async call(params) {
      const key = JSON.stringify(params);
      const found = await get(key);
      if (found !== undefined) return JSON.parse(found);
      const result = await work(params);
      await set(key, JSON.stringify(result));
      return result;
    },
    fill: (from, to, isOver) =>
      bulk(async () => {
        let i = from;
        for (; i < to && !isOver(); i++) {
          await set(JSON.stringify(paramsAt(i)), JSON.stringify(await work(paramsAt(i))));
        }
        return i;
      }),
    close: async () => await close(),
  };
}

async function open(work: Work): Promise<Memo> {
  switch (contender) {
    case "stet-csv":
      return stet(work, ".csv", "power");
    case "stet-csv-process":
      return stet(work, ".csv", "process");
    case "stet-sqlite":
      return stet(work, ".sqlite", "power");
    case "node-sqlite":
      return byHand(work);
    case "keyv":
      return await keyv(work);
    case "cacache":
      return await cacache(work);
    default:
      throw new Error(`Cannot measure: no contender "${contender}"`);
  }
}

/** Returns the median time of a call, in microseconds; of three calls at least. */
async function sample(call: (i: number) => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 3; i++) await call(i); // the first makes indexes
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < 3 || performance.now() < end) {
    const start = performance.now();
    await call(times.length + 3);
    times.push(performance.now() - start);
  }
  return median(times) * 1000;
}

const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 1000;
const answer: Record<string, number> = {};
const memory = await open(task === "grid" ? logged : compute);
if (task === "fill") {
  const from = Number(process.argv[8] ?? 0);
  answer["filled"] = await memory.fill(from, rows, () => elapsed() > seconds);
} else if (task === "look") {
  answer["look"] = await sample((i) => memory.call(paramsAt(i * 7919 % rows)));
  const run = Math.floor(Math.random() * 1e9) + 1e7;
  answer["record"] = await sample((i) => memory.call({ ...paramsAt(i), seed: -run - i }));
} else if (task === "resume") {
  let i = 0;
  for (; i < rows && elapsed() < seconds; i++) await memory.call(paramsAt(i));
  answer["called"] = i;
} else {
  const grid = Array.from({ length: rows }, (_, i) => paramsAt(i));
  if (memory.sweep) await memory.sweep(grid);
  else for (const params of grid) await memory.call(params);
}
await memory.close();
answer["seconds"] = elapsed();
answer["memory"] = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify(answer));
process.exit(0);
