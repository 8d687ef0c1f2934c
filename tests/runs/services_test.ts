import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryBackend } from "../../backends/mod.ts";
import { expandGrid, httpRetry, once, range, sweep } from "../../mod.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Cleaned } from "../temp_folder.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Starts a service and returns its URL. */
async function service(t: Cleaned, answer: Answer): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Calls a service, as a program does it. */
async function ask(url: string, n: number): Promise<string> {
  const response = await fetch(`${url}/${n}`);
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(`the service answers ${response.status}`, { cause: response });
}

/** A function of a service with a store of its own. */
function asking(url: string, store = new MemoryBackend()) {
  return once(({ n }: { n: number }) => ask(url, n), { store, save: true, quiet: true });
}

const quiet = (): void => {};
const grid = expandGrid({ n: range(1, 40) });

test("httpRetry takes the pause of Retry-After, and repeats no other 4xx", async (t) => {
  const calls: string[] = [];
  const url = await service(t, ({ url }, response) => {
    const isFirst = !calls.includes(url!);
    calls.push(url!);
    if (url === "/3") return void response.writeHead(404).end();
    if (!isFirst) return void response.end(`answer ${url}`);
    if (url === "/1") return void response.writeHead(429, { "retry-after": "0" }).end();
    const soon = new Date(Date.now() - 1000).toUTCString();
    response.writeHead(503, { "retry-after": soon }).end();
  });
  const fn = asking(url);
  const counts = await sweep(fn, [{ n: 1 }, { n: 2 }, { n: 3 }], { retry: httpRetry });
  assert.deepEqual(counts, { ran: 2, skipped: 0, failed: 1 });
  assert.deepEqual(calls, ["/1", "/1", "/2", "/2", "/3"]);
  assert.equal(await fn({ n: 2 }), "answer /2");
});

/** Errors with a status as clients throw them, and their pause if there is no other. */
function withStatus(status: number, headers: object): [client: string, error: unknown][] {
  const named = { status, headers };
  const message = `Request failed with status code ${status}`;
  return [
    ["a Response", new Response("", { status, headers: Object.entries(headers) })],
    ["fetch", new Error("no", { cause: new Response("", named as ResponseInit) })],
    [
      "openai, anthropic",
      Object.assign(new Error("no"), {
        status,
        headers: new Headers(named.headers as HeadersInit),
      }),
    ],
    ["axios", Object.assign(new Error(message), { response: named })],
    ["undici, got", Object.assign(new Error("no"), { statusCode: status, headers })],
    ["a client that wraps errors", new Error("no", { cause: new Error("no", { cause: named }) })],
    ["ai", Object.assign(new Error("no"), { statusCode: status, responseHeaders: headers })],
    ["a client with a text", Object.assign(new Error("no"), { status: `${status}`, headers })],
    ["googleapis", Object.assign(new Error("no"), { code: status, response: { headers } })],
  ];
}

test("httpRetry finds the status and Retry-After where clients have them", () => {
  for (const name of ["retry-after", "Retry-After"]) {
    for (const [client, error] of withStatus(429, { [name]: "3" })) {
      assert.equal(httpRetry(error, 1), 3000, client);
    }
  }
  for (const [client, error] of withStatus(404, {})) {
    assert.equal(httpRetry(error, 1), false, client);
  }
});

test("httpRetry finds the status in a message, and no other number", () => {
  const throttled = [
    "HTTP 429",
    "429 Too Many Requests",
    "429",
    "Too Many Requests",
    "HTTP error! status: 429",
    "Response status: 429",
    "Request failed with status code 429",
    "Request failed: 429",
    "the service answers 503",
    "HTTP/1.1 503 Service Unavailable",
    "status_code=502",
    "http://localhost:443/: fetch failed",
  ];
  for (const message of throttled) {
    for (
      const error of [new Error(message), message, new Error("no", { cause: new Error(message) })]
    ) {
      const pause = httpRetry(error, 1);
      assert(typeof pause === "number" && pause >= 750 && pause <= 1250, `${message}: ${pause}`);
    }
  }
  assert.equal(httpRetry(new Error("HTTP 404"), 1), false);
  const others = [
    "exit status 200",
    "404 rows are missing",
    "no file at step 500",
    "expected 429 rows, got 3",
    "cannot read http://localhost:443/",
  ];
  for (const message of others) assert.equal(httpRetry(new Error(message), 1), undefined, message);
});

test("httpRetry() without an error is refused with the fix", () => {
  const called = httpRetry as unknown as () => undefined;
  assert.throws(() => called(), { name: "TypeError", message: /write { retry: httpRetry }/ });
});

test("httpRetry repeats after a lost connection, and no error of the program", async (t) => {
  let calls = 0;
  const url = await service(t, ({ socket }, response) => {
    if (++calls > 3) return void response.end("answer"); // Deno repeats some by itself
    socket.destroy();
  });
  const errors: unknown[] = [];
  const retry = (error: unknown, attempt: number): number | false | undefined => {
    errors.push(error);
    const pause = httpRetry(error, attempt);
    return pause && 1;
  };
  assert.equal((await sweep(asking(url), [{ n: 1 }], { retry })).ran, 1);
  assert.ok(errors.length >= 1 && errors.length <= 3);
  assert.equal(httpRetry(new TypeError("x is undefined"), 1), undefined);
  assert.equal(httpRetry(undefined, 1), undefined);
  assert.equal(httpRetry({ response: { status: 429, headers: { "retry-after": "3" } } }, 1), 3000);
});

test("retries bounds the attempts of retry, which returns milliseconds, false or undefined", async () => {
  let calls = 0;
  const fn = once(({ n }: { n: number }): number => {
    calls++;
    throw new Error(`${n}`);
  }, { store: new MemoryBackend() });
  await sweep(fn, [{ n: 1 }], { retry: () => 0, retries: 2, log: quiet });
  assert.equal(calls, 3);
  await sweep(fn, [{ n: 1 }], { retry: () => undefined, log: quiet });
  assert.equal(calls, 4);
  const wrong: [pause: unknown, got: RegExp][] = [
    [NaN, /got NaN/],
    ["1000", /got "1000"/],
    [Promise.resolve(0), /got a promise/],
    [true, /got true/],
  ];
  for (const [pause, got] of wrong) {
    for (const name of ["retry", "retryDelay"]) {
      const options = { [name]: () => pause as number, retries: 1, log: quiet };
      await assert.rejects(sweep(fn, [{ n: 1 }], options).done, (error: TypeError) => {
        assert.match(error.message, got);
        assert.match(
          error.message,
          RegExp(`: ${name} must return milliseconds, false or undefined`),
        );
        return error.cause instanceof Error && error.cause.message === "1";
      });
    }
  }
  assert.throws(() => sweep(fn, [], { retry: () => 0, retryDelay: 1 }), TypeError);
});

test("adaptive concurrency ends all runs at a service that allows a few at a time", async (t) => {
  let [running, most, throttled] = [0, 0, 0];
  const url = await service(t, async (_, response) => {
    most = Math.max(most, ++running);
    await sleep(10);
    if (running > 4) {
      throttled++;
      response.writeHead(429, { "retry-after": "0.02" });
    }
    running--;
    response.end("answer");
  });
  const counts = await sweep(asking(url), grid, {
    concurrency: 32,
    adaptive: true,
    retry: httpRetry,
  });
  assert.deepEqual(counts, { ran: 40, skipped: 0, failed: 0 });
  assert.ok(most > 2, "it grows");
  assert.ok(most <= 16, `it is cut: ${most} at a time, ${throttled} throttled`);
});

test("adaptive concurrency never goes above concurrency", async (t) => {
  let [running, most] = [0, 0];
  const url = await service(t, async (_, response) => {
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
    response.end("answer");
  });
  await sweep(asking(url), grid, { concurrency: 5, adaptive: true });
  assert.equal(most, 5);
});

test("maxFailures stops a sweep that only fails, by count or share", async (t) => {
  const url = await service(t, (_, response) => void response.writeHead(500).end());
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const counts = await sweep(asking(url), grid, { maxFailures: 3, log });
  assert.deepEqual(counts, { ran: 0, skipped: 0, failed: 3, stopped: "error" });
  assert.deepEqual(lines, [
    "[stet] Stopped: 3 of 3 runs failed, maxFailures is 3",
    "[stet] 3 runs of anonymous() failed, the first: the service answers 500",
  ]);
  assert.equal((await sweep(asking(url), grid, { maxFailures: 0.5, log: quiet })).failed, 20);
  assert.throws(() => sweep(asking(url), grid, { maxFailures: 1.5 }), RangeError);
});

test("a run that failed for good is not run again unless asked", async (t) => {
  let calls = 0;
  let status = 422;
  const url = await service(t, (_, response) => {
    calls++;
    response.writeHead(status).end("answer");
  });
  const store = new MemoryBackend();
  await sweep(asking(url, store), [{ n: 1 }], { retry: httpRetry });
  const [failure] = await engineOf(store).failures();
  assert.equal(failure?.error, "[permanent] the service answers 422");
  status = 200;

  const lines: string[] = [];
  const sweeping = sweep(asking(url, store), [{ n: 1 }, { n: 2 }], { log: (x) => lines.push(x) });
  const outcomes: unknown[] = [];
  for await (const outcome of sweeping) {
    outcomes.push(outcome.status === "failed" ? String(outcome.error) : outcome.params);
  }
  assert.deepEqual(outcomes, ["Error: the service answers 422", { n: 2 }]);
  assert.deepEqual(await sweeping, { ran: 1, skipped: 0, failed: 1 });
  assert.match(lines.join("\n"), /1 run failed for good before and was not run again/);
  assert.equal(calls, 2);

  const asked = { retryPermanent: true };
  assert.deepEqual(await sweep(asking(url, store), [{ n: 1 }], asked), {
    ran: 1,
    skipped: 0,
    failed: 0,
  });
  assert.deepEqual(await engineOf(store).failures(), []);
});
