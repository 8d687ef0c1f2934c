import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/key.ts";
import { type Row, setEntry } from "../core/value.ts";
import type { Case } from "./case.ts";
import { paramsIn } from "./params_in.ts";

/** Names that a format, a database or an object of JavaScript may trip over. No two differ in case only. */
const names = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "a b",
  " a ",
  "a,b",
  'a"b',
  '"',
  "a'b",
  "a`b",
  "a\\b",
  "a.b",
  "a;b",
  "[a]",
  "{a}",
  "?",
  ":a",
  "$a",
  "@a",
  "%s",
  "--",
  "é",
  "e\u0301",
  "日本語",
  "😀",
  "\ufeffa",
  "\u00a0a",
  "0",
  "1",
  "null",
  "NaN",
  "select",
  "rowid",
  "_rowid_", // SQLite needs the third of its names for the number of a row: oid
  "id",
  "key",
  "value",
  "stet_records",
  "PAR1",
  "a".repeat(300),
];

function rowOf(entries: Iterable<readonly [name: string, value: string]>): Row {
  const row: Row = {};
  for (const [name, value] of entries) setEntry(row, name, value);
  return row;
}

/** Names of columns. */
export const columns: readonly Case[] = [
  {
    name: "a column may have any name, whether first or added",
    async check({ open }) {
      const backend = await open();
      const all = rowOf(names.map((name, n) => [name, `of ${n}`]));
      await backend.record(all);
      assert.deepEqual(await paramsIn(backend), [all]);
      for (const [n, name] of names.entries()) {
        const given = rowOf([[name, `of ${n}`]]);
        const other = rowOf([[name, `of ${n + 1}`]]);
        assert.equal(await backend.has(given), true, name);
        assert.equal(await backend.has(other), false, name);
        assert.equal(await backend.hasKey(keyOf(keyShape([name]), given)), true, name);
        assert.equal(await backend.hasKey(keyOf(keyShape([name]), other)), false, name);
      }
      assert.equal(await backend.hasKey(keyOf(keyShape(undefined), all)), true);
      assert.equal(await backend.remove(all), 1);

      await backend.clear();
      const singles = names.map((name) => rowOf([[name, name]]));
      for (const row of singles) await backend.record(row);
      assert.deepEqual(await paramsIn(backend), singles);
      for (const row of singles) {
        assert.equal(await backend.hasKey(keyOf(keyShape(undefined), row)), true);
      }
    },
  },
  {
    name: "a name that no row has finds nothing, even one that objects inherit",
    async check({ open }) {
      const backend = await open();
      await backend.record({ alpha: 1 });
      for (const name of names) {
        for (const value of [name, "", "alpha", "1"]) {
          const given = rowOf([[name, value]]);
          assert.equal(await backend.has(given), false, name);
          assert.equal(await backend.hasKey(keyOf(keyShape([name]), given)), false, name);
        }
      }
    },
  },
  {
    name: "columns that differ in case only are two, or refused by an error that names both",
    async check({ open }) {
      const backend = await open();
      await backend.record({ alpha: 1, seed: 1 });
      assert.equal(await backend.has({ Alpha: 1 }), false);
      assert.equal(await backend.remove({ ALPHA: 1 }), 0);
      assert.equal(await backend.hasKey(keyOf(keyShape(["Alpha"]), { Alpha: 1 })), false);
      const expected: Row[] = [{ alpha: 1, seed: 1 }];
      for (const row of [{ Alpha: 2, seed: 2 }, { seed: 3, ALPHA: 3, alpha: 4 }]) {
        try {
          await backend.record(row);
          expected.push(row);
        } catch (error) {
          assert.ok(error instanceof Error);
          assert.match(error.message, /\balpha\b/);
          assert.match(error.message, /\bA(?:lpha|LPHA)\b/);
        }
        assert.deepEqual(await paramsIn(backend), expected);
      }
      await backend.record({ alpha: 5, seed: 5 });
      assert.equal(await backend.has({ alpha: 5 }), true);
      assert.equal(await backend.has({ Alpha: 2 }), expected.length > 1);
      assert.equal(await backend.has({ alpha: 2 }), false);
    },
  },
  {
    name: "a row may have 300 columns",
    async check({ open }) {
      const backend = await open();
      const row: Row = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, i]));
      await backend.record(row);
      await backend.record({ ...row, p299: 0 });
      assert.deepEqual(await paramsIn(backend), [row, { ...row, p299: 0 }]);
      for (const shape of [keyShape(Object.keys(row)), keyShape(undefined)]) {
        assert.equal((await backend.find(keyOf(shape, row)))?.p299, 299);
        assert.equal(await backend.hasKey(keyOf(shape, { ...row, p0: 1 })), false);
      }
      assert.equal(await backend.has(row), true);
      assert.equal(await backend.remove(row), 1);
      assert.deepEqual(await paramsIn(backend), [{ ...row, p299: 0 }]);
    },
  },
];
