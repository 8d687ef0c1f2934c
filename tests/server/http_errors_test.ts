import assert from "node:assert/strict";
import http, { type RequestListener } from "node:http";
import { once as event } from "node:events";
import fs from "node:fs";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { HttpBackend, SidecarClient } from "../../backends/mod.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { served } from "../served.ts";
import { tempStore } from "../temp_folder.ts";
import { until } from "../until.ts";

interface Cleaned {
  after(clean: () => void | Promise<void>): void;
}

/** A server that is no sidecar. */
async function other(t: Cleaned, listener: RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  await event(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Asserts that a store error names the URL and says something, and shows no secret. */
async function assertRejects(
  asked: Promise<unknown>,
  url: string,
  expected: RegExp,
): Promise<void> {
  await assert.rejects(asked, (error: unknown) => {
    assert(error instanceof StoreError, `a StoreError: ${error}`);
    assert(error.message.includes(url), error.message);
    assert.match(error.message, expected);
    assert.doesNotMatch(`${error.message} ${error.stack}`, /hunter2/);
    return true;
  });
}

const page = "<!doctype html><title>It works!</title>";

test("an answer of another server is an error that names the URL", async (t) => {
  const answers: Record<string, [RequestListener, RegExp]> = {
    "a page": [(_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(page);
    }, /no sidecar of stet; check the URL/],
    "an error page": [(_, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end(page);
    }, /no sidecar of stet \(it answered 404\)/],
    "JSON of something else": [(_, response) => {
      response.setHeader("content-type", "application/json");
      response.end('{"ok":true}');
    }, /no sidecar of stet/],
    "no object": [(_, response) => {
      response.setHeader("content-type", "application/json");
      response.end("null");
    }, /no sidecar of stet/],
    "an error that is null": [(_, response) => {
      response.writeHead(500, { "content-type": "application/json" }).end("null");
    }, /no sidecar of stet \(it answered 500\)/],
    "a redirection": [(_, response) => {
      response.writeHead(302, { location: "https://me:hunter2@example.org/there?key=hunter2" })
        .end();
    }, /sends requests on to "https:\/\/example\.org\/there"; give that URL/],
    "a proxy without a sidecar": [(_, response) => {
      response.writeHead(502, { "content-type": "text/html" }).end(page);
    }, /Cannot reach .*it answered 502/],
    "401": [(_, response) => {
      response.writeHead(401, { "content-type": "text/plain" }).end("no");
    }, /needs a token; set STET_TOKEN/],
    "a cut connection": [(request) => {
      request.socket.destroy();
    }, /Cannot reach store .*; start it with: stet serve/],
  };
  for (const [what, [listener, expected]] of Object.entries(answers)) {
    await t.test(what, async (t) => {
      const url = await other(t, listener);
      await assertRejects((async () => await openEngine(url))(), url, expected);
      if (/page|redirection|something/.test(what)) {
        const backend = new HttpBackend(url);
        await assertRejects((async () => await backend.load())(), url, expected);
        const key = keyOf(keyShape(undefined), { alpha: 1 });
        await assertRejects(backend.claim(key), url, expected);
        await assertRejects(backend.has({ alpha: 1 }), url, expected);
        await assertRejects(backend.failures() as Promise<unknown>, url, expected);
        await assertRejects(
          new SidecarClient(url).query({ sql: "SELECT 1" }),
          url,
          /Cannot use store/,
        );
      }
    });
  }
});

test("where nothing listens, the reason is said, and what to do", async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await event(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  await event(server, "close");
  const expected = /(?:refused|unable to connect|ECONNREFUSED).*; start it with: stet serve/i;
  await assertRejects((async () => await openEngine(url))(), url, expected);
});

test("a request with a time for all tries ends in it, and says why it failed", async (t) => {
  const held = { params: { a: 1 }, token: "t" };
  const hanging = await other(t, () => {});
  const cut = await other(t, (request) => void request.socket.destroy());
  for (
    const [url, expected] of [[hanging, /: no answer within 0\.3 s;/], [cut, /tried for/]] as const
  ) {
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      await assert.rejects(new SidecarClient(url).release(held, 300), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /within (?:-|0 s)/);
        return true;
      });
      const time = performance.now() - start;
      assert(time < 2000, `it took ${time} ms`);
    }
  }
});

test("a server without TLS behind https is an error that names the URL", async (t) => {
  const url = (await other(t, (_, response) => response.end(page))).replace("http:", "https:");
  await assertRejects((async () => await openEngine(url))(), url, /Cannot reach store/);
});

test("a URL that makes no sense is a store error, without the password in it", async () => {
  for (
    const url of [
      "http://me:hunter2@127.0.0.1:99999",
      "http://me:hunter2@",
      "http://me:hunter2@127.0.0.1:1/?token=hunter2",
      "ftp://me:hunter2@127.0.0.1/x",
      "http://127.0.0.1:1?lease_seconds=hunter2",
    ]
  ) {
    await assertRejects((async () => new HttpBackend(url))(), "Cannot open store", /Cannot/);
  }
});

test("a token that no header can hold is not shown", async (t) => {
  const file = tempStore(t, "token");
  for (const token of ["hunter2\nhunter2", "hunter2\u20ac"]) {
    fs.writeFileSync(file, token);
    const url = `http://127.0.0.1:9?token_file=${encodeURIComponent(file)}`;
    await assertRejects((async () => await openEngine(url))(), "127.0.0.1:9", /its token/);
  }
});

test("lines that are no rows, and rows that are cut off, are store errors", async (t) => {
  for (const text of ["5\n", '{"alpha":1}\n{"alp', "[]\n"]) {
    const url = await other(t, (_, response) => {
      response.setHeader("content-type", "application/x-ndjson");
      response.end(text);
    });
    await assertRejects(
      (async () => await new HttpBackend(url).load())(),
      url,
      /Cannot read store .* to its end/,
    );
  }
});

const key = (seed: number): ReturnType<typeof keyOf> => keyOf(keyShape(undefined), { seed });

test("close() releases all claims though one was lost", async (t) => {
  const { url, store } = await served(t);
  const backend = await openEngine(url);
  for (const seed of [1, 2, 3]) {
    assert.equal((await backend.claim(key(seed))).state, "claimed");
  }
  const other = await openEngine(store, { durability: "process" });
  await other.record({ seed: 1 }); // so that the first is lost
  await backend.close();
  assert.deepEqual(await other.held(), []);
  await other.close();
});

test("close() tells of claims that it could not release, and ends all others", async (t) => {
  const { url } = await served(t);
  const refused: string[] = [];
  const proxy = await other(t, (request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const isRefused = request.url === "/v1/release" && /"seed": ?1\b/.test(body);
      if (isRefused) {
        refused.push(body);
        const problem = { type: "urn:stet:store", title: "", status: 500, detail: "no" };
        response.writeHead(500, { "content-type": "application/problem+json" });
        response.end(JSON.stringify(problem));
        return;
      }
      const answer = await fetch(url + request.url, {
        method: request.method!,
        headers: { "content-type": "application/json" },
        ...body !== "" && { body },
      });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })();
  });
  const backend = await openEngine(proxy);
  for (const seed of [1, 2, 3]) await backend.claim(key(seed));
  await assertRejects(
    (async () => await backend.close())(),
    proxy,
    /Cannot release 1 of 3 claims .*: no; they end by themselves after 60 s/,
  );
  assert.equal(refused.length, 1);
  const direct = new SidecarClient(url);
  assert.deepEqual((await direct.claims()).map(({ params }) => params["seed"]), [1]);
});

test("claims are renewed at the same time", async (t) => {
  const { url } = await served(t);
  let renewing = 0;
  const proxy = await other(t, (request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += chunk;
      if (request.url === "/v1/renew") {
        renewing++;
        await until(() => renewing >= 3).catch(() => {}); // one after another, none would go on
      }
      const answer = await fetch(url + request.url, {
        method: request.method!,
        headers: { "content-type": "application/json" },
        ...body !== "" && { body },
      });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })();
  });
  const backend = await openEngine(`${proxy}?lease_seconds=3`);
  for (const seed of [1, 2, 3]) await backend.claim(key(seed));
  await until(() => renewing >= 3);
  await backend.close();
});
