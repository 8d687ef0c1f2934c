import assert from "node:assert/strict";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { ColumnError, once, type Row, Store } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { followed } from "../columns_of.ts";
import { serve } from "../../server.ts";
import { runsPage } from "../../server/figures/runs_page.ts";
import { noFacts } from "../../figures/data/view_facts.ts";
import { tempStore } from "../temp_folder.ts";

const wide = (count: number): Row =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i]));

/** A function on a store, its runs, and a check that a call is refused before its run. */
function recorded(store: string) {
  const ran: Row[] = [];
  const run = once((params: Row) => ran.push(params), { store, save: true, quiet: true });
  return {
    ran,
    run,
    async refuses(params: Row, message: RegExp): Promise<void> {
      const before = ran.length;
      for (let call = 0; call < 2; call++) {
        await assert.rejects(run(params), (error) => {
          assert.ok(error instanceof ColumnError, `${error}`);
          assert.ok(error.message.includes(`"${store}"`));
          assert.match(error.message, message);
          return true;
        });
      }
      assert.equal(ran.length, before);
    },
  };
}

test("a key with more columns than a table of SQLite has is refused before its run", async (t) => {
  const store = tempStore(t, "runs.sqlite");
  const { run, refuses } = recorded(store);
  for (const count of [1997, 2100, 20_000]) {
    await refuses(wide(count), /a table of SQLite has 1999 at most; use a \.csv/);
  }
  assert.equal(fs.existsSync(store), false);
  for (const status of ["ran", "skipped"]) {
    assert.equal((await run.outcome(wide(1995))).status, status);
  }
  await refuses({ ...wide(1900), other: 1, more: 2 }, /there would be 2001 columns/);
});

test("a key that differs from a column of an SQLite store in case only is refused before its run", async (t) => {
  const { run, refuses } = recorded(tempStore(t, "runs.sqlite"));
  await refuses({ seed: 1, Seed: 2 }, /column "Seed" to .*: it has "seed"/);
  assert.equal((await run.outcome({ seed: 1, É: 1, é: 2 })).status, "ran");
  await refuses({ SEED: 1 }, /column "SEED" to .*: it has "seed"/);
  await refuses({ rowid: 1, oid: 2, _rowid_: 3 }, /cannot have rowid, _rowid_, oid all/);
});

test("a key with a name of a row's number is refused before its run where SQLite cannot add it", async (t) => {
  const first = recorded(tempStore(t, "first.sqlite"));
  for (const status of ["ran", "skipped"]) {
    assert.equal((await first.run.outcome({ rowid: 1 })).status, status);
  }
  const { run, refuses } = recorded(tempStore(t, "runs.sqlite"));
  await run({ seed: 1 });
  for (const name of ["rowid", "OID", "_rowid_"]) {
    await refuses({ [name]: 1 }, /adds no column with a name .*; rename it/);
  }
});

test("a result whose fields SQLite cannot have as columns is kept whole", async (t) => {
  const path = tempStore(t, "runs.sqlite");
  const sidecar = await serve({ store: tempStore(t, "served.sqlite"), port: 0 });
  for (const store of [path, sidecar.url]) {
    const results = [{ loss: 1 }, { Loss: 2, n: 3 }, { loss: 4, Loss: 5 }, wide(2000), { loss: 6 }];
    const run = once(({ seed }: { seed: number }) => results[seed], {
      store,
      save: true,
      quiet: true,
    });
    for (const status of ["ran", "skipped"]) {
      for (const [seed, value] of results.entries()) {
        const outcome = await run.outcome({ seed });
        assert.deepEqual(outcome, { status, params: { seed }, value });
      }
    }
    const backend = await openEngine(store);
    assert.deepEqual(await backend.held(), []);
    assert.deepEqual((await backend.load()).map((row) => row["result.loss"]), [
      1,
      ...Array(3).fill(undefined),
      6,
    ]);
    await backend.close();
  }
  await sidecar.close();
});

test("a sidecar refuses a key that its SQLite store cannot hold before the run", async (t) => {
  const sidecar = await serve({ store: tempStore(t, "served.sqlite"), port: 0 });
  const { run, refuses } = recorded(sidecar.url);
  await run({ seed: 1 });
  await refuses({ Seed: 1 }, /column "Seed" to .*: it has "seed"/);
  await sidecar.close();
});

test("a table of records with more columns than SQLite has is refused before its run", async (t) => {
  const store = tempStore(t, "db.sqlite3");
  const records = new Store({ runner: () => assert.fail("it ran"), store });
  await assert.rejects(records.run(wide(1996)), ColumnError);
  await assert.rejects(records.run({ a: 1, A: 1 }), ColumnError);
  await records.close();
});

test("rows with columns that SQLite cannot hold are refused, and none of the batch is written", async (t) => {
  const store = tempStore(t, "runs.sqlite");
  const backend = await openEngine(store);
  await backend.record({ seed: 1 });
  await assert.rejects(async () => await backend.record({ seed: 2, Seed: 1 }), ColumnError);
  await assert.rejects(
    backend.recordAll([{ seed: 2 }, { other: 1, Other: 1 }]) as Promise<number>,
  );
  await assert.rejects(
    backend.recordAll([{ seed: 2 }, wide(2000)]) as Promise<number>,
    ColumnError,
  );
  assert.deepEqual(await backend.columns(), ["seed", "_stet_timestamp"]);
  assert.equal((await backend.load()).length, 1);
  await backend.close();
});

test("columns follow a store of 1,400 columns", async (t) => {
  const backend = await openEngine(tempStore(t, "runs.sqlite"), { durability: "process" });
  await backend.recordAll(Array.from({ length: 30 }, (_, seed) => ({ ...wide(1400), seed })));
  const it = followed(engineOf(backend));
  await it.follower.catchUp();
  assert.equal(it.columns.length, 30);
  const { rows } = runsPage(it.columns, { where: "seed = 29", limit: 1, offset: 0 }, noFacts());
  assert.equal(rows[0]!["p1399"], 1399);
  await backend.close();
});

test("a lookup sees a column that another program has just added, and a table that it has made anew", async (t) => {
  const store = tempStore(t, "runs.sqlite");
  const backend = await openEngine(store);
  await backend.recordAll([{ seed: 1, "result.loss": 0.5 }, { seed: 2 }]);
  const key = keyOf(keyShape(["seed"]), { seed: 1 });
  const looked = async (): Promise<unknown> => {
    const { seed: _, _stet_timestamp: __, ...row } = await backend.savedResult(key) ?? {};
    return [row, await backend.sourceOf(key)];
  };
  assert.deepEqual(await looked(), [{ "result.loss": 0.5 }, ""]);
  const db = new DatabaseSync(store);
  db.exec(`ALTER TABLE stet_records ADD COLUMN "result.steps" NUMERIC;
    UPDATE stet_records SET "result.steps" = 3 WHERE seed = 1`);
  assert.deepEqual(await looked(), [{ "result.loss": 0.5, "result.steps": 3 }, ""]);
  db.exec(`ALTER TABLE stet_records ADD COLUMN _stet_source NUMERIC;
    UPDATE stet_records SET _stet_source = 'node:0' WHERE seed = 1`);
  const made = { "result.loss": 0.5, "result.steps": 3, _stet_source: "node:0" };
  assert.deepEqual(await looked(), [made, "node:0"]);
  db.exec(
    `BEGIN; CREATE TABLE other (seed TEXT, "result.steps" TEXT, "result.loss" TEXT, _stet_source TEXT);
    INSERT INTO other SELECT seed, "result.loss", "result.steps", _stet_source FROM stet_records;
    DROP TABLE stet_records; ALTER TABLE other RENAME TO stet_records; COMMIT`,
  );
  const swapped = { "result.steps": 0.5, "result.loss": 3, _stet_source: "node:0" };
  assert.deepEqual(await looked(), [swapped, "node:0"]);
  db.close();
  await backend.close();
});
