import type { Engine } from "../../core/contract/engine.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { tempStore } from "../temp_folder.ts";

async function since(backend: Engine, cursor?: string): Promise<{
  readonly cursor: string;
  readonly isWhole: boolean;
  readonly seeds: unknown[];
}> {
  const { rows, ...rest } = await backend.rowsAfter(cursor);
  const seeds = [];
  for await (const row of rows) seeds.push(row["seed"]);
  return { ...rest, seeds };
}

test("rowsAfter() of an SQLite store reads no older rows while they only become more", async (t) => {
  const store = tempStore(t, "runs.sqlite");
  const writer = await openEngine(store, { durability: "process" });
  const note = "x".repeat(200);
  await writer.recordAll(Array.from({ length: 20_000 }, (_, seed): Row => ({ seed, note })));
  await writer.close();

  const backend = await openEngine(store, { durability: "process" });
  await backend.record({ seed: -1 }); // the first write of an object begins the log
  const { cursor, seeds } = await since(backend);
  assert.equal(seeds.length, 20_001);
  // Pages that SQLite's cache of 2 MB no longer has: reading one of them is an error.
  const bytes = fs.readFileSync(store);
  const file = fs.openSync(store, "r+");
  for (let at = 300 * 4096; at < 400 * 4096; at += 4096) {
    const isLeaf = bytes[at] === 0x0d;
    if (isLeaf) fs.writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, at);
  }
  fs.closeSync(file);
  assert.deepEqual(await since(backend, cursor), { cursor, isWhole: false, seeds: [] });
  await backend.record({ seed: -2 });
  const later = await since(backend, cursor);
  assert.deepEqual([later.isWhole, later.seeds], [false, [-2]]);
  await assert.rejects(since(backend), /damaged/);
});

test("rowsAfter() of an SQLite store sees each removal, by any process", async (t) => {
  const store = tempStore(t, "runs.sqlite");
  const backend = await openEngine(store);
  const key = keyOf(keyShape(["seed"]), { seed: 2 });
  const changes: Readonly<Record<string, () => unknown>> = {
    remove: () => backend.remove({ seed: 1 }),
    removeKey: () => backend.removeKey(key),
    "a claim that replaces its row": async () => {
      const answer = await backend.claim(key, { isDone: () => false });
      assert.ok(answer.state === "claimed");
      await answer.claim.record({ seed: 2, again: true });
    },
    "another program": () => {
      const db = new DatabaseSync(store);
      db.exec("DELETE FROM stet_records WHERE seed = 1");
      db.close();
    },
    "another program that adds one too": () => {
      const db = new DatabaseSync(store);
      db.exec("BEGIN; DELETE FROM stet_records WHERE seed = 1");
      db.exec("INSERT INTO stet_records (seed) VALUES (4); COMMIT");
      db.close();
    },
    clear: () => backend.clear(),
  };
  for (const [name, change] of Object.entries(changes)) {
    await backend.clear();
    await backend.recordAll([0, 1, 2, 3].map((seed) => ({ seed })));
    const { cursor } = await since(backend);
    await change();
    const { cursor: later, isWhole, seeds } = await since(backend, cursor);
    assert.notEqual(later, cursor, name);
    assert.equal(isWhole, true, name);
    assert.deepEqual(seeds, (await backend.load()).map(({ seed }) => seed), name);
  }
  await backend.close();
});
