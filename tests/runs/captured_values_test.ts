import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { once, type OnceOptions, openBackend, sweep } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";
import { warningsOf } from "../warnings_of.ts";

test("a row of another closure of the same source answers after a warning that names what they capture", async (t) => {
  const store = tempStore(t);
  const answers: unknown[] = [];
  const lines = await warningsOf(async () => {
    for (const model of ["small", "large", "huge"]) {
      const ask = once(({ seed }: { seed: number }) => `${model} said ${seed}`, {
        store,
        save: true,
        quiet: true,
      });
      for (const seed of [1, 2]) answers.push(await ask({ seed }));
    }
  });
  assert.deepEqual(answers.slice(2), [
    "small said 1",
    "small said 2",
    "small said 1",
    "small said 2",
  ]);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /another function object of the same source.*captures \(model\)/);
  assert.match(lines[0]!, /params.*store.*namespace.*onChange: "ignore"/);
});

test("functions of a factory warn also when all were made before the first call", async () => {
  const options: OnceOptions = { store: new MemoryBackend(), quiet: true };
  const make = (factor: number) => once((n: number) => n * factor, options);
  const [double, triple] = [make(2), make(3)];
  const lines = await warningsOf(async () => {
    await sweep(double, [{ n: 1 }, { n: 2 }]).done;
    await triple(3);
    assert.deepEqual(await sweep(triple, [{ n: 3 }, { n: 2 }]).done, {
      ran: 0,
      skipped: 2,
      failed: 0,
    });
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /\(factor\)/);
});

test("arrow functions in fields of two instances share rows after a warning that names this", async () => {
  const options = { store: new MemoryBackend(), quiet: true, save: true };
  class Model {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    readonly ask = once(({ seed }: { seed: number }) => `${this.name} ${seed}`, options);
  }
  const lines = await warningsOf(async () => {
    await new Model("small").ask({ seed: 1 });
    assert.equal(await new Model("large").ask({ seed: 1 }), "small 1");
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /\(this\)/);
});

test("one function that is called on two objects warns if it uses this", async () => {
  const options = { store: new MemoryBackend(), quiet: true, save: true };
  const ask = once(async function (this: { name: string }, { seed }: { seed: number }) {
    await Promise.resolve();
    return `${this.name} ${seed}`;
  }, options);
  const [small, large] = [{ name: "small", ask }, { name: "large", ask }];
  const lines = await warningsOf(async () => {
    await small.ask({ seed: 1 });
    await small.ask({ seed: 1 });
  });
  assert.deepEqual(lines, []);
  const more = await warningsOf(async () => {
    const both = await Promise.all([small.ask({ seed: 2 }), large.ask({ seed: 2 })]);
    assert.deepEqual(both, ["small 2", "small 2"]);
    await large.ask({ seed: 1 });
  });
  assert.equal(more.length, 1);
  assert.match(more[0]!, /\(this\)/);
});

const silent: Readonly<Record<string, (options: OnceOptions) => Promise<void>>> = {
  "the same function object is wrapped twice": async (options) => {
    const factor = Math.random();
    const scale = (n: number) => n * factor;
    await once(scale, options)(1);
    await once(scale, options)(1);
  },
  "the function captures nothing": async (options) => {
    for (let i = 0; i < 2; i++) await once((n: number) => Math.sqrt(n), options)(1);
  },
  "each has a namespace": async (options) => {
    for (const namespace of ["a", "b"]) {
      await once((n: number) => namespace + n, { ...options, namespace })(1);
    }
  },
  "each has a store": async (options) => {
    for (const model of ["a", "b"]) {
      await once((n: number) => model + n, { ...options, store: new MemoryBackend() })(1);
    }
  },
  "their keys differ": async (options) => {
    for (const model of [1, 2]) await once((n: number) => model + n, options)(model);
  },
  "onChange is ignore": async (options) => {
    for (const model of [1, 2]) {
      await once((n: number) => model + n, { ...options, onChange: "ignore" })(1);
    }
  },
  "it does not use this": async (options) => {
    const add = once((n: number) => n + 1, options);
    await { add }.add(1);
    await { add, other: true }.add(1);
  },
};
for (const [what, body] of Object.entries(silent)) {
  test(`no warning of captured values is given where ${what}`, async () => {
    const lines = await warningsOf(() => body({ store: new MemoryBackend(), quiet: true }));
    assert.deepEqual(lines, []);
  });
}

test("rows that another process made are not taken for another closure's", async (t) => {
  const store = tempStore(t);
  const factor = 2;
  const make = () => once((n: number) => n * factor, { store, quiet: true });
  const first = make();
  await first(0);
  const backend = await openBackend(store);
  await backend.record({ n: 1 });
  await backend.close();
  assert.deepEqual(await warningsOf(() => make()(1)), []);
});
