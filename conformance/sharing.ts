import assert from "node:assert/strict";
import type { Engine } from "../core/contract/engine.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withTwoHandles } from "./case.ts";
import { paramsIn } from "./params_in.ts";

const shape = keyShape(["alpha"]);

/** Asserts by every kind of look that there is, or is not, a row with this alpha. */
async function looks(handle: Engine, alpha: number, isThere: boolean): Promise<void> {
  const key = keyOf(shape, { alpha });
  assert.equal(await handle.has({ alpha }), isThere, `has(${alpha})`);
  assert.equal(await handle.hasKey(key), isThere, `hasKey(${alpha})`);
  assert.equal((await handle.find(key))?.alpha, isThere ? alpha : undefined, `find(${alpha})`);
}

/** Several open handles on one store. */
export const sharing: readonly Case[] = withTwoHandles({
  async "a handle sees what another records, new columns too"(one, other) {
    const handles = [one, other];
    const rows: Row[] = [];
    for (const handle of handles) await looks(handle, 0, false);
    for (let alpha = 0; alpha < 12; alpha++) {
      const writer = handles[alpha % 2]!;
      const reader = handles[(alpha + 1) % 2]!;
      const row: Row = alpha % 3 === 0 ? { alpha, [`new ${alpha}`]: "x" } : { alpha };
      await writer.record(row);
      rows.push(row);
      await looks(reader, alpha, true);
      await looks(reader, alpha + 1, false);
      assert.equal(await reader.hasKey(keyOf(keyShape(undefined), row)), true);
      assert.deepEqual(await paramsIn(reader), rows);
      assert.deepEqual(await reader.columns(), await writer.columns());
    }
  },
  async "a handle sees what another removes, and does not bring it back"(one, other) {
    for (const alpha of [1, 2, 3, 4]) await one.record({ alpha });
    for (const handle of [one, other]) await looks(handle, 2, true);
    assert.equal(await one.remove({ alpha: 2 }), 1);
    await looks(other, 2, false);
    assert.equal(await other.removeKey(keyOf(shape, { alpha: 3 })), 1);
    await looks(one, 3, false);
    await looks(one, 4, true);
    assert.equal(await one.remove({ alpha: 1 }), 1);
    await other.record({ alpha: 5 }); // without a look before
    assert.deepEqual(await paramsIn(one), [{ alpha: 4 }, { alpha: 5 }]);
    assert.deepEqual(await paramsIn(other), [{ alpha: 4 }, { alpha: 5 }]);
  },
  async "a handle sees that another cleared the store, and continues in it"(one, other) {
    for (const alpha of [1, 2, 3]) await one.record({ alpha });
    await looks(other, 1, true);
    await one.clear();
    await looks(other, 1, false);
    assert.deepEqual(await other.load(), []);
    await other.record({ alpha: 1, beta: 2 });
    await looks(one, 1, true);
    assert.deepEqual(await paramsIn(one), [{ alpha: 1, beta: 2 }]);
  },
  async "records, new columns and removals of two handles at the same time are all kept"(
    one,
    other,
  ) {
    const handles = [one, other];
    for (let seed = 0; seed < 10; seed++) await handles[0]!.record({ seed, old: true });
    const jobs = handles.flatMap((handle, h) =>
      Array.from({ length: 40 }, async (_, i) => {
        if (i % 8 === 0) await handle.remove({ seed: h * 5 + i / 8, old: true });
        await handle.record({ seed: 100 * (h + 1) + i, ...i % 10 === 0 && { [`new ${i}`]: h } });
      })
    );
    await Promise.all(jobs);
    const expected = [100, 200].flatMap((first) => Array.from({ length: 40 }, (_, i) => first + i));
    for (const handle of handles) {
      const seeds = (await handle.load()).map(({ seed }) => Number(seed));
      assert.deepEqual(seeds.sort((a, b) => a - b), expected);
      assert.equal(await handle.has({ "new 30": 1 }), true);
    }
  },
}, "sharing");
