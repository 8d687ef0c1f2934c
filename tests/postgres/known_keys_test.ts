import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KnownKeys, type KnownRows } from "../../backends/postgres/known_keys.ts";
import { CELL_END, type Key, keyOf, keyShape } from "../../core/keys/key.ts";
import { writeCell } from "../../core/values/cell.ts";
import type { Engine } from "../../core/contract/engine.ts";
import type { Row } from "../../core/values/value.ts";
import { openEngine } from "../open_engine.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

const skip = postgresSkip;
const shape = keyShape(["seed", "lr"]);

function keyAt(seed: number): Key {
  return keyOf(shape, { seed, lr: seed / 3 });
}

function* rows(count: number): Generator<Record<string, number>> {
  for (let seed = 0; seed < count; seed++) yield { seed, lr: seed / 3 };
}

test("keys that were read ahead are believed while they are rows", { skip }, async () => {
  const server = await sharedServer();
  const url = server.url({ params: { table: "known_keys" } });
  const engine = await openEngine(url);
  const other = await openEngine(url);
  const sql = await server.connect();
  await engine.recordAll(rows(8_000));
  const sourcesOf = (seeds: readonly number[]): Promise<(string | undefined)[]> =>
    Promise.all(seeds.map(async (seed) => await engine.sourceOf(keyAt(seed))));
  const seeds = Array.from({ length: 8_000 }, (_, seed) => seed);
  const found = seeds.map(() => "");

  /** Looks up keys that have rows until one is answered without a statement. */
  const readAhead = async (): Promise<void> => {
    for (let tries = 0; tries < 100; tries++) {
      assert.deepEqual(await sourcesOf(seeds), found);
      await engine.sourceOf(keyAt(0)); // they are believed for 100 ms from now on
      if (!(engine.sourceOf(keyAt(1)) instanceof Promise)) return;
    }
    assert.fail("a statement was sent for every key");
  };
  await readAhead();
  assert.deepEqual(await sourcesOf([8_000, -1]), [undefined, undefined]);

  // Another process removes a key, adds one, and adds one with a source.
  assert.equal(await other.removeKeys([keyAt(5)]), 1);
  await other.record({ seed: 8_000, lr: 8_000 / 3, _stet_source: "new" });
  await sleep(150);
  assert.deepEqual(await sourcesOf([5, 6, 8_000]), [undefined, "", "new"]);
  await other.record({ seed: 5, lr: 5 / 3 });
  await readAhead();
  await other.record({ seed: 8_001, lr: 8_001 / 3, _stet_source: "new" });
  await sleep(150);
  assert.deepEqual(await sourcesOf([8_000, 8_001, 8_002]), ["new", "new", undefined]);

  // What another program deletes is missed after a second without a lookup.
  await sql.query("DELETE FROM known_keys WHERE seed = 7");
  await sleep(1_100);
  assert.deepEqual(await sourcesOf([6, 7]), ["", undefined]);

  await engine.record({ seed: 7, lr: 7 / 3 });
  await readAhead();
  await other.clear();
  await sleep(150);
  assert.deepEqual(await sourcesOf([0, 1]), [undefined, undefined]);

  // Also without a pause, another program that empties the table is noticed.
  await engine.recordAll(rows(8_000));
  await readAhead();
  await sql.query("TRUNCATE known_keys");
  await sleep(150);
  assert.deepEqual(await sourcesOf([0, 1]), [undefined, undefined]);
  await sql.close();
  await other.close();
  await engine.close();
});

test("keys that were read ahead are read again after a time, also without a pause", async () => {
  const seeds = new Set(Array.from({ length: 2_000 }, (_, seed) => seed));
  const rows: KnownRows = {
    look: (key) => Promise.resolve(seeds.has(Number(key.values.seed)) ? "" : undefined),
    // Another program deletes rows: the last one stays, and no removal is noted.
    state: () => Promise.resolve({ last: "1999", removals: "0" }),
    async *pages() {
      const columns = new Map([
        ["seed", [...seeds].map((seed) => writeCell(seed) + CELL_END).join("")],
        ["lr", [...seeds].map((seed) => writeCell(seed / 3) + CELL_END).join("")],
      ]);
      yield { length: seeds.size, columns };
    },
  };
  const known = new KnownKeys(rows, 300);
  const readAhead = async (): Promise<void> => {
    for (let tries = 0; tries < 50; tries++) {
      for (const seed of seeds) await known.sourceOf(keyAt(seed));
      await known.sourceOf(keyAt(0)); // they are believed for 100 ms from now on
      if (!(known.sourceOf(keyAt(1)) instanceof Promise)) return;
    }
    assert.fail("keys are not read ahead");
  };
  await readAhead();
  seeds.delete(7);
  for (let waits = 0; waits < 8; waits++) {
    await sleep(50);
    assert.equal(await known.sourceOf(keyAt(6)), "");
  }
  assert.equal(await known.sourceOf(keyAt(7)), undefined);
  await readAhead();
  assert.equal(await known.sourceOf(keyAt(7)), undefined);
});

/** Returns an error unless all keys are read ahead: then they are answered without a statement. */
async function checkReadAhead(
  engine: Engine,
  keys: readonly Key[],
  source: string,
): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const found = await Promise.all(keys.map(async (key) => await engine.sourceOf(key)));
    assert.deepEqual(found, keys.map(() => source));
  }
  await engine.sourceOf(keys[0]!); // they are believed for 100 ms from now on
  for (const key of keys) assert.equal(engine.sourceOf(key), source, key.text);
}

test("keys of all kinds of cells are read ahead", { skip }, async () => {
  const server = await sharedServer();
  const engine = await openEngine(server.url({ params: { table: "known_kinds" } }));
  const values = [true, false, 0, -1.5, 1e-5, 1e15, 1e16, 1e300, NaN, Infinity, 2 ** 60, "", "a b"];
  const more = [
    " outer ",
    "1.0",
    "t",
    "None",
    "é\n\u001f",
    [1, { b: 2 }],
    null,
    10n ** 17n,
    10n ** 30n,
  ];
  const rows: Row[] = [...values, ...more].flatMap((value, i) => [
    { any: value },
    { n: i, any: value },
    ...typeof value === "number" ? [{ double: value }] : [],
    ...typeof value === "boolean" ? [{ flag: value }] : [],
    ...typeof value === "string" ? [{ text: value }] : [],
    ...typeof value === "bigint" ? [{ large: value % 2n ** 60n }] : [],
    { n: value }, // of another kind than its column
  ]);
  for (let i = 0; i < 300; i++) rows.push({ n: 1_000 + i, any: "x" });
  await engine.recordAll(rows.map((row) => ({ ...row, _stet_source: "v:1" })));
  for (const columns of [undefined, ["any", "double", "flag", "large", "n", "text"]]) {
    const shape = keyShape(columns, { n: 5 });
    await checkReadAhead(engine, rows.map((row) => keyOf(shape, row)), "v:1");
  }
  await engine.close();
});

test("keys are read ahead among rows that other programs write", { skip }, async () => {
  const server = await sharedServer();
  const engine = await openEngine(server.url({ params: { table: "known_foreign" } }));
  const rows = Array.from({ length: 400 }, (_, i) => ({ n: i, text: `x${i}` }));
  await engine.recordAll(rows);
  const sql = await server.connect();
  const shape = keyShape(undefined);
  const keys = rows.map((row) => keyOf(shape, row));

  // The separator of the cells of a page.
  await sql.query("INSERT INTO known_foreign (n, text) VALUES (1000, E'a\\x1fb')");
  await checkReadAhead(engine, keys, "");

  // A later row with a new column has another key.
  await sql.query("ALTER TABLE known_foreign ADD COLUMN late bigint");
  await sql.query("INSERT INTO known_foreign (n, text, late) VALUES (2000, 'x', 1)");
  await sleep(150);
  await engine.sourceOf(keys[0]!); // reads newer rows
  await sleep(90);
  assert.equal(await engine.sourceOf(keyOf(shape, { n: 2_000, text: "x" })), undefined);
  assert.equal(await engine.sourceOf(keyOf(shape, { n: 2_000, text: "x", late: 1 })), "");
  await sql.close();
  await engine.close();
});
