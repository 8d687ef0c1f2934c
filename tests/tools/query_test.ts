import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  CsvBackend,
  JsonBackend,
  JsonlBackend,
  MemoryBackend,
  ParquetBackend,
} from "../../backends/mod.ts";
import { table } from "../../backends/table.ts";
import type { Backend } from "../../core/contract/backend.ts";
import type { RowsOptions } from "../../core/contract/engine.ts";
import { readCell } from "../../core/values/cell.ts";
import { StoreError } from "../../core/errors.ts";
import { Registry } from "../../core/contract/registry.ts";
import type { Row } from "../../core/values/value.ts";
import { exportStore } from "../../mod.ts";
import { query as ask, queryToParquet } from "../../query/query.ts";
import { QueryError } from "../../query/query_error.ts";
import type { QueryRow } from "../../query/query_result.ts";
import { resultText } from "../../query/result_text.ts";
import { guessedCell } from "../../duckdb/typed_cell.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { ARROW } from "../../packages/apache_arrow.ts";
import { loadPackage } from "../../packages/load_package.ts";
import { rounds, sharedRounds } from "../rounds.ts";
import { withDuckDb } from "../query_package.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";

const registry = new Registry(table);
const query = ask.bind(undefined, registry);
const toParquet = queryToParquet.bind(undefined, registry);

async function rowsOf(store: string | Backend, sql: string): Promise<QueryRow[]> {
  return await (await query(store, sql)).rows();
}

async function typesOf(store: string | Backend): Promise<Record<string, unknown>> {
  const result = await query(store, "SELECT * FROM runs");
  const types = Object.fromEntries(result.columns.map(({ name, type }) => [name, type]));
  result.close();
  return types;
}

/** A store in memory with these rows. */
function stored(rows: readonly Row[]): MemoryBackend {
  const backend = new MemoryBackend();
  for (const row of rows) backend.record({ _stet_timestamp: at, ...row });
  return backend;
}

const at = "2026-11-21T14:22:01.123Z";

/** A CSV store that tells how often its rows were read one by one. */
class WatchedCsv extends CsvBackend {
  reads = 0;

  override *rows(options?: RowsOptions): Generator<Row> {
    this.reads++;
    yield* super.rows(options);
  }
}

/** The same for JSON Lines and JSON. */
class WatchedJsonl extends JsonlBackend {
  reads = 0;

  override *rows(options?: RowsOptions): Generator<Row> {
    this.reads++;
    yield* super.rows(options);
  }
}

class WatchedJson extends JsonBackend {
  reads = 0;

  override *rows(options?: RowsOptions): Generator<Row> {
    this.reads++;
    yield* super.rows(options);
  }
}

/** The same store, as one of a kind of which nothing is known but the contract. */
function plain(backend: Backend): Backend {
  return {
    location: backend.location,
    has: (columns) => backend.has(columns),
    record: (row) => backend.record(row),
    load: () => backend.load(),
    remove: (columns) => backend.remove(columns),
    clear: () => backend.clear(),
    close: () => {},
  };
}

for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
  test(`query() groups the rows of a ${extension} store and its results`, withDuckDb, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const backend = await registry.open(store);
    for (const alpha of [0.1, 0.5]) {
      for (const seed of [1, 2, 3]) {
        await backend.record({ alpha, seed, "result.accuracy": alpha * seed, "result.n": seed });
      }
    }
    await backend.close();
    const sql = "SELECT alpha, max(result.accuracy) AS best, sum(result.n) AS n FROM runs " +
      "GROUP BY alpha ORDER BY alpha";
    assert.deepEqual(await rowsOf(store, sql), [
      { alpha: 0.1, best: 0.1 * 3, n: 6 },
      { alpha: 0.5, best: 1.5, n: 6 },
    ]);
    const left = readdirSync(dirname(store));
    assert.deepEqual(left, [`runs${extension}`], "nothing but the store is left");
  });
}

test("query() types columns by their values", withDuckDb, async () => {
  const backend = stored([
    {
      n: 1,
      long: 2n ** 60n,
      x: 0.5,
      ok: true,
      text: "1",
      list: [1, 2],
      mixed: 1,
      huge: 2n ** 70n,
      odd: [1, "a"],
      none: null,
      "result.cfg": { lr: 0.1 },
    },
    {
      n: 2,
      long: 1,
      x: NaN,
      ok: false,
      text: "",
      list: [],
      mixed: "1",
      huge: 1,
      odd: [],
      "result.cfg": { name: "a" },
    },
  ]);
  assert.deepEqual(await typesOf(backend), {
    n: "BIGINT",
    long: "BIGINT",
    x: "DOUBLE",
    ok: "BOOLEAN",
    text: "VARCHAR",
    list: "BIGINT[]",
    mixed: "VARCHAR",
    huge: "VARCHAR",
    odd: "VARCHAR",
    none: "VARCHAR",
    result: 'STRUCT("cfg" STRUCT("lr" DOUBLE, "name" VARCHAR))',
    _stet_timestamp: "TIMESTAMP WITH TIME ZONE",
  });
  assert.deepEqual(await rowsOf(backend, "SELECT * FROM runs"), [
    {
      n: 1,
      long: 2n ** 60n,
      x: 0.5,
      ok: true,
      text: "1",
      list: [1, 2],
      mixed: "1",
      huge: "1180591620717411303424n",
      odd: '[1,"a"]',
      none: null,
      result: { cfg: { lr: 0.1, name: null } },
      _stet_timestamp: at,
    },
    {
      n: 2,
      long: 1,
      x: NaN,
      ok: false,
      text: "",
      list: [],
      mixed: '"1"',
      huge: "1",
      odd: "[]",
      none: null,
      result: { cfg: { lr: null, name: "a" } },
      _stet_timestamp: at,
    },
  ]);
});

test("a column that is a whole result stays as it is", withDuckDb, async () => {
  const rows = await rowsOf(stored([{ a: 1, result: 0.5 }]), "SELECT result * 2 AS x FROM runs");
  assert.deepEqual(rows, [{ x: 1 }]);
});

test("columns whose names differ in case are both there", withDuckDb, async () => {
  const backend = stored([{ alpha: 1, Alpha: 2, "result.a": 3, "result.A": 4 }]);
  assert.deepEqual(await rowsOf(backend, "SELECT alpha, alpha_1, result FROM runs"), [
    { alpha: 1, Alpha_1: 2, result: { a: 3, A_1: 4 } },
  ]);
});

test("an empty store has no rows", withDuckDb, async () => {
  assert.deepEqual(await rowsOf(stored([]), "SELECT count(*) AS n FROM runs"), [{ n: 0 }]);
});

test("query() reads a CSV store without its rows in JavaScript", withDuckDb, async (t) => {
  const backend = new WatchedCsv(tempStore(t));
  for (let seed = 0; seed < 50; seed++) {
    await backend.record({
      alpha: seed / 10,
      seed,
      model: `m${seed % 3}`,
      "result.x": seed % 2 === 0,
    });
  }
  await backend.close();
  const again = new WatchedCsv(backend.path);
  const sql =
    "SELECT model, sum(alpha), max(seed), max(_stet_timestamp), bool_or(result.x) FROM runs " +
    "GROUP BY model ORDER BY model";
  const rows = await rowsOf(again, sql);
  assert.equal(again.reads, 0);
  assert.deepEqual(await rowsOf(plain(again), sql), rows);
  await again.close();
});

test("query() reads a Parquet store without its rows in JavaScript", withDuckDb, async (t) => {
  class WatchedParquet extends ParquetBackend {
    reads = 0;

    override async *rows(options?: RowsOptions): AsyncGenerator<Row> {
      this.reads++;
      yield* super.rows(options);
    }
  }
  const store = tempStore(t, "runs.parquet");
  const columns = "alpha, seed, model, ok, odd, result.x, result.list, _stet_timestamp";
  const sql = `SELECT ${columns} FROM runs ORDER BY seed`;
  const backend = new WatchedParquet(store);
  const record = (seed: number): Promise<void> | void =>
    backend.record({
      _stet_timestamp: at,
      alpha: seed / 2,
      seed,
      model: seed === 3 ? "1" : `m${seed}`,
      ok: seed > 2,
      odd: seed === 4 ? 1 : "a",
      "result.x": 2n ** 60n + BigInt(seed),
      "result.list": [seed],
    });
  for (let seed = 0; seed < 5; seed++) await record(seed);
  assert.equal((await rowsOf(backend, sql)).length, 5, "those that are pending");
  assert.equal(backend.reads, 1);
  await backend.close();
  const again = new WatchedParquet(store);
  const known = sql.replace(", odd, result.x, result.list", ", result.x");
  const rows = await rowsOf(again, known);
  assert.equal(again.reads, 0);
  assert.deepEqual(rows, await rowsOf(plain(again), known));
  again.reads = 0;
  const all = await rowsOf(again, sql);
  assert.equal(again.reads, 1, "a column of mixed values is for the store's own reader");
  assert.deepEqual(all, await rowsOf(plain(again), sql));
  await assert.rejects(rowsOf(again, "SELECT alhpa FROM runs"), /Did you mean alpha/);
  await again.close();
});

test("a CSV store that is in use is read too, its torn row left out", withDuckDb, async (t) => {
  const backend = new WatchedCsv(tempStore(t));
  for (let seed = 0; seed < 5; seed++) await backend.record({ alpha: 0.5, seed });
  assert.ok(existsSync(`${backend.path}-state`));
  assert.deepEqual(await rowsOf(backend, "SELECT sum(seed) AS n FROM runs"), [{ n: 10 }]);
  assert.equal(backend.reads, 0);
  writeFileSync(backend.path, "0.5,100,2026-11-2", { flag: "a" });
  assert.deepEqual(await rowsOf(backend, "SELECT sum(seed) AS n FROM runs"), [{ n: 10 }]);
  await backend.close();
});

/** Cells that readers are apt to take for something else. */
const oddCells = fc.constantFrom(
  ..."1 2 -3 0.5 1.5 1e5 1e-05 1e+16 1e400 -0 +-0 +-1e+-2 007 +5 1.0 .5 5. 1_000 1_0.5 0x1F nan NaN nan(1) inf -inf"
    .split(" "),
  ..."Infinity None null True true FALSE t f yes no x linear 9007199254740993 1n 1d 1e".split(" "),
  ..."2026-11-21 2026-11-21T14:22:01.123Z é ünïcode falſe x;y # 'q'".split(" "),
  "9223372036854775807",
  "9223372036854775808",
  "99999999999999999999n",
  "",
  "   ",
  " 5 ",
  "x ",
  "\u00a0x",
  "\ufeffx",
  "a\u0001b",
  "a\u200db",
  '""',
  '" "',
  '"1"',
  '"None"',
  '"a\\"b"',
  '"\\u0041"',
  '"\\u0000"',
  '"\\ud800"',
  '"open',
  '"a" b',
  "a,b",
  'say "hi"',
  "two\nlines",
  "a\rb",
  "[1,2]",
  "[1,",
  '{"a":1}',
  "{}",
  "[NaN]",
);

test(
  "a cell whose type is guessed is read as the store reads it, or not at all",
  withDuckDb,
  async () => {
    const cell = fc.oneof(
      oddCells,
      fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "").toWellFormed()),
      fc.string({ unit: fc.constantFrom(...'0123456789.eE+-_ \t"nNaAiI()x') }),
      fc.double().map(String),
    );
    const backend = stored([]);
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 50, maxLength: 200 }), async (cells) => {
        const texts = cells.filter((text) => !text.includes("\0") && text !== "");
        const values = texts.map((text) => `('${text.replaceAll("'", "''")}')`).join(", ");
        const kinds = ["integer", "double", "boolean", "string"] as const;
        // NULL in the place of the error that ends a query.
        const guesses = kinds.map((kind) =>
          `${guessedCell("c0", { kind })!.replace(/error\('[^']*'\)/g, "NULL")} AS ${kind}_`
        );
        const sql = `SELECT c0, ${guesses.join(", ")} FROM (VALUES ${values}) AS t (c0)`;
        for (const row of await rowsOf(backend, sql)) {
          const expected = readCell(String(row["c0"]));
          const types = {
            integer_: ["number", "bigint"],
            double_: ["number"],
            boolean_: ["boolean"],
          };
          for (const [name, allowed] of Object.entries({ ...types, string_: ["string"] })) {
            if (row[name] === null) continue; // not at all, or of another type
            read++;
            assert.deepEqual(row[name], expected, `${name} ${JSON.stringify(row["c0"])}`);
            assert.ok(allowed.includes(typeof expected));
          }
        }
      }),
      { numRuns: rounds(30) },
    );
    assert.ok(read > 1000);
  },
);

test("a CSV file read by DuckDB has the values that the store gives", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  let direct = 0;
  let number = 0;
  const kinds: Record<string, (n: number) => string> = {
    integer: (n) => `${n}`,
    double: (n) => `${n}.5`,
    boolean: (n) => n > 2 ? "True" : "False",
    quoted: (n) => `"${n}"`,
    word: (n) => `m${n}`,
  };
  const column = fc.record({
    write: fc.constantFrom(...Object.keys(kinds)).map((kind) => kinds[kind]!),
    numbers: fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }),
    odd: fc.option(fc.tuple(fc.nat(5), oddCells), { freq: 1 }),
  }).map(({ write, numbers, odd }) => numbers.map((n, i) => odd?.[0] === i ? odd[1] : write(n)));
  const quoted = (text: string, isQuoted: boolean): string =>
    isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  await fc.assert(
    fc.asyncProperty(
      fc.array(column, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.constantFrom("\n", "\n", "\n", "\r\n"),
      fc.constantFrom("", "", "\ufeff"),
      fc.constantFrom("", "", "", "\n", "0"),
      async (columns, areQuoted, newline, mark, end) => {
        const names = columns.map((_, i) => `k${i}`);
        const lines = [
          names,
          ...Array.from({ length: 6 }, (_, i) => columns.map((cells) => cells[i]!)),
        ]
          .map((cells) => cells.map((text) => quoted(text, areQuoted)).join(","));
        const file = join(folder, `${number++}.csv`);
        writeFileSync(file, mark + lines.join(newline) + newline + end);
        const backend = new WatchedCsv(file);
        const sql = `SELECT ${names.join(", ")} FROM runs`;
        const found = await outcomeOf(backend, sql);
        if (backend.reads === 0) direct++;
        assert.deepEqual(found, await outcomeOf(plain(backend), sql));
        await backend.close();
      },
    ),
    { numRuns: sharedRounds(150) },
  );
  assert.ok(direct > 5, `only ${direct} files were read directly`);
});

/** Values that DuckDB's JSON reader is apt to take for something else, as they stand in a file. */
const oddJson = fc.oneof(
  oddCells.map((text) => JSON.stringify(text)),
  fc.constantFrom(
    ..."1 -3 0.5 1.50 1e5 1E+5 1e-05 1e400 -1e400 -0 -0.0 1.0 9007199254740993 9007199254740992.0"
      .split(" "),
    ..."9223372036854775807 9223372036854775808 18446744073709551616 123456789012345678901234567890"
      .split(" "),
    ...'0.1234567890123456789 true false null NaN Infinity -Infinity [1,2] [1] {} {"a":1} {"a":1,"a":2}'
      .split(" "),
    ..."[1\u00a02] 01 +1 .5 nan tru [1,] 'x' 1,2".split(" "),
    '{"b":{"c":[1.50,"x"]}}',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u0041"',
    '"\\/"',
    '"\\x"',
    '"tab\there"',
    '"\\"1\\""',
  ),
);

for (const [extension, Watched] of [[".jsonl", WatchedJsonl], [".json", WatchedJson]] as const) {
  test(
    `a ${extension} file read by DuckDB has the values that the store gives`,
    withDuckDb,
    async (t) => {
      const folder = tempFolder(t);
      let direct = 0;
      let number = 0;
      const kinds: Record<string, (n: number) => string> = {
        integer: (n) => `${n}`,
        double: (n) => `${n}.5`,
        boolean: (n) => n > 2 ? "true" : "false",
        quoted: (n) => `"\\"${n}\\""`,
        cell: (n) => `"${n}"`,
        word: (n) => `"m${n}"`,
        none: () => "null",
      };
      const column = fc.record({
        name: fc.constantFrom('"k"', '"k0"', '"\\u006b"', '"K"', '"result.x"', '"k\\n"', '""'),
        write: fc.constantFrom(...Object.values(kinds)),
        numbers: fc.array(fc.option(fc.nat(5), { freq: 8 }), { minLength: 6, maxLength: 6 }),
        odd: fc.option(fc.tuple(fc.nat(5), oddJson), { freq: 1 }),
      });
      const rowsOfColumns = fc.array(column, { minLength: 1, maxLength: 3 }).map((columns) =>
        Array.from({ length: 6 }, (_, i) => {
          const entries = columns.flatMap(({ name, write, numbers, odd }, j) => {
            const n = numbers[i];
            const value = odd?.[0] === i ? odd[1] : n === null ? undefined : write(n!);
            return value === undefined ? [] : [`${j === 1 ? name : `"k${j}"`}: ${value}`];
          });
          return `{${entries.join(", ")}}`;
        })
      );
      await fc.assert(
        fc.asyncProperty(
          rowsOfColumns,
          fc.constantFrom("\n", "\n", "\n", "\r\n"),
          fc.constantFrom("", "", "", "\ufeff"),
          fc.constantFrom("", "", "", "", "\n", "0", "null", '{"k0": 1', '{"late": 1}'),
          fc.constantFrom("SELECT * FROM runs", "SELECT k0 FROM runs", "SELECT count(*) FROM runs"),
          async (rows, newline, mark, end, sql) => {
            const file = join(folder, `${number++}${extension}`);
            const text = extension === ".jsonl"
              ? [...rows, end].join(newline)
              : `[${newline} ${rows.join(`,${newline} `)}${newline}]${end}${newline}`;
            writeFileSync(file, mark + text);
            const backend = new Watched(file);
            const found = await outcomeOf(backend, sql);
            if (backend.reads === 0) direct++;
            assert.deepEqual(found, await outcomeOf(plain(backend), sql));
            await backend.close();
          },
        ),
        { numRuns: sharedRounds(300) },
      );
      assert.ok(direct > 10, `only ${direct} files were read directly`);
    },
  );
}

/** What a query gives: columns and rows, or the message of its error. */
async function outcomeOf(store: Backend, sql: string): Promise<unknown> {
  try {
    const result = await query(store, sql);
    return { columns: result.columns, rows: await result.rows() };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.message;
  }
}

test("values of any kind come out of SQL as they are in the store", withDuckDb, async () => {
  const scalar = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((n) => n > 2n ** 53n),
    fc.boolean(),
  );
  const values = fc.oneof(
    fc.array(fc.string(), { minLength: 1 }),
    fc.array(fc.double().map((x) => x === 0 ? 0 : x), { minLength: 1 }),
    fc.array(fc.maxSafeInteger().map((x) => x === 0 ? 0 : x), { minLength: 1 }),
    fc.array(fc.boolean(), { minLength: 1 }),
    fc.array(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), { minLength: 1 }),
    fc.array(fc.record({ a: fc.integer(), b: fc.array(fc.boolean()) }, { noNullPrototype: true }), {
      minLength: 1,
    }),
  );
  await fc.assert(
    fc.asyncProperty(values, async (column) => {
      const isPlain = column.every((value) => typeof value !== "string" || !value.includes("\0"));
      fc.pre(isPlain);
      const rows = await rowsOf(
        stored(column.map((v, n) => ({ n, v }))),
        "SELECT v FROM runs ORDER BY n",
      );
      assert.deepEqual(rows, column.map((v) => ({ v })));
    }),
    { numRuns: sharedRounds(100) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(scalar, { minLength: 1 }), async (column) => {
      const backend = stored(column.map((v, n) => ({ n, v })));
      const rows = await rowsOf(backend, "SELECT count(*) AS n, count(v) AS v FROM runs");
      assert.deepEqual(rows, [{ n: column.length, v: column.length }]);
    }),
    { numRuns: sharedRounds(50) },
  );
});

test("SQL that would write, set or load anything is refused", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  const target = join(folder, "stolen.csv");
  const store = join(folder, "runs.csv");
  writeFileSync(store, "alpha,seed\n0.5,1\n");
  const before = readFileSync(store);
  for (
    const sql of [
      `COPY runs TO '${target}'`,
      `COPY (SELECT 1) TO '${store}'`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${target}'`,
      `/* a */ -- b\n EXPLAIN (FORMAT json) COPY (SELECT 1) TO '${target}'`,
      `ATTACH '${join(folder, "a.db")}'`,
      `EXPORT DATABASE '${join(folder, "all")}'`,
      "INSTALL httpfs",
      "LOAD json",
      "SET threads = 1",
      "RESET threads",
      "SET enable_external_access = true",
      "PRAGMA threads = 1",
      "CALL pragma_version()",
      "INSERT INTO runs VALUES (1, 2)",
      "DELETE FROM runs",
      "UPDATE runs SET alpha = 1",
      "DROP VIEW runs",
      "CREATE TABLE x AS SELECT 1",
      "CREATE TYPE e AS ENUM ('a'); SELECT 1",
      "BEGIN",
      "CHECKPOINT",
      "VACUUM",
      "USE memory",
      "PREPARE p AS SELECT 1",
      "SELECT 1; DROP VIEW runs",
      `SELECT 1) TO '${target}' (FORMAT csv); --`,
      `PIVOT runs ON seed; COPY (SELECT 1) TO '${target}'`,
      `PIVOT runs ON seed); COPY (SELECT 1) TO '${target}'; SELECT * FROM (SELECT 1`,
      `EXPLAIN/**/ANALYZE COPY (SELECT 1) TO '${target}'`,
      `EXPLAIN ANALYZE /**/ COPY (SELECT 1) TO '${target}'`,
      "SELECT ?",
      "",
      " ; ",
      "-- nothing",
    ]
  ) {
    for (const options of [{}, { allowFiles: true }]) {
      await assert.rejects(query(store, sql, options), (error: unknown) => {
        assert.ok(error instanceof QueryError, `${sql}: ${error}`);
        assert.match(error.message, /^Cannot run the SQL: /);
        return true;
      }, sql);
    }
  }
  assert.deepEqual(readdirSync(folder), ["runs.csv"]);
  assert.deepEqual(readFileSync(store), before);
});

test("SQL that reads is taken in all its forms", withDuckDb, async () => {
  const backend = stored([{ alpha: 1, model: "a" }, { alpha: 2, model: "b" }]);
  for (
    const sql of [
      "SELECT alpha FROM runs;",
      "select alpha from runs -- done",
      "FROM runs",
      "WITH a AS (SELECT * FROM runs) SELECT * FROM a",
      "VALUES (1), (2)",
      "TABLE runs",
      "DESCRIBE runs",
      "DESCRIBE SELECT alpha FROM runs",
      "SUMMARIZE runs",
      "SHOW TABLES",
      "PIVOT runs ON model USING sum(alpha)",
      "PIVOT runs ON model IN ('a') USING sum(alpha)",
      "UNPIVOT (SELECT alpha, alpha * 2 AS beta FROM runs) ON alpha, beta",
      "EXPLAIN SELECT * FROM runs",
      "EXPLAIN ANALYZE SELECT * FROM runs",
      "(SELECT alpha FROM runs) UNION ALL (SELECT 3)",
      "SELECT r FROM runs AS r",
      "SELECT COLUMNS('al.*') FROM runs",
      "SELECT * FROM runs NATURAL JOIN runs AS b",
      "SELECT * FROM runs JOIN runs AS b USING (alpha)",
      "SELECT * FROM query('SELECT alpha FROM runs')",
    ]
  ) assert.ok((await rowsOf(backend, sql)).length > 0, sql);
});

test("SQL reads no file unless it is allowed to", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  const other = join(folder, "other.csv");
  writeFileSync(other, "seed,score\n1,10\n2,20\n");
  const backend = stored([{ seed: 1 }, { seed: 2 }]);
  for (
    const from of [
      `read_csv('${other}')`,
      `'${other}'`,
      `read_text('${other}')`,
      `glob('${folder}/*')`,
      `sniff_csv('${other}')`,
    ]
  ) {
    await assert.rejects(query(backend, `SELECT * FROM ${from}`), {
      name: "QueryError",
      message: /allow-files/,
    });
  }
  const sql =
    `SELECT seed, score, filename FROM runs JOIN read_csv('${folder}/*.csv', filename=true) ` +
    `USING (seed) ORDER BY seed`;
  const result = await query(backend, sql, { allowFiles: true });
  assert.deepEqual(await result.rows(), [
    { seed: 1, score: 10, filename: other },
    { seed: 2, score: 20, filename: other },
  ]);
});

test("errors in SQL say where, and what there is instead", withDuckDb, async () => {
  const backend = stored([{ alpha: 1, "result.accuracy": 2 }]);
  for (
    const [sql, message] of [
      ["SELECT alhpa FROM runs", /"alhpa" not found[^]*LINE 1[^]*\^\nDid you mean alpha\?$/],
      ["SELECT runs.alhpa FROM runs", /Did you mean alpha\?$/],
      ["SELECT result.acuracy FROM runs", /Did you mean accuracy\?$/],
      ["SELECT reslt.accuracy FROM runs", /Did you mean result\?$/],
      ["SELECT zzzzzzzz FROM runs", /The columns of runs are alpha, _stet_timestamp, result\.$/],
      ["SELECT * FROM run", /The store is the table runs\.$/],
      ["SELEC 1", /^Cannot run the SQL: Parser Error: syntax error at or near "SELEC"[^]*\^$/],
      ["SELECT alpha +", /syntax error/],
      ["SELECT 'a'::INT", /Could not convert string 'a'/],
    ] as const
  ) await assert.rejects(rowsOf(backend, sql), { name: "QueryError", message }, sql);
});

test("errors in SQL over a file that DuckDB reads say the same", withDuckDb, async (t) => {
  for (const extension of [".csv", ".jsonl", ".parquet"]) {
    const store = tempStore(t, `runs${extension}`);
    const backend = await registry.open(store);
    for (const seed of [1, 2]) await backend.record({ alpha: 1, seed, "result.accuracy": 2 });
    await backend.close();
    for (
      const [sql, message] of [
        ["SELECT alhpa FROM runs", /Did you mean alpha\?$/],
        ["SELECT result.acuracy FROM runs", /Did you mean accuracy\?$/],
        ["SELECT reslt.accuracy FROM runs", /Did you mean result\?$/],
        ["SELECT * FROM run", /The store is the table runs\.$/],
      ] as const
    ) await assert.rejects(rowsOf(store, sql), { name: "QueryError", message }, sql);
  }
});

test("SQL that takes longer than it may is stopped", withDuckDb, async () => {
  const sql =
    "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1";
  await assert.rejects(query(stored([]), sql, { timeout: 50 }), {
    name: "QueryError",
    message: /50 ms/,
  });
});

test(
  "a result gives no more rows than asked for, and tells that there were more",
  withDuckDb,
  async () => {
    const backend = stored([{ a: 1 }, { a: 2 }, { a: 3 }]);
    for (const [maxRows, count, isCut] of [[2, 2, true], [3, 3, false], [4, 3, false]] as const) {
      const result = await query(backend, "FROM runs", { maxRows });
      assert.equal((await result.rows()).length, count);
      assert.equal(result.isCut, isCut);
    }
    for (const maxRows of [0, -1, 1.5]) {
      await assert.rejects(query(backend, "FROM runs", { maxRows }), RangeError);
    }
  },
);

test("a long result can be read row by row, and left", withDuckDb, async (t) => {
  const store = tempStore(t);
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i},m${i % 7}\n`);
  writeFileSync(store, `seed,model\n${lines.join("")}`);
  let next = 0;
  for await (const row of await query(store, "SELECT seed, model FROM runs")) {
    assert.deepEqual(row, { seed: next, model: `m${next % 7}` });
    next++;
    if (next === 25_000) break;
  }
  assert.equal(next, 25_000);
});

test("a type that shows late in a CSV file is found", withDuckDb, async (t) => {
  const store = tempStore(t);
  const line = (i: number): string => `1,2,word,${i}\n`;
  const lines = Array.from({ length: 30_000 }, (_, i) => i === 15_000 ? `0.5,x,1,${i}\n` : line(i));
  writeFileSync(store, `late,mixed,text,i\n${lines.join("")}`);
  const backend = new WatchedCsv(store);
  assert.deepEqual(await rowsOf(backend, "SELECT sum(late) AS s FROM runs"), [{ s: 29_999.5 }]);
  assert.equal(backend.reads, 0);
  const sql = "SELECT mixed, text, count(*) AS n FROM runs GROUP BY ALL ORDER BY n";
  assert.deepEqual(await rowsOf(backend, sql), [
    { mixed: "x", text: "1", n: 1 },
    { mixed: "2", text: "word", n: 29_999 },
  ]);
  assert.equal(backend.reads, 2, "as numbers, and as text from the beginning");
  const rows = await rowsOf(backend, "SELECT mixed FROM runs WHERE i BETWEEN 14999 AND 15001");
  assert.deepEqual(rows, [{ mixed: "2" }, { mixed: "x" }, { mixed: "2" }]);
  await backend.close();
});

test("a result is written as CSV, JSON and lines of JSON", withDuckDb, async () => {
  const sql = "SELECT 1 AS n, 'a,b' AS \"t\"\"\", [0.5, NULL] AS x, 'nan'::DOUBLE AS y " +
    "UNION ALL SELECT NULL, '1', [], 2 ORDER BY n NULLS LAST";
  const texts: string[] = [];
  for (const format of ["csv", "json", "ndjson"] as const) {
    let text = "";
    for await (const piece of resultText(await query(stored([]), sql), format)) text += piece;
    texts.push(text);
  }
  assert.equal(texts[0], 'n,"t""",x,y\n1,"a,b","[0.5,null]",nan\n,"""1""",[],2\n');
  const rows = [
    { n: 1, 't"': "a,b", x: [0.5, null], y: "nan" },
    { n: null, 't"': "1", x: [], y: 2 },
  ];
  assert.deepEqual(JSON.parse(texts[1]!), rows);
  assert.deepEqual(texts[2]!.trim().split("\n").map((line) => JSON.parse(line)), rows);
});

test("a result is written as Parquet", withDuckDb, async (t) => {
  const file = join(tempFolder(t), "rows.parquet");
  const backend = stored([{ a: 1, "result.x": [1] }, { a: 2, "result.x": [2, 3] }]);
  assert.equal(await toParquet(backend, "SELECT a, result FROM runs -- all", file), 2);
  const sql = `SELECT * FROM '${file}' ORDER BY a`;
  const result = await query(backend, sql, { allowFiles: true });
  assert.deepEqual(result.columns.map(({ type }) => type), ["BIGINT", 'STRUCT("x" BIGINT[])']);
  assert.deepEqual(await result.rows(), [{ a: 1, result: { x: [1] } }, {
    a: 2,
    result: { x: [2, 3] },
  }]);
  await assert.rejects(toParquet(backend, "FROM runs", join(file, "no.parquet")), StoreError);
});

test("a result is written as a stream of Arrow", withDuckDb, async () => {
  const { tableFromIPC } = await loadPackage(ARROW, "read it") as {
    tableFromIPC(bytes: Uint8Array): { toArray(): { toJSON(): Record<string, unknown> }[] };
  };
  const time = "2026-11-21T14:22:01.123456Z";
  const backend = stored([
    { n: 1, x: 0.5, ok: true, text: "é", "result.list": [[1], []], _stet_timestamp: time },
    { n: 2n ** 60n, x: NaN, text: "", "result.list": [] },
    {},
  ]);
  const pieces: Uint8Array[] = [];
  const sql =
    "SELECT n, x, ok, text, result, sum(n) OVER () > 1 AS big, _stet_timestamp AS at FROM runs";
  for await (const piece of resultArrow(await query(backend, sql))) pieces.push(piece);
  const rows = tableFromIPC(Buffer.concat(pieces)).toArray().map((row) => row.toJSON());
  const json = JSON.stringify(rows, (_, value) => typeof value === "bigint" ? `${value}` : value);
  assert.deepEqual(JSON.parse(json), [
    {
      n: "1",
      x: 0.5,
      ok: true,
      text: "é",
      result: { list: [["1"], []] },
      big: true,
      at: Date.parse(time) + 0.456,
    },
    {
      n: `${2n ** 60n}`,
      x: null,
      ok: null,
      text: "",
      result: { list: [] },
      big: true,
      at: Date.parse(at),
    },
    {
      n: null,
      x: null,
      ok: null,
      text: null,
      result: { list: null },
      big: true,
      at: Date.parse(at),
    },
  ]);
});

test("values of every SQL type come out of an Arrow stream", withDuckDb, async () => {
  const { tableFromIPC } = await loadPackage(ARROW, "read it") as {
    tableFromIPC(bytes: Uint8Array): Iterable<{ toJSON(): Record<string, unknown> }> & {
      schema: { fields: { name: string; type: object }[] };
    };
  };
  const values: readonly (readonly [sql: string, type: string, expected: unknown])[] = [
    ["i = 3", "Bool", false],
    ["(i % 100)::TINYINT", "Int32", 5],
    ["i::USMALLINT", "Int32", 5],
    ["-i::INTEGER", "Int32", -5],
    ["4294967290 + i", "Int64", "4294967295"],
    ["(4294960000 + i)::UINTEGER", "Int64", "4294960005"],
    ["-9223372036854775807 + i", "Int64", "-9223372036854775802"],
    ["i / 2", "Float64", 2.5],
    ["(i / 4)::FLOAT", "Float64", 1.25],
    ["(i / 4)::DECIMAL(9, 2)", "Float64", 1.25],
    ["-(i / 4)::DECIMAL(38, 5)", "Float64", -1.25],
    ["sum(i) OVER ()", "Float64", 5000 * 4999 / 2],
    ["i::UBIGINT", "Float64", 5],
    ["'é' || i || '😀'", "Utf8", "é5😀"],
    ["'a' || i", "Utf8", "a5"],
    ["''", "Utf8", ""],
    ["DATE '2026-11-21' + i::INTEGER", "Utf8", "2026-11-26"],
    ["INTERVAL (i) SECOND", "Utf8", "00:00:05"],
    ["TIMESTAMP '1969-12-31 23:59:59.5'", "Timestamp<MICROSECOND>", -500],
    [
      "TIMESTAMPTZ '2026-11-21 14:22:01.123456+01'",
      "Timestamp<MICROSECOND, UTC>",
      1795267321123.456,
    ],
    ["'infinity'::TIMESTAMPTZ", "Timestamp<MICROSECOND, UTC>", null],
    ["[i, NULL, i + 1]", "List<Int64>", ["5", null, "6"]],
    ["[]::VARCHAR[]", "List<Utf8>", []],
    ["[[i::INTEGER], NULL, []]", "List<List<Int32>>", [[5], null, []]],
    ["{a: i::INTEGER, b: {c: ['x', NULL]}}", "Struct<{a:Int32, b:Struct<{c:List<Utf8>}>}>", {
      a: 5,
      b: { c: ["x", null] },
    }],
    ["[{a: i = 5}, {a: NULL}]", "List<Struct<{a:Bool}>>", [{ a: true }, { a: null }]],
    ["MAP {'k': i}", "Utf8", '{"k":5}'],
    ["'b'::ENUM ('a', 'b')", "Utf8", "b"],
    ["NULL", "Int32", null],
  ];
  // Every third row has no values.
  const columns = values.map(([sql], i) => `CASE WHEN i % 3 < 2 THEN ${sql} END AS c${i}`);
  const all = `SELECT ${columns.join(", ")} FROM range(5000) t (i)`;
  const pieces: Uint8Array[] = [];
  for await (const piece of resultArrow(await query(stored([]), all))) pieces.push(piece);
  const table = tableFromIPC(Buffer.concat(pieces));
  assert.deepEqual(
    table.schema.fields.map(({ type }) => String(type)),
    values.map(([_, type]) => type),
  );
  const rows = [...table];
  assert.equal(rows.length, 5000);
  const plainRow = (i: number): unknown[] =>
    Object.values(
      JSON.parse(JSON.stringify(rows[i]!.toJSON(), (_, x) => typeof x === "bigint" ? `${x}` : x)),
    );
  assert.deepEqual(plainRow(5), values.map(() => null));
  assert.deepEqual(plainRow(4997), values.map(() => null));
  const one = await query(
    stored([]),
    `SELECT ${values.map(([sql], i) => `${sql} AS c${i}`).join(", ")} FROM range(5000) t (i)`,
  );
  const whole: Uint8Array[] = [];
  for await (const piece of resultArrow(one)) whole.push(piece);
  rows.splice(0, rows.length, ...tableFromIPC(Buffer.concat(whole)));
  assert.deepEqual(plainRow(5), values.map(([_sql, _type, expected]) => expected));
});

test(
  "an Arrow stream has its columns without rows too",
  withDuckDb,
  async () => {
    const { tableFromIPC } = await loadPackage(ARROW, "read it") as {
      tableFromIPC(bytes: Uint8Array): { numRows: number; schema: { names: string[] } };
    };
    const pieces: Uint8Array[] = [];
    const none = await query(stored([]), "SELECT 1 AS a, 'b' AS b LIMIT 0");
    for await (const piece of resultArrow(none)) pieces.push(piece);
    const { numRows, schema } = tableFromIPC(Buffer.concat(pieces));
    assert.deepEqual([numRows, schema.names], [0, ["a", "b"]]);
  },
);

test("an error that shows late is one", withDuckDb, async () => {
  const sql =
    "SELECT CASE WHEN i = 500000 THEN error('too far') ELSE i END AS i FROM range(600000) t(i)";
  await assert.rejects(query(stored([]), sql), { name: "QueryError", message: /too far/ });
});

test("query() of a store that is not there is an error", withDuckDb, async (t) => {
  await assert.rejects(query(tempStore(t), "FROM runs"), {
    name: "StoreError",
    message: /no such file/,
  });
});

test(
  "a second header of a .csv is an error in SQL and in an export, as everywhere",
  withDuckDb,
  async (t) => {
    const time = "2026-01-01T00:00:00.000Z";
    for (
      const text of [
        `a,b,_stet_timestamp\n${`1,x,${time}\n`.repeat(900)}b,a,_stet_timestamp\nx,1,${time}\n`,
        `a,b,_stet_timestamp\n1,x,${time}\nc,b,_stet_timestamp\nx,1,${time}\n`,
        `a,b\nw,x\n${"y,z\n".repeat(900)}a,b\ny,z\n`,
      ]
    ) {
      const store = tempStore(t);
      writeFileSync(store, text);
      await assert.rejects(
        rowsOf(store, "SELECT count(*) FROM runs"),
        /line \d+: this is (?:the header again|another header)/,
      );
      await assert.rejects(
        exportStore(store, `${store}.parquet`),
        /this is (?:the|another) header/,
      );
    }
  },
);
