import assert from "node:assert/strict";
import type { Engine } from "../core/contract/engine.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle, withTwoHandles } from "./case.ts";
import { paramsIn, withoutTimestamp } from "./params_in.ts";

/** Follows by cursors what another handle, or the same, changes. */
async function checkFollowing(one: Engine, other: Engine): Promise<void> {
  let cursor: string | undefined;
  let followed: Row[] = [];
  async function keepUp(): Promise<void> {
    const since = await one.rowsAfter(cursor);
    const rows = (await Array.fromAsync(since.rows)).map(withoutTimestamp);
    if (since.cursor === cursor) {
      assert.deepEqual([since.isWhole, rows], [false, []], "nothing changed");
    }
    cursor = since.cursor;
    followed = since.isWhole ? rows : [...followed, ...rows];
    assert.deepEqual(followed, await paramsIn(one));
  }

  await keepUp();
  await keepUp(); // nothing changed
  assert.deepEqual(followed, []);
  for (let seed = 0; seed < 3; seed++) await other.record({ alpha: 0.1, seed });
  await keepUp();
  assert.equal(followed.length, 3);
  await other.recordAll([{ alpha: 0.2, seed: 1 }, { alpha: 0.2, model: "a" }]); // a new column
  await keepUp();
  await other.remove({ seed: 1 });
  await keepUp();
  await other.record({ alpha: 0.3, seed: 1 });
  await keepUp();
  assert.equal(followed.length, 4);
  await other.clear();
  await other.record({ alpha: 0.4, seed: 1 });
  await keepUp();
  assert.deepEqual(followed, [{ alpha: 0.4, seed: 1 }]);
}

/** Rows after a cursor. */
export const following: readonly Case[] = [
  ...withHandle({
    async "rowsAfter() gives what was added since the cursor, or all rows if others changed"(
      handle,
    ) {
      await checkFollowing(handle, handle);
    },
    async "rowsAfter() gives the same cursor while nothing changes, and another after each change"(
      handle,
    ) {
      const marks = new Set<string>();
      for (let seed = 0; seed < 4; seed++) {
        await handle.record({ seed });
        const { cursor } = await handle.rowsAfter();
        assert.equal((await handle.rowsAfter(cursor)).cursor, cursor);
        marks.add(cursor);
      }
      assert.equal(marks.size, 4);
    },
    async "rowsAfter() gives rows that come while they are read the next time"(handle) {
      await handle.recordAll(Array.from({ length: 3000 }, (_, seed) => ({ seed })));
      const { cursor, rows } = await handle.rowsAfter();
      const seeds: unknown[] = [];
      for await (const { seed } of rows) {
        if (seeds.push(seed) === 1) await handle.record({ seed: 3000 });
      }
      assert.equal(seeds.length, 3000);
      const since = await handle.rowsAfter(cursor);
      const next = await Array.fromAsync(since.rows);
      assert.equal(next.at(-1)?.seed, 3000);
      assert.equal(next.length, since.isWhole ? 3001 : 1);
    },
  }),
  ...withTwoHandles({
    "rowsAfter() sees what another handle changed": checkFollowing,
  }, "sharing"),
];
