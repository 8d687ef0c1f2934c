import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle } from "./case.ts";
import { paramsIn } from "./params_in.ts";

function rowOf(n: number): Row {
  return { alpha: (n % 100) / 7, model: `model ${n % 10}`, seed: n };
}

/** New columns, and many rows. */
export const growth: readonly Case[] = withHandle({
  async "rows may gain columns at any time, and older rows stay as they were"(backend) {
    const anyColumns = keyShape(undefined);
    const rows: Row[] = [];
    for (let n = 0; n < 30; n++) {
      const row: Row = n % 3 === 2 ? { first: n } : { first: n, [`new ${n}`]: `value ${n}` };
      assert.equal(await backend.has({ [`new ${n}`]: `value ${n}` }), false);
      assert.equal(await backend.hasKey(keyOf(anyColumns, row)), false);
      await backend.record(row);
      rows.push(row);
      for (const earlier of [rows[0]!, rows[n >> 1]!, row]) {
        assert.equal(await backend.hasKey(keyOf(anyColumns, earlier)), true);
        assert.equal(await backend.has(earlier), true);
      }
    }
    assert.deepEqual(await paramsIn(backend), rows);
    assert.equal(await backend.hasKey(keyOf(anyColumns, { first: 0 })), false);
    assert.equal(await backend.hasKey(keyOf(keyShape(["first"]), { first: 0 })), true);
  },
  async "a column may hold values of any kinds, one after another"(backend) {
    const values = [1, "one", 0.5, null, [1], true, { a: 1 }, "1", 2n ** 70n, NaN, 2];
    for (const value of values) await backend.record({ value });
    assert.deepEqual((await backend.load()).map(({ value }) => value), values);
  },
  async "each of many rows is found, and nothing else"(backend, { manyRows }) {
    const step = backend.isIndexed ? 1 : 1000;
    const shapes = [keyShape(["seed", "model", "alpha"]), keyShape(["seed"])];
    for (let n = 0; n < manyRows; n++) {
      if (n % step === 0) {
        for (const shape of shapes) {
          assert.equal(await backend.hasKey(keyOf(shape, rowOf(n))), false, `row ${n}`);
        }
      }
      await backend.record(rowOf(n));
    }
    for (let n = 0; n < manyRows; n += step) {
      for (const shape of shapes) {
        assert.equal(await backend.hasKey(keyOf(shape, rowOf(n))), true, `row ${n}`);
      }
      assert.equal(await backend.hasKey(keyOf(shapes[0]!, { ...rowOf(n), alpha: -1 })), false);
    }
    assert.equal(await backend.has(rowOf(manyRows - 1)), true);
    assert.equal(await backend.has({ ...rowOf(manyRows - 1), seed: manyRows - 2 }), false);
    assert.deepEqual(
      await paramsIn(backend),
      Array.from({ length: manyRows }, (_, n) => rowOf(n)),
    );
  },
});
