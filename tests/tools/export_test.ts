import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { main } from "../../cli.ts";
import { table } from "../../backends/table.ts";
import { canonicalCell, readCell } from "../../core/values/cell.ts";
import { exportStore as write } from "../../core/tools/export_store.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { makeWhole } from "../../core/tools/make_whole.ts";
import { Registry } from "../../core/contract/registry.ts";
import { setEntry, type Value } from "../../core/values/value.ts";
import { type Backend, type Row, StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { withDuckDb } from "../query_package.ts";
import { rounds } from "../rounds.ts";
import { tempFolder } from "../temp_folder.ts";
import { filesIn } from "../workers/worker_process.ts";

const registry = new Registry(table);
const exportStore = write.bind(undefined, registry);

const all = Object.keys(table).filter((name) => /^\.(?!ndjson|sqlite3|db)/.test(name));
const packaged = all.filter((name) => /parquet|arrow/.test(name));
const plain = all.filter((name) => !packaged.includes(name));

async function makeStore(store: string, rows: readonly Row[]): Promise<void> {
  const backend = await openEngine(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
}

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openEngine(store);
  const rows = await backend.load();
  await backend.close();
  return rows;
}

const sweep: readonly Row[] = Array.from({ length: 30 }, (_, i) => ({
  alpha: i % 5 / 10,
  seed: i,
  model: i % 2 === 0 ? "1" : "a",
  ...i > 20 && { tags: [i, "x"] },
  "result.loss": i === 7 ? NaN : i / 30,
}));

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("1", "1.0", "", "None", "true", "nan", "[1]", "{}", '"', "1n", " a ", "a\nb"),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom<Value>([1, "1", null], { b: [NaN], a: 0.5 }, [], {}, 1e18, 2 ** 53, -0.0, 1e-7),
);

/** SQLite does not tell capitals from small letters in names, and keeps a few names for itself. */
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.array(
    fc.tuple(fc.constantFrom("alpha", "Beta x", "result.loss", '"q', "é,", "__proto__"), value),
    {
      minLength: 1,
      maxLength: 6,
    },
  ).map((entries) => {
    const row: Row = {};
    for (const [name, value] of entries) {
      // What stores read it as: below 2^53 a bigint is a number.
      const small = typeof value === "bigint" && Number.isSafeInteger(Number(value));
      setEntry(row, name, small ? Number(value) : value === 0 ? 0 : value);
    }
    return row;
  }),
  { minLength: 1, maxLength: 8 },
);

/** Exports rows from each format to the next, all the way round. */
async function goRound(
  formats: readonly string[],
  folder: string,
  rows: readonly Row[],
): Promise<void> {
  const pairs = formats.flatMap((from) => formats.map((to) => [from, to] as const));
  const made: Record<string, Row[]> = {};
  for (const format of formats) {
    const store = join(folder, `from${format}`);
    fs.rmSync(store, { force: true });
    await makeStore(store, rows);
    made[format] = await rowsIn(store);
  }
  for (const [from, to] of pairs) {
    const target = join(folder, `to${to}`);
    const count = await exportStore(join(folder, `from${from}`), target, { force: true });
    assert.equal(count, rows.length);
    assert.deepEqual(await rowsIn(target), made[from], `${from} to ${to}`);
  }
}

test("values keep their types from every format to every other", async (t) => {
  const folder = tempFolder(t);
  await fc.assert(
    fc.asyncProperty(rows, (rows) => goRound(plain, folder, rows)),
    { numRuns: rounds(3) },
  );
});

test("values keep their types to and from columnar formats", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  await fc.assert(
    fc.asyncProperty(rows, (rows) => goRound([".csv", ".sqlite", ...packaged], folder, rows)),
    { numRuns: rounds(2) },
  );
});

test("cells of a text store are those of its rows", async (t) => {
  const folder = tempFolder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(".csv", ".json", ".jsonl"), async (rows, extension) => {
      const store = join(folder, `cells${number++}${extension}`);
      await makeStore(store, rows);
      const backend = await openEngine(store);
      const expected = await backend.load();
      const found: Row[] = [];
      for await (const { length, columns } of backend.cells!()) {
        for (let i = 0; i < length; i++) {
          const row: Row = {};
          for (const { name, bytes, offsets } of columns) {
            const cell = Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString();
            assert.equal(canonicalCell(cell), cell);
            const value = readCell(cell);
            if (value !== undefined) setEntry(row, name, value);
          }
          found.push(row);
        }
      }
      assert.deepEqual(found, expected);
      await backend.close();
    }),
    { numRuns: rounds(40) },
  );
});

test("an export takes the rows and columns that are asked for", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv"), to = join(folder, "some.jsonl");
  await makeStore(from, sweep);
  const where = "alpha > 0.2 and model = 'a'";
  assert.equal(await exportStore(from, to, { where, columns: ["seed", "result.loss"] }), 6);
  const rows = await rowsIn(to);
  assert.deepEqual(rows.map(({ seed }) => seed), [3, 9, 13, 19, 23, 29]);
  assert.deepEqual(Object.keys(rows[0]!), ["seed", "result.loss", "_stet_timestamp"]);
  await assert.rejects(exportStore(from, join(folder, "x.csv"), { columns: ["los"] }), {
    name: "TypeError",
    message: /"los": did you mean "result.loss"/,
  });
  assert.deepEqual(filesIn(folder), ["runs.csv", "some.jsonl"]);
});

test("an export of no rows makes a store of the same columns", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  await makeStore(from, sweep);
  for (const format of plain) {
    const to = join(folder, `none${format}`);
    assert.equal(await exportStore(from, to, { where: "seed > 100" }), 0);
    assert.deepEqual(await rowsIn(to), []);
    if (format === ".csv") {
      assert.equal(
        fs.readFileSync(to, "utf8"),
        "alpha,seed,model,tags,result.loss,_stet_timestamp\n",
      );
    }
  }
});

test("an export never loads a store at once", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv"), to = join(folder, "copy.foo");
  await makeStore(from, sweep);
  const backends = {
    ".csv": () => import("../../backends/text/csv.ts"),
    ".foo": async () => ({
      open: async (_: string): Promise<Backend> => {
        const backend = await openEngine(join(folder, "copy.csv"));
        backend.load = () => assert.fail("it was loaded");
        return backend;
      },
    }),
  };
  const source = await openEngine(from);
  const { constructor } = source;
  const { load } = constructor.prototype;
  t.after(() => constructor.prototype.load = load);
  constructor.prototype.load = () => assert.fail("it was loaded");
  assert.equal(await exportStore(from, to, { backends, append: true }), 30);
  await source.close();
});

test("a store that is there is neither replaced nor added to unless that is asked", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  await makeStore(from, sweep.slice(0, 2));
  for (const format of plain) {
    const to = join(folder, `old${format}`);
    await makeStore(to, [{ old: true }]);
    const bytes = fs.readFileSync(to);
    await assert.rejects(exportStore(from, to), /it is there already/);
    assert.deepEqual(fs.readFileSync(to), bytes);
    await exportStore(from, to, { append: true });
    assert.deepEqual((await rowsIn(to)).map(({ old, seed }) => old ?? seed), [true, 0, 1]);
    fs.chmodSync(to, 0o600);
    await exportStore(from, to, { force: true });
    assert.deepEqual((await rowsIn(to)).map(({ old, seed }) => old ?? seed), [0, 1]);
    assert.equal(fs.statSync(to).mode & 0o777, 0o600);
  }
  await assert.rejects(exportStore(from, from, { append: true }), /to itself/);
  await assert.rejects(exportStore(from, ":memory:"), StoreError);
});

test("a store on which something runs is not replaced", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  await makeStore(from, sweep);
  for (const format of plain) {
    const to = join(folder, `busy${format}`);
    await makeStore(to, [{ old: true }]);
    const busy = await openEngine(to);
    const answer = await busy.claim(keyOf(keyShape(["seed"]), { seed: 1 }));
    assert.equal(answer.state, "claimed");
    await assert.rejects(exportStore(from, to, { force: true }), /this process|process \d+/);
    if (answer.state === "claimed") await answer.claim.record({ seed: 1 });
    await busy.close();
    assert.equal((await rowsIn(to)).length, 2);
  }
});

test("an export that fails leaves nothing behind, and an older file as it was", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  fs.writeFileSync(from, `alpha,seed\n${"0.1,1\n".repeat(5000)}0.1\n`);
  for (const format of plain) {
    const to = join(folder, `out${format}`);
    await makeStore(to, [{ old: true }]);
    await assert.rejects(exportStore(from, to, { force: true }), /line 5002/);
    assert.equal((await rowsIn(to)).length, 1);
    fs.rmSync(to);
  }
  assert.deepEqual(filesIn(folder), ["runs.csv"]);
});

test("a store that was made while another was written in its place is kept", async (t) => {
  const folder = tempFolder(t);
  for (const extension of [".csv", ".sqlite"]) {
    const store = join(folder, `runs${extension}`);
    await assert.rejects(
      makeWhole(new Registry(table), store, {}, async (made) => {
        await made.record({ seed: 1 });
        const other = await openEngine(store);
        await other.record({ seed: 2 });
        await other.close();
      }),
      { name: "StoreError", message: /another process made it meanwhile/ },
    );
    const kept = await openEngine(store);
    assert.deepEqual((await kept.load()).map(({ seed }) => seed), [2]);
    await kept.close();
  }
  assert.deepEqual(filesIn(folder), ["runs.csv", "runs.sqlite"]);
});

test("an export to an SQLite URL needs no extension", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv"), to = `sqlite:///${join(folder, "results")}`;
  await makeStore(from, sweep);
  const left = join(folder, `.stet-${crypto.randomUUID()}-results`);
  fs.writeFileSync(left, "");
  assert.equal(await exportStore(from, to), 30);
  await assert.rejects(exportStore(from, to), /it is there already/);
  assert.deepEqual(await rowsIn(to), await rowsIn(from));
  assert.deepEqual(filesIn(folder), ["results", "runs.csv"]);
});

/** What a command line prints, and its exit code. */
async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

test("stet export writes a file of the kind that its extension says", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv"), to = join(folder, "runs.sqlite");
  await makeStore(from, sweep);
  const { out, code } = await stet("export", from, "-o", to, "--where", "seed < 4");
  assert.deepEqual([code, out], [0, [`[stet] 4 rows written to ${to}`]]);
  assert.equal((await rowsIn(to)).length, 4);
  const again = await stet("export", from, "-o", to);
  assert.equal(again.code, 3);
  assert.match(again.err.join(), /it is there already/);
  assert.equal((await stet("export", from, "-o", to, "--append")).code, 0);
  assert.equal((await rowsIn(to)).length, 34);
});

test("a command line that says not what to export, or where to, is wrong", async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  await makeStore(from, sweep);
  for (
    const [args, message] of [
      [[], /expected one store/],
      [[from], /say where to/],
      [[from, "-o", "x.csv", "--format", "csv"], /say where to/],
      [[from, "--format", "parquet"], /must be one of csv, json, ndjson/],
      [[from, "-o", "x.csv", "--append", "--force"], /exclude each other/],
      [[from, "-o", join(folder, "x.csv"), "--where", "alpha >"], /at character 8/],
      [[from, "-o", join(folder, "x.csv"), "--columns", "alhpa"], /did you mean "alpha"/],
      [[from, "-o", join(folder, "x.csv"), "--columns", ",,"], /--columns must be names/],
    ] as const
  ) {
    const { err, code } = await stet("export", ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err.join(), message);
  }
  assert.equal((await stet("export", from, "-o", join(folder, "x.foo"))).code, 3);
  assert.equal((await stet("export", join(folder, "no.csv"), "-o", "x.csv")).code, 3);
  assert.deepEqual(filesIn(folder), ["runs.csv"]);
});
