import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { log10, pow10 } from "../../core/grids/log10.ts";
import {
  expandGrid,
  geomSpace,
  hashParams,
  linSpace,
  range,
  sampleGrid,
  zipGrid,
} from "../../mod.ts";

/** One hash over the ids of all combinations, in order. */
function digest(grid: Iterable<object>): string {
  const all = createHash("sha256");
  for (const params of grid) all.update(hashParams(params));
  return all.digest("hex").slice(0, 16);
}

test("expandGrid() gives every combination in the order of itertools.product", () => {
  const grid = expandGrid({ alpha: [0.1, 0.5], model: ["a", "b", "c"] });
  assert.deepEqual([...grid], [
    { alpha: 0.1, model: "a" },
    { alpha: 0.1, model: "b" },
    { alpha: 0.1, model: "c" },
    { alpha: 0.5, model: "a" },
    { alpha: 0.5, model: "b" },
    { alpha: 0.5, model: "c" },
  ]);
});

test("expandGrid() takes any iterable, and reads it once", () => {
  let reads = 0;
  function* seeds(): Generator<number> {
    reads++;
    yield* [1, 2];
  }
  const models = ["a"];
  const grid = expandGrid({ model: models, seed: seeds(), layer: new Set([3]) });
  models.push("b");
  const combinations = [
    { model: "a", seed: 1, layer: 3 },
    { model: "a", seed: 2, layer: 3 },
  ];
  assert.deepEqual([...grid], combinations);
  assert.deepEqual([...grid], combinations);
  assert.equal(reads, 1);
});

test("expandGrid() makes combinations when they are asked for", () => {
  const axis = range(1, 10_000);
  const grid = expandGrid({ a: axis, b: axis, c: axis });
  assert.deepEqual(
    grid.take(10).toArray(),
    Array.from({ length: 10 }, (_, i) => ({ a: 1, b: 1, c: i + 1 })),
  );
});

test("expandGrid() gives each combination as an object of its own", () => {
  const [first, second] = expandGrid({ seed: [1, 2] });
  first!.seed = 5;
  assert.deepEqual(second, { seed: 2 });
});

test("expandGrid() gives nothing for an axis without values, and one combination for no axes", () => {
  assert.deepEqual([...expandGrid({ alpha: [1, 2], model: [] })], []);
  assert.deepEqual([...expandGrid({})], [{}]);
});

test("expandGrid() keeps an axis named as a property of objects", () => {
  const [combination] = expandGrid({ ["__proto__"]: [1], constructor: [2] });
  assert.deepEqual(Object.entries(combination!), [["__proto__", 1], ["constructor", 2]]);
});

test("a grid can be filtered, mapped and gone over many times, each from the beginning", () => {
  const grid = expandGrid({ alpha: [1, 2], seed: range(1, 3) });
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(
      grid.filter(({ alpha, seed }) => alpha < seed).map(({ seed }) => seed).toArray(),
      [2, 3, 3],
    );
  }
  assert.equal(grid.drop(5).toArray().length, 1);
  assert.equal(grid.reduce((sum, { seed }) => sum + seed, 0), 12);
});

test("a filter looks at no more combinations than are asked for", () => {
  let looks = 0;
  const axis = range(1, 1000);
  const filtered = expandGrid({ a: axis, b: axis, c: axis, d: axis }).filter(({ d }) => {
    looks++;
    return d % 2 === 0;
  });
  assert.equal(filtered.take(3).toArray().length, 3);
  assert.ok(looks <= 8, `${looks}`);
});

for (const [name, make] of Object.entries({ expandGrid, zipGrid })) {
  test(`${name}() refuses an axis that is not iterable or is text, and names it`, () => {
    async function* later(): AsyncGenerator<number> {
      yield 1;
    }
    for (const axis of ["abc", 5, null, undefined, {}, () => [1], later()]) {
      assert.throws(() => make({ alpha: axis as number[] }), {
        name: "TypeError",
        message: /^Cannot use alpha as an axis: it is .*pass alpha: \[value\]$/,
      });
    }
  });

  test(`${name}() refuses names that no param can have`, () => {
    for (const reserved of ["result", "result.loss", "_stet_timestamp", ""]) {
      assert.throws(() => make({ [reserved]: [1] }), {
        name: "TypeError",
        message: /rename the param/,
      });
    }
  });

  test(`${name}() refuses axes without names`, () => {
    for (const axes of [[[1, 2]], new Map([["alpha", [1]]]), null, "alpha"]) {
      assert.throws(() => make(axes as unknown as Record<string, number[]>), {
        name: "TypeError",
        message: /names its axes/,
      });
    }
  });
}

test("zipGrid() gives the values of all axes side by side", () => {
  assert.deepEqual([...zipGrid({ alpha: [0.1, 0.5], seed: range(1, 2) })], [
    { alpha: 0.1, seed: 1 },
    { alpha: 0.5, seed: 2 },
  ]);
  assert.deepEqual([...zipGrid({})], []);
});

test("zipGrid() refuses axes of different lengths, and says how long each is", () => {
  assert.throws(() => zipGrid({ alpha: [1, 2, 3], seed: [1], model: ["a", "b", "c"] }), {
    name: "RangeError",
    message: /alpha has 3, seed has 1, model has 3/,
  });
});

test("range() includes both ends", () => {
  assert.deepEqual([...range(0, 4)], [0, 1, 2, 3, 4]);
  assert.deepEqual([...range(0.1, 0.4, 0.1)], [0.1, 0.2, 0.3, 0.4]);
  assert.deepEqual([...range(3, -3, -2)], [3, 1, -1, -3]);
  assert.deepEqual([...range(5, 5)], [5]);
});

test("range() stops before an end that no whole number of steps leads to", () => {
  assert.deepEqual([...range(0, 1, 0.3)], [0, 0.3, 0.6, 0.9]);
});

test("range() gives 0 where fractions cancel out", () => {
  assert.deepEqual([...range(-0.3, 0.3, 0.1)], [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  assert.deepEqual([...linSpace(-0.3, 0.3, 7)], [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
});

test("range() and linSpace() give every integer exactly", () => {
  const big = 9_007_199_254_740_000;
  assert.deepEqual([...range(big, big + 2)], [big, big + 1, big + 2]);
  assert.deepEqual([...linSpace(big, big + 2, 3)], [big, big + 1, big + 2]);
  assert.deepEqual(range(0, 1e15).take(2).toArray(), [0, 1]);
});

test("each decimal that range() gives is the one of its text", () => {
  for (const [i, x] of [...range(-10, 10, 0.001)].entries()) {
    assert.equal(x, (i - 10_000) / 1000);
  }
});

test("range() without an end is refused with an example", () => {
  const called = range as (start: number) => unknown;
  assert.throws(() => called(3), { name: "TypeError", message: /range\(0, 2\) is 0, 1, 2/ });
});

test("range() refuses a step that does not lead to the end", () => {
  assert.throws(() => range(4, 0), { name: "RangeError", message: /step 1 leads away.*pass -1/ });
  assert.throws(() => range(0, 4, -1), RangeError);
  assert.throws(() => range(0, 4, 0), RangeError);
  assert.throws(() => range(1, 2, 1e-14), RangeError);
});

test("linSpace() and geomSpace() include both ends, and round to 12 digits", () => {
  assert.deepEqual([...linSpace(0, 1, 4)], [0, 0.333333333333, 0.666666666667, 1]);
  assert.deepEqual([...linSpace(1, -1, 3)], [1, 0, -1]);
  assert.deepEqual([...geomSpace(1e-4, 0.1, 4)], [1e-4, 1e-3, 1e-2, 1e-1]);
  assert.deepEqual([...geomSpace(8, 1, 4)], [8, 4, 2, 1]);
  assert.deepEqual([...geomSpace(1e-4, 1e-1, 7)], [
    0.0001,
    0.000316227766017,
    0.001,
    0.00316227766017,
    0.01,
    0.0316227766017,
    0.1,
  ]);
});

test("a denser spacing meets the values of the first", () => {
  const dense = new Set([...linSpace(0, 2 * Math.PI, 201), ...geomSpace(1e-3, Math.E, 201)]);
  for (const x of [...linSpace(0, Math.PI, 11), ...geomSpace(1e-3, Math.E, 11)]) {
    assert.ok(dense.has(x), `${x}`);
  }
});

test("spacings refuse ends that are not finite numbers, and counts below 2", () => {
  for (const space of [linSpace, geomSpace]) {
    assert.throws(() => space("1" as unknown as number, 2, 2), TypeError);
    for (const end of [NaN, Infinity, 1e308]) assert.throws(() => space(1, end, 2), RangeError);
    for (const count of [1, 0, -1, 2.5, NaN]) assert.throws(() => space(1, 2, count), RangeError);
  }
  for (const start of [0, -4]) {
    assert.throws(() => geomSpace(start, 1, 4), { name: "RangeError", message: /above 0/ });
  }
});

test("log10() and pow10() are right to 13 digits", () => {
  for (let i = -3000; i <= 3000; i++) {
    const x = i / 10;
    const power = 10 ** x;
    assert.ok(Math.abs(pow10(x) / power - 1) < 1e-13, `pow10(${x})`);
    assert.ok(Math.abs(log10(power) - x) <= 1e-14 * Math.max(1, Math.abs(x)), `log10(${power})`);
  }
});

test("sampleGrid() draws from distributions and values", () => {
  const counts = new Map<string, number>();
  let logs = 0;
  let sum = 0;
  const spec = {
    dropout: { uniform: [0.1, 0.5] },
    lr: { logUniform: [1e-4, 1e-1] },
    layers: { integer: [1, 3] },
    model: ["a", "b"],
  } as const;
  for (const { dropout, lr, layers, model } of sampleGrid(spec, 6000, 7)) {
    assert.ok(dropout >= 0.1 && dropout <= 0.5 && lr >= 1e-4 && lr <= 1e-1);
    sum += dropout;
    if (lr < 1e-3) logs++;
    const pair = `${layers}${model}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), ["1a", "1b", "2a", "2b", "3a", "3b"]);
  // Each is expected 1000 times, with a standard deviation of 29.
  for (const [pair, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${pair}: ${count}`);
  assert.ok(Math.abs(logs - 2000) < 200, `${logs}`);
  assert.ok(Math.abs(sum / 6000 - 0.3) < 0.01, `${sum / 6000}`);
});

test("sampleGrid() gives the same draws for a seed, and others for another", () => {
  const spec = { x: { uniform: [0, 1] } } as const;
  assert.deepEqual([...sampleGrid(spec, 5, 1)], [...sampleGrid(spec, 5, 1)]);
  const both = [...sampleGrid(spec, 50, 1), ...sampleGrid(spec, 50, 2)];
  assert.equal(new Set(both.map(({ x }) => x)).size, 100);
});

test("sampleGrid() keeps earlier draws when it is asked for more combinations or params", () => {
  const x = { uniform: [0, 1] } as const;
  const few = [...sampleGrid({ x }, 5, 1)].map((params) => params.x);
  assert.deepEqual(sampleGrid({ x }, 1e12, 1).take(5).map((params) => params.x).toArray(), few);
  const more = sampleGrid({ seed: { integer: [0, 9] }, x }, 5, 1);
  assert.deepEqual([...more].map((params) => params.x), few);
});

test("sampleGrid() refuses what it cannot draw from, and names it", () => {
  const wrong = [
    [5, TypeError],
    ["abc", TypeError],
    [null, TypeError],
    [{}, TypeError],
    [{ normal: [0, 1] }, TypeError],
    [{ uniform: [0] }, TypeError],
    [{ uniform: [0, 1], integer: [0, 1] }, TypeError],
    [{ uniform: ["0", 1] }, TypeError],
    [[], RangeError],
    [{ uniform: [1, 0] }, RangeError],
    [{ uniform: [0, Infinity] }, RangeError],
    [{ logUniform: [0, 1] }, RangeError],
    [{ integer: [0.5, 2] }, RangeError],
    [{ integer: [0, 2 ** 60] }, RangeError],
  ] as const;
  for (const [source, { name }] of wrong) {
    const spec = { alpha: source as unknown as number[] };
    assert.throws(() => sampleGrid(spec, 1, 1), { name, message: /alpha/ });
  }
  assert.throws(() => sampleGrid({ result: [1] }, 1, 1), TypeError);
  for (const count of [0, 1.5]) assert.throws(() => sampleGrid({ a: [1] }, count, 1), RangeError);
  for (const seed of [0.5, NaN]) assert.throws(() => sampleGrid({ a: [1] }, 1, seed), RangeError);
});

test("the ids of a grid are the same on all runtimes", () => {
  const grid = expandGrid({
    alpha: linSpace(0, 1, 7),
    lr: geomSpace(1e-4, 1e-1, 7),
    seed: range(0, 2),
    model: ["a", "é"],
  });
  const [first] = grid;
  assert.equal(hashParams(first!), "530bf377bb27a985");
  assert.equal(digest(grid), "0d71e782eb99eead");
  assert.equal(
    digest(zipGrid({ x: range(-1, 1, 0.01), y: linSpace(-1, 2, 201) })),
    "4e86bcbe8b31f68c",
  );
});

test("10,000 log spacings and random samples have the same ids on all runtimes", () => {
  assert.equal(digest(expandGrid({ lr: geomSpace(1e-9, 3e7, 10_000) })), "a4af27853c360228");
  const spec = {
    dropout: { uniform: [-1, 1] },
    lr: { logUniform: [1e-9, 3e7] },
    layers: { integer: [1, 1e6] },
    model: ["a", "b", "c"],
  } as const;
  const [first] = sampleGrid(spec, 1, 42);
  assert.deepEqual(first, {
    dropout: -0.0634426969898,
    lr: 4378.65102341,
    layers: 882003,
    model: "a",
  });
  assert.equal(digest(sampleGrid(spec, 10_000, 42)), "a878ebc39cf205b0");
});
