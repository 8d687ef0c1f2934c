import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { exportStore, importStore, mergeStores, once, query, sweep, verify } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { serve, type Sidecar } from "../../server.ts";
import { tempFolder } from "../temp_folder.ts";

/**
 * Numbers of rows to try, one after the other: a loop over few rows can end
 * before a request is answered on a slow machine, a loop that yields over many
 * cannot. A loop that never yields fails with any number.
 */
const SIZES = [12_500, 50_000, 200_000, 800_000];

type Loop = () => Promise<unknown>;

let sidecar: Sidecar;
before(async () => void (sidecar = await serve({ store: ":memory:", port: 0 })));
after(() => sidecar.close());

/**
 * Asserts that the sidecar of this process answers a request before a loop of
 * this thread over some number of rows has ended. `prepare` gives the loop.
 */
async function assertAnswersDuring(
  t: TestContext,
  prepare: (folder: string, rows: number) => Loop | Promise<Loop>,
): Promise<void> {
  for (const rows of SIZES) {
    const loop = await prepare(tempFolder(t), rows);
    let isOver = false;
    const ended = loop().finally(() => isOver = true);
    const answer = await fetch(`${sidecar.url}/v1/columns`);
    const isAnsweredFirst = !isOver;
    await answer.text();
    await ended;
    if (isAnsweredFirst) return;
  }
  assert.fail("the request waited for the end of the loop");
}

/** The text of a CSV store with so many rows. */
function storeText(rows: number, first = 0): string {
  const lines = ["alpha,seed,result.loss,_stet_timestamp"];
  for (let i = first; i < first + rows; i++) {
    lines.push(`${i % 10},${i},${i / 7},2026-11-29T12:00:00.000Z`);
  }
  return `${lines.join("\n")}\n`;
}

/** CSV stores with so many rows each. */
function storesIn(folder: string, rows: number, ...names: string[]): string[] {
  return names.map((name, i) => {
    const path = join(folder, name);
    fs.writeFileSync(path, storeText(rows, i * rows));
    return path;
  });
}

for (const name of ["out.csv", "out.jsonl", "out.sqlite", "out.arrow", "out.parquet"]) {
  test(`a request is answered while rows are exported to ${name}`, (t) =>
    assertAnswersDuring(t, (folder, rows) => {
      const [store] = storesIn(folder, rows, "runs.csv");
      return () => exportStore(store!, join(folder, name));
    }));
}

test("a request is answered while stores are merged", (t) =>
  assertAnswersDuring(t, (folder, rows) => {
    const stores = storesIn(folder, rows, "a.csv", "b.csv");
    return () => mergeStores(stores, join(folder, "all.csv"));
  }));

test("a request is answered while a file is imported", (t) =>
  assertAnswersDuring(t, (folder, rows) => {
    const [file] = storesIn(folder, rows, "table.csv");
    return () => importStore(file!, { store: join(folder, "runs.csv"), key: ["seed"] });
  }));

test("a request is answered while the rows of a store are verified", (t) =>
  assertAnswersDuring(t, (folder, rows) => {
    const [store] = storesIn(folder, rows, "runs.csv");
    return () => verify(store!);
  }));

test("a request is answered while rows are copied for a query", (t) =>
  assertAnswersDuring(t, async (folder, rows) => {
    const [store] = storesIn(folder, rows, "runs.csv");
    const copy = join(folder, "runs.sqlite");
    await exportStore(store!, copy);
    return async () => await (await query(copy, "SELECT count(*) FROM runs")).rows();
  }));

test("a request is answered while a sweep passes over what is done", (t) =>
  assertAnswersDuring(t, (folder, rows) => {
    const [store] = storesIn(folder, rows, "runs.csv");
    const run = once(
      ({ alpha, seed }: { alpha: number; seed: number }) => ({ loss: alpha + seed }),
      { store: store!, save: true, log: () => {} },
    );
    const params = Array.from({ length: 10 * rows }, (_, i) => ({ alpha: i % 10, seed: i % rows }));
    return async () => {
      const { skipped } = await sweep(run, params, { handleSignals: false }).done;
      assert.equal(skipped, rows);
    };
  }));

for (const name of ["runs.arrow", "runs.parquet"]) {
  test(`a request is answered while the pending rows of ${name} are merged`, (t) =>
    assertAnswersDuring(t, async (folder, rows) => {
      const [store] = storesIn(folder, rows, "runs.csv");
      const backend = await openEngine(join(folder, name), { durability: "process" });
      await backend.record({ alpha: 1, seed: -1 });
      const source = await openEngine(store!);
      await backend.recordAll(source.rows());
      await source.close();
      return () => Promise.resolve(backend.close());
    }));

  test(`a request is answered while ${name} is loaded`, (t) =>
    assertAnswersDuring(t, async (folder, rows) => {
      const [store] = storesIn(folder, rows, "runs.csv");
      const target = join(folder, name);
      await exportStore(store!, target);
      const backend = await openEngine(target);
      return async () => {
        for (let i = 0; i < 4; i++) assert.equal((await backend.load()).length, rows);
        await backend.close();
      };
    }));
}
