import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { IndexesByUse, type ShapeIndex } from "../../backends/log/indexes_by_use.ts";
import { KeyIndex } from "../../backends/log/key_index.ts";
import type { Claim } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { type Key, keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";
import { tempStore } from "../temp_folder.ts";

const indexOf = (name: string): ShapeIndex => ({ shape: keyShape([name]), keys: new KeyIndex() });

test("equal shapes of keys are one object", () => {
  const shape = keyShape(["seed", "alpha"], { alpha: 1, seed: "a" });
  assert.equal(keyShape(["alpha", "seed", "alpha"], { seed: "a", alpha: 1.0 }), shape);
  assert.equal(keyShape(undefined), keyShape(undefined));
  for (
    const other of [
      keyShape(["alpha", "seed"]),
      keyShape(["alpha", "seed"], { alpha: "1", seed: "a" }),
      keyShape(undefined, { alpha: 1, seed: "a" }),
      keyShape(["alpha,seed"], { alpha: 1, seed: "a" }),
      keyShape([]),
    ]
  ) assert.notEqual(other, shape);
  assert.notEqual(keyShape([]), keyShape(undefined));
});

test("a shape that is asked for stays one object, whatever others are made", () => {
  const shape = keyShape(["alpha"]);
  for (let i = 0; i < 5000; i++) {
    keyShape([`p${i}`]);
    assert.equal(keyShape(["alpha"]), shape);
  }
});

test("indexes of 64 shapes are kept, and of more those that looks use", () => {
  const indexes = new IndexesByUse<ShapeIndex>();
  const kept = Array.from({ length: 64 }, (_, i) => indexOf(`p${i}`));
  kept.forEach((index) => indexes.set(index));
  for (let i = 0; i < 300; i++) {
    for (const index of kept) assert.equal(indexes.use(index.shape), index, `after ${i} others`);
    indexes.set(indexOf(`other ${i}`));
  }
  assert.equal(indexes.all.length, 128);
});

test("an index that replaces another of its shape is the one that is found", () => {
  const indexes = new IndexesByUse<ShapeIndex>();
  indexes.set(indexOf("alpha"));
  const index = indexOf("alpha");
  indexes.set(index);
  assert.equal(indexes.get(index.shape), index);
  indexes.delete(index.shape);
  assert.equal(indexes.get(index.shape), undefined);
});

const seedShape = keyShape(["seed"]);
const keyOfSeed = (seed: number): Key => keyOf(seedShape, { seed });

for (const extension of [".csv", ".json", ".jsonl"]) {
  test(`the first look into a ${extension} reads the file once`, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const writer = await openEngine(store);
    await writer.recordAll(Array.from({ length: 5000 }, (_, seed) => ({ seed, alpha: 0.1 })));
    await writer.close();
    const reader = await openEngine(store);
    const { size } = fs.statSync(store);
    const reading = t.mock.method(fs, "readSync");
    assert.equal(await reader.sourceOf(keyOfSeed(4000)), "");
    const read = reading.mock.calls.reduce((sum, { result }) => sum + Number(result), 0);
    reading.mock.restore();
    await reader.close();
    assert.ok(read >= size && read < 1.5 * size, `${read} bytes of ${size}`);
  });
}

async function claimed(engine: Engine, key: Key): Promise<Claim> {
  const answer = await engine.claim(key);
  assert(answer.state === "claimed");
  return answer.claim;
}

/** Tests two handles of one store, of which the first has claimed and recorded. */
function testHandles(
  name: string,
  extension: string,
  body: (one: Engine, other: Engine) => Promise<void>,
): void {
  test(`${extension}: ${name}`, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const [one, other] = [await openEngine(store), await openEngine(store)];
    try {
      await other.record({ seed: 0 });
      for (const seed of [1, 2]) await (await claimed(one, keyOfSeed(seed))).record({ seed });
      await body(one, other);
    } finally {
      await one.close();
      await other.close();
    }
  });
}

for (const extension of [".csv", ".json", ".jsonl"]) {
  testHandles(
    "a key that was looked for in vain is done once another handle has recorded it",
    extension,
    async (one, other) => {
      for (const [seed, mayClaim] of [[3, false], [4, true]] as const) {
        const key = keyOfSeed(seed);
        assert.equal(await one.sourceOf(key, mayClaim), undefined);
        await other.record({ seed });
        if (!mayClaim) assert.equal(await one.sourceOf(key), "");
        assert.equal((await one.claim(key)).state, "done");
        assert.equal(await one.sourceOf(key, mayClaim), "");
      }
    },
  );

  testHandles(
    "a key that another handle records while it is held has one row",
    extension,
    async (one, other) => {
      const claim = await claimed(one, keyOfSeed(3));
      await other.record({ seed: 4 });
      await other.record({ seed: 3 });
      await claim.record({ seed: 3 });
      assert.equal((await one.load()).filter((row) => row.seed === 3).length, 1);
      assert.equal((await other.load()).length, 5);
    },
  );

  testHandles(
    "a row that a claim records under another key is found under that",
    extension,
    async (one, other) => {
      await (await claimed(one, keyOfSeed(3))).record({ seed: 4 });
      for (const engine of [one, other]) {
        assert.equal(await engine.sourceOf(keyOfSeed(3)), undefined);
        assert.equal(await engine.sourceOf(keyOfSeed(4)), "");
      }
    },
  );
}
