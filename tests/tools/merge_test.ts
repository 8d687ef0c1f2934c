import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { main } from "../../cli.ts";
import { table } from "../../backends/table.ts";
import { ConflictError } from "../../core/tools/conflict_error.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { mergeStores as unite } from "../../core/tools/merge_stores.ts";
import { Registry } from "../../core/contract/registry.ts";
import { uniteRows } from "../../core/tools/unite_rows.ts";
import { openBackend, type Row } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { filesIn } from "../workers/worker_process.ts";

const mergeStores = unite.bind(undefined, new Registry(table));

async function makeStore(store: string, rows: readonly Row[]): Promise<string> {
  const backend = await openBackend(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
  return store;
}

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  return rows.map(({ _stet_timestamp: _, ...row }) => row);
}

function at(day: number): { _stet_timestamp: string } {
  return { _stet_timestamp: `2026-11-${String(day).padStart(2, "0")}T00:00:00.000Z` };
}

/** What a command line prints, and its exit code. */
async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

test("a merge has each key of several stores once", async (t) => {
  const folder = tempFolder(t);
  const a = await makeStore(join(folder, "a.csv"), [
    { alpha: 1, seed: 1, "result.loss": 0.5 },
    { alpha: 1, seed: 2, "result.loss": 0.25 },
  ]);
  const b = await makeStore(join(folder, "b.sqlite"), [
    { seed: 2, alpha: 1, "result.loss": 0.25, _stet_elapsed: 3 },
    { seed: 3, alpha: 1, beta: "1" },
    { seed: 3, alpha: 1, beta: 1 },
  ]);
  const c = await makeStore(join(folder, "c.json"), [
    { seed: 1, alpha: 1, "result.loss": 0.5, _stet_namespace: "other" },
  ]);
  const to = join(folder, "all.jsonl");
  assert.deepEqual(await mergeStores([a, b, c], to), { read: 6, written: 5, conflicts: 0 });
  assert.deepEqual(await rowsIn(to), [
    { alpha: 1, seed: 1, "result.loss": 0.5 },
    { alpha: 1, seed: 2, "result.loss": 0.25 },
    { seed: 3, alpha: 1, beta: "1" },
    { seed: 3, alpha: 1, beta: 1 },
    { seed: 1, alpha: 1, "result.loss": 0.5, _stet_namespace: "other" },
  ]);
});

test("rows of a key that differ are a conflict, and nothing is written", async (t) => {
  const folder = tempFolder(t);
  const a = await makeStore(join(folder, "a.csv"), [{ seed: 1, result: 1, ...at(1) }, { seed: 2 }]);
  const b = await makeStore(join(folder, "b.csv"), [{ seed: 1, result: "1", ...at(2) }]);
  const to = join(folder, "all.csv");
  await assert.rejects(mergeStores([a, b], to), (error) => {
    assert(error instanceof ConflictError);
    assert.equal(error.count, 1);
    assert.deepEqual(error.conflicts, [{
      key: { seed: 1 },
      rows: [
        { store: a, row: { seed: 1, result: 1, ...at(1) } },
        { store: b, row: { seed: 1, result: "1", ...at(2) } },
      ],
    }]);
    return true;
  });
  assert.deepEqual(filesIn(folder), ["a.csv", "b.csv"]);
});

test("of rows that differ the newest or the first is taken if that is asked", async (t) => {
  const folder = tempFolder(t);
  const a = await makeStore(join(folder, "a.csv"), [
    { seed: 1, result: "old", ...at(1) },
    { seed: 2, result: "new", ...at(9) },
    { seed: 3, result: "same" },
  ]);
  const b = await makeStore(join(folder, "b.csv"), [
    { seed: 1, result: "new", ...at(2) },
    { seed: 2, result: "old", ...at(8) },
    { seed: 3, result: "same" },
  ]);
  const c = await makeStore(join(folder, "c.csv"), [{ seed: 1, result: "old", ...at(1) }]);
  const to = join(folder, "all.csv");
  const results = async (): Promise<Row> =>
    Object.fromEntries((await rowsIn(to)).map(({ seed, result }) => [seed, result!]));
  const counts = { read: 7, written: 3, conflicts: 2 };
  assert.deepEqual(await mergeStores([a, b, c], to, { prefer: "first" }), counts);
  assert.deepEqual(await results(), { 1: "old", 2: "new", 3: "same" });
  assert.deepEqual(await mergeStores([a, b, c], to, { prefer: "newest", force: true }), counts);
  assert.deepEqual(await results(), { 1: "new", 2: "new", 3: "same" });
});

test("a merge takes the key that it is given, and with it what differs", async (t) => {
  const folder = tempFolder(t);
  const a = await makeStore(join(folder, "a.csv"), [{ seed: 1, host: "x" }]);
  const b = await makeStore(join(folder, "b.csv"), [{ seed: 1, host: "y" }, {
    seed: 2,
    host: "y",
  }]);
  const to = join(folder, "all.csv");
  assert.equal((await mergeStores([a, b], to)).written, 3);
  await assert.rejects(mergeStores([a, b], to, { key: ["seed"], force: true }), ConflictError);
  const { written } = await mergeStores([a, b], to, {
    key: ["seed"],
    prefer: "first",
    force: true,
  });
  assert.equal(written, 2);
  await assert.rejects(mergeStores([a, b], to, { key: ["sede"] }), /did you mean "seed"/);
});

test("a merge of any rows is what a map of them is", async () => {
  const row = fc.record({
    seed: fc.integer({ min: 0, max: 5 }),
    result: fc.integer({ min: 0, max: 2 }),
    _stet_timestamp: fc.integer({ min: 1, max: 28 }).map((day) => at(day)._stet_timestamp),
  });
  const sources = fc.array(fc.array(row, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
  const prefer = fc.constantFrom("newest", "first", undefined);
  await fc.assert(fc.asyncProperty(sources, prefer, async (sources, prefer) => {
    const shape = keyShape(undefined);
    const expected = new Map<string, Row>();
    let isConflict = false;
    for (const row of sources.flat()) {
      const { text } = keyOf(shape, row);
      const old = expected.get(text);
      isConflict ||= old !== undefined && old["result"] !== row.result;
      const isNewer = prefer === "newest" && String(old?._stet_timestamp) < row._stet_timestamp;
      if (!old || isNewer) expected.set(text, row);
    }
    const named = sources.map((rows, i) => ({ name: `${i}`, rows: () => rows }));
    const united = uniteRows(named, shape, prefer);
    if (isConflict && prefer === undefined) return await assert.rejects(united, ConflictError);
    const rows = await Array.fromAsync((await united).rows());
    const bySeed = (a: Row, b: Row): number => Number(a["seed"]) - Number(b["seed"]);
    assert.deepEqual(rows.sort(bySeed), [...expected.values()].sort(bySeed));
  }));
});

test("stet merge lists conflicts, the first twenty, with what differs", async (t) => {
  const folder = tempFolder(t);
  const seeds = Array.from({ length: 30 }, (_, seed) => seed);
  const a = await makeStore(
    join(folder, "a.csv"),
    seeds.map((seed) => ({ seed, "result.loss": 1, "result.x": "x", ...at(1) })),
  );
  const b = await makeStore(
    join(folder, "b.csv"),
    seeds.map((seed) => ({ seed, "result.loss": seed, "result.x": "x", ...at(2) })),
  );
  const to = join(folder, "all.csv");
  const { out, err, code } = await stet("merge", a, b, "-o", to);
  assert.equal(code, 1);
  assert.deepEqual(out.slice(0, 3), [
    "seed=0",
    `  ${a}: result.loss: 1  (2026-11-01T00:00:00.000Z)`,
    `  ${b}: result.loss: 0  (2026-11-02T00:00:00.000Z)`,
  ]);
  assert.equal(out.length, 61);
  assert.equal(out.at(-1), "and 9 more");
  assert.match(err.join(), /^stet: 29 keys have rows that differ; nothing was written.*--prefer/);
  assert(!fs.existsSync(to));
  const merged = await stet("merge", a, b, "-o", to, "--prefer", "newest");
  assert.deepEqual([merged.code, merged.out], [
    0,
    [`[stet] 30 rows of 60 written to ${to}; 29 keys had rows that differ`],
  ]);
});

test("a wrong merge is refused before anything is read", async (t) => {
  const folder = tempFolder(t);
  const a = await makeStore(join(folder, "a.csv"), [{ seed: 1 }]);
  for (
    const [args, code, message] of [
      [["-o", "x.csv"], 2, /expected the stores/],
      [[a], 2, /say where to/],
      [[a, "-o", join(folder, "x.csv"), "--prefer", "oldest"], 2, /newest or first/],
      [[a, "-o", join(folder, "x.csv"), "--key", "sede"], 2, /did you mean "seed"/],
      [[a, join(folder, "b.csv"), "-o", join(folder, "x.csv")], 3, /Cannot find store/],
      [[a, "-o", a], 3, /is there already/],
    ] as const
  ) {
    const { err, code: found } = await stet("merge", ...args);
    assert.equal(found, code, args.join(" "));
    assert.match(err.join(), message);
  }
  assert.deepEqual(filesIn(folder), ["a.csv"]);
});
