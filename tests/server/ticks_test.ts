import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { openBackend } from "../../mod.ts";
import { served } from "../served.ts";
import { until } from "../until.ts";

interface Tick {
  readonly mark: string;
  readonly total: number;
  readonly failed: number;
  readonly running: number;
  readonly reading: { readonly rows: number; readonly of: number | null } | null;
  readonly problem: string | null;
}

/** The ticks of a sidecar as they come, with the times of their arrival. */
class Ticks {
  readonly all: Tick[] = [];
  readonly times: number[] = [];
  text = "";
  readonly #stop = new AbortController();

  static async open(url: string): Promise<Ticks> {
    const ticks = new Ticks();
    const response = await fetch(`${url}/v1/events`, { signal: ticks.#stop.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    ticks.#read(response).catch(() => {});
    return ticks;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) {
      this.text += decoder.decode(bytes as Uint8Array, { stream: true });
      const found = [...this.text.matchAll(/^event: tick\ndata: (.*)\n\n/gm)];
      for (const [, data] of found.slice(this.all.length)) {
        this.all.push(JSON.parse(data!));
        this.times.push(performance.now());
      }
    }
  }

  /** Resolves to the newest tick once it fulfils a condition. */
  async wait(condition: (tick: Tick) => boolean): Promise<Tick> {
    await until(() => this.all.length > 0 && condition(this.all.at(-1)!));
    return this.all.at(-1)!;
  }

  close(): void {
    this.#stop.abort();
  }
}

test("a tick has counts and no rows, and its mark changes with what the store holds", async (t) => {
  const { url, store, post } = await served(t);
  const ticks = await Ticks.open(url);
  const first = await ticks.wait(({ reading }) => reading === null);
  assert.deepEqual({ ...first, mark: "" }, {
    mark: "",
    total: 0,
    failed: 0,
    running: 0,
    reading: null,
    problem: null,
  });
  const marks = new Set([first.mark]);
  const other = await openBackend(store, { durability: "process" });
  for (let i = 0; i < 50; i++) await other.record({ i, text: "long ".repeat(1000) });
  marks.add((await ticks.wait(({ total }) => total === 50)).mark);
  await post("/v1/claim", { params: { i: 99 }, token: "t" });
  marks.add((await ticks.wait(({ running }) => running === 1)).mark);
  await post("/v1/fail", { params: { i: 99 }, token: "t", error: "no" });
  marks.add((await ticks.wait(({ failed, running }) => failed === 1 && running === 0)).mark);
  assert.equal(marks.size, 4);
  assert(ticks.text.length < 20 * 300, "no row is in it");
  await other.close();
  ticks.close();
});

test("a store that cannot be read is a problem with its line, until it can be read again", async (t) => {
  const { url, store, post, ask } = await served(t, { warn: () => {} });
  await post("/v1/record", { params: { a: 1 }, result: 0.5 });
  const ticks = await Ticks.open(url);
  await ticks.wait(({ total }) => total === 1);
  const good = fs.readFileSync(store);
  fs.writeFileSync(store, "a,result,_stet_timestamp\n1,2\n3,4,5,6,7\n8,9,10\n");
  const { problem, total } = await ticks.wait((tick) => tick.problem !== null);
  assert.match(problem!, /runs\.csv" as CSV: line [23]/);
  assert.equal(total, 1, "the last good rows are kept");
  const view = await (await ask("/v1/view")).json();
  assert.equal(view.progress.problem, problem);
  assert.equal(view.rows, 1);
  fs.writeFileSync(store, good);
  assert.equal((await ticks.wait((tick) => tick.problem === null)).total, 1);
  ticks.close();
});

test("figures of a header without rows, and of no file, are empty", async (t) => {
  const { store, ask } = await served(t);
  for (const text of [undefined, "", "lr,seed,result.loss,_stet_elapsed,_stet_timestamp\n"]) {
    if (text !== undefined) fs.writeFileSync(store, text);
    for (
      const path of [
        "/v1/view",
        "/v1/progress",
        "/v1/runs",
        "/v1/runs.csv",
        "/v1/status",
      ]
    ) {
      const response = await ask(path);
      assert.equal(response.status, 200, `${path} of ${JSON.stringify(text)}`);
      await response.body?.cancel();
    }
  }
});

test("the first answer does not wait for the rows of a large store, and says how far it is", async (t) => {
  const { url, store, ask } = await served(t, { name: "large.csv" });
  const rows = Array.from(
    { length: 150_000 },
    (_, i) => `${i},${i % 7},${i / 3},2026-01-01T00:00:00Z`,
  );
  fs.writeFileSync(store, `a,b,result.loss,_stet_timestamp\n${rows.join("\n")}\n`);
  const ticks = await Ticks.open(url);
  const early = await (await ask("/v1/view")).json();
  const { reading } = early.progress;
  assert(early.rows < 150_000);
  assert(reading !== null && reading.rows < 150_000);
  if (reading.of !== null) assert(Math.abs(reading.of - 150_000) < 30_000, `${reading.of}`);
  await ticks.wait(({ total }) => total === 150_000);
  const late = await (await ask("/v1/view")).json();
  assert.equal(late.rows, 150_000);
  assert.equal(late.progress.reading, null);
  ticks.close();
});
