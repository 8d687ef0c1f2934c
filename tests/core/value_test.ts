import { Buffer } from "node:buffer";
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, parseJson } from "../../core/values/json.ts";
import { floatText, numberText } from "../../core/values/number_text.ts";
import { entryPath, isPlainObject, toValue } from "../../core/values/value.ts";
import { rounds } from "../rounds.ts";

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function valueOf(input: unknown): unknown {
  return toValue(input, "params");
}

test("toValue() keeps strings, numbers, booleans, null, arrays and plain objects", () => {
  const input = {
    a: ["x", 1.5, NaN, -Infinity, true, null],
    b: Object.assign(Object.create(null), { c: {} }),
  };
  assert.deepStrictEqual(valueOf(input), {
    a: ["x", 1.5, NaN, -Infinity, true, null],
    b: { c: {} },
  });
});

test("toValue() gives a copy", () => {
  const input = { xs: [1] };
  const value = valueOf(input);
  input.xs.push(2);
  assert.deepStrictEqual(value, { xs: [1] });
});

test("toValue() gives a Date as ISO 8601 text in UTC", () => {
  assert.deepStrictEqual(valueOf({ at: new Date(0) }), { at: "1970-01-01T00:00:00.000Z" });
});

test("toValue() refuses an invalid Date", () => {
  assert.throws(() => valueOf({ at: new Date(NaN) }), {
    name: "TypeError",
    message: /params\.at .*invalid Date/,
  });
});

test("toValue() gives typed arrays as arrays, Buffer too", () => {
  assert.deepStrictEqual(valueOf(new Float64Array([0.5, -0])), [0.5, 0]);
  assert.deepStrictEqual(valueOf(new BigInt64Array([1n, -(2n ** 60n)])), [1, -(2n ** 60n)]);
  assert.deepStrictEqual(valueOf(new BigUint64Array([2n ** 64n - 1n])), [2n ** 64n - 1n]);
  assert.deepStrictEqual(valueOf(Buffer.from("AB")), [65, 66]);
});

test("toValue() gives what toJSON() gives, normalised", () => {
  class Point {
    toJSON(): unknown {
      return { at: new Date(0), n: -0, none: undefined };
    }
  }
  assert.deepStrictEqual(valueOf([new Point()]), [{ at: "1970-01-01T00:00:00.000Z", n: 0 }]);
  assert.equal(valueOf(new URL("http://a.b/c")), "http://a.b/c");
  assert.deepStrictEqual(valueOf({ toJSON: "no function" }), { toJSON: "no function" });
  assert.equal(valueOf({ toJSON: (): undefined => undefined }), undefined);
});

test("toValue() takes undefined for absent", () => {
  assert.equal(valueOf(undefined), undefined);
  assert.deepStrictEqual(Object.keys(valueOf({ a: undefined, b: 1 }) as object), ["b"]);
});

test("toValue() refuses undefined and holes in arrays", () => {
  for (const xs of [[1, 2, undefined], new Array(2).fill(1).concat(new Array(1))]) {
    assert.throws(() => valueOf({ xs }), {
      name: "TypeError",
      message: /params\.xs\[2\] .*pass null/,
    });
  }
});

test("toValue() makes -0 and small bigints the number they equal", () => {
  assert.ok(Object.is(valueOf(-0), 0));
  assert.equal(valueOf(2n ** 53n - 1n), 2 ** 53 - 1);
  assert.equal(valueOf(-5n), -5);
  assert.equal(valueOf(2n ** 53n), 2n ** 53n);
  assert.equal(valueOf(-(2n ** 53n)), -(2n ** 53n));
});

test("toValue() names the place of what is no value, and what to do", () => {
  class Model {}
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [() => 0, /a function.*pass its name/],
    [class {}, /a function/],
    [Symbol("s"), /a symbol.*description/],
    [new Map(), /a Map.*Object\.fromEntries/],
    [new Set(), /a Set.*\[\.\.\.set\]/],
    [Promise.resolve(), /a Promise.*await/],
    [new Model(), /an instance of Model.*toJSON/],
    [/x/, /an instance of RegExp/],
    [new Error("e"), /an instance of Error/],
    [new Number(1), /a boxed Number.*valueOf/],
    [new String("s"), /a boxed String/],
    [Object(1n), /a boxed BigInt/],
    [new ArrayBuffer(1), /an ArrayBuffer.*Uint8Array/],
    [new DataView(new ArrayBuffer(1)), /an instance of DataView/],
    [new WeakMap(), /an instance of WeakMap/],
  ];
  for (const [input, message] of cases) {
    assert.throws(() => valueOf({ cfg: { opt: input } }), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^Cannot use params\.cfg\.opt as a value: /);
      assert.match(error.message, message);
      return true;
    });
    assert.throws(() => valueOf({ xs: [1, 2, input] }), {
      message: /^Cannot use params\.xs\[2\] as/,
    });
  }
});

test("toValue() refuses cycles, also through toJSON()", () => {
  const cycle: Record<string, unknown> = {};
  cycle["a"] = { b: [cycle] };
  assert.throws(() => valueOf(cycle), {
    name: "TypeError",
    message: /params\.a\.b\[0\] .*same object as params /,
  });
  const self = { toJSON: (): unknown => self };
  assert.throws(() => valueOf({ self }), { name: "TypeError", message: /params\.self .*cycle/ });
});

test("toValue() takes an object that occurs twice", () => {
  const shared = { x: 1 };
  assert.deepStrictEqual(valueOf([shared, { shared }]), [{ x: 1 }, { shared: { x: 1 } }]);
});

test("toValue() keeps an own __proto__ as data", () => {
  const value = valueOf(JSON.parse('{"__proto__": {"x": 1}}')) as object;
  assert.deepStrictEqual(Object.keys(value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("values may be nested 1000 levels deep, and an error says where it ends", () => {
  const deep = valueOf(nested(1000));
  const json = canonicalJson(toValue(nested(1000), "params")!);
  assert.deepStrictEqual(canonicalJson(parseJson(json)), json);
  assert.ok(Array.isArray(deep) || isPlainObject(deep));
  assert.throws(() => valueOf(nested(1001)), { name: "RangeError", message: /deeper than 1000/ });
  assert.throws(() => canonicalJson(nested(1001) as never), {
    name: "RangeError",
    message: /deeper than 1000/,
  });
  assert.throws(() => parseJson("[".repeat(1001) + "]".repeat(1001)), {
    name: "SyntaxError",
    message: /1000.*1000/,
  });
  assert.throws(() => parseJson("[".repeat(1e6)), {
    name: "SyntaxError",
    message: /deeper than 1000/,
  });
});

test("isPlainObject() tells objects of no class", () => {
  for (const x of [{}, Object.create(null), { constructor: 1 }]) assert.ok(isPlainObject(x));
  for (const x of [null, 1, "s", [], new Date(), new (class A {})(), () => 0]) {
    assert.ok(!isPlainObject(x));
  }
});

test("entryPath() spells a place as one would in code", () => {
  assert.equal(entryPath("params", "a_1"), "params.a_1");
  assert.equal(entryPath("params", "a b"), 'params["a b"]');
  assert.equal(entryPath("params", ""), 'params[""]');
  assert.equal(entryPath("params.xs", 2), "params.xs[2]");
});

test("floatText() is Python's repr", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0.1, "0.1"],
    [5, "5.0"],
    [0, "0.0"],
    [-0, "-0.0"],
    [1e-4, "0.0001"],
    [1e-5, "1e-05"],
    [-1.5e-7, "-1.5e-07"],
    [1e15, "1000000000000000.0"],
    [9007199254740993, "9007199254740992.0"],
    [9999999999999998, "9999999999999998.0"],
    [1e16, "1e+16"],
    [-1.2345678901234567e19, "-1.2345678901234567e+19"],
    [1e22, "1e+22"],
    [1e100, "1e+100"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [NaN, "nan"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
  ];
  for (const [x, text] of cases) assert.equal(floatText(x), text);
});

test("numberText() spells what is integral below 2^53 as an integer", () => {
  assert.equal(numberText(5), "5");
  assert.equal(numberText(-0), "0");
  assert.equal(numberText(2 ** 53 - 1), "9007199254740991");
  assert.equal(numberText(-(2 ** 53)), "-9007199254740992.0");
  assert.equal(numberText(0.5), "0.5");
});

test("floatText() reads back as the same number", () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (x) => Object.is(Number(floatText(x)), x),
    ),
    { numRuns: rounds(1000) },
  );
});

test("canonicalJson() sorts keys by code point and has no spaces", () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: true }], a: "x" }),
    '{"a":"x","b":[1,{"c":true,"d":null}]}',
  );
  assert.equal(
    canonicalJson({ "\u{1f600}": 1, "\uffff": 2, "\ud7ff": 3 }),
    '{"\ud7ff":3,"\uffff":2,"\u{1f600}":1}',
  );
  assert.equal(
    canonicalJson({ "\u{10000}": 3, "\ud800\ue000": 2, "\ud800": 1 }),
    '{"\\ud800":1,"\\ud800\ue000":2,"\u{10000}":3}',
  );
});

test("canonicalJson() spells numbers as cells do, but non-finite ones as json.dumps", () => {
  assert.equal(
    canonicalJson([1, -0, 0.1, 1e-5, 1e16, 2 ** 53, 2n ** 64n, NaN, Infinity, -Infinity]),
    "[1,0,0.1,1e-05,1e+16,9007199254740992.0,18446744073709551616,NaN,Infinity,-Infinity]",
  );
});

test("canonicalJson() leaves no control character or lone surrogate unescaped", () => {
  assert.equal(
    canonicalJson("\x00\n\x7f\x9f\ud800é\u{1f600}"),
    '"\\u0000\\n\\u007f\\u009f\\ud800é\u{1f600}"',
  );
});

test("parseJson() reads integers from 2^53 as bigints, and other numerals as numbers", () => {
  assert.deepStrictEqual(
    parseJson("[9007199254740991, 9007199254740992, -9007199254740993, 1e3, 9007199254740992.0]"),
    [
      9007199254740991,
      9007199254740992n,
      -9007199254740993n,
      1000,
      9007199254740992,
    ],
  );
  assert.deepStrictEqual(parseJson("[-0, -0.0, NaN, Infinity, -Infinity]"), [
    0,
    0,
    NaN,
    Infinity,
    -Infinity,
  ]);
});

test("parseJson() keeps __proto__ as data, and the last of equal keys", () => {
  const value = parseJson('{"__proto__":[1],"a":1,"a":2}') as object;
  assert.deepStrictEqual(Object.entries(value), [["__proto__", [1]], ["a", 2]]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("parseJson() tells keys with different escapes apart", () => {
  for (let i = 0; i < 3; i++) {
    assert.deepStrictEqual(parseJson('{"k\\\\":1}'), { "k\\": 1 });
    assert.deepStrictEqual(parseJson('{"k\\n":1}'), { "k\n": 1 });
  }
});

test("parseJson() refuses what is not JSON, and names the offset", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["  ", 2],
    ["[1,]", 3],
    ["[1 2]", 3],
    ["[1", 2],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ["{a:1}", 1],
    ["'a'", 0],
    ['"a', 2],
    ['"a\nb"', 2],
    ['"a\\x"', 2],
    ['"\\u12g4"', 1],
    ["01", 1],
    ["1.", 1],
    [".5", 0],
    ["+1", 0],
    ["-", 0],
    ["1e", 1],
    ["nan", 0],
    ["None", 0],
    ["truex", 4],
    ["\ufeff1", 0],
    ["\u00a01", 0],
    ["1n", 1],
    ["[1] [2]", 4],
  ];
  for (const [text, offset] of cases) {
    assert.throws(() => parseJson(text), (error: unknown) => {
      assert.ok(error instanceof SyntaxError, text);
      assert.ok(
        error.message.startsWith(`Cannot read JSON at offset ${offset}: `),
        `${text}: ${error.message}`,
      );
      return true;
    });
  }
});

test("parseJson() reads what JSON.stringify() writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const asNumber = (_: string, x: unknown): unknown => typeof x === "bigint" ? Number(x) : x;
      assert.equal(JSON.stringify(parseJson(text), asNumber, space), text);
    }),
    { numRuns: rounds(1000) },
  );
});

test("parseJson() refuses what JSON.parse() refuses", () => {
  const pieces = fc.constantFrom(
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"a"',
    "1",
    "-",
    ".5",
    "e1",
    "0",
    "null",
    " ",
    '"',
    "\\",
    "u",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 7 }), (parts) => {
      const text = parts.join("");
      assert.equal(succeeds(() => parseJson(text)), succeeds(() => JSON.parse(text)), text);
    }),
    { numRuns: rounds(2000) },
  );
});

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
