import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row, Value } from "../core/values/value.ts";
import { valueText } from "../core/values/value_text.ts";
import { type Case, withHandle } from "./case.ts";
import { paramsIn } from "./params_in.ts";
import { sampleValues } from "./sample_values.ts";

/** A value as messages show it. */
function shown(value: Value): string {
  return `${typeof value} ${valueText(value)}`;
}

const rows: readonly Row[] = sampleValues.map((value, n) => ({ n, value }));

/** Strings of a megabyte: plain, with what files quote, and with what no piece of bytes may halve. */
const long: readonly string[] = [
  "a".repeat(2 ** 20),
  'a "quoted", cell\r\n'.repeat(2 ** 16),
  "€😀".repeat(2 ** 18),
  `[${"1,".repeat(2 ** 19)}`,
];

/** Typed values, and that each is found and matches no other. */
export const values: readonly Case[] = withHandle({
  async "load() gives every value back as it was, and of its kind"(backend) {
    for (const row of rows) await backend.record(row);
    const loaded = await paramsIn(backend);
    for (const [n, row] of rows.entries()) {
      assert.deepEqual(loaded[n], row, shown(row.value!));
    }
    assert.equal(loaded.length, rows.length);
  },
  async "each value finds its own row and no other's"(backend) {
    const shape = keyShape(["value"]);
    for (const row of rows) {
      assert.equal(await backend.hasKey(keyOf(shape, row)), false, shown(row.value!));
      await backend.record(row);
    }
    for (const [n, row] of rows.entries()) {
      const key = keyOf(shape, row);
      assert.equal(await backend.has({ value: row.value! }), true, shown(row.value!));
      assert.equal(await backend.hasKey(key), true, shown(row.value!));
      assert.equal((await backend.find(key))?.n, n, shown(row.value!));
    }
  },
  async "each value removes its own row and no other"(backend) {
    for (const row of rows) await backend.record(row);
    for (const { value } of rows.toReversed()) {
      assert.equal(await backend.remove({ value: value! }), 1, shown(value!));
      assert.equal(await backend.has({ value: value! }), false, shown(value!));
    }
    assert.deepEqual(await backend.load(), []);
  },
  async "every value is kept, and found, inside arrays and objects"(backend) {
    const shape = keyShape(["value"]);
    const nested: Row[] = sampleValues.flatMap((value, n) => [
      { n, value: [value] },
      { n, value: { in: [{ an: value }], b: value } },
    ]);
    for (const row of nested) await backend.record(row);
    assert.deepEqual(await paramsIn(backend), nested);
    for (const row of nested) {
      assert.equal((await backend.find(keyOf(shape, row)))?.n, row.n, shown(row.value!));
    }
  },
  async "values that are the same key match: 0 and -0, 5 and 5n, entries in any order"(backend) {
    const pairs: readonly (readonly [Value, Value])[] = [
      [-0, 0],
      [5n, 5],
      [{ b: 1, a: [-0, { d: 7n, c: 2 }] }, { a: [0, { c: 2, d: 7 }], b: 1 }],
    ];
    for (const [n, pair] of pairs.entries()) {
      for (const [recorded, asked] of [pair, pair.toReversed()] as [Value, Value][]) {
        await backend.record({ n, value: recorded });
        assert.deepEqual((await paramsIn(backend)).at(-1), { n, value: pair[1] });
        assert.equal(await backend.has({ n, value: asked }), true, shown(asked));
        const key = keyOf(keyShape(["n", "value"]), { n, value: asked });
        assert.equal(await backend.hasKey(key), true, shown(asked));
        assert.equal(await backend.remove({ n, value: asked }), 1, shown(asked));
      }
    }
  },
  async "strings of a megabyte are kept, found and removed"(backend) {
    for (const [n, text] of long.entries()) await backend.record({ n, text, result: { text } });
    const loaded = await backend.load();
    for (const [n, text] of long.entries()) {
      assert.ok(loaded[n]?.text === text, `string ${n} is as it was`);
      assert.ok(
        (loaded[n]?.result as { text: string }).text === text,
        `result ${n} is as it was`,
      );
      assert.equal((await backend.find(keyOf(keyShape(["text"]), { text })))?.n, n);
      assert.equal(await backend.has({ text: `${text.slice(0, -1)}!` }), false);
    }
    assert.equal(await backend.remove({ text: long[1]! }), 1);
    assert.deepEqual((await backend.load()).map(({ n }) => n), [0, 2, 3]);
  },
});
