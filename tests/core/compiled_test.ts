/** Functions as build tools leave them: texts are what the tools made of the source named. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { areMinified } from "../../core/keys/minified.ts";
import { signatureOf } from "../../core/keys/signature.ts";
import { tempFolder } from "../temp_folder.ts";

type Any = (...args: never[]) => unknown;

const isBun = process.versions["bun"] !== undefined;

/** A function that prints as another tool would print it. */
function printedAs(text: string): Any {
  return Object.assign(() => {}, { toString: () => text });
}

// async ({ alpha, seed = 7 }) => alpha * seed, and with a rest
const objects: Readonly<Record<string, string>> = {
  "tsc, ES2015, an arrow":
    `(_a) => __awaiter(void 0, [_a], void 0, function* ({ alpha, seed = 7 }) { return alpha * seed; })`,
  "tsc, ES2015, a method": `fit(_a) {
        return __awaiter(this, arguments, void 0, function* ({ alpha, seed = 7 }) { return alpha * seed; });
    }`,
  "tsc, older, ES2015":
    `({ alpha, seed = 7 }) => __awaiter(void 0, void 0, void 0, function* () { return alpha * seed; })`,
  "esbuild, ES2016":
    `(_0) => __async(null, [_0], function* ({ alpha, seed = 7 }) {\n  return alpha * seed;\n})`,
  "esbuild, ES2016, minified": `t=>o(null,[t],function*({alpha:n,seed:e=7}){return n*e})`,
  "a generator that is called at once":
    `(_a) => run(function* ({ alpha, seed = 7 }) { return alpha * seed; }(_a))`,
  "Babel": `function (_ref) { let { alpha, seed = 7 } = _ref; return alpha * seed; }`,
  "esbuild, an alias": `(_a) => { var _b = _a, { alpha, seed = 7 } = _b; return alpha * seed; }`,
  "esbuild, minified": `async({alpha:n,seed:e=7})=>n*e`,
};
for (const [tool, text] of Object.entries(objects)) {
  test(`the fields of a params object and their defaults are known as compiled by ${tool}`, () => {
    const signature = signatureOf(printedAs(text));
    assert.equal(signature.style, "object");
    assert.deepEqual(signature.names, ["alpha", "seed"]);
    assert.deepEqual(signature.params([{ alpha: 2 }]), { alpha: 2, seed: 7 });
  });
}

test("an object rest that was compiled stays one", () => {
  for (
    const text of [
      `(_a) => { var { alpha = 1 } = _a, rest = __rest(_a, ["alpha"]); return alpha; }`,
      `(_a) => { var _b = _a, { alpha = 1 } = _b, rest = __objRest(_b, ["alpha"]); return alpha; }`,
    ]
  ) {
    const signature = signatureOf(printedAs(text));
    assert.equal(signature.names, undefined);
    assert.deepEqual(signature.params([{ beta: 2 }]), { alpha: 1, beta: 2 });
  }
});

// async (strike, spot = 7) => strike + spot
const positional: Readonly<Record<string, string>> = {
  "tsc, ES2015, an arrow":
    `(strike_1, ...args_1) => __awaiter(void 0, [strike_1, ...args_1], void 0, function* (strike, spot = 7) { return strike + spot; })`,
  "tsc, ES2015, a method":
    `fit(strike_1) { return __awaiter(this, arguments, void 0, function* (strike, spot = 7) { return strike + spot; }); }`,
  "esbuild, ES2016":
    `(strike, spot = 7) => __async(null, null, function* () { return strike + spot; })`,
};
for (const [tool, text] of Object.entries(positional)) {
  test(`positional names and defaults are known as compiled by ${tool}`, () => {
    const signature = signatureOf(printedAs(text));
    assert.deepEqual(signature.names, ["strike", "spot"]);
    assert.deepEqual(signature.params([1]), { strike: 1, spot: 7 });
  });
}

const hidden: Readonly<Record<string, string>> = {
  "Babel, an async function": `function fit(_x) { return _fit.apply(this, arguments); }`,
  "swc, an async function": `function() {\n    return _ref.apply(this, arguments);\n}`,
  "Babel, ES5, a default":
    `function (alpha) { var seed = arguments.length > 1 && arguments[1] !== undefined ? arguments[1] : 7; return alpha * seed; }`,
  "swc, ES5, an object":
    `function(param) { var alpha = param.alpha, _param_seed = param.seed, seed = _param_seed === void 0 ? 7 : _param_seed; return alpha * seed; }`,
  "tsc, ES5, an object":
    `function (_a) { var alpha = _a.alpha, _b = _a.seed, seed = _b === void 0 ? 7 : _b; return alpha * seed; }`,
  ...!isBun && {
    "tsc, ES5, a default":
      `function (alpha, seed) { if (seed === void 0) { seed = 7; } return alpha * seed; }`,
  },
};
for (const [tool, text] of Object.entries(hidden)) {
  test(`hidden parameters are refused as compiled by ${tool}`, () => {
    assert.throws(() => signatureOf(printedAs(text)), {
      name: "TypeError",
      message: /compiled for an older target.*ES2017.*paramNames/,
    });
    const { names } = signatureOf(printedAs(text), { paramNames: ["alpha", "seed"] });
    assert.deepEqual(names, ["alpha", "seed"]);
  });
}

test("code written by hand is not taken for a compiler's", () => {
  const own: Readonly<Record<string, readonly string[] | undefined>> = {
    "(items) => each([items], function* (item) { yield item; })": undefined,
    "(params) => { const { alpha, seed = 7 } = params; return alpha * seed; }": undefined,
    "(_seed) => {}": undefined,
    "(alpha, seed) => { if (seed === undefined) seed = 7; return alpha * seed; }": [
      "alpha",
      "seed",
    ],
    "function (alpha, seed) { return other.apply(null, [alpha, seed]); }": ["alpha", "seed"],
    "(a, b) => run([a, b], () => a + b)": ["a", "b"],
  };
  for (const [text, names] of Object.entries(own)) {
    assert.deepEqual(signatureOf(printedAs(text)).names, names, text);
  }
});

// (strike, spot) => strike * 1000 + spot and others, by esbuild, Bun, Deno and terser
const minified = [
  "(n,e)=>n*1e3+e",
  "(t,n)=>t*1e3+n",
  "(n,e)=>1e3*n+e",
  'async(n,e=7)=>(await 0,console.log("x"),n*1e3+e)',
  'async(n,t=7)=>{await 0;console.log("x");return n*1e3+t}',
  "async fit(e,r=3){let n=e+r;return n}",
  '(n,e=7)=>o(null,null,function*(){return yield 0,console.log("x"),n*1e3+e})',
  "(e,...t)=>n(void 0,[e,...t],void 0,(function*(e,t=7){return yield 0,e*t}))",
];
const skip = isBun && "Bun formats the functions that it loads";

test("positional names of minified code are refused as it is wrapped", { skip }, () => {
  for (const text of minified) {
    assert.throws(() => signatureOf(printedAs(text)), {
      name: "TypeError",
      message:
        /look like names that a minifier gave.*paramNames: \["alpha", "seed"\].*params object/,
    }, text);
    assert.deepEqual(signatureOf(printedAs(text), { paramNames: ["strike", "spot"] }).names, [
      "strike",
      "spot",
    ]);
  }
});

test("one name of minified code is refused where no params object is given", { skip }, () => {
  const signature = signatureOf(printedAs("n=>n.alpha*1e3+n.seed-1"));
  assert.deepEqual(signature.params([{ alpha: 1, seed: 2 }]), { alpha: 1, seed: 2 });
  assert.throws(
    () => signature.params([1]),
    /n looks like a name that a minifier gave.*paramNames/,
  );
});

test("short names that people write are names", () => {
  for (
    const text of [
      "(x, y) => x * y + 1",
      "(a, b)=>a + b", // as Deno prints TypeScript
      "(n)=>n",
      "n=>n*2",
      "(a,b)=>a+b",
      "async (n)=>{}",
      "function (i, j) {\n  return [i, j];\n}",
    ]
  ) {
    assert.equal(areMinified(["a", "b"], text, undefined), false, text);
    signatureOf(printedAs(text));
  }
  const long = "(learningRate,seed)=>learningRate*1e3+seed";
  assert.deepEqual(signatureOf(printedAs(long)).names, ["learningRate", "seed"]);
});

test("where a function is too short to tell, its module decides", async (t) => {
  const once = new URL("../../core/runs/call_site.ts", import.meta.url).href;
  const folder = tempFolder(t);
  const load = async (
    name: string,
    text: string,
  ): Promise<{ site: { module: string }; fn: Any }> => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return await import(pathToFileURL(file).href);
  };
  const dense = await load(
    "dense.mjs",
    `import{callSite as e}from"${once}";function n(){return{...e(n)}}const r=n(),o=(t,e)=>t-e;export{r as site,o as fn};`,
  );
  assert.throws(() => signatureOf(dense.fn, dense.site), /minifier/);
  const own = await load(
    "own.mjs",
    `import { callSite } from "${once}";

function once() {
  // More than a call, since Bun drops the frames of tail calls.
  return { ...callSite(once) };
}
export const site = once();
export const fn = (a,b)=>a-b;
`,
  );
  assert.deepEqual(signatureOf(own.fn, own.site).names, ["a", "b"]);
});
