import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../../core/values/value.ts";
import { fillTemplate, parseTemplate } from "../../executors/template.ts";

function filled(word: string, params: Row): string | undefined {
  return fillTemplate(parseTemplate([word]), params, { id: "0123456789abcdef", slot: 3 })[0];
}

test("a placeholder is replaced by its param anywhere in a word", () => {
  assert.equal(filled("{alpha}", { alpha: 0.5 }), "0.5");
  assert.equal(filled("--out={model}-{seed}.json", { model: "a b", seed: 3 }), "--out=a b-3.json");
  assert.equal(filled("{id}/{größe}", { größe: 1 }), "0123456789abcdef/1");
  assert.equal(filled("{id}", { id: "mine" }), "mine");
  assert.equal(filled("cuda:{slot}", {}), "cuda:3");
  assert.equal(filled("{slot}", { slot: "mine" }), "mine");
});

test("a param whose name has spaces or signs has a placeholder", () => {
  assert.equal(filled("--lr={learning rate}", { "learning rate": 0.1 }), "--lr=0.1");
  assert.equal(filled("{lr (Adam)}{a:b}", { "lr (Adam)": 1, "a:b": 2 }), "12");
  assert.equal(filled("{print $1}", { n: 1 }), "{print $1}");
  assert.throws(() => filled("${HOME}", { n: 1 }), /the params are n; write {{HOME}} where braces/);
  assert.throws(() => filled("{seed:03d}", { seed: 1 }), /did you mean {seed}/);
});

test("doubled braces are braces", () => {
  assert.equal(filled('{{"n": {n}}}', { n: 1 }), '{"n": 1}');
  assert.equal(filled("{{n}}", { n: 1 }), "{n}");
});

test("values are spelled as programs take them", () => {
  for (
    const [value, text] of [
      ["", ""],
      ['it\'s "$HOME"; *', 'it\'s "$HOME"; *'],
      ["1", "1"],
      [1e-5, "1e-05"],
      [2n ** 70n, "1180591620717411303424"],
      [true, "true"],
      [null, "null"],
      [{ b: [1, true], a: "x" }, '{"a":"x","b":[1,true]}'],
    ] as const
  ) assert.equal(filled("{x}", { x: value }), text);
});

test("a brace that begins no placeholder is itself", () => {
  for (const word of ["{", "}", "a{b", "a}b", "{}", "{ n }", '{"n": 1}', "{n", "n}}", "a{1,2}"]) {
    assert.equal(filled(word, { n: 1 }), word);
  }
  assert.equal(filled('{"acc": {acc}}', { acc: 0.5 }), '{"acc": 0.5}');
  assert.equal(filled('{"a": {"b": {acc}}}', { acc: 0.5 }), '{"a": {"b": 0.5}}');
  assert.throws(() => filled('{"acc": {ac}}', { acc: 0.5 }), /did you mean {acc}/);
  assert.throws(() => parseTemplate([]), /it is empty/);
});

test("a placeholder that is no param is an error that names the params and the nearest", () => {
  assert.throws(() => filled("{aplha}", { alpha: 1, seed: 2 }), {
    name: "TypeError",
    message: "Cannot fill {aplha}: the params are alpha, seed; did you mean {alpha}?",
  });
  assert.throws(() => filled("{toString}", {}), /the params are none; write {{toString}} where/);
});
