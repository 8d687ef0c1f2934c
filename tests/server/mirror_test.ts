import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryBackend } from "../../backends/memory.ts";
import { writeCell } from "../../core/values/cell.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { type Row, toValue, type Value } from "../../core/values/value.ts";
import { parseWhere } from "../../core/tools/where.ts";
import type { Mirror } from "../../server/mirror/mirror.ts";
import { openBackend } from "../../mod.ts";
import { selectPage } from "../../server/mirror/select.ts";
import { followed, mirrorOf } from "../mirror_of.ts";
import { rounds } from "../rounds.ts";
import { tempStore } from "../temp_folder.ts";

function all(mirror: Mirror, where?: string, sort: readonly string[] = []): Row[] {
  return selectPage(mirror, { ...where !== undefined && { where }, sort, limit: 1000, offset: 0 })
    .rows;
}

function cells(rows: readonly Row[]): string[] {
  return rows.map((row) => writeCell(row));
}

function hasBig(row: Row): boolean {
  return Object.values(row).some((each) => typeof each === "bigint" && each >= 2n ** 63n);
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

test("the mirror gives back every row as it was", async () => {
  await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (rows) => {
    const backend = engineOf(new MemoryBackend());
    for (const each of rows) await backend.record(each);
    const { mirror, follower } = followed(backend);
    await follower.catchUp();
    assert.deepEqual(cells(all(mirror)), cells(await backend.load()));
    mirror.close();
  }));
});

test("a condition in SQL holds for the rows for which it holds as a test", async () => {
  const samples = fc.sample(row, { numRuns: 400, seed: 7 });
  // Integers that SQLite does not hold are tested one by one: both ways.
  for (const some of [samples, samples.filter((each) => !hasBig(each))]) {
    const { mirror } = await mirrorOf(some);
    const rows = all(mirror);
    fc.assert(
      fc.property(condition, (text) => {
        const isWanted = parseWhere(text, ["a", "b", "Z", "z"]);
        assert.deepEqual(cells(all(mirror, text)), cells(rows.filter(isWanted)), text);
      }),
      { numRuns: rounds(200) },
    );
    mirror.close();
  }
});

test("a condition in SQL compares each kind of values with each", async () => {
  const samples = fc.sample(fc.record({ a: value, b: value }), { numRuns: 500, seed: 8 })
    .map((params) => toValue(params, "row") as Row)
    .filter((each) => !hasBig(each));
  const { mirror } = await mirrorOf(samples);
  const rows = all(mirror);
  for (const left of ["a", "1", "'a'", "true", "null", "nan", "''", "'\ue000'"]) {
    for (const sign of ["=", "!=", "<", "<=", ">", ">="]) {
      const text = `${left} ${sign} b`;
      const isWanted = parseWhere(text, ["a", "b"]);
      assert.deepEqual(cells(all(mirror, text)), cells(rows.filter(isWanted)), text);
    }
  }
  mirror.close();
});

test("long and deep conditions are SQL too", async () => {
  const { mirror } = await mirrorOf([{ a: 1 }, { a: 2 }]);
  const terms = (word: string): string => Array(3000).fill("a = 2").join(` ${word} `);
  assert.equal(all(mirror, terms("or")).length, 1);
  assert.equal(all(mirror, terms("and")).length, 1);
  const deep = `${"not (a = 1 or ".repeat(95)}a = 3${")".repeat(95)}`;
  const isWanted = parseWhere(deep, ["a"]);
  assert.equal(all(mirror, deep).length, [{ a: 1 }, { a: 2 }].filter(isWanted).length);
  mirror.close();
});

test("rows are sorted by any column as ls sorts them, and paged", async () => {
  const samples = fc.sample(row, { numRuns: 300, seed: 9 })
    .filter((each) => !hasBig(each)); // two of them may be one float, by which they are sorted
  const { mirror } = await mirrorOf(samples);
  const rows = all(mirror);
  for (const isDown of [false, true]) {
    const compare = (a: Row, b: Row): number => {
      const order = compareValues(a["z"], b["z"]);
      return isDown && "z" in a && "z" in b ? -order : order;
    };
    const expected = rows.toSorted(compare);
    const sort = [isDown ? "-z" : "z"];
    assert.deepEqual(cells(all(mirror, undefined, sort)), cells(expected));
    const page = selectPage(mirror, { sort, limit: 7, offset: 13 });
    assert.deepEqual(cells(page.rows), cells(expected.slice(13, 20)));
    assert.equal(page.total, rows.length);
  }
  assert.throws(() => selectPage(mirror, { sort: ["y"], limit: 1, offset: 0 }), TypeError);
  mirror.close();
});

test("the mirror follows a store that others add to and change", async (t) => {
  const path = tempStore(t);
  const backend = engineOf(await openBackend(path));
  const other = engineOf(await openBackend(path));
  const { mirror, follower } = followed(backend);
  const empty = await follower.catchUp();
  assert.equal(mirror.count, 0);
  for (let i = 0; i < 10; i++) await other.record({ a: i });
  const full = await follower.catchUp();
  assert.notEqual(full, empty);
  assert.equal(await follower.catchUp(), full);
  assert.deepEqual(all(mirror).map(({ a }) => a), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const { generation } = follower;
  await other.record({ a: 10, b: "new" });
  await Promise.all([follower.catchUp(), follower.catchUp(), follower.catchUp()]);
  assert.deepEqual(all(mirror, "b = 'new'").map(({ a }) => a), [10]);
  await other.remove({ a: 3 });
  await follower.catchUp();
  assert.deepEqual(all(mirror).map(({ a }) => a), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
  assert.notEqual(follower.generation, generation);
  await other.clear();
  await follower.catchUp();
  assert.equal(mirror.count, 0);
  mirror.close();
  await backend.close();
  await other.close();
});

test("columns that differ in case only are two", async () => {
  const { mirror } = await mirrorOf([{ z: 1, Z: 2 }, { Z: 3 }]);
  assert.deepEqual(all(mirror, "z = 1").map(({ Z }) => Z), [2]);
  assert.deepEqual(all(mirror, "Z = 3").length, 1);
  mirror.close();
});
