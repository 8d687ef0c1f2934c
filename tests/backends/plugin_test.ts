import assert from "node:assert/strict";
import { test } from "node:test";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import {
  type Backend,
  type BackendModule,
  ls,
  once,
  openBackend,
  registerBackend,
  reset,
  type Row,
  status,
  StoreError,
} from "../../mod.ts";

/** What a plugin's author may write first: rows in a list, none of the optional members. */
class ListBackend implements Backend {
  readonly location: string;
  readonly #rows: Row[];

  constructor(location: string, rows: Row[]) {
    this.location = location;
    this.#rows = rows;
  }

  async has(columns: Row): Promise<boolean> {
    await Promise.resolve();
    return this.#rows.some((row) => agrees(row, columns));
  }

  async record(row: Row): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#rows.push({ _stet_timestamp: new Date().toISOString(), ...structuredClone(row) });
  }

  async load(): Promise<Row[]> {
    await Promise.resolve();
    return structuredClone(this.#rows);
  }

  async remove(columns: Row): Promise<number> {
    const before = this.#rows.length;
    const left = (await this.load()).filter((row) => !agrees(row, columns));
    this.#rows.splice(0, before, ...left);
    return before - left.length;
  }

  async clear(): Promise<void> {
    await Promise.resolve();
    this.#rows.length = 0;
  }

  close(): void {}
}

function agrees(row: Row, columns: Row): boolean {
  return Object.entries(columns).every(([name, value]) => {
    return value === undefined || JSON.stringify(row[name]) === JSON.stringify(value);
  });
}

/** A module as `import("./list.ts")` would give it, and what its stores hold. */
function listModule(): { readonly module: BackendModule; readonly stores: Map<string, Row[]> } {
  const stores = new Map<string, Row[]>();
  const module: BackendModule = {
    open(location) {
      const rows = stores.get(location) ?? [];
      stores.set(location, rows);
      return new ListBackend(location, rows);
    },
  };
  return { module, stores };
}

async function drive(
  store: string,
  options: { backends?: Record<string, () => Promise<BackendModule>> },
): Promise<void> {
  let runs = 0;
  const train = once(async ({ alpha, seed }: { alpha: number; seed: number }) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (seed === 13) throw new Error("unlucky");
    runs++;
    return { loss: alpha * seed };
  }, { ...options, store, save: true, quiet: true });

  const values = await Promise.all(
    Array.from({ length: 20 }, (_, i) => train({ alpha: 0.5, seed: i % 2 })),
  );
  assert.equal(runs, 2);
  assert.deepEqual(values.slice(0, 2), [{ loss: 0 }, { loss: 0.5 }]);
  assert.equal((await train.outcome({ seed: 1, alpha: 0.5 })).status, "skipped");
  await assert.rejects(train({ alpha: 0.5, seed: 13 }), /unlucky/);
  assert.equal((await train.status()).failed, 1);

  assert.deepEqual(await train.has({ alpha: 0.5, seed: 1 }), true);
  assert.equal(await train.reset({ alpha: 0.5, seed: 1 }), true);
  assert.equal(await train.has({ alpha: 0.5, seed: 1 }), false);
  await train({ alpha: 0.5, seed: 1 });
  assert.equal(runs, 3);

  const { count, keyColumns, resultColumns, lastRun } = await status(store, {
    ...options,
    quiet: true,
  });
  assert.equal(count, 2);
  assert.deepEqual([...keyColumns].sort(), ["alpha", "seed"]);
  assert.deepEqual(resultColumns, ["result.loss"]);
  assert.equal(typeof lastRun, "string");
  assert.equal((await ls(store, { ...options, limit: 1, quiet: true })).length, 1);

  assert.equal(await reset(store, { seed: 0 }, { ...options, quiet: true }), 1);
  assert.equal(await reset(store, undefined, { ...options, quiet: true, yes: true }), 1);
  await train({ alpha: 0.5, seed: 0 });
  assert.equal(runs, 4);
}

test("five methods are a backend: named by the option backends, once() and the rest work on it", async () => {
  const { module, stores } = listModule();
  await drive("runs.list", { backends: { ".list": () => Promise.resolve(module) } });
  assert.equal(stores.get("runs.list")?.length, 1);
  await assert.rejects(openBackend("runs.list"), StoreError, "known to those calls only");
});

test("five methods are a backend: registerBackend() makes it known to all", async () => {
  const { module, stores } = listModule();
  registerBackend(".Listed", () => Promise.resolve(module));
  await drive("data/RUNS.LISTED", {});
  assert.equal(stores.get("data/RUNS.LISTED")?.length, 1);
});

test("a key of a five-method backend is run once, however often its store is opened", async () => {
  const { module, stores } = listModule();
  const store = "often.list";
  const backends = { ".list": () => Promise.resolve(module) };
  let runs = 0;
  const work = async (seed: number): Promise<number> => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return seed;
  };
  const options = { backends, save: true, quiet: true };
  const opened = [store, await openBackend(store, { backends }), module.open(store, {})];
  const functions = [
    ...opened.map(async (store) => once(work, { ...options, store: await store })),
    once(work, { ...options, store, durability: "process" }),
  ];
  assert.deepEqual(await Promise.all(functions.map(async (fn) => (await fn)(1))), [1, 1, 1, 1]);
  assert.equal(runs, 1);
  assert.equal(stores.get(store)?.length, 1);
});

test("close() ends the claims of a five-method backend, and no others", async () => {
  const { module } = listModule();
  const open = async () => engineOf(await module.open("closed.list", {}));
  const [one, other] = [await open(), await open()];
  const key = (seed: number) => keyOf(keyShape(["seed"]), { seed });
  await one.claim(key(1));
  await other.claim(key(2));
  assert.equal((await other.claim(key(1))).state, "busy");
  await one.close();
  assert.equal((await other.claim(key(1))).state, "claimed");
  assert.equal((await (await open()).claim(key(2))).state, "busy");
});

test("rows that nobody awaits are in a five-method backend before it is closed", async () => {
  const rows: Row[] = [];
  let isOpen = true;
  const complete = engineOf({
    location: "plugin",
    has: () => false,
    record(row): void {
      assert(isOpen, "it is closed");
      rows.push(row);
    },
    load: () => rows,
    remove: () => 0,
    clear: () => void (rows.length = 0),
    close: () => void (isOpen = false),
  });
  const recorded = [complete.record({ a: 1 }), complete.record({ a: 2 })];
  await complete.close();
  await Promise.all(recorded);
  assert.deepEqual(rows, [{ a: 1 }, { a: 2 }]);
});

test("once() replaces a row without a result in a five-method backend", async () => {
  const { module, stores } = listModule();
  const options = {
    store: "replaced.list",
    backends: { ".list": () => Promise.resolve(module) },
    quiet: true,
  };
  const work = (seed: number) => seed * 2;
  await once(work, options)(4);
  assert.equal(await once(work, { ...options, save: true, rerunIfMissing: true })(4), 8);
  assert.deepEqual(stores.get("replaced.list")?.map(({ seed, result }) => [seed, result]), [[
    4,
    8,
  ]]);
});

test("an open backend can be the store, and a plugin can take a built-in's place", async () => {
  const { module, stores } = listModule();
  const backend = await openBackend("runs.csv", {
    backends: { ".csv": () => Promise.resolve(module) },
  });
  await once((_seed: number) => {}, { store: backend, quiet: true })(1);
  assert.equal(stores.get("runs.csv")?.length, 1);
});

test("the longest extension that fits decides", async () => {
  const { module } = listModule();
  const other = listModule();
  const backends = {
    ".zip": () => Promise.resolve(module),
    ".list.zip": () => Promise.resolve(other.module),
  };
  await openBackend("runs.list.zip", { backends });
  assert.deepEqual([...other.stores.keys()], ["runs.list.zip"]);
});

test("an extension without a dot is refused", () => {
  const { module } = listModule();
  for (const extension of ["list", ".", "", "./list"]) {
    const register = (): void => registerBackend(extension, () => Promise.resolve(module));
    assert.throws(register, { name: "TypeError", message: /must begin with a dot.*"\.foo"/ });
  }
});

test("an error of a plugin's module reaches the caller, and the next call tries again", async () => {
  let attempts = 0;
  registerBackend(".flaky", () => {
    if (attempts++ === 0) return Promise.reject(new Error("cannot load the driver"));
    return Promise.resolve(listModule().module);
  });
  const work = once((n: number) => n, { store: "runs.flaky", quiet: true });
  await assert.rejects(work(1), /cannot load the driver/);
  assert.equal(await work(1), 1);
});
