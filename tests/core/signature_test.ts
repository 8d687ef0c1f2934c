import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signatureOf } from "../../core/keys/signature.ts";

type Any = (...args: never[]) => unknown;

/** A function that prints as another runtime would print it. */
function printedAs(source: string): Any {
  return Object.assign(() => {}, { toString: () => source });
}

function errorOf(act: () => unknown): TypeError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

function assertError(act: () => unknown, ...parts: readonly string[]): void {
  const { message } = errorOf(act);
  for (const part of parts) {
    assert.ok(message.includes(part), `${JSON.stringify(part)} is not in: ${message}`);
  }
}

describe("signatureOf() names the arguments of", () => {
  const computed = "anything";
  class Base {
    fit(alpha: number): unknown {
      return alpha;
    }
  }
  class Model extends Base {
    #scale = 2;
    override fit(alpha: number, seed = 42): unknown {
      return [super.fit(alpha), this.#scale, seed, #scale in this];
    }
    async fitLater(alpha: number, seed = 42): Promise<unknown> {
      return await Promise.resolve([alpha, seed, import.meta.url]);
    }
    static build(alpha: number, seed = 42): unknown {
      return [super.name, alpha, seed];
    }
    static async buildLater(alpha: number, seed = 42): Promise<unknown> {
      return [await alpha, seed];
    }
    "quoted (name)"(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    [computed](alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    12(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    #hidden(alpha: number, seed = 42): unknown {
      return [alpha, seed, this.#scale];
    }
    get(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    async(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    class(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    function(alpha: number, seed = 42): unknown {
      return [alpha, seed];
    }
    field = (alpha: number, seed = 42): unknown => [alpha, seed, this.#scale, super.fit(alpha)];
    hidden(): Any {
      return this.#hidden;
    }
  }
  const model = new Model();

  const shapes: Record<string, Any> = {
    "a declaration with TypeScript annotations": function train(
      alpha: number,
      // deno-lint-ignore no-inferrable-types
      seed: number = 42,
    ): number {
      return alpha + seed;
    },
    "a generic function": function <T extends number>(alpha: T, seed: T | 42 = 42): unknown {
      return [alpha, seed];
    },
    "an anonymous async function": async function (alpha: number, seed = 42) {
      return [await alpha, seed];
    },
    "an arrow": (alpha: number, seed = 42) => [alpha, seed],
    "an arrow with a block": (alpha: number, seed = 42) => {
      return [alpha, seed];
    },
    "an arrow to an object": (alpha: number, seed = 42) => ({ alpha, seed }),
    // deno-fmt-ignore
    "an arrow in parentheses": ((alpha: number, seed = 42) => [alpha, seed]),
    "an async arrow": async (alpha: number, seed = 42) => [await alpha, seed],
    // deno-fmt-ignore
    "comments in the list": (/* (first, */ alpha: number /* = 1 */, // second)
      seed /* of the run */ = 42) => [alpha, seed],
    // deno-fmt-ignore
    "a trailing comma": (alpha: number, seed = 42,) => [alpha, seed],
    "an object's method": {
      fit(alpha: number, seed = 42) {
        return [super.toString(), alpha, seed];
      },
    }.fit,
    "an object's async method": {
      async fit(alpha: number, seed = 42) {
        return [await alpha, seed];
      },
    }.fit,
    "an object's arrow": { fit: (alpha: number, seed = 42) => [alpha, seed] }.fit,
    "a method with super and private names": model.fit,
    "an async method with import.meta": model.fitLater,
    "a static method": Model.build,
    "an async static method": Model.buildLater,
    "a method with a quoted name": model["quoted (name)"],
    "a method with a computed name": model[computed],
    "a method with a number as name": model[12],
    "a private method": model.hidden(),
    "a method named get": model.get,
    "a method named async": model.async,
    "a method named class": model.class,
    "a method named function": model.function,
    "an arrow in a class field": model.field,
    "a function made from text": new Function("alpha", "seed = 42", "return alpha + seed") as Any,
    "sloppy code": new Function(
      "return function (alpha, seed = 42) { with ({}) { return arguments.callee } }",
    )() as Any,
  };
  for (const [shape, fn] of Object.entries(shapes)) {
    test(shape, () => {
      const signature = signatureOf(fn);
      assert.equal(signature.style, "positional");
      assert.deepEqual(signature.names, ["alpha", "seed"]);
      assert.deepEqual([...signature.defaults], [["seed", 42]]);
      assert.deepEqual(signature.params([0.1]), { alpha: 0.1, seed: 42 });
      assert.deepEqual(signature.params([0.1, 7, "more"]), { alpha: 0.1, seed: 7 });
      assert.deepEqual(signature.keyColumns([0.1]), ["alpha", "seed"]);
    });
  }

  const prints = {
    // V8
    "(alpha, seed = 6 * 7) => 0": "V8, arrow",
    "async fit(alpha, seed         = 42) { return await this.#x }":
      "V8, method with types blanked out",
    "#fit(alpha, seed = 42){ return #x in this }": "V8, private method",
    // Bun
    'async ["fit"](alpha, seed = 42) {\n    return super.fit();\n  }': "Bun, computed method",
    "(\\u{61}lpha, seed = 42) => 0": "Bun, escaped letters",
    "fit(alpha, seed = 42) { return [new.target, super.fit, arguments] }":
      "a method with new.target",
    "(alpha, seed = 42) => [new.target, super.fit, this.#x]": "an arrow of such a method",
    "static fit(alpha, seed = 42) {}": "a static method with its word",
  };
  for (const [source, shape] of Object.entries(prints)) {
    test(`what is printed as ${shape}`, () => {
      const { names, defaults } = signatureOf(printedAs(source));
      assert.deepEqual([names, [...defaults]], [["alpha", "seed"], [["seed", 42]]]);
    });
  }

  test("unicode identifiers", () => {
    assert.deepEqual(signatureOf((αβ: number, 变量 = 1, $_ = 2) => [αβ, 变量, $_]).names, [
      "αβ",
      "变量",
      "$_",
    ]);
  });

  test("one bare identifier", () => {
    assert.deepEqual(signatureOf(printedAs("async seed => seed")).params([3]), { seed: 3 });
  });

  test("a rest parameter, as the array of what remains", () => {
    const signature = signatureOf((alpha: number, ...seeds: number[]) => [alpha, seeds]);
    assert.deepEqual(signature.params([1, 2, 3]), { alpha: 1, seeds: [2, 3] });
    assert.deepEqual(signature.params([1]), { alpha: 1, seeds: [] });
    assert.deepEqual(signatureOf((...seeds: number[]) => seeds).params([{ a: 1 } as never]), {
      seeds: [{ a: 1 }],
    });
  });

  test("no parameters, and refuses arguments it cannot name", () => {
    const signature = signatureOf(function prepare() {});
    assert.deepEqual([signature.params([]), signature.keyColumns([])], [{}, []]);
    assertError(() => signature.params([1]), "prepare()", "declares no parameters", "paramNames");
  });
});

describe("signatureOf() applies defaults", () => {
  const defaultsOf = (fn: Any): Record<string, unknown> =>
    Object.fromEntries(signatureOf(fn).defaults);

  test("that are constant expressions, folded by the runtime or not", () => {
    assert.deepEqual(
      defaultsOf((
        a = 1 + 2 * 3,
        b = -1,
        c = "(x" + ")",
        d = `a${1}b${true}`,
        e = !0,
        f: null | 1 = null,
        g = [1, [2, "x"]],
        h = { a: 1, "b-c": [], 3: { d: null } },
        i = 1 / 3,
        j = -Infinity,
        k = NaN,
        l = 10n ** 20n,
        m = 0x10,
        n = 1_000,
        p = ~5,
        q = +"7",
        s = 0 || "or",
        t = 1 && "and",
        u = -0,
        v = ") => {",
      ) => [a, b, c, d, e, f, g, h, i, j, k, l, m, n, p, q, s, t, u, v]),
      {
        a: 7,
        b: -1,
        c: "(x)",
        d: "a1btrue",
        e: true,
        f: null,
        g: [1, [2, "x"]],
        h: { a: 1, "b-c": [], 3: { d: null } },
        i: 1 / 3,
        j: -Infinity,
        k: NaN,
        l: 10n ** 20n,
        m: 16,
        n: 1000,
        p: -6,
        q: 7,
        s: "or",
        t: "and",
        u: -0,
        v: ") => {",
      },
    );
  });

  test("in every form a runtime may print them", () => {
    const source =
      "(a = 1 / 0, b = void 0, c = undefined, d = !1, e = { ['x']: 1, ['__proto__']: 2 }, f = 5 % 3, " +
      "g = 1 << 4, h = 7 >>> 1, i = 6 & 3, j = 6 | 1, k = 6 ^ 3, l = 1 != 2, m = 'a' === 'a', n = 2 >= 2, o = -(2 ** 2), p = null ?? 4, q = 0 ?? 4, r = 1 < 2 ? 'yes' : no)";
    const { e, ...others } = defaultsOf(printedAs(`${source} => 0`));
    assert.deepEqual(Object.entries(e as object), [["x", 1], ["__proto__", 2]]);
    assert.deepEqual(others, {
      a: Infinity,
      d: false,
      f: 2,
      g: 16,
      h: 3,
      i: 2,
      j: 7,
      k: 5,
      l: true,
      m: true,
      n: true,
      o: -4,
      p: 4,
      q: 0,
      r: "yes",
    });
  });

  test("to omitted and undefined arguments, not to null", () => {
    const signature = signatureOf((alpha = 1, beta: number | null = 2) => [alpha, beta]);
    assert.deepEqual(signature.params([undefined, null]), { alpha: 1, beta: null });
    assert.deepEqual(signature.params([]), { alpha: 1, beta: 2 });
  });

  test("and leaves out what has neither value nor default", () => {
    const signature = signatureOf((
      alpha?: number,
      beta: number | undefined = undefined,
    ) => [alpha, beta]);
    assert.deepEqual(Object.keys(signature.params([undefined])), []);
    assert.equal(signature.defaults.size, 0);
  });

  test("that no caller can change for the calls that follow", () => {
    const signature = signatureOf((cfg = { layers: [1] }, seed = 1) => [cfg, seed]);
    const { cfg } = signature.params([]) as { cfg: { layers: number[] } };
    assert.throws(() => cfg.layers.push(2), TypeError);
    assert.deepEqual(signature.params([]), { cfg: { layers: [1] }, seed: 1 });
  });

  test("but refuses a computed one inside the key, and shows two fixes", () => {
    function train(alpha: number, now = Date.now()): unknown {
      return [alpha, now];
    }
    assertError(
      () => signatureOf(train),
      'the default of "now" is computed',
      'key: ["alpha"]',
      'paramNames: ["alpha", "now"]',
    );
    assertError(
      () => signatureOf(train, { key: ["now"] }),
      '"now"',
      'paramNames: ["alpha", "now"]',
    );
    assertError(() => signatureOf((now = Date.now()) => now), '"now"', 'paramNames: ["now"]');
    assertError(
      () => signatureOf(({ a, b = a * 2 }: { a: number; b?: number }) => b),
      'field "b"',
      'key: ["a"]',
    );
  });

  for (
    const expression of [
      "a * 2",
      "[...a]",
      "[, 1]",
      "{ ...a }",
      "{ __proto__: null }",
      "{ get x() { return 1 } }",
      "/x/",
      "f`x`",
      "`${a}`",
      "1n + 1",
      "-[]",
      "[] + 1",
      "() => 1",
      "new Date()",
      "this.x",
      "'x' in {}",
      "{ [a]: 1 }",
      "typeof 1",
      "(1, 2)",
    ]
  ) {
    test(`and takes ${expression} for computed`, () => {
      assertError(() => signatureOf(printedAs(`(a, b = ${expression}) => 0`)), '"b" is computed');
    });
  }

  test("and ignores a computed one outside the key", () => {
    const signature = signatureOf((alpha: number, now = Date.now()) => [alpha, now], {
      key: ["alpha"],
    });
    assert.deepEqual(signature.params([1]), { alpha: 1 });
    assert.deepEqual(signature.params([1, 2]), { alpha: 1, now: 2 });
    assert.deepEqual(signature.keyColumns([1, 2]), ["alpha"]);
  });
});

describe("a destructured first parameter", () => {
  interface Params {
    alpha: number;
    seed?: number;
    cfg?: { lr?: number };
  }
  function train(
    { alpha, seed: s = 42, cfg: { lr } = { lr: 1 } }: Params,
    client?: unknown,
  ): unknown {
    return [alpha, s, lr, client];
  }

  test("declares its property names, and later arguments pass through", () => {
    const signature = signatureOf(train);
    assert.equal(signature.style, "object");
    assert.deepEqual(signature.names, ["alpha", "seed", "cfg"]);
    assert.deepEqual(signature.keyColumns([]), ["alpha", "seed", "cfg"]);
    const params = signature.params([{ extra: 1, seed: undefined, alpha: 2 }, { client: true }]);
    assert.deepEqual(params, { alpha: 2, seed: 42, cfg: { lr: 1 } });
    assert.deepEqual(Object.keys(params), ["alpha", "seed", "cfg"]);
  });

  test("leaves absent fields out, and takes quoted and numeric ones", () => {
    const signature = signatureOf((
      { "b-c": b, 0: zero, alpha }: Record<string, number>,
    ) => [b, zero, alpha]);
    assert.deepEqual(signature.names, ["b-c", "0", "alpha"]);
    assert.deepEqual(signature.params([{ "b-c": 1 }]), { "b-c": 1 });
  });

  test("takes a key of its fields", () => {
    const signature = signatureOf(train, { key: ["seed", "alpha"] });
    assert.deepEqual(signature.keyColumns([]), ["seed", "alpha"]);
    assert.deepEqual(signature.params([{ alpha: 1 }]), { alpha: 1, seed: 42, cfg: { lr: 1 } });
  });

  test("refuses a key name that is no field", () => {
    assertError(
      () => signatureOf(train, { key: ["alpha", "sede"] }),
      '"sede"',
      "alpha, seed, cfg",
      'mean "seed"?',
    );
    assertError(() => signatureOf(train, { key: ["client"] }), '"client"', "alpha, seed, cfg");
  });

  test("with a rest element takes any field", () => {
    const open = ({ alpha = 1, ...rest }: Record<string, unknown>) => [alpha, rest];
    const signature = signatureOf(open);
    assert.deepEqual([signature.names, signature.keyColumns([{}])], [undefined, undefined]);
    assert.deepEqual(signature.params([{ seed: 3 }]), { seed: 3, alpha: 1 });
    assert.deepEqual(signature.params([{ seed: 3, alpha: 2 }]), { seed: 3, alpha: 2 });
    assert.deepEqual(signatureOf(open, { key: ["seed"] }).keyColumns([{}]), ["seed"]);
  });

  test("with a default for the whole allows a call without arguments", () => {
    assert.deepEqual(
      signatureOf(({ a = 1, b }: { a?: number; b?: number } = {}) => [a, b]).params([]),
      { a: 1 },
    );
    assert.deepEqual(
      signatureOf(({ a, b = 2 }: { a: number; b?: number } = { a: 5 }) => [a, b]).params([
        undefined,
      ]),
      {
        a: 5,
        b: 2,
      },
    );
  });

  test("refuses a call without a plain object, and says what it got", () => {
    const { params } = signatureOf(train);
    const expected =
      "Cannot read the params of train(): its first argument must be an object with alpha, seed, cfg, got ";
    assertError(() => params([0.1]), `${expected}number`);
    assertError(() => params([]), `${expected}nothing`);
    assertError(() => params([null]), `${expected}null`);
    assertError(() => params([[1]]), `${expected}an array`);
    assertError(() => params([new Map()]), `${expected}a Map instance`);
    const load = () => ({ a: 1 });
    const late = signatureOf(({ a }: { a: number } = load()) => a);
    assert.deepEqual(late.params([{ a: 2 }]), { a: 2 });
    assertError(() => late.params([]), "got nothing, and its default is computed");
  });

  test("refuses a computed field name", () => {
    assertError(
      () => signatureOf(printedAs("({ alpha, [name]: x }) => x")),
      "field 2",
      "computed name",
      "key: [",
    );
  });

  test("keeps a field named __proto__ as data", () => {
    const given = JSON.parse('{"__proto__": 1, "a": 2}') as Record<string, unknown>;
    const ownOf = (fn: Any): unknown => Object.entries(signatureOf(fn).params([given]));
    assert.deepEqual(ownOf(printedAs("({ a, __proto__: y = 1 }) => 0")), [["a", 2], [
      "__proto__",
      1,
    ]]);
    assert.deepEqual(ownOf(printedAs("({ ...all }) => 0")), [["__proto__", 1], ["a", 2]]);
    assert.deepEqual(ownOf(printedAs("(params) => 0")), [["__proto__", 1], ["a", 2]]);
    assert.deepEqual(Object.entries(signatureOf(printedAs("(__proto__, b) => 0")).params([1, 2])), [
      ["__proto__", 1],
      ["b", 2],
    ]);
  });
});

describe("a key that names no parameter", () => {
  function train(params: { alpha?: number }, log?: unknown): unknown {
    return [params, log];
  }

  test("names the fields of the first argument", () => {
    const signature = signatureOf(train, { key: ["alpha", "seed"] });
    assert.deepEqual([signature.style, signature.names], ["object", undefined]);
    assert.deepEqual(signature.keyColumns([]), ["alpha", "seed"]);
    const given = { alpha: 1, extra: [2] };
    const params = signature.params([given, console]);
    assert.deepEqual(params, given);
    assert.notEqual(params, given);
    assertError(
      () => signature.params([0.1, 7]),
      "train()",
      "an object with alpha, seed",
      "params, log",
      "got number",
    );
  });

  test("takes the default of that argument", () => {
    const signature = signatureOf((params = { alpha: 1 }) => params, { key: ["alpha"] });
    assert.deepEqual(signature.params([]), { alpha: 1 });
  });

  test("is an error if others of its names are parameters, or there is no such argument", () => {
    const fn = (alpha: number, seed: number) => [alpha, seed];
    assertError(
      () => signatureOf(fn, { key: ["alpha", "sead"] }),
      'Cannot take "sead"',
      "alpha, seed",
      '"seed"?',
    );
    assertError(() => signatureOf(() => 1, { key: ["alpha"] }), '"alpha"', "no named parameters");
    assertError(() => signatureOf((...all: number[]) => all, { key: ["alpha"] }), '"alpha"', "all");
    assertError(
      () => signatureOf(([a]: number[], seed: number) => [a, seed], { key: ["a"] }),
      '"a"',
      "seed",
    );
  });
});

describe("a single plain parameter", () => {
  test("is an undeclared object or positional, call by call", () => {
    const signature = signatureOf((params: unknown) => params);
    assert.deepEqual([signature.style, signature.names], ["either", undefined]);
    assert.deepEqual(signature.params([{ a: 1 }, "client"]), { a: 1 });
    assert.equal(signature.keyColumns([{ a: 1 }]), undefined);
    for (const value of [0.1, "x", null, [1], new Date(0)]) {
      assert.deepEqual(signature.params([value]), { params: value });
      assert.deepEqual(signature.keyColumns([value]), ["params"]);
    }
    assert.deepEqual([signature.params([]), signature.keyColumns([])], [{}, ["params"]]);
  });

  test("takes its default, object or not", () => {
    const seed = signatureOf((seed = 42) => seed);
    assert.deepEqual([seed.params([]), seed.keyColumns([])], [{ seed: 42 }, ["seed"]]);
    const params = signatureOf((params = { a: 1 }) => params);
    assert.deepEqual([params.params([]), params.keyColumns([])], [{ a: 1 }, undefined]);
  });

  test("is positional when key or paramNames names it", () => {
    const fn = (cfg: unknown) => cfg;
    for (const options of [{ key: ["cfg"] }, { paramNames: ["cfg"] }]) {
      const signature = signatureOf(fn, options);
      assert.equal(signature.style, "positional");
      assert.deepEqual(signature.params([{ a: 1 }]), { cfg: { a: 1 } });
      assert.deepEqual(signature.keyColumns([{ a: 1 }]), ["cfg"]);
    }
  });
});

describe("a destructured parameter that has no name", () => {
  const later = (alpha: number, { seed }: { seed: number }) => [alpha, seed];

  test("is an error in the key that gives its position and the fixes", () => {
    assertError(
      () => signatureOf(later),
      "parameter 2",
      'key: ["alpha"]',
      'paramNames: ["alpha", "arg2"]',
    );
    assertError(
      () => signatureOf(([a, b]: number[]) => [a, b]),
      "parameter 1",
      'paramNames: ["arg1"]',
    );
    assertError(
      () => signatureOf(printedAs("(a, ...[b]) => b")),
      "parameter 2",
      'paramNames: ["a", "arg2"]',
    );
    assertError(() => signatureOf(printedAs("(...{ length }) => 0")), "parameter 1");
  });

  test("passes through if the key leaves it out", () => {
    const signature = signatureOf(later, { key: ["alpha"] });
    assert.deepEqual(signature.params([1, { seed: 2 }]), { alpha: 1 });
    const second = signatureOf(([a]: number[], seed: number) => [a, seed], { key: ["seed"] });
    assert.deepEqual([second.names, second.params([[1], 2])], [["seed"], { seed: 2 }]);
  });
});

describe("paramNames", () => {
  test("name the arguments of what has no readable source", () => {
    const bound = (function train(this: unknown, a: number, b: number) {
      return [this, a, b];
    }).bind(null);
    for (const fn of [bound, Math.max, printedAs("}{")]) {
      const signature = signatureOf(fn, { paramNames: ["alpha", "seed"], key: ["seed"] });
      assert.deepEqual([signature.style, signature.names], ["positional", ["alpha", "seed"]]);
      assert.deepEqual(signature.params([1, 2, 3]), { alpha: 1, seed: 2 });
      assert.deepEqual(signature.keyColumns([1, 2]), ["seed"]);
      assert.equal(signature.defaults.size, 0);
    }
  });

  test("are shown as the fix where the source does not help", () => {
    const fix = 'paramNames: ["alpha", "seed"]';
    assertError(() => signatureOf(Math.max), "max()", "native", fix);
    assertError(() => signatureOf((() => 1).bind(null)), "bound", fix);
    assertError(
      () => signatureOf(class Model {} as unknown as Any),
      "Model()",
      "class",
      "new Model",
      fix,
    );
    for (const source of ["}{", "(a) {}", "", "42", "train", "function (a, a = 1) {}"]) {
      assertError(() => signatureOf(printedAs(source)), "source", fix);
    }
  });

  test("are checked, as is key", () => {
    const fn = (alpha: number, seed: number) => [alpha, seed];
    const wrong = (value: unknown) => value as string[];
    assertError(() => signatureOf(fn, { key: [] }), "key", "every call would be the same run");
    assertError(() => signatureOf(fn, { key: ["alpha", "alpha"] }), '"alpha" twice');
    assertError(() => signatureOf(fn, { key: wrong("alpha") }), "must be an array");
    assertError(() => signatureOf(fn, { key: wrong([1]) }), "must be an array of names");
    assertError(() => signatureOf(fn, { paramNames: [] }), "paramNames", "empty");
    assertError(() => signatureOf(fn, { paramNames: ["a", "a"] }), '"a" twice');
    assertError(() => signatureOf(fn, { paramNames: [""] }), "must be an array of names");
    assertError(
      () => signatureOf(fn, { paramNames: ["a", "seed"], key: ["sed"] }),
      '"sed"',
      "a, seed",
      '"seed"?',
    );
  });
});

describe("signatureOf()", () => {
  test("refuses generators and what is no function", () => {
    function* walk(alpha: number) {
      yield alpha;
    }
    assertError(() => signatureOf(walk), "walk()", "generator");
    assertError(
      () =>
        signatureOf(async function* (alpha: number) {
          yield alpha;
        }, { paramNames: ["alpha"] }),
      "anonymous()",
      "generator",
    );
    assertError(() => signatureOf("train" as unknown as Any), "expected a function, got string");
  });

  test("refuses two parameters of one name", () => {
    assertError(() => signatureOf(printedAs("function (a, a) {}")), '"a"', "two parameters");
  });

  test("gives the function's name, or anonymous", () => {
    assert.equal(
      signatureOf(function train(a: number) {
        return a;
      }).name,
      "train",
    );
    assert.equal(signatureOf((() => (a: number) => a)()).name, "anonymous");
  });

  test("is not changed by later changes to its options", () => {
    const key = ["alpha"];
    const signature = signatureOf((alpha: number, seed: number) => [alpha, seed], { key });
    key.push("seed");
    assert.deepEqual(signature.keyColumns([]), ["alpha"]);
  });
});
