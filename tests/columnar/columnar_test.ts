import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ColumnarBackend } from "../../backends/columnar/columnar_backend.ts";
import { testBackend } from "../../conformance/mod.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { once, type Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { loadArrow } from "../../packages/apache_arrow.ts";
import { loadDuckDb } from "../../duckdb/duckdb.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { type Cleaned, tempFolder, tempStore } from "../temp_folder.ts";
import { formats } from "../workers/columnar_formats.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { independentRows } from "../workers/independent_rows.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 120_000;

/** Kills of each format, on each of three runtimes, and kills per store. */
const KILLS = rounds(6), KILLS_PER_STORE = 6;

/** A store that merges when there are more pending rows than so many, and half as many as others. */
function openMerging(store: string, least = 0): ColumnarBackend {
  const extension = store.slice(store.lastIndexOf("."));
  const warn = (message: string): void => assert.fail(message);
  return new ColumnarBackend(store, formats[extension]!, { durability: "process", warn }, least);
}

function paramsOf({ _stet_timestamp, ...params }: Row): Row {
  return params;
}

/** Makes a Parquet file with some SQL. */
async function makeParquet(t: Cleaned, sql: string, options = ""): Promise<string> {
  const store = tempStore(t, "made.parquet");
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `SET TimeZone='UTC'; COPY (${sql}) TO '${store}' (FORMAT parquet${options})`,
  );
  connection.closeSync();
  instance.closeSync();
  return store;
}

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  const skip = columnarSkips[extension]!;

  // The stream has no run of the suite without merges: what differs is in the merges.
  if (skip === false && extension !== ".arrow") {
    testBackend({
      name: `${extension} that merges all the time`,
      manyRows: 3000,
      open: (folder) => openMerging(join(folder, `runs${extension}`)),
    });
  }

  test(`${extension}: rowsAfter() goes on across a merge without the rows before`, {
    skip,
    timeout,
  }, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const [merging, following] = [openMerging(store, 2), openMerging(store, 1000)];
    const recordAndMerge = async (...seeds: readonly number[]): Promise<void> => {
      for (const seed of seeds) await merging.record({ seed });
      while (existsSync(merging.pendingPath)) await sleep(5);
    };
    await recordAndMerge(0, 1, 2);
    let { cursor } = await following.rowsAfter();
    await merging.record({ seed: 3 });
    for (const added of [[3], [4, 5, 6]]) {
      if (added.length > 1) await recordAndMerge(...added);
      const since = await following.rowsAfter(cursor);
      assert.equal(since.isWhole, false);
      assert.deepEqual((await Array.fromAsync(since.rows)).map(({ seed }) => seed), added);
      cursor = since.cursor;
    }
    await merging.remove({ seed: 1 });
    const { isWhole, rows } = await following.rowsAfter(cursor);
    assert.equal(isWhole, true);
    assert.equal((await Array.fromAsync(rows)).length, 6);
    for (const backend of [merging, following]) await backend.close();
  });

  test(`${extension}: values come back as they were through merges that change a column's type`, {
    skip,
    timeout,
  }, async (t) => {
    const number = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    );
    const ofOneKind = [
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.string({ unit: "binary" }),
      number,
    ];
    const any: fc.Arbitrary<unknown> = fc.oneof(...ofOneKind, fc.constant(null), fc.jsonValue());
    const column = fc.oneof(...[...ofOneKind, any].map((value) =>
      fc.array(fc.option(value), {
        maxLength: 12,
      })
    ));
    await fc.assert(
      fc.asyncProperty(fc.array(column, { minLength: 1, maxLength: 4 }), async (columns) => {
        const store = tempStore(t, `runs${extension}`);
        const reference = await openEngine(":memory:");
        const rows = Array.from({ length: 12 }, (_, n) => {
          const values = columns.map((values, i) => [`c${i}`, values[n] ?? undefined]);
          return Object.fromEntries([["n", n], ...values, [
            "_stet_timestamp",
            "2026-11-21",
          ]]) as Row;
        });
        for (const part of [rows.slice(0, 4), rows.slice(4, 8), rows.slice(8)]) {
          const backend = openMerging(store);
          for (const row of part) {
            await backend.record(row);
            await reference.record(row);
          }
          await backend.close();
        }
        const backend = openMerging(store);
        assert.deepEqual(await backend.load(), await reference.load());
        const shape = keyShape(["n", "c0"]);
        for (const row of rows) assert.equal((await backend.find(keyOf(shape, row)))?.n, row.n);
        await backend.close();
      }),
      { numRuns: rounds(8) },
    );
  });

  test(`${extension}: a look at merged rows is answered at once, once the keys were read`, {
    skip,
    timeout,
  }, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const first = openMerging(store);
    for (let seed = 0; seed < 100; seed++) await first.record({ seed, model: "a" });
    await first.close();
    const backend = openMerging(store);
    const shape = keyShape(["seed"]);
    assert.equal(await backend.hasKey(keyOf(shape, { seed: 1 })), true);
    assert.equal(backend.hasKey(keyOf(shape, { seed: 2 })), true);
    assert.equal(backend.hasKey(keyOf(shape, { seed: 100 })), false);
    await backend.record({ seed: 100, model: "a" });
    assert.equal(backend.hasKey(keyOf(shape, { seed: 100 })), true);
    await backend.close();
  });

  test(`${extension}: rows are merged in steps that grow with the file`, {
    skip,
    timeout,
  }, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const backend = openMerging(store, 10);
    const files = new Set<number>();
    for (let seed = 0; seed < 600; seed++) {
      await backend.record({ seed });
      await sleep(0);
      if (existsSync(store)) files.add(statSync(store).ino);
    }
    // Half as many more each time: log(60) / log(1.5) = 10.
    assert.ok(files.size <= 11, `${files.size} files`);
    await backend.close();
    assert.deepEqual(filesIn(dirname(store)), [`runs${extension}`]);
    const seeds = (await independentRows(store)).map(({ seed }) => Number(seed));
    assert.deepEqual(seeds, Array.from({ length: 600 }, (_, seed) => seed));
  });

  test(`${extension}: a reader of a store with pending rows sees them, and merges them`, {
    skip,
    timeout,
  }, (t) =>
    inWorkshop(async ({ startStoreWorker }) => {
      const store = tempStore(t, `runs${extension}`);
      const worker = startStoreWorker(runtimes[0]!);
      await worker.ask("record", store, { key: "one" });
      worker.signal("SIGKILL");
      await worker.ended;
      assert.equal(existsSync(store), false);
      const reader = openMerging(store);
      assert.equal(await reader.has({ key: "one" }), true);
      await reader.close();
      assert.deepEqual(filesIn(dirname(store)), [`runs${extension}`]);
      assert.equal((await independentRows(store)).length, 1);
    }));

  test(
    `${extension}: ${KILLS} kills in merges repeat no row and lose none`,
    { skip, timeout },
    () =>
      inWorkshop(async ({ folder, start }) => {
        const isMerging = (): boolean => filesIn(folder).some((name) => name.includes(".merge-"));
        for (let n = 0; n < KILLS / KILLS_PER_STORE; n++) {
          const store = join(folder, `${n}${extension}`);
          const acknowledged = new Map<string, number>();
          for (let round = 0; round < KILLS_PER_STORE / 2; round++) {
            const pair = [0, 1].map((i) => {
              const by = `process ${round} ${i}`;
              const log = join(folder, `${n} ${by}`);
              writeFileSync(log, "");
              const runtime = runtimes[(n + round + i) % runtimes.length]!;
              return { by, log, worker: start(runtime, "merge_worker.ts", [store, log, by]) };
            });
            await Promise.all(pair.map(async ({ log, worker }) => {
              while (statSync(log).size === 0) await sleep(2);
              // In one of the first merges, or between them.
              const end = Date.now() + 300;
              for (let merges = Math.random() * 4; merges > 0 && Date.now() < end; merges--) {
                while (isMerging() && Date.now() < end) await sleep(0);
                while (!isMerging() && Date.now() < end) await sleep(0);
              }
              await sleep(Math.random() * 12);
              worker.signal("SIGKILL");
              assert.equal(await worker.ended, "SIGKILL");
            }));
            for (const { by, log } of pair) acknowledged.set(by, statSync(log).size);
            checkRows(await independentRows(store), acknowledged);
            const backend = await openEngine(store, { durability: "process", warn: () => {} });
            checkRows(await backend.load(), acknowledged);
            await backend.close();
            assert.equal(existsSync(`${store}.pending.jsonl`), false);
            assert.equal(isMerging(), false);
            checkRows(await independentRows(store), acknowledged);
          }
        }
      }),
  );

  test(
    `${extension}: a file that was cut off at any byte, or is of another kind, is reported and left alone`,
    {
      skip,
      timeout,
    },
    async (t) => {
      const store = tempStore(t, `runs${extension}`);
      const backend = openMerging(store);
      for (let seed = 0; seed < 50; seed++) await backend.record({ seed, model: `model ${seed}` });
      await backend.close();
      const whole = readFileSync(store);
      const broken: Buffer[] = [Buffer.from("alpha,seed\n0.1,1\n"), Buffer.alloc(200, 7)];
      for (const part of [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
        broken.push(whole.subarray(0, Math.floor(whole.length * part)));
      }
      broken.push(whole.subarray(0, -1), whole.subarray(0, -8));
      for (const bytes of broken) {
        writeFileSync(store, bytes);
        const damaged = await openEngine(store);
        for (
          const use of [
            () => damaged.load(),
            () => damaged.record({ seed: 1 }),
            () => damaged.has({ seed: 1 }),
            () => damaged.remove({ seed: 1 }),
          ]
        ) {
          await assert.rejects(async () => await use(), (error: Error) => {
            assert.equal(error.name, "FormatError");
            return error.message.includes(store);
          });
        }
        await damaged.close();
        assert.deepEqual(readFileSync(store), bytes);
        assert.deepEqual(filesIn(dirname(store)), [`runs${extension}`]);
      }
    },
  );

  test(`${extension}: verify() tells what a killed process left, and mends it`, {
    skip,
    timeout,
  }, (t) =>
    inWorkshop(async ({ startStoreWorker }) => {
      const store = tempStore(t, `runs${extension}`);
      const backend = openMerging(store);
      for (const seed of [1, 1, 2]) await backend.record({ seed, key: "old" });
      await backend.close();
      const worker = startStoreWorker(runtimes[0]!);
      for (const key of ["new", "torn"]) await worker.ask("record", store, { key });
      worker.signal("SIGKILL");
      await worker.ended;
      const pending = `${store}.pending.jsonl`;
      writeFileSync(pending, readFileSync(pending).subarray(0, -9));
      const left = join(dirname(store), `.runs${extension}.merge-1`);
      writeFileSync(left, "half");
      writeFileSync(join(dirname(store), `.runs${extension}.pending.jsonl.tmp`), "half");

      const verifying = new ColumnarBackend(store, formats[extension]!, { warn: () => {} });
      const kinds = async (repair: boolean): Promise<string[]> =>
        (await verifying.verify({ repair })).map(({ kind, repaired }) =>
          `${kind}: ${repaired === undefined ? "told" : "mended"}`
        );
      const found = (await kinds(false)).filter((kind) => !kind.startsWith("repeated"));
      assert.deepEqual(found, [
        "leftover: told",
        "leftover: told",
        "torn: told",
        "leftover: told",
      ]);
      assert.deepEqual(await kinds(true), [
        "leftover: mended",
        "leftover: mended",
        "torn: mended",
        "leftover: mended",
        "repeated: mended",
      ]);
      assert.deepEqual(await kinds(false), []);
      const rows = (await verifying.load()).map(paramsOf);
      assert.deepEqual(rows, [{ seed: 1, key: "old" }, { seed: 2, key: "old" }, { key: "new" }]);
      await verifying.close();
      const torn = `runs${extension}.pending.jsonl.torn`;
      assert.deepEqual(filesIn(dirname(store)), [`runs${extension}`, torn]);
    }));

  test(`${extension}: a pending file without its first line is reported and left alone`, {
    skip,
    timeout,
  }, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    writeFileSync(`${store}.pending.jsonl`, '{"seed": 1}\n');
    const backend = await openEngine(store, { warn: () => {} });
    await assert.rejects(async () => await backend.load(), /pending\.jsonl.*line 1.*generation/);
    await assert.rejects(async () => await backend.record({ seed: 2 }), /line 1/);
    await backend.close();
    assert.equal(readFileSync(`${store}.pending.jsonl`, "utf8"), '{"seed": 1}\n');
  });

  test(`${extension}: pending rows that a power cut took after they were merged are not missed`, {
    skip,
    timeout,
  }, async (t) => {
    for (const length of [Infinity, 2000, 70]) {
      const store = tempStore(t, `runs${extension}`);
      const backend = openMerging(store, 1000);
      for (let seed = 0; seed < 100; seed++) await backend.record({ seed });
      const pending = `${store}.pending.jsonl`;
      const bytes = readFileSync(pending);
      await backend.close();
      writeFileSync(pending, bytes.subarray(0, length)); // its end had not reached the disk, nor that it went
      const after = openMerging(store, 1000);
      assert.equal((await after.load()).length, 100);
      await after.record({ seed: 100 });
      assert.equal((await after.load()).length, 101);
      assert.equal((await independentRows(store)).length, 101);
      await after.close();
      assert.equal((await independentRows(store)).length, 101);
    }
  });
}

/** Checks the rows of merge_worker.ts: each acknowledged one once. */
function checkRows(rows: readonly Row[], acknowledged: ReadonlyMap<string, number>): void {
  for (const [by, count] of acknowledged) {
    const numbers = rows.filter((row) => row["by"] === by).map(({ n }) => Number(n));
    const unique = new Set(numbers);
    assert.equal(unique.size, numbers.length, `${by}: a row is there twice`);
    for (let n = 0; n < count; n++) {
      // Killed after it removed the row, and before it recorded it again.
      const isRemoved = n === count - 1 && n % 40 === 39;
      assert.ok(unique.has(n) || isRemoved, `${by}: row ${n} of ${count} is lost`);
    }
    assert.ok(numbers.length <= count + 1, `${by}: ${numbers.length} rows of ${count}`);
  }
}

const parquetSkip = columnarSkips[".parquet"]!;

test(".parquet: columns have the types of their values, in files of ours", {
  skip: parquetSkip,
  timeout,
}, async (t) => {
  const store = tempStore(t, "runs.parquet");
  const backend = openMerging(store);
  const rows: Row[] = [
    { seed: 1, alpha: 0.5, debug: true, model: "a", mixed: 1, big: 2n ** 60n, note: null },
    { seed: 2, alpha: 3, debug: false, model: "1", mixed: "x", big: 5, tags: [1, "a"] },
  ];
  for (const row of rows) await backend.record(row);
  await backend.close();
  const { DuckDBInstance } = await loadDuckDb();
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const described = await connection.run(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${store}')`,
  );
  const [names, types] = (await described.fetchChunk())!.getColumns();
  assert.deepEqual(Object.fromEntries(names!.map((name, i) => [name, types![i]])), {
    seed: "BIGINT",
    alpha: "DOUBLE",
    debug: "BOOLEAN",
    model: "VARCHAR",
    mixed: "VARCHAR",
    big: "BIGINT",
    note: "VARCHAR",
    tags: "VARCHAR",
    _stet_timestamp: "VARCHAR",
  });
  const cells = await connection.run(`SELECT model, mixed, note, tags FROM '${store}'`);
  assert.deepEqual((await cells.fetchChunk())!.getColumns(), [
    ["a", '"1"'],
    ["1", "x"],
    ["None", null],
    [null, '[1,"a"]'],
  ]);
});

test(".parquet: files that other programs made open, and are added to", {
  skip: parquetSkip,
  timeout,
}, async (t) => {
  const store = await makeParquet(
    t,
    `SELECT 1::TINYINT AS tiny, 2::UBIGINT AS huge, 0.5::FLOAT AS float, 1.25::DECIMAL(8, 2) AS decimal,
       true AS flag, 'text' AS text, '1' AS cell, NULL::DOUBLE AS missing,
       TIMESTAMP '2026-11-21 14:22:01.5' AS naive, TIMESTAMPTZ '2026-11-21 14:22:01.000001Z' AS zoned,
       DATE '2026-11-21' AS day, 9007199254740993::BIGINT AS long, 'a*b' AS "file_row_number"`,
  );
  const expected: Row = {
    tiny: 1,
    huge: 2,
    float: 0.5,
    decimal: 1.25,
    flag: true,
    text: "text",
    cell: 1,
    naive: "2026-11-21T14:22:01.500",
    zoned: "2026-11-21T14:22:01.000001Z",
    day: "2026-11-21",
    long: 9007199254740993n,
    file_row_number: "a*b",
  };
  const backend = openMerging(store);
  assert.deepEqual(await backend.load(), [expected]);
  assert.equal(await backend.has({ tiny: 1, zoned: "2026-11-21T14:22:01.000001Z" }), true);
  await backend.record({ tiny: 0.5, text: "more", extra: true });
  await backend.close();
  const again = openMerging(store);
  assert.deepEqual((await again.load()).map(paramsOf), [
    expected,
    { tiny: 0.5, text: "more", extra: true },
  ]);
  await again.close();
});

const unfit: readonly (readonly [what: string, sql: string, named: RegExp])[] = [
  ["a list", "SELECT 1 AS a, [1, 2] AS xs", /column "xs" is INTEGER\[\]/],
  ["a struct", "SELECT {'k': 1} AS cfg", /column "cfg" is STRUCT/],
  ["bytes", "SELECT 'x'::BLOB AS raw", /column "raw" is BLOB/],
  ["an interval", "SELECT INTERVAL 1 DAY AS span", /column "span" is INTERVAL/],
];
for (const [what, sql, named] of unfit) {
  test(`.parquet: a file with ${what} is refused by an error that names the column`, {
    skip: parquetSkip,
    timeout,
  }, async (t) => {
    const store = await makeParquet(t, sql);
    const before = readFileSync(store);
    const backend = await openEngine(store);
    await assert.rejects(async () => await backend.load(), named);
    await assert.rejects(async () => await backend.record({ a: 1 }), { name: "FormatError" });
    await backend.close();
    assert.deepEqual(readFileSync(store), before);
  });
}

test(".parquet: rows() gives the store of its moment while the file is written anew", {
  skip: parquetSkip,
  timeout,
}, async (t) => {
  const store = tempStore(t, "runs.parquet");
  const seeds = Array.from({ length: 5000 }, (_, seed) => seed); // several chunks of DuckDB
  const first = openMerging(store);
  await first.recordAll(seeds.map((seed) => ({ seed })));
  await first.close();
  const backend = openMerging(store, 1000);
  await backend.record({ seed: 5000 });
  const rows = backend.rows();
  const seen = [(await rows.next()).value!["seed"]];
  await backend.remove({ seed: 4000 }); // writes the file anew
  for await (const { seed } of rows) seen.push(seed!);
  assert.deepEqual(seen, [...seeds, 5000]);
  const left = (await backend.load()).map(({ seed }) => seed);
  assert.deepEqual(left, [...seeds.filter((seed) => seed !== 4000), 5000]);
  await backend.close();
});

test(".parquet: rowsAfter() follows a file that another program made", {
  skip: columnarSkips[".parquet"]!,
  timeout,
}, async (t) => {
  const store = await makeParquet(t, "SELECT range AS seed FROM range(3)");
  const backend = await openEngine(store);
  const seedsSince = async (cursor?: string): Promise<readonly [string, boolean, unknown[]]> => {
    const since = await backend.rowsAfter(cursor);
    const seeds: unknown[] = [];
    for await (const { seed } of since.rows) seeds.push(seed);
    return [since.cursor, since.isWhole, seeds];
  };
  const [first, , all] = await seedsSince();
  assert.deepEqual(all, [0, 1, 2]);
  await backend.record({ seed: 3 });
  const [second, isWhole, added] = await seedsSince(first);
  assert.deepEqual([isWhole, added], [false, [3]]);
  assert.deepEqual((await seedsSince(second)).slice(1), [false, []]);
  await backend.close();
});

test(".parquet: a path that would be a pattern names one file", {
  skip: parquetSkip,
  timeout,
}, async (t) => {
  const store = join(tempFolder(t), "runs [1]*?'.parquet");
  const backend = await openEngine(store);
  await backend.record({ alpha: 1 });
  await backend.close();
  assert.deepEqual((await (await openEngine(store)).load()).map(paramsOf), [{ alpha: 1 }]);
});

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  test(`${extension}: a name that is too long for its side files is refused before the run`, {
    skip: columnarSkips[extension]!,
    timeout,
  }, async (t) => {
    const folder = tempFolder(t);
    for (const bytes of [200, 224, 248]) {
      const store = join(
        folder,
        "é".repeat(50) + "x".repeat(bytes - 100 - extension.length) + extension,
      );
      let runs = 0;
      const run = once(({ seed }: { seed: number }) => seed + ++runs, { store, quiet: true });
      if (bytes > 200) {
        await assert.rejects(run({ seed: 1 }), {
          name: "StoreError",
          message: /too long.*shorter/,
        });
        assert.equal(runs, 0);
        continue;
      }
      await run({ seed: 1 });
      const backend = await openEngine(store);
      await backend.load();
      await backend.close();
    }
  });
}

const arrowSkip = columnarSkips[".arrow"]!;

/** Makes an Arrow file of one record batch. */
async function makeArrow(
  t: Cleaned,
  extension: string,
  columns: Readonly<Record<string, ArrayLike<unknown>>>,
): Promise<string> {
  const store = tempStore(t, `made${extension}`);
  const { tableToIPC, tableFromArrays } = await loadArrow() as unknown as {
    tableFromArrays(columns: object): object;
    tableToIPC(table: object, kind: string): Uint8Array;
  };
  const kind = extension === ".arrow" ? "file" : "stream";
  writeFileSync(store, tableToIPC(tableFromArrays(columns), kind));
  return store;
}

for (const extension of [".arrow", ".arrows"]) {
  test(`${extension}: files that other programs made open, and are added to`, {
    skip: arrowSkip,
    timeout,
  }, async (t) => {
    const store = await makeArrow(t, extension, {
      seed: Int32Array.of(1, 2),
      long: BigInt64Array.of(3n, 9007199254740993n),
      alpha: Float64Array.of(0.5, 3),
      flag: [true, null],
      model: ["linear", "1"],
      time: [new Date("2026-11-21T14:22:01.123Z"), null],
    });
    const rows: Row[] = [
      {
        seed: 1,
        long: 3,
        alpha: 0.5,
        flag: true,
        model: "linear",
        time: "2026-11-21T14:22:01.123",
      },
      { seed: 2, long: 9007199254740993n, alpha: 3, model: 1 },
    ];
    const backend = openMerging(store);
    assert.deepEqual(await backend.load(), rows);
    await backend.record({ seed: "three" });
    await backend.close();
    const again = openMerging(store);
    assert.deepEqual((await again.load()).map(paramsOf), [...rows, { seed: "three" }]);
    await again.close();
  });

  test(`${extension}: a file with a list is refused by an error that names the column`, {
    skip: arrowSkip,
    timeout,
  }, async (t) => {
    const store = await makeArrow(t, extension, { a: [1, 2], xs: [[1], [2, 3]] });
    const before = readFileSync(store);
    const backend = await openEngine(store);
    await assert.rejects(async () => await backend.load(), /column "xs" is List/);
    await backend.close();
    assert.deepEqual(readFileSync(store), before);
  });
}
