import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, test } from "node:test";
import fc from "fast-check";
import { rounds } from "../rounds.ts";
import { type Served, served } from "../served.ts";

const routes = [
  "claim",
  "record",
  "fail",
  "renew",
  "release",
  "has",
  "find",
  "remove",
  "forget",
  "verify",
  "query",
] as const;

async function send(
  { ask }: Served,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = "application/json",
): Promise<Response> {
  return await ask(path, { method: "POST", headers: { "content-type": type }, body });
}

/** Sees that a request is refused as the client's fault. */
async function refused(response: Response, what: string): Promise<void> {
  const problem = await response.json();
  assert.ok(response.status >= 400 && response.status < 500, `${what}: ${response.status}`);
  assert.equal(response.headers.get("content-type"), "application/problem+json", what);
  assert.equal(problem.status, response.status, what);
  assert.equal(typeof problem.detail, "string", what);
  assert.doesNotMatch(problem.detail, /\n {4}at /, `${what}: no stack`);
}

/** Sees that the store was not made, and the sidecar is well. */
async function untouched({ ask, post }: Served): Promise<void> {
  const status = await (await ask("/v1/status")).json();
  assert.deepEqual([status.exists, status.count, status.running], [false, 0, 0]);
  assert.equal((await post("/v1/has", { params: { seed: 1 } })).json.has, false);
}

/** A request whose body stops half-way. It is sent before the tests: its time limit passes while they run. */
const late = await served({ after });
const lateAnswer = new Promise<string>((resolve, reject) => {
  const { hostname, port } = new URL(late.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
    socket.destroy();
  });
  socket.on("close", () => resolve(received));
  socket.on("error", reject);
  socket.write(
    `POST /v1/record HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
      `content-length: 100\r\n\r\n{"params":{`,
  );
});

test("others are answered while a body has stopped half-way", () => untouched(late));

const deep = (levels: number): string =>
  `{"params":{"x":${"[".repeat(levels)}${"]".repeat(levels)}}}`;

const bodies: Readonly<Record<string, string>> = {
  "nothing": "",
  "white space": "  ",
  "half an object": '{"params":{"seed":1',
  "two objects": '{"params":{"seed":1}}{}',
  "an array": "[]",
  "a number": "42",
  "null": "null",
  "a string": '"params"',
  "params of another type": '{"params":[1]}',
  "params that are text": '{"params":"seed=1"}',
  "params that are null": '{"params":null}',
  "an unknown field": '{"params":{"seed":1},"prams":{}}',
  "a key that is no array": '{"params":{"seed":1},"key":"seed"}',
  "a key of numbers": '{"params":{"seed":1},"key":[1]}',
  "a reserved param": '{"params":{"_stet_timestamp":1}}',
  "a param called result": '{"params":{"result":1}}',
  "a param without a name": '{"params":{"":1}}',
  "a param with a control character": '{"params":{"a\\u001fb":1}}',
  "a param with half a pair": '{"params":{"\\ud800":1}}',
  "a control character in a string": '{"params":{"a":"\n"}}',
  "a wrong escape": '{"params":{"a":"\\x"}}',
  "65 levels": deep(63),
  "100,000 levels": deep(100_000),
  "a lease of no time": '{"params":{"seed":1},"lease_seconds":0}',
  "a lease of a year": '{"params":{"seed":1},"lease_seconds":31536000}',
  "a lease of infinite time": '{"params":{"seed":1},"lease_seconds":1e999}',
  "a lease that is text": '{"params":{"seed":1},"lease_seconds":"60"}',
  "a wait of an hour": '{"params":{"seed":1},"wait_seconds":3600}',
  "a token with white space": '{"params":{"seed":1},"token":"a b","error":""}',
  "a token without characters": '{"params":{"seed":1},"token":"","error":""}',
  "a batch of no objects": '{"batch":[1,2]}',
  "a batch and params": '{"batch":[],"params":{}}',
  "a batch of 1001": `{"batch":[${Array(1001).fill("{}").join(",")}]}`,
};

for (const [what, body] of Object.entries(bodies)) {
  test(`${what} is refused by every route, and nothing changes`, async (t) => {
    const sidecar = await served(t, { allowQuery: true });
    for (const route of routes) await refused(await send(sidecar, `/v1/${route}`, body), route);
    await untouched(sidecar);
  });
}

test("bytes that are not UTF-8 are refused", async (t) => {
  const sidecar = await served(t);
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
    const body = new Uint8Array([
      ...new TextEncoder().encode('{"params":{"name":"'),
      ...bytes,
      ...new TextEncoder().encode('"}}'),
    ]);
    await refused(await send(sidecar, "/v1/record", body), String(bytes));
  }
  await untouched(sidecar);
});

test("a body of more than 8 MiB is refused, whether it says so or not", async (t) => {
  const sidecar = await served(t);
  const body = `{"params":{"name":"${"x".repeat(9 * 1024 * 1024)}"}}`;
  const told = await send(sidecar, "/v1/record", body);
  assert.equal(told.status, 413);
  await told.body?.cancel();
  const { hostname, port } = new URL(sidecar.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
      socket.destroy();
    });
    socket.on("close", () => resolve(received));
    // It may close while we still write.
    socket.on("error", () => received === "" ? reject(new Error("no answer")) : {});
    socket.write(
      `POST /v1/record HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
        `transfer-encoding: chunked\r\n\r\n`,
    );
    const piece = "x".repeat(1 << 20);
    for (let n = 0; n < 9; n++) socket.write(`100000\r\n${piece}\r\n`);
  });
  assert.match(answer, /^HTTP\/1\.1 413 /);
  await untouched(sidecar);
});

test("a row that is wrong keeps all rows of its request out", async (t) => {
  const sidecar = await served(t);
  for (const wrong of ["[]", "1", '{"a":', '{"a":"\u0001"}', '{"":1}', '{"\\ud800":1}']) {
    const body = `{"seed":1}\n{"seed":2}\n${wrong}\n{"seed":3}`;
    const response = await send(sidecar, "/v1/runs", body, "application/x-ndjson");
    assert.equal(response.status, 400, wrong);
    assert.match((await response.json()).detail, /line 3/);
  }
  await untouched(sidecar);
});

test("a row with a name that no store can keep is refused by the place of the name", async (t) => {
  const sidecar = await served(t);
  for (const name of ["", "\\u0000", "\\ud800", "a\\n"]) {
    for (const row of [`"row":{"seed":1,"${name}":2}`, `"params":{"seed":1,"${name}":2}`]) {
      const response = await send(sidecar, "/v1/record", `{${row}}`);
      assert.equal(response.status, 400, row);
      assert.match((await response.json()).errors[0].path, /^(?:row|params)/);
    }
  }
  await untouched(sidecar);
});

test("queries that make no sense are refused", async (t) => {
  const sidecar = await served(t);
  for (
    const query of [
      "limit=0",
      "limit=x",
      "limit=1e9",
      "offset=-1",
      "columns=nothing",
      "sort=nothing",
      "where=%3C%3C",
      "where=seed%20=",
      "columns=%5B1%5D",
      "columns=%5B",
      "page=2",
    ]
  ) await refused(await sidecar.ask(`/v1/runs?${query}`), query);
});

test("a mark that this sidecar did not give is none", async (t) => {
  const sidecar = await served(t);
  await sidecar.post("/v1/record", { params: { seed: 1 } });
  for (const since of ["", "x", "x.y", "a 5", "none", ".%ff", "0 9 9 9"]) {
    const response = await sidecar.ask(`/v1/runs.ndjson?since=${encodeURIComponent(since)}`);
    assert.equal(response.headers.get("stet-whole"), "true", since);
    assert.match(await response.text(), /"seed": 1/);
  }
});

test("no body is answered by 5xx, whatever it holds, and a refused one changes nothing", async (t) => {
  const sidecar = await served(t, { allowQuery: false });
  const field = fc.oneof(
    fc.constantFrom("params", "key", "defaults", "token", "row", "columns", "result", "batch"),
    fc.constantFrom("lease_seconds", "wait", "replaces", "error", "most", "retry", "__proto__"),
  );
  const body = fc.oneof(
    fc.json(),
    fc.dictionary(field, fc.jsonValue(), { maxKeys: 6 }).map((it) => JSON.stringify(it)),
    fc.record({
      params: fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue()),
      key: fc.option(fc.array(fc.string({ maxLength: 6 })), { nil: undefined }),
      token: fc.option(fc.string(), { nil: undefined }),
    }).map((it) => JSON.stringify(it)),
    fc.string({ unit: "binary" }),
  );
  const countOf = async (): Promise<number> =>
    (await (await sidecar.ask("/v1/status")).json()).count;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, text) => {
      const before = await countOf();
      const response = await send(sidecar, `/v1/${route}`, text);
      await response.text();
      assert.ok(response.status < 500, `${route} ${text}: ${response.status}`);
      if (response.status >= 400) assert.equal(await countOf(), before);
    }),
    { numRuns: rounds(60) },
  );
});

test("figures and rows of a store with thousands of columns can be read", async (t) => {
  const { ask, post } = await served(t);
  const params = Object.fromEntries(Array.from({ length: 2100 }, (_, i) => [`p${i}`, i]));
  assert.equal((await post("/v1/record", { params })).status, 200);
  assert.equal((await (await ask("/v1/progress")).json()).rows, 1);
  assert.equal((await (await ask("/v1/runs")).json()).rows[0].p2099, 2099);
  assert.match(await (await ask("/v1/runs.ndjson")).text(), /"p2099": 2099/);
});

test("a body that stopped half-way ends in 408, and changes nothing", async () => {
  assert.match(await lateAnswer, /^HTTP\/1\.1 408 /);
  await untouched(late);
});
