import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "../served.ts";

const NAMES = ["", "a\0b", "\ud800", "a\udc00", "a\nb"];

test("requests with names that no column can have are refused, and change nothing", async (t) => {
  for (const name of ["runs.csv", "runs.jsonl", "runs.json", "runs.sqlite", "runs.arrow"]) {
    const { ask, post } = await served(t, { name });
    await post("/v1/record", { params: { alpha: 1 }, result: { loss: 1 } });
    const { json: { token } } = await post("/v1/claim", { params: { alpha: 2 } });
    const before = await (await ask("/v1/runs.ndjson")).text();
    for (const unfit of NAMES) {
      const params = { alpha: 3, [unfit]: 1 };
      const requests: [path: string, place: RegExp, body: Record<string, unknown> | string][] = [
        ["/v1/record", /params/, { params }],
        ["/v1/record", /row/, { row: params }],
        ["/v1/record", /params/, { params, token }],
        ["/v1/record", /row/, { params: { alpha: 2 }, row: params, token }],
        ["/v1/claim", /params/, { params }],
        ["/v1/claim", /params/, { batch: [{ alpha: 4 }, params] }],
        ["/v1/claim", /key/, { params: { alpha: 3 }, key: ["alpha", unfit] }],
        ["/v1/claim", /defaults/, { params: { alpha: 3 }, defaults: { [unfit]: 1 } }],
        ["/v1/fail", /params/, { params, token, error: "no" }],
        ["/v1/renew", /params/, { params, token }],
        ["/v1/release", /params/, { params, token }],
      ];
      for (const [path, place, body] of requests) {
        const { status, json } = await post(path, body);
        const what = `${path} of ${name}: ${JSON.stringify(body)}: ${JSON.stringify(json)}`;
        assert(status >= 400 && status < 500, what);
        assert.match(json.errors[0].path, place, what);
      }
      const response = await ask("/v1/runs", {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: `${'{"alpha":5}\n'.repeat(600)}${JSON.stringify(params)}`,
      });
      assert.equal(response.status, 400, `/v1/runs of ${name}`);
      assert.match((await response.json()).errors[0].path, /^line 601/);
    }
    assert.equal(await (await ask("/v1/runs.ndjson")).text(), before);
    const { claims } = await (await ask("/v1/claims")).json();
    assert.deepEqual(claims.map((held: { params: unknown }) => held.params), [{ alpha: 2 }]);
    assert.equal((await post("/v1/release", { params: { alpha: 2 }, token })).status, 200);
    assert.equal((await (await ask("/v1/status")).json()).exists, true);
  }
});

test("huge texts and integers are answered, and block nothing", async (t) => {
  const { post, ask } = await served(t);
  const texts: Record<string, string> = {
    "digits and a letter": JSON.stringify("1".repeat(20_000) + "x"),
    "blanks": JSON.stringify(`[1${" ".repeat(20_000)}`),
    "quotes": JSON.stringify('"'.repeat(20_000)),
    "brackets in a text": JSON.stringify("[".repeat(20_000)),
    "an integer of a million digits": "1".repeat(1_000_000),
    "the same as text": JSON.stringify("1".repeat(1_000_000)),
    "a fraction of a million digits": `0.${"1".repeat(1_000_000)}`,
    "an exponent of a million digits": `1e${"1".repeat(1_000_000)}`,
    "a million brackets": "[".repeat(1_000_000),
    "a million braces": '{"a":'.repeat(200_000),
  };
  for (const [what, text] of Object.entries(texts)) {
    for (const path of ["/v1/claim", "/v1/record", "/v1/has", "/v1/find", "/v1/remove"]) {
      const { status } = await post(path, `{"params":{"alpha":${text}}}`);
      assert(status === 200 || status >= 400 && status < 500, `${path} of ${what}: ${status}`);
    }
    const where = `alpha = '${"1".repeat(5000)}x'`;
    assert.equal((await ask(`/v1/runs?where=${encodeURIComponent(where)}`)).status, 200);
  }
});

test("the texts of a failure come back unchanged", async (t) => {
  for (const name of ["runs.csv", "runs.sqlite", "runs.arrow"]) {
    const { post, ask } = await served(t, { name });
    const params = { alpha: 1 };
    for (const error of ["a\0b", "\ufeffa", "a\ud800", "é 😀"]) {
      const { json: { token } } = await post("/v1/claim", { params });
      const { status } = await post("/v1/fail", { params, token, error, stack: error });
      const { failures: [failure] } = await (await ask("/v1/failures")).json();
      if (status === 200) {
        assert.deepEqual([failure.error, failure.stack], [error, error], JSON.stringify(error));
      } else {
        assert.equal(status, 400);
        assert.equal((await post("/v1/release", { params, token })).status, 200);
      }
    }
  }
});

test("a column that conflicts with another of the store is the request's fault", async (t) => {
  for (const name of ["runs.sqlite", "runs.parquet"]) {
    const { post } = await served(t, { name });
    await post("/v1/record", { params: { alpha: 1 }, result: { loss: 1 } });
    const { status, json } = await post("/v1/record", { params: { Alpha: 2 } });
    assert.deepEqual([status, json.type], [422, "urn:stet:column"], JSON.stringify(json));
  }
});

test("a result with such names is kept whole, and comes back as it was", async (t) => {
  for (const name of ["runs.csv", "runs.jsonl", "runs.json", "runs.sqlite", "runs.arrow"]) {
    const { ask, post } = await served(t, { name });
    for (const [alpha, unfit] of NAMES.entries()) {
      const result = { [unfit]: 1 };
      const recorded = await post("/v1/record", { params: { alpha }, result });
      assert.equal(recorded.status, 200, JSON.stringify(recorded.json));
      const { json } = await post("/v1/claim", { params: { alpha } });
      assert.deepEqual([json.state, json.result], ["done", result], name);
    }
    const rows = (await (await ask("/v1/runs.ndjson")).text()).trim().split("\n");
    assert.equal(rows.length, NAMES.length);
  }
});
