import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../../core/contract/backend.ts";
import { gridOf } from "../../../core/grids/grid.ts";
import { keyOf, keyShape } from "../../../core/keys/key.ts";
import { parseWhere } from "../../../core/tools/where.ts";
import type { Row, Value } from "../../../core/values/value.ts";
import { failureKind, failureLine } from "../../../figures/data/failure_groups.ts";
import { gridPlan, type ViewClaim, type ViewPlan } from "../../../figures/data/view_facts.ts";
import { isGeometric } from "../../../figures/data/view_axis.ts";
import { viewOf } from "../../../figures/data/view_of.ts";
import { betterOf } from "../../../figures/data/better_of.ts";
import { gzipSync } from "node:zlib";
import { namespacesSample, randomOf, samples, searchSample } from "../samples.ts";

const NOW = Date.UTC(2026, 10, 30, 12);

/** A run that ended so many seconds ago. */
function run(params: Row, loss: Value, ago: number, took = 2): Row {
  const time = new Date(NOW - ago * 1000).toISOString();
  return { ...params, "result.loss": loss, _stet_elapsed: took, _stet_timestamp: time };
}

function claim(params: Row, ago: number | null): ViewClaim {
  return {
    params,
    holder: "pid 7 on gpu-01",
    key: keyOf(keyShape(undefined), params).text,
    since: ago === null ? null : new Date(NOW - ago * 1000).toISOString(),
  };
}

function failure(params: Row, error: string): Failure {
  return { params, error, stack: "", attempt: 1, time: new Date(NOW).toISOString(), host: "" };
}

function axis(name: string, values: readonly Value[]) {
  return { names: [name], parts: values.map((value): Row => ({ [name]: value })) };
}

const plan = gridPlan(gridOf([axis("lr", [0.1, 1, 10]), axis("seed", [1, 2, 3, 4])]));

test("progress is of the plan, and time is left only while something runs", () => {
  const rows = [1, 2, 3, 4].map((seed) => run({ lr: 0.1, seed }, 1, 50 - 10 * seed));
  rows.push(run({ lr: 7, seed: 1 }, 1, 1)); // not of the plan
  const ended = viewOf(rows, {}, { plans: [plan], now: NOW });
  assert.equal(ended.progress.planned, 12);
  assert.equal(ended.progress.planned_from, "grid");
  assert.equal(ended.progress.done, 4);
  assert.equal(ended.progress.others, 1);
  assert.equal(ended.progress.left_seconds, null);
  const claims = [claim({ lr: 1, seed: 1 }, 1)];
  const { progress } = viewOf(rows, {}, { plans: [plan], claims, now: NOW });
  assert(progress.left_seconds! > 20 && progress.left_seconds! < 200, `${progress.left_seconds}`);
});

test("runs and failures outside of the plans are counted apart", () => {
  const rows = [0, 1].flatMap((_, i) =>
    [1, 2, 3].map((seed) => ({
      ...run({ lr: 0.1, seed }, 1, 10 * seed),
      _stet_namespace: "ab"[i]!,
    }))
  );
  rows.push({ ...rows[0]! }, { ...run({ lr: 0.1, seed: 4 }, 1, 5), _stet_namespace: "b" });
  const all = { ...plan, from: "plan" } as const;
  const some = { ...all, namespace: "a", places: [0, 1, 5], count: 3 };
  const seen = (plans: readonly ViewPlan[]) => {
    const { done, others, planned } = viewOf(rows, {}, { plans }).progress;
    return [done, others, planned];
  };
  assert.deepEqual(seen([some]), [2, 5, 3]);
  assert.deepEqual(seen([some, { ...all, namespace: "b", time: "2" }]), [6, 1, 15]);
  assert.deepEqual(seen([some, { ...all, namespace: "b", factors: null }]), [6, 1, 15]);
  assert.deepEqual(seen([{ ...all, namespace: "c" }]), [0, 7, 12]);
  assert.deepEqual(seen([all]), [4, 0, 12]);
  assert.deepEqual(seen([]), [7, 0, null]);

  const facts = { plans: [plan], claims: [claim({ lr: 1, seed: 1 }, 1)], now: NOW };
  const left = (failures: readonly Failure[]) =>
    viewOf(rows, {}, { ...facts, failures }).progress.left_seconds;
  assert.equal(left([failure({ lr: 7, seed: 1 }, "no")]), left([]));
  assert(left([failure({ lr: 10, seed: 1 }, "no")])! < left([])!);
  // A run that failed and runs again is left.
  assert.equal(left([failure({ lr: 1, seed: 1 }, "no")]), left([]));
  const both = [failure({ lr: 7, seed: 1 }, "no"), failure({ lr: 10, seed: 1 }, "no")];
  const { failed, other_failed } = viewOf(rows, {}, { ...facts, failures: both }).progress;
  assert.deepEqual([failed, other_failed], [2, 1]);
});

test("the shards of a sweep have every so many-th combination", () => {
  const rows = [1, 2, 3, 4].map((seed) => run({ lr: 0.1, seed }, 1, 10)).concat([
    run({ lr: 0.1, seed: 1 }, 1, 5),
    run({ lr: 7, seed: 1 }, 1, 5),
  ]);
  const failures = [failure({ lr: 10, seed: 4 }, "no"), failure({ lr: 7, seed: 2 }, "no")];
  const facts = { failures, claims: [claim({ lr: 1, seed: 1 }, 1)] };
  const shards = (more: Partial<ViewPlan>) =>
    viewOf(rows, {}, { ...facts, plans: [{ ...plan, ...more }] }).shards;
  assert.equal(shards({}), null);
  assert.deepEqual(shards({ shards: 5 }), {
    planned: [3, 3, 2, 2, 2],
    done: [1, 1, 1, 1, 0],
    failed: [0, 1, 0, 0, 0],
    running: [0, 0, 0, 0, 1],
  });
  const some = shards({ shards: 2, count: 3, places: [0, 3, 11] })!;
  assert.deepEqual([some.planned, some.done, some.failed], [[2, 1], [1, 1], [1, 0]]);
  assert.equal(shards({ shards: 5, factors: null }), null);
});

test("a plan without a run is an empty map", () => {
  const { heat, choices, best } = viewOf([], {}, { plans: [plan] });
  assert.equal(best, null);
  assert.deepEqual(choices.over, ["seed"]);
  assert.deepEqual(heat!.x.parts.map(({ label }) => label), ["0.1", "1", "10"]);
  assert.deepEqual(heat!.cells.n, [0, 0, 0]);
});

test("planned runs decide which configurations have few", () => {
  const rows = [
    ...[1, 2, 3, 4].map((seed) => run({ lr: 0.1, seed }, 5 + seed / 10, 10)),
    run({ lr: 1, seed: 1 }, 1, 5),
  ];
  const { best } = viewOf(rows, {}, { plans: [plan] });
  assert.deepEqual(best!.rows.map(({ few, planned, n }) => [few, planned, n]), [
    [false, 4, 4],
    [true, 4, 1],
  ]);
  assert.equal(best!.ties, 1);
});

test("no configuration has more runs than are planned of it", () => {
  const rows = [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1]].map(([lr, seed]) =>
    run({ lr: lr!, seed: seed! }, lr! + seed! / 10, 10)
  );
  const parts = rows.map(({ lr, seed }): Row => ({ lr: lr!, seed: seed! }));
  const zipped = gridPlan(gridOf([{ names: ["lr", "seed"], parts }]));
  const planned = (plans: readonly ViewPlan[]) =>
    viewOf(rows, {}, { plans }).best!.rows.map(({ n, planned }) => [n, planned]);
  assert.deepEqual(planned([zipped]), [[2, 2], [2, 2], [1, 2]]);
  const other = gridPlan(gridOf([axis("lr", [3]), axis("seed", [1])]));
  assert.deepEqual(planned([other]), [[2, null], [2, null], [1, 1]]);
});

test("a condition on replicates leaves no configuration with few runs of the plan", () => {
  const rows = [0.1, 1, 10].flatMap((lr) =>
    [1, 2, 3, 4].map((seed) => run({ lr, seed }, lr + seed / 10, 10))
  );
  const { best } = viewOf(rows, { where: "seed = 1" }, { plans: [plan] });
  assert.deepEqual(best!.rows.map(({ few, planned }) => [few, planned]), Array(3).fill([false, 1]));
  const ofOthers = viewOf(rows.slice(0, 5), { where: "lr < 5" }, { plans: [plan] });
  assert.deepEqual(ofOthers.best!.rows.map(({ few, planned }) => [few, planned]), [
    [false, 4],
    [true, 4],
  ]);
});

test("the texts of a matrix are of one test case, whatever the order in which runs ended", () => {
  const answer = (model: string, input: string): Row => (
    { model, prompt: "p", input, "result.output": `${model} of ${input}`, "result.tokens": 7 }
  );
  const rows = [
    ...[answer("a", "x"), answer("b", "y"), answer("b", "x"), answer("a", "y")],
    answer("c", "y"), // its run with x has failed
  ];
  const evals = viewOf(rows, { row: "model", column: "" }).evals!;
  assert.deepEqual(evals.others, [{ name: "input", value: "x" }]);
  assert.deepEqual(evals.cells.map(({ output, like }) => [output, like]), [
    ["a of x", true],
    ["b of x", true],
    ["c of y", false],
  ]);
  assert.deepEqual(viewOf(rows, { row: "model", column: "input" }).evals!.others, []);
});

test("a run is slow after three times the 95 % quantile, and what its configuration takes", () => {
  const rows = [1, 2, 3, 4].flatMap((seed) => [
    run({ lr: 0.1, seed }, 1, 100, 2),
    run({ lr: 1, seed }, 1, 100, 100),
  ]);
  const claims = [
    claim({ lr: 0.1, seed: 9 }, 50),
    claim({ lr: 1, seed: 9 }, 250),
    claim({ lr: 1, seed: 10 }, 400),
    claim({ seed: 1, lr: 7 }, null), // listed in the order of the store
  ];
  const { running } = viewOf(rows, {}, { claims, now: NOW });
  assert.deepEqual(
    running.map(({ params, usual_seconds: usual, slow }) => [params[0]!.value, usual, slow]),
    [["1", 100, true], ["1", 100, false], ["0.1", 2, false], ["7", 51, false]],
  );
});

test("failures are grouped by their telling line but for numbers, with the params that concentrate them", () => {
  assert.equal(
    failureLine("python exited with code 1: RuntimeError: CUDA out of memory\nTraceback\n  x"),
    "RuntimeError: CUDA out of memory",
  );
  assert.equal(failureLine("loss is NaN at step 37"), "loss is NaN at step 37");
  assert.equal(
    failureLine("sh was killed by SIGKILL\nIts output: /tmp/x.log"),
    "sh was killed by SIGKILL",
  );
  assert.equal(failureLine("HTTP 400\n{\n}"), "HTTP 400");
  assert.equal(
    failureLine("Traceback (most recent call last):\n  File x\nValueError: no"),
    "ValueError: no",
  );
  assert.equal(
    failureKind("at 0x7ffe12 in 3f2504e0-4f89-11d3-9a0c-0305e82c3301, -1.5e-7 of 1,024 at step12"),
    "at # in #, # of # at step#",
  );
  const rows = [1, 2, 3, 4].flatMap((seed) => [0.1, 1].map((lr) => run({ lr, seed }, 1, 1)));
  const failures = [5, 6, 7].map((seed) => failure({ lr: 10, seed }, `NaN at step ${seed}`));
  const { failures: [group], heat } = viewOf(rows, {}, { failures });
  assert.deepEqual([group!.kind, group!.line, group!.count], [
    "NaN at step #",
    "NaN at step #",
    3,
  ]);
  const same = [5, 6].map((seed) => failure({ lr: 10, seed }, "HTTP 400"));
  assert.equal(viewOf(rows, {}, { failures: same }).failures[0]!.line, "HTTP 400");
  assert.deepEqual(group!.concentrated, [{ name: "lr", value: "10", count: 3, of: 3 }]);
  assert.deepEqual(heat!.cells.failed, [0, 0, 3]);
  const filtered = viewOf(rows, { where: "lr = 10" }, { failures });
  assert.deepEqual([filtered.rows, filtered.failures.length, filtered.progress.failed], [0, 1, 3]);
  assert.deepEqual(viewOf(rows, { where: "loss > 0" }, { failures }).failures, []);
});

test("configurations of which all runs failed are counted, and those with a success are not", () => {
  const rows = [0.1, 1].flatMap((lr) => [1, 2].map((seed) => run({ lr, seed }, lr, 1)));
  const failures = [[1, 3], [10, 1], [10, 2], [20, 1]].map(([lr, seed]) =>
    failure({ lr: lr!, seed: seed! }, "no")
  );
  const { notes } = viewOf(rows, {}, { failures });
  assert.equal(notes[0], "2 configurations are not ranked: their runs failed.");
  const some = viewOf(rows, { where: "lr != 20" }, { failures }).notes;
  assert.equal(some[0], "1 configuration is not ranked: its runs failed.");
});

test("metrics are lower or higher by their names, and constant ones are not chosen", () => {
  for (
    const name of ["val_loss", "RMSE", "testError", "latency.p99", "cost_usd", "took", "tokens"]
  ) {
    assert.equal(betterOf(name), "lower", name);
  }
  for (const name of ["accuracy", "f1", "result.score", "isRight", "tokens_per_second"]) {
    assert.equal(betterOf(name), "higher", name);
  }
  for (const name of ["result", "glossary", "a"]) assert.equal(betterOf(name), undefined, name);
  const rows = [1, 2].map((a) => ({ a, "result.zero": 0, "result.hit": a === 1, "result.t": "x" }));
  const { choices, best, notes } = viewOf(rows);
  assert.equal(choices.metric!.name, "result.hit");
  assert.equal(best!.rows[0]!.mean, 1);
  assert(notes.includes("zero is always 0."));
});

test("a cost is the metric only without another result, and a direction that no name says is assumed", () => {
  const rows = [1, 2].map((a) => ({ a, "result.tokens": a, "result.found": a }));
  const { metric, better, better_from } = viewOf(rows).choices;
  assert.deepEqual([metric!.label, better, better_from], ["found", "higher", "default"]);
  const named = viewOf(rows, { metric: "tokens" }).choices;
  assert.deepEqual([named.better, named.better_from], ["lower", "name"]);
  const asked = viewOf(rows, { better: "lower" }).choices;
  assert.deepEqual([asked.better, asked.better_from], ["lower", "query"]);
});

test("many prompts are test cases where results are texts, and a few are configurations", () => {
  const overOf = (count: number): readonly string[] =>
    viewOf(["a", "b"].flatMap((model) =>
      Array.from({ length: count }, (_, i) => (
        { model, prompt: `prompt ${i}`, "result.right": i, "result.answer": "yes" }
      ))
    )).choices.over;
  assert.deepEqual(overOf(4), []);
  assert.deepEqual(overOf(10), ["prompt"]);
});

test("NaN and infinite results are counted and left out", () => {
  const rows = [1, 2, NaN, Infinity, -Infinity].map((loss, a) => ({ a, "result.loss": loss }));
  const { choices, best, notes } = viewOf(rows);
  assert.deepEqual([choices.metric!.numbers, choices.metric!.left_out], [2, 3]);
  assert.equal(best!.configurations, 2);
  assert.match(notes[0]!, /^3 runs without a number of loss/);
});

test("numbers whose squares are infinite are left out, and a metric of them alone is named", () => {
  const rows = [1, 2, 1.7e308, -1.7e308, 9e149].map((loss, a) => ({
    a,
    "result.loss": loss,
    "result.size": 1e200 * (a + 1),
  }));
  const { choices, best, matters, notes } = viewOf(rows);
  assert.deepEqual([choices.metric!.numbers, choices.metric!.left_out], [3, 2]);
  assert.equal(best!.configurations, 3);
  assert(matters!.shares.every(({ share }) => Number.isFinite(share)));
  assert.deepEqual(notes, [
    "2 runs without a number of loss (NaN, infinite or beyond ±1e150) are left out.",
    "size has no number to draw: all are NaN, infinite or beyond ±1e150.",
  ]);
});

test("results of records are entries of their custom data", () => {
  const rows = [1, 2, 3].map((alpha): Row => ({
    id: `${alpha}`,
    alpha,
    result_file: `r/${alpha}.json`,
    created_at: `2026-11-30 10:00:0${alpha}.000000`,
    custom_data: { loss: alpha / 10, note: "x", elapsed_seconds: alpha },
  }));
  const { choices, best } = viewOf(rows);
  assert.deepEqual(choices.params.map(({ name }) => name), ["alpha"]);
  assert.equal(choices.metric!.name, "custom_data.loss");
  assert.equal(best!.rows[0]!.mean, 0.1);
  assert.equal(viewOf(rows, { where: "loss > 0.15" }).rows, 2);
});

test("each namespace has its own params, metrics and runs", () => {
  const { rows } = namespacesSample();
  const first = viewOf(rows);
  assert.deepEqual(first.choices.namespaces, ["train", "make_data", "report"]);
  assert.equal(first.choices.metric!.label, "loss");
  const data = viewOf(rows, { namespace: "make_data" });
  assert.deepEqual(data.choices.params.map(({ label }) => label), ["n", "seed"]);
  assert.equal(data.choices.metric!.label, "rows");
  assert.deepEqual([data.rows, data.progress.done], [12, 32]);
  assert.throws(() => viewOf(rows, { namespace: "trian" }), /did you mean "train"/);
  const others = [{ q: 1, _stet_namespace: "evals", "result.answer": "a long answer in words" }];
  const texts = (namespace: string) =>
    viewOf([...rows, ...others], { namespace }).choices.texts.includes("result.answer");
  assert.deepEqual([texts("train"), texts("evals")], [false, true]);
});

test("rows without a namespace are not those of the namespace of a failure", () => {
  const rows = [run({ lr: 1 }, 1, 5), run({ lr: 2 }, 2, 5)];
  const failures = [failure({ _stet_namespace: "b", lr: 1 }, "no")];
  const { choices, failures: groups } = viewOf(rows, {}, { failures });
  assert.deepEqual([choices.namespace, choices.namespaces, groups], ["", ["", "b"], []]);
  const own = viewOf(rows, { namespace: "b" }, { failures });
  assert.deepEqual([own.rows, own.failures.length], [0, 1]);
  const named = viewOf(rows, { namespace: "b", where: "_stet_namespace = 'b'" }, { failures });
  assert.equal(named.failures.length, 1);
  assert.equal(viewOf(rows, { where: "_stet_namespace is absent" }).rows, 2);
});

test("more than 50 numbers are ranges, and the view says so", () => {
  const { effects, notes, matters } = viewOf(searchSample().rows);
  assert.equal(effects[0]!.axis.kind, "ranges");
  assert.equal(effects[0]!.axis.parts.length, 30);
  assert(notes.some((note) => /lr has 300 values, shown in 30 ranges/.test(note)));
  assert.equal(matters!.exact, false);
});

test("a failure with the text 1 is none of the configuration with the number 1", () => {
  const rows = ["1", 1].map((a): Row => ({ a, "result.m": Number(typeof a === "string") }));
  const { best } = viewOf(rows, {}, { failures: [failure({ a: "1" }, "no")] });
  assert.deepEqual(best!.rows.map(({ mean, failed }) => [mean, failed]), [[1, 1], [0, 0]]);
});

test("ranges of the largest, smallest and nearest numbers have the runs of their conditions", () => {
  const samples: ((i: number) => Value)[] = [
    (i) => 10n ** 19n + BigInt(i),
    (i) => 10n ** 18n + 64n * BigInt(i),
    (i) => (i - 45) * 3.9e306,
    (i) => -i * 1e300,
    (i) => i * 5e-324,
    (i) => 10 ** (6 * i - 300),
    (i) => 1 + i * 2 ** -52,
  ];
  for (const valueOf of samples) {
    const rows = Array.from({ length: 90 }, (_, i): Row => ({ a: valueOf(i), "result.m": i }));
    const { axis, n } = viewOf(rows).effects[0]!;
    const counts = axis.parts.map(({ where }) => rows.filter(parseWhere(where!, ["a"])).length);
    assert.deepEqual(counts, n, axis.parts[0]!.where!);
    assert.equal(counts.reduce((a, b) => a + b), rows.length);
    assert(axis.parts.every(({ number }) => Number.isFinite(number)));
  }
});

test("more than 50 dates are ranges in their order, each with the condition of its runs", () => {
  const rows = Array.from({ length: 91 }, (_, i): Row => ({
    day: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
    "result.rows": i,
  })).toSorted((a, b) => String(a["result.rows"]) < String(b["result.rows"]) ? -1 : 1);
  const { effects: [effect], notes } = viewOf(rows);
  const { parts } = effect!.axis;
  assert.deepEqual([parts.length, parts[0]!.label], [30, "2024-01-01 … 2024-01-03"]);
  assert.deepEqual([...effect!.mean].sort((a, b) => a! - b!), effect!.mean);
  const found = parts.map(({ where }) => viewOf(rows, { where: where! }).rows);
  assert.equal(found.reduce((sum, each) => sum + each, 0), 91);
  assert(found.every((count) => count === 3 || count === 4));
  assert.deepEqual(notes, ["day has 91 values, shown in 30 ranges."]);
  const others = viewOf([...rows, { hour: 1, "result.rows": 7 }]);
  const absent = others.effects.find(({ axis }) => axis.name === "day")!;
  assert.deepEqual([absent.axis.parts.at(-1)!.where, absent.mean.at(-1)], ["day is absent", 7]);
});

test("numbers of like ratios have a logarithmic axis", () => {
  assert(isGeometric([0.001, 0.003, 0.01, 0.03, 0.1]));
  assert(isGeometric([8, 16, 32, 64]));
  assert(!isGeometric([1, 2, 3, 4, 5]));
  assert(!isGeometric([0, 1, 10]));
  assert(!isGeometric([10, 20, 40, 50]));
});

test("a view of a store that is being read ignores columns that have not been read", () => {
  const facts = { reading: { rows: 0, of: 1000 } };
  assert.equal(viewOf([], { metric: "accuracy", where: "lr > 1", x: "lr" }, facts).rows, 0);
  const rows = [run({ lr: 1, seed: 1 }, 1, 1)];
  assert.equal(viewOf(rows, { metric: "accuracy" }, facts).choices.metric!.label, "loss");
  assert.throws(() => viewOf(rows, { metric: "accuracy" }), TypeError);
});

test("the condition of each part of an axis selects its runs", () => {
  const long = ["", "x", "\u{1f427}"].flatMap((end) =>
    [300, 301].map((n) => `${"the same beginning ".repeat(n)}\u{1f427}${end}'s`)
  );
  const prompts: Row[] = [...long, "short", "", null, 7].map((prompt, i) => ({ prompt, i }));
  const all = Object.values(samples).map((make) => make().rows).filter((rows) =>
    rows.length < 1000
  );
  for (
    const rows of [...all, prompts.map((row) => ({ ...row, "result.loss": Number(row["i"]) }))]
  ) {
    const { effects, choices, rows: total } = viewOf(rows, { over: "" });
    for (const { axis } of effects) {
      let sum = axis.left_out.rows;
      for (const { where } of axis.parts) {
        const filter = choices.namespace === null ? {} : { namespace: choices.namespace };
        const found = viewOf(rows, { ...filter, where: where! });
        assert(found.rows > 0, where!);
        sum += found.rows;
      }
      assert.equal(sum, total, axis.name);
    }
  }
});

test("a view of long texts, errors and keys is at most 60 KB zipped", () => {
  const random = randomOf(2);
  const text = (length: number): string =>
    Array.from({ length: length / 6 }, () => Math.floor(random() * 2e9).toString(36)).join(" ");
  const prompts = Array.from({ length: 50 }, () => text(3000));
  const rows = prompts.flatMap((prompt) =>
    ["a", "b", "c", "d"].map((model) => ({
      prompt,
      model,
      "result.output": text(2000),
      "result.correct": random() < 0.5,
    }))
  );
  const failures = Array.from({ length: 200 }, (_, i) => ({
    ...failure({ prompt: text(2000), i }, `${"abcdefghijkl"[i % 12]} failed`),
    stack: text(9000),
  }));
  const evals = viewOf(rows);
  assert(gzipSync(JSON.stringify(evals)).length < 60_000);
  const claims = Array.from({ length: 200 }, (_, i) => claim({ prompt: text(2000), i }, i));
  const failed = viewOf([{ i: 1 }], {}, { failures, claims });
  assert(gzipSync(JSON.stringify(failed)).length < 60_000);
});
