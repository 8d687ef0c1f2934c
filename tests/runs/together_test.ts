import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { openBackend } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";

const shape = keyShape(["n"]);
const key = (n: number) => keyOf(shape, { n });

for (const name of ["runs.csv", "runs.jsonl", "runs.json"]) {
  test(`rows recorded together in ${name} are found at once, and written at the end`, async (t) => {
    const store = tempStore(t, name);
    const backend = engineOf(await openBackend(store, { durability: "process" }));
    await backend.record({ n: 0, text: "zero" });
    assert.equal(await backend.hasKey(key(0)), true); // from here on, keys are indexed
    const before = fs.readFileSync(store, "utf8");
    await backend.batch(() => {
      for (let n = 1; n <= 3; n++) void backend.record({ n, text: "é,\n" });
      assert.deepEqual(backend.claim(key(3)), { state: "done" });
      assert.equal(fs.readFileSync(store, "utf8"), before);
    });
    const rows = await backend.load();
    assert.deepEqual(rows.map(({ n, text }) => [n, text]), [
      [0, "zero"],
      [1, "é,\n"],
      [2, "é,\n"],
      [3, "é,\n"],
    ]);
    assert.deepEqual(await backend.find(key(2)), rows[2]);
    const other = await openBackend(store);
    assert.deepEqual(await other.load(), rows);
    await other.close();
    await backend.close();
  });

  test(`together in ${name}, rows are read, removed and given columns in the order asked`, async (t) => {
    const store = tempStore(t, name);
    const backend = engineOf(await openBackend(store, { durability: "process" }));
    await backend.record({ n: 0 });
    await backend.batch(() => {
      void backend.record({ n: 1 });
      const found = backend.find(key(1));
      assert(found && !(found instanceof Promise));
      assert.equal(found.n, 1);
      void backend.record({ n: 2 });
      assert.equal(backend.removeKey(key(1)), 1);
      void backend.record({ n: 3 });
      void backend.record({ n: 4, other: true });
      void backend.record({ n: 5 });
      assert.equal(backend.hasKey(keyOf(keyShape(["other"]), { other: true })), true);
    });
    const rows = await backend.load();
    assert.deepEqual(rows.map(({ n, other }) => [n, other ?? false]), [
      [0, false],
      [2, false],
      [3, false],
      [4, true],
      [5, false],
    ]);
    await backend.close();
    const other = await openBackend(store);
    assert.deepEqual(await other.load(), rows);
    await other.close();
  });

  test(`of a body in ${name} that throws nothing stays`, async (t) => {
    const store = tempStore(t, name);
    const backend = engineOf(await openBackend(store, { durability: "process" }));
    await backend.record({ n: 0 });
    const before = fs.readFileSync(store, "utf8");
    assert.throws(() =>
      backend.batch(() => {
        backend.claim(key(2));
        void backend.record({ n: 1 });
        throw new RangeError("no");
      }), RangeError);
    assert.equal(fs.readFileSync(store, "utf8"), before);
    assert.equal(await backend.has({ n: 1 }), false);
    const answer = await backend.claim(key(2));
    assert.equal(answer.state, "claimed");
    await backend.record({ n: 3 });
    assert.deepEqual((await backend.load()).map(({ n }) => n), [0, 3]);
    await backend.close();
  });
}
