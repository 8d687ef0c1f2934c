import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle } from "./case.ts";
import { paramsIn } from "./params_in.ts";
import { sampleValues } from "./sample_values.ts";

/** The content of a store that is opened again. */
export const reopening: readonly Case[] = withHandle({
  async "a store that is opened again has its rows, whole and typed, and finds them"(
    first,
    { open },
  ) {
    const rows: Row[] = sampleValues.map((value, n) => ({ n, value, [`new ${n % 7}`]: value }));
    for (const row of rows) await first.record(row);
    const written = await first.load();
    await first.close();

    const second = await open();
    assert.equal(await second.exists(), true);
    const shape = keyShape(["value"]);
    for (const row of rows) {
      assert.equal((await second.find(keyOf(shape, row)))?.n, row.n);
      assert.equal(await second.hasKey(keyOf(keyShape(undefined), row)), true);
      assert.equal(await second.has({ value: row.value! }), true);
    }
    assert.deepEqual(await second.load(), written);
    assert.deepEqual(await paramsIn(second), rows);
  },
  async "a store continues where it was left, again and again"(handle, { open }) {
    const rows: Row[] = [];
    for (let round = 0; round < 5; round++) {
      const row = { round, [`new ${round}`]: "x", text: 'a, "b"\nc' };
      await handle.record(row);
      rows.push(row);
      assert.deepEqual(await paramsIn(handle), rows);
      assert.equal(await handle.hasKey(keyOf(keyShape(["round"]), { round: 0 })), true);
      await handle.close();
      handle = await open();
    }
    assert.equal(await handle.remove({ round: 2 }), 1);
    await handle.close();
    assert.deepEqual(await paramsIn(await open()), rows.filter(({ round }) => round !== 2));
  },
  async "a store that was cleared is empty when it is opened again"(first, { open }) {
    await first.record({ alpha: 1 });
    await first.clear();
    await first.close();
    const second = await open();
    assert.deepEqual(await second.load(), []);
    await second.record({ alpha: 2, beta: 3 });
    assert.deepEqual(await paramsIn(second), [{ alpha: 2, beta: 3 }]);
  },
}, "reopening");
