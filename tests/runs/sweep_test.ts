import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import {
  type Executor,
  expandGrid,
  once,
  type OnceFunction,
  type Outcome,
  range,
  sweep,
} from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { MemoryBackend } from "../../backends/mod.ts";
import { tempStore } from "../temp_folder.ts";

interface Params {
  readonly n: number;
}

/** A function that doubles, and the numbers it was called with. */
function doubling(): { double: OnceFunction<[Params], number>; calls: number[] } {
  const calls: number[] = [];
  const double = once(({ n }: Params) => {
    calls.push(n);
    return 2 * n;
  }, { store: new MemoryBackend(), save: true, quiet: true });
  return { double, calls };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) array.push(item);
  return array;
}

/** A promise and how to keep it. */
function door(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open: () => open() };
}

test("sweep() gives the outcome of every run, with values, in order of completion", async () => {
  const first = door();
  const wait = once(async ({ n }: Params) => {
    if (n === 1) await first.opened;
    else first.open();
    return n;
  }, { store: new MemoryBackend(), save: true });
  assert.deepEqual(await all(sweep(wait, [{ n: 1 }, { n: 2 }], { concurrency: 2 })), [
    { status: "ran", params: { n: 2 }, value: 2 },
    { status: "ran", params: { n: 1 }, value: 1 },
  ]);
});

test("sweep() skips what is done, with its saved value", async () => {
  const { double, calls } = doubling();
  await double({ n: 2 });
  const outcomes = await all(sweep(double, [{ n: 1 }, { n: 2 }]));
  assert.deepEqual(outcomes, [
    { status: "skipped", params: { n: 2 }, value: 4 }, // the next item is looked up while one runs
    { status: "ran", params: { n: 1 }, value: 2 },
  ]);
  assert.deepEqual(calls, [2, 1]);
});

test("sweep() drops duplicates, and reads its params once and lazily", async () => {
  const { double, calls } = doubling();
  let read = 0;
  function* items(): Generator<Params> {
    for (const n of [1, 2, 1, 2, 3]) {
      read++;
      yield { n };
    }
  }
  const iterator = sweep(double, items())[Symbol.asyncIterator]();
  assert.equal(read, 0);
  assert.equal((await iterator.next()).value.params.n, 1);
  const rest = await all({ [Symbol.asyncIterator]: () => iterator });
  assert.deepEqual(rest.map(({ params }) => params["n"]), [2, 3]);
  assert.deepEqual([calls, read], [[1, 2, 3], 5]);
});

test("sweep() takes async iterables", async () => {
  const { double } = doubling();
  async function* items(): AsyncGenerator<Params> {
    yield { n: 1 };
    await null;
    yield { n: 2 };
  }
  assert.deepEqual(await sweep(double, items()).done, { ran: 2, skipped: 0, failed: 0 });
});

test("sweep() takes arrays of arguments, and names for positional ones", async () => {
  const calls: unknown[][] = [];
  const ask = once((model: string, seed: number, client?: object) => {
    calls.push([model, seed, client]);
  }, { store: new MemoryBackend(), key: ["model", "seed"], quiet: true });
  const client = {};
  assert.equal((await sweep(ask, [["a", 1, client], ["b", 1, client]]).done).ran, 2);
  assert.equal((await sweep(ask, [{ model: "a", seed: 1 }, { seed: 2, model: "a" }]).done).ran, 1);
  assert.deepEqual(calls, [["a", 1, client], ["b", 1, client], ["a", 2, undefined]]);
  await assert.rejects(
    sweep(ask, [{ model: "a", sed: 2 }]).done,
    /no param "sed"; did you mean "seed"/,
  );
});

test("sweep() buffers few outcomes for a slow iterator", async () => {
  const { double, calls } = doubling();
  const iterator = sweep(double, expandGrid({ n: range(1, 1000) }))[Symbol.asyncIterator]();
  await iterator.next();
  for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setTimeout(resolve));
  assert(calls.length < 100, `${calls.length} runs`);
  const rest = await all({ [Symbol.asyncIterator]: () => iterator });
  assert.equal(rest.length, 999);
});

test("a sweep that nobody iterates over runs when `done` is read, and not before", async () => {
  const { double, calls } = doubling();
  const unread = sweep(double, [{ n: 1 }]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(calls, []);
  assert.deepEqual(await unread.done, { ran: 1, skipped: 0, failed: 0 });
  assert.equal(unread.done, unread.done);
});

test("sweep() runs as many at once as `concurrency` says, and no more", async () => {
  let running = 0;
  let most = 0;
  const work = once(async (_: Params) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
  }, { store: new MemoryBackend() });
  await sweep(work, expandGrid({ n: range(1, 20) }), { concurrency: 4 }).done;
  assert.equal(most, 4);
});

test("leaving the loop finishes what runs, records it, and begins nothing more", async () => {
  const gate = door();
  const { calls, double } = doubling();
  const slow = once(async ({ n }: Params) => {
    calls.push(n);
    if (n === 2) await gate.opened;
    return n;
  }, { store: new MemoryBackend(), save: true, quiet: true });
  const swept = sweep(slow, expandGrid({ n: range(1, 9) }), { concurrency: 2 });
  for await (const { params } of swept) {
    assert.equal(params["n"], 1);
    setTimeout(() => gate.open(), 5);
    break;
  }
  assert(await slow.has({ n: 2 }));
  const { stopped, ...counts } = await swept.done;
  assert.equal(stopped, "return");
  assert.equal(counts.ran, calls.length);
  assert(calls.length < 9);
  assert.equal((await sweep(double, [{ n: 1 }]).done).ran, 1);
});

test("a run that fails is an outcome, is noted with its attempts, and does not stop the others", async (t) => {
  const store = tempStore(t);
  const work = once(({ n }: Params) => {
    if (n === 2) throw new RangeError("two is too many");
    return n;
  }, { store, save: true, quiet: true });
  const outcomes = await all(
    sweep(work, [{ n: 1 }, { n: 2 }, { n: 3 }], { retries: 2, retryDelay: 0 }),
  );
  assert.deepEqual(outcomes.map(({ status }) => status), ["ran", "failed", "ran"]);
  const failed = outcomes[1] as Outcome<number> & { status: "failed" };
  assert(failed.error instanceof RangeError);
  const backend = await openEngine(store);
  const [failure, ...more] = await backend.failures();
  assert.deepEqual(
    [failure?.params, failure?.attempt, failure?.error, more],
    [{ n: 2 }, 3, "two is too many", []],
  );
  await backend.close();
});

test("retries try again, after a delay that may depend on the error", async () => {
  const tries: string[] = [];
  let left = 2;
  const flaky = once((_: Params) => {
    if (left-- > 0) throw Object.assign(new Error("throttled"), { retryAfter: 1 });
    return "done";
  }, { store: new MemoryBackend(), save: true });
  const swept = sweep(flaky, [{ n: 1 }], {
    retries: 5,
    retryDelay: (attempt, error) => {
      tries.push(`${attempt} ${(error as { retryAfter: number }).retryAfter}`);
      return 0;
    },
  });
  assert.deepEqual(await all(swept), [{ status: "ran", params: { n: 1 }, value: "done" }]);
  assert.deepEqual(tries, ["1 1", "2 1"]);
});

test('onError "stop" finishes what runs and begins no more', async () => {
  const calls: number[] = [];
  const gate = door();
  const work = once(async ({ n }: Params) => {
    calls.push(n);
    if (n === 1) throw new Error("no");
    await gate.opened;
  }, { store: new MemoryBackend(), quiet: true });
  const swept = sweep(work, expandGrid({ n: range(1, 9) }), { onError: "stop", concurrency: 2 });
  const statuses: string[] = [];
  for await (const { status } of swept) {
    statuses.push(status);
    gate.open();
  }
  assert.equal(statuses[0], "failed");
  assert(calls.length <= 3, `${calls}`);
  assert.equal((await swept.done).stopped, "error");
});

test("a run that takes longer than `timeout` has failed, and leaves no record", async () => {
  const store = new MemoryBackend();
  const hang = once(({ n }: Params) => n === 1 ? new Promise(() => {}) : n, { store, save: true });
  const [first, second] = await all(sweep(hang, [{ n: 1 }, { n: 2 }], { timeout: 20 }));
  assert(first?.status === "failed" && first.error instanceof Error);
  assert.equal(first.error.name, "TimeoutError");
  assert.match(first.error.message, /timed out after 20 ms/);
  assert.equal(second?.status, "ran");
  assert.equal(await hang.has({ n: 1 }), false);
});

test("`signal` aborts what runs, which counts as not run and can be run again", async () => {
  const controller = new AbortController();
  let calls = 0;
  const hang = once((_: Params) => {
    calls++;
    if (calls === 1) {
      queueMicrotask(() => controller.abort());
      return new Promise(() => {});
    }
    return 1;
  }, { store: new MemoryBackend(), save: true });
  const items = [{ n: 1 }, { n: 2 }];
  assert.deepEqual(await sweep(hang, items, { signal: controller.signal }).done, {
    ran: 0,
    skipped: 0,
    failed: 0,
    stopped: "signal",
  });
  assert.deepEqual(await sweep(hang, items, { signal: AbortSignal.abort() }).done, {
    ran: 0,
    skipped: 0,
    failed: 0,
    stopped: "signal",
  });
  assert.equal(calls, 1);
  assert.equal((await sweep(hang, items).done).ran, 2);
});

test("`signal` ends a sweep whose params do not come", async () => {
  const controller = new AbortController();
  const { double } = doubling();
  async function* never(): AsyncGenerator<Params> {
    yield { n: 1 };
    await new Promise(() => {});
  }
  const swept = sweep(double, never(), { signal: controller.signal });
  for await (const { status } of swept) {
    assert.equal(status, "ran");
    controller.abort();
  }
  assert.equal((await swept.done).stopped, "signal");
});

test("no run begins after the deadline", async () => {
  const { double, calls } = doubling();
  const past = new Date(Date.now() - 1);
  assert.equal((await sweep(double, [{ n: 1 }], { deadline: past }).done).stopped, "deadline");
  assert.deepEqual(calls, []);
  let runs = 0;
  const forever = once(async (_: Params) => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }, { store: new MemoryBackend() });
  function* endless(): Generator<Params> {
    for (let n = 0;; n++) yield { n };
  }
  const { ran, stopped } = await sweep(forever, endless(), { deadline: Date.now() + 40 }).done;
  assert.deepEqual([stopped, ran], ["deadline", runs]);
});

test("attempts begin no more often than `perSecond` says", async () => {
  const starts: number[] = [];
  const work = once((_: Params) => void starts.push(performance.now()), {
    store: new MemoryBackend(),
  });
  await sweep(work, expandGrid({ n: range(1, 5) }), { concurrency: 5, perSecond: 100 }).done;
  const whole = starts.at(-1)! - starts[0]!;
  assert.equal(starts.length, 5);
  assert(whole > 35, `five attempts in ${whole} ms`); // a lower bound: a slow machine only adds
});

test("params without a key end the sweep before anything runs if they are an array", async () => {
  const { double, calls } = doubling();
  const items = [{ n: 1 }, { n: new Map() }] as unknown as Params[];
  await assert.rejects(sweep(double, items).done, { name: "TypeError", message: /params\.n/ });
  assert.deepEqual(calls, []);
  await assert.rejects(all(sweep(double, items.values())), {
    name: "TypeError",
    message: /params\.n/,
  });
});

test("an executor's check() and open() refuse before anything runs", async () => {
  const { double, calls } = doubling();
  const picky: Executor = {
    concurrency: 1,
    check: ({ params }) => {
      if (params["n"] === 2) throw new TypeError("Cannot send 2");
    },
    run: async (job) => await job.call(),
  };
  await assert.rejects(
    sweep(double, [{ n: 1 }, { n: 2 }], { executor: picky }).done,
    /Cannot send 2/,
  );
  const closed: Executor = {
    concurrency: 1,
    open: () => Promise.reject(new Error("no such module")),
    run: async (job) => await job.call(),
  };
  await assert.rejects(sweep(double, [{ n: 1 }], { executor: closed }).done, /no such module/);
  assert.deepEqual(calls, []);
});

test("an executor gets id, params, args, call and signal, and is closed", async () => {
  const { double } = doubling();
  const seen: unknown[] = [];
  const spy: Executor = {
    concurrency: 3,
    open: () => void seen.push("open"),
    async run({ id, params, args, call, signal }): Promise<unknown> {
      seen.push([/^[0-9a-f]{16}$/.test(id), params, args, signal.aborted]);
      return await call();
    },
    close: () => void seen.push("close"),
  };
  await sweep(double, [{ n: 1 }], { executor: spy }).done;
  assert.deepEqual(seen, ["open", [true, { n: 1 }, [{ n: 1 }], false], "close"]);
});

test("sweep() waits for a key that a call in this process runs", async () => {
  const gate = door();
  let calls = 0;
  const slow = once(async ({ n }: Params) => {
    calls++;
    await gate.opened;
    return n;
  }, { store: new MemoryBackend(), save: true, quiet: true });
  const call = slow({ n: 1 });
  setTimeout(() => gate.open(), 30);
  assert.deepEqual(await all(sweep(slow, [{ n: 1 }])), [
    { status: "skipped", params: { n: 1 }, value: 1 },
  ]);
  assert.equal(await call, 1);
  assert.equal(calls, 1);
});

test("sweep() takes over a key whose holder gave it up, unless it failed meanwhile", async () => {
  const gate = door();
  let calls = 0;
  const store = new MemoryBackend();
  const work = once(async (_: Params) => {
    if (++calls > 1) return;
    await gate.opened;
    throw new Error("failed elsewhere");
  }, { store, quiet: true });
  const call = work.outcome({ n: 1 });
  setTimeout(() => gate.open(), 30);
  const outcomes = await all(sweep(work, [{ n: 1 }]));
  assert.equal((await call).status, "failed");
  assert.deepEqual([outcomes.length, outcomes[0]?.status, calls], [1, "failed", 1]);
  assert.equal((await sweep(work, [{ n: 1 }]).done).ran, 1);
});

test("two sweeps of one function in one process share its keys", async () => {
  const { double, calls } = doubling();
  const grid = expandGrid({ n: range(1, 50) });
  const [a, b] = await Promise.all([
    all(sweep(double, grid, { concurrency: 3 })),
    all(sweep(double, grid, { concurrency: 3 })),
  ]);
  assert.deepEqual([a.length, b.length, calls.length], [50, 50, 50]);
  assert(a.every((outcome) => outcome.status !== "failed" && "value" in outcome));
});

test("`withSkipped: false` leaves the outcomes of skipped runs out; `counts` has them", async () => {
  const { double } = doubling();
  await double({ n: 2 });
  const swept = sweep(double, [{ n: 1 }, { n: 2 }, { n: 3 }], { withSkipped: false });
  assert.deepEqual(swept.counts, { ran: 0, skipped: 0, failed: 0 });
  assert.deepEqual(await all(swept), [
    { status: "ran", params: { n: 1 }, value: 2 },
    { status: "ran", params: { n: 3 }, value: 6 },
  ]);
  assert.deepEqual(swept.counts, { ran: 2, skipped: 1, failed: 0 });
});

test("params are ended when one of them makes no key", async () => {
  const { double } = doubling();
  let isEnded = false;
  function* items(): Generator<Params> {
    try {
      yield { n: new Map() } as unknown as Params;
      yield { n: 1 };
    } finally {
      isEnded = true;
    }
  }
  await assert.rejects(sweep(double, items()).done, TypeError);
  assert(isEnded);
});

test("params that fail while they are closed are reported, and end no sweep", async () => {
  const { double } = doubling();
  const told: string[] = [];
  function* items(): Generator<Params> {
    try {
      for (let n = 1;; n++) yield { n };
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new Error("cannot close the list");
    }
  }
  const swept = sweep(double, items(), { log: (message) => told.push(message) });
  for await (const _ of swept) break;
  assert.equal((await swept.done).stopped, "return");
  assert.deepEqual(told, [
    "[stet] The params of the sweep failed as they were ended: cannot close the list",
  ]);
});

test("timers get their turn between runs that never wait", async () => {
  let turns = 0;
  const busy = once((_: Params) => {
    const end = performance.now() + 15;
    while (performance.now() < end);
  }, { store: new MemoryBackend(), quiet: true });
  const timer = setInterval(() => turns++, 1);
  await sweep(busy, expandGrid({ n: range(1, 10) })).done;
  clearInterval(timer);
  assert(turns >= 2, `${turns} turns`);
});

test("sweep() refuses what it cannot sweep", () => {
  const { double } = doubling();
  const wrong = sweep as unknown as (...args: unknown[]) => unknown;
  assert.throws(() => wrong((n: number) => n, []), /wrap it, as in once\(train/);
  assert.throws(() => wrong("train.ts#train", []), /wrapped, or a Store, got "train.ts#train"/);
  assert.throws(() => wrong(double, { n: 1 }), /must be an array or other iterable/);
  assert.throws(() => wrong(double, null), /got null/);
  for (
    const options of [
      { concurrency: 0 },
      { concurrency: 1.5 },
      { retries: -1 },
      { timeout: 0 },
      { perSecond: 0 },
      { graceSeconds: -1 },
      { retryDelay: -1 },
      { deadline: new Date("never") },
    ]
  ) {
    const [name] = Object.keys(options);
    assert.throws(() => wrong(double, [], options), { name: "RangeError", message: RegExp(name!) });
  }
  assert.throws(() => wrong(double, [], { onError: "panic" }), /"continue" or "stop"/);
});

test("a sweep is gone over once", async () => {
  const { double } = doubling();
  const swept = sweep(double, [{ n: 1 }]);
  await all(swept);
  await assert.rejects(() => all(swept), /twice/);
});

test("a store that fails ends the sweep with its error", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, "n\n1,2,3\n");
  const work = once(({ n }: Params) => n, { store });
  await assert.rejects(sweep(work, [{ n: 1 }]).done, { name: "FormatError" });
});

test("stopSignal lets what runs finish, and begins no more", async () => {
  const stop = new AbortController();
  let begun = 0;
  const slow = once(async ({ n }: { n: number }) => {
    if (++begun === 2) stop.abort();
    await sleep(20);
    return n;
  }, { store: new MemoryBackend(), save: true, quiet: true });
  const params = Array.from({ length: 10 }, (_, n) => ({ n }));
  const counts = await sweep(slow, params, { concurrency: 2, stopSignal: stop.signal }).done;
  assert.deepEqual(counts, { ran: 2, skipped: 0, failed: 0, stopped: "signal" });
  assert.equal(begun, 2);
});

test("claimAhead claims keys before there is a place for their runs", async () => {
  const backend = new MemoryBackend();
  const engine = engineOf(backend);
  let running = 0;
  let most = 0;
  const held: number[] = [];
  const work = once(async ({ n }: { n: number }) => {
    most = Math.max(most, ++running);
    await sleep(10);
    held.push((await engine.held()).length);
    running--;
    return n;
  }, { store: backend, quiet: true });
  const params = Array.from({ length: 12 }, (_, n) => ({ n }));
  const { ran } = await sweep(work, params, { concurrency: 2, claimAhead: 4 }).done;
  assert.equal(ran, 12);
  assert.equal(most, 2);
  assert.equal(Math.max(...held), 6);
});

test("an executor with a dispatcher runs what is not done, and the sweep claims nothing", async () => {
  const backend = new MemoryBackend();
  const double = once(({ n }: { n: number }) => {
    if (n === 3) throw new Error("three");
    return 2 * n;
  }, { store: backend, save: true, quiet: true });
  await double({ n: 0 });
  let isClosed = false;
  const executor: Executor = {
    concurrency: 1,
    run: () => Promise.reject(new Error("it is not called")),
    dispatch: ({ label }) => {
      assert.equal(label, "double");
      return {
        maxRuns: 2,
        close: () => Promise.resolve(void (isClosed = true)),
        async run({ item, isDone }) {
          const outcome = await double.outcome(item as { n: number });
          if (outcome.status === "failed") return { status: "failed", error: outcome.error };
          return { status: await isDone() ? "done" : "aborted" };
        },
      };
    },
  };
  const outcomes = new Map<unknown, string>();
  const params = [0, 1, 2, 3].map((n) => ({ n }));
  for await (const { status, params: { n } } of sweep(double, params, { executor })) {
    outcomes.set(n, status);
  }
  assert.deepEqual(outcomes, new Map([[0, "skipped"], [1, "ran"], [2, "ran"], [3, "failed"]]));
  assert(isClosed);
});
