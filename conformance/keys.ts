import assert from "node:assert/strict";
import type { Engine } from "../core/contract/engine.ts";
import { StoreError } from "../core/errors.ts";
import { keyOf, type KeyShape, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { paramsText } from "../core/values/value_text.ts";
import { type Case, withHandle } from "./case.ts";
import { claimed } from "./claimed.ts";
import { paramsIn } from "./params_in.ts";

/** Returns true if there is a row with the key of these params, and asserts that all looks agree. */
async function isThere(backend: Engine, shape: KeyShape, params: Row): Promise<boolean> {
  const key = keyOf(shape, params);
  const text = paramsText(params);
  const answer = await backend.hasKey(key);
  const found = await backend.find(key);
  assert.equal(
    await backend.sourceOf(key),
    found && String(found["_stet_source"] ?? ""),
    `find() and sourceOf() of ${text} agree`,
  );
  assert.equal(found !== undefined, answer, `find() and hasKey() of ${text} agree`);
  if (found) assert.equal(keyOf(shape, found).text, key.text, `find() of ${text} gives its row`);
  return answer;
}

/** Asserts for each of these params that there is a row with their key, or that there is none. */
async function looks(
  backend: Engine,
  shape: KeyShape,
  expected: readonly (readonly [params: Row, isThere: boolean])[],
): Promise<void> {
  for (const [params, answer] of expected) {
    assert.equal(await isThere(backend, shape, params), answer, paramsText(params));
  }
}

/** Exact keys: looks and removals of the one row that a call would make. */
export const keys: readonly Case[] = withHandle({
  async "a declared key is found by its columns, whatever else a row holds"(backend) {
    const shape = keyShape(["seed", "alpha"]);
    await looks(backend, shape, [[{ alpha: 1, seed: 1 }, false]]);
    await backend.record({ alpha: 1, seed: 1, note: "x", "result.loss": 1 });
    await looks(backend, shape, [
      [{ alpha: 1, seed: 1 }, true],
      [{ seed: 1, alpha: 1, note: "y" }, true],
      [{ alpha: 1, seed: 2 }, false],
      [{ alpha: 2, seed: 1 }, false],
      [{ alpha: "1", seed: 1 }, false],
    ]);
  },
  async "a declared column that a key leaves out is absent in its row"(backend) {
    const shape = keyShape(["alpha", "beta"]);
    await backend.record({ alpha: 1, beta: 1 });
    await looks(backend, shape, [[{ alpha: 1 }, false], [{ beta: 1 }, false], [{}, false]]);
    await backend.record({ alpha: 1, note: "x" });
    await looks(backend, shape, [[{ alpha: 1 }, true], [{}, false], [{ beta: 1 }, false]]);
    await backend.record({ note: "x" });
    await looks(backend, shape, [[{}, true], [{ alpha: 1, beta: 1 }, true]]);
    await looks(backend, keyShape(["alpha", "nowhere"]), [
      [{ alpha: 1 }, true],
      [{ alpha: 1, nowhere: "nowhere" }, false],
      [{ alpha: 1, nowhere: null }, false],
    ]);
  },
  async "an undeclared key is found where a row has these columns, no more and no fewer"(backend) {
    const shape = keyShape(undefined);
    await backend.record({ alpha: 1 });
    await looks(backend, shape, [[{ alpha: 1 }, true], [{ alpha: 1, beta: 2 }, false]]);
    await backend.record({ alpha: 2, beta: 2, "result.loss": 1, _stet_elapsed: 0.1 });
    await backend.record({ alpha: 3, _stet_namespace: "train" });
    await looks(backend, shape, [
      [{ alpha: 1 }, true],
      [{ alpha: 2 }, false],
      [{ beta: 2 }, false],
      [{ beta: 2, alpha: 2 }, true],
      [{ alpha: 2, beta: 2, gamma: 3 }, false],
      [{ alpha: 3 }, false],
      [{ alpha: 3, _stet_namespace: "train" }, true],
      [{}, false],
    ]);
  },
  async "defaults count where a row, or a key, leaves a column out"(backend) {
    await backend.record({ alpha: 1 });
    for (const columns of [["alpha", "beta"], undefined]) {
      const shape = keyShape(columns, { beta: 0 });
      await looks(backend, shape, [
        [{ alpha: 1 }, true],
        [{ alpha: 1, beta: 0 }, true],
        [{ alpha: 1, beta: 1 }, false],
        [{ alpha: 2 }, false],
      ]);
    }
    await backend.record({ alpha: 2, beta: 0 });
    await backend.record({ alpha: 3, beta: 1 });
    for (const columns of [["alpha", "beta"], undefined]) {
      const shape = keyShape(columns, { beta: 0 });
      await looks(backend, shape, [
        [{ alpha: 1 }, true],
        [{ alpha: 1, beta: 0 }, true],
        [{ alpha: 2 }, true],
        [{ alpha: 2, beta: 0 }, true],
        [{ alpha: 3 }, false],
        [{ alpha: 3, beta: 1 }, true],
      ]);
    }
  },
  async "the key of a function without params is found"(backend) {
    const shapes = [keyShape([]), keyShape(undefined)];
    for (const shape of shapes) await looks(backend, shape, [[{}, false]]);
    await backend.record({ _stet_elapsed: 0.1 });
    for (const shape of shapes) await looks(backend, shape, [[{}, true]]);
    assert.equal(await backend.removeKey(keyOf(shapes[1]!, {})), 1);
    await backend.record({ alpha: 1 });
    await looks(backend, shapes[0]!, [[{}, true]]);
    await looks(backend, shapes[1]!, [[{}, false]]);
  },
  async "find() gives the newest row of a key, whole"(backend) {
    const key = keyOf(keyShape(["alpha"]), { alpha: 1 });
    assert.equal(await backend.find(key), undefined);
    await backend.record({ alpha: 1, "result.loss": 1, _stet_timestamp: "2026-01-03T00:00:00Z" });
    await backend.record({ alpha: 2 });
    const newest = { alpha: 1, seed: 7, result: [1], _stet_timestamp: "2026-01-02T00:00:00Z" };
    await backend.record(newest); // the newest is the last, whatever its time says
    assert.deepEqual(await backend.find(key), newest);
    await backend.record({ alpha: 3 });
    assert.deepEqual(await backend.find(key), newest);
  },
  async "removeKey() removes the rows with exactly this key, and gives their number"(backend) {
    const rows: Row[] = [
      { alpha: 1 },
      { alpha: 1, beta: 1 },
      { alpha: 1, note: "x" },
      { alpha: 2 },
    ];
    for (const [i, row] of rows.entries()) {
      await backend.record({ ...row, _stet_timestamp: `2026-01-0${i + 1}T00:00:00Z` });
    }
    const key = keyOf(keyShape(["alpha", "beta"]), { alpha: 1 });
    assert.equal(await backend.removeKey(key), 2);
    assert.equal(await backend.removeKey(key), 0);
    assert.equal(await backend.hasKey(key), false);
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1, beta: 1 }, { alpha: 2 }]);
    assert.equal(await backend.removeKey(keyOf(keyShape(undefined), { alpha: 2 })), 1);
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1, beta: 1 }]);
  },
  async "removeKey() removes no row that agrees on all columns of the one it removes"(backend) {
    const _stet_timestamp = "2026-01-02T03:04:05.678Z";
    const rows = [{ alpha: 1 }, { alpha: 1, beta: 2 }, { alpha: 1 }];
    for (const row of rows) await backend.record({ ...row, _stet_timestamp });
    let removed: number | undefined;
    try {
      removed = await backend.removeKey(keyOf(keyShape(undefined), { alpha: 1 }));
    } catch (error) {
      assert.ok(error instanceof StoreError, `${error}`); // core's default cannot distinguish them
    }
    const left = removed === undefined ? rows : [{ alpha: 1, beta: 2 }];
    assert.deepEqual([removed ?? 2, await paramsIn(backend)], [2, left]);
  },
  async "removeKeys() removes the rows with exactly one of these keys, and gives their number"(
    backend,
  ) {
    const of = keyShape(["alpha", "_stet_note"]);
    const key = (params: Row) => keyOf(of, params);
    assert.equal(await backend.removeKeys([key({ alpha: 1 })]), 0);
    for (const alpha of [1, "1", 2, 3, 1, null]) await backend.record({ alpha, seed: 1 });
    await backend.record({ alpha: 1, _stet_note: "x" });
    await backend.record({ seed: 2 });
    const keys = [{ alpha: 1 }, { alpha: 3 }, { alpha: 7 }, { alpha: 1 }, {}].map(key);
    assert.equal(await backend.removeKeys(keys), 4);
    assert.equal(await backend.removeKeys(keys), 0);
    assert.equal(await backend.removeKeys([]), 0);
    assert.deepEqual((await backend.load()).map(({ alpha, _stet_note }) => [alpha, _stet_note]), [
      ["1", undefined],
      [2, undefined],
      [null, undefined],
      [1, "x"],
    ]);
    assert.equal(await backend.hasKey(key({ alpha: 1 })), false);
  },
  async "a key is gone when its row is, and there again when that is recorded again"(backend) {
    const key = keyOf(keyShape(["alpha"]), { alpha: 1 });
    const removals = [
      () => backend.removeKey(key),
      () => backend.remove({ alpha: 1 }),
      () => backend.clear(),
    ];
    for (const [i, remove] of removals.entries()) {
      await backend.record({ alpha: 1, round: i });
      assert.deepEqual((await backend.find(key))?.round, i);
      assert.equal(await backend.hasKey(key), true);
      await remove();
      assert.equal(await backend.hasKey(key), false);
      assert.equal(await backend.find(key), undefined);
    }
  },
  async "keys of many shapes are looked up in turn"(backend) {
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const rowOf = (n: number): Row =>
      Object.fromEntries(names.map((name, i) => [name, n * 100 + i]));
    for (let n = 0; n < 3; n++) {
      await backend.record(rowOf(n));
      for (const name of names) {
        const shape = keyShape([name]);
        assert.equal(await isThere(backend, shape, rowOf(n)), true, `${name} of row ${n}`);
        assert.equal(await isThere(backend, shape, rowOf(n + 1)), false);
      }
    }
  },
  async "a key of 1,500 columns is claimed, recorded, found and removed"(backend) {
    const params: Row = {};
    for (let i = 0; i < 1500; i++) params[`p${i}`] = i;
    for (const shape of [keyShape(Object.keys(params)), keyShape(undefined)]) {
      const key = keyOf(shape, params);
      await (await claimed(backend, key)).record({ ...params, result: 1 });
      assert.equal((await backend.claim(key)).state, "done");
      await looks(backend, shape, [[params, true], [{ ...params, p1499: 0 }, false]]);
      assert.equal(await backend.has(params), true);
      assert.equal(await backend.removeKey(key), 1);
      await looks(backend, shape, [[params, false]]);
    }
  },
});
