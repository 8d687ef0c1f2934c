import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";
import { type Case, withHandle, withTwoHandles } from "./case.ts";
import { claimed } from "./claimed.ts";
import { paramsIn, withoutTimestamp } from "./params_in.ts";

function rowOf(n: number): Row {
  return { alpha: n / 8, seed: n, ...n % 3 === 0 && { model: `model ${n}` } };
}

function rowsTo(count: number): Row[] {
  return Array.from({ length: count }, (_, n) => rowOf(n));
}

async function* slowly(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const row of rows) yield await Promise.resolve(row);
}

/** Many rows at once, and what is wrong with a store. */
export const many: readonly Case[] = [
  ...withHandle({
    async "recordAll() adds rows in their order after those that are there, and says how many"(
      backend,
    ) {
      const rows = rowsTo(1234);
      await backend.record(rows[0]!);
      assert.equal(await backend.recordAll(rows.slice(1, 1100)), 1099);
      assert.equal(await backend.recordAll(slowly(rows.slice(1100))), 134);
      assert.equal(await backend.recordAll([]), 0);
      assert.deepEqual(await paramsIn(backend), rows);
      for (const n of [0, 1, 499, 1099, 1233]) {
        assert.equal(await backend.hasKey(keyOf(keyShape(["seed"]), { seed: n })), true);
      }
      assert.equal(await backend.hasKey(keyOf(keyShape(["seed"]), { seed: 1234 })), false);
    },
    async "recordAll() adds the time to rows that have none, and leaves that of others"(backend) {
      const time = "2026-01-02T03:04:05.678Z";
      await backend.recordAll([{ seed: 1, _stet_timestamp: time }, { seed: 2 }]);
      const [first, second] = await backend.load();
      assert.deepEqual(first, { seed: 1, _stet_timestamp: time });
      const added = second?._stet_timestamp;
      assert.ok(typeof added === "string", "_stet_timestamp is a string");
      assert.ok(Math.abs(Date.now() - Date.parse(added)) < 60_000, `${added} is about now`);
    },
    async "recordAll() of columns that are known beforehand records the same rows"(backend) {
      const rows = rowsTo(10);
      await backend.recordAll(rows, { columns: ["alpha", "seed", "never"] });
      await backend.recordAll([{ other: 1 }], { columns: ["seed"] });
      assert.deepEqual(await paramsIn(backend), [...rows, { other: 1 }]);
      assert.equal(await backend.has({ never: 1 }), false);
    },
    async "recordAll() rejects with the error of its rows; what is there then came before it"(
      backend,
    ) {
      const rows = rowsTo(2000);
      const recorded = (async () =>
        await backend.recordAll((function* () {
          yield* rows;
          throw new RangeError("no more");
        })()))();
      await assert.rejects(recorded, RangeError);
      const kept = await paramsIn(backend);
      assert.deepEqual(kept, rows.slice(0, kept.length));
      await backend.record({ seed: -1 });
      assert.equal(await backend.has({ seed: -1 }), true);
    },
  }),
  ...withTwoHandles({
    async "recordAll() and record() of two handles at the same time are all kept"(one, other) {
      const all = Promise.all([one.recordAll(slowly(rowsTo(1200))), other.recordAll(rowsTo(600))]);
      for (let n = 0; n < 20; n++) await other.record({ seed: -1 - n });
      await all;
      const seeds = (await one.load()).map(({ seed }) => Number(seed)).sort((a, b) => a - b);
      const expected = [...rowsTo(1200), ...rowsTo(600)].map(({ seed }) => Number(seed));
      for (let n = 0; n < 20; n++) expected.push(-1 - n);
      assert.deepEqual(seeds, expected.sort((a, b) => a - b));
    },
  }, "sharing"),
  ...withHandle({
    async "verify() finds nothing wrong with a sound store, and makes none"(backend, { folder }) {
      assert.deepEqual([...await backend.verify()], []);
      assert.deepEqual([...await backend.verify({ repair: true })], []);
      assert.deepEqual(readdirSync(folder), []);
      await backend.recordAll(rowsTo(20));
      const rows = await backend.load();
      assert.deepEqual([...await backend.verify()], []);
      assert.deepEqual([...await backend.verify({ repair: true })], []);
      assert.deepEqual(await backend.load(), rows);
      await backend.record({ seed: 20 });
      assert.equal(await backend.has({ seed: 20 }), true);
    },
    async "verify() leaves claims as they are, with repair too"(backend) {
      const key = keyOf(keyShape(["seed"]), { seed: 1 });
      const claim = await claimed(backend, key);
      for (const repair of [false, true]) {
        assert.deepEqual([...await backend.verify({ repair })], []);
        assert.equal((await backend.claim(key)).state, "busy");
      }
      await claim.record({ seed: 1 });
      assert.deepEqual(await paramsIn(backend), [{ seed: 1 }]);
    },
    async "verify() with repair keeps the first of rows that are equal, and all that differ"(
      backend,
    ) {
      const different: Row[] = [
        { seed: 1 },
        { seed: 1, model: "a" },
        { seed: "1" },
        { seed: 1, "result.loss": 0.5 },
        { seed: 1, "result.loss": null },
        { seed: 2 },
      ];
      const time = "2026-01-02T03:04:05.678Z";
      for (const row of different) await backend.record({ ...row, _stet_timestamp: time });
      await backend.record({ seed: 1, _stet_elapsed: 2 });
      await backend.record({ seed: 2 });
      const before = await backend.load();
      const findings = await backend.verify({ repair: true });
      const repaired = findings.filter(({ kind }) => kind === "repeated");
      const left = await backend.load();
      assert.deepEqual(left.slice(0, 6), before.slice(0, 6));
      assert.deepEqual(left.map(withoutTimestamp).slice(0, 6), different);
      assert.equal(left.length, repaired.length > 0 ? 6 : 8);
      for (const { repaired: how } of repaired) assert.equal(typeof how, "string");
    },
  }),
];
