import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import vm from "node:vm";
import { MemoryBackend } from "../../backends/mod.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { type Backend, once, openBackend, Store, StoreError, sweep } from "../../mod.ts";
import { fill, smallFolder, whyNoMount } from "../small_disk.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const noMount = whyNoMount() ?? false;
/** A call that waits for itself would wait for ever. */
const timeout = 60_000;
const BIG = "x".repeat(9000);

for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
  const skip = noMount || columnarSkips[extension] || false;

  test(`a key whose record found a full disk runs again once there is room (${extension})`, {
    skip,
    timeout,
  }, async (t) => {
    const folder = smallFolder(t, "512k");
    const store = join(folder, `runs${extension}`);
    const frees: (() => void)[] = [];
    let runs = 0;
    const work = once(({ k }: { k: number }) => {
      runs++;
      if (frees.length === 0 && k > 0) frees.push(fill(folder));
      return BIG;
    }, { store, save: true, quiet: true });
    await work({ k: 0 });

    await assert.rejects(work({ k: 1 }), StoreError);
    for (const k of [1, 2]) await assert.rejects(work({ k }), StoreError, "the disk is still full");
    frees[0]!();
    for (const k of [2, 1]) assert.equal((await work.outcome({ k })).status, "ran");
    assert(runs >= 4);
    const { ran, skipped } = await sweep(work, [{ k: 1 }, { k: 2 }, { k: 3 }]).done;
    assert.deepEqual([ran, skipped], [1, 2]);
    await work.close();
    assert.deepEqual(fs.readdirSync(folder).sort(), [`runs${extension}`, `runs${extension}-plan`]);
  });

  test(`a failure that cannot be noted leaves its key free (${extension})`, {
    skip,
    timeout,
  }, async (t) => {
    const folder = smallFolder(t, "512k");
    const store = join(folder, `runs${extension}`);
    const frees: (() => void)[] = [];
    const warned = t.mock.method(console, "warn", () => {});
    const work = once(({ k }: { k: number }) => {
      if (k === 1 && frees.length === 0) {
        frees.push(fill(folder));
        throw new Error(`no luck ${BIG}`);
      }
      return k;
    }, { store, save: true, quiet: true });
    await work({ k: 0 });

    await assert.rejects(work({ k: 1 }), /no luck/);
    assert.match(String(warned.mock.calls[0]?.arguments[0]), /Cannot note that \w+\(\) failed/);
    frees[0]!();
    assert.equal((await work.outcome({ k: 1 })).status, "ran");
    await work.close();
  });

  test(
    `close() on a full disk rejects with a StoreError if at all, and the store opens again (${extension})`,
    {
      skip,
      timeout,
    },
    async (t) => {
      const folder = smallFolder(t, "512k");
      const store = join(folder, `runs${extension}`);
      const work = once(({ k }: { k: number }) => `${BIG}${k}`, { store, save: true, quiet: true });
      t.mock.method(console, "warn", () => {}); // that its rows cannot be merged
      for (const k of [0, 1]) await work({ k });
      const free = fill(folder);
      await work.close().catch((error) => assert(error instanceof StoreError, String(error.stack)));
      free();
      assert.equal((await work.outcome({ k: 0 })).status, "skipped");
      assert.equal((await work.outcome({ k: 2 })).status, "ran");
      await work.close();
      assert.deepEqual(fs.readdirSync(folder), [`runs${extension}`]);
    },
  );

  test(`others can claim a key whose record found a full disk (${extension})`, {
    skip,
    timeout,
  }, async (t) => {
    const folder = smallFolder(t, "512k");
    const store = join(folder, `runs${extension}`);
    const [one, other] = [0, 1].map(async () => engineOf(await openBackend(store)));
    const key = keyOf(keyShape(["k"]), { k: 1 });
    await (await one!).record({ k: 0 });
    const answer = await (await one!).claim(key);
    assert(answer.state === "claimed");
    const free = fill(folder);
    await assert.rejects(async () => await answer.claim.record({ k: 1, result: BIG }), StoreError);
    await answer.claim.release();
    free();
    // The first one does nothing more by itself.
    let state = "busy";
    while (state === "busy") {
      await new Promise((resolve) => setTimeout(resolve, 20));
      state = (await (await other!).claim(key)).state;
    }
    assert.equal(state, "claimed");
    for (const backend of [one, other]) await (await backend!).close();
  });
}

test("a result whose columns SQLite cannot tell apart is recorded, and leaves its key free", {
  timeout,
}, async (t) => {
  const work = once(({ k }: { k: number }) => ({ [k === 0 ? "loss" : "Loss"]: k }), {
    store: tempStore(t, "runs.sqlite"),
    save: true,
    quiet: true,
  });
  await work({ k: 0 });
  for (const status of ["ran", "skipped"]) {
    const outcome = await work.outcome({ k: 1 });
    assert.deepEqual(outcome, { status, params: { k: 1 }, value: { Loss: 1 } });
  }
  await work.close();
});

test("Store: a record that is refused leaves its key free for every method", {
  skip: noMount,
  timeout,
}, async (t) => {
  const folder = smallFolder(t, "512k");
  const frees: (() => void)[] = [];
  let isFull = false;
  const store = new Store({
    runner: ({ n, resultFile }: { n: number; resultFile: string }) => {
      fs.writeFileSync(resultFile, `${n}`);
      if (isFull) frees.push(fill(folder));
    },
    columns: { n: "integer" },
    store: join(folder, "runs.sqlite"),
    resultsDir: tempFolder(t),
    fileSuffix: ".txt",
  });
  await store.runOrRetrieve({ n: 0 });
  const customData = { text: BIG };
  isFull = true;
  await assert.rejects(store.runOrRetrieve({ n: 1 }, customData), StoreError);
  await assert.rejects(store.register({ n: 1 }, join(folder, "filler"), customData), StoreError);
  await assert.rejects(store.patch({ n: 0 }, { customData }), StoreError);
  frees[0]!();
  await assert.rejects(store.run({ n: 1 }, customData), StoreError);
  frees[1]!();
  isFull = false;
  assert.equal((await store.runOrRetrieve({ n: 1 }, customData)).n, 1);
  assert.equal((await store.patch({ n: 0 }, { customData }))?.customData["text"], BIG);
  await store.close();
});

/** A plugin of the five methods whose `record` fails on request. */
class FailingBackend extends MemoryBackend {
  failing: "before" | "after" | undefined;

  override record(row: Parameters<MemoryBackend["record"]>[0]): void {
    if (this.failing === "before") throw new Error("the array is full");
    super.record(row);
    if (this.failing === "after") throw new Error("the battery is low");
  }
}

test("a plugin whose record throws leaves the key free", { timeout }, async () => {
  const store = new FailingBackend();
  const work = once(({ k }: { k: number }) => k, { store, save: true, quiet: true });
  store.failing = "before";
  for (let i = 0; i < 2; i++) await assert.rejects(work({ k: 1 }), /the array is full/);
  await assert.rejects(async () => await sweep(work, [{ k: 1 }]).done, /the array is full/);
  store.failing = undefined;
  assert.equal(await work({ k: 1 }), 1);
});

test("a record that rejects though its row is there says that it is in doubt", async () => {
  const store = new FailingBackend();
  const work = once(({ k }: { k: number }) => k, { store, save: true, quiet: true });
  store.failing = "after";
  await assert.rejects(work({ k: 1 }), (error) => {
    assert(error instanceof StoreError);
    assert.match(error.message, /the battery is low. In doubt: .*\w+\(k=1\).* counts as done/);
    assert.match(String(error.cause), /the battery is low/);
    return true;
  });
  assert.equal((await work.outcome({ k: 1 })).status, "skipped");
});

test("two functions on one plugin object run a key once", async () => {
  const store = new MemoryBackend();
  let runs = 0;
  const work = async ({ k }: { k: number }): Promise<number> => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return k;
  };
  const wrappers = Array.from({ length: 4 }, () => once(work, { store, save: true, quiet: true }));
  assert.deepEqual(await Promise.all(wrappers.map((each) => each({ k: 7 }))), [7, 7, 7, 7]);
  assert.equal(runs, 1);
  const backend: Backend = store;
  assert.equal(engineOf(backend), engineOf(backend));
});

test("the failure of an error of another realm is noted with its message and stack", async (t) => {
  const store = tempStore(t);
  const work = once((_: { k: number }) => vm.runInNewContext("throw new TypeError('boom')"), {
    store,
    quiet: true,
  });
  await assert.rejects(work({ k: 1 }), { message: "boom" });
  const backend = engineOf(await openBackend(store));
  const [failure] = await backend.failures();
  assert.equal(failure?.error, "boom");
  assert.match(failure.stack, /TypeError: boom\n +at /);
  await backend.close();
  await work.close();
});

test("an owner whose first claim found a full disk is known to others by its next one", {
  skip: noMount,
  timeout,
}, async (t) => {
  const folder = smallFolder(t, "512k");
  const store = join(folder, "runs.csv");
  const [one, other] = await Promise.all(
    [0, 1].map(async () => engineOf(await openBackend(store))),
  );
  const keys = [0, 1].map((k) => keyOf(keyShape(["k"]), { k }));
  await one!.record({ k: -1 });
  const free = fill(folder);
  const long = keyOf(keyShape(["k"]), { k: "x".repeat(5000) }); // more than is left of a page
  await assert.rejects(async () => await one!.claim(long), StoreError);
  free();
  const answer = await one!.claim(keys[1]!);
  assert(answer.state === "claimed");
  const busy = await other!.claim(keys[1]!);
  assert(busy.state === "busy");
  assert.equal(busy.holder, `process ${process.pid}`);
  for (const backend of [one!, other!]) await backend.close();
});
