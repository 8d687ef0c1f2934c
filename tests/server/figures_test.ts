import assert from "node:assert/strict";
import { test } from "node:test";
import { type Grid, gridOf } from "../../core/grids/grid.ts";
import type { Row } from "../../core/values/value.ts";
import { FigureCache } from "../../server/figures/figure_cache.ts";
import { recentRate } from "../../figures/data/progress.ts";
import { progressOf } from "../../server/figures/progress.ts";
import { columnsOf } from "../columns_of.ts";
import { gridPlan, noFacts, type ViewFacts } from "../../figures/data/view_facts.ts";

const start = Date.UTC(2026, 10, 21) / 1000;

function at(seconds: number): Row {
  return { _stet_timestamp: new Date((start + seconds) * 1000).toISOString() };
}

/** The facts of a store at a time, with the params of runs that failed and that are under way. */
function facts(
  seconds: number,
  { failed = [], running = [], grid }: {
    readonly failed?: readonly Row[];
    readonly running?: readonly Row[];
    readonly grid?: Grid;
  } = {},
): ViewFacts {
  return noFacts({
    now: (start + seconds) * 1000,
    failures: failed.map((params) => ({
      params,
      error: "",
      stack: "",
      attempt: 1,
      time: "",
      host: "",
    })),
    claims: running.map((params) => ({ params, holder: "", key: "", since: null })),
    plans: grid ? [gridPlan(grid)] : [],
  });
}

test("progress counts each key once, and the combinations of a grid that was given", async () => {
  const it = await columnsOf([
    { a: 1, s: 0, ...at(0) },
    { a: 1, s: 0, ...at(1) },
    { a: 2, s: 0, ...at(2) },
    { a: 9, s: 9, ...at(3) },
  ]);
  const grid = gridOf([
    { names: ["a"], parts: [{ a: 1 }, { a: 2 }, { a: 3 }] },
    { names: ["s"], parts: [{ s: 0 }, { s: 1 }] },
  ]);
  const progress = progressOf(it.columns, facts(4, { running: [{ a: 2, s: 1 }], grid }));
  assert.equal(progress.rows, 4);
  assert.equal(progress.done, 3);
  assert.deepEqual(progress.grid, {
    total: 6,
    done: 2,
    from: "grid",
    inferred: false,
    left_seconds: 4 / (3 / 4),
  });
  const idle = progressOf(it.columns, facts(4, { grid })).grid;
  assert.equal(idle?.left_seconds, null, "nothing runs");
  it.backend.record({ a: 3, s: 1, ...at(5) });
  it.backend.record({ a: 3, s: 1, ...at(6) });
  await it.follower.catchUp();
  assert.equal(progressOf(it.columns, facts(7, { grid })).grid?.done, 3);
  it.backend.remove({ a: 1 });
  await it.follower.catchUp();
  assert.equal(progressOf(it.columns, facts(7, { grid })).grid?.done, 2);
});

test("a grid is guessed from the values seen, if that is plausible", async () => {
  const { columns } = await columnsOf([{ a: 1, s: 0 }, { a: 1, s: 1 }, { a: 2, s: 0 }]);
  assert.deepEqual(progressOf(columns, facts(0)).grid, {
    total: 4,
    done: 3,
    from: "values",
    inferred: true,
    left_seconds: null,
  });
  // What runs now and what failed are of the grid too.
  const known = facts(0, { failed: [{ a: 3, s: 0 }], running: [{ a: 2, s: 2 }] });
  assert.deepEqual(progressOf(columns, known).grid, {
    total: 9,
    done: 3,
    from: "values",
    inferred: true,
    left_seconds: null,
  });

  const random = Array.from({ length: 40 }, (_, i) => ({ a: Math.sin(i), b: Math.cos(i) }));
  const sampled = await columnsOf(random);
  assert.equal(progressOf(sampled.columns, facts(0)).grid, null);
  const ragged = await columnsOf([{ a: 1 }, { a: 1, b: 1 }]);
  assert.equal(progressOf(ragged.columns, facts(0)).grid, null);
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
  const { columns } = await columnsOf([{ a: 1, _stet_elapsed: 3600, ...at(0) }]);
  const progress = progressOf(columns, facts(3000, { running: [{ a: 2 }, { a: 3 }] }));
  assert.equal(progress.rate_per_second, 2 / 3600);
  assert.equal(progress.grid?.left_seconds, 3600);
});

test("a figure is made once for a state of the store", async () => {
  const it = await columnsOf([{ a: 1 }]);
  const cache = new FigureCache(it.follower);
  let made = 0;
  const ask = (state?: string): Promise<string> =>
    cache.get(
      "count",
      async () => JSON.stringify({ count: it.columns.length, made: ++made }),
      state,
    );
  assert.equal(await ask(), '{"count":1,"made":1}');
  assert.equal(await ask(), '{"count":1,"made":1}');
  it.backend.record({ a: 2 });
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.deepEqual(answers, Array(3).fill('{"count":2,"made":2}'));
  assert.equal(await ask("other"), '{"count":2,"made":3}');
});

test("a slow aggregate is computed again after its minimum interval, and requests wait for it", async () => {
  const it = await columnsOf([{ a: 1 }]);
  const cache = new FigureCache(it.follower);
  const ask = (): Promise<string> =>
    cache.get("slow", async () => {
      for (const end = performance.now() + 5; performance.now() < end;);
      return String(it.columns.length);
    });
  assert.equal(await ask(), "1");
  const made = performance.now();
  it.backend.record({ a: 2 });
  assert.equal(await ask(), "2");
  const rest = performance.now() - made;
  assert(rest > 45, `after ${rest} ms`); // a lower bound: a slow machine only adds
});
