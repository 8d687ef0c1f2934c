import assert from "node:assert/strict";
import { test } from "node:test";
import { gridOf } from "../../core/grids/grid.ts";
import type { Row } from "../../core/values/value.ts";
import { parseWhere } from "../../core/tools/where.ts";
import { columnFigures } from "../../server/figures/column_figures.ts";
import { FigureCache } from "../../server/figures/figure_cache.ts";
import { GridDone } from "../../server/mirror/grid_done.ts";
import type { Heatmap } from "../../server/figures/figures_schemas.ts";
import { heatmapOf } from "../../server/figures/heatmap.ts";
import {
  type KnownKeys,
  progressOf,
  recentRate,
  type Wanted,
} from "../../server/figures/progress.ts";
import { timelineOf } from "../../server/figures/timeline.ts";
import { mirrorOf } from "../mirror_of.ts";

const nobody: KnownKeys = { failed: [], running: [] };
const start = Date.UTC(2026, 10, 21) / 1000;

function at(seconds: number): Row {
  return { _stet_timestamp: new Date((start + seconds) * 1000).toISOString() };
}

/** Rows of a 3-param sweep, some of them twice, some without a number. */
function sweepRows(): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < 600; i++) {
    rows.push({
      alpha: (i % 5) / 10,
      model: ["a", "b'c", "1", "", "é"][i % 3]!,
      seed: Math.floor(i / 15) % 40,
      "result.loss": i % 7 === 0 ? NaN : i % 11 === 0 ? "none" : Math.sin(i) * 10,
      "result.won": i % 4 === 0,
      _stet_elapsed: (i % 13) / 4,
      ...at(i),
    });
  }
  return [...rows, ...rows.slice(0, 50)];
}

/** The mean of numbers, as the mirror has them: NaN and text are none, booleans 0 and 1. */
function meanOf(rows: readonly Row[], column: string): { count: number; mean: number | null } {
  const numbers = rows.flatMap(({ [column]: value }) =>
    typeof value === "boolean"
      ? Number(value)
      : typeof value === "number" && !Number.isNaN(value)
      ? value
      : []
  );
  const sum = numbers.reduce((total, number) => total + number, 0);
  return { count: numbers.length, mean: numbers.length === 0 ? null : sum / numbers.length };
}

/** The rows of each cell, as the conditions of its parts select them. */
function rowsOfCells({ x, y }: Heatmap, rows: readonly Row[]): Map<string, Row[]> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = new Map<string, Row[]>();
  for (const [i, across] of x.parts.entries()) {
    for (const [j, down] of (y?.parts ?? [undefined]).entries()) {
      const text = [across.where, ...down ? [down.where] : []].map((each) => `(${each})`)
        .join(" and ");
      const found = rows.filter(parseWhere(text, names));
      if (found.length > 0) cells.set(`${i},${j}`, found);
    }
  }
  return cells;
}

test("a heat map's cells are the means of the rows that their conditions select", async () => {
  const rows = sweepRows();
  const { mirror } = await mirrorOf(rows);
  for (const color of ["result.loss", "result.won", "duration"]) {
    for (const [x, y] of [["alpha", "model"], ["seed", "alpha"], ["model", undefined]] as const) {
      const heatmap = heatmapOf(mirror, { x, ...y !== undefined && { y }, color });
      const expected = rowsOfCells(heatmap, rows);
      assert.equal(heatmap.cells.length, expected.size);
      for (const { x: i, y: j, count, value } of heatmap.cells) {
        const column = color === "duration" ? "_stet_elapsed" : color;
        const wanted = meanOf(expected.get(`${i},${j}`) ?? [], column);
        assert.equal(count, wanted.count);
        if (wanted.mean === null) assert.equal(value, null);
        else assert(Math.abs(value! - wanted.mean) < 1e-9, `${value} is ${wanted.mean}`);
      }
    }
  }
  mirror.close();
});

test("a heat map of what is done counts each key once", async () => {
  const rows = sweepRows();
  const { mirror } = await mirrorOf(rows);
  const heatmap = heatmapOf(mirror, { x: "alpha", y: "model", color: "done", where: "seed < 20" });
  const expected = rowsOfCells(heatmap, rows.filter(({ seed }) => (seed as number) < 20));
  assert.equal(heatmap.cells.length, expected.size);
  for (const { x, y, value } of heatmap.cells) {
    const keys = expected.get(`${x},${y}`)!.map(({ alpha, model, seed }) =>
      JSON.stringify([alpha, model, seed])
    );
    assert.equal(value, new Set(keys).size);
  }
  mirror.close();
});

test("many numbers are put into ranges, that have every row once", async () => {
  for (const scale of [1, 1e-9, 1e12]) {
    for (const offset of [0, 1.7e9]) {
      const rows: Row[] = Array.from({ length: 500 }, (_, i) => ({ x: offset + i * i * scale }));
      const { mirror } = await mirrorOf(rows);
      const heatmap = heatmapOf(mirror, { x: "x", color: "done" });
      assert(heatmap.x.parts.every(({ where }) => where!.includes(">=")));
      assert.equal(heatmap.cells.reduce((sum, { count }) => sum + count, 0), mirrorKeys(rows));
      const expected = rowsOfCells(heatmap, rows);
      for (const { x, count } of heatmap.cells) {
        assert.equal(count, mirrorKeys(expected.get(`${x},0`)!));
      }
      mirror.close();
    }
  }
});

function mirrorKeys(rows: readonly Row[]): number {
  return new Set(rows.map(({ x }) => x)).size;
}

test("numbers over several orders of magnitude are put into geometric ranges", async () => {
  const rows: Row[] = Array.from({ length: 500 }, (_, i) => ({ x: 1e-6 * 1.05 ** i }));
  const { mirror } = await mirrorOf(rows);
  const { cells } = heatmapOf(mirror, { x: "x", color: "done" });
  assert(cells.every(({ count }) => count >= 14 && count <= 19), JSON.stringify(cells));
  mirror.close();
});

test("of many texts the most frequent are shown, and it is said how many are left out", async () => {
  const rows: Row[] = [];
  for (let i = 0; i < 80; i++) {
    for (let j = 0; j <= i; j++) rows.push({ x: `t${i}`, j });
  }
  const { mirror } = await mirrorOf(rows);
  const { x, cells } = heatmapOf(mirror, { x: "x", color: "done" });
  assert.equal(x.parts.length, 50);
  assert.deepEqual(x.left_out, { values: 30, rows: 30 * 31 / 2 });
  assert.equal(cells.reduce((sum, { count }) => sum + count, 0), rows.length - 30 * 31 / 2);
  mirror.close();
});

test("an absent value is a part of its own", async () => {
  const { mirror } = await mirrorOf([{ a: 1 }, { a: 1, b: 2 }, { a: 2, b: null }]);
  const { x, cells } = heatmapOf(mirror, { x: "b", color: "done" });
  assert.deepEqual(x.parts.map(({ label }) => label), ["None", "2", ""]);
  assert.deepEqual(cells.map(({ count }) => count), [1, 1, 1]);
  mirror.close();
});

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

test("a timeline has every run and failure once, in a hundred stretches or so", async () => {
  for (const span of [0, 50, 5000, 500_000, 5e8]) {
    const count = 777;
    const rows: Row[] = Array.from({ length: count }, (_, i) => ({ i, ...at(span * i / count) }));
    const { mirror } = await mirrorOf([...rows, { i: -1, _stet_timestamp: "long ago" }]);
    const now = start + span;
    const timeline = timelineOf(mirror, [start, now], now);
    assert(timeline.done.length <= 120 && timeline.done.length === timeline.failed.length);
    assert.equal(timeline.done.reduce((sum, each) => sum + each, 0), count);
    assert.equal(timeline.failed.reduce((sum, each) => sum + each, 0), 2);
    const late = timelineOf(mirror, [], now, Math.max(span / 10, 1));
    assert(late.done.reduce((sum, each) => sum + each, 0) <= (span === 0 ? count : count / 9));
    mirror.close();
  }
  const { mirror } = await mirrorOf([]);
  assert.equal(timelineOf(mirror, [], start).start, null);
  mirror.close();
});

test("columnFigures() tells what each column holds", async () => {
  const { mirror } = await mirrorOf([
    { a: 1, b: "x", "result.loss": NaN, ...at(0) },
    { a: 1, b: null, "result.loss": 2, ...at(0) },
    { a: 2n ** 70n, b: [1], ...at(0) },
  ]);
  const [a, b, loss, time] = columnFigures(mirror);
  assert.deepEqual([a!.role, a!.numbers, a!.distinct], ["param", 3, 2]);
  assert.deepEqual([b!.texts, b!.nulls, b!.others, b!.absent], [1, 1, 1, 0]);
  assert.deepEqual([loss!.role, loss!.numbers, loss!.absent], ["result", 2, 1]);
  assert.deepEqual([time!.name, time!.role, time!.distinct], ["_stet_timestamp", "detail", null]);
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
