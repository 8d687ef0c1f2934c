import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareValues } from "../../core/values/compare_values.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { parseWhere } from "../../core/tools/where.ts";

const columns = [
  "alpha",
  "model",
  "seed",
  "debug",
  "note",
  "result.loss",
  "result.val.acc",
  "result.train.acc",
  "a b",
  'q"t',
  "__proto__",
];

const rows: readonly Row[] = [
  { alpha: 0.1, model: "a", seed: 1, debug: true, note: null, "result.loss": NaN },
  { alpha: 0.5, model: "b", seed: 2n ** 60n, debug: false, "result.loss": Infinity },
  { alpha: 2, model: "it's", seed: 3, "a b": 1, 'q"t': 1 },
  { alpha: "2", model: "A", note: [1, "a"] },
];

/** The rows, by their numbers, for which a condition holds. */
function matching(text: string): number[] {
  const where = parseWhere(text, columns);
  return rows.flatMap((row, i) => where(row) ? [i] : []);
}

test("a condition compares numbers as numbers and texts as texts", () => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ["alpha > 0.2", [1, 2]],
    ["alpha >= 0.5 and alpha<2", [1]],
    ["alpha = 2", [2]],
    ["alpha = '2'", [3]],
    ["alpha == 2.0", [2]],
    ["alpha <> 2", [0, 1, 3]],
    ["not alpha = 2", [0, 1, 3]],
    ["model = 'it''s'", [2]],
    ["model < 'a'", [3]],
    ["seed = 1152921504606846976", [1]],
    ["seed > 1e18", [1]],
    ["seed > -1", [0, 1, 2]],
    ["debug = true", [0]],
    ["debug = FALSE", [1]],
    ["debug < true", [1]],
    ["result.loss = nan", [0]],
    ["result.loss = inf", [1]],
    ["result.loss > 0", [1]],
    ["loss > 0", [1]],
    ['note = [1, "a"]', [3]],
    ['note in ({"a": 1}, [1,"a"])', [3]],
    ["note = [1]", []],
    ['"a b" = 1', [2]],
    ['"q""t" = 1', [2]],
    ["0.2 < alpha", [1, 2]],
    ["alpha < seed", [0, 1, 2]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(matching(text), expected, text);
});

test("an absent value equals nothing, not even null", () => {
  assert.deepEqual(matching("note is absent"), [1, 2]);
  assert.deepEqual(matching("note is not absent"), [0, 3]);
  assert.deepEqual(matching("note is null"), [0]);
  assert.deepEqual(matching("note = null"), [0]);
  assert.deepEqual(matching("note != null"), [1, 2, 3]);
  assert.deepEqual(matching("seed != 1"), [1, 2, 3]);
  assert.deepEqual(matching("seed < 100 or seed >= 100"), [0, 1, 2]);
  assert.deepEqual(matching("__proto__ is absent"), [0, 1, 2, 3]);
});

test("and binds more than or, not more than and; parentheses more than all", () => {
  assert.deepEqual(matching("alpha = 0.1 or alpha = 0.5 and model = 'a'"), [0]);
  assert.deepEqual(matching("(alpha = 0.1 or alpha = 0.5) AND model = 'b'"), [1]);
  assert.deepEqual(matching("not alpha = 0.1 and model = 'b'"), [1]);
  assert.deepEqual(matching("not (alpha = 0.1 or model = 'b')"), [2, 3]);
  assert.deepEqual(matching("model in ('a', 'b', 1)"), [0, 1]);
  assert.deepEqual(matching("model not in ('a', 'b')"), [2, 3]);
});

test("a text that is no condition is an error that says where", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /character 1: found the end, expected a column or a value/],
    ["alpha", /character 6: found the end, expected a comparison/],
    ["alpha >", /character 8: found the end/],
    ["alpha => 1", /character 8: found ">"/],
    ["alpha > 1 beta", /character 11: found "beta", expected "and", "or" or the end/],
    ["(alpha > 1", /character 11: found the end, expected "\)"/],
    ["alpha in 1", /character 10: found "1", expected "\("/],
    ["model = 'a", /character 9: a quote \('\) is opened and never closed/],
    ["model = a", /character 9: there is no column "a"; .*a text is in single quotes: 'a'/],
    ["model = modell", /did you mean model, or the text 'modell'\?/],
    ["model > 2024-01-30", /character 9: a date is a text, in single quotes: '2024-01-30'/],
    ["alhpa > 1", /character 1: there is no column "alhpa"; did you mean alpha\?/],
    ["acc > 1", /character 1: "acc" can be result\.val\.acc or result\.train\.acc/],
    ["alpha = [1, ", /character 9: found "\["/],
    ["alpha = [1 2]", /character 9: it is no JSON/],
    ["alpha & 1", /character 7: found "&"/],
    ["alpha is 1", /expected "absent" or "null"/],
    ["alpha = -'a'", /character 10: found "a", expected a number/],
    ["constructor = 1", /there is no column "constructor"/],
    [`${"not ".repeat(10_000)}alpha = 1`, /deeper than 200 levels/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseWhere(text, columns), { name: "SyntaxError", message }, text);
  }
});

test("any text is a condition or a SyntaxError", () => {
  const token = fc.constantFrom(
    ...["alpha", "model", "and", "or", "not", "(", ")", "=", "<", "in", ",", "'a'", "1", "-", "is"],
    ...["absent", "null", '"a b"', "'", '"', "é", "\0", " "],
  );
  fc.assert(fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
    try {
      for (const row of rows) {
        assert.equal(typeof parseWhere(tokens.join(" "), columns)(row), "boolean");
      }
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
    }
  }));
});

test("compareValues() orders values of any kinds", () => {
  const value: fc.Arbitrary<Value | undefined> = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 54n }),
    fc.constantFrom<Value | undefined>(undefined, null, true, false, NaN, "a", "b", "", [1], {}),
  );
  fc.assert(fc.property(value, value, value, (a, b, c) => {
    assert.equal(Math.sign(compareValues(a, b)), -Math.sign(compareValues(b, a)) + 0);
    if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) assert(compareValues(a, c) <= 0);
  }));
});
