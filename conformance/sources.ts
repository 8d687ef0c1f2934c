import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle, withTwoHandles } from "./case.ts";
import { claimed } from "./claimed.ts";

const shape = keyShape(["alpha"]);

/** Sources of functions as rows have them, enough that one byte does not number them all. */
const MANY = 300;

/** The source of the row of a key. */
export const sources: readonly Case[] = [
  ...withHandle({
    async "sourceOf() gives the source of the newest row of a key, empty if it has none"(backend) {
      const sourceOf = (alpha: number) => backend.sourceOf(keyOf(shape, { alpha }));
      assert.equal(await sourceOf(1), undefined);
      await backend.record({ alpha: 1 });
      assert.equal(await sourceOf(1), "");
      await backend.record({ alpha: 2, _stet_source: "deno:3f9a1c0b22" });
      await backend.record({ alpha: 3, _stet_source: 'v:a "b", c' });
      await backend.record({ alpha: 4 });
      await backend.record({ alpha: 5, _stet_source: "v:2" });
      const expected = ["", "deno:3f9a1c0b22", 'v:a "b", c', "", "v:2", undefined];
      for (const [i, source] of expected.entries()) assert.equal(await sourceOf(i + 1), source);

      await backend.record({ alpha: 1, _stet_source: "v:3" });
      await backend.record({ alpha: 2 });
      assert.equal(await sourceOf(1), "v:3");
      assert.equal(await sourceOf(2), "");
      await backend.removeKey(keyOf(shape, { alpha: 3 }));
      assert.equal(await sourceOf(3), undefined);
      assert.equal(await sourceOf(5), "v:2");
      const anyColumns = keyShape(undefined);
      assert.equal(await backend.sourceOf(keyOf(anyColumns, { alpha: 5 })), "v:2");
      assert.equal(await backend.sourceOf(keyOf(anyColumns, { alpha: 6 })), undefined);
    },
    async "sourceOf() gives the source of a key when a claim has replaced its row"(backend) {
      const key = keyOf(shape, { alpha: 1 });
      await backend.record({ alpha: 1, _stet_source: "v:1" });
      assert.equal(await backend.sourceOf(key), "v:1");
      const isDone = (row: Row): boolean => row["_stet_source"] === "v:2";
      await (await claimed(backend, key, { isDone })).record({ alpha: 1, _stet_source: "v:2" });
      assert.equal(await backend.sourceOf(key), "v:2");
      assert.equal((await backend.claim(key, { isDone })).state, "done");
      assert.equal((await backend.load()).length, 1);
    },
    async "sourceOf() distinguishes any number of sources"(backend) {
      const rows: Row[] = Array.from(
        { length: MANY },
        (_, alpha) => ({ alpha, _stet_source: `v:${alpha}` }),
      );
      await backend.recordAll(rows);
      for (let alpha = 0; alpha < MANY; alpha++) {
        assert.equal(await backend.sourceOf(keyOf(shape, { alpha })), `v:${alpha}`);
      }
    },
  }),
  ...withTwoHandles({
    async "sourceOf() gives what another handle recorded last"(one, other) {
      const key = keyOf(shape, { alpha: 1 });
      await one.record({ alpha: 0 });
      assert.equal(await other.sourceOf(key), undefined);
      await one.record({ alpha: 1, _stet_source: "v:1" });
      assert.equal(await other.sourceOf(key), "v:1");
      assert.equal(await one.sourceOf(key), "v:1");
    },
  }, "sharing"),
];
