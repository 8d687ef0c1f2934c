import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { exportStore, importStore, mergeStores, once, query, sweep, verify } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { serve, type Sidecar } from "../../server.ts";
import { tempFolder } from "../temp_folder.ts";

/** Enough for every loop here to take many times the yield interval. */
const ROWS = 50_000;

let sidecar: Sidecar;
before(async () => void (sidecar = await serve({ store: ":memory:", port: 0 })));
after(() => sidecar.close());

/** Asserts that the sidecar of this process answers a request before a loop of this thread has ended. */
async function assertAnswersDuring(loop: () => Promise<unknown>): Promise<void> {
  let isOver = false;
  const ended = loop().finally(() => isOver = true);
  const answer = await fetch(`${sidecar.url}/v1/columns`);
  const isAnsweredFirst = !isOver;
  await answer.text();
  await ended;
  assert(isAnsweredFirst, "the request waited for the end of the loop");
}

/** The text of a CSV store with so many rows. */
function storeText(rows: number, first = 0): string {
  const lines = ["alpha,seed,result.loss,_stet_timestamp"];
  for (let i = first; i < first + rows; i++) {
    lines.push(`${i % 10},${i},${i / 7},2026-11-29T12:00:00.000Z`);
  }
  return `${lines.join("\n")}\n`;
}

/** A folder with such stores. */
function storesIn(folder: string, ...names: string[]): string[] {
  return names.map((name, i) => {
    const path = join(folder, name);
    fs.writeFileSync(path, storeText(ROWS, i * ROWS));
    return path;
  });
}

for (const name of ["out.csv", "out.jsonl", "out.sqlite", "out.arrow", "out.parquet"]) {
  test(`a request is answered while rows are exported to ${name}`, async (t) => {
    const folder = tempFolder(t);
    const [store] = storesIn(folder, "runs.csv");
    await assertAnswersDuring(() => exportStore(store!, join(folder, name)));
  });
}

test("a request is answered while stores are merged", async (t) => {
  const folder = tempFolder(t);
  const stores = storesIn(folder, "a.csv", "b.csv");
  await assertAnswersDuring(() => mergeStores(stores, join(folder, "all.csv")));
});

test("a request is answered while a file is imported", async (t) => {
  const folder = tempFolder(t);
  const [file] = storesIn(folder, "table.csv");
  const store = join(folder, "runs.csv");
  await assertAnswersDuring(() => importStore(file!, { store, key: ["seed"] }));
});

test("a request is answered while the rows of a store are verified", async (t) => {
  const [store] = storesIn(tempFolder(t), "runs.csv");
  await assertAnswersDuring(() => verify(store!));
});

test("a request is answered while rows are copied for a query", async (t) => {
  const folder = tempFolder(t);
  const [store] = storesIn(folder, "runs.csv");
  const copy = join(folder, "runs.sqlite");
  await exportStore(store!, copy);
  await assertAnswersDuring(async () =>
    await (await query(copy, "SELECT count(*) FROM runs")).rows()
  );
});

test("a request is answered while a sweep passes over what is done", async (t) => {
  const [store] = storesIn(tempFolder(t), "runs.csv");
  const run = once(
    ({ alpha, seed }: { alpha: number; seed: number }) => ({ loss: alpha + seed }),
    { store: store!, save: true, log: () => {} },
  );
  const params = Array.from({ length: 10 * ROWS }, (_, i) => ({ alpha: i % 10, seed: i % ROWS }));
  await assertAnswersDuring(async () => {
    const { skipped } = await sweep(run, params, { handleSignals: false }).done;
    assert.equal(skipped, ROWS);
  });
});

for (const name of ["runs.arrow", "runs.parquet"]) {
  test(`a request is answered while the pending rows of ${name} are merged`, async (t) => {
    const folder = tempFolder(t);
    const [store] = storesIn(folder, "runs.csv");
    const target = join(folder, name);
    const backend = await openEngine(target, { durability: "process" });
    await backend.record({ alpha: 1, seed: -1 });
    const source = await openEngine(store!);
    await backend.recordAll(source.rows());
    await source.close();
    await assertAnswersDuring(() => Promise.resolve(backend.close()));
  });

  test(`a request is answered while ${name} is loaded`, async (t) => {
    const folder = tempFolder(t);
    const [store] = storesIn(folder, "runs.csv");
    const target = join(folder, name);
    await exportStore(store!, target);
    const backend = await openEngine(target);
    await assertAnswersDuring(async () => {
      for (let i = 0; i < 4; i++) assert.equal((await backend.load()).length, ROWS);
    });
    await backend.close();
  });
}
