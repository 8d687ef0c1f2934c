import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { type Backend, once, openBackend, type Row, StoreError, sweep } from "../../mod.ts";
import { type Cleaned, tempStore } from "../temp_folder.ts";
import { warningsOf } from "../warnings_of.ts";

const runtime = process.versions["deno"] ? "deno" : process.versions["bun"] ? "bun" : "node";

/** A row as the function made it before it was edited. */
const older = { seed: 1, result: "old", _stet_source: `${runtime}:0000000000` };

const kinds: readonly (readonly [name: string, store: (t: Cleaned) => string])[] = [
  ...[".csv", ".json", ".jsonl", ".sqlite"].map((extension) =>
    [extension, (t: Cleaned) => tempStore(t, `runs${extension}`)] as const
  ),
];

async function recorded(store: string, rows: readonly Row[]): Promise<string> {
  const backend = await openBackend(store);
  for (const row of rows) await backend.record(row);
  await backend.close();
  return store;
}

async function rowsOf(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

for (const [kind, storeIn] of kinds) {
  for (const save of [true, false]) {
    const what = `${kind}, ${save ? "with" : "without"} save`;

    test(`once() warns once that rows of another source answer (${what})`, async (t) => {
      const store = await recorded(storeIn(t), [older, { ...older, seed: 2 }, { seed: 3 }]);
      let runs = 0;
      const train = once(function train({ seed }: { seed: number }) {
        runs++;
        return `new ${seed}`;
      }, { store, save, quiet: true });
      const lines = await warningsOf(async () => {
        assert.equal(await train({ seed: 3 }), undefined); // of no source
        assert.equal(await train({ seed: 1 }), save ? "old" : undefined);
        assert.equal(await train({ seed: 2 }), save ? "old" : undefined);
        assert.equal(await train.has({ seed: 2 }), true);
        await train({ seed: 4 });
        await train({ seed: 4 });
      });
      assert.equal(runs, 1);
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0]!, /^\[stet\] train\(\).*another source: 2 of 3 rows in ".*runs\./);
      assert.match(
        lines[0]!,
        /since 20\d\d-.*onChange.*"rerun".*"ignore".*version.*store.*namespace/,
      );
    });

    test(`once() with onChange "rerun" replaces the rows of another source (${what})`, async (t) => {
      const store = await recorded(storeIn(t), [older, { ...older, seed: 2 }]);
      const ran: number[] = [];
      const train = once(({ seed }: { seed: number }) => {
        ran.push(seed);
        return `new ${seed}`;
      }, { store, save, quiet: true, onChange: "rerun" });
      const lines = await warningsOf(async () => {
        assert.equal(await train.has({ seed: 1 }), false);
        assert.equal(await train({ seed: 1 }), "new 1");
        assert.equal(await train.has({ seed: 1 }), true);
        await train({ seed: 1 });
        assert.deepEqual(await sweep(train, [{ seed: 1 }, { seed: 2 }]).done, {
          ran: 1,
          skipped: 1,
          failed: 0,
        });
      });
      assert.deepEqual([ran, lines], [[1, 2], []]);
      const rows = await rowsOf(store);
      assert.deepEqual(rows.map(({ seed }) => seed), [1, 2]);
      for (const row of rows) assert.notEqual(row["_stet_source"], older._stet_source);
      if (save) assert.deepEqual(rows.map(({ result }) => result), ["new 1", "new 2"]);
    });
  }

  test(`once() with onChange "error" rejects where another source would answer (${kind})`, async (t) => {
    const store = await recorded(storeIn(t), [older]);
    const train = once(({ seed }: { seed: number }) => seed, {
      store,
      quiet: true,
      onChange: "error",
    });
    for (let i = 0; i < 2; i++) {
      await assert.rejects(train({ seed: 1 }), (error) => {
        assert(error instanceof StoreError);
        assert.match(error.message, /Cannot answer .*seed=1.*runs\..*another source.*onChange/);
        return true;
      });
    }
    await assert.rejects(sweep(train, [{ seed: 2 }, { seed: 1 }]).done, StoreError);
    assert.equal(await train({ seed: 2 }), undefined); // by the sweep
  });

  test(`once() with onChange "ignore" says nothing (${kind})`, async (t) => {
    const store = await recorded(storeIn(t), [older]);
    const train = once((_: { seed: number }) => "new", {
      store,
      quiet: true,
      save: true,
      onChange: "ignore",
    });
    assert.deepEqual(
      await warningsOf(async () => assert.equal(await train({ seed: 1 }), "old")),
      [],
    );
  });
}

test("a sweep warns once that rows of another source answer", async (t) => {
  const seeds = Array.from({ length: 50 }, (_, seed) => ({ seed }));
  const store = await recorded(tempStore(t), seeds.map((row) => ({ ...older, ...row })));
  const train = once(({ seed }: { seed: number }) => seed, { store, quiet: true });
  const lines = await warningsOf(() => sweep(train, seeds).done);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /50 of 50 rows/);
});

test("rows of another source that arrive while a function is in use are noticed", async (t) => {
  const store = tempStore(t);
  const train = once(({ seed }: { seed: number }) => seed, { store, quiet: true });
  await train({ seed: 0 });
  const lines = await warningsOf(async () => {
    await train({ seed: 0 });
    await recorded(store, [older]);
    await train({ seed: 1 });
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /1 of 2 rows/);
});

test("rows of other namespaces are not counted as another source's", async (t) => {
  const store = await recorded(tempStore(t), [
    { ...older, _stet_namespace: "a" },
    { ...older, seed: 2, _stet_namespace: "a" },
    { ...older, _stet_namespace: "b" },
    older,
  ]);
  const train = once(({ seed }: { seed: number }) => seed, {
    store,
    quiet: true,
    namespace: "a",
  });
  assert.match((await warningsOf(() => train({ seed: 1 })))[0]!, /2 of 2 rows/);
});

test("the version takes the place of the source", async (t) => {
  const store = await recorded(tempStore(t), [
    { seed: 1, _stet_source: "v:1" },
    { seed: 2, _stet_source: "v:2" },
    older,
  ]);
  const train = once(({ seed }: { seed: number }) => seed, {
    store,
    quiet: true,
    version: "2",
    onChange: "rerun",
  });
  const has = async (): Promise<boolean[]> => [
    await train.has({ seed: 1 }),
    await train.has({ seed: 2 }),
  ];
  assert.deepEqual(await has(), [false, true]);
  await train({ seed: 1 });
  assert.deepEqual(await has(), [true, true]);
  assert.equal((await rowsOf(store)).at(-1)?.["_stet_source"], "v:2");
});

test("once() refuses an onChange or a version that makes no sense", () => {
  const wrap = (options: object) => () => once((seed: number) => seed, options);
  assert.throws(wrap({ onChange: "warning" }), /onChange must be "warn", "rerun".*got "warning"/);
  assert.throws(wrap({ version: "" }), /version must be a text/);
  assert.throws(wrap({ version: 2 }), /version must be a text/);
});

test("a later function of the same name and module takes the place of the earlier one", async (t) => {
  const store = tempStore(t);
  const first = once(function train(seed: number) {
    return seed;
  }, { store, save: true, quiet: true });
  assert.equal(await first(1), 1);
  const second = once(function train(seed: number) {
    return seed * 2; // edited
  }, { store, save: true, quiet: true });
  const lines = await warningsOf(async () => {
    assert.equal(await second(2), 4);
    assert.equal(await second(1), 1);
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /another source: 1 of 2 rows/);
  await assert.rejects(first(3), (error) => {
    assert(error instanceof StoreError);
    assert.match(
      error.message,
      /train\(\).*a later once\(\) of the same name.*has taken its place/,
    );
    return true;
  });
  await assert.rejects(first(1), StoreError);
  assert.equal(await second(2), 4);
});

test("an older function that is called after a newer one is refused", async () => {
  const store: Backend = new MemoryBackend();
  const options = { store, quiet: true } as const;
  const first = once((seed: number) => seed, { ...options, name: "train" });
  const second = once((seed: number) => seed + 1, { ...options, name: "train" });
  await second(1);
  await assert.rejects(first(2), /has taken its place/);
});

test("functions without a name are refused, and the error says how one replaces the other", async () => {
  const options = { store: new MemoryBackend(), quiet: true };
  await once((seed: number) => seed, options)(1);
  await assert.rejects(
    once((seed: number) => seed + 1, options)(1),
    /different source.*namespace.*edited and evaluated again.*name: "…"/,
  );
});

const skip = runtime === "bun" && "Bun takes evaluated code for a part of the module around it";

test("an edited cell of a notebook takes the place of the one before, without a name too", {
  skip,
}, async () => {
  // As a notebook evaluates it: in no module.
  const cell = (body: string) =>
    `once(({ alpha }) => { ${body} }, { store, save: true, quiet: true })`;
  const store = new MemoryBackend();
  const evaluate = (text: string) =>
    new Function("once", "store", `const train = ${text}; return train`)(once, store);
  const first = evaluate(cell("return { loss: alpha }"));
  assert.deepEqual(await first({ alpha: 1 }), { loss: 1 });
  const second = evaluate(cell("// edited\n return { loss: alpha }"));
  assert.deepEqual(await second({ alpha: 1 }), { loss: 1 });
  const third = evaluate(cell("console.debug; return { loss: alpha }"));
  const lines = await warningsOf(async () => {
    assert.deepEqual(await third({ alpha: 2 }), { loss: 2 });
    assert.deepEqual(await third({ alpha: 1 }), { loss: 1 });
  });
  assert.equal(lines.length, 1);
});
