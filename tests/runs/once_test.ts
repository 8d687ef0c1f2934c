import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { type Backend, once, type Outcome, ResultError, type Row, StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { type Cleaned, tempStore } from "../temp_folder.ts";

/** Where runs are kept in a test that must hold in any store. */
const kinds: readonly (readonly [name: string, store: (t: Cleaned) => string | Backend])[] = [
  ["memory", () => new MemoryBackend()],
  ["CSV", (t) => tempStore(t)],
];

async function rowsOf(store: string | Backend): Promise<Row[]> {
  if (typeof store !== "string") return await store.load();
  const backend = await openEngine(store);
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

/** A promise and the function that resolves it. */
function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}

for (const [kind, storeIn] of kinds) {
  test(`once() runs a function once for each params object (${kind})`, async (t) => {
    const runs: string[] = [];
    const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
      runs.push(`${alpha} ${seed}`);
      return alpha * seed;
    }, { store: storeIn(t), quiet: true });

    assert.equal(await train({ alpha: 0.5, seed: 2 }), 1);
    assert.equal(await train({ seed: 2, alpha: 0.5 }), undefined);
    assert.equal(await train({ alpha: 0.5, seed: 3 }), 1.5);
    assert.deepEqual(runs, ["0.5 2", "0.5 3"]);
  });

  test(`once() names positional arguments from the function's source (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const add = once(function add(a: number, b: number) {
      runs++;
      return a + b;
    }, { store, quiet: true });

    assert.equal(await add(1, 2), 3);
    assert.equal(await add(1, 2), undefined);
    assert.equal(await add(2, 1), 3);
    assert.equal(runs, 2);
    assert.deepEqual((await rowsOf(store)).map(({ a, b }) => [a, b]), [[1, 2], [2, 1]]);
  });

  test(`once(options)(fn) wraps like once(fn, options) (${kind})`, async (t) => {
    const store = storeIn(t);
    const square = (n: number) => n * n;
    assert.equal(await once({ store, quiet: true })(square)(3), 9);
    assert.equal(await once(square, { store, quiet: true })(3), undefined);
  });

  test(`once() passes a client through and keeps it out of the key (${kind})`, async (t) => {
    const store = storeIn(t);
    const client = { ask: (prompt: string) => prompt.toUpperCase(), socket: new Map() };
    const ask = once(
      ({ prompt, seed }: { prompt: string; seed: number }, client: { ask(p: string): string }) =>
        `${client.ask(prompt)} ${seed}`,
      { store, quiet: true },
    );
    assert.equal(await ask({ prompt: "hi", seed: 1 }, client), "HI 1");
    assert.equal(await ask({ prompt: "hi", seed: 1 }, { ask: () => "other" }), undefined);
    const [row] = await rowsOf(store);
    assert.deepEqual(Object.keys(row ?? {}).filter((name) => !name.startsWith("_")), [
      "prompt",
      "seed",
    ]);
  });

  test(`once() takes only the key's params into account (${kind})`, async (t) => {
    const store = storeIn(t);
    const runs: number[] = [];
    const train = once(
      ({ seed, workers }: { seed: number; workers: number }) => runs.push(seed * workers),
      { store, key: ["seed"], quiet: true },
    );
    await train({ seed: 1, workers: 4 });
    await train({ seed: 1, workers: 8 });
    await train({ seed: 2, workers: 8 });
    assert.deepEqual(runs, [4, 16]);
    assert.equal((await rowsOf(store)).some((row) => "workers" in row), false);
  });

  test(`once() counts rows from before a column existed as having its default (${kind})`, async (t) => {
    const store = storeIn(t);
    const runs: Row[] = [];
    const train = (params: { alpha: number; beta?: number; mode?: string | null }) => {
      runs.push({ ...params });
    };
    await once(train, { store, quiet: true })({ alpha: 1 });

    const later = once(train, { store, defaults: { beta: 0, mode: null }, quiet: true });
    await later({ alpha: 1, beta: 0, mode: null });
    await later({ alpha: 1 });
    assert.deepEqual(runs, [{ alpha: 1 }]);

    await later({ alpha: 1, beta: 1 });
    await later({ alpha: 1, beta: 1, mode: null });
    await later({ alpha: 1, beta: 0, mode: "None" });
    assert.deepEqual(runs.slice(1), [
      { alpha: 1, beta: 1 },
      { alpha: 1, beta: 0, mode: "None" },
    ]);
  });

  test(`once() applies literal defaults to params left out (${kind})`, async (t) => {
    let runs = 0;
    const train = once(
      ({ alpha = -0.5, layers = [1, 2], mode = "fast" }: {
        alpha?: number;
        layers?: number[];
        mode?: string;
      }) => runs++ + alpha * 0 + layers.length * 0 + mode.length * 0,
      { store: storeIn(t), quiet: true },
    );
    await train({});
    await train({ alpha: -0.5 });
    await train({ alpha: -0.5, layers: [1, 2], mode: "fast" });
    assert.equal(runs, 1);
    await train({ layers: [2, 1] });
    assert.equal(runs, 2);

    let sums = 0;
    const sum = (a: number, b = 2): number => sums++ + a + b;
    const add = once(sum, { store: storeIn(t), quiet: true });
    await add(1);
    await add(1, 2);
    await add(1, undefined);
    assert.equal(sums, 1);
  });

  test(`once() with save gives a skipped call the first one's result, in the same form (${kind})`, async (t) => {
    const store = storeIn(t);
    const date = new Date(Date.UTC(2026, 10, 21));
    const results: readonly (readonly [returned: unknown, kept: unknown])[] = [
      [1.5, 1.5],
      [0.1 + 0.2, 0.1 + 0.2],
      [-0, 0],
      [NaN, NaN],
      [-Infinity, -Infinity],
      ["", ""],
      ["1", "1"],
      [" a,\"b\"\r\n'c' ", " a,\"b\"\r\n'c' "],
      ["NaN", "NaN"],
      ["[1]", "[1]"],
      [true, true],
      [null, null],
      [undefined, undefined],
      [{}, {}],
      [[], []],
      [[1, [NaN, [null, "x", {}]]], [1, [NaN, [null, "x", {}]]]],
      [date, "2026-11-21T00:00:00.000Z"],
      [2n ** 53n + 1n, 2n ** 53n + 1n],
      [-(2n ** 80n), -(2n ** 80n)],
      [5n, 5],
      [new Float64Array([0.5, 2]), [0.5, 2]],
      [{ loss: 1, when: date }, { loss: 1, when: "2026-11-21T00:00:00.000Z" }],
      [{ loss: NaN, at: { x: [1, { y: null }] } }, { loss: NaN, at: { x: [1, { y: null }] } }],
      [{ left: undefined }, {}],
      [{ left: undefined, right: null }, { right: null }],
      [{ "": 1, "a.b": 2, "a b": "3", "é😀": true }, { "": 1, "a.b": 2, "a b": "3", "é😀": true }],
      [{ "tab\there": 1 }, { "tab\there": 1 }],
      [JSON.parse('{"__proto__": 1, "constructor": 2}'), {
        ["__proto__"]: 1,
        constructor: 2,
      }],
      [{ toJSON: () => [1, 2] }, [1, 2]],
    ];
    let runs = 0;
    const work = once((i: number): unknown => {
      runs++;
      return results[i]![0];
    }, { store, save: true, quiet: true, durability: "process" });

    for (const [i, [, kept]] of results.entries()) {
      const what = `result ${i}`;
      assert.deepEqual(await work(i), kept, `${what}, first call`);
      assert.deepEqual(await work(i), kept, `${what}, skipped call`);
    }
    assert.equal(runs, results.length);
    // Not only this wrapper: another one, which reads the store.
    const again = once({ store, save: true, quiet: true, rerunIfMissing: false })(
      (_i: number): unknown => assert.fail("it was done"),
    );
    if (kind === "memory") return;
    await assert.rejects(again(0), /namespace/); // another source
    for (const [i, row] of (await rowsOf(store)).entries()) {
      const names = Object.keys(row).filter((name) => name.startsWith("result"));
      const kept = results[i]![1];
      const isFields = typeof kept === "object" && kept !== null && !Array.isArray(kept) &&
        Object.keys(kept).length > 0 && !("tab\there" in kept);
      assert.deepEqual(
        names.sort(),
        kept === undefined
          ? []
          : isFields
          ? Object.keys(kept).map((name) => `result.${name}`).sort()
          : ["result"],
        `columns of result ${i}`,
      );
    }
  });

  test(`once() records a run whose result cannot be saved, and hands the result over (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const returned = { model: new Map([["w", 1]]) };
    const train = once((_seed: number) => {
      runs++;
      return returned;
    }, { store, save: true, quiet: true });

    await assert.rejects(train(1), (error) => {
      assert(error instanceof ResultError);
      assert.equal(error.value, returned);
      assert.match(error.message, /result\.model.*Map.*recorded as done/);
      return true;
    });
    assert.equal(await train(1), undefined);
    assert.equal(runs, 1);
    assert.equal((await rowsOf(store)).length, 1);
  });

  test(`once() with rerunIfMissing runs a row without a result again and replaces it (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const train = (seed: number) => ({ loss: seed + runs++ });
    const options = { store, quiet: true };
    await once(train, options)(7);
    await once(train, options)(8);
    assert.equal(await once(train, { ...options, save: true })(7), undefined);

    const saving = once(train, { ...options, save: true, rerunIfMissing: true });
    assert.equal(await saving.has(7), false);
    assert.deepEqual(await saving(7), { loss: 9 });
    assert.deepEqual(await saving(7), { loss: 9 });
    assert.equal(runs, 3);
    const rows = await rowsOf(store);
    assert.deepEqual(rows.map((row) => [row.seed, row["result.loss"]]), [[8, undefined], [7, 9]]);
  });

  test(`once() keeps functions of different namespaces apart on one store (${kind})`, async (t) => {
    const store = storeIn(t);
    const ran: string[] = [];
    const options = { store, quiet: true };
    const plain = once((seed: number) => void ran.push(`plain ${seed}`), options);
    const train = once((seed: number) => void ran.push(`train ${seed}`), {
      ...options,
      namespace: "train",
    });
    const test = once((seed: number) => void ran.push(`test ${seed}`), {
      ...options,
      namespace: "test",
    });
    for (const fn of [train, test, plain, train, test, plain]) await fn(1);
    assert.deepEqual(ran, ["train 1", "test 1", "plain 1"]);

    assert.equal(await train.reset(1), true);
    assert.deepEqual(await Promise.all([train, test, plain].map((fn) => fn.has(1))), [
      false,
      true,
      true,
    ]);
    assert.deepEqual((await train.outcome(1)).params, { seed: 1 });
  });

  test(`once() refuses a second function of different source on one store (${kind})`, async (t) => {
    const store = storeIn(t);
    const train = once(function train(_seed: number) {}, { store, quiet: true });
    const test = once(function test(_seed: number) {}, { store, quiet: true });
    await train(1);
    await assert.rejects(test(1), (error) => {
      assert(error instanceof StoreError);
      assert.match(error.message, /test\(\).*train\(\).*different source.*namespace: "test"/);
      return true;
    });
    await assert.rejects(test.has(1), StoreError);
    await train(2);
    assert.equal((await rowsOf(store)).length, 2);
  });

  test(`once() lets the same source use one store twice (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const make = () => once((_seed: number) => void runs++, { store, quiet: true });
    await make()(1);
    await make()(1);
    assert.equal(runs, 1);
  });

  test(`once() makes concurrent calls with one key one run (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const work = once(async (n: number) => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { n, run: runs };
    }, { store, quiet: true, durability: "process" });

    const values = await Promise.all(Array.from({ length: 50 }, () => work(1)));
    assert.equal(runs, 1);
    assert.deepEqual(values, Array.from({ length: 50 }, () => ({ n: 1, run: 1 })));
    assert.equal((await rowsOf(store)).length, 1);
  });

  test(`once() rejects all concurrent calls of a failing run, and a later call runs again (${kind})`, async (t) => {
    let runs = 0;
    const trouble = new Error("out of memory");
    const work = once(async (_n: number) => {
      await Promise.resolve();
      if (runs++ === 0) throw trouble;
      return "done";
    }, { store: storeIn(t), quiet: true });

    const settled = await Promise.allSettled(Array.from({ length: 20 }, () => work(1)));
    assert.equal(runs, 1);
    for (const one of settled) {
      assert(one.status === "rejected");
      assert.equal(one.reason, trouble);
    }
    assert.equal(await work.has(1), false);
    assert.equal(await work(1), "done");
  });

  test(`outcome() tells whether a call ran, was skipped, was busy or failed (${kind})`, async (t) => {
    const store = storeIn(t);
    const [started, finish] = [signal(), signal()];
    const trouble = new TypeError("no");
    async function work(n: number): Promise<number> {
      if (n === 3) throw trouble;
      if (n === 2) {
        started.resolve();
        await finish.promise;
      }
      return n * 10;
    }
    const options = { store, quiet: true, save: true, onBusy: "skip" } as const;
    const first = once(work, options);

    const expected: Outcome<Promise<number>>[] = [
      { status: "ran", params: { n: 1 }, value: 10 },
      { status: "skipped", params: { n: 1 }, value: 10 },
      { status: "failed", params: { n: 3 }, error: trouble },
    ];
    assert.deepEqual([
      await first.outcome(1),
      await first.outcome(1),
      await first.outcome(3),
    ], expected);

    if (kind === "memory") return; // there, claims are the wrapper's own
    const running = first(2);
    await started.promise;
    assert.deepEqual(await once(work, options).outcome(2), { status: "busy", params: { n: 2 } });
    finish.resolve();
    assert.equal(await running, 20);
  });

  test(`once() rejects with what the function threw, at once or later (${kind})`, async (t) => {
    const store = storeIn(t);
    const thrown: readonly unknown[] = [new RangeError("sync"), "a string", undefined, null, 5];
    const work = once((i: number, isLater: boolean): Promise<void> => {
      if (isLater) return Promise.reject(thrown[i]);
      throw thrown[i];
    }, { store, quiet: true, durability: "process" });

    for (const [i, error] of thrown.entries()) {
      for (const isLater of [false, true]) {
        const call = work(i, isLater);
        assert(call instanceof Promise);
        const [settled] = await Promise.allSettled([call]);
        assert.equal(settled.status, "rejected");
        assert.equal((settled as PromiseRejectedResult).reason, error);
      }
    }
    assert.deepEqual(await rowsOf(store), []);
  });

  test(`once() records what the function was called with, though it changes its params (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const train = once((params: { cfg: { lr: number }; xs: number[] }) => {
      runs++;
      params.cfg.lr = 2;
      params.xs.push(9);
    }, { store, quiet: true });

    await train({ cfg: { lr: 1 }, xs: [1] });
    await train({ cfg: { lr: 1 }, xs: [1] });
    assert.equal(runs, 1);
    const [row] = await rowsOf(store);
    assert.deepEqual([row?.cfg, row?.xs], [{ lr: 1 }, [1]]);
  });

  test(`once() takes params of any name (${kind})`, async (t) => {
    const store = storeIn(t);
    const ran: string[] = [];
    const work = once((params: object) => void ran.push(JSON.stringify(params)), {
      store,
      quiet: true,
      durability: "process",
    });
    const texts = [
      '{"constructor":1}',
      '{"__proto__":1}',
      '{"__proto__":{"a":1}}',
      '{"toString":1,"hasOwnProperty":2,"valueOf":"x"}',
      '{"naïve":"é😀","параметр":"значение","参数":["值"]}',
      '{"with space":1,"comma,":2,"quote\\"":3,"semi;":4}',
      '{"[0]":1}',
      '{"{x}":1}',
      '{"PAR1":1}',
      '{"1":1,"-1":2,"length":3}',
    ];
    for (const text of texts) {
      await work(JSON.parse(text));
      await work(JSON.parse(text));
      assert.equal(await work.has(JSON.parse(text)), true, text);
    }
    assert.deepEqual(ran, texts);
    await work({});
    assert.equal(ran.length, texts.length + 1, "no params is one more key");

    let named = 0;
    const declared = once(
      ({ constructor: c, toString: s, __proto__: p }: Record<string, unknown>) =>
        void (named += Number(c) + Number(s) + Number(p)),
      { store: storeIn(t), quiet: true },
    );
    const given = JSON.parse('{"constructor":1,"toString":10,"__proto__":100}');
    await declared(given);
    await declared(given);
    assert.equal(named, 111);
  });

  test(`once() tells apart undeclared params that one call has and the other lacks (${kind})`, async (t) => {
    const ran: object[] = [];
    const work = once((params: object) => void ran.push(params), {
      store: storeIn(t),
      quiet: true,
    });
    const keys = [{ a: 1, b: 2 }, { a: 1 }, { b: 2 }, { a: 1, b: 2, c: null }, { a: "1" }];
    for (const key of [...keys, ...keys]) await work(key);
    await work({ b: 2, a: 1 });
    await work({ a: 1, b: undefined });
    assert.deepEqual(ran, keys);
  });

  test(`a wrapper's has(), reset() and status() tell and change what is done (${kind})`, async (t) => {
    const store = storeIn(t);
    let runs = 0;
    const work = once(({ a, b }: { a: number; b: string }) => {
      runs++;
      return { sum: a + b };
    }, { store, save: true, quiet: true });

    assert.equal(await work.has({ a: 1, b: "x" }), false);
    assert.equal(await work.reset({ a: 1, b: "x" }), false);
    await work({ a: 1, b: "x" });
    await work({ a: 1, b: "y" });
    assert.equal(await work.has({ a: 1, b: "x" }), true);
    const status = await work.status();
    assert.equal(status.count, 2);
    assert.deepEqual(status.keyColumns, ["a", "b"]);
    assert.deepEqual(status.resultColumns, ["result.sum"]);
    assert.match(String(status.lastRun), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

    assert.equal(await work.reset({ a: 1, b: "x" }), true);
    assert.equal(await work.has({ a: 1, b: "x" }), false);
    assert.equal(await work.has({ a: 1, b: "y" }), true);
    assert.equal((await work.status()).count, 1);
    assert.deepEqual(await work({ a: 1, b: "x" }), { sum: "1x" });
    assert.equal(runs, 3);
  });
}

test("once() with onBusy: skip leaves a key alone that another wrapper runs", async (t) => {
  const store = tempStore(t);
  const [started, finish] = [signal(), signal()];
  let runs = 0;
  async function work(_n: number): Promise<string> {
    runs++;
    started.resolve();
    await finish.promise;
    return "value";
  }
  const lines: string[] = [];
  const first = once(work, { store, quiet: true });
  const second = once(work, { store, log: (line) => lines.push(line) });
  const running = first(1);
  await started.promise;
  assert.equal(await second(1), undefined);
  assert.deepEqual(lines, ["[stet] Skipping work(_n=1): this process runs it"]);
  finish.resolve();
  assert.equal(await running, "value");
  assert.equal(runs, 1);
});

test("once() with onBusy: wait waits for the wrapper that runs the key, and gives its result", async (t) => {
  const store = tempStore(t);
  const [started, finish] = [signal(), signal()];
  let runs = 0;
  async function work(_n: number): Promise<{ value: number }> {
    runs++;
    started.resolve();
    await finish.promise;
    return { value: 7 };
  }
  const first = once(work, { store, quiet: true, save: true });
  const second = once(work, { store, quiet: true, save: true }); // save makes it wait
  const running = first(1);
  await started.promise;
  const waiting = second.outcome(1);
  setTimeout(finish.resolve, 30);
  assert.deepEqual(await waiting, { status: "skipped", params: { _n: 1 }, value: { value: 7 } });
  assert.deepEqual(await running, { value: 7 });
  assert.equal(runs, 1);
});

test("once() with onBusy: wait takes over when the run that it waited for fails", async (t) => {
  const store = tempStore(t);
  const [started, finish] = [signal(), signal()];
  let runs = 0;
  async function work(_n: number): Promise<string> {
    if (runs++ > 0) return "second";
    started.resolve();
    await finish.promise;
    throw new Error("first fails");
  }
  const options = { store, quiet: true, onBusy: "wait" } as const;
  const failing = once(work, options)(1);
  await started.promise;
  const waiting = once(work, options)(1);
  finish.resolve();
  await assert.rejects(failing, /first fails/);
  assert.equal(await waiting, "second");
});

test("once() notes a failure, counts its attempts, and forgets it on success", async (t) => {
  const store = tempStore(t);
  let isBroken = true;
  const work = once(({ seed }: { seed: number }) => {
    if (isBroken) throw new Error(`seed ${seed} diverged`);
  }, { store, quiet: true });

  const before = new Date().toISOString();
  for (const seed of [1, 2, 1]) {
    await assert.rejects(work({ seed }), /diverged/);
    await new Promise((resolve) => setTimeout(resolve, 3)); // "oldest first" goes by milliseconds
  }
  const backend = await openEngine(store);
  const failures = await backend.failures();
  assert.deepEqual(
    failures.map(({ params, error, attempt }) => ({ params, error, attempt })),
    [
      { params: { seed: 2 }, error: "seed 2 diverged", attempt: 1 },
      { params: { seed: 1 }, error: "seed 1 diverged", attempt: 2 },
    ],
  );
  for (const { stack, time } of failures) {
    assert.match(stack, /diverged[^]*once_test/);
    assert(time >= before && time <= new Date().toISOString());
  }
  assert.equal((await work.status()).failed, 2);
  assert.deepEqual(await backend.load(), []);

  isBroken = false;
  await work({ seed: 1 });
  assert.deepEqual((await backend.failures()).map(({ params }) => params), [{ seed: 2 }]);
  await work({ seed: 2 });
  assert.deepEqual(await backend.failures(), []);
  await backend.close();
});

test("once() says which call it skips, params in the function's order", async (t) => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const train = once(function train(
    { alpha, model, isDeep }: { alpha: number; model: string; isDeep?: boolean | null },
  ) {
    return `${alpha}${model}${isDeep}`;
  }, { store: tempStore(t), log });
  await train({ alpha: 0.1, model: "a" });
  assert.deepEqual(lines, []);
  await train({ model: "a", alpha: 0.1 });
  assert.deepEqual(lines.splice(0), ["[stet] Skipping train(alpha=0.1, model='a')"]);
  await train({ isDeep: null, model: "a", alpha: 1e-7 });
  await train({ isDeep: null, model: "a", alpha: 1e-7 });
  assert.deepEqual(lines.splice(0), [
    "[stet] Skipping train(alpha=1e-07, model='a', isDeep=None)",
  ]);

  const named = once((seed: number) => seed, { store: tempStore(t), log, name: "my run" });
  await named(1);
  await named(1);
  assert.deepEqual(lines, ["[stet] Skipping my run(seed=1)"]);
});

test("once() writes columns, and says which call it skips, in the order of key", async (t) => {
  const store = tempStore(t);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const key = ["alpha", "beta", "c"];
  const train = once(function train(_: Record<string, unknown>) {}, { store, key, log });
  const params = { c: "it's", note: 1, beta: 2, alpha: 0.1 };
  await train(params);
  await train(params);
  assert.deepEqual(lines, [`[stet] Skipping train(alpha=0.1, beta=2, c="it's")`]);
  const [row] = await rowsOf(store);
  assert.deepEqual(Object.keys(row!).slice(0, 3), ["alpha", "beta", "c"]);
});

test("once() records with either durability, and both see each other's rows", async (t) => {
  const store = tempStore(t);
  const ran: string[] = [];
  const work = (seed: number, by: string) => void ran.push(`${seed} ${by}`);
  const options = { store, key: ["seed"], quiet: true } as const;
  const power = once(work, { ...options, durability: "power" });
  const fast = once(work, { ...options, durability: "process" });
  for (const seed of [1, 2, 3]) {
    await (seed === 2 ? fast : power)(seed, seed === 2 ? "fast" : "power");
    await (seed === 2 ? power : fast)(seed, "again");
  }
  assert.deepEqual(ran, ["1 power", "2 fast", "3 power"]);
});

test("once() calls the function with this and all arguments of the call", async () => {
  class Lab {
    readonly factor = 3;
    measure = once(
      function (this: Lab, n: number, ...more: string[]): string {
        return `${this.factor * n} ${more.join("")}`;
      },
      { store: new MemoryBackend(), key: ["n"], quiet: true },
    );
  }
  assert.equal(await new Lab().measure(2, "a", "b"), "6 ab");
});

test("once() gives the wrapper the function's name", () => {
  assert.equal(once(function train(_seed: number) {}).name, "train");
  assert.equal(once(function train(_seed: number) {}, { name: "label" }).name, "train");
});

test("once() runs a function of no params once", async (t) => {
  let runs = 0;
  const setUp = once(() => ++runs, { store: tempStore(t), save: true, quiet: true });
  assert.deepEqual([await setUp(), await setUp(), await setUp.has()], [1, 1, true]);
  assert.equal(await setUp.reset(), true);
  assert.equal(await setUp(), 2);
});

test("once() counts rows that people wrote by hand", async (t) => {
  const store = tempStore(t);
  writeFileSync(store, "seed,alpha\r\n1,0.10\r\n2,");
  const ran: unknown[] = [];
  const train = once(
    ({ alpha, seed }: { alpha?: number; seed: number }) => void ran.push([alpha, seed]),
    { store, quiet: true },
  );
  await train({ alpha: 0.1, seed: 1 });
  await train({ seed: 2 });
  await train({ seed: 3 });
  assert.deepEqual(ran, [[undefined, 3]]);
});

test("wrapper.reset() forgets one run, and no other that agrees on its columns", async (t) => {
  const store = tempStore(t);
  writeFileSync(store, "a,b\n1,\n1,2\n");
  const work = once((_params: object) => {}, { store, quiet: true });
  assert.equal(await work.reset({ a: 1 }), true);
  assert.deepEqual(await rowsOf(store), [{ a: 1, b: 2 }]);
});
