import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { dates, expandGrid, geomSpace, hashParams, range, sampleGrid, zipGrid } from "../../mod.ts";

/** One hash over the ids of all combinations, in order. */
function digest(grid: Iterable<object>): string {
  const all = createHash("sha256");
  for (const params of grid) all.update(hashParams(params));
  return all.digest("hex").slice(0, 16);
}

const axes = { a: range(0, 19), b: ["x", "y", "z"], c: [true, false] };

test("sampleGrid() draws each combination of a grid once at most", () => {
  const grid = expandGrid(axes);
  const all = new Set([...grid].map((params) => hashParams(params)));
  for (const count of [1, 7, 119, 120, 500]) {
    for (const seed of [0, 1, -5, 2 ** 40]) {
      const ids = [...sampleGrid(grid, count, seed)].map((params) => hashParams(params));
      assert.equal(new Set(ids).size, Math.min(count, 120));
      assert.equal(ids.length, Math.min(count, 120));
      assert.ok(ids.every((id) => all.has(id)));
    }
  }
});

test("a larger sample of a grid begins with the smaller one", () => {
  const whole = [...sampleGrid(expandGrid(axes), 120, 3)];
  for (let count = 1; count < 120; count += 13) {
    assert.deepEqual([...sampleGrid(expandGrid(axes), count, 3)], whole.slice(0, count));
  }
});

test("every combination of a grid is drawn as often as each other one, at every place", () => {
  const counts = [0, 1, 2, 3, 4].map(() => [0, 0, 0]);
  for (let seed = 0; seed < 5000; seed++) {
    const drawn = sampleGrid(expandGrid({ n: range(0, 4) }), 3, seed).toArray();
    for (const [place, { n }] of drawn.entries()) counts[n]![place]!++;
  }
  // Each is expected 1000 times, with a standard deviation of 28.
  for (const count of counts.flat()) assert.ok(Math.abs(count - 1000) < 150, `${counts}`);
});

test("sampleGrid() draws from a grid of any size without going through it", () => {
  const huge = range(0, 99_999);
  const drawn = sampleGrid(expandGrid({ a: huge, b: huge, c: range(0, 9999) }), 1000, 1);
  assert.equal(new Set([...drawn].map((params) => hashParams(params))).size, 1000);
  const zipped = expandGrid({ ...axes, d: range(0, 19) }, { zip: ["a", "d"] });
  assert.deepEqual([...sampleGrid(zipped, 50, 2)], [...sampleGrid([...zipped], 50, 2)]);
  const more = expandGrid({ a: huge, b: huge, c: huge, d: huge });
  assert.throws(() => sampleGrid(more, 1, 1), { name: "RangeError", message: /give it fewer/ });
});

test("sampleGrid() takes what a filter or any other iterable gives, and reads it once", () => {
  let reads = 0;
  function* combinations(): Generator<{ n: number }> {
    reads++;
    for (let n = 0; n < 10; n++) yield { n };
  }
  const drawn = sampleGrid(combinations(), 4, 1);
  assert.deepEqual([...drawn], [...drawn]);
  assert.equal(reads, 1);
  const even = expandGrid(axes).filter(({ a }) => a % 2 === 0);
  assert.ok(sampleGrid(even, 30, 1).every(({ a }) => a % 2 === 0));
  assert.deepEqual([...sampleGrid([], 5, 1)], []);
  assert.equal(drawn.length, 4);
  assert.equal(sampleGrid(expandGrid(axes), 500, 1).length, 120);
});

test("sampleGrid() refuses what is no combination", () => {
  assert.throws(() => sampleGrid([1, 2] as unknown as object[], 1, 1), {
    name: "TypeError",
    message: /a combination is 1, and must be an object that names its params/,
  });
  for (const count of [0, 1.5]) assert.throws(() => sampleGrid([{}], count, 1), RangeError);
  assert.throws(() => sampleGrid([{}], 1, 0.5), RangeError);
});

test("zip in expandGrid() takes axes hand in hand, in the place of the first", () => {
  const grid = expandGrid({ a: [1, 2], s: [0, 1], b: ["x", "y"] }, { zip: ["a", "b"] });
  assert.deepEqual([...grid], [
    { a: 1, b: "x", s: 0 },
    { a: 1, b: "x", s: 1 },
    { a: 2, b: "y", s: 0 },
    { a: 2, b: "y", s: 1 },
  ]);
  const two = expandGrid({ a: [1, 2], b: [3, 4], c: [5, 6], d: [7, 8] }, {
    zip: [["a", "b"], ["d", "c"]],
  });
  assert.equal([...two].length, 4);
  assert.equal(two.length, 4);
  assert.ok(two.every(({ a, b, c, d }) => b === a + 2 && d === c + 2));
  const names = ["a", "b"] as const;
  const both = { a: range(1, 50), b: geomSpace(1, 50, 50) };
  assert.deepEqual([...expandGrid(both, { zip: names })], [...zipGrid(both)]);
  assert.deepEqual([...expandGrid(both, { zip: [] })], [...expandGrid(both)]);
});

test("zip refuses axes that are not there, alone, named twice or of other lengths", () => {
  const three = { alpha: [1, 2], beta: [1, 2], gamma: [1] };
  for (
    const [zip, message] of [
      [["alpha", "bata"], /Cannot zip bata: it is no axis of the grid; did you mean beta\?/],
      [["alpha"], /Cannot zip alpha alone/],
      [["alpha", "alpha"], /Cannot zip alpha: it is named twice/],
      [[["alpha", "beta"], ["alpha", "gamma"]], /named twice/],
      [["alpha", "gamma"], /different lengths: alpha has 2, gamma has 1/],
    ] as const
  ) {
    const options = { zip: zip as ["alpha"] };
    assert.throws(() => expandGrid(three, options), { name: "RangeError", message });
  }
  assert.throws(() => expandGrid(three, { zpi: ["alpha", "beta"] } as object), {
    name: "TypeError",
    message: /Cannot make a grid: there is no option "zpi"; did you mean "zip"\?/,
  });
});

test("samples of a zipped and filtered grid have the same ids on all runtimes", () => {
  const grid = expandGrid({
    day: dates("2024-01-31", "2026-01-31", "1mo"),
    model: ["s", "m", "l"],
    batch: [64, 32, 8],
    lr: geomSpace(1e-5, 1, 50),
  }, { zip: ["model", "batch"] }).filter(({ lr, batch }) => lr < 0.1 || batch > 32);
  assert.equal(digest(sampleGrid(grid, 1000, 42)), "122fab9b59d9b3a1");
  const [first] = sampleGrid(expandGrid({ n: range(1, 1e6) }), 1, 42);
  assert.deepEqual(first, { n: 705910 });
});
