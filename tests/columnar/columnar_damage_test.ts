import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  exportStore,
  FormatError,
  ls,
  mergeStores,
  query,
  reset,
  StoreError,
  verify,
} from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { foreignParquet } from "../fuzz/foreign_files.ts";
import { type Cleaned, tempFolder, tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const timeout = 120_000;

/** A store with some rows of each kind of value. */
async function storeWithRows(t: Cleaned, extension: string): Promise<string> {
  const store = tempStore(t, `runs${extension}`);
  const backend = await openEngine(store);
  for (let seed = 0; seed < 40; seed++) {
    const mixed = seed % 2 === 0 ? seed : `naïve ${seed}`;
    await backend.record({ seed, alpha: seed / 7, mixed, ...seed % 3 === 0 && { debug: true } });
  }
  await backend.close();
  return store;
}

for (const name of ["negative_length.arrow", "endless_fields.arrow"]) {
  test(`${name} is refused`, { skip: columnarSkips[".arrow"]!, timeout }, async (t) => {
    const store = tempStore(t, name);
    copyFileSync(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)), store);
    const backend = await openEngine(store);
    await assert.rejects(async () => await backend.load(), FormatError);
    await backend.close();
  });
}

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  test(`${extension}: verify() finds any byte that is another one`, {
    skip: columnarSkips[extension]!,
    timeout,
  }, async (t) => {
    const store = await storeWithRows(t, extension);
    const bytes = readFileSync(store);
    assert.deepEqual(await verify(store), []);
    for (let at = 3; at < bytes.length; at += 37) {
      bytes[at]! ^= 16;
      writeFileSync(store, bytes);
      const findings = await verify(store);
      assert.deepEqual(findings.map(({ kind }) => kind), ["unreadable"], `byte ${at}`);
      assert.ok(findings[0]!.message.includes(store));
      bytes[at]! ^= 16;
    }
  });
}

test(".parquet: what a damaged page ends is a StoreError that names the store, at each door", {
  skip: columnarSkips[".parquet"]!,
  timeout,
}, async (t) => {
  const whole = await foreignParquet(tempStore(t, "runs.parquet"), "gzip");
  const damagedBytes = readFileSync(whole);
  for (let i = 0; i < 8; i++) damagedBytes[60 + i]! ^= 0x5a; // in the first page
  const key = keyOf(keyShape(["seed"]), { seed: 3 });
  const drain = async (rows: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> => {
    for await (const _ of rows);
  };
  type Opened = Awaited<ReturnType<typeof openEngine>>;
  const members: Readonly<Record<string, (backend: Opened) => unknown>> = {
    load: (backend) => backend.load(),
    rows: (backend) => drain(backend.rows()),
    rowsAfter: async (backend) => await drain((await backend.rowsAfter()).rows),
    has: (backend) => backend.has({ seed: 3 }),
    find: (backend) => backend.find(key),
    claim: (backend) => backend.claim(key),
    remove: (backend) => backend.remove({ seed: 3 }),
  };
  const tools: Readonly<Record<string, (store: string) => unknown>> = {
    ls: (store) => ls(store, { quiet: true }),
    query: async (store) => await drain(await query(store, "SELECT sum(seed) FROM runs")),
    exportStore: (store) => exportStore(store, `${store}.csv`),
    mergeStores: (store) => mergeStores([store], `${store}.jsonl`),
    reset: (store) => reset(store, { seed: 3 }, { quiet: true }),
    ...Object.fromEntries(
      Object.entries(members).map(([name, use]) => [name, async (store: string) => {
        const backend = await openEngine(store);
        try {
          await use(backend);
        } finally {
          await backend.close();
        }
      }]),
    ),
  };
  for (const [name, use] of Object.entries(tools)) {
    const store = join(tempFolder(t), "runs.parquet");
    writeFileSync(store, damagedBytes);
    await assert.rejects(async () => await use(store), (error: Error) => {
      assert.ok(error instanceof StoreError, `${name}: ${error.stack}`);
      assert.ok(error.message.includes(store), `${name}: ${error.message}`);
      assert.doesNotMatch(error.message, /\/dev\/fd/);
      return true;
    });
    assert.deepEqual(readFileSync(store), damagedBytes);
    assert.deepEqual(readdirSync(dirname(store)), ["runs.parquet"], name);
  }
});

test(".parquet: a record on a damaged file stays pending, and says why", {
  skip: columnarSkips[".parquet"]!,
  timeout,
}, async (t) => {
  const store = await foreignParquet(tempStore(t, "runs.parquet"), "gzip");
  const bytes = readFileSync(store);
  for (let i = 0; i < 8; i++) bytes[60 + i]! ^= 0x5a;
  writeFileSync(store, bytes);
  const said: string[] = [];
  const backend = await openEngine(store, { warn: (message) => void said.push(message) });
  await backend.record({ seed: 99 });
  await backend.close();
  assert.equal(said.length, 1);
  assert.match(said[0]!, /rows stay there: Cannot write ".*runs\.parquet".*stet verify/);
  assert.match(readFileSync(`${store}.pending.jsonl`, "utf8"), /"seed": 99/);
});
