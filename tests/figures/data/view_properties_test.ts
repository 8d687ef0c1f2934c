import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseWhere } from "../../../core/tools/where.ts";
import { canonicalJson } from "../../../core/values/json.ts";
import type { Row, Value } from "../../../core/values/value.ts";
import { Columns } from "../../../figures/data/columns/columns.ts";
import { noFacts } from "../../../figures/data/view_facts.ts";
import { viewOf, viewOfColumns } from "../../../figures/data/view_of.ts";
import type { Best, View } from "../../../figures/view.ts";

const NAMES = ["a", "b", "seed", "result.m", "result.k", "_stet_elapsed"];

const param = fc.constantFrom<Value | undefined>(
  ...[0, 1, 2, 0.5, "0", "x", "", true, null, [1, 2], { q: 1 }, undefined, NaN, 2n ** 70n],
);
const metric = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom<Value | undefined>(
    NaN,
    Infinity,
    -Infinity,
    true,
    false,
    "none",
    undefined,
    null,
  ),
);
const row = fc.record({
  a: param,
  b: param,
  seed: fc.integer({ min: 0, max: 3 }),
  "result.m": metric,
  "result.k": metric,
  _stet_elapsed: fc.option(fc.double({ min: 0, max: 9, noNaN: true }), { nil: undefined }),
}).map((values) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Row
);
const rows = fc.array(row, { maxLength: 60 });

const condition = fc.constantFrom(
  "a = 1",
  "a != 1",
  "m > 0",
  "m >= 0 and not b is absent",
  'a = [1,2] or b = {"q": 1}',
  "m = nan or k = inf",
  "a < b",
  "a in (0, 'x', null, true)",
  "b is null",
  "seed in (1, 2) and m != 1",
  "a = nan",
  "m < k or a is not absent",
);

/** A run's number, as figures count it. */
function numberOf(value: Value | undefined): number {
  return typeof value === "boolean" || typeof value === "number" ? Number(value) : NaN;
}

/** The means of configurations, computed run by run. */
function meansOf(
  some: readonly Row[],
  names: readonly string[],
  name: string,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const each of some) {
    const number = numberOf(each[name]);
    if (!Number.isFinite(number)) continue;
    const key = names.map((param) => each[param] === undefined ? "" : canonicalJson([each[param]!]))
      .join();
    const group = groups.get(key);
    if (group) group.push(number);
    else groups.set(key, [number]);
  }
  return groups;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
}

const query = { metric: "m", better: "lower", other: "k", over: "seed", z: "" } as const;
const limits = { best: 1e6 };

/** Returns the view of some rows, or undefined if no run has a number. */
function viewOfRows(some: readonly Row[], where = ""): View | undefined {
  const has = (name: string): boolean => some.some((each) => Number.isFinite(numberOf(each[name])));
  if (!has("result.m") || !has("result.k") || !some.some((each) => "seed" in each)) {
    return undefined;
  }
  return viewOf(some, { ...query, where }, {}, limits);
}

test("a condition selects the same runs of columns as of rows", () => {
  fc.assert(
    fc.property(rows, condition, (some, where) => {
      const names = [...new Set(some.flatMap((each) => Object.keys(each)))];
      let expected: Row[];
      try {
        expected = some.filter(parseWhere(where, names));
      } catch {
        return; // a column that no row has
      }
      assert.equal(viewOf(some, { where }).rows, expected.length, where);
    }),
    { numRuns: 300 },
  );
});

test("the best configurations are those of the runs one by one, and so are ties", () => {
  fc.assert(
    fc.property(rows, fc.option(condition, { nil: "" }), (some, where) => {
      const names = [...new Set(some.flatMap((each) => Object.keys(each)))];
      if (where !== "" && !NAMES.every((name) => names.includes(name))) return;
      const view = viewOfRows(some, where ?? "");
      if (!view) return;
      const selected = where ? some.filter(parseWhere(where, names)) : some;
      const groups = [...meansOf(selected, ["a", "b"], "result.m").values()];
      assert.deepEqual(view.best?.configurations ?? 0, groups.length);
      if (!view.best) return;
      checkBest(view.best, groups);
      const counts = view.configurations!.histogram.counts;
      assert.equal(counts.reduce((a, b) => a + b, 0), groups.flat().length);
    }),
    { numRuns: 300 },
  );
});

function checkBest({ rows, ties }: Best, groups: readonly (readonly number[])[]): void {
  const expected = groups.map((group) => mean(group)).sort((a, b) => a - b);
  const found = rows.map((each) => each.mean).sort((a, b) => a - b);
  for (const [i, each] of expected.entries()) assert(near(found[i]!, each));
  const full = rows.filter(({ few }) => !few);
  for (const [i, each] of rows.entries()) {
    if (i > 0 && rows[i - 1]!.few === each.few) assert(rows[i - 1]!.mean <= each.mean);
    if (i > 0) assert(!rows[i - 1]!.few || each.few, "those with few runs are last");
    assert(each.least <= each.mean + 1e-9 && each.mean <= each.most + 1e-9);
  }
  const first = full[0] ?? rows[0]!;
  const error = (first.sd ?? 0) / Math.sqrt(first.n);
  assert(ties >= 1);
  for (const [i, each] of full.entries()) {
    const difference = each.mean - first.mean;
    if (!near(difference, error)) assert.equal(i < ties, difference <= error, `${i} of ${ties}`);
  }
}

test("shares are 0 to 1, and never add up to more than 1", () => {
  fc.assert(
    fc.property(rows, (some) => {
      const matters = viewOfRows(some)?.matters;
      if (!matters) return;
      const shares = [
        ...matters.shares.map(({ share }) => share),
        matters.higher,
        matters.noise ?? 0,
      ];
      for (const share of shares) assert(share >= 0 && share <= 1 + 1e-9, `${share}`);
      assert(shares.reduce((a, b) => a + b, 0) <= 1 + 1e-9);
      assert(matters.configurations <= matters.of);
    }),
    { numRuns: 300 },
  );
});

test("no configuration dominates one of the front, and each other is dominated or equal", () => {
  fc.assert(
    fc.property(rows, (some) => {
      const configurations = viewOfRows(some)?.configurations;
      if (!configurations?.front) return;
      const { mean, other, front } = configurations;
      const points = mean.map((x, i) => ({ x, y: other![i] ?? null }));
      // Less of m is better, and more of k.
      const beats = (a: number, b: number): boolean => {
        const [p, q] = [points[a]!, points[b]!];
        if (p.y === null || q.y === null) return false;
        return p.x <= q.x && p.y >= q.y && (p.x < q.x || p.y > q.y);
      };
      const on = new Set(front);
      for (const [i, { x, y }] of points.entries()) {
        if (y === null) {
          assert(!on.has(i));
          continue;
        }
        const isBeaten = points.some((_, k) => beats(k, i));
        if (on.has(i)) assert(!isBeaten);
        else assert(isBeaten || front.some((k) => points[k]!.x === x && points[k]!.y === y));
      }
    }),
    { numRuns: 300 },
  );
});

test("quantiles of an effect are between its extremes and in order", () => {
  fc.assert(
    fc.property(rows, (some) => {
      for (const { mean, low, high, best, n, axis } of viewOfRows(some)?.effects ?? []) {
        assert.equal(axis.parts.length, mean.length);
        for (const [i, count] of n.entries()) {
          if (count === 0) {
            assert.deepEqual([mean[i], low[i], high[i], best[i]], [null, null, null, null]);
            continue;
          }
          assert(best[i]! <= low[i]! + 1e-9 && low[i]! <= high[i]! + 1e-9);
          if (count === 1) assert(near(low[i]!, mean[i]!) && near(high[i]!, mean[i]!));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a map has each number once", () => {
  fc.assert(
    fc.property(rows, (some) => {
      const view = viewOfRows(some);
      if (!view?.heat) return;
      const count = some.filter((each) => Number.isFinite(numberOf(each["result.m"]))).length;
      assert.equal(view.heat.cells.n.reduce((a, b) => a + b, 0), count);
    }),
    { numRuns: 200 },
  );
});

test("rows that are added one after another have the view of all at once", () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat(20), { maxLength: 8 }), (some, sizes) => {
      const columns = new Columns();
      let from = 0;
      for (const size of [...sizes, some.length]) {
        columns.add(some.slice(from, from + size));
        viewOfColumns(columns, {}, noFacts({ now: 0 })); // what is kept of it must not stay
        from += size;
      }
      const whole = new Columns();
      whole.add(some);
      assert.deepEqual(
        viewOfColumns(columns, {}, noFacts({ now: 0 })),
        viewOfColumns(whole, {}, noFacts({ now: 0 })),
      );
    }),
    { numRuns: 100 },
  );
});

test("columns with very many values select and average as rows do", () => {
  const some: Row[] = Array.from({ length: 5000 }, (_, i) => {
    const each: Row = { a: i % 7, seed: i };
    if (i % 11 !== 0) each["result.m"] = i % 13 === 0 ? "none" : i % 17 === 0 ? NaN : i / 7;
    if (i > 2500) each["result.t"] = `text ${i}`;
    return each;
  });
  const names = ["a", "seed", "result.m", "result.t"];
  for (
    const where of ["m > 300", "m = 'none'", "m = nan", "m is absent", "t > 'text 4'", "seed < m"]
  ) {
    const view = viewOf(some, { ...query, where, other: "" });
    const expected = some.filter(parseWhere(where, names));
    assert.equal(view.rows, expected.length, where);
    const groups = [...meansOf(expected, ["a"], "result.m").values()];
    if (groups.length > 0) checkBest(view.best!, groups.slice().sort((a, b) => mean(a) - mean(b)));
  }
});
