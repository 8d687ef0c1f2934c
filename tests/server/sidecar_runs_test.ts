import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { ARROW, loadArrow } from "../../packages/apache_arrow.ts";
import { loadPackage } from "../../packages/load_package.ts";
import type { Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { pythonStet } from "../python/python_stet.ts";
import { type Served, served } from "../served.ts";
import { withDuckDb } from "../query_package.ts";

const withArrow: { readonly skip: string | false } = await loadArrow().then(
  () => ({ skip: false }),
  (error: Error) => ({ skip: error.message }),
);

const python = pythonStet();

/** Rows with values of every kind; alpha is a number, seed whole, flag true or false. */
function sample(count: number): Row[] {
  const mixed = [1, "1", true, null];
  return Array.from({ length: count }, (_, n) => ({
    alpha: n / 4,
    seed: n,
    name: ["a,b", '"x"', "two\nlines", "42", "", "é😀"][n % 6]!,
    flag: n % 2 === 0,
    mixed: mixed[n % 4]!,
    ...n % 3 === 0 && { big: 2n ** 60n + BigInt(n) },
    _stet_timestamp: new Date(n * 1000).toISOString(),
  }));
}

async function filled(sidecar: Served, rows: readonly Row[]): Promise<void> {
  const backend = await openEngine(sidecar.store);
  await backend.recordAll(rows);
  await backend.close();
}

test("a page has rows in the order asked for, how many there are, and where the next begins", async (t) => {
  const sidecar = await served(t);
  await filled(sidecar, sample(250));
  const page = async (query: string) => await (await sidecar.ask(`/v1/runs?${query}`)).json();
  const first = await page("");
  assert.deepEqual([first.rows.length, first.total, first.next], [100, 250, 100]);
  assert.deepEqual(first.columns.slice(0, 3), ["alpha", "seed", "name"]);
  const last = await page("offset=200");
  assert.deepEqual([last.rows.length, last.rows[0].seed, last.next], [50, 200, undefined]);
  const some = await page("where=seed%20%3E%20245&sort=-seed&columns=seed,flag");
  assert.deepEqual(some.rows, [249, 248, 247, 246].map((seed) => ({ seed, flag: seed % 2 === 0 })));
  assert.deepEqual(some.columns, ["seed", "flag"]);
  const quoted = await page("limit=5");
  assert.deepEqual(quoted.rows.map(({ name }: { name: string }) => name), [
    "a,b",
    JSON.stringify('"x"'),
    "two\nlines",
    JSON.stringify("42"),
    JSON.stringify(""),
  ]);
});

test("rows stream as JSON Lines and CSV, by Accept and by extension", async (t) => {
  const sidecar = await served(t);
  const rows = sample(3000);
  await filled(sidecar, rows);
  for (
    const [path, accept] of [["/v1/runs.csv", "*/*"], ["/v1/runs", "text/csv"], [
      "/v1/runs",
      "application/json;q=0.5, text/*",
    ]] as const
  ) {
    const response = await sidecar.ask(path, { headers: { accept } });
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    const records: Record<string, string>[] = parse(await response.text(), { columns: true });
    assert.equal(records.length, rows.length);
    assert.deepEqual(records.slice(0, 4).map(({ mixed }) => mixed), ["1", '"1"', "True", "None"]);
  }
  const lines = await (await sidecar.ask("/v1/runs.ndjson?where=flag%20%3D%20true")).text();
  assert.equal(lines.trim().split("\n").length, 1500);
  assert.match(lines, /"big": 1152921504606846976\b/); // all digits
  assert.equal((await sidecar.ask("/v1/runs", { headers: { accept: "image/png" } })).status, 406);
});

test("an unchanged answer is 304, and a changed one the current rows", async (t) => {
  const sidecar = await served(t);
  await filled(sidecar, sample(10));
  for (const path of ["/v1/runs", "/v1/runs.csv", "/v1/runs.ndjson", "/v1/runs?limit=3"]) {
    const first = await sidecar.ask(path);
    await first.text();
    const etag = first.headers.get("etag")!;
    const again = await sidecar.ask(path, { headers: { "if-none-match": `"x", ${etag}` } });
    assert.equal(again.status, 304, path);
    assert.equal(await again.text(), "");
    assert.equal(again.headers.get("etag"), etag);
    await sidecar.post("/v1/record", { params: { alpha: 1, seed: `new ${path}` } });
    const changed = await sidecar.ask(path, { headers: { "if-none-match": etag } });
    assert.equal(changed.status, 200, path);
    assert.notEqual(changed.headers.get("etag"), etag);
    await changed.text();
  }
});

test("answers are compressed for clients that accept it", async (t) => {
  const sidecar = await served(t);
  await filled(sidecar, sample(1000));
  for (const path of ["/v1/runs", "/v1/runs.csv"]) {
    const plain = await (await sidecar.ask(path, { headers: { "accept-encoding": "identity" } }))
      .text();
    const { hostname, port } = new URL(sidecar.url);
    const { request } = await import("node:http"); // fetch would unzip
    const zipped = await new Promise<{ encoding: unknown; bytes: Uint8Array }>(
      (resolve, reject) => {
        request({ hostname, port, path, headers: { "accept-encoding": "gzip" } }, (response) => {
          const chunks: Uint8Array[] = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              encoding: response.headers["content-encoding"],
              bytes: new Uint8Array(chunks.flatMap((chunk) => [...chunk])),
            }));
        }).on("error", reject).end();
      },
    );
    assert.equal(zipped.encoding, "gzip");
    assert.equal(new TextDecoder().decode(gunzipSync(zipped.bytes)), plain);
    assert.ok(zipped.bytes.length < plain.length / 2);
  }
});

test("rows that are sent as JSON Lines are added, also when they arrive twice", async (t) => {
  const sidecar = await served(t);
  const body =
    '{"seed": 1, "_stet_timestamp": "2026-01-01T00:00:00.000Z"}\n\n{"seed": "\\"2\\""}\n';
  const send = async (query: string): Promise<unknown> =>
    await (await sidecar.ask(`/v1/runs${query}`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body,
    })).json();
  assert.deepEqual(await send(""), { recorded: 2 });
  assert.deepEqual(await send("?retry=true"), { recorded: 2 });
  const { rows } = await (await sidecar.ask("/v1/runs?columns=seed")).json();
  assert.deepEqual(rows, [{ seed: 1 }, { seed: '"2"' }]);
});

test("an empty store has a page, and streams nothing", async (t) => {
  const sidecar = await served(t);
  const page = await (await sidecar.ask("/v1/runs")).json();
  assert.deepEqual(page, { rows: [], columns: [], total: 0 });
  for (const extension of ["csv", "ndjson"]) {
    assert.equal(await (await sidecar.ask(`/v1/runs.${extension}`)).text(), "");
  }
});

test("pandas, polars and DuckDB read a sidecar's URL", {
  skip: withArrow.skip || ("missing" in python ? python.missing : false),
}, async (t) => {
  const sidecar = await served(t);
  await filled(sidecar, sample(6000));
  const command = "command" in python ? python.command : "";
  const script = fileURLToPath(new URL("../python/read_url.py", import.meta.url));
  // The sidecar is in this process: it must not wait for Python.
  const child = spawn(command, [script, sidecar.url], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => text += chunk);
  assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
  const sum = 6000 * 5999 / 8;
  assert.deepEqual(JSON.parse(text), {
    "pyarrow": {
      alpha: "double",
      seed: "int64",
      name: "string",
      flag: "bool",
      mixed: "string",
      big: "int64",
      _stet_timestamp: "string",
    },
    "pandas csv": [sum, "int64", 6000],
    "pandas ndjson": [sum, 6000],
    "polars arrow": [sum, "Int64", 6000],
    "polars ndjson": [sum, 6000],
    "duckdb": [3000 * 2999 / 4, 3000],
    "mixed": ["1", '"1"', "True", null],
    "big": [1152921504606846976, null],
  });
});

test("SQL is answered in the form asked for", withDuckDb, async (t) => {
  const sidecar = await served(t, { allowQuery: true });
  await filled(sidecar, sample(100));
  const sql = "SELECT flag, count(*) AS n FROM runs GROUP BY 1 ORDER BY 1";
  assert.deepEqual((await sidecar.post("/v1/query", { sql })).json, [
    { flag: false, n: 50 },
    { flag: true, n: 50 },
  ]);
  const response = await sidecar.ask("/v1/query", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/csv" },
    body: JSON.stringify({ sql, max_rows: 1 }),
  });
  assert.equal(await response.text(), "flag,n\nFalse,50\n");
  for (
    const wrong of [
      "SELECT nothing FROM runs",
      "SELECT * FROM read_csv('/etc/passwd')",
      "DROP TABLE runs",
      "COPY runs TO 'x'",
      "SELECT",
    ]
  ) {
    const { status, json } = await sidecar.post("/v1/query", { sql: wrong });
    assert.deepEqual([status, json.type], [400, "urn:stet:query"], wrong);
  }
  const long =
    "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11";
  const { status } = await sidecar.post("/v1/query", { sql: long, timeout_seconds: 0.2 });
  assert.equal(status, 400);
});

test("every form has only the rows that were added since a mark", withArrow, async (t) => {
  const sidecar = await served(t);
  await sidecar.post("/v1/record", { params: { seed: 1 } });
  const first = await sidecar.ask("/v1/runs.ndjson?since=");
  await first.text();
  const since = encodeURIComponent(first.headers.get("stet-mark")!);
  await sidecar.post("/v1/record", { params: { seed: 2 } });
  const ask = (form: string): Promise<Response> => sidecar.ask(`/v1/runs.${form}?since=${since}`);
  assert.match(await (await ask("ndjson")).text(), /^\{"seed": 2,.*\n$/);
  assert.match(await (await ask("csv")).text(), /^seed,.*\n2,.*\n$/);
  const { tableFromIPC } = await loadPackage(ARROW, "read it") as {
    tableFromIPC(bytes: Uint8Array): { getChild(name: string): Iterable<unknown> };
  };
  const table = tableFromIPC(new Uint8Array(await (await ask("arrow")).arrayBuffer()));
  assert.deepEqual([...table.getChild("seed")], [2n]);
});

test("a page with a status has runs that failed and run too, with their states and counts", async (t) => {
  const { ask, post } = await served(t);
  const claim = async (seed: number): Promise<unknown> =>
    (await post("/v1/claim", { params: { seed } })).json.token;
  await post("/v1/record", { params: { seed: 2 } });
  await post("/v1/fail", { params: { seed: 1 }, token: await claim(1), error: "no" });
  await claim(3);
  const page = async (query: string) => await (await ask(`/v1/runs?${query}`)).json();
  const all = await page("status=all&sort=-seed");
  assert.deepEqual(all.rows.map(({ seed }: { seed: number }) => seed), [3, 2, 1]);
  assert.deepEqual(all.states, ["running", "done", "failed"]);
  assert.deepEqual([all.total, all.counts], [3, { done: 1, failed: 1, running: 1 }]);
  const failed = await page("status=failed&where=seed%3D1");
  assert.deepEqual([failed.total, failed.states], [1, ["failed"]]);
  assert.deepEqual(failed.counts, { done: 0, failed: 1, running: 0 });
  const arrays = ["[9007199254740993]", "[9007199254740992.0]"];
  for (const array of arrays) {
    await post("/v1/record", `{"params": {"layers": ${array}}, "key": ["layers"]}`);
  }
  const { keys } = await page("status=all&where=layers%20is%20not%20absent");
  for (const [i, key] of keys.entries()) {
    const run = await (await ask(`/v1/run?${new URLSearchParams({ key })}`)).text();
    assert(run.includes(arrays[i]!), run);
  }
  const { states, counts, total } = await page("sort=seed&where=layers%20is%20absent");
  assert.deepEqual([states, counts, total], [undefined, undefined, 1]);
  const etag = (await ask("/v1/runs?status=all")).headers.get("etag")!;
  await claim(4);
  const changed = await ask("/v1/runs?status=all", { headers: { "if-none-match": etag } });
  assert.deepEqual((await changed.json()).counts, { done: 3, failed: 1, running: 2 });
});
