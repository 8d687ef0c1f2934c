import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { Store } from "../../mod.ts";
import { serve } from "../../server.ts";
import { served } from "../served.ts";
import { tempFolder } from "../temp_folder.ts";

interface Cleaned {
  after(clean: () => void | Promise<void>): void;
}

/** Serves a store of a folder; returns a function that gets JSON. */
async function getter(t: Cleaned, store: string) {
  const sidecar = await serve({ store, port: 0, warn: (message) => assert.fail(message) });
  t.after(() => sidecar.close());
  return async (route: string, query: Readonly<Record<string, string>>) => {
    const response = await fetch(`${sidecar.url}${route}?${new URLSearchParams(query)}`);
    return { status: response.status, json: await response.json() };
  };
}

test("a run has every value in full, as text and as JSON", async (t) => {
  const { post, ask } = await served(t);
  const long = `é${"x".repeat(200_000)}`;
  const result = { text: long, list: [1, "a"], nan: null, low: "-inf" };
  await post("/v1/record", { params: { a: 1, b: '"7"' }, result, elapsed_seconds: 2 });
  const where = encodeURIComponent("a = 1");
  const run = await (await ask(`/v1/run?where=${where}`)).json();
  assert.deepEqual([run.status, run.matches, run.failure, run.log], ["done", 1, null, null]);
  const values = new Map(
    run.values.map(({ name, ...rest }: { name: string }) => [name, rest] as const),
  );
  assert.deepEqual(values.get("a"), { role: "param", text: "1", json: "1" });
  assert.deepEqual(values.get("b"), { role: "param", text: "7", json: '"7"' });
  assert.deepEqual(values.get("result.text"), {
    role: "result",
    text: long,
    json: JSON.stringify(long),
  });
  assert.deepEqual(values.get("result.list"), {
    role: "result",
    text: '[1,"a"]',
    json: '[1,"a"]',
  });
  assert.deepEqual(values.get("result.low"), { role: "result", text: "-inf", json: '"-inf"' });
  const byKey = await (await ask(`/v1/run?key=${encodeURIComponent(run.key)}`)).json();
  assert.deepEqual(byKey.row, run.row);
});

test("a run that failed or is under way has its reason and its holder", async (t) => {
  const { post, ask } = await served(t);
  const { json: { token } } = await post("/v1/claim", { params: { a: 1 }, holder: "me" });
  const { claims: [{ key }] } = await (await ask("/v1/claims")).json();
  const route = `/v1/run?key=${encodeURIComponent(key)}`;
  const held = await (await ask(route)).json();
  assert.deepEqual([held.status, held.running.holder, held.row], ["running", "me", null]);
  assert.notEqual(held.running.since, null);
  await post("/v1/fail", { params: { a: 1 }, token, error: "no", stack: "at x\nat y" });
  const failed = await (await ask(route)).json();
  assert.deepEqual([failed.status, failed.failure.stack, failed.running], [
    "failed",
    "at x\nat y",
    null,
  ]);
  const byWhere = await (await ask("/v1/run?where=a%3D1")).json();
  assert.deepEqual([byWhere.status, byWhere.key, byWhere.matches], ["failed", key, 1]);
  await post("/v1/claim", { params: { b: 2 }, holder: "me" });
  const running = await (await ask("/v1/run?where=a+is+absent")).json();
  assert.deepEqual([running.status, running.params], ["running", { b: 2 }]);
  assert.equal((await ask("/v1/run?key=a%1E2%1F")).status, 404);
  for (const query of ["", "?key=a&where=b", "?where=nope%3D1"]) {
    const { status } = await ask(`/v1/run${query}`);
    assert(status === 400 || status === 404, `${query}: ${status}`);
  }
});

test("the log of a run of stet run is read in parts", async (t) => {
  const folder = tempFolder(t);
  const store = path.join(folder, "runs.csv");
  const silent = (): void => {};
  await main([
    ...["run", "-s", store, "-g", "n=1,2", "--namespace", "p", "--", "sh", "-c"],
    'i=0; while [ $i -lt 400 ]; do echo "$STET_PARAM_N ééé line $i"; i=$((i+1)); done',
  ], { log: silent, error: silent });
  const get = await getter(t, store);
  const query = { where: "n = 2" };
  const { json: { log } } = await get("/v1/run", query);
  assert.match(log.name, /^[0-9a-f]{16}\.log$/);
  const expected = fs.readFileSync(path.join(`${store}-logs`, log.name), "utf8");
  assert.equal(log.size, fs.statSync(path.join(`${store}-logs`, log.name)).size);
  let text = "";
  for (let offset: number | null = 0; offset !== null;) {
    const { json } = await get("/v1/run/file", {
      ...query,
      file: "log",
      offset: String(offset),
      limit: "1001",
    });
    text += json.text;
    offset = json.next;
  }
  assert.equal(text, expected);
  const { json: tail } = await get("/v1/run/file", { ...query, file: "log", offset: "-100" });
  assert(expected.endsWith(tail.text) && tail.next === null && !tail.text.includes("\ufffd"));
  assert.equal((await get("/v1/run/file", { ...query, file: "result" })).status, 404);
  assert.equal(
    (await get("/v1/run/file", { ...query, file: "log", limit: "9999999" })).status,
    400,
  );
});

test("the result file of a record is read from a folder of results, and no other file is", async (t) => {
  const folder = tempFolder(t);
  const outside = tempFolder(t);
  const location = path.join(folder, "runs.db");
  const store = new Store({
    store: location,
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
    columns: { n: "integer" },
    runner: ({ n, resultFile }) => fs.writeFileSync(resultFile, `result of ${n}`),
  });
  const { id, resultFile } = await store.run({ n: 1 });
  await store.run({ n: 2 });
  await store.close();
  const get = await getter(t, location);
  const read = async () => await get("/v1/run/file", { where: "n = 1", file: "result" });
  assert.deepEqual((await read()).json, {
    name: `${id}.txt`,
    size: 11,
    offset: 0,
    next: null,
    text: "result of 1",
  });
  assert.equal((await get("/v1/run", { where: "n = 1" })).json.result_file.size, 11);

  fs.writeFileSync(path.join(outside, `${id}.txt`), "a secret");
  fs.unlinkSync(resultFile);
  fs.symlinkSync(path.join(outside, `${id}.txt`), resultFile);
  assert.equal((await read()).status, 404, "a link");
  fs.rmSync(path.join(folder, "results"), { recursive: true });
  fs.symlinkSync(outside, path.join(folder, "results"));
  assert.equal((await read()).status, 404, "a folder that is a link");
});

test("a record cannot name a file outside of the folders of results", async (t) => {
  const { store, post, ask } = await served(t);
  const folder = path.dirname(store);
  fs.mkdirSync(path.join(folder, ".hidden"));
  fs.mkdirSync(path.join(folder, "results"));
  for (const name of ["runs.csv", "x", ".hidden/x", "results/x", "results/xy"]) {
    fs.writeFileSync(path.join(folder, name), "text");
  }
  const places: readonly (readonly [id: string, file: string, status: number])[] = [
    ["x", "results/x", 200],
    ["x", path.join(folder, "results/x"), 200],
    ["x", "x", 404],
    ["x", "results/xy", 404],
    ["runs", "runs.csv", 404],
    ["x", ".hidden/x", 404],
    ["passwd", "/etc/passwd", 404],
    ["passwd", "../../../../../../../etc/passwd", 404],
    ["passwd", "results/../../../../../../../etc/passwd", 404],
    ["", "results/x", 404],
    ["../x", "results/../x", 404],
  ];
  for (const [n, [id, file, status]] of places.entries()) {
    const row = { n, id, result_file: file, created_at: "2026-01-01 00:00:00", custom_data: {} };
    assert.equal((await post("/v1/record", { row })).status, 200);
    const response = await ask(`/v1/run/file?file=result&where=${encodeURIComponent(`n = ${n}`)}`);
    await response.body?.cancel();
    assert.equal(response.status, status, file);
  }
});
