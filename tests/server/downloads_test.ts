import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ls, openBackend, query } from "../../mod.ts";
import { withDuckDb } from "../query_package.ts";
import { type Served, served } from "../served.ts";
import { tempFolder } from "../temp_folder.ts";

async function sample(post: Served["post"]): Promise<void> {
  for (let seed = 0; seed < 20; seed++) {
    const params = { lr: seed % 2 ? 0.1 : 0.5, seed, name: `é "${seed}"` };
    await post("/v1/record", { params, result: { loss: seed / 10, list: [seed] } });
  }
}

const where = "lr = 0.1 and seed >= 4";

test("downloads have a name, and the rows that stet ls shows for the condition", async (t) => {
  const { post, ask, store } = await served(t);
  await sample(post);
  const expected = await ls(store, { where, quiet: true });
  assert.equal(expected.length, 8);
  const folder = tempFolder(t);
  for (const format of ["csv", "json", "ndjson"]) {
    const response = await ask(`/v1/runs.${format}?where=${encodeURIComponent(where)}`);
    assert.equal(response.status, 200);
    const name = `runs.${format === "ndjson" ? "jsonl" : format}`;
    const disposition = `attachment; filename="${name}"; filename*=UTF-8''${name}`;
    assert.equal(response.headers.get("content-disposition"), disposition);
    // What is saved is a store.
    const file = path.join(folder, name);
    fs.writeFileSync(file, await response.text());
    const backend = await openBackend(file);
    assert.deepEqual(await backend.load(), expected, format);
    await backend.close();
  }
});

test("columns of a download are in the order asked for", async (t) => {
  const { post, ask } = await served(t);
  await sample(post);
  const text = await (await ask("/v1/runs.csv?columns=seed,lr&where=seed%3C2")).text();
  assert.equal(text, "seed,lr\n0,0.5\n1,0.1\n");
});

test("rows are downloaded as Parquet where DuckDB is", withDuckDb, async (t) => {
  const { post, ask, store } = await served(t);
  await sample(post);
  const expected = await ls(store, { where, quiet: true });
  const response = await ask(`/v1/runs.parquet?where=${encodeURIComponent(where)}`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/vnd.apache.parquet");
  assert.match(response.headers.get("content-disposition")!, /"runs\.parquet"/);
  const file = path.join(tempFolder(t), "saved.parquet");
  fs.writeFileSync(file, new Uint8Array(await response.arrayBuffer()));
  const backend = await openBackend(file);
  assert.deepEqual(await backend.load(), expected);
  await backend.close();
  const [row] = await (await query(file, "SELECT count(*) AS n FROM runs")).rows();
  assert.equal(Number(row!["n"]), 8);
  assert.equal((await ask("/v1/runs.parquet?where=nope%3D1")).status, 400);
});

test("a store without rows is downloaded as none", async (t) => {
  const { ask } = await served(t);
  assert.equal(await (await ask("/v1/runs.csv")).text(), "");
  assert.deepEqual(await (await ask("/v1/runs.json")).json(), []);
});
