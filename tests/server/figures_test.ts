import assert from "node:assert/strict";
import { test } from "node:test";
import { gridOf } from "../../core/grids/grid.ts";
import type { Row } from "../../core/values/value.ts";
import { FigureCache } from "../../server/figures/figure_cache.ts";
import { GridDone } from "../../server/mirror/grid_done.ts";
import { recentRate } from "../../figures/data/progress.ts";
import { type KnownKeys, progressOf, type Wanted } from "../../server/figures/progress.ts";
import { mirrorOf } from "../mirror_of.ts";

const nobody: KnownKeys = { failed: [], running: [] };
const start = Date.UTC(2026, 10, 21) / 1000;

function at(seconds: number): Row {
  return { _stet_timestamp: new Date((start + seconds) * 1000).toISOString() };
}

test("progress counts each key once, and the combinations of a grid that was given", async () => {
  const { backend, mirror, follower } = await mirrorOf([
    { a: 1, s: 0, ...at(0) },
    { a: 1, s: 0, ...at(1) },
    { a: 2, s: 0, ...at(2) },
    { a: 9, s: 9, ...at(3) },
  ]);
  const grid = new GridDone(gridOf([
    { names: ["a"], parts: [{ a: 1 }, { a: 2 }, { a: 3 }] },
    { names: ["s"], parts: [{ s: 0 }, { s: 1 }] },
  ]));
  const wanted = (): Wanted => ({ total: 6, done: grid.count(mirror), from: "grid" });
  const progress = progressOf(
    mirror,
    { ...nobody, running: [{ a: 2, s: 1 }] },
    wanted(),
    start + 4,
  );
  assert.equal(progress.rows, 4);
  assert.equal(progress.done, 3);
  assert.deepEqual(progress.grid, {
    total: 6,
    done: 2,
    from: "grid",
    inferred: false,
    left_seconds: 4 / (3 / 4),
  });
  const idle = progressOf(mirror, nobody, wanted(), start + 4).grid;
  assert.equal(idle?.left_seconds, null, "nothing runs");
  backend.record({ a: 3, s: 1, ...at(5) });
  backend.record({ a: 3, s: 1, ...at(6) });
  await follower.catchUp();
  assert.equal(progressOf(mirror, nobody, wanted(), start + 7).grid?.done, 3);
  backend.remove({ a: 1 });
  await follower.catchUp();
  assert.equal(progressOf(mirror, nobody, wanted(), start + 7).grid?.done, 2);
  mirror.close();
});

test("a grid is guessed from the values seen, if that is plausible", async () => {
  const { mirror } = await mirrorOf([{ a: 1, s: 0 }, { a: 1, s: 1 }, { a: 2, s: 0 }]);
  const guess = (known: KnownKeys): unknown => progressOf(mirror, known, undefined, start).grid;
  assert.deepEqual(guess(nobody), {
    total: 4,
    done: 3,
    from: "values",
    inferred: true,
    left_seconds: null,
  });
  // What runs now and what failed are of the grid too.
  const known = { failed: [{ a: 3, s: 0 }], running: [{ a: 2, s: 2 }] };
  assert.deepEqual(guess(known), {
    total: 9,
    done: 3,
    from: "values",
    inferred: true,
    left_seconds: null,
  });
  mirror.close();

  const random = Array.from({ length: 40 }, (_, i) => ({ a: Math.sin(i), b: Math.cos(i) }));
  const sampled = await mirrorOf(random);
  assert.equal(progressOf(sampled.mirror, nobody, undefined, start).grid, null);
  sampled.mirror.close();
  const ragged = await mirrorOf([{ a: 1 }, { a: 1, b: 1 }]);
  assert.equal(progressOf(ragged.mirror, nobody, undefined, start).grid, null);
  ragged.mirror.close();
});

test("recentRate() is of the runs since the last long pause", () => {
  assert.equal(recentRate([], 100), undefined);
  assert.equal(recentRate([99], 100), undefined);
  assert.equal(recentRate([100, 99, 98, 97, 96], 101), 4 / 5);
  // An hour's pause before: those are of another sweep.
  const ends = [...Array(10).keys()].map((i) => 10_000 - i);
  const older = [...Array(10).keys()].map((i) => 9500 - i);
  assert.equal(recentRate([...ends, ...older], 10_000), recentRate(ends, 10_000));
  assert.equal(recentRate(older, 20_000), undefined);
  assert.equal(recentRate([200, 100, 99], 101), 1 / 2); // one is of a clock that is ahead
});

test("a rate is guessed from how long runs take while few have ended", async () => {
  const { mirror } = await mirrorOf([{ a: 1, _stet_elapsed: 3600, ...at(0) }]);
  const running = [{ a: 2 }, { a: 3 }];
  const progress = progressOf(mirror, { failed: [], running }, undefined, start + 3000);
  assert.equal(progress.rate_per_second, 2 / 3600);
  assert.equal(progress.grid?.left_seconds, 3600);
  mirror.close();
});

test("a figure is made once for a state of the store", async () => {
  const { backend, mirror, follower } = await mirrorOf([{ a: 1 }]);
  const cache = new FigureCache(follower);
  let made = 0;
  const ask = (state?: string): Promise<string> =>
    cache.get("count", async () => JSON.stringify({ count: mirror.count, made: ++made }), state);
  assert.equal(await ask(), '{"count":1,"made":1}');
  assert.equal(await ask(), '{"count":1,"made":1}');
  backend.record({ a: 2 });
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.deepEqual(answers, Array(3).fill('{"count":2,"made":2}'));
  assert.equal(await ask("other"), '{"count":2,"made":3}');
  mirror.close();
});

test("a slow aggregate is computed again after its minimum interval, and requests wait for it", async () => {
  const { backend, mirror, follower } = await mirrorOf([{ a: 1 }]);
  const cache = new FigureCache(follower);
  const ask = (): Promise<string> =>
    cache.get("slow", async () => {
      for (const end = performance.now() + 5; performance.now() < end;);
      return String(mirror.count);
    });
  assert.equal(await ask(), "1");
  const made = performance.now();
  backend.record({ a: 2 });
  assert.equal(await ask(), "2");
  const rest = performance.now() - made;
  assert(rest > 45, `after ${rest} ms`); // a lower bound: a slow machine only adds
  mirror.close();
});
