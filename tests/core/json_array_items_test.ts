import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../core/values/json.ts";
import { jsonArrayItems } from "../../core/values/json_array_items.ts";
import { rounds } from "../rounds.ts";
import { tempFolder } from "../temp_folder.ts";

test("jsonArrayItems() gives the elements that JSON.parse() gives", (t) => {
  const file = join(tempFolder(t), "a.json");
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 20 }),
      fc.constantFrom(undefined, 1, "\t"),
      fc.constantFrom("", "\ufeff", " \n"),
      fc.nat(70_000),
      (values, indent, before, length) => {
        // A long element, so that others lie across the pieces that are read.
        const all = [...values, '\\"'.repeat(length / 2), ...values];
        fs.writeFileSync(file, `${before}${JSON.stringify(all, null, indent)}\n`);
        const found = [...jsonArrayItems(file)].map((text) => JSON.parse(text));
        assert.deepEqual(found, JSON.parse(JSON.stringify(all)));
      },
    ),
    { numRuns: rounds(60) },
  );
});

test("jsonArrayItems() takes nothing for an array that is none", (t) => {
  const file = join(tempFolder(t), "a.json");
  const itemsOf = (text: string): string[] => {
    fs.writeFileSync(file, text);
    return [...jsonArrayItems(file)].map((item) => String(parseJson(item)));
  };
  assert.deepEqual(itemsOf("[]"), []);
  assert.deepEqual(itemsOf("\ufeff [ \n ] \n"), []);
  assert.deepEqual(itemsOf("\ufeff[1, 2]"), ["1", "2"]);
  for (
    const text of [
      "",
      " ",
      "{}",
      "[",
      "[1",
      '["]',
      "[1,]",
      "[,1]",
      "[1,,2]",
      "[1]x",
      "[1]]",
      "[1}]",
    ]
  ) assert.throws(() => itemsOf(text), SyntaxError, text);
});
