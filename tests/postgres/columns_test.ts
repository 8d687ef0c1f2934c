import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

const options = { skip: postgresSkip };

/** Numbers whose spelling in SQL and in cell text may differ. */
const numbers = [
  ...[1, -5, 0, 2 ** 53 - 1, 0.5, 1e-5, -1e-5, 1e-4, 1e15, 1e15 + 0.5, -(1e15 + 0.125), 1e14 + 0.1],
  ...[4503599627370495.5, 999999999999999.9, 2 ** 53, 2 ** 60, 1e16, 1.5e300, 5e-324, -0.1],
  ...[NaN, Infinity, -Infinity, 123456789.123],
];

const shape = keyShape(["x", "i"]);

test(
  "a column that becomes one of numbers, then of text, keeps every value, also for other processes",
  options,
  async () => {
    const server = await sharedServer();
    const url = server.url({ params: { table: "widened" } });
    const [one, other] = [await openEngine(url), await openEngine(url)];
    const sql = await server.connect();
    const typeOf = async (): Promise<unknown> =>
      (await sql.query(
        `SELECT format_type(atttypid, NULL) AS type FROM pg_attribute
       WHERE attrelid = 'widened'::regclass AND attname = 'x'`,
      ))[0]?.["type"];
    const checkAll = async (): Promise<void> => {
      for (const handle of [one, other]) {
        const rows = await handle.load();
        for (const [i, x] of numbers.entries()) {
          assert.ok(Object.is(rows[i]!["x"], x), `${rows[i]!["x"]} is ${x}`);
          assert.equal(await handle.hasKey(keyOf(shape, { i, x })), true, `${x} is found`);
        }
      }
    };
    await one.record({ i: 0, x: numbers[0]! });
    assert.equal(await typeOf(), "bigint");
    for (const [i, x] of numbers.entries()) {
      if (i > 0) await (i % 2 ? one : other).record({ i, x });
    }
    assert.equal(await typeOf(), "double precision");
    await checkAll();
    await one.record({ i: -1, x: "text" });
    assert.equal(await typeOf(), "text");
    await checkAll();
    await sql.close();
    await one.close();
    await other.close();
  },
);

test("integers that no number has become text when a fraction follows", options, async () => {
  const server = await sharedServer();
  const one = await openEngine(server.url({ params: { table: "large integers" } }));
  await one.record({ x: 2n ** 60n });
  await one.record({ x: 0.5 });
  assert.deepEqual((await one.load()).map(({ x }) => x), [2n ** 60n, 0.5]);
  await one.close();
});

test("columns that processes add and widen at the same time are all kept", options, async () => {
  const server = await sharedServer();
  const url = server.url({ params: { table: "contended" } });
  const handles = [await openEngine(url), await openEngine(url), await openEngine(url)];
  const rows = Array.from({ length: 60 }, (_, i) => ({
    [`c${i % 7}`]: i % 3 ? i : i / 7,
    [`new ${i}`]: i,
    v: i % 5 ? i : `s${i}`,
  }));
  await Promise.all(rows.map(async (row, i) => await handles[i % 3]!.record(row)));
  const text = (row: object): string => JSON.stringify(Object.entries(row).sort());
  for (const handle of handles) {
    const loaded = (await handle.load()).map(({ _stet_timestamp: _, ...row }) => text(row));
    assert.deepEqual(loaded.sort(), rows.map(text).sort());
    await handle.close();
  }
});

test(
  "rowsAfter() gives a row that is committed after others with higher numbers, once",
  options,
  async () => {
    const server = await sharedServer();
    const one = await openEngine(server.url({ params: { table: "late" } }));
    const sql = await server.connect();
    await one.record({ a: 0 });
    let cursor: string | undefined;
    const next = async (): Promise<unknown[]> => {
      const since = await one.rowsAfter(cursor);
      const found = (await Array.fromAsync(since.rows)).map(({ a }) => a);
      assert.equal(since.isWhole, cursor === undefined);
      cursor = since.cursor;
      return found;
    };
    assert.deepEqual(await next(), [0]);
    await sql.query("BEGIN");
    await sql.query("INSERT INTO late (a) VALUES (100)");
    await one.record({ a: 1 });
    assert.deepEqual(await next(), [1]);
    assert.deepEqual(await next(), []);
    await one.record({ a: 2 });
    assert.deepEqual(await next(), [2]);
    await sql.query("COMMIT");
    assert.deepEqual(await next(), [100]);
    await one.record({ a: 3 });
    assert.deepEqual(await next(), [3]);
    assert.deepEqual(await next(), []);
    await sql.close();
    await one.close();
  },
);

test(
  "a table that another program renames or restores keeps its cells, and notes removals",
  options,
  async () => {
    const server = await sharedServer();
    const sql = await server.connect();
    const row = { seed: 1, ["p".repeat(70)]: 2, ["q".repeat(70)]: "x" };
    const before = await openEngine(server.url({ params: { table: "before" } }));
    await before.record(row);
    await before.close();
    await sql.query("ALTER TABLE before RENAME TO after");
    await sql.query("CREATE ROLE looker LOGIN PASSWORD 'looks'");
    await sql.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker");
    const cells = (rows: readonly object[]): unknown =>
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith("_stet_")))
      );
    for (const user of ["looker", "stet"]) {
      const password = user === "looker" ? { password: "looks" } : {};
      const after = await openEngine(server.url({ user, ...password, params: { table: "after" } }));
      assert.deepEqual(await after.columns(), [...Object.keys(row), "_stet_timestamp"]);
      assert.deepEqual(cells(await after.load()), [row]);
      if (user === "stet") {
        await after.record({ seed: 2, ["r".repeat(70)]: 3 });
        assert.deepEqual(cells(await after.load()), [row, { seed: 2, ["r".repeat(70)]: 3 }]);
        await after.clear();
      }
      await after.close();
    }
    const [noted] = await sql.query(
      "SELECT removals::int AS count FROM stet_stores WHERE store = 'after'",
    );
    assert.deepEqual(noted, { count: 1 });
    await sql.close();
  },
);
