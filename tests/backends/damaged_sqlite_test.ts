import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { FormatError, once, type Row, status, Store, verify } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { type Cleaned, tempStore } from "../temp_folder.ts";

const rows = Array.from({ length: 60 }, (_, seed): Row => ({ alpha: seed / 10, seed }));

/** The bytes of a store with 60 rows, in two pages. */
async function storeBytes(t: Cleaned): Promise<Buffer> {
  const path = tempStore(t, "whole.sqlite");
  const backend = await openEngine(path);
  await backend.recordAll(rows);
  await backend.close();
  const bytes = fs.readFileSync(path);
  assert.equal(bytes.length, 2 * 4096);
  return bytes;
}

/** The bytes of a database with 20 records of a `Store`. */
async function recordBytes(t: Cleaned): Promise<Buffer> {
  const path = tempStore(t, "whole.sqlite");
  const backend = await openEngine(path, { records: { table: "results" } });
  for (let n = 0; n < 20; n++) {
    const row = { id: `${n}`, n, result_file: "f", created_at: "2026-01-01", custom_data: {} };
    await backend.record(row);
  }
  await backend.close();
  return fs.readFileSync(path);
}

/** Each way to read the store at a path. */
const reads: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  load: async (path) => await (await openEngine(path)).load(),
  columns: async (path) => await (await openEngine(path)).columns(),
  has: async (path) => await (await openEngine(path)).has({ seed: 1 }),
  valueBatches: async (path) =>
    await Array.fromAsync((await openEngine(path)).valueBatches(["seed"])),
  rowsAfter: async (path) =>
    await Array.fromAsync((await (await openEngine(path)).rowsAfter()).rows),
  record: async (path) => await (await openEngine(path)).record({ seed: 1 }),
  once: (path) => once((_params: object) => assert.fail("it ran"), { store: path })({ seed: 1 }),
  status: (path) => status(path, { quiet: true }),
};

/** Checks that every read of a damaged store is an error, that `verify` finds it, and nothing changes. */
async function checkRefused(t: Cleaned, bytes: Uint8Array, found: RegExp): Promise<void> {
  const path = tempStore(t, "runs.sqlite");
  fs.writeFileSync(path, bytes);
  for (const [name, read] of Object.entries(reads)) {
    await assert.rejects(read(path), (error) => {
      assert.ok(error instanceof FormatError, `${name}: ${error}`);
      assert.ok(error.message.startsWith(`Cannot read "${path}" as SQLite: it is damaged (`));
      assert.match(error.message, found, name);
      return true;
    });
  }
  const findings = await verify(path);
  assert.deepEqual(findings.map(({ kind }) => kind), ["unreadable"]);
  assert.match(findings[0]!.message, found);
  assert.deepEqual(fs.readFileSync(path), Buffer.from(bytes), "it is left as it is");
}

test("an SQLite store that was cut short within a page is refused", async (t) => {
  const bytes = await storeBytes(t);
  for (const size of [4097, 4169, 6000, 8191]) {
    await checkRefused(t, bytes.subarray(0, size), /\d+ bytes instead of 2 pages of 4096 bytes/);
  }
});

test("an SQLite store that was cut short between two pages is refused", async (t) => {
  await checkRefused(t, (await storeBytes(t)).subarray(0, 4096), /malformed/);
});

test("an SQLite store with bytes put in is refused", async (t) => {
  const bytes = await storeBytes(t);
  const longer = Buffer.concat([bytes.subarray(0, 4100), Buffer.alloc(124), bytes.subarray(4100)]);
  await checkRefused(t, longer, /8316 bytes instead of 2 pages/);
  await checkRefused(t, Buffer.concat([bytes, bytes]), /16384 bytes instead of 2 pages/);
});

test("an SQLite store that lost its list of tables, or has a damaged header, is refused", async (t) => {
  const bytes = await storeBytes(t);
  const header = (at: number, ...values: number[]): Buffer => {
    const damaged = Buffer.from(bytes);
    damaged.set(values, at);
    return damaged;
  };
  await checkRefused(t, header(103, 0, 0), /2 pages and no table/);
  await checkRefused(t, header(47, 9), /unsupported file format/);
  await checkRefused(t, header(100, 0), /malformed/);
});

test("load() of an SQLite store whose row numbers do not ascend ends with an error", async (t) => {
  const bytes = await storeBytes(t);
  bytes.fill(0, 4096 + 8 + 2 * rows.length, 8192); // all cells: number 0 each
  const path = tempStore(t, "runs.sqlite");
  fs.writeFileSync(path, bytes);
  for (const name of ["load", "valueBatches", "rowsAfter", "status"]) {
    await assert.rejects(reads[name]!(path), /is damaged \(row 0 follows row 0\)/, name);
  }
  assert.ok((await verify(path)).some(({ kind }) => kind === "unreadable"));
});

test("an SQLite row without any cell is damage, not a run", async (t) => {
  const path = tempStore(t, "runs.sqlite");
  fs.writeFileSync(path, await storeBytes(t));
  const db = new DatabaseSync(path);
  db.exec(
    "UPDATE stet_records SET alpha = NULL, seed = NULL, _stet_timestamp = NULL WHERE rowid = 9",
  );
  db.close();
  await assert.rejects(reads["load"]!(path), /is damaged \(a row without cells\)/);
});

test("a table of records that was cut short is refused by Store", async (t) => {
  const bytes = await recordBytes(t);
  const path = tempStore(t, "runs.sqlite");
  fs.writeFileSync(path, bytes.subarray(0, bytes.length - 100));
  const store = new Store({ runner: () => assert.fail("it ran"), store: path });
  const found = /is damaged \(\d+ bytes instead of \d+ pages of 4096 bytes\)/;
  await assert.rejects(store.runOrRetrieve({ n: 1 }), found);
  await assert.rejects(Array.fromAsync(store.find()), found);
  await store.close();
  assert.deepEqual((await verify(path)).map(({ kind }) => kind), ["unreadable"]);
});

test("an SQLite store that is written to meanwhile is whole", async (t) => {
  const path = tempStore(t, "runs.sqlite");
  const writer = await openEngine(path);
  for (let i = 0; i < 20; i++) {
    await writer.recordAll(rows);
    const reader = await openEngine(path);
    assert.equal((await reader.load()).length, (i + 1) * rows.length);
    await reader.close();
  }
  await writer.close();
});
