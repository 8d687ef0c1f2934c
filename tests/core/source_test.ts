import assert from "node:assert/strict";
import { test } from "node:test";
import { isOtherSource } from "../../core/runs/source_watch.ts";
import { sourceOfFunction } from "../../core/keys/source.ts";

type Any = (...args: never[]) => unknown;

/** The function that this text is. */
function evaluated(text: string): Any {
  return new Function(`return (${text})`)() as Any;
}

const hashOf = (text: string): string | undefined => sourceOfFunction(evaluated(text)).hash;

const equal: Readonly<Record<string, readonly string[]>> = {
  "comments and layout": [
    "(a, b = 2) => { const c = a + b; return { c, d: [c] }; }",
    "(a,b=2)=>{const c=a+b;return{c,d:[c]}}",
    `( a, b = 2 ) => {
       // adds
       const c = (a + b) /* both */
       ;
       return ({ "c": c, d: [ c, ], })
     }`,
  ],
  "the function's own name": [
    "function fit(n) { return n < 2 ? n : fit(n - 1) + x.fit }",
    "function train(n) { return n < 2 ? n : train(n - 1) + x.fit }",
  ],
  "how literals are written": [
    "() => ['it', 1000, 16, `x${1}y`, -1, 6 * 7, 'é', 10n, 0.5]",
    '() => ["it", 1_000, 0x10, "x1y", - 1, 42, "\\u00e9", 0xan, .5]',
  ],
  "braces around one statement": [
    "(a) => { if (a) return 1; for (const b of a) f(b); return 2 }",
    "(a) => { if (a) { return 1 } for (const b of a) { f(b); } return 2; }",
  ],
};
for (const [what, texts] of Object.entries(equal)) {
  test(`the source of a function is the same whatever ${what}`, () => {
    for (const text of texts) assert.equal(hashOf(text), hashOf(texts[0]!), text);
    assert.match(hashOf(texts[0]!)!, /^[0-9a-f]{10}$/);
  });
}

test("the source of a function changes with what it says", () => {
  const texts = [
    "(a, b) => a + b",
    "(b, a) => a + b",
    "(a, b) => b + a",
    "(a, b) => a - b",
    "(a, b = 1) => a + b",
    "(a, b = 1n) => a + b",
    "(a, b = '1') => a + b",
    "({ a, b }) => a + b",
    "({ a: b, b: a }) => a + b",
    "async (a, b) => a + b",
    "(a, b) => { a + b }",
    "(a, b) => { return a + b; }",
    "(a, b) => a?.b",
    "(a, b) => a.b",
    "(a, b) => a[b]",
    "(a, b) => a['b']",
    "(a, b) => /b/",
    "(a, b) => /b/g",
    "(a, b) => String.raw`\\n`",
    "(a, b) => String.raw`\n`",
    "(a, b) => (() => a)(b)",
    "(a, b) => -0",
    "(a, b) => +0",
    "function (a, b) { return a + b }",
    "(a, b) => { let c = a; return c }",
    "(a, b) => { const c = a; return c }",
  ];
  const hashes = new Map(texts.map((text) => [hashOf(text), text]));
  assert.equal(hashes.size, texts.length, [...hashes.values()].join("\n"));
});

test("the source of a function names what it captures, and nothing else", () => {
  const captured = (text: string) => sourceOfFunction(evaluated(text)).captured;
  assert.deepEqual(
    captured("({ a, b: [c] }, d = 1, ...e) => { let f = a; return f + c + d + e }"),
    [],
  );
  assert.deepEqual(
    captured("function f(a) { try { return f(Math.max(a)) } catch (b) { throw new Error(b) } }"),
    [],
  );
  assert.deepEqual(captured("(a) => model.ask(a, x => x.y, { z: 1, factor })"), [
    "model",
    "factor",
  ]);
  assert.deepEqual(captured("function (a) { return this.scale * a }"), ["this"]);
  assert.deepEqual(captured("function (a) { return function () { return this } }"), []);
  assert.deepEqual(captured("function (a) { return () => () => this }"), ["this"]);
  assert.deepEqual(captured("(a) => [a].map(function () { return this })"), []);
  assert.deepEqual(captured("(a) => class { b = () => this; static { this.c = a; } }"), []);
  assert.deepEqual(captured("(a) => a.map((model) => model.b).concat(model)"), ["model"]);
  assert.deepEqual(
    captured("(a) => { function f(b) { return f(b) } return (function g() { g() })(f, g) }"),
    ["g"],
  );
  assert.deepEqual(
    captured("(a) => { if (a) { var b = () => a; } try { b() } catch (c) { c() } return b }"),
    [],
  );
  // Deno and Bun have functions of these names, and Deno has name.
  assert.deepEqual(captured("(a) => prompt + name + a"), ["prompt", "name"]);
});

test("a bound function has no source", () => {
  assert.deepEqual(sourceOfFunction(((a: number) => a).bind(null)), {
    hash: undefined,
    captured: undefined,
  });
});

test("rows of another source are those that can be compared and differ", () => {
  const own = "node:3f9a1c0b22";
  for (
    const source of ["", own, "deno:0000000000", "bun:0000000000", "future:1", "edited by hand"]
  ) {
    assert.equal(isOtherSource(source, own), false, source);
  }
  for (const source of ["node:0000000000", "v:2", "run:3f9a1c0b-3f9a1c0b"]) {
    assert.equal(isOtherSource(source, own), true, source);
  }
  assert.equal(isOtherSource("v:2", "v:2"), false);
  for (const source of ["v:1", "deno:0000000000", "node:0000000000"]) {
    assert.equal(isOtherSource(source, "v:2"), true, source);
  }
});
