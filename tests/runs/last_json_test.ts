import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, parseJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";
import { LastJson } from "../../executors/last_json.ts";

function lastOf(output: string, maxLength?: number): unknown {
  const last = new LastJson(maxLength);
  last.add(Buffer.from(output));
  return last.end();
}

test("the last JSON value may be pretty-printed and coloured, among other lines", () => {
  for (
    const [output, value] of [
      ['{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}\n', { a: 1, b: [1, 2] }],
      ['[\n{\n"a": "]"\n},\n{\n"a": "\\""\n}\n]', [{ a: "]" }, { a: '"' }]],
      ['{"a": 1}\nsaved {\nall done', { a: 1 }],
      ['[stage 1\n{\n"a": 1\n}\n', { a: 1 }],
      ['[INFO] begin\n{\n  "a": 1\n}\n[INFO] end\n', { a: 1 }],
      ['{\n  "a": 1,\nTraceback:\n{\n  "b": 2\n}', { b: 2 }],
      ['{"b": 1}\n{\n  "a": 1,\n', { b: 1 }],
      ['\x1b[1;39m{\n  \x1b[34;1m"a"\x1b[0m: \x1b[0;39m0.5\x1b[0m\n}\x1b[0m\n', { a: 0.5 }],
      ["\x1b[32m7\x1b[0m", 7],
      ['{\n  "a": NaN\n}', { a: NaN }],
      ["{\n}\n[\n]\n", []],
      ["[\n[\n[\n", undefined],
    ] as const
  ) assert.deepEqual(lastOf(output), value, output);
});

test("a value without an end is forgotten at the limit", () => {
  assert.equal(lastOf(`[\n${'"x",\n'.repeat(100)}"x"\n]`, 50), "x");
  assert.deepEqual(lastOf(`[\n${'"x",\n'.repeat(100)}\n{\n"a": 1\n}`, 50), { a: 1 });
});

test("every value is found as JSON.stringify prints it, whatever is before it", () => {
  fc.assert(fc.property(
    fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())),
    fc.constantFrom(0, 1, 2, "\t"),
    fc.constantFrom("", "text\n", "[1, 2\n", '{"a": 1}\n', "{\n", '{"b":\n'),
    (value, indent, before) => {
      const text = JSON.stringify(value, null, indent);
      const found = lastOf(`${before}${text}\n`) as Value;
      assert.equal(canonicalJson(found), canonicalJson(parseJson(text)));
    },
  ));
});
