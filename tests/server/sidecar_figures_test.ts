import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/memory.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { View } from "../../figures/view.ts";
import { FiguresClient } from "../../server/figures/figures_client.ts";
import { expandGrid, range } from "../../mod.ts";
import { served } from "../served.ts";

/** The text of a CSV store. */
function storeText(rows: number): string {
  const lines = ["alpha,seed,result.loss,_stet_timestamp,_stet_elapsed"];
  for (let i = 0; i < rows; i++) {
    const time = new Date(Date.UTC(2026, 10, 29) + i * 1000).toISOString();
    lines.push(`${i % 10},${i},${i / 7},${time},${(i % 30) / 10}`);
  }
  return `${lines.join("\n")}\n`;
}

test("claims are answered while a large store is copied and figures of it are computed", async (t) => {
  const { store, ask, post } = await served(t);
  fs.writeFileSync(store, storeText(40_000));
  await post("/v1/has", { params: { alpha: 0, seed: 0 } }); // the file is indexed
  for (const phase of ["copied", "asked"]) {
    let computed = 0;
    const figures = [0, 1, 2, 3].map(async (least) => {
      const where = `seed > ${least} ${phase === "copied" ? "" : 'and "result.loss" >= 0'}`;
      const query = new URLSearchParams({ x: "seed", y: "alpha", agg: "done", where });
      const response = await ask(`/v1/view?${query}`);
      assert.equal(response.status, 200, await response.text());
      computed++;
    });
    const { json } = await post("/v1/claim", { params: { alpha: 0, seed: -1, phase } });
    assert.equal(json.state, "claimed");
    assert(computed < figures.length, `the claim waited for all figures as the store was ${phase}`);
    await Promise.all(figures);
  }
});

test("all figures are answered for stores with nothing, or nearly nothing, in them", async (t) => {
  const stores: Record<string, string | undefined> = {
    "no file": undefined,
    "an empty file": "",
    "a header": "alpha,seed,result.loss\n",
    "a header with times": "alpha,seed,result.loss,_stet_timestamp,_stet_elapsed\n",
    "one row": storeText(1),
    "one param": "alpha,_stet_timestamp\n1,2026-11-29T12:00:00.000Z\n",
    "no param": "_stet_timestamp\n2026-11-29T12:00:00.000Z\n",
    "rows without a value": "alpha,seed\n,1\n,2\n",
  };
  for (const [what, text] of Object.entries(stores)) {
    for (const hasFailed of [false, true]) {
      const { store, ask, post } = await served(t);
      if (text !== undefined) fs.writeFileSync(store, text);
      if (hasFailed) {
        const params = { alpha: 7, seed: 7 };
        const { json: { token } } = await post("/v1/claim", { params });
        assert.equal((await post("/v1/fail", { params, token, error: "no" })).status, 200);
      }
      const get = async (path: string): Promise<Record<string, unknown>> => {
        const response = await ask(path);
        const body = await response.text();
        assert.equal(response.status, 200, `${path} of ${what}: ${body}`);
        return JSON.parse(body);
      };
      const count = (await get("/v1/progress"))["rows"];
      assert.equal((await get("/v1/progress"))["failed"], hasFailed ? 1 : 0);
      assert.equal((await get("/v1/status"))["count"], count);
      assert.equal((await get("/v1/runs"))["total"], count);
      const { choices } = await get("/v1/view") as unknown as View;
      const names = choices.params.map(({ name }) => name);
      for (const x of names) {
        for (const y of ["", ...names]) {
          for (const agg of ["mean", "median", "sd", "best", "n", "took", "done"]) {
            const view = await get(`/v1/view?${new URLSearchParams({ x, y, agg })}`);
            assert.equal(view["rows"], count, `${x} ${y} ${agg} of ${what}`);
          }
        }
      }
    }
  }
});

test("the thread of figures gets every value as it is", async () => {
  const row = {
    s: "a\0\ud83d\ue000",
    big: 2n ** 70n,
    nan: NaN,
    list: [1, "1", null, { a: [true] }],
    ["__proto__"]: 1,
    ["\ufeff"]: false,
  } as unknown as Row;
  const backend = new MemoryBackend();
  backend.record(row);
  const figures = new FiguresClient(engineOf(backend));
  await figures.catchUp();
  const { rows } = await figures.ask("addedSince", 0, 10);
  assert.equal(rows, `[${backend.load().map(encodeJsonRow)}]`);
  figures.close();
});

test("an error of the thread of figures is one of this thread, and closing ends what is asked", async () => {
  const backend = new MemoryBackend();
  backend.record({ alpha: 1 });
  const figures = new FiguresClient(engineOf(backend));
  await figures.catchUp();
  await assert.rejects(figures.ask("page", { where: "alpha >", limit: 1, offset: 0 }), SyntaxError);
  await assert.rejects(figures.ask("page", { columns: ["beta"], limit: 1, offset: 0 }), TypeError);
  const asked = figures.ask("largestText", "alpha");
  figures.close();
  await assert.rejects(asked, /Cannot show store/);
  await assert.rejects(figures.ask("largestText", "alpha"), /Cannot show store/);
});

test("the grid of a sidecar is axes, a grid, or any iterable of params", async (t) => {
  const axes = { alpha: [0.1, 0.5], seed: range(0, 2) };
  const grids = [
    axes,
    expandGrid(axes),
    expandGrid(axes).toArray(),
    new Set([...expandGrid(axes)]),
  ];
  for (const grid of grids) {
    const { ask, post } = await served(t, { grid });
    for (const params of [{ alpha: 0.1, seed: 1 }, { alpha: 0.5, seed: 9 }]) {
      await post("/v1/record", { params });
    }
    const { grid: progress } = await (await ask("/v1/progress")).json();
    assert.deepEqual([progress.total, progress.done, progress.inferred], [6, 1, false]);
  }
  await assert.rejects(served(t, { grid: { alpha: 5 } as never }), /Cannot use alpha as an axis/);
});
