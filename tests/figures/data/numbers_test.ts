import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { viewOf } from "../../../figures/data/view_of.ts";
import type { Aggregate, View } from "../../../figures/view.ts";
import type { Row } from "../../../core/values/value.ts";
import { pythonVenv } from "../../python/python_venv.ts";
import { normalOf, randomOf } from "../samples.ts";

/** Runs with two results, and what the independent computation needs to know of them. */
interface Case {
  readonly params: readonly string[];
  readonly lower: boolean;
  /** True if every combination has as many runs. */
  readonly exact: boolean;
  readonly rows: readonly ({ readonly y: number; readonly other: number } & Row)[];
}

/** The numbers that pandas and statsmodels compute of a case. */
interface Numbers {
  readonly best: readonly (readonly (number | null)[])[];
  readonly within: number;
  readonly front: readonly number[];
  readonly effects: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly heat: Readonly<Record<string, readonly number[]>>;
  readonly shares: { readonly terms: Readonly<Record<string, number>>; readonly noise: number };
  readonly histogram: readonly number[];
}

/** Returns a grid of random size, with effects, interactions and noise; some of its runs are missing. */
function caseOf(seed: number, missing: number): Case {
  const random = randomOf(seed);
  const normal = normalOf(random);
  const count = 2 + Math.floor(random() * 3);
  const params = Array.from({ length: count }, (_, i) => "abcd"[i]!);
  const levels = params.map(() => 2 + Math.floor(random() * 4));
  const replicates = 1 + Math.floor(random() * 4);
  const weights = params.map((_, i) => levels.map(() => normal() / (i + 1)));
  const rows: Case["rows"][number][] = [];
  const total = levels.reduce((product, each) => product * each, replicates);
  for (let i = 0; i < total; i++) {
    let rest = Math.floor(i / replicates);
    const at = levels.map((each) => {
      const level = rest % each;
      rest = Math.floor(rest / each);
      return level;
    });
    if (random() < missing) continue;
    const y = at.reduce((sum, level, p) => sum + (weights[p]![level % count] ?? 0) * level, 0) +
      at[0]! * at[1]! / 3 + normal() / 4;
    const row: Row = {};
    for (const [p, name] of params.entries()) row[name] = name === "b" ? `b${at[p]}` : at[p]!;
    rows.push({ ...row, seed: i % replicates, y, other: Math.round(10 * random()) / 10 + at[1]! });
  }
  return { params, lower: seed % 2 === 0, exact: rows.length === total, rows };
}

function near(actual: number | null | undefined, expected: number | null, what: string): void {
  if (expected === null || actual === null || actual === undefined) {
    return assert.equal(actual, expected, what);
  }
  const isNear = Math.abs(actual - expected) <= 1e-7 * Math.max(1, Math.abs(expected));
  assert(isNear, `${what}: ${actual} is ${expected}`);
}

function viewOfCase({ rows, lower, params }: Case, agg: Aggregate): View {
  const stored = rows.map(({ y, other, ...row }) => ({
    ...row,
    "result.y": y,
    "result.other": other,
  }));
  return viewOf(
    stored,
    {
      metric: "y",
      better: lower ? "lower" : "higher",
      other: "other",
      over: "seed",
      x: params[0]!,
      y: params[1]!,
      z: "",
      agg,
    },
    {},
    { best: 1e6 },
  );
}

test("the numbers of a view are those of pandas and statsmodels", (t) => {
  const python = pythonVenv("python-figures", "figures_requirements.txt");
  if ("missing" in python) return t.skip(`needs pandas and statsmodels: ${python.missing}`);
  const cases = Array.from({ length: 24 }, (_, i) => caseOf(100 + i, [0, 0.05, 0.3, 0.6][i % 4]!))
    .filter(({ rows, params }) =>
      rows.length > 8 && params.every((name) => new Set(rows.map((row) => row[name])).size > 1)
    );
  assert(cases.length > 16);
  const script = fileURLToPath(new URL("../../python/figures_numbers.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python.command, [script], {
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  assert.equal(status, 0, stderr);
  for (const [i, expected] of (JSON.parse(stdout) as Numbers[]).entries()) {
    const each = cases[i]!;
    const view = viewOfCase(each, "mean");
    const what = `case ${i}`;
    checkBest(view, expected, what);
    checkShares(view, expected, each, what);
    checkEffects(view, expected, what);
    for (const [a, agg] of (["mean", "median", "sd", "best", "n"] as const).entries()) {
      checkHeat(agg === "mean" ? view : viewOfCase(each, agg), expected, a, `${what} ${agg}`);
    }
    assert.deepEqual(view.configurations!.histogram.counts, expected.histogram, what);
  }
});

function checkBest(
  { best, choices, configurations }: View,
  expected: Numbers,
  what: string,
): void {
  // Configurations with few runs are last here, and in their place by mean there.
  const sign = choices.better === "lower" ? 1 : -1;
  const rows = best!.rows.toSorted((a, b) => sign * (a.mean - b.mean));
  assert.equal(rows.length, expected.best.length, what);
  for (const [i, [mean, sd, n, least, most]] of expected.best.entries()) {
    const row = rows[i]!;
    near(row.mean, mean!, `${what}, mean ${i}`);
    near(row.sd, sd!, `${what}, sd ${i}`);
    assert.equal(row.n, n, what);
    near(row.least, least!, what);
    near(row.most, most!, what);
  }
  if (rows.every(({ few }) => !few)) assert.equal(best!.ties, expected.within, what);
  const front = configurations!.front!.map((i) => configurations!.mean[i]!).sort((a, b) => a - b);
  assert.equal(front.length, expected.front.length, `${what}, front`);
  for (const [i, mean] of expected.front.entries()) near(front[i], mean, `${what}, front ${i}`);
}

function checkShares({ matters }: View, { shares }: Numbers, { exact }: Case, what: string): void {
  assert.equal(matters!.exact, exact, what);
  const terms = new Map(matters!.shares.map(({ names, share }) => [names.join("*"), share]));
  assert.equal(terms.size, Object.keys(shares.terms).length, what);
  for (const [name, share] of Object.entries(shares.terms)) {
    const sorted = name.split("*").sort().join("*");
    near(terms.get(sorted), share, `${what}, share of ${name}`);
  }
  if (matters!.noise !== null) near(matters!.noise, shares.noise, `${what}, noise`);
  const sum = [...terms.values()].reduce((a, b) => a + b, 0) + matters!.higher +
    (matters!.noise ?? 0);
  assert(sum <= 1 + 1e-9, `${what}: ${sum}`);
}

function checkEffects({ effects }: View, expected: Numbers, what: string): void {
  for (const { axis, mean, low, high, best, n } of effects) {
    const values = expected.effects[axis.name]!;
    assert.equal(axis.parts.length, Object.keys(values).length, what);
    for (const [i, { label }] of axis.parts.entries()) {
      const wanted = values[label]!;
      const found = [mean[i], low[i], high[i], best[i], n[i]];
      for (const [k, number] of found.entries()) {
        near(number, wanted[k]!, `${what}, ${axis.name} = ${label}, ${k}`);
      }
    }
  }
}

function checkHeat({ heat }: View, expected: Numbers, at: number, what: string): void {
  const { x, y, cells } = heat!;
  assert.equal(cells.value.length, Object.keys(expected.heat).length, what);
  for (const [i, value] of cells.value.entries()) {
    const name = `${x.parts[cells.x[i]!]!.label} ${y!.parts[cells.y[i]!]!.label}`;
    const wanted = expected.heat[name]![at]!;
    near(value, Number.isNaN(wanted) ? null : wanted, `${what}, ${name}`);
  }
}
