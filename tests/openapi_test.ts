import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "./served.ts";

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
      const wanted = isRows ? 415 : method === "post" || wantsMore ? 400 : 200;
      assert.equal(answer.status, wanted, `${method} ${path}`);
    }
  }
});

test("a method that a path does not take is told which it does", async (t) => {
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

test("what the document says of a request is what is checked", async (t) => {
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
