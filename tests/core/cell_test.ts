import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalCell, isCanonicalColumn, readCell, writeCell } from "../../core/values/cell.ts";
import { parseJson } from "../../core/values/json.ts";
import { toValue, type Value } from "../../core/values/value.ts";
import { rounds } from "../rounds.ts";

/** Texts near the borders between strings and other values. */
const trickyText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) =>
    String.fromCharCode(...units)
  ),
  fc.array(fc.constantFrom(...'0123456789+-.eEn_ \t"[]{},:\\\x7f\x85\ufeff\ud800aé'), {
    maxLength: 8,
  })
    .map((parts) => parts.join("")),
  fc.tuple(
    fc.constantFrom("", "+", "-", " ", "--"),
    fc.constantFrom(
      "true",
      "False",
      "NULL",
      "none",
      "nAn",
      "inf",
      "INFINITY",
      "truth",
      "ınf",
      "1_000",
      "0x10",
      "NaNs",
    ),
    fc.constantFrom("", "", " ", "\n", "n", "."),
  ).map((parts) => parts.join("")),
  fc.tuple(
    fc.constantFrom("", "+", "-"),
    fc.oneof(
      fc.bigInt().map((n) => `${n < 0n ? -n : n}`),
      fc.double({ noNaN: true }).map((x) => `${Math.abs(x)}`),
    ),
    fc.constantFrom("", "n", ".0", "e0", "e+1", " ", "."),
  ).map((parts) => parts.join("")),
  fc.string(),
);

const trickyNumber: fc.Arbitrary<number | bigint> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.tuple(fc.integer({ min: 50, max: 66 }), fc.integer({ min: -3, max: 3 }), fc.boolean()).chain(
    ([bits, offset, negative]) => {
      const n = (2n ** BigInt(bits) + BigInt(offset)) * (negative ? -1n : 1n);
      return fc.constantFrom<number | bigint>(n, Number(n));
    },
  ),
  fc.bigInt(),
  fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.integer({ min: -10, max: 30 })).map((
    [m, e],
  ) => Number(`${m}e${e}`)),
);

const scalar: fc.Arbitrary<unknown> = fc.oneof(
  trickyText,
  trickyNumber,
  fc.constantFrom(null, true, false, NaN, Infinity, -Infinity),
);

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      trickyText,
      fc.oneof(scalar, fc.dictionary(trickyText, scalar, { maxKeys: 2 })),
      { maxKeys: 3 },
    ),
  },
).map((input) => toValue(input, "value")!);

/** Values that one might take for `base`: its spellings as strings, its neighbours, its other kinds. */
function neighbours(base: Value): Value[] {
  const cell = writeCell(base);
  const near: unknown[] = [
    base,
    cell,
    cell.trim(),
    `${cell}n`,
    `${cell} `,
    `"${cell}"`,
    cell.toLowerCase(),
    JSON.stringify(cell),
  ];
  near.push(
    cell.replace(/n$/, ""),
    cell.replace(/\.0$/, ""),
    [base],
    { a: base },
    [cell],
    writeCell([base]),
    canonicalCell(cell),
  );
  if (typeof base === "string") {
    near.push(
      base.trim(),
      base.toUpperCase(),
      base.normalize("NFD"),
      Number(base),
      readCell(base) ?? null,
    );
  }
  if (typeof base === "number" && Number.isInteger(base)) {
    near.push(BigInt(base), BigInt(base) + 1n, -base, base + 1, base * 10);
  }
  if (typeof base === "number") near.push(`${base}`, base * (1 + Number.EPSILON), Math.round(base));
  if (typeof base === "bigint") near.push(Number(base), `${base}`, `${base}n`, base + 1n, -base);
  return near.map((input) => toValue(input, "near")!);
}

function same(a: Value, b: Value): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

test("cells spell scalars as Python's str() does", () => {
  const cases: readonly (readonly [Value, string])[] = [
    [null, "None"],
    [true, "True"],
    [false, "False"],
    [1, "1"],
    [-0, "0"],
    [0.1, "0.1"],
    [1e-5, "1e-05"],
    [1e16, "1e+16"],
    [9007199254740992, "9007199254740992.0"],
    [NaN, "nan"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [9007199254740992n, "9007199254740992"],
    [2n ** 63n - 1n, "9223372036854775807"],
    [2n ** 63n, "9223372036854775808n"],
    [-(2n ** 63n), "-9223372036854775808"],
    [-(2n ** 63n) - 1n, "-9223372036854775809n"],
    ["resnet", "resnet"],
    ["a b, c", "a b, c"],
    ["naïve 日本 😀", "naïve 日本 😀"],
    ["10n", "10n"],
    ["+", "+"],
    ["1_000", "1_000"],
    ["0x10", "0x10"],
    ["2024-01-01", "2024-01-01"],
    ["trues", "trues"],
    ["-true", "-true"],
    ['it\'s "so"', 'it\'s "so"'],
    [[1, "a", { b: null, a: 2.5 }], '[1,"a",{"a":2.5,"b":null}]'],
    [{}, "{}"],
  ];
  for (const [value, cell] of cases) {
    assert.equal(writeCell(value), cell);
    assert.deepStrictEqual(readCell(cell), Object.is(value, -0) ? 0 : value);
  }
});

test("strings that would read as something else are quoted", () => {
  const strings = [
    "",
    "1",
    "-1.5",
    "+.5e3",
    "5.",
    "1e999",
    "true",
    "TRUE",
    "False",
    "null",
    "None",
    "NONE",
    "nan",
    "-NaN",
  ];
  strings.push(
    "inf",
    "+Infinity",
    " a",
    "a ",
    "\u00a0",
    "a\nb",
    "a\x7f",
    "a\x85",
    "\ud800",
    '"a"',
    '"',
    "[",
    "[1]",
    "{a}",
  );
  strings.push("99999999999999999999n", "-99999999999999999999n", "\ufeffa");
  for (const string of strings) {
    assert.equal(writeCell(string).charAt(0), '"', JSON.stringify(string));
    assert.equal(readCell(writeCell(string)), string);
  }
  assert.equal(writeCell("a\x85"), '"a\\u0085"');
});

test("readCell() takes other tools' spellings", () => {
  const cases: readonly (readonly [string, Value | undefined])[] = [
    ["", undefined],
    [" \t\ufeff\u00a0\n", undefined],
    ["true", true],
    ["TRUE", true],
    ["True", true],
    ["false", false],
    ["FALSE", false],
    ["null", null],
    ["NULL", null],
    ["None", null],
    ["none", null],
    ["NaN", NaN],
    ["-nan", NaN],
    ["Inf", Infinity],
    ["+Infinity", Infinity],
    ["-INFINITY", -Infinity],
    ["1.0", 1],
    ["  1 ", 1],
    ["+5", 5],
    ["007", 7],
    ["5.", 5],
    [".5", 0.5],
    ["1E5", 100000],
    ["1e-5", 0.00001],
    ["-0", 0],
    ["-0.0", 0],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740992.0", 9007199254740992],
    ["100000000000000000000", 100000000000000000000n],
    ["100000000000000000000n", 100000000000000000000n],
    ["+100000000000000000000", 100000000000000000000n],
    ["00000000000000000000010n", "00000000000000000000010n"],
    ["10n", "10n"],
    [" resnet ", "resnet"],
    ['"a b "', "a b "],
    ['"\\u00e9"', "é"],
    ['"a" or "b"', '"a" or "b"'],
    ['"a', '"a'],
    ["[1, 2]", [1, 2]],
    ['{"b": 1, "a": [null, NaN]}', { b: 1, a: [null, NaN] }],
    ["{'a': 1}", "{'a': 1}"],
    ["[1, 2", "[1, 2"],
    ["[".repeat(2000), "[".repeat(2000)],
  ];
  for (const [cell, value] of cases) {
    const read = readCell(cell);
    assert.deepStrictEqual(read, value, JSON.stringify(cell));
    assert.ok(!Object.is(read, -0));
  }
});

test("canonicalCell() gives equal values one spelling", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ["  ", ""],
    ["1.0", "1"],
    ["-0.0", "0"],
    ["-0", "0"],
    ["0.10", "0.1"],
    ["0.00001", "1e-05"],
    ["-0.0001", "-0.0001"],
    ["1e3", "1000"],
    ["true", "True"],
    ["null", "None"],
    ["NaN", "nan"],
    ["{'a': 1}", "\"{'a': 1}\""],
    ['{"b": 1.0, "a": -0.0}', '{"a":0,"b":1}'],
    ['"plain"', "plain"],
    ["100000000000000000000", "100000000000000000000n"],
    [" resnet ", "resnet"],
  ];
  for (const [cell, canonical] of cases) assert.equal(canonicalCell(cell), canonical);
});

test("isCanonicalColumn() is false where canonicalCell() changes a cell", () => {
  const words = ["none", "NULL", "True", "FALSE", "nan", "inf", "Infinity", "forest", "nano", "-0"];
  const numerals = [
    "0.5",
    "-3",
    "1.0",
    "007",
    "0.00001",
    "1e5",
    "123456789012345",
    "1234567890123456",
  ];
  const cells = fc.oneof(
    trickyText.map((text) => text.replaceAll("\x1f", "")),
    value.map(writeCell),
    fc.constantFrom("", ...words, ...numerals),
  );
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 5 }), (column) => {
      const isCanonical = column.every((cell) => canonicalCell(cell) === cell);
      const text = column.map((cell) => `${cell}\x1f`).join("");
      assert(!isCanonicalColumn(text) || isCanonical, JSON.stringify(column));
    }),
    { numRuns: rounds(3_000) },
  );
  for (const cell of ["", "forest", "nano", "a b", "/x", "0.5", "-3", "0", "123456789012345"]) {
    assert(isCanonicalColumn(`${cell}\x1f`), cell);
  }
});

test("a cell reads back as the same value of the same kind", () => {
  fc.assert(
    fc.property(value, (written) => assert.deepStrictEqual(readCell(writeCell(written)), written)),
    { numRuns: rounds(3000) },
  );
});

test("no two values share a cell, and one value has one cell", () => {
  fc.assert(
    fc.property(value, (base) => {
      const near = neighbours(base);
      for (const other of near) {
        assert.equal(
          writeCell(base) === writeCell(other),
          same(base, other),
          `${typeof base} ${typeof other}`,
        );
      }
    }),
    { numRuns: rounds(1000) },
  );
});

test("outer white space of a cell does not count", () => {
  fc.assert(
    fc.property(
      value,
      (written) => assert.deepStrictEqual(readCell(` \t${writeCell(written)}\r\n`), written),
    ),
    { numRuns: rounds(1000) },
  );
});

test("canonicalCell() is writeCell() of readCell(), and idempotent", () => {
  const decimal = fc.tuple(
    fc.constantFrom("", "-"),
    fc.constantFrom("0", "0.0", "0.000", "0.0000", "1", "10", "20."),
    fc.nat({ max: 99999 }),
  )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(trickyText, decimal, value.map(writeCell)), (text) => {
      const canonical = canonicalCell(text);
      const read = readCell(text);
      assert.equal(canonical, read === undefined ? "" : writeCell(read));
      assert.equal(canonicalCell(canonical), canonical);
    }),
    { numRuns: rounds(3000) },
  );
});

test("a cell holds no control character, lone surrogate or outer white space", () => {
  fc.assert(
    fc.property(value, (written) => {
      const cell = writeCell(written);
      assert.ok(!/[\p{Cc}\p{Cs}]/u.test(cell) && cell.trim() === cell && cell !== "");
    }),
    { numRuns: rounds(1000) },
  );
});

test("an integer of more than 10,000 digits is text in a cell, and refused as a value", () => {
  for (const digits of [10_000, 10_001]) {
    const isText = digits > 10_000;
    for (const text of ["1".repeat(digits), `-${"1".repeat(digits)}`]) {
      assert.equal(typeof readCell(text), isText ? "string" : "bigint");
      assert.equal(readCell(writeCell(text)), text);
      assert.equal(typeof readCell(`${text}n`), isText ? "string" : "bigint");
      assert.equal(readCell(writeCell(`${text}n`)), `${text}n`);
      if (isText) assert.throws(() => toValue(BigInt(text), "x"), /x as a value.*10000 digits/);
      else assert.equal(readCell(writeCell(BigInt(text))), toValue(BigInt(text), "x"));
      if (isText) assert.throws(() => parseJson(`[${text}]`), /10000 digits/);
      else assert.deepEqual(parseJson(`[${text}]`), [BigInt(text)]);
    }
  }
});
