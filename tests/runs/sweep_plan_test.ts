import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { decodePlan, encodePlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import { mergedPlan } from "../../core/grids/merged_plan.ts";
import { withoutSecretWords } from "../../core/runtime/shown_location.ts";
import { main } from "../../cli.ts";
import { expandGrid, once, range, report, status, Store, sweep } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { served } from "../served.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";

async function plansOf(store: string): Promise<readonly SweepPlan[]> {
  const engine = await openEngine(store);
  try {
    return await engine.plans();
  } finally {
    await engine.close();
  }
}

function work(store: string, namespace?: string) {
  return once(({ a, b }: { a: number; b: number }) => a * b, {
    store,
    name: "work",
    save: true,
    quiet: true,
    ...namespace !== undefined && { namespace },
  });
}

const axis = (name: string, ...values: readonly number[]) => ({
  names: [name],
  parts: values.map((value) => ({ [name]: value })),
});

for (const name of ["runs.csv", "runs.db", "runs.parquet"]) {
  test(`a sweep notes its combinations next to the store: ${name}`, async (t) => {
    const store = tempStore(t, name);
    await sweep(work(store), expandGrid({ a: [1, 2], b: range(0, 2) }));
    const [{ command, time, ...plan } = {} as SweepPlan, ...more] = await plansOf(store);
    assert.deepEqual(more, []);
    assert.deepEqual(plan, {
      namespace: "",
      label: "work",
      count: 6,
      factors: [axis("a", 1, 2), axis("b", 0, 1, 2)],
      places: null,
    });
    assert.notEqual(command, "");
    assert.match(time, /^\d{4}-.*Z$/);
    const files = fs.readdirSync(path.dirname(store)).filter((file) => /plan/.test(file));
    assert.deepEqual(files, [`${name}-plan`]);
  });
}

test("rows from before a param count as having the default of the newest sweep", async (t) => {
  const store = tempStore(t);
  await sweep(work(store), expandGrid({ a: [1, 2], b: range(0, 2) }));
  const grown = once(({ a, b, c }: { a: number; b: number; c: string | null }) => `${a * b}${c}`, {
    store,
    name: "work",
    defaults: { c: null },
    onChange: "ignore",
    quiet: true,
  });
  const grid = expandGrid({ a: [1, 2], b: range(0, 2), c: [null, "x"] });
  for (const params of [grid, grid.toArray()]) {
    const { skipped } = await sweep(grown, params);
    assert.equal(skipped > 0, true);
    const [plan] = await plansOf(store);
    assert.deepEqual(plan!.defaults, { c: null });
    assert.deepEqual(decodePlan(encodePlan(plan!)), plan);
    const { planned } = await status(store, { quiet: true });
    assert.deepEqual([planned!.done, planned!.count], [12, 12]);
    const view = await report(store);
    assert.match(view.markdown, /12 runs done/);
  }
});

test("a narrower sweep keeps the plan that contains it; another one takes its place", async (t) => {
  const store = tempStore(t);
  const run = work(store);
  await sweep(run, expandGrid({ a: [1, 2], b: range(0, 2) }).take(2).toArray());
  await sweep(run, expandGrid({ a: [1, 2], b: range(0, 2) }));
  await sweep(run, [{ a: 1, b: 0 }, { a: 2, b: 1 }]);
  assert.equal((await plansOf(store))[0]!.count, 6);
  await sweep(run, [{ a: 1, b: 0 }, { a: 2, b: 7 }, { a: 2, b: 7 }]);
  const [plan] = await plansOf(store);
  assert.equal(plan!.count, 2);
  assert.deepEqual(plan!.factors, [
    { names: ["a", "b"], parts: [{ a: 1, b: 0 }, { a: 2, b: 7 }] },
  ]);
});

test("an array that is every combination is noted by its factors", async (t) => {
  const store = tempStore(t);
  await sweep(work(store), [{ a: 1, b: 1 }, { b: 2, a: 1 }, { a: 3, b: 2 }, { a: 3, b: 1 }]);
  assert.deepEqual((await plansOf(store))[0]!.factors, [axis("a", 1, 3), axis("b", 1, 2)]);
});

test("functions that share a store have a plan each, also if they begin at once", async (t) => {
  const store = tempStore(t);
  const names = ["one", "two", "three", "four", "five"];
  await Promise.all(names.map((name) => {
    const engine = work(store, name);
    return sweep(engine, expandGrid({ a: [1, 2], b: [3] }), { handleSignals: false });
  }));
  const plans = await plansOf(store);
  assert.deepEqual(plans.map(({ namespace }) => namespace).sort(), names.toSorted());
  assert.equal((await status(store, { quiet: true })).planned?.done, 10);
});

test("params that are a generator have no plan, and a shard notes the plan of all", async (t) => {
  const store = tempStore(t);
  const run = work(store);
  await sweep(run, expandGrid({ a: [1], b: [1, 2] }).filter(() => true));
  assert.deepEqual(await plansOf(store), []);
  await sweep(run, expandGrid({ a: [1], b: range(0, 3) }), { shard: { index: 0, count: 2 } });
  const [plan] = await plansOf(store);
  assert.deepEqual([plan!.count, plan!.shards], [4, 2]);
});

test("params outside of the key make no combinations, and no shards of them", async (t) => {
  const store = tempStore(t);
  const run = once(({ a }: { a: number; b: number }) => a, { store, key: ["a"], quiet: true });
  await sweep(run, expandGrid({ a: [1, 2], b: range(0, 2) }), { shard: { index: 0, count: 2 } });
  const [plan] = await plansOf(store);
  assert.deepEqual([plan!.count, plan!.factors, plan!.shards], [2, [axis("a", 1, 2)], undefined]);
});

test("a large plan has a count only", async (t) => {
  const store = tempStore(t);
  const stop = new AbortController();
  const run = once(({ a }: { a: number }) => {
    stop.abort();
    return a;
  }, { store, quiet: true });
  await sweep(run, expandGrid({ a: range(1, 200_000) }), { stopSignal: stop.signal });
  const [plan] = await plansOf(store);
  assert.deepEqual([plan!.count, plan!.factors], [200_000, null]);
});

test("a plan that cannot be written is said once, and the sweep goes on", async (t) => {
  const store = tempStore(t);
  fs.mkdirSync(`${store}-plan`);
  const lines: string[] = [];
  const counts = await sweep(work(store), expandGrid({ a: [1], b: [1, 2] }), {
    log: (line) => lines.push(line),
  });
  assert.equal(counts.ran, 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^\[stet\] Note: Cannot write ".*-plan": /);
});

test("a damaged plan file, and one of a later version, are no plan", async (t) => {
  const store = tempStore(t);
  const run = work(store);
  await run({ a: 1, b: 1 });
  for (const text of ["", "{", "null\n[]\n", '{"version":2}\n', "\0\0"]) {
    fs.writeFileSync(`${store}-plan`, text);
    assert.deepEqual(await plansOf(store), []);
  }
  await sweep(run, [{ a: 1, b: 1 }]);
  assert.equal((await plansOf(store)).length, 1);
});

test("the file that a dead process left unfinished is replaced", async (t) => {
  const store = tempStore(t);
  const left = path.join(path.dirname(store), ".runs.csv-plan.tmp");
  fs.writeFileSync(left, "half");
  fs.utimesSync(left, 1, 1);
  await sweep(work(store), [{ a: 1, b: 1 }]);
  assert.equal((await plansOf(store)).length, 1);
  assert(!fs.existsSync(left));
});

test("stet status and the sidecar's progress are of the plan", async (t) => {
  const store = tempStore(t);
  const run = work(store);
  await sweep(run, expandGrid({ a: [1, 2, 3], b: range(0, 3) }), {
    shard: { index: 0, count: 3 },
  });
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  assert.equal(await main(["status", store], { log, error: log }), 0);
  const planned = lines.find((line) => line.includes("planned"));
  assert.match(planned!, /^\[stet\] 4 of 12 planned combinations are done, by \S/);
  assert(lines.includes("[stet] 1 of 3 shards are done"), lines.join("\n"));
  const { ask } = await served(t, { store });
  assert.deepEqual((await (await ask("/v1/view")).json()).shards.done, [4, 0, 0]);
  const { grid, command } = await (await ask("/v1/progress")).json();
  assert.deepEqual(grid, { total: 12, done: 4, from: "plan", inferred: false, left_seconds: null });
  assert.notEqual(command, null);
});

test("a sweep over a sidecar notes its plan in the sidecar's store", async (t) => {
  const { url, ask, store } = await served(t);
  await sweep(work(url), expandGrid({ a: [1, 2], b: [0.5, NaN] }));
  const [plan] = await plansOf(store);
  assert.deepEqual([plan!.count, plan!.factors], [4, [axis("a", 1, 2), axis("b", 0.5, NaN)]]);
  const { plans } = await (await ask("/v1/plans")).json();
  assert.deepEqual(plans[0].factors[1].parts, [{ b: 0.5 }, { b: "nan" }]);
  const { grid } = await (await ask("/v1/progress")).json();
  assert.deepEqual([grid.total, grid.done], [4, 4]);
});

test("a sweep over a Store notes the params of its records", async (t) => {
  const folder = tempFolder(t);
  const location = path.join(folder, "runs.db");
  const store = new Store({
    store: location,
    resultsDir: path.join(folder, "results"),
    columns: { n: "integer", x: "real" },
    runner: ({ resultFile }) => fs.writeFileSync(resultFile, "1"),
  });
  await sweep(store, expandGrid({ n: [1, 2], x: [0.5, 1] }), { shard: { index: 0, count: 2 } });
  await store.close();
  const { planned } = await status(location, { quiet: true });
  assert.deepEqual([planned!.count, planned!.done], [4, 2]);
});

test("stet run notes the grid that was given, narrowed and zipped", async (t) => {
  const folder = tempFolder(t);
  const store = path.join(folder, "runs.csv");
  const silent = (): void => {};
  const args = ["-g", "a=1..4", "-g", "b=x,y", "--filter", "a < 4 or b = 'y'"];
  await main(["run", "-s", store, ...args, "--", "echo", "{a}", "{b}"], {
    log: silent,
    error: silent,
  });
  const [plan] = await plansOf(store);
  assert.equal(plan!.count, 7);
  assert.equal(plan!.places?.length, 7);
  const { planned } = await status(store, { quiet: true });
  assert.deepEqual([planned!.count, planned!.done], [7, 7]);
});

test("encodePlan() and decodePlan() keep every value", () => {
  const plan: SweepPlan = {
    namespace: "a\n",
    label: "f",
    count: 1,
    factors: [{
      names: ["x", "__proto__"],
      parts: [{ x: [1, "é"] }, { x: 2n ** 70n }, { x: "7" }],
    }],
    places: [2],
    shards: 3,
    command: "node f.ts",
    time: "2026-01-01T00:00:00.000Z",
  };
  const text = encodePlan(plan);
  assert.doesNotMatch(text, /\n/);
  assert.deepEqual(decodePlan(text), plan);
  for (
    const wrong of [{ count: 2 }, { places: [3] }, { places: [-1] }, { places: null }, {
      shards: 0,
    }]
  ) {
    assert.equal(decodePlan(encodePlan({ ...plan, ...wrong })), undefined, JSON.stringify(wrong));
  }
});

test("the plan of a grid of a billion combinations is counted in little memory", async (t) => {
  const store = tempStore(t);
  const stop = new AbortController();
  const run = once(({ a, b, c }: { a: number; b: number; c: number }) => {
    stop.abort();
    return a + b + c;
  }, { store, quiet: true });
  const grid = expandGrid({ a: range(1, 1000), b: range(1, 1000), c: range(1, 1000) });
  await sweep(run, grid, { stopSignal: stop.signal });
  const { ask } = await served(t, { store });
  const { grid: progress } = await (await ask("/v1/progress")).json();
  assert.deepEqual([progress.total, progress.done], [1e9, 1]);
  assert.equal((await (await ask("/v1/view")).json()).progress.planned, 1e9);
});

test("mergedPlan() keeps an earlier plan only if it contains the later one", () => {
  const plan = (...factors: readonly ReturnType<typeof axis>[]): SweepPlan => ({
    namespace: "",
    label: "f",
    count: factors.reduce((product, { parts }) => product * parts.length, 1),
    factors,
    places: null,
    command: "",
    time: "",
  });
  const many = Array.from({ length: 300 }, (_, i) => i);
  const large = plan(axis("a", ...many), axis("b", ...many));
  assert.equal(mergedPlan(large, plan(axis("a", 1), axis("b", ...many))).count, 90_000);
  assert.equal(mergedPlan(large, plan(axis("a", ...many), axis("b", ...many))).count, 90_000);
  assert.equal(mergedPlan(large, plan(axis("a", 1), axis("b", 300))).count, 1);
  assert.equal(mergedPlan(large, plan(axis("a", 1), axis("b", 2), axis("c", 3))).count, 1);
  assert.equal(mergedPlan(large, plan(axis("a", 1))).count, 1);
  assert.equal(mergedPlan({ ...large, factors: null }, plan(axis("a", 1))).count, 1);
  assert.equal(mergedPlan(undefined, large), large);
  // The command is that of the combinations.
  const named = (command: string, ...factors: readonly ReturnType<typeof axis>[]): SweepPlan => ({
    ...plan(...factors),
    command,
    time: command,
  });
  const all = named("all", axis("a", 1, 2), axis("b", 1));
  const narrowed = mergedPlan(all, named("narrower", axis("a", 1), axis("b", 1)));
  assert.deepEqual([narrowed.count, narrowed.command, narrowed.time], [2, "all", "narrower"]);
  const again = mergedPlan(narrowed, named("again", axis("b", 1), axis("a", 2, 1)));
  assert.deepEqual([again.count, again.command], [2, "again"]);
  // Shards are parts of the combinations in their order.
  const inShards = { ...named("in shards", axis("b", 1), axis("a", 2, 1)), shards: 2 };
  assert.equal(mergedPlan(all, inShards), inShards);
  assert.equal(mergedPlan(inShards, named("", axis("a", 1), axis("b", 1))).shards, undefined);
  assert.equal(
    mergedPlan(all, { ...named("", axis("a", 1), axis("b", 1)), shards: 2 }).shards,
    undefined,
  );
});

test("withoutSecretWords() leaves out what may be a secret", () => {
  const words = [
    "stet",
    "run",
    "-s",
    "postgres://u:hush@h/db?password=hush",
    "-g",
    "max_tokens=64,128",
    "--",
    "env",
    "HF_TOKEN=hush",
    "OPENAI_API_KEY=hush",
    "python",
    "train.py",
    "--api-key",
    "hush",
    "--token=hush",
    "--token-file",
    "token.txt",
    "-H",
    "Authorization: Bearer hush",
    "sk-hushhushhushhushhush",
    "password='hush'",
    "lr=0.1",
  ];
  const shown = withoutSecretWords(words).join(" ");
  assert.doesNotMatch(shown, /hush/);
  for (const kept of ["max_tokens=64,128", "train.py", "--token-file token.txt", "lr=0.1"]) {
    assert(shown.includes(kept), `${kept}: ${shown}`);
  }
});
