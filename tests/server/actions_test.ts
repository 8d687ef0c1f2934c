import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "../open_engine.ts";
import { type Served, served } from "../served.ts";

async function fail(
  post: Served["post"],
  params: object,
  error: string,
): Promise<void> {
  const { json: { token } } = await post("/v1/claim", { params });
  assert.equal((await post("/v1/fail", { params, token, error })).status, 200);
}

async function sample(post: Served["post"]): Promise<void> {
  for (let seed = 0; seed < 6; seed++) {
    await post("/v1/record", { params: { lr: seed % 2, seed }, result: { loss: seed / 10 } });
  }
  for (let seed = 6; seed < 9; seed++) {
    await fail(post, { lr: 1, seed }, `diverged at step ${seed}`);
  }
  await fail(post, { lr: 0, seed: 9 }, "[permanent] no such file");
}

test("a reset removes what was counted before, and nothing if the number is another", async (t) => {
  const { post, ask } = await served(t);
  await sample(post);
  const where = "lr = 1";
  const shown = await (await ask(`/v1/reset?where=${encodeURIComponent(where)}`)).json();
  assert.deepEqual(shown, { rows: 3, failures: 3, count: 6 });
  const refused = await post("/v1/reset", { where, expected: 5 });
  assert.equal(refused.status, 409);
  assert.deepEqual([refused.json.count, refused.json.rows, refused.json.failures], [6, 3, 3]);
  assert.match(refused.json.detail, /It would be 3 rows and 3 failures, not 5/);
  assert.equal((await (await ask("/v1/runs")).json()).total, 6);
  const { json } = await post("/v1/reset", { where, expected: 6 });
  assert.deepEqual(json, { rows: 3, failures: 3, text: "Removed 3 rows and 3 failures" });
  assert.equal((await (await ask("/v1/runs")).json()).total, 3);
  assert.equal((await (await ask("/v1/failures")).json()).failures.length, 1);
});

test("a reset leaves rows that were recorded since they were counted", async (t) => {
  const { post, store } = await served(t);
  await sample(post);
  const engine = await openEngine(store);
  await engine.record({ lr: 1, seed: 100 });
  await engine.close();
  assert.equal((await post("/v1/reset", { where: "lr = 1", expected: 6 })).status, 409);
});

test("a reset of a key removes the rows of that run only", async (t) => {
  const { post, ask } = await served(t);
  await sample(post);
  await post("/v1/record", { params: { lr: 0, seed: 2, more: "x" }, result: 1 });
  const key = "lr\x1e0\x1fseed\x1e2\x1f";
  assert.equal((await post("/v1/reset", { keys: [key], expected: 1 })).json.rows, 1);
  const { rows } = await (await ask("/v1/runs?where=seed%3D2")).json();
  assert.deepEqual(rows.map(({ more }: { more: unknown }) => more), ["x"]);
});

test("without a condition a reset is of all only if it says so", async (t) => {
  const { post } = await served(t);
  await sample(post);
  for (const body of [{ expected: 10 }, { where: "lr = 1" }, { where: "nope = 1", expected: 0 }]) {
    assert.equal((await post("/v1/reset", body)).status, 400, JSON.stringify(body));
  }
  const { json } = await post("/v1/reset", { all: true, expected: 10 });
  assert.deepEqual([json.rows, json.failures], [6, 4]);
});

test("failures are retried and forgotten by group, key or condition, as many as expected", async (t) => {
  const { post, ask } = await served(t);
  await sample(post);
  const { failures: groups } = await (await ask("/v1/view")).json();
  const [group] = groups as { kind: string; count: number; runs: { key: string }[] }[];
  assert.equal(group!.count, 3);
  const one = { keys: [group!.runs[0]!.key] };
  assert.deepEqual((await post("/v1/failures/forget", { ...one, expected: 1 })).json, {
    forgotten: 1,
    text: "Forgot 1 failure",
  });
  assert.equal((await post("/v1/failures/forget", { ...one, expected: 1 })).status, 409);
  assert.equal((await post("/v1/failures/retry", { group: group!.kind, expected: 3 })).status, 409);
  assert.equal(
    (await post("/v1/failures/retry", { group: group!.kind, expected: 2 })).json.retried,
    2,
  );
  const { json } = await post("/v1/failures/retry", { where: "lr = 0", expected: 1 });
  assert.deepEqual(json, { retried: 1, text: "The next sweep runs 1 run again" });
  assert.deepEqual((await (await ask("/v1/failures")).json()).failures, []);
});

test("actions need the token, our own origin and JSON", async (t) => {
  const { ask } = await served(t, { token: "secret" });
  const json = { "content-type": "application/json" };
  const own = { ...json, authorization: "Bearer secret" };
  const body = JSON.stringify({ all: true, expected: 0 });
  for (const path of ["/v1/failures/retry", "/v1/failures/forget", "/v1/reset"]) {
    const status = async (headers: Record<string, string>, method = "POST"): Promise<number> => {
      const response = await ask(path, {
        method,
        headers,
        ...method === "POST" && { body },
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await status(own), 200, path);
    assert.equal(await status(json), 401, path);
    assert.equal(await status({ ...own, authorization: "Bearer other" }), 401, path);
    assert.equal(await status({ ...own, origin: "https://evil.example" }), 403, path);
    assert.equal(await status({ ...own, "content-type": "text/plain" }), 415, path);
    if (path !== "/v1/reset") assert.equal(await status(own, "GET"), 405, path);
  }
});
