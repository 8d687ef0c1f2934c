import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openBackend } from "../../mod.ts";
import { serve, type Sidecar } from "../../server.ts";
import { tempStore } from "../temp_folder.ts";

interface Event {
  readonly name: string;
  readonly id: string;
  // deno-lint-ignore no-explicit-any -- each event has a form of its own
  readonly data: any;
}

/** Reads one stream of events. */
class Listener {
  #text = "";
  #bytes = 0;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #stop: AbortController;

  constructor(response: Response, stop: AbortController) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream() as never)
      .getReader() as ReadableStreamDefaultReader<string>;
    this.#stop = stop;
  }

  static async open(sidecar: Sidecar, lastId?: string): Promise<Listener> {
    const stop = new AbortController();
    const response = await fetch(`${sidecar.url}/v1/events?rows=true`, {
      signal: stop.signal,
      headers: lastId === undefined ? {} : { "last-event-id": lastId },
    });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    return new Listener(response, stop);
  }

  /** How many characters came. */
  get size(): number {
    return this.#bytes;
  }

  /** The next event; undefined once the stream has ended. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const field = (name: string): string =>
          new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (field("event") === "") continue;
        return { name: field("event"), id: field("id"), data: JSON.parse(field("data")) };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
      this.#bytes += value.length;
    }
  }

  /** The next event of a name. */
  async wait(name: string): Promise<Event> {
    for (;;) {
      const event = await this.next();
      assert(event, `the stream ended before an event "${name}"`);
      if (event.name === name) return event;
    }
  }

  close(): void {
    this.#stop.abort();
    this.#reader.cancel().catch(() => {});
  }
}

async function served(
  t: TestContext,
): Promise<{ readonly sidecar: Sidecar; readonly path: string }> {
  const path = tempStore(t);
  const sidecar = await serve({
    store: path,
    port: 0,
    durability: "process",
    warn: (message) => assert.fail(message),
  });
  return { sidecar, path };
}

async function post(sidecar: Sidecar, path: string, body: unknown): Promise<void> {
  const response = await fetch(sidecar.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert(response.ok, await response.text());
}

test("events tell of rows that clients and other processes record, and of nothing twice", async (t) => {
  const { sidecar, path } = await served(t);
  const listener = await Listener.open(sidecar);
  assert.deepEqual((await listener.wait("start")).data, { total: 0 });
  await post(sidecar, "/v1/record", { params: { a: 1 }, result: 5 });
  const own = (await listener.wait("runs")).data;
  assert.equal(own.added, 1);
  assert.deepEqual([own.rows[0].a, own.rows[0].result], [1, 5]);

  const other = await openBackend(path, { durability: "process" });
  for (let i = 0; i < 250; i++) await other.record({ a: i + 2 });
  let added = 0;
  while (added < 250) {
    const { data } = await listener.wait("runs");
    added += data.added;
    assert.equal(data.total, 1 + added);
    assert(data.rows.length <= 100 && data.rows.at(-1).a === 1 + added);
  }
  await other.remove({ a: 7 });
  assert.deepEqual((await listener.wait("reset")).data, { total: 250 });
  await other.close();
  listener.close();
  await sidecar.close();
});

test("events tell what runs and what failed", async (t) => {
  const { sidecar } = await served(t);
  const listener = await Listener.open(sidecar);
  assert.deepEqual((await listener.wait("running")).data, { running: 0, claims: [] });
  await post(sidecar, "/v1/claim", { params: { a: 1 }, token: "mine", holder: "me" });
  const { data } = await listener.wait("running");
  assert.equal(data.running, 1);
  assert.deepEqual(data.claims[0].params, { a: 1 });
  await post(sidecar, "/v1/fail", { params: { a: 1 }, token: "mine", error: "no\nway" });
  assert.equal((await listener.wait("running")).data.running, 0);
  assert.equal((await listener.wait("failures")).data.failed, 1);
  listener.close();
  await sidecar.close();
});

test("a client that reconnects gets the missed events, or a reset", async (t) => {
  const { sidecar } = await served(t);
  const first = await Listener.open(sidecar);
  const { id } = await first.wait("start");
  first.close();
  for (let i = 0; i < 3; i++) await post(sidecar, "/v1/record", { params: { a: i } });
  const again = await Listener.open(sidecar, id);
  assert.equal((await again.wait("runs")).data.added, 3);
  again.close();
  for (const strange of ["x", "1.2.3", `${id}9999`, id.replace(/^./, "z")]) {
    const other = await Listener.open(sidecar, strange);
    assert.deepEqual((await other.next())?.data, { total: 3 }, strange);
    other.close();
  }
  await sidecar.close();
});

test("a stream ends with the sidecar; a client that does not read holds nobody up, and little is kept for it", async (t) => {
  const { sidecar, path } = await served(t);
  const idle = await Listener.open(sidecar);
  let listener = await Listener.open(sidecar);
  const other = await openBackend(path, { durability: "process" });
  const text = "x".repeat(20_000);
  let added = 0;
  let id = "";
  let connections = 1;
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 100; i++) await other.record({ i, round, text });
    while (added < 100 * (round + 1)) {
      const event = await listener.next();
      if (event) {
        id = event.id;
        if (event.name === "runs") added += event.data.added;
      } else {
        listener = await Listener.open(sidecar, id);
        connections++;
      }
    }
  }
  assert.equal(added, 800);
  assert(connections > 1, "a long stream ends, and goes on where it was");
  await other.close();
  const closed = sidecar.close();
  while (await listener.next() !== undefined);
  // What is left of the other: a stream ends after 4 MiB and the event that was begun.
  while (await idle.next() !== undefined);
  assert(idle.size < 6_500_000, `${idle.size} of 16,000,000 characters were kept`);
  await closed;
});
