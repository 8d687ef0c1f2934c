import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { test } from "node:test";
import { table } from "../backends/table.ts";
import { createRegistry } from "../core/registry.ts";
import { createOpenQuery } from "../query/open_query.ts";
import { withDuckDb } from "./query_package.ts";
import { tempStore } from "./temp_folder.ts";

const registry = createRegistry(table);
const openQuery = createOpenQuery(registry);

for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
  test(
    `openQuery() answers many statements over the rows a ${extension} store had`,
    withDuckDb,
    async (t) => {
      const store = tempStore(t, `runs${extension}`);
      const backend = await registry.open(store);
      const time = "2026-11-21T14:22:01.123Z";
      for (const alpha of [0.1, 0.5]) {
        for (const seed of [1, 2]) {
          await backend.record({ alpha, seed, "result.x": alpha * seed, _stet_timestamp: time });
        }
      }
      const rows = await openQuery(backend);
      await backend.record({ alpha: 0.9, seed: 1 });
      await backend.close();
      assert.deepEqual(rows.columns, ["alpha", "seed", "result.x", "_stet_timestamp"]);
      const [groups, times, cut] = await Promise.all([
        rows.run("SELECT alpha, max(result.x) AS best FROM runs GROUP BY 1 ORDER BY 1"),
        rows.run("SELECT max(_stet_timestamp) AS last, count(*) AS n FROM runs"),
        rows.run("FROM runs", { maxRows: 3 }),
      ]);
      assert.deepEqual(await groups.rows(), [{ alpha: 0.1, best: 0.2 }, { alpha: 0.5, best: 1 }]);
      assert.deepEqual(await times.rows(), [{ last: time, n: 4 }]);
      assert.equal((await cut.rows()).length, 3);
      assert(cut.isCut);
      rows.close();
    },
  );
}

test("openQuery() sees wrong types, writes and files as query() does", withDuckDb, async (t) => {
  const store = tempStore(t);
  const backend = await registry.open(store);
  await backend.record({ alpha: 1 });
  await backend.close();
  appendFileSync(store, "x,2026-11-21T14:22:01.123Z\n");
  const rows = await openQuery(store);
  for (
    const [sql, message] of [
      ["SELECT alhpa FROM runs", /Did you mean alpha\?$/],
      ["DROP TABLE runs", /DROP is not a statement that only reads/],
      ["INSERT INTO runs VALUES ('x', now())", /only reads/],
      [`SELECT * FROM read_text('${store}.other')`, /allow-files/],
      ["SET threads = 1", /only reads/],
    ] as const
  ) await assert.rejects(rows.run(sql), { name: "QueryError", message }, sql);
  await assert.rejects(
    rows.run("SELECT count(*) FROM range(10000000000) a WHERE hash(a.range) = 1", { timeout: 30 }),
    { name: "QueryError", message: /30 ms/ },
  );
  const all = await rows.run("SELECT alpha FROM runs");
  assert.deepEqual(await all.rows(), [{ alpha: "1" }, { alpha: "x" }]);
  rows.close();
});
