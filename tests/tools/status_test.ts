import assert from "node:assert/strict";
import fs from "node:fs";
import path, { dirname } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { ls, once, reset, type Row, status, Store } from "../../mod.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";

/** What a call prints, and what it resolves to. */
async function printed<T>(
  call: (log: (line: string) => void) => Promise<T>,
): Promise<{ readonly lines: string[]; readonly result: T }> {
  const lines: string[] = [];
  const result = await call((line) => lines.push(line));
  return { lines, result };
}

const hand = [
  "seed,model,result.loss,result,_stet_elapsed,_stet_timestamp",
  "1,a,0.5,,2,2026-11-20T10:00:00.000Z",
  "2,b,0.25,,3,2026-11-21T14:22:01.123456+00:00",
  "3,a,0.125,,1,",
  "",
].join("\n");

test("status() prints the store, its count, its last run and its key columns", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand);
  const { lines, result } = await printed((log) => status(store, { log }));
  assert.deepEqual(lines, [
    `[stet] Store: ${store}`,
    "[stet] 3 completed experiments recorded",
    "[stet] Last run: 2026-11-21T14:22:01.123456+00:00",
    "[stet] Key columns: seed, model",
  ]);
  assert.deepEqual(result, {
    store,
    count: 3,
    lastRun: "2026-11-21T14:22:01.123456+00:00",
    keyColumns: ["seed", "model"],
    resultColumns: ["result.loss", "result"],
    failed: 0,
    running: [],
  });
  assert.deepEqual(fs.readdirSync(dirname(store)), ["runs.csv"]);
  assert.equal(fs.readFileSync(store, "utf8"), hand);
});

test("status() of an empty store leaves out what nobody knows", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, "");
  const { lines, result } = await printed((log) => status(store, { log }));
  assert.deepEqual(lines, [`[stet] Store: ${store}`, "[stet] 0 completed experiments recorded"]);
  assert.equal(result.lastRun, undefined);
  assert.deepEqual(result.keyColumns, []);
});

test("status() of a store whose rows were removed names no key columns", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand.slice(0, hand.indexOf("\n") + 1));
  const { lines } = await printed((log) => status(store, { log }));
  assert.deepEqual(lines, [`[stet] Store: ${store}`, "[stet] 0 completed experiments recorded"]);
});

test("status() with quiet only returns, and takes URLs", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand);
  const log = () => assert.fail("it printed");
  assert.equal((await status(pathToFileURL(store), { quiet: true, log })).count, 3);
});

test("status() counts the failures that have not succeeded since", async (t) => {
  const store = tempStore(t);
  let isBroken = true;
  const work = once((_seed: number) => {
    if (isBroken) throw new Error("no");
  }, { store, quiet: true });
  await assert.rejects(work(1));
  await assert.rejects(work(2));
  isBroken = false;
  await work(3);
  const { lines, result } = await printed((log) => status(store, { log }));
  assert.equal(result.failed, 2);
  assert.deepEqual([result.count, lines.length, lines.at(-1)], [
    1,
    5,
    "[stet] 2 failed and have not succeeded since",
  ]);
  await work(1);
  assert.equal((await status(store, { quiet: true })).failed, 1);
});

test("status() has the runs under way, the longest first, with their time", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand);
  const engine = await openEngine(store);
  const claims = [];
  for (let seed = 10; seed < 17; seed++) {
    claims.push(await engine.claim(keyOf(keyShape(["seed"]), { seed })));
  }
  const { lines, result } = await printed((log) => status(store, { log }));
  assert.equal(result.running.length, 7);
  assert.deepEqual(result.running.map(({ params }) => params["seed"]).sort(), [
    ...[10, 11, 12, 13, 14, 15, 16],
  ]);
  assert(result.running.every(({ since }) => !Number.isNaN(Date.parse(since!))));
  const shown = lines.slice(lines.indexOf("[stet] 7 running"));
  assert.equal(shown.length, 7);
  assert.match(shown[1]!, /^\[stet\] {3}seed=\d+ \(process \d+.*, for \d+m?s\)$/);
  assert.equal(shown[6], "[stet]   and 2 more");
  for (const answer of claims) if (answer.state === "claimed") await answer.claim.release();
  await engine.close();
});

test("status() of a Store shows its params, and when its last record was made", async (t) => {
  for (const name of ["runs.sqlite3", "runs.csv"]) {
    const folder = tempFolder(t);
    const store = new Store({
      runner: ({ resultFile }) => fs.writeFileSync(resultFile, "1"),
      columns: { n: "integer" },
      store: path.join(folder, name),
      resultsDir: folder,
    });
    const { createdAt } = await store.run({ n: 1 });
    await store.close();
    const { keyColumns, lastRun, count } = await status(path.join(folder, name), { quiet: true });
    assert.deepEqual([keyColumns, count], [["n"], 1]);
    assert(Math.abs(Date.parse(lastRun!) - createdAt.getTime()) < 10_000);
  }
});

test("reset() removes the rows that agree on all columns given, and says how many", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand);
  const { lines, result } = await printed(async (log) => [
    await reset(store, { seed: 4 }, { log }),
    await reset(store, { seed: 2, model: "a" }, { log }),
    await reset(store, { seed: 2, model: "b" }, { log }),
    await reset(store, { model: "a" }, { log }),
  ]);
  assert.deepEqual(result, [0, 0, 1, 2]);
  assert.deepEqual(lines, [
    "[stet] No entry matches: {'seed': 4}",
    "[stet] No entry matches: {'seed': 2, 'model': 'a'}",
    "[stet] Removed entry: {'seed': 2, 'model': 'b'}",
    "[stet] Removed entry: {'model': 'a'} (2 rows)",
  ]);
  assert.equal(fs.readFileSync(store, "utf8"), hand.slice(0, hand.indexOf("\n") + 1));
});

test("reset() names what would match where nothing does", async (t) => {
  const store = tempStore(t);
  const backend = await openEngine(store);
  for (const version of ["3.10", "3.9", "3.10"]) await backend.record({ alpha: 0.1, version });
  await backend.close();
  for (
    const [columns, said] of [
      [{ alpha: "0.1" }, ["What would match: alpha=0.1, a number (3 entries)"]],
      [{ alpha: "0.1", version: 3.9 }, [
        "What would match: alpha=0.1, a number; version='3.9', a text (1 entry)",
      ]],
      [{ alhpa: 0.1 }, ['There is no column "alhpa"; did you mean "alpha"?']],
      [{ alpha: 0.2 }, []],
    ] as const
  ) {
    const { lines, result } = await printed((log) => reset(store, columns, { log }));
    assert.equal(result, 0);
    assert.match(lines[0]!, /No entry matches: {'al/);
    assert.deepEqual(lines.slice(1), said.map((line) => `[stet] ${line}`));
  }
});

test("reset() prints params as Python's repr does", async (t) => {
  const store = tempStore(t);
  const params = {
    a: "it's",
    b: 'say "it\'s"',
    c: "x\n\t\\\u0000\u00a0é\u200b",
    d: [1, "a", null],
    e: { n: true },
    f: 2n ** 70n,
    g: 1e-5,
    h: "1970-01-01T00:00:00.000Z",
  };
  const backend = await openEngine(store);
  await backend.record(params);
  await backend.close();
  const asked = { ...params, h: new Date(0) as never };
  const { lines } = await printed((log) => reset(store, asked, { log }));
  assert.deepEqual(lines, [
    `[stet] Removed entry: {'a': "it's", 'b': 'say "it\\'s"', 'c': 'x\\n\\t\\\\\\x00\\xa0é\\u200b', ` +
    `'d': [1, 'a', None], 'e': {'n': True}, 'f': 1180591620717411303424, 'g': 1e-05, ` +
    `'h': '1970-01-01T00:00:00.000Z'}`,
  ]);
});

test("reset() with where removes rows in one step, forgets failures, and knows names", async (t) => {
  for (const format of [".csv", ".json", ".jsonl", ".sqlite", ".parquet"]) {
    const store = path.join(tempFolder(t), `runs${format}`);
    const backend = await openEngine(store);
    for (let day = 1; day <= 9; day++) {
      for (const seed of [1, 2]) {
        await backend.record({ date: `2024-02-0${day}`, seed, "result.loss": day / 10 });
      }
    }
    await backend.close();
    const work = once(({ date, seed }: { date: string; seed: number }) => {
      throw new Error(`no ${date} ${seed}`);
    }, { store, quiet: true });
    for (const date of ["2024-01-01", "2024-03-01"]) await assert.rejects(work({ date, seed: 1 }));
    const call = (where: string, columns?: Row) =>
      printed((log) => reset(store, columns, { where, log }));
    const first = await call("date >= '2024-02-05'", { seed: 1 });
    assert.deepEqual([first.result, first.lines], [6, [
      "[stet] Removed entry: {'seed': 1} where date >= '2024-02-05' (5 rows, 1 failure)",
    ]]);
    assert.equal((await call("result.loss = 0.9 or date = '2024-01-01'")).result, 2);
    assert.equal((await call("date < '2024-01-01'")).result, 0);
    await assert.rejects(call("dat > '2024'"), { name: "SyntaxError", message: /mean date\?/ });
    const { count, failed } = await status(store, { quiet: true });
    assert.deepEqual([count, failed], [12, 0]);
  }
});

test("reset() and fn.reset() forget failures, and status() shows a store that has nothing else", async (t) => {
  const store = tempStore(t);
  const work = once(({ seed }: { seed: number }) => {
    throw new Error(`no ${seed}`);
  }, { store, quiet: true });
  for (const seed of [1, 2, 3]) await assert.rejects(work({ seed }));
  const { lines } = await printed((log) => status(store, { log }));
  assert.deepEqual(lines, [
    `[stet] Store: ${store}`,
    "[stet] 0 completed experiments recorded",
    "[stet] 3 failed and have not succeeded since",
  ]);
  const said = await printed((log) => reset(store, { seed: 2 }, { log }));
  assert.deepEqual(said.lines, ["[stet] Removed entry: {'seed': 2} (1 failure)"]);
  assert.equal(await work.reset({ seed: 1 }), true);
  assert.equal(await work.reset({ seed: 1 }), false);
  assert.equal((await status(store, { quiet: true })).failed, 1);
});

test("reset() without columns clears the store, failures too", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, hand);
  const work = once(({ seed }: { seed: number; model?: string }) => {
    throw new Error(`no ${seed}`);
  }, { store, key: ["seed"], quiet: true });
  await assert.rejects(work({ seed: 9 }));

  const { lines, result } = await printed((log) => reset(store, undefined, { yes: true, log }));
  assert.equal(result, 3);
  assert.deepEqual(lines, [`[stet] Store cleared: ${store}`]);
  await assert.rejects(status(store, { quiet: true }), /Cannot find store/);
  assert.equal(fs.existsSync(store), false);
  const backend = await openEngine(store);
  assert.deepEqual(await backend.failures(), []);
  await backend.close();
  await assert.rejects(work({ seed: 1 }), /no 1/);
});

test("reset() of a store that is not there does nothing", async (t) => {
  const store = tempStore(t);
  assert.equal(await reset(store, undefined, { yes: true, quiet: true }), 0);
  assert.equal(await reset(store, { seed: 1 }, { quiet: true }), 0);
  assert.deepEqual(fs.readdirSync(dirname(store)), []);
});

test("a wrapper runs again what reset() removed", async (t) => {
  const store = tempStore(t);
  const ran: number[] = [];
  const work = once((seed: number) => void ran.push(seed), { store, quiet: true });
  for (const seed of [1, 2]) await work(seed);
  await reset(store, { seed: 2 }, { quiet: true });
  for (const seed of [1, 2]) await work(seed);
  assert.deepEqual(ran, [1, 2, 2]);
});

test("ls() prints the newest rows as a table, and returns them", async (t) => {
  const store = tempStore(t);
  const backend = await openEngine(store);
  const rows: Row[] = [];
  for (let seed = 1; seed <= 7; seed++) {
    const row = { seed, model: `m${seed}`, _stet_timestamp: "2026-01-01T00:00:00Z" };
    rows.push(row);
    await backend.record(row);
  }
  await backend.close();
  const { lines, result } = await printed((log) => ls(store, { limit: 2, log }));
  assert.deepEqual(result, rows.slice(-2));
  assert.deepEqual(lines, [
    "seed  model",
    "   6  m6",
    "   7  m7",
    "all rows: _stet_timestamp='2026-01-01T00:00:00Z' (--all shows these columns)",
    "the newest 2 of 7 rows",
  ]);
  for (const limit of [1, 3, 7, 100]) {
    assert.deepEqual(await ls(store, { limit, quiet: true }), rows.slice(-limit));
  }
});
