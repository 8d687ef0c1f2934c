import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { loadArrow } from "../../packages/apache_arrow.ts";
import { hashParams } from "../../mod.ts";
import { withDuckDb } from "../query_package.ts";
import { served } from "../served.ts";

test("every route of the OpenAPI document is there, and refuses what is no body of it", async (t) => {
  const { ask } = await served(t, { allowQuery: true });
  const response = await ask("/v1/openapi.json");
  assert.equal(response.headers.get("content-type"), "application/json");
  const document = await response.json();
  assert.equal(document.openapi, "3.1.0");
  type Operations = Record<string, { readonly parameters?: { readonly required: boolean }[] }>;
  for (const [path, operations] of Object.entries<Operations>(document.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      if (path === "/v1/events") continue; // it does not end
      const wantsMore = parameters.some(({ required }) => required);
      const answer = await ask(path, {
        method: method.toUpperCase(),
        ...method === "post" && { headers: { "content-type": "application/json" }, body: "[]" },
      });
      await answer.body?.cancel();
      assert.notEqual(answer.status, 404, `${method} ${path}`);
      // An array is no body of any of them.
      const isRows = method === "post" && path === "/v1/runs";
      const isNeeding = wantsMore || path === "/v1/run"; // a key or a condition
      const wanted = isRows ? 415 : method === "post" || isNeeding ? 400 : 200;
      assert.equal(answer.status, wanted, `${method} ${path}`);
    }
  }
});

test("a method that a path does not take is answered with those it takes", async (t) => {
  const { ask } = await served(t);
  const answer = await ask("/v1/runs", { method: "DELETE" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "GET, POST");
  assert.match((await answer.json()).detail, /GET and POST/);
  assert.equal((await ask("/v1/nothing", { method: "DELETE" })).status, 404);
});

test("every reference of the OpenAPI document leads somewhere", async (t) => {
  const { ask } = await served(t);
  const document = await (await ask("/v1/openapi.json")).json();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  assert.ok(references.length > 20);
  for (const [, path = ""] of references) {
    let at = document;
    for (const name of path.split("/")) at = at?.[name];
    assert.equal(typeof at, "object", path);
  }
});

test("requests are checked as the document says", async (t) => {
  const { ask, post } = await served(t);
  const { components: { schemas } } = await (await ask("/v1/openapi.json")).json();
  const claim = schemas.ClaimRequest;
  assert.deepEqual(claim.required, ["params"]);
  assert.equal(claim.additionalProperties, false);
  const samples: Record<string, unknown> = {
    key: ["seed"],
    defaults: { seed: 0 },
    lease_seconds: claim.properties.lease_seconds.maximum,
    holder: "x".repeat(claim.properties.holder.maxLength),
    wait_seconds: claim.properties.wait_seconds.minimum,
    replaces: "x",
    token: "t",
  };
  assert.deepEqual(
    Object.keys(claim.properties).sort(),
    ["params", ...Object.keys(samples)].sort(),
  );
  assert.equal((await post("/v1/claim", { params: { seed: 1 }, ...samples })).status, 200);
  for (const [name, value] of Object.entries(samples)) {
    const wrong = typeof value === "number" ? value + 1e6 : typeof value === "string" ? 1 : "x";
    const { status, json } = await post("/v1/claim", { params: { seed: 1 }, [name]: wrong });
    assert.equal(status, 400, name);
    assert.equal(json.errors[0].path, name);
  }
});

interface Operation {
  readonly responses: Record<string, { content: Record<string, { readonly schema?: object }> }>;
}

test(
  "every answer is as the document says, and every route's is asked for",
  withDuckDb,
  async (t) => {
    const hasArrow = await loadArrow().then(() => true, () => false);
    const hasDuckDb = withDuckDb.skip === false;
    const { ask, store } = await served(t, { allowQuery: true });
    const { paths, components } = await (await ask("/v1/openapi.json")).json();
    const operations: Record<string, Record<string, Operation>> = paths;
    const checked = new Set<string>();

    /** Checks the answer to a request, and returns its JSON. */
    async function check(
      status: number,
      method: "get" | "post",
      route: string,
      { query = "", headers = {}, body = undefined as unknown } = {},
      // deno-lint-ignore no-explicit-any -- each route's answer has a form of its own
    ): Promise<any> {
      const what = `${method} ${route}${query}: ${status}`;
      const response = await ask(route + query, {
        method: method.toUpperCase(),
        headers: { ...method === "post" && { "content-type": "application/json" }, ...headers },
        ...body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) },
      });
      const text = await response.text();
      assert.equal(response.status, status, `${what}, not ${text}`);
      const { responses } = operations[route]![method]!;
      const { content } = responses[status] ?? responses["default"]!;
      const type = response.headers.get("content-type")!.split(";")[0]!;
      const declared = content[type];
      assert(declared, `${what}: ${type} is one of ${Object.keys(content)}`);
      if (status === 200) checked.add(`${method} ${route}`);
      if (!/[/+]json$/.test(type)) return text;
      assert(declared.schema, `${what} has a schema`);
      const { success, error } = z.fromJSONSchema(
        JSON.parse(
          JSON.stringify({ ...declared.schema, $defs: components.schemas })
            .replaceAll("#/components/schemas/", "#/$defs/"),
        ),
      ).safeParse(JSON.parse(text));
      assert(success, `${what}: ${text}\n${error && z.prettifyError(error)}`);
      return JSON.parse(text);
    }
    const get = (status: number, route: string, query = "", accept = "*/*") =>
      check(status, "get", route, { query, headers: { accept } });
    const post = (status: number, route: string, body: unknown) =>
      check(status, "post", route, { body });

    const params = (seed: number) => ({ params: { alpha: 0.5, seed } });
    await get(200, "/v1/status");
    for (const path of ["progress", "workers", "view"]) {
      await get(200, `/v1/${path}`);
    }

    const { token } = await post(200, "/v1/claim", params(1));
    await post(200, "/v1/claim", params(1)); // busy
    await post(200, "/v1/renew", { ...params(1), token, lease_seconds: 100 });
    await get(200, "/v1/claims");
    const result = { loss: 0.5, notes: [1, "x", null] };
    await post(200, "/v1/record", { ...params(1), token, result, elapsed_seconds: 1 });
    await post(200, "/v1/claim", params(1)); // done
    await post(200, "/v1/claim", { batch: [1, 2, 3].map((seed) => params(seed).params), most: 1 });
    const failed = await post(200, "/v1/claim", params(4));
    await post(200, "/v1/fail", { ...params(4), token: failed.token, error: "no" });
    await get(200, "/v1/failures");
    const released = await post(200, "/v1/claim", params(5));
    await post(200, "/v1/release", { ...params(5), token: released.token });
    await check(200, "post", "/v1/runs", {
      headers: { "content-type": "application/x-ndjson" },
      body: '{"alpha": 1, "seed": 6}\n{"alpha": "nan", "seed": "\\"text\\"", "_stet_elapsed": 2}\n',
    });

    await get(200, "/v1/status");
    await get(200, "/v1/columns");
    await post(200, "/v1/find", params(1));
    await post(200, "/v1/find", params(99));
    const batch = [1, 99].map((seed) => params(seed).params);
    await post(200, "/v1/find", { batch });
    await post(200, "/v1/find", { batch, only: "source" });
    await post(200, "/v1/has", { columns: { alpha: 0.5 } });
    await get(200, "/v1/runs");
    await get(200, "/v1/runs", "?limit=1&columns=seed");
    await get(200, "/v1/runs", "", "text/csv");
    const forms = ["csv", "ndjson", "json"];
    for (const form of [...forms, ...hasArrow ? ["arrow"] : [], ...hasDuckDb ? ["parquet"] : []]) {
      await get(200, `/v1/runs.${form}`);
    }
    if (!withDuckDb.skip) await post(200, "/v1/query", { sql: "SELECT * FROM runs" });
    for (const path of ["progress", "workers", "view"]) {
      await get(200, `/v1/${path}`);
    }
    await get(200, "/v1/view", "?x=alpha&y=seed&agg=done&where=seed>1");
    await get(200, "/v1/figure.svg", "?kind=heat");

    await get(200, "/v1/run", "?where=seed=1");
    await get(200, "/v1/run", `?key=${encodeURIComponent("alpha\x1e0.5\x1fseed\x1e4\x1f")}`);
    await get(404, "/v1/run", "?key=x");
    fs.mkdirSync(`${store}-logs`);
    const log = `${hashParams({ alpha: 0.5, seed: 1 })}.log`;
    fs.writeFileSync(`${store}-logs/${log}`, "a line\n");
    await get(200, "/v1/run/file", "?where=seed=1&file=log");
    await get(200, "/v1/run/file", "?where=seed=1&file=log&download=true");
    await get(404, "/v1/run/file", "?where=seed=1&file=result");

    await post(200, "/v1/plans", {
      version: 1,
      namespace: "",
      label: "f",
      count: 2,
      factors: [{ names: ["seed"], parts: [{ seed: 1 }, { seed: "nan" }] }],
      places: null,
      command: "node f.ts",
      time: "2026-01-01T00:00:00.000Z",
    });
    await get(200, "/v1/plans");
    await get(200, "/v1/progress");

    await get(200, "/v1/reset", "?where=seed=4");
    await post(409, "/v1/reset", { where: "seed = 4", expected: 7 });
    await post(200, "/v1/reset", { where: "seed = 6", expected: 1 });
    await post(409, "/v1/failures/retry", { all: true, expected: 7 });
    await post(200, "/v1/failures/retry", { where: "seed = 99", expected: 0 });
    await post(200, "/v1/failures/forget", { where: "seed = 99", expected: 0 });

    await post(409, "/v1/release", { ...params(1), token });
    await post(400, "/v1/claim", { params: 1 });
    await post(400, "/v1/query", { sql: 1 });
    await get(400, "/v1/progress", "?x=1");
    await get(406, "/v1/runs", "", "image/png");
    await check(415, "post", "/v1/has", { headers: { "content-type": "text/plain" }, body: "{}" });

    await post(200, "/v1/forget", { batch: [params(4).params] });
    await post(200, "/v1/remove", params(1));
    await post(200, "/v1/verify", { repair: true });
    await post(200, "/v1/clear", {});

    const stop = new AbortController();
    const events = await ask("/v1/events", { signal: stop.signal });
    const { content } = operations["/v1/events"]!["get"]!.responses["200"]!;
    assert.deepEqual(Object.keys(content), [events.headers.get("content-type")]);
    stop.abort();

    const all = Object.entries(operations).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`)
    );
    const unasked = [
      "get /v1/events",
      ...hasArrow ? [] : ["get /v1/runs.arrow"],
      ...withDuckDb.skip ? ["get /v1/runs.parquet", "post /v1/query"] : [],
    ];
    assert.deepEqual(all.filter((each) => !checked.has(each)).sort(), unasked.sort());
  },
);
