import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../mod.ts";
import { served } from "../served.ts";

const run = { params: { alpha: 0.1, seed: 1 }, key: ["alpha", "seed"] };

test("claim, record, claim again: a run is done, with its result", async (t) => {
  const { post, store } = await served(t);
  const claimed = await post("/v1/claim", { ...run, lease_seconds: 5 });
  assert.equal(claimed.status, 200);
  const { token, ...rest } = claimed.json;
  assert.deepEqual(rest, { state: "claimed", lease_seconds: 5 });
  const result = { loss: 0.25, name: "42" };
  assert.deepEqual(
    (await post("/v1/record", { ...run, token, result, elapsed_seconds: 1.5 })).json,
    { state: "recorded" },
  );
  const { version, ...done } = (await post("/v1/claim", run)).json;
  assert.equal(typeof version, "string");
  assert.deepEqual(done, { state: "done", result }); // strings inside are themselves
  const [head, line] = fs.readFileSync(store, "utf8").split("\n");
  assert.equal(head, "alpha,seed,result.loss,result.name,_stet_elapsed,_stet_timestamp");
  assert.match(line!, /^0.1,1,0.25,"""42""",1.5,2/);
});

test("a claim is busy for others until it is released, and names its holder", async (t) => {
  const { post } = await served(t);
  const { json: { token } } = await post("/v1/claim", { ...run, holder: "worker 1" });
  assert.deepEqual((await post("/v1/claim", run)).json, {
    state: "busy",
    holder: "worker 1",
    retry_after: 1,
  });
  for (let n = 0; n < 2; n++) {
    assert.deepEqual((await post("/v1/release", { ...run, token })).json, { state: "released" });
  }
  assert.equal((await post("/v1/claim", run)).json.state, "claimed");
});

test("a claim that waits is answered when the key is free, and when its time is over", async (t) => {
  const { post } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  assert.equal((await post("/v1/claim", { ...run, wait_seconds: 0.1 })).json.state, "busy");
  const waiting = post("/v1/claim", { ...run, wait_seconds: 30 });
  await sleep(50);
  await post("/v1/record", { ...run, token, result: 3 });
  assert.equal((await waiting).json.result, 3);
});

test("a claim that waits sees what another process does to the file", async (t) => {
  const { post, store } = await served(t);
  await post("/v1/claim", run);
  const waiting = post("/v1/claim", { ...run, wait_seconds: 30 });
  const backend = await openBackend(store);
  await backend.record(run.params);
  await backend.close();
  assert.equal((await waiting).json.state, "done");
});

test("of a batch so many are claimed as asked for; others are done, busy or free", async (t) => {
  const { post } = await served(t);
  const batch = [1, 2, 3, 4, 5].map((seed) => ({ seed }));
  await post("/v1/record", { params: { seed: 1 } });
  await post("/v1/claim", { params: { seed: 2 } });
  await post("/v1/record", { params: { seed: 5 }, result: "x" });
  const { json } = await post("/v1/claim", { batch, most: 1 });
  const states = json.answers.map(({ state }: { state: string }) => state);
  assert.deepEqual(states, ["done", "busy", "claimed", "free", "done"]);
  assert.equal(json.answers[4].result, "x");
  const { token } = json.answers[2];
  assert.equal((await post("/v1/record", { params: { seed: 3 }, token })).status, 200);
});

test("a batch waits while none is claimed and some are busy", async (t) => {
  const { post } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  const waiting = post("/v1/claim", { batch: [run.params], key: run.key, wait_seconds: 30 });
  await sleep(50);
  await post("/v1/release", { ...run, token });
  assert.equal((await waiting).json.answers[0].state, "claimed");
});

test("a result is JSON as it is; params are cell text, and params outside the key are recorded", async (t) => {
  const { ask, post, store } = await served(t);
  const results = ["42", "", "nan", { answer: "42", none: null }, ["1", 2], 2 ** 60, true];
  for (const [seed, result] of results.entries()) {
    const request = { params: { seed, model: "007", host: "a" }, key: ["seed", "model"] };
    const { json: { token } } = await post("/v1/claim", request);
    await post("/v1/record", { ...request, token, result, elapsed_seconds: 4.3159e-6 });
    assert.deepEqual((await post("/v1/claim", request)).json.result, result);
  }
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  assert.deepEqual(rows.slice(0, 3).map(({ result }) => result), ["42", "", "nan"]);
  assert.equal(rows[3]?.["result.answer"], "42");
  for (const { model, host, _stet_elapsed } of rows) {
    assert.deepEqual([model, host, _stet_elapsed], [7, "a", 0.000004]);
  }
  // As Python's json.dumps spells them.
  const body = '{"params": {"seed": 9}, "result": {"loss": NaN, "gain": -Infinity}}';
  await ask("/v1/record", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { json: { result } } = await post("/v1/claim", { params: { seed: 9 } });
  assert.deepEqual(result, { loss: "nan", gain: "-inf" });
});

test("a record that arrives twice is added once", async (t) => {
  const { post, ask } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  const request = { ...run, token, result: 2, elapsed_seconds: 1 };
  const answers = await Promise.all([1, 2, 3].map(() => post("/v1/record", request)));
  for (const { json } of answers) assert.deepEqual(json, { state: "recorded" });
  const row = { seed: 7, _stet_timestamp: "2026-01-01T00:00:00.000Z" };
  for (let n = 0; n < 3; n++) await post("/v1/record", { row, retry: true });
  assert.equal((await (await ask("/v1/runs")).json()).total, 2);
});

test("the late record of a lost claim is refused with 409 and the winner", async (t) => {
  const { post } = await served(t);
  const { json: { token } } = await post("/v1/claim", { ...run, lease_seconds: 0.005 });
  await sleep(30);
  const { json: other } = await post("/v1/claim", { ...run, holder: "worker 2" });
  assert.equal(other.state, "claimed");
  const busy = await post("/v1/record", { ...run, token, result: 1 });
  assert.equal(busy.status, 409);
  assert.equal(busy.json.type, "urn:stet:lost-claim");
  assert.deepEqual(busy.json.winner, { holder: "worker 2" });
  await post("/v1/record", { ...run, token: other.token, result: 2 });
  for (const path of ["/v1/record", "/v1/renew", "/v1/release", "/v1/fail"]) {
    // The same result is another's all the same.
    const body = {
      ...run,
      token,
      ...path === "/v1/fail" && { error: "x" },
      ...path === "/v1/record" && { result: 2 },
    };
    const late = await post(path, body);
    assert.equal(late.status, 409, path);
    assert.equal(late.json.winner.result, 2, path);
  }
  assert.deepEqual((await (await post("/v1/find", run)).json).row.result, 2);
});

test("a claim outlives the sidecar that gave it", async (t) => {
  const { post, store } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  const { serve } = await import("../../server.ts");
  const other = await serve({ store, port: 0, durability: "process" }); // knows no token
  const ask = async (path: string, body: object): Promise<Response> =>
    await fetch(`${other.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  assert.equal((await (await ask("/v1/claim", run)).json()).state, "busy");
  assert.equal((await (await ask("/v1/renew", { ...run, token })).json()).state, "claimed");
  assert.equal((await ask("/v1/record", { ...run, token, result: 1 })).status, 200);
  await other.close();
  assert.equal((await post("/v1/record", { ...run, token, result: 1 })).status, 200);
  assert.equal((await post("/v1/record", { ...run, token, result: 2 })).status, 409);
});

test("a failure is noted, listed, and forgotten when the run succeeds", async (t) => {
  const { post, ask } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  const note = { error: "out of memory", stack: "at train", attempts: 2 };
  for (let n = 0; n < 2; n++) {
    assert.deepEqual((await post("/v1/fail", { ...run, token, ...note })).json, {
      state: "failed",
    });
  }
  const { failures } = await (await ask("/v1/failures")).json();
  const { time, host: _, ...rest } = failures[0];
  assert.deepEqual(rest, { params: run.params, error: note.error, stack: note.stack, attempt: 2 });
  assert.equal(new Date(time).toISOString(), time);
  await post("/v1/record", { ...run, token: (await post("/v1/claim", run)).json.token });
  assert.deepEqual((await (await ask("/v1/failures")).json()).failures, []);
});

test("defaults count for rows from before a param existed", async (t) => {
  const { post } = await served(t);
  await post("/v1/record", { params: { alpha: 0.1 } });
  const key = ["alpha", "beta"];
  const asked = { params: { alpha: 0.1, beta: 0 }, key, defaults: { beta: 0 } };
  assert.equal((await post("/v1/claim", asked)).json.state, "done");
  assert.equal((await post("/v1/has", asked)).json.has, true);
  assert.equal((await post("/v1/has", { ...asked, defaults: { beta: 1 } })).json.has, false);
});

test("replaces claims a run whose row does not count as done, and its record takes the row's place", async (t) => {
  const { post, ask } = await served(t);
  await post("/v1/record", { ...run, result: 1 });
  const { json: { version } } = await post("/v1/claim", run);
  const { json } = await post("/v1/claim", { ...run, replaces: version });
  assert.equal(json.state, "claimed");
  await post("/v1/record", { ...run, token: json.token, replaces: version, result: 2 });
  const { rows } = await (await ask("/v1/runs")).json();
  assert.deepEqual(rows.map(({ result }: { result: number }) => result), [2]);
  assert.equal((await post("/v1/claim", { ...run, replaces: version })).json.state, "done");
});

test("remove and has take a run, or columns that rows agree on", async (t) => {
  const { post } = await served(t);
  for (const seed of [1, 2, 3]) await post("/v1/record", { params: { alpha: 0.1, seed } });
  assert.equal((await post("/v1/has", { columns: { seed: 2 } })).json.has, true);
  assert.equal((await post("/v1/remove", { params: { seed: 2 } })).json.removed, 0);
  assert.equal((await post("/v1/remove", { params: { alpha: 0.1, seed: 2 } })).json.removed, 1);
  assert.equal((await post("/v1/remove", { columns: { alpha: 0.1 } })).json.removed, 2);
  assert.equal((await post("/v1/remove", { columns: {} })).status, 400);
  await post("/v1/record", { params: { seed: 1 } });
  assert.deepEqual((await post("/v1/clear", {})).json, {});
  assert.equal((await post("/v1/has", { columns: { seed: 1 } })).json.has, false);
});

test("status and claims tell what is there and what runs", async (t) => {
  const { post, ask, store } = await served(t);
  await post("/v1/record", { params: { alpha: 0.1, name: "x" }, result: { loss: 1 } });
  await post("/v1/claim", { params: { alpha: 0.2, name: "42" }, holder: "me" });
  const { last_run: last, ...status } = await (await ask("/v1/status")).json();
  assert.equal(new Date(last).toISOString(), last);
  assert.deepEqual(status, {
    store,
    exists: true,
    count: 1,
    columns: ["alpha", "name", "result.loss", "_stet_timestamp"],
    key_columns: ["alpha", "name"],
    result_columns: ["result.loss"],
    failed: 0,
    running: 1,
  });
  const { claims: [{ since, ...claim }, ...more] } = await (await ask("/v1/claims")).json();
  assert.equal(new Date(since).toISOString(), since);
  assert.deepEqual([claim, ...more], [{
    params: { alpha: 0.2, name: 42 },
    key: "alpha\u001e0.2\u001fname\u001e42\u001f",
    holder: "me",
  }]);
});

test("many runs are looked up by one request, in their order", async (t) => {
  const { post } = await served(t);
  const { json: { token } } = await post("/v1/claim", run);
  await post("/v1/record", { ...run, token, result: { loss: 0.5 } });
  const batch = [{ ...run.params, seed: 99 }, run.params];
  const find = async (only?: string): Promise<Record<string, unknown>[]> =>
    (await post("/v1/find", { batch, ...only && { only } })).json.rows;
  const [missing, found] = await find();
  assert.equal(missing, null);
  assert.equal(found!["result.loss"], 0.5);
  assert.deepEqual(Object.keys(found!).at(-1), "_stet_timestamp");
  assert.equal((await find("result"))[1]!["result.loss"], 0.5);
  assert.deepEqual(await find("source"), [null, {}]);
  const wrong = await post("/v1/find", { batch, only: "cells" });
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.detail, /only/);
});
