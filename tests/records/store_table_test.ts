import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Columns, hashParams, Store, StoreError } from "../../mod.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";

/** The columns that SQLAlchemy adds to every table of Python's entropic. */
const OWN = "id VARCHAR NOT NULL, result_file VARCHAR NOT NULL, created_at DATETIME NOT NULL, " +
  "custom_data JSON NOT NULL, PRIMARY KEY (id)";

/** A database with a table as Python's entropic makes it, and a Store on it. */
function theirTable<const C extends Columns>(t: Cleaned, sql: string, columns?: C): {
  store: Store<C>;
  add: (id: string, cells: Readonly<Record<string, string | number | bigint>>) => string;
  sql: (text: string) => Record<string, unknown>[];
  ran: string[];
  warnings: string[];
} {
  const folder = tempFolder(t);
  const file = path.join(folder, "db.sqlite3");
  const query = (text: string, ...values: (string | number | bigint)[]) => {
    const db = new DatabaseSync(file);
    try {
      return db.prepare(text).all(...values);
    } finally {
      db.close();
    }
  };
  query(`CREATE TABLE results (${sql}, ${OWN})`);
  const ran: string[] = [];
  const warnings: string[] = [];
  const store = new Store<C>({
    runner: ({ id, resultFile }) => {
      ran.push(id);
      fs.writeFileSync(resultFile, "TypeScript");
    },
    ...columns && { columns },
    store: file,
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
    warn: (message) => warnings.push(message),
  });
  return {
    store,
    ran,
    warnings,
    sql: query,
    add(id, cells) {
      const made = path.join(folder, `${id}.txt`);
      fs.writeFileSync(made, "Python");
      const names = [...Object.keys(cells), "id", "result_file", "created_at", "custom_data"];
      query(
        `INSERT INTO results (${names.map((name) => `"${name}"`).join(", ")}) ` +
          `VALUES (${names.map(() => "?").join(", ")})`,
        ...Object.values(cells),
        id,
        made,
        "2026-01-02 03:04:05.678901",
        "{}",
      );
      return id;
    },
  };
}

test("an integer beyond 2^53 in a table of records is a bigint", async (t) => {
  for (const columns of [{ n: "integer" } as const, undefined]) {
    const big = 2n ** 62n + 1n;
    const { store, add, ran } = theirTable(t, "n INTEGER NOT NULL", columns);
    const id = add(hashParams({ n: big }), { n: big });
    add(hashParams({ n: 1 }), { n: 1 });
    const found: unknown[] = [];
    for await (const record of store.find()) found.push(record["n"]);
    assert.deepEqual(found, [big, 1]);
    assert.equal((await store.runOrRetrieve({ n: big })).id, id);
    assert.equal((await store.retrieve(id))!["n"], big);
    assert.equal((await store.runOrRetrieve({ n: 1n })).id, hashParams({ n: 1 }));
    assert.deepEqual(ran, []);
    assert.equal((await store.runOrRetrieve({ n: -(2n ** 63n) }))["n"], -(2n ** 63n));
    assert.equal((await store.patch(id, { n: big + 2n }))!["n"], big + 2n);
    await assert.rejects(store.runOrRetrieve({ n: 2n ** 63n }), TypeError);
    assert.equal(ran.length, 1);
    await store.close();
  }
});

test("a row that is no record does not hide the others from find()", async (t) => {
  const { store, add, sql, warnings } = theirTable(
    t,
    "n INTEGER NOT NULL, cfg JSON NOT NULL, flag BOOLEAN NOT NULL",
    { n: "integer", cfg: "json", flag: "boolean" } as const,
  );
  const changes = {
    n: "n = 'many'",
    flag: "flag = 'yes'",
    created: "created_at = 'yesterday'",
    custom: "custom_data = '{'",
    result: "result_file = x'00'",
  };
  for (const id of ["first", ...Object.keys(changes), "last"]) {
    add(id, { n: 1, cfg: "{}", flag: 1 });
  }
  for (const [id, set] of Object.entries(changes)) {
    sql(`UPDATE results SET ${set} WHERE id = '${id}'`);
  }
  const ids = (await Array.fromAsync(store.find())).map(({ id }) => id);
  assert.deepEqual(ids, ["first", "last"]);
  assert.equal(warnings.length, 5);
  for (const [i, id] of Object.keys(changes).entries()) {
    assert.match(
      warnings[i]!,
      new RegExp(`^\\[stet\\] Left out a row: Cannot read record ${id} of `),
    );
    if (id !== "result") await assert.rejects(store.retrieve({ id }), StoreError);
  }
  for (let i = 0; i < 20; i++) add(`more ${i}`, { n: 1, cfg: "{}", flag: 1 });
  sql("UPDATE results SET n = 'many' WHERE id LIKE 'more%'");
  warnings.length = 0;
  assert.equal((await Array.fromAsync(store.find())).length, 2);
  assert.equal(warnings.at(-1), "[stet] Left out 15 more rows that cannot be read");
  await store.close();
});

test("a run again keeps when its record was made, and columns that are not given", async (t) => {
  const { store, sql, ran } = theirTable(t, "n INTEGER NOT NULL, note VARCHAR");
  const first = await store.run({ n: 1 }, { take: 1 });
  await store.patch(first.id, { note: "good" });
  sql("UPDATE results SET created_at = '2026-01-02 03:04:05.678901'");
  const again = await store.run({ n: 1 }, { take: 2 });
  assert.deepEqual([again.id, again["note"], again.customData["take"]], [first.id, "good", 2]);
  fs.rmSync(first.resultFile);
  assert.equal((await store.runOrRetrieve({ n: 1 }, { take: 3 })).customData["take"], 3);
  const rows = sql("SELECT created_at, note FROM results WHERE id = '" + first.id + "'");
  assert.deepEqual({ ...rows[0] }, { created_at: "2026-01-02 03:04:05.678901", note: "good" });
  assert.equal(ran.length, 3);
  await store.close();
});

test("created_at stays in stores of every kind", async (t) => {
  const folder = tempFolder(t);
  for (const name of ["a.csv", "b.json", "c.sqlite", ":memory:"]) {
    const store = new Store({
      runner: ({ resultFile }) => fs.writeFileSync(resultFile, "x"),
      store: name === ":memory:" ? name : path.join(folder, name),
      resultsDir: path.join(folder, `${name[0]}-results`),
    });
    await store.run({ n: 1 });
    const { createdAt } = (await store.patch({ n: 1 }, { createdAt: new Date(1e12) }))!;
    assert.deepEqual((await store.run({ n: 1 })).createdAt, createdAt, name);
    assert.deepEqual((await store.retrieve({ n: 1 }))!.createdAt, createdAt, name);
    await store.close();
  }
});

const twoReals = "n INTEGER NOT NULL, dt FLOAT NOT NULL, x NUMERIC";

test("an integral value in a column of floats is found under the id of Python's int and float", async (t) => {
  for (const columns of [{ n: "integer", dt: "real", x: "real?" } as const, undefined]) {
    const { store, add, ran, sql } = theirTable(t, twoReals, columns);
    const asInts = add(hashParams({ n: 1, dt: 1, x: 2 }), { n: 1, dt: 1, x: 2 });
    const real = { dt: "real", x: "real" } as const;
    const asFloats = add(hashParams({ n: 2, dt: 1, x: 2 }, { columns: real }), {
      n: 2,
      dt: 1,
      x: 2,
    });
    const mixed = hashParams({ n: 3, dt: 1, x: 2 }, { columns: { dt: "real" } });
    add(mixed, { n: 3, dt: 1, x: 2 });
    for (const [n, id] of [[1, asInts], [2, asFloats], [3, mixed]] as const) {
      const params = { n, dt: 1, x: 2 };
      assert.equal((await store.runOrRetrieve(params)).id, id);
      assert.equal((await store.retrieve(params))!.id, id);
      assert.equal((await store.patch(params, { customData: { a: 1 } }))!.id, id);
    }
    const grid = [3, 2, 1].map((n) => ({ n, dt: 1, x: 2 }));
    assert.deepEqual((await store.sweep(grid)).map(({ id }) => id), [mixed, asFloats, asInts]);
    assert.deepEqual(ran, []);

    // A run again takes the record's place: no second row of equal cells.
    assert.equal((await store.run({ n: 1, dt: 1, x: 2 })).id, asInts);
    fs.rmSync(
      String(sql(`SELECT result_file FROM results WHERE id = '${asFloats}'`)[0]!["result_file"]),
    );
    assert.equal((await store.runOrRetrieve({ n: 2, dt: 1, x: 2 })).id, asFloats);
    assert.deepEqual(ran, [asInts, asFloats]);
    assert.equal(sql("SELECT * FROM results").length, 3);
    assert.equal(await store.delete({ n: 3, dt: 1, x: 2 }), true);
    assert.equal(sql("SELECT * FROM results").length, 2);

    await store.runOrRetrieve({ n: 4, dt: 1, x: 2 });
    await store.runOrRetrieve({ n: 4, dt: 1.5, x: 2 });
    assert.equal(ran.length, 4);

    const asBigInt = add(hashParams({ n: 5, dt: 10n ** 17n }), { n: 5, dt: 1e17 }); // beyond 2^53
    assert.equal((await store.runOrRetrieve({ n: 5, dt: 1e17 })).id, asBigInt);
    assert.equal(ran.length, 4);
    await store.close();
  }
});

test("params that a table has defaults for may be left out", async (t) => {
  const sql = "n INTEGER NOT NULL, mode VARCHAR DEFAULT 'fast' NOT NULL, steps INTEGER NOT NULL";
  for (const columns of [{ n: "integer", mode: "text?", steps: "integer?" } as const, undefined]) {
    const { store, add, ran } = theirTable(t, sql, columns);
    const id = add(hashParams({ n: 1 }), { n: 1, steps: 10 }); // steps: a default of Python's model
    const record = await store.runOrRetrieve({ n: 1 });
    assert.deepEqual([record.id, record["mode"], record["steps"]], [id, "fast", 10]);
    assert.equal((await store.retrieve({ n: 1 }))!.id, id);
    assert.equal(await store.retrieve({ n: 2 }), undefined);
    assert.deepEqual((await store.sweep([{ n: 1 }])).map(({ id }) => id), [id]);
    assert.deepEqual(ran, []);

    // A row of ours needs what only Python's model has a default for.
    for (const run of [() => store.runOrRetrieve({ n: 2 }), () => store.run({ n: 2 })]) {
      await assert.rejects(run(), /without "steps": its column is "integer".*give it/);
    }
    assert.deepEqual(ran, []);
    const ours = await store.run({ n: 2, steps: 5 });
    assert.deepEqual([ours["mode"], ours["steps"], ours.id], [
      "fast",
      5,
      hashParams({ n: 2, steps: 5 }),
    ]);
    const again = await store.run({ n: 1 });
    assert.deepEqual([again.id, again["steps"]], [id, 10]);
    await store.close();
  }
});

test("a param that is a time has the id of Python's datetime, however it is spelled", async (t) => {
  for (const columns of [{ at: "text" } as const, undefined]) {
    const { store, add, ran, sql } = theirTable(t, "at DATETIME NOT NULL", columns);
    const whole = add(hashParams({ at: "2026-01-02 03:04:05" }), {
      at: "2026-01-02 03:04:05.000000",
    });
    const parts = add(hashParams({ at: "2026-01-02 03:04:05.678000" }), {
      at: "2026-01-02 03:04:05.678000",
    });
    const time = Date.UTC(2026, 0, 2, 3, 4, 5);
    for (
      const [at, id] of [
        ["2026-01-02 03:04:05", whole],
        ["2026-01-02T03:04:05Z", whole],
        [new Date(time), whole],
        ["2026-01-02 03:04:05.678", parts],
        [new Date(time + 678), parts],
      ] as const
    ) {
      const record = await store.runOrRetrieve({ at } as { at: string });
      assert.equal(record.id, id, String(at));
      assert.equal((await store.runOrRetrieve(record)).id, id);
    }
    assert.deepEqual(ran, []);
    for (const at of ["yesterday", "2026-02-30 00:00:00", "2026-01-02 24:00:00", "0000-01-01"]) {
      await assert.rejects(store.run({ at }), TypeError, at); // nor could Python read it
    }
    const { id } = await store.run({ at: "2026-02-03" });
    assert.equal(id, hashParams({ at: "2026-02-03 00:00:00" }));
    const [row] = sql(`SELECT at FROM results WHERE id = '${id}'`);
    assert.equal(row!["at"], "2026-02-03 00:00:00.000000");
    await store.close();
  }
});

test("a param that is a day has the id of Python's date, and is kept as one", async (t) => {
  for (const columns of [{ on: "text" } as const, undefined]) {
    const { store, add, ran, sql } = theirTable(t, '"on" DATE NOT NULL', columns);
    const id = add(hashParams({ on: "2026-01-02" }), { on: "2026-01-02" });
    for (const on of ["2026-01-02", new Date(Date.UTC(2026, 0, 2))]) {
      assert.equal((await store.runOrRetrieve({ on } as { on: string })).id, id, String(on));
    }
    assert.deepEqual(ran, []);
    for (const on of ["yesterday", "2026-02-30", new Date(Date.UTC(2026, 0, 2, 3))]) {
      await assert.rejects(store.run({ on } as { on: string }), TypeError);
    }
    await store.run({ on: new Date(Date.UTC(2026, 1, 3)) as unknown as string });
    assert.deepEqual(sql(`SELECT "on" FROM results`).map((row) => row["on"]), [
      "2026-01-02",
      "2026-02-03",
    ]);
    await store.close();
  }
});

test("a record that keeps the name of an enum is found by its id, else the error names the column", async (t) => {
  const { store, add, ran } = theirTable(t, "n INTEGER NOT NULL, color VARCHAR(4) NOT NULL");
  const id = add(hashParams({ n: 1, color: "red value" }), { n: 1, color: "RED" });
  const asked = { n: 1, color: "red value" };
  for (const look of [store.retrieve(asked), store.runOrRetrieve(asked), store.delete(asked)]) {
    await assert.rejects(look, /they differ in "color".*enum.*ask by the id/);
  }
  assert.equal((await store.retrieve(id))!["color"], "RED");
  assert.deepEqual(ran, []);
  await store.close();
});
