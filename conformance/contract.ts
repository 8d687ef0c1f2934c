import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Row } from "../core/values/value.ts";
import { paramsText, valueText } from "../core/values/value_text.ts";
import { type Case, withHandle } from "./case.ts";
import { paramsIn, withoutTimestamp } from "./params_in.ts";

/** An absent column as callers in JavaScript may pass it; the type of a row forbids it. */
const nothing = { alpha: undefined } as unknown as Row;

/** The five methods, and the members that read rows and columns. */
export const contract: readonly Case[] = withHandle({
  async "a store that nobody made is empty, and neither looks nor removals make it"(
    backend,
    { folder },
  ) {
    assert.equal(await backend.has({}), false);
    assert.equal(await backend.has({ alpha: 1 }), false);
    assert.deepEqual(await backend.load(), []);
    for await (const row of backend.rows()) assert.fail(`rows() gave ${paramsText(row)}`);
    assert.deepEqual([...await backend.columns()], []);
    assert.deepEqual([...await backend.failures()], []);
    assert.equal(await backend.remove({ alpha: 1 }), 0);
    await backend.clear();
    await backend.close();
    assert.deepEqual(readdirSync(folder), []);
  },
  async "record() adds the time, in UTC, as _stet_timestamp"(backend) {
    await backend.record({ alpha: 1 });
    const [row] = await backend.load();
    const time = row?._stet_timestamp;
    assert.ok(typeof time === "string", "_stet_timestamp is a string");
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/);
    assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000, `${time} is about now`);
    assert.deepEqual(withoutTimestamp(row!), { alpha: 1 });
  },
  async "record() leaves a _stet_timestamp that the row has"(backend) {
    const row = { alpha: 1, _stet_timestamp: "2026-01-02T03:04:05.678901+00:00" };
    await backend.record(row);
    assert.deepEqual(await backend.load(), [row]);
    assert.equal(await backend.has({ _stet_timestamp: row._stet_timestamp }), true);
  },
  async "load() gives the rows in the order in which they were recorded, equal ones too"(backend) {
    const rows = [3, 1, 2, 3, 1].map((alpha) => ({ alpha, model: "a" }));
    for (const row of rows) await backend.record(row);
    assert.deepEqual(await paramsIn(backend), rows);
  },
  async "a column that is absent or undefined is not in the row"(backend) {
    await backend.record({ alpha: 1, beta: 2 });
    await backend.record({ ...nothing, beta: 3 });
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1, beta: 2 }, { beta: 3 }]);
  },
  async "has() is whether a row agrees on all columns given"(backend) {
    await backend.record({ alpha: 1, seed: 1, model: "a", "result.loss": 0.5 });
    await backend.record({ alpha: 2, seed: 2, model: "a" });
    for (
      const columns of [
        { alpha: 1 },
        { alpha: 1, seed: 1 },
        { seed: 1, model: "a", alpha: 1 },
        { model: "a" },
        { "result.loss": 0.5 },
        { ...nothing, seed: 2 },
      ]
    ) assert.equal(await backend.has(columns), true, paramsText(columns));
    for (
      const columns of [
        { alpha: 3 },
        { alpha: 1, seed: 2 },
        { alpha: 2, model: "a", seed: 1 },
        { alpha: 2, "result.loss": 0.5 },
        { alpha: "1" },
        { model: "A" },
        { model: "" },
        { model: null },
      ]
    ) assert.equal(await backend.has(columns), false, paramsText(columns));
  },
  async "has() without a column is whether there is any row"(backend) {
    await backend.record({ alpha: 1 });
    assert.equal(await backend.has({}), true);
    assert.equal(await backend.has(nothing), true);
    await backend.remove({ alpha: 1 });
    assert.equal(await backend.has({}), false);
  },
  async "a column that no row has matches none"(backend) {
    await backend.record({ alpha: 1 });
    // In SQLite, a quoted name that is no column is a string: "beta" = 'beta' is true.
    for (const beta of ["beta", "", "1", 1, 0, null, false, []]) {
      assert.equal(await backend.has({ beta }), false, `has(${valueText(beta)})`);
      assert.equal(await backend.has({ alpha: 1, beta }), false);
      assert.equal(await backend.remove({ alpha: 1, beta }), 0);
    }
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1 }]);
  },
  async "remove() removes every row that agrees on all columns given, and gives their number"(
    backend,
  ) {
    for (const alpha of [1, 2, 3]) {
      for (const seed of [1, 2]) await backend.record({ alpha, seed });
    }
    await backend.record({ alpha: 2, seed: 1, model: "a" });
    assert.equal(await backend.remove({ alpha: 2, seed: 1 }), 2);
    assert.equal(await backend.remove({ alpha: 2, seed: 1 }), 0);
    assert.equal(await backend.has({ alpha: 2, seed: 1 }), false);
    assert.equal(await backend.remove({ seed: 2 }), 3);
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1, seed: 1 }, { alpha: 3, seed: 1 }]);
    await backend.record({ alpha: 2, seed: 1 });
    assert.equal(await backend.has({ alpha: 2, seed: 1 }), true);
  },
  async "remove() without a column is a TypeError, and removes nothing"(backend) {
    await backend.record({ alpha: 1 });
    for (const columns of [{}, nothing]) {
      await assert.rejects(async () => await backend.remove(columns), TypeError);
    }
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1 }]);
  },
  async "clear() removes all rows, and the store remains usable"(backend) {
    for (const alpha of [1, 2, 3]) await backend.record({ alpha });
    assert.equal(await backend.has({ alpha: 2 }), true);
    await backend.clear();
    assert.deepEqual(await backend.load(), []);
    assert.equal(await backend.has({ alpha: 2 }), false);
    assert.equal(await backend.has({}), false);
    await backend.record({ alpha: 4, seed: 1 });
    assert.deepEqual(await paramsIn(backend), [{ alpha: 4, seed: 1 }]);
  },
  async "what the caller changes later is not what is kept"(backend) {
    const row = { alpha: 1, model: { layers: [1, 2] } };
    await backend.record(row);
    row.alpha = 2;
    row.model.layers.push(3);
    const [loaded] = await backend.load();
    (loaded!.model as typeof row.model).layers.push(4);
    loaded!.alpha = 5;
    assert.deepEqual(await paramsIn(backend), [{ alpha: 1, model: { layers: [1, 2] } }]);
  },
  async "records made at the same time are all kept"(backend) {
    const seeds = Array.from({ length: 50 }, (_, i) => i);
    await Promise.all(seeds.map(async (seed) => await backend.record({ seed })));
    const kept = (await backend.load()).map(({ seed }) => Number(seed));
    assert.deepEqual(kept.sort((a, b) => a - b), seeds);
  },
  async "rows() gives what load() gives, and of each row only the columns asked for"(backend) {
    await backend.record({ alpha: 1, model: "a" });
    await backend.record({ beta: 2 });
    assert.deepEqual(await Array.fromAsync(backend.rows()), await backend.load());
    for (
      const [columns, expected] of [
        [["alpha"], [{ alpha: 1 }, {}]],
        [["beta", "model"], [{ model: "a" }, { beta: 2 }]],
        [["nowhere", "toString"], [{}, {}]],
        [[], [{}, {}]],
      ] as const
    ) assert.deepEqual(await Array.fromAsync(backend.rows({ columns })), expected, columns.join());
  },
  async "valueBatches() gives the values of the columns asked for, in their order, of every row"(
    backend,
  ) {
    const count = 4500;
    await backend.recordAll(
      Array.from({ length: count }, (_, i) => i % 2 ? { alpha: i } : { alpha: i, model: "1" }),
    );
    await backend.record({ alpha: null, beta: 2n ** 70n, model: [0.5, "a"] });
    const columns = ["model", "nowhere", "alpha", "beta"];
    const found = (await Array.fromAsync(backend.valueBatches(columns))).flat();
    assert.equal(found.length, count + 1);
    const rows = (await backend.load()).map((row) => columns.map((name) => row[name]));
    const wrong = found.findIndex((values, i) => !isDeepStrictEqual(values, rows[i]));
    assert.deepEqual(found[wrong], rows[wrong], `row ${wrong}`); // a comparison of all rows would print them all
    const empty = (await Array.fromAsync(backend.valueBatches([]))).flat();
    assert.equal(empty.filter(({ length }) => length === 0).length, count + 1);
  },
  async "rows() may be left before its end"(backend) {
    for (const alpha of [1, 2, 3]) await backend.record({ alpha });
    for await (const { alpha } of backend.rows()) {
      assert.equal(alpha, 1);
      break;
    }
    await backend.record({ alpha: 4, seed: 1 });
    assert.equal(await backend.remove({ alpha: 2 }), 1);
    assert.deepEqual((await backend.load()).map(({ alpha }) => alpha), [1, 3, 4]);
  },
  async "rows() gives each row that stays once, while others come and go"(backend) {
    for (let alpha = 0; alpha < 6; alpha++) await backend.record({ alpha });
    const seen: number[] = [];
    for await (const row of backend.rows()) {
      const alpha = Number(row.alpha);
      if (alpha >= 100) continue; // recorded since: it may come or not
      seen.push(alpha);
      await backend.record({ alpha: 100 + alpha, [`new ${alpha}`]: 1 });
      if (alpha % 2 === 0) await backend.remove({ alpha });
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
    const left = (await backend.load()).map(({ alpha }) => alpha);
    assert.deepEqual(left, [1, 3, 5, 100, 101, 102, 103, 104, 105]);
  },
  async "reading rows ends although each that is read has another recorded"(backend) {
    await backend.recordAll(Array.from({ length: 20 }, (_, alpha) => ({ alpha })));
    const reads = {
      rows: () => backend.rows(),
      "rows, one column": () => backend.rows({ columns: ["alpha"] }),
      valueBatches: () => backend.valueBatches(["alpha"]),
      ...backend.cells && { cells: () => backend.cells!() },
      rowsAfter: async () => (await backend.rowsAfter()).rows,
    };
    for (const [name, read] of Object.entries(reads)) {
      const before = (await backend.load()).length;
      let seen = 0;
      for await (const some of await read()) {
        const count = Array.isArray(some) || "length" in some ? Number(some.length) : 1;
        for (let i = 0; i < count; i++) await backend.record({ alpha: -1 });
        seen += count;
        assert.ok(seen <= before, `${name} gives rows that were recorded while it read`);
      }
      assert.equal(seen, before, name);
    }
  },
  async "columns() names every column that a row has"(backend) {
    await backend.record({ alpha: 1, "result.loss": 0.5 });
    await backend.record({ model: "a", _stet_elapsed: 0.1 });
    assert.deepEqual(
      [...await backend.columns()].sort(),
      ["_stet_elapsed", "_stet_timestamp", "alpha", "model", "result.loss"],
    );
  },
});
