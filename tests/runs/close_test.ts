import assert from "node:assert/strict";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import type { BackendModule } from "../../core/contract/backend.ts";
import { type Executor, once, openBackend, Store, StoreError, sweep } from "../../mod.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const timeout = 60_000;

for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
  test(
    `close() of a once function leaves only the store, and a later call opens it again (${extension})`,
    {
      skip: columnarSkips[extension] || false,
      timeout,
    },
    async (t) => {
      const store = tempStore(t, `runs${extension}`);
      const work = once(({ k }: { k: number }) => 2 * k, { store, save: true, quiet: true });
      for (const k of [1, 2]) {
        assert.equal(await work({ k }), 2 * k);
        await work.close();
        assert.deepEqual(fs.readdirSync(dirname(store)), [`runs${extension}`]);
      }
      assert.equal((await work.outcome({ k: 1 })).status, "skipped");
      await work[Symbol.asyncDispose]();
      await work.close();
      assert.deepEqual(fs.readdirSync(dirname(store)), [`runs${extension}`]);
    },
  );
}

test("close() of one of two functions on a store leaves it open for the other", async (t) => {
  const store = tempStore(t);
  const work = ({ k }: { k: number }): number => k;
  const [one, other] = [0, 1].map(() => once(work, { store, save: true, quiet: true }));
  await one!({ k: 1 });
  await other!({ k: 2 });
  await one!.close();
  await one!.close();
  await other!({ k: 3 });
  assert.notDeepEqual(fs.readdirSync(dirname(store)), ["runs.csv"]);
  await other!.close();
  assert.deepEqual(fs.readdirSync(dirname(store)), ["runs.csv"]);
});

test("close() waits for calls that nobody awaits, also for the one that opens the store", async (t) => {
  const store = tempStore(t);
  const work = once(async ({ k }: { k: number }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return k;
  }, { store, save: true, quiet: true });
  const calls = [1, 2].map((k) => work.outcome({ k }));
  await work.close();
  assert.equal(fs.readFileSync(store, "utf8").split("\n").length, 4);
  assert.deepEqual(fs.readdirSync(dirname(store)), ["runs.csv"]);
  assert.deepEqual((await Promise.all(calls)).map(({ status }) => status), ["ran", "ran"]);
});

test(
  "close() within a sweep does not end the sweep, which closes the store",
  { timeout },
  async (t) => {
    const store = tempStore(t);
    const work = once(({ k }: { k: number }) => k, { store, save: true, quiet: true });
    let count = 0;
    for await (const { status } of sweep(work, Array.from({ length: 200 }, (_, k) => ({ k })))) {
      assert.equal(status, "ran");
      if (count++ === 0) await work.close();
    }
    assert.equal(count, 200);
    assert.deepEqual(fs.readdirSync(dirname(store)).sort(), ["runs.csv", "runs.csv-plan"]);
  },
);

test("close() leaves an open backend that was given as it is", async () => {
  const store = new MemoryBackend();
  const work = once(({ k }: { k: number }) => k, { store, save: true, quiet: true });
  await work({ k: 1 });
  await work.close();
  assert.equal(store.load().length, 1);
  assert.equal((await work.outcome({ k: 1 })).status, "skipped");
});

test("a Store and an open backend can be disposed", async (t) => {
  const store = new Store({
    runner: ({ resultFile }: { resultFile: string }) => fs.writeFileSync(resultFile, "1"),
    columns: { n: "integer" },
    store: tempStore(t, "runs.sqlite"),
    resultsDir: tempFolder(t),
  });
  await store.runOrRetrieve({ n: 1 });
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.runOrRetrieve({ n: 1 }), /closed/);
  const backend = await openBackend(tempStore(t));
  await backend[Symbol.asyncDispose]();
  await assert.rejects(async () => await backend.load(), /closed/);
});

test("functions that name the same plugin by option share its claims", async (t) => {
  const path = join(tempFolder(t), "runs.list");
  const module: BackendModule = { open: () => new MemoryBackend() };
  let runs = 0;
  const work = async ({ k }: { k: number }): Promise<number> => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return k;
  };
  const wrappers = Array.from({ length: 3 }, () =>
    once(work, {
      store: path,
      backends: { ".list": () => Promise.resolve(module) },
      save: true,
      quiet: true,
    }));
  assert.deepEqual(await Promise.all(wrappers.map((each) => each({ k: 7 }))), [7, 7, 7]);
  assert.equal(runs, 1);
});

test("an unsupported extension is an error when a function or Store is made", () => {
  const message = /extension must be one of .*\.csv/;
  assert.throws(() => once((k: number) => k, { store: "runs.xlsx" }), message);
  assert.throws(() => once({ store: "runs.xlsx" })((k: number) => k), StoreError);
  assert.throws(() => new Store({ runner: () => {}, store: "runs.xlsx" }), message);
  assert.doesNotThrow(() => once((k: number) => k, { store: "http://127.0.0.1:1" }));
});

test("a store whose folder is missing is refused before anything runs", async (t) => {
  const folder = join(tempFolder(t), "missing");
  for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
    const store = join(folder, `runs${extension}`);
    const work = once((k: number) => assert.fail(`it ran ${k}`), { store, quiet: true });
    await assert.rejects(work(1), (error) => {
      assert(error instanceof StoreError, String(error));
      assert.match(error.message, /there is no folder ".*missing"; make it first/);
      return true;
    });
  }
});

/** The errors of an executor and a sweep's params, and the one that the sweep rejects with. */
const broken: readonly (readonly [what: string, executor: Partial<Executor>, first: RegExp])[] = [
  ["its params", { close: () => Promise.reject(new Error("no close")) }, /no params/],
  ["open()", {
    open: () => Promise.reject(new Error("no open")),
    close: () => Promise.reject(new Error("no close")),
  }, /no open/],
];

for (const [what, parts, first] of broken) {
  test(`a sweep rejects with the error of ${what}, not of the close() after it`, async () => {
    let closed = 0;
    const executor: Executor = {
      concurrency: 1,
      run: async (job) => await job.call(),
      ...parts,
      close: () => {
        closed++;
        return parts.close!();
      },
    };
    const work = once(({ k }: { k: number }) => k, { store: new MemoryBackend(), quiet: true });
    function* params(): Generator<{ k: number }> {
      yield { k: 1 };
      throw new Error("no params");
    }
    await assert.rejects(sweep(work, params(), { executor }).done, (error) => {
      assert.match(String(error), first);
      const { suppressed } = error as { suppressed?: unknown[] };
      assert.deepEqual(suppressed?.map(String), ["Error: no close"]);
      return true;
    });
    assert.equal(closed, 1);
  });
}

test("a sweep rejects with the error of close() if nothing failed before", async () => {
  const executor: Executor = {
    concurrency: 1,
    run: async (job) => await job.call(),
    close: () => Promise.reject(new Error("no close")),
  };
  const work = once(({ k }: { k: number }) => k, { store: new MemoryBackend(), quiet: true });
  await assert.rejects(sweep(work, [{ k: 1 }], { executor }).done, /no close/);
  assert.equal((await work.outcome({ k: 1 })).status, "skipped");
});
