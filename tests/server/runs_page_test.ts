import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryBackend } from "../../backends/memory.ts";
import { writeCell } from "../../core/values/cell.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import { gridOf } from "../../core/grids/grid.ts";
import { keyOf, keyParams, keyShape } from "../../core/keys/key.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { type Row, toValue, type Value } from "../../core/values/value.ts";
import { parseWhere } from "../../core/tools/where.ts";
import { Columns } from "../../figures/data/columns/columns.ts";
import { gridPlan, noFacts } from "../../figures/data/view_facts.ts";
import { openBackend } from "../../mod.ts";
import { type PageRequest, type RunsPage, runsPage } from "../../server/figures/runs_page.ts";
import { columnsOf, followed } from "../columns_of.ts";
import { rounds } from "../rounds.ts";
import { tempStore } from "../temp_folder.ts";

function all(columns: Columns, where?: string, sort: readonly string[] = []): readonly Row[] {
  return runsPage(columns, { where, sort, limit: 1000, offset: 0 }, noFacts()).rows;
}

function cells(rows: readonly Row[]): string[] {
  return rows.map((row) => writeCell(row));
}

/** Values of every kind; near each other, so that conditions find some. */
const value: fc.Arbitrary<Value | undefined> = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.double(),
  fc.constantFrom<Value | undefined>(...[undefined, null, true, false, NaN, Infinity, -Infinity]),
  fc.constantFrom<Value | undefined>(...[
    1e18,
    10n ** 18n,
    2n ** 63n,
    2n ** 64n,
    2 ** 64,
    2n ** 60n,
  ]),
  fc.constantFrom(
    "",
    "a",
    "b",
    "1",
    "nan",
    "a\0b",
    "a\x01b",
    "a\x02b",
    "\ud7ff",
    "\ue000",
    "\uffff",
  ),
  fc.constantFrom("😀", "\ud83d", "\ude00", "\ud7ff\0", "\x01", "Ａ", "é"),
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.constantFrom<Value>([], [1, "a"], {}, { a: null }, ["😀"], [NaN]),
);
const row = fc.record({ a: value, b: value, Z: value, z: value }, { requiredKeys: [] })
  .map((params) => toValue(params, "row") as Row);

/** The text of an expression over the columns `a`, `b` and `z`. */
const literal = fc.oneof(
  fc.constantFrom("1", "-2", "0.5", "nan", "inf", "-inf", "true", "false", "null", "''", "'a'"),
  fc.constantFrom(
    "1000000000000000000",
    "1e18",
    "18446744073709551616",
    "1e19",
    "'\ue000'",
    "'😀'",
  ),
  fc.constantFrom("'\ud83d'", "'\ud7ff'", "'a\x01b'", "'a\0b'"),
);
const operand = fc.oneof(fc.constantFrom("a", "b", "z"), literal);
const comparison = fc.oneof(
  fc.tuple(operand, fc.constantFrom("=", "!=", "<", "<=", ">", ">="), operand)
    .map((parts) => parts.join(" ")),
  fc.tuple(operand, fc.constantFrom("is absent", "is not absent", "is null", "is not null"))
    .map((parts) => parts.join(" ")),
  fc.tuple(operand, fc.constantFrom("in", "not in"), fc.array(operand, { minLength: 1 }))
    .map(([left, word, members]) => `${left} ${word} (${members.join(", ")})`),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    comparison,
    tie("condition").map((text) => `not (${text})`),
    fc.tuple(fc.constantFrom("and", "or"), tie("condition"), tie("condition"))
      .map(([word, left, right]) => `(${left} ${word} ${right})`),
  ),
}));

/** The values that a column has before those of a test, so that it keeps them in each of its ways. */
const FILLED: Readonly<Record<string, (i: number) => Value>> = {
  numbers: (i) => i + 0.5,
  texts: (i) => `text ${i * 7919 % 1200}`,
  times: (i) => new Date(Date.UTC(2026, 0, 30) + i * 3_600_001).toISOString(),
  objects: (i) => ({ i: [i] }),
};
const FILLED_ROWS = 1100;

/** Rows whose columns are results, after others that fill them in one way. */
function filled(way: string, rows: readonly Row[]): Row[] {
  const of = FILLED[way]!;
  const before = Array.from(
    { length: FILLED_ROWS },
    (_, i): Row => ({ a: of(i), b: of(FILLED_ROWS - i), z: of(i) }),
  );
  return [...before, ...rows].map((each) =>
    Object.fromEntries(Object.entries(each).map(([name, one]) => [`result.${name}`, one]))
  );
}

test("columns give back every row as it was", async () => {
  await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (rows) => {
    const backend = engineOf(new MemoryBackend());
    for (const each of rows) await backend.record(each);
    const it = followed(backend);
    await it.follower.catchUp();
    assert.deepEqual(cells(all(it.columns)), cells(await backend.load()));
  }));
  for (const way of Object.keys(FILLED)) {
    const rows = [...filled(way, fc.sample(row, { numRuns: 400, seed: 6 })), { "result.a": -0 }];
    const columns = new Columns();
    columns.add(rows);
    const page = runsPage(columns, { limit: 10_000, offset: 0 }, noFacts());
    assert.deepEqual(page.rows, rows, way);
    assert(Object.is(page.rows.at(-1)!["result.a"], -0), way);
  }
});

test("a column of numbers into which many texts come keeps all", () => {
  const columns = new Columns();
  const rows = Array.from(
    { length: 80_000 },
    (_, i) => ({ "result.a": i < 9000 ? i / 3 : `t${i}` }),
  );
  columns.add(rows);
  for (const i of [0, 8999, 9000, 79_999]) assert.deepEqual(columns.row(["result.a"], i), rows[i]);
  assert.equal(columns.get("result.a")!.counts.texts, 71_000);
  assert.equal(runsPage(columns, { where: "a < 3", limit: 100, offset: 0 }, noFacts()).total, 9);
});

test("a column of many nulls, or many texts, into which numbers come keeps all", () => {
  for (const first of [null, "text", undefined]) {
    const columns = new Columns();
    const rows = Array.from({ length: 70_000 + 1100 }, (_, i): Row => {
      const value = i < 70_000 ? first : i / 7;
      return value === undefined ? { n: i } : { n: i, "result.a": value };
    });
    columns.add(rows);
    const page = runsPage(columns, { sort: ["-result.a"], limit: 2, offset: 1099 }, noFacts());
    // Descending, texts come before numbers.
    const expected = first === "text" ? [1099, 1100] : [70_000, 0];
    assert.deepEqual(page.rows.map(({ n }) => n), expected);
    for (const i of [0, 69_999, 70_000, 71_099]) {
      assert.deepEqual(columns.row(["n", "result.a"], i), rows[i]);
    }
    assert.equal(columns.get("result.a")!.counts.numbers, 1100);
    const is = first === null ? "is null" : first === undefined ? "is absent" : "= 'text'";
    const some = { where: `"result.a" ${is}`, limit: 1, offset: 0 };
    assert.equal(runsPage(columns, some, noFacts()).total, 70_000);
  }
});

test("a condition on columns holds for the rows for which it holds as a test", async () => {
  const samples = fc.sample(row, { numRuns: 400, seed: 7 });
  const { columns } = await columnsOf(samples);
  const rows = all(columns);
  fc.assert(
    fc.property(condition, (text) => {
      const isWanted = parseWhere(text, ["a", "b", "Z", "z"]);
      assert.deepEqual(cells(all(columns, text)), cells(rows.filter(isWanted)), text);
    }),
    { numRuns: rounds(200) },
  );
});

test("a condition compares each kind of values with each, however a column keeps them", () => {
  const samples = fc.sample(fc.record({ a: value, b: value }), { numRuns: 500, seed: 8 })
    .map((params) => toValue(params, "row") as Row);
  const lefts = ["a", "1", "'a'", "true", "null", "nan", "''", "'\ue000'", "'text 3'", "2.5"];
  lefts.push("'2026-02-01T00:00:00.000Z'", "'2026-02'", '{"i":[7]}');
  for (const way of Object.keys(FILLED)) {
    const rows = filled(way, samples).map((each, n): Row => ({ ...each, n }));
    const columns = new Columns();
    columns.add(rows);
    const request = { columns: ["n"], limit: 10_000, offset: 0 };
    for (const left of lefts) {
      for (const sign of ["=", "!=", "<", "<=", ">", ">="]) {
        for (const text of [`${left} ${sign} b`, `b ${sign} ${left}`]) {
          const isWanted = parseWhere(text, columns.names);
          const page = runsPage(columns, { ...request, where: text }, noFacts());
          const expected = rows.filter(isWanted).map(({ n }) => n);
          assert.deepEqual(page.rows.map(({ n }) => n), expected, `${way}: ${text}`);
        }
      }
    }
  }
});

test("conditions can be long and deep", async () => {
  const { columns } = await columnsOf([{ a: 1 }, { a: 2 }]);
  const terms = (word: string): string => Array(3000).fill("a = 2").join(` ${word} `);
  assert.equal(all(columns, terms("or")).length, 1);
  assert.equal(all(columns, terms("and")).length, 1);
  const deep = `${"not (a = 1 or ".repeat(95)}a = 3${")".repeat(95)}`;
  const isWanted = parseWhere(deep, ["a"]);
  assert.equal(all(columns, deep).length, [{ a: 1 }, { a: 2 }].filter(isWanted).length);
});

test("rows are sorted by any column as ls sorts them, and paged", () => {
  const samples = fc.sample(row, { numRuns: 300, seed: 9 });
  for (const way of [undefined, ...Object.keys(FILLED)]) {
    const rows = way === undefined ? samples : filled(way, samples);
    const name = way === undefined ? "z" : "result.z";
    const columns = new Columns();
    columns.add(rows);
    for (const isDown of [false, true]) {
      const compare = (a: Row, b: Row): number => {
        const order = compareValues(a[name], b[name]);
        return isDown && name in a && name in b ? -order : order;
      };
      const expected = rows.toSorted(compare);
      const sort = [isDown ? `-${name}` : name];
      for (const [limit, offset] of [[10_000, 0], [7, 13], [5, rows.length - 5]] as const) {
        const page = runsPage(columns, { sort, limit, offset }, noFacts());
        assert.deepEqual(cells(page.rows), cells(expected.slice(offset, offset + limit)), way);
        assert.equal(page.total, rows.length);
      }
    }
    const unknown = { sort: ["y"], limit: 1, offset: 0 };
    assert.throws(() => runsPage(columns, unknown, noFacts()), TypeError);
  }
});

test("columns follow a store that others add to and change", async (t) => {
  const path = tempStore(t);
  const backend = engineOf(await openBackend(path));
  const other = engineOf(await openBackend(path));
  const it = followed(backend);
  const empty = await it.follower.catchUp();
  assert.equal(it.columns.length, 0);
  for (let i = 0; i < 10; i++) await other.record({ a: i });
  const full = await it.follower.catchUp();
  assert.notEqual(full, empty);
  assert.equal(await it.follower.catchUp(), full);
  assert.deepEqual(all(it.columns).map(({ a }) => a), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const { generation } = it.follower;
  await other.record({ a: 10, b: "new" });
  await Promise.all([it.follower.catchUp(), it.follower.catchUp(), it.follower.catchUp()]);
  assert.deepEqual(all(it.columns, "b = 'new'").map(({ a }) => a), [10]);
  await other.remove({ a: 3 });
  await it.follower.catchUp();
  assert.deepEqual(all(it.columns).map(({ a }) => a), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
  assert.notEqual(it.follower.generation, generation);
  await other.clear();
  await it.follower.catchUp();
  assert.equal(it.columns.length, 0);
  await backend.close();
  await other.close();
});

test("columns that differ in case only are two", async () => {
  const { columns } = await columnsOf([{ z: 1, Z: 2 }, { Z: 3 }]);
  assert.deepEqual(all(columns, "z = 1").map(({ Z }) => Z), [2]);
  assert.deepEqual(all(columns, "Z = 3").length, 1);
});

test("runs that failed and run are sorted and filtered with those that are done", () => {
  const columns = new Columns();
  const seeds = [3, 1, 5, 7, 9, 11];
  columns.add(seeds.map((seed) => ({ lr: seed / 10, seed, "result.loss": seed })));
  const failed = [2, 8, 5, 6].map((seed) => ({ lr: seed / 10, seed }));
  failed.push({ lr: 0.3, seed: 3.5 }); // not done: only its lr is
  const running = [{ lr: 0.4, seed: 4 }, { lr: 0.6, seed: 6 }];
  const facts = noFacts({
    failures: failed.map((params) => ({
      params,
      error: "no",
      stack: "",
      attempt: 1,
      time: "",
      host: "",
    })),
    claims: running.map((params) => ({
      params,
      holder: "",
      key: keyOf(keyShape(undefined), params).text,
      since: null,
    })),
  });
  const page = (request: Partial<PageRequest>): RunsPage =>
    runsPage(columns, { limit: 100, offset: 0, status: "all", ...request }, facts);
  // Seed 5 was done since it failed, and seed 6 runs again.
  const counts = { done: 6, failed: 3, running: 2 };
  const order = [1, 2, 3, 3.5, 4, 5, 6, 7, 8, 9, 11];
  const seedsOf = ({ rows }: RunsPage): unknown[] => rows.map(({ seed }) => seed);
  const sorted = page({ sort: ["seed"] });
  assert.deepEqual(seedsOf(sorted), order);
  assert.deepEqual([sorted.total, sorted.counts], [11, counts]);
  assert.deepEqual(sorted.keys.map((key) => keyParams(key)["seed"]), order);
  const letters = (states: readonly string[]): string => states.map((state) => state[0]).join("");
  assert.equal(letters(sorted.states), "dfdfrdrdfdd");
  assert.deepEqual(seedsOf(page({ sort: ["-seed"] })), order.toReversed());
  for (let offset = 0; offset <= order.length; offset++) {
    for (const limit of [1, 3]) {
      const part = page({ sort: ["seed"], limit, offset });
      assert.deepEqual(seedsOf(part), order.slice(offset, offset + limit));
      assert.deepEqual(part.states, sorted.states.slice(offset, offset + limit));
    }
  }
  assert.deepEqual(seedsOf(page({})), [...seeds, 2, 8, 3.5, 4, 6]);
  assert.deepEqual(seedsOf(page({ sort: ["lr", "-seed"], limit: 4 })), [1, 2, 3.5, 3]);
  // Runs without a result are last in both directions.
  assert.deepEqual(seedsOf(page({ sort: ["-result.loss"] })).slice(0, 7), [
    11,
    9,
    7,
    5,
    3,
    1,
    2,
  ]);
  assert.deepEqual(seedsOf(page({ status: "failed", sort: ["seed"] })), [2, 3.5, 8]);
  assert.deepEqual(seedsOf(page({ status: "running" })), [4, 6]);
  assert.deepEqual(seedsOf(page({ status: "done", sort: ["-seed"], limit: 1 })), [11]);
  const some = page({ where: "seed > 5", status: "failed" });
  assert.deepEqual([seedsOf(some), some.counts], [[8], { done: 3, failed: 1, running: 1 }]);
  const results = page({ where: "loss > 5" });
  assert.deepEqual([seedsOf(results), results.counts], [[7, 9, 11], {
    done: 3,
    failed: 0,
    running: 0,
  }]);
});

test("a condition and an order can name a param that only the plan or a failure has", () => {
  const columns = new Columns();
  columns.add([{ lr: 1 }, { lr: 2 }]);
  const factors = [{ names: ["layers"], parts: [{ layers: 1 }, { layers: 2 }] }];
  const grid = gridPlan(gridOf(factors));
  const facts = noFacts({ plans: [grid] });
  const request = { limit: 10, offset: 0 };
  assert.equal(runsPage(columns, { ...request, where: "layers = 1" }, facts).total, 0);
  assert.equal(runsPage(columns, { ...request, where: "layers is absent" }, facts).total, 2);
  assert.equal(runsPage(columns, { ...request, sort: ["-layers"] }, facts).total, 2);
  assert.deepEqual(runsPage(columns, request, facts).columns, ["lr"]);
  assert.equal(runsPage(new Columns(), { ...request, where: "lr = 1" }, noFacts()).total, 0);
});

test("a condition selects runs without a param by its default, as in figures", () => {
  const columns = new Columns();
  columns.add([{ lr: 1 }, { lr: 2, model: "mlp" }, { lr: 3, model: "cnn" }]);
  const factors = [{ names: ["model"], parts: [{ model: "mlp" }, { model: "cnn" }] }];
  const failures = [{ params: { lr: 4 }, error: "", stack: "", attempt: 1, time: "", host: "" }];
  const facts = noFacts({ plans: [gridPlan(gridOf(factors), { model: "mlp" })], failures });
  const request = { where: "model = 'mlp'", limit: 10, offset: 0 };
  const { rows, counts } = runsPage(columns, { ...request, status: "all" }, facts);
  assert.deepEqual(rows, [{ lr: 1 }, { lr: 2, model: "mlp" }, { lr: 4 }]);
  assert.deepEqual(counts, { done: 2, failed: 1, running: 0 });
  // Rows alone are as they are in the store, as for `stet ls`.
  assert.equal(runsPage(columns, request, noFacts()).total, 1);
});
