import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { type Row, setEntry } from "../core/values/value.ts";
import { type Case, withHandle } from "./case.ts";
import { claimed } from "./claimed.ts";
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

/** Names that no store can keep: empty, with a control character, with half of a surrogate pair. */
const unfit = ["", "\0", "a\0b", "a\nb", "\r", "\t", "\x1e", "\x7f", "\x85", "\ud800", "a\udc00"];

function rowOf(entries: Iterable<readonly [name: string, value: string]>): Row {
  const row: Row = {};
  for (const [name, value] of entries) setEntry(row, name, value);
  return row;
}

/** Names of columns. */
export const columns: readonly Case[] = [
  ...withHandle({
    async "a column may have any name, whether first or added"(backend) {
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
  }),
  ...withHandle({
    async "columns have their names, whatever they are, when the store is opened again"(
      first,
      { open },
    ) {
      const rows = [rowOf(names.map((name, n) => [name, `of ${n}`])), { added: 1 }];
      for (const row of rows) await first.record(row);
      const columns = await first.columns();
      await first.close();
      const second = await open();
      assert.deepEqual(await second.columns(), columns);
      assert.deepEqual(await paramsIn(second), rows);
    },
  }, "reopening"),
  ...withHandle({
    async "a name that no row has finds nothing, even one that objects inherit"(backend) {
      await backend.record({ alpha: 1 });
      for (const name of names) {
        for (const value of [name, "", "alpha", "1"]) {
          const given = rowOf([[name, value]]);
          assert.equal(await backend.has(given), false, name);
          assert.equal(await backend.hasKey(keyOf(keyShape([name]), given)), false, name);
        }
      }
    },
    async "a row with a name that no store can keep is refused, and nothing changes"(backend) {
      await backend.record({ seed: 1 });
      const rows = await backend.load();
      const columns = await backend.columns();
      for (const [n, name] of unfit.entries()) {
        const row = rowOf([["seed", "2"], [name, "x"], ["new", "y"]]);
        const refused = async (ask: () => unknown): Promise<void> => {
          await assert.rejects(async () => await ask(), TypeError, JSON.stringify(name));
          assert.deepEqual(await backend.load(), rows, JSON.stringify(name));
          assert.deepEqual(await backend.columns(), columns, JSON.stringify(name));
        };
        await refused(() => backend.record(row));
        await refused(() => backend.recordAll([row]));
        const claim = await claimed(backend, keyOf(keyShape(["seed"]), { seed: 100 + n }));
        await refused(() => claim.record(row));
        await claim.release();
      }
      await backend.record({ seed: 4 });
      assert.deepEqual(await paramsIn(backend), [{ seed: 1 }, { seed: 4 }]);
    },
    async "columns that differ in case only are two, or refused by an error that names both"(
      backend,
    ) {
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
    async "a row may have 300 columns"(backend) {
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
  }),
];
