import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../../core/contract/backend.ts";
import { gridOf } from "../../../core/grids/grid.ts";
import { keyOf, keyShape } from "../../../core/keys/key.ts";
import { parseWhere } from "../../../core/tools/where.ts";
import type { Row, Value } from "../../../core/values/value.ts";
import { Columns } from "../../../figures/data/columns/columns.ts";
import { gridPlan, noFacts } from "../../../figures/data/view_facts.ts";
import { viewOf, viewOfColumns } from "../../../figures/data/view_of.ts";

function axis(name: string, values: readonly Value[]) {
  return { names: [name], parts: values.map((value): Row => ({ [name]: value })) };
}

/** Rows from before the grid had the param `model`, and one after. */
const rows: Row[] = [
  ...[1, 2].map((seed) => ({ seed, "result.loss": seed })),
  ...[1, 2].map((seed) => ({ seed, model: "cnn", "result.loss": seed + 2 })),
  { seed: 3, model: "mlp", "result.loss": 3 },
];
const grid = gridOf([axis("seed", [1, 2, 3, 4]), axis("model", ["mlp", "cnn"])]);
const plans = [gridPlan(grid, { model: "mlp" })];

test("rows without a param count as having its default in every figure", () => {
  const { best, choices, effects, heat, progress } = viewOf(rows, {}, { plans }, {
    hasParams: true,
  });
  assert.equal(progress.done, 5);
  assert.deepEqual(choices.params.map(({ name, values }) => [name, values]), [
    ["seed", 4],
    ["model", 2],
  ]);
  assert.deepEqual(best!.rows.map(({ params, mean, n }) => [params, mean, n]), [
    [{ model: "mlp" }, 2, 3],
    [{ model: "cnn" }, 3.5, 2],
  ]);
  assert.deepEqual(effects[0]!.axis.parts.map(({ label }) => label), ["cnn", "mlp"]);
  assert.deepEqual(heat!.cells.n, [2, 3]);
});

test("a condition on a default selects the rows of before, in figures and in the store", () => {
  const found = viewOf(rows, { where: "model = 'mlp'" }, { plans });
  assert.equal(found.rows, 3);
  const { best } = viewOf(rows, {}, { plans });
  const where = best!.rows[0]!.where!;
  assert.equal(where, "(model = 'mlp' or model is absent)");
  assert.equal(viewOf(rows, { where }, { plans }).rows, 3);
  assert.equal(rows.filter(parseWhere(where, ["seed", "model"])).length, 3);
});

test("failures of before have the default, and the key that they were recorded with", () => {
  const failures = [3, 4].map((seed): Failure => (
    { params: { seed }, error: "no", stack: "", attempt: 1, time: "2026-11-30", host: "" }
  ));
  const { best, failures: groups } = viewOf(rows, {}, { plans, failures });
  assert.deepEqual(best!.rows.map(({ failed }) => failed), [2, 0]);
  const [run] = groups[0]!.runs;
  assert.deepEqual(run!.params, [{ name: "seed", value: "3" }, { name: "model", value: "mlp" }]);
  assert.equal(run!.key, keyOf(keyShape(undefined), { seed: 3 }).text);
});

test("a store of which no row has the param yet is of its default", () => {
  const { best, choices } = viewOf(rows.slice(0, 2), {}, { plans });
  assert.equal(best!.configurations, 1);
  assert.deepEqual(best!.rows[0]!.values, ["mlp"]);
  assert.equal(choices.params.find(({ name }) => name === "model")!.values, 2);
});

test("many numbers, texts and values that some rows lack have the default of a param", () => {
  const grown = (valueOf: (i: number) => Value, byDefault: Value, length = 4000): number => {
    const many = Array.from({ length }, (_, i): Row => ({
      ...i % 2 === 0 && { a: valueOf(i) },
      "result.loss": i,
    }));
    const own = [gridPlan(gridOf([axis("a", [byDefault])]), { a: byDefault })];
    return viewOf(many, { where: `a = ${typeof byDefault === "string" ? "'x'" : byDefault}` }, {
      plans: own,
    }).rows;
  };
  assert.equal(grown((i) => i % 40, 7), 2000);
  assert.equal(grown((i) => i % 40, 8), 2100);
  assert.equal(grown((i) => i % 600, 601), 2000);
  assert.equal(grown((i) => `t${i % 600}`, "x"), 2000);
  assert.equal(grown((i) => i % 600, "x"), 2000);
  const length = 140_000;
  assert.equal(grown((i) => i, 8, length), 70_001);
  // As many values as a dictionary holds.
  assert.equal(grown((i) => i / 2, 1000, 2 * 65_536), 65_537);
});

test("the runs of a plan are counted again once it has another default", () => {
  const columns = new Columns();
  columns.add(rows);
  const doneOf = (defaults: Row): number =>
    viewOfColumns(columns, {}, noFacts({ plans: [gridPlan(grid, defaults)] })).progress.done;
  assert.deepEqual([doneOf({}), doneOf({ model: "mlp" }), doneOf({ model: "cnn" })], [3, 5, 3]);
});
