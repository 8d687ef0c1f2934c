import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { viewOf } from "../../figures/data/view_of.ts";
import type { View, ViewQuery } from "../../figures/view.ts";
import { viewAnswer } from "../../server/figures/view_schemas.ts";
import { samples, writeHeaderOnly, writeSample } from "../figures/samples.ts";
import { served } from "../served.ts";

/** Returns the path of a query. */
function urlOf(query: ViewQuery): string {
  return `/v1/view?${new URLSearchParams({ ...query })}`;
}

/** Returns a view without what depends on the server and on the time. */
function withoutFacts(view: View): unknown {
  const progress = { ...view.progress, store: "", location: "" };
  return { ...view, mark: "", progress, failures: view.failures.length };
}

test("the view of every sample store is what viewOf() makes of its rows, at most 60 KB zipped", async (t) => {
  for (const [name, make] of Object.entries(samples)) {
    const sample = make();
    const { ask, store } = await served(t);
    await writeSample(path.dirname(store), sample);
    const response = await ask("/v1/view");
    const text = await response.text();
    assert.equal(response.status, 200, `${name}: ${text}`);
    assert(gzipSync(text).length < 60_000, `${name}: ${gzipSync(text).length} bytes`);
    const view = viewAnswer.parse(JSON.parse(text));
    if (sample.failures.length > 0) continue; // their times differ
    const expected = JSON.parse(JSON.stringify(viewOf(sample.rows, {})));
    assert.deepEqual(withoutFacts(view), withoutFacts(expected), name);
  }
});

test("a view has an ETag that changes with the store", async (t) => {
  const { ask, post, store } = await served(t);
  await writeSample(path.dirname(store), samples["oneParam"]!());
  const first = await ask("/v1/view");
  const etag = first.headers.get("etag")!;
  assert.equal(`W/"${(await first.json()).mark}"`, etag);
  const again = await ask("/v1/view", { headers: { "if-none-match": etag } });
  assert.equal(again.status, 304);
  await post("/v1/record", { params: { alpha: 0.5, seed: 9 }, result: { loss: 0.1 } });
  const changed = await ask("/v1/view", { headers: { "if-none-match": etag } });
  assert.equal(changed.status, 200);
  assert.equal((await changed.json()).rows, 61);
});

test("a view of a sidecar that was started again has another ETag", async (t) => {
  const stores = ["1,2\n2,3", "1,9\n2,9"].map((rows) => `lr,result.loss\n${rows}\n`);
  const etags: (string | null)[] = [];
  for (const text of stores) {
    const { ask, store } = await served(t);
    fs.writeFileSync(store, text);
    etags.push((await ask("/v1/view")).headers.get("etag"));
  }
  assert.notEqual(etags[0], etags[1]); // a browser would show the first store at the second's address
});

test("a store without a namespace has rows without one, and none of another", async (t) => {
  const { ask, store } = await served(t);
  fs.writeFileSync(store, "lr,result.loss\n1,2\n2,3\n");
  for (const [where, total] of [["is absent", 2], ["= 'b'", 0]] as const) {
    const query = new URLSearchParams({ where: `_stet_namespace ${where}` });
    assert.equal((await (await ask(`/v1/runs?${query}`)).json()).total, total);
    assert.equal((await (await ask(`/v1/view?${query}`)).json()).rows, total);
  }
});

test("a wrong query is an error that says what would be right", async (t) => {
  const { ask, store } = await served(t);
  fs.writeFileSync(store, "lr,result.a.loss,result.b.loss\n1,2,3\n2,3,4\n");
  for (
    const [query, message] of [
      [{ metric: "result.a.lost" }, /did you mean "result\.a\.loss"/],
      [{ metric: "loss" }, /it can be result\.a\.loss or result\.b\.loss/],
      [{ where: "loss > 1" }, /character 1: "loss" can be result\.a\.loss or result\.b\.loss/],
      [{ where: "lr >" }, /at character 5: found the end/],
      [{ where: "lt = 1" }, /did you mean lr/],
      [{ x: "learning_rate" }, /there are lr/],
      [{ over: "sed" }, /as a param to average over/],
      [{ agg: "max" }, /agg: /],
      [{ namespace: "train" }, /as namespace/],
    ] as const
  ) {
    const response = await ask(urlOf(query as ViewQuery));
    const { detail } = await response.json();
    assert.equal(response.status, 400, JSON.stringify(query));
    assert.match(detail, message);
  }
});

test("stores without rows have a view", async (t) => {
  const { ask } = await served(t);
  const empty: View = await (await ask("/v1/view?where=lr>1")).json();
  assert.deepEqual([empty.rows, empty.best, empty.heat], [0, null, null]);
  const header = await served(t);
  writeHeaderOnly(path.dirname(header.store));
  const view: View = await (await header.ask("/v1/view")).json();
  assert.equal(view.rows, 0);
  assert.deepEqual(view.choices.params.map(({ name }) => name), ["lr", "batch", "seed"]);
});

for (const name of ["runs.csv", "runs.db", "runs.parquet"]) {
  test(`the figures of a store whose folder is gone stay, with the reason: ${name}`, async (t) => {
    const { ask, store } = await served(t, { name });
    const folder = path.dirname(store);
    await writeSample(folder, samples["oneParam"]!(), name);
    const view = async (): Promise<View> => await (await ask("/v1/view")).json();
    const waitFor = async (problem: RegExp): Promise<View> => {
      for (;; await sleep(20)) {
        const found = await view();
        if (problem.test(`${found.progress.problem}`)) return found;
      }
    };
    const before = await waitFor(/^null$/);
    fs.renameSync(folder, `${folder}.moved`);
    const gone = await waitFor(/^Cannot read store ".*": its folder is gone, or its file system/);
    assert.deepEqual([gone.rows, gone.best], [60, before.best]);
    fs.renameSync(`${folder}.moved`, folder);
    assert.equal((await waitFor(/^null$/)).rows, 60);
    fs.rmSync(store);
    for (let rows = 60; rows > 0;) ({ rows } = await waitFor(/^null$/));
  });
}

test("conditions on texts that are too long for columns select what stet ls does", async (t) => {
  const { ask, store } = await served(t);
  const lines = Array.from({ length: 1200 }, (_, i) => `${i % 3},${`text ${i} `.repeat(200)},${i}`);
  fs.writeFileSync(store, `a,result.output,result.loss\n${lines.join("\n")}\n`);
  const where = `output > 'text 5' and a = 1`;
  const view: View = await (await ask(urlOf({ where }))).json();
  const expected = lines.filter((line) =>
    line.split(",")[0] === "1" && line.split(",")[1]! > "text 5"
  );
  assert.equal(view.rows, expected.length);
  assert.match(view.evals!.cells[0]!.output, /^text \d+ text/);
});
