import assert from "node:assert/strict";
import { test } from "node:test";
import { IndexesByUse, type ShapeIndex } from "../../backends/log/indexes_by_use.ts";
import { KeyIndex } from "../../backends/log/key_index.ts";
import { keyShape } from "../../core/keys/key.ts";

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
