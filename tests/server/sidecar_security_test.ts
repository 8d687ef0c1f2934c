import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { StoreError } from "../../mod.ts";
import { serve } from "../../server.ts";
import { served } from "../served.ts";

/** What is answered to bytes: the status line and headers, and the body. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = "";
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (chunk: string) => received += chunk);
    socket.on("close", () => resolve(received));
    socket.write(text); // it says Connection: close
  });
}

/** The status of a request with these headers; fetch would not send all of them. */
async function statusOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  path = "/v1/status",
): Promise<number> {
  const lines = Object.entries({ host: new URL(url).host, connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = await raw(url, `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

test("a Host that is not this sidecar's is refused", async (t) => {
  const { url } = await served(t, { allowHosts: ["Box.example"] });
  const { port } = new URL(url);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "localhost", `[::1]:${port}`]) {
    assert.equal(await statusOf(url, { host }), 200, host);
  }
  assert.equal(await statusOf(url, { host: `box.example:${port}` }), 200);
  for (const host of ["evil.example", `127.0.0.1.evil.example:${port}`, "", "localhost.evil"]) {
    assert.ok([400, 421].includes(await statusOf(url, { host })), host);
  }
  const answer = await raw(
    url,
    "GET /v1/status HTTP/1.1\r\nhost: box:80\r\nconnection: close\r\n\r\n",
  );
  const { detail } = JSON.parse(/\{.*\}/s.exec(answer)![0]);
  assert.match(detail, /not known by the Host "box"; start it with --allow-host "box"/);
});

test("requests that a page of another origin or site makes are refused", async (t) => {
  const { url } = await served(t);
  assert.equal(await statusOf(url, { origin: url }), 200);
  assert.equal(await statusOf(url, { origin: "https://evil.example" }), 403);
  assert.equal(await statusOf(url, { origin: "null" }), 403);
  assert.equal(await statusOf(url, { "sec-fetch-site": "same-origin" }), 200);
  assert.equal(await statusOf(url, { "sec-fetch-site": "none" }), 200);
  for (const site of ["cross-site", "same-site"]) {
    assert.equal(await statusOf(url, { "sec-fetch-site": site }), 403, site);
    const link = { "sec-fetch-site": site, "sec-fetch-mode": "navigate" };
    assert.equal(await statusOf(url, link, "/"), 200, `a link of a page that is ${site}`);
    assert.equal(await statusOf(url, link), 403, `a link of a page that is ${site} to data`);
  }
});

test("a form's content types are refused, so that no page can post without asking first", async (t) => {
  const { ask, store } = await served(t);
  const body = JSON.stringify({ params: { seed: 1 } });
  for (
    const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
  ) {
    const headers = type === "" ? {} : { "content-type": type };
    const response = await ask("/v1/record", { method: "POST", headers, body });
    assert.equal(response.status, 415, type);
    await response.body?.cancel();
  }
  assert.equal((await (await ask("/v1/status")).json()).exists, false, store);
});

test("with a token, everything under /v1 needs it, and the page does not", async (t) => {
  const { url } = await served(t, { token: "s3cret" });
  assert.equal(await statusOf(url, { authorization: "Bearer s3cret" }), 200);
  assert.equal(await statusOf(url, { authorization: "bearer s3cret" }), 200);
  for (
    const authorization of ["Bearer s3cre", "Bearer s3cret2", "Bearer ", "Basic s3cret", "s3cret"]
  ) assert.equal(await statusOf(url, { authorization }), 401, authorization);
  for (
    const path of ["/v1/status", "/v1/%73tatus", "/%76%31/status", "/v1/runs.csv", "/v1/events"]
  ) {
    assert.equal(await statusOf(url, {}, path), 401, path);
  }
  assert.equal(await statusOf(url, {}, "/"), 200);
  assert.notEqual(await statusOf(url, {}, "//v1/status"), 200);
});

test("an address that other machines reach is not served without a token", async () => {
  await assert.rejects(
    serve({ store: ":memory:", host: "0.0.0.0", port: 0 }),
    (error) => error instanceof StoreError && /token.*STET_TOKEN/.test(error.message),
  );
  await assert.rejects(serve({ store: ":memory:", token: "" }), /token is empty/);
});

test("a port that is in use is an error that says so", async (t) => {
  const { url } = await served(t);
  const port = Number(new URL(url).port);
  await assert.rejects(
    serve({ store: ":memory:", port }),
    (error) => error instanceof StoreError && /the port is in use/.test(error.message),
  );
});

test("answers carry what keeps a browser from misusing them", async (t) => {
  const { ask, post } = await served(t);
  for (const path of ["/", "/v1/status", "/v1/runs", "/v1/nothing"]) {
    const { headers, body } = await ask(path);
    await body?.cancel();
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'self'/, path);
    assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "no-referrer", path);
  }
  const { status } = await post("/v1/claim", { params: { seed: 1 } });
  assert.equal(status, 200);
  const { headers, body } = await ask("/v1/status");
  await body?.cancel();
  assert.equal(headers.get("cache-control"), "no-store");
});

test("SQL is refused unless it was allowed", async (t) => {
  const { post } = await served(t);
  const { status, json } = await post("/v1/query", { sql: "SELECT 1" });
  assert.equal(status, 403);
  assert.match(json.detail, /--allow-query/);
});

test("no path leads to a file", async (t) => {
  const { url } = await served(t);
  for (
    const path of [
      "/../../etc/passwd",
      "/..%2f..%2fetc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/runs.csv",
      "/v1/runs.csv/../../../etc/passwd",
      "/server/dashboard/../../package.json",
      "/v1/runs.sqlite",
      "/\\..\\package.json",
      "/package.json%00",
    ]
  ) assert.ok([400, 404].includes(await statusOf(url, {}, path)), path);
});
