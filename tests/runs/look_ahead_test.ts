import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import {
  type Backend,
  type KeyAccess,
  type MaybePromise,
  once,
  type OnceFunction,
  registerBackend,
  type Row,
  sweep,
} from "../../mod.ts";

/** A plugin whose looks are answered later, as over a network. */
class DistantBackend implements Backend {
  readonly #rows = new MemoryBackend();
  readonly location = "distant";
  looks = 0;
  #underWay = 0;
  mostUnderWay = 0;
  /** The look that fails. */
  failing: number | undefined;

  readonly keys: KeyAccess = {
    find: async (key) => {
      const count = ++this.looks;
      this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay);
      await sleep(1);
      this.#underWay--;
      if (count === this.failing) throw new Error("the line is cut");
      return await this.#rows.keys.find(key);
    },
    remove: (key) => this.#rows.keys.remove(key),
  };
  readonly has = (columns: Row): MaybePromise<boolean> => this.#rows.has(columns);
  readonly record = (row: Row): MaybePromise<void> => this.#rows.record(row);
  readonly load = (): MaybePromise<Row[]> => this.#rows.load();
  readonly remove = (columns: Row): MaybePromise<number> => this.#rows.remove(columns);
  readonly clear = (): MaybePromise<void> => this.#rows.clear();
  readonly close = (): MaybePromise<void> => this.#rows.close();
}

let stores = 0;

/** A function on a distant store of its own, which has the rows of some seeds. */
async function distant(done: number): Promise<{
  readonly backend: DistantBackend;
  readonly run: OnceFunction<[params: { seed: number }], number>;
  readonly ran: number[];
}> {
  const backend = new DistantBackend();
  const name = `.distant${++stores}`;
  registerBackend(name, () => Promise.resolve({ open: () => backend }));
  for (let seed = 0; seed < done; seed++) await backend.record({ seed, result: seed * 2 });
  const ran: number[] = [];
  const run = once(({ seed }: { seed: number }): number => {
    ran.push(seed);
    return seed * 2;
  }, { store: `runs${name}`, save: true, quiet: true, onChange: "ignore" });
  return { backend, run, ran };
}

const quiet = { handleSignals: false } as const;

function* seeds(count: number): Generator<{ seed: number }> {
  for (let seed = 0; seed < count; seed++) yield { seed };
}

test("keys that are done are looked up many at a time, and skipped in their order", async () => {
  const { backend, run, ran } = await distant(1_500);
  const skipped: number[] = [];
  for await (const outcome of sweep(run, seeds(1_500), quiet)) {
    assert.equal(outcome.status, "skipped");
    skipped.push(Number(outcome.params["seed"]));
  }
  assert.deepEqual(skipped, Array.from({ length: 1_500 }, (_, seed) => seed));
  assert.deepEqual(ran, []);
  assert(backend.mostUnderWay > 100 && backend.mostUnderWay <= 1_000, `${backend.mostUnderWay}`);
});

test("keys that are not done are not read further ahead than runs can begin", async () => {
  const { run, ran } = await distant(0);
  let read = 0;
  const items = function* (): Generator<{ seed: number }> {
    for (const item of seeds(200)) {
      read++;
      assert(read - ran.length <= 10, `${read} were read when ${ran.length} had begun`);
      yield item;
    }
  };
  assert.deepEqual(await sweep(run, items(), { ...quiet, concurrency: 4 }).done, {
    ran: 200,
    skipped: 0,
    failed: 0,
  });
});

test("params without an end are swept as they come", async () => {
  const { run } = await distant(20);
  const items = async function* (): AsyncGenerator<{ seed: number }> {
    for (let seed = 0;; seed++) {
      yield { seed };
      // One that is asked for more has answered what it was given before.
      if (seed % 10 === 9) await sleep(5);
    }
  };
  const statuses: string[] = [];
  for await (const { status } of sweep(run, items(), quiet)) {
    statuses.push(status);
    if (statuses.length === 30) break;
  }
  assert.deepEqual(statuses, [...Array(20).fill("skipped"), ...Array(10).fill("ran")]);
});

test("a param that comes alone is answered before the next one comes", async () => {
  const { run } = await distant(3);
  const waiting = Promise.withResolvers<void>();
  const items = async function* (): AsyncGenerator<{ seed: number }> {
    yield { seed: 0 };
    yield { seed: 1 };
    await waiting.promise;
    yield { seed: 2 };
  };
  let count = 0;
  for await (const { params } of sweep(run, items(), quiet)) {
    assert.equal(params["seed"], count++);
    if (count === 2) waiting.resolve(); // after both: it would wait for ever
  }
  assert.equal(count, 3);
});

test("a look that fails ends the sweep with its error, and no run begins after it", async () => {
  const { backend, run, ran } = await distant(50);
  backend.failing = backend.looks + 20;
  await assert.rejects(sweep(run, seeds(100), quiet).done, /the line is cut/);
  assert.deepEqual(ran, []);
});

test("a param that makes no key ends the sweep after those before it", async () => {
  const { run, ran } = await distant(20);
  const items = function* (): Generator<{ seed: number }> {
    yield* seeds(30);
    yield 7 as unknown as { seed: number };
  };
  await assert.rejects(sweep(run, items(), quiet).done, /its params must be objects/);
  // The last may have been claimed and not begun.
  assert.deepEqual(ran, [20, 21, 22, 23, 24, 25, 26, 27, 28, 29].slice(0, ran.length));
  assert(ran.length >= 9);
});

test("a consumer that leaves ends the looks ahead", async () => {
  const { backend, run } = await distant(2_000);
  let count = 0;
  for await (const _ of sweep(run, seeds(2_000), quiet)) if (++count === 100) break;
  const { looks } = backend;
  await sleep(20);
  assert.equal(backend.looks, looks);
  assert(looks < 2_000, `${looks} looks`);
});
