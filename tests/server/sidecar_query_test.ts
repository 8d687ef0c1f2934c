import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/memory.ts";
import { withDuckDb } from "../query_package.ts";
import { served } from "../served.ts";

const timeout = 60_000;

/** One call of a function each, in which DuckDB heeds no interrupt and counts no memory. */
const ENDLESS = [
  "SELECT length(repeat('x', 3000000000))",
  "SELECT list_sum(list_transform(range(300000000), lambda x: sqrt(x)))",
  "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))",
];

test("SQL that one call of a function makes endless is ended, and the next is answered", {
  ...withDuckDb,
  timeout,
}, async (t) => {
  const sidecar = await served(t, { allowQuery: true });
  await sidecar.post("/v1/record", { row: { seed: 1 } });
  for (const sql of ENDLESS) {
    const { status, json } = await sidecar.post("/v1/query", { sql, timeout_seconds: 0.5 });
    assert.deepEqual([status, json.type], [400, "urn:stet:query"], sql);
    assert.match(json.detail, /time that it was given|more memory than it may/);
  }
  const { json } = await sidecar.post("/v1/query", { sql: "SELECT seed FROM runs" });
  assert.deepEqual(json, [{ seed: 1 }]);
  assert.ok(process.memoryUsage.rss() < 1.5e9); // the sidecar is in this process
});

test("SQL runs over the rows of a store that only the sidecar has", {
  ...withDuckDb,
  timeout,
}, async (t) => {
  const store = new MemoryBackend();
  const sidecar = await served(t, { allowQuery: true, store });
  const sql = "SELECT count(*) AS n FROM runs";
  assert.deepEqual((await sidecar.post("/v1/query", { sql })).json, [{ n: 0 }]);
  await store.record({ seed: 1, model: "naïve" });
  assert.deepEqual((await sidecar.post("/v1/query", { sql })).json, [{ n: 1 }]);
});

test("SQL over a store that cannot be read is answered by what is wrong with the store", {
  ...withDuckDb,
  timeout,
}, async (t) => {
  const sidecar = await served(t, { allowQuery: true });
  writeFileSync(sidecar.store, "seed,model\n1\n");
  const { status, json } = await sidecar.post("/v1/query", { sql: "SELECT seed FROM runs" });
  assert.deepEqual([status, json.type], [503, "urn:stet:store"]);
  assert.ok(json.detail.includes(sidecar.store), json.detail);
});
