import assert from "node:assert/strict";
import type { Engine } from "../core/contract/engine.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle, withTwoHandles } from "./case.ts";
import { withoutTimestamp } from "./params_in.ts";

/** Follows a store by cursors. */
class Follower {
  readonly #handle: Engine;
  cursor: string | undefined;

  constructor(handle: Engine) {
    this.#handle = handle;
  }

  async next(): Promise<{ readonly isWhole: boolean; readonly rows: Row[] }> {
    const { cursor, isWhole, rows } = await this.#handle.rowsAfter(this.cursor);
    const all: Row[] = [];
    for await (const row of rows) all.push(withoutTimestamp(row));
    if (cursor === this.cursor) {
      assert.deepEqual({ isWhole, rows: all }, { isWhole: false, rows: [] }, "nothing changed");
    }
    this.cursor = cursor;
    return { isWhole, rows: all };
  }

  /** Asserts that the followed rows are those of the store. */
  async keepsUp(kept: Row[]): Promise<Row[]> {
    const { isWhole, rows } = await this.next();
    const followed = isWhole ? rows : [...kept, ...rows];
    assert.deepEqual(followed, (await this.#handle.load()).map(withoutTimestamp));
    return followed;
  }
}

async function checkFollowing(one: Engine, other: Engine): Promise<void> {
  const follower = new Follower(one);
  assert.deepEqual((await follower.next()).rows, []);
  let kept = await follower.keepsUp([]);
  for (let seed = 0; seed < 3; seed++) await other.record({ alpha: 0.1, seed });
  kept = await follower.keepsUp(kept);
  assert.equal(kept.length, 3);
  await other.recordAll([{ alpha: 0.2, seed: 1 }, { alpha: 0.2, model: "a" }]); // a new column
  kept = await follower.keepsUp(kept);
  await other.remove({ seed: 1 });
  kept = await follower.keepsUp(kept);
  await other.record({ alpha: 0.3, seed: 1 });
  kept = await follower.keepsUp(kept);
  assert.equal(kept.length, 4);
  await other.clear();
  await other.record({ alpha: 0.4, seed: 1 });
  assert.deepEqual(await follower.keepsUp(kept), [{ alpha: 0.4, seed: 1 }]);
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
      const next = [];
      for await (const { seed } of since.rows) next.push(seed);
      assert.deepEqual(next.slice(-1), [3000]);
      assert.equal(next.length, since.isWhole ? 3001 : 1);
    },
  }),
  ...withTwoHandles({
    "rowsAfter() sees what another handle changed": checkFollowing,
  }, "sharing"),
];
