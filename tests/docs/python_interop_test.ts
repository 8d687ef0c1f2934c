import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { table } from "../../backends/table.ts";
import { once, openBackend, type Row, type Value } from "../../mod.ts";
import { type PythonSession, pythonSession } from "../python/python_session.ts";
import { pythonStet } from "../python/python_stet.ts";
import { tempStore } from "../temp_folder.ts";

const stet = pythonStet();
const missing = "missing" in stet ? `no Python package stet: ${stet.missing}` : undefined;
const timeout = 120_000;

/** Why a test of a kind of store cannot be run; false if it can. */
function whyNot(extension: string): string | false {
  if (!(extension in table)) return `there is no ${extension} yet`;
  return missing ?? false;
}

/** Has a Python process do what a body asks. */
function withPython(body: (python: PythonSession) => Promise<void>): Promise<void> {
  if ("missing" in stet) throw new Error(stet.missing);
  return body(pythonSession(stet.command));
}

/** A value of TypeScript that stands in a document. */
function evaluated(source: string): Value {
  return new Function(`return (${source})`)() as Value;
}

/** Values that are the same on both sides, in Python's spelling and in ours. */
const agreed: readonly (readonly [python: string, value: Value])[] = [
  ["'linear'", "linear"],
  ["'two words, \"quoted\"'", 'two words, "quoted"'],
  ["'naïve 🦕'", "naïve 🦕"],
  ["'2026-11-21'", "2026-11-21"],
  ["42", 42],
  ["-7", -7],
  ["9007199254740993", 9007199254740993n],
  ["0.1", 0.1],
  ["-2.5", -2.5],
  ["1e-05", 1e-5],
  ["2.5e+300", 2.5e300],
  ["True", true],
  ["False", false],
  ["None", null],
];
/** In CSV, pandas takes `None` for a missing cell: Python's stet does not see such rows, its own included. */
const agreedInCsv = agreed.filter(([python]) => python !== "None");

if (process.env.CI === "true") {
  test("the Python package stet can be installed where CI=true", () => {
    assert.equal(missing, undefined);
  });
}

for (const extension of [".csv", ".json", ".sqlite"]) {
  const skip = whyNot(extension);
  const values = extension === ".csv" ? agreedInCsv : agreed;

  test(`${extension}: once skips what Python's @stet.once ran, and the reverse`, {
    skip,
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      const pythonParams = (seed: number): string[] =>
        values.map(([source]) => `dict(value=${source}, seed=${seed})`);
      const work = once(({ value, seed }: { value: Value; seed: number }) => `${value} ${seed}`, {
        store,
        quiet: true,
      });
      const statuses = async (seed: number): Promise<string[]> => {
        const all: string[] = [];
        for (const [, value] of values) all.push((await work.outcome({ value, seed })).status);
        return all;
      };
      const every = <T>(what: T): T[] => values.map(() => what);

      assert.deepEqual(await python.run(store, pythonParams(1)), every(true));
      assert.deepEqual(await statuses(1), every("skipped"));
      assert.deepEqual(await statuses(2), every("ran"));
      assert.deepEqual(await python.run(store, pythonParams(2)), every(false));
      assert.deepEqual(await python.run(store, pythonParams(3)), every(true));
      assert.deepEqual(await statuses(3), every("skipped"));
      assert.equal((await work.status()).count, 3 * values.length);
      assert.deepEqual((await work.status()).keyColumns, ["value", "seed"]);
    }));

  test(
    `${extension}: a row has the same values, whichever language wrote it`,
    { skip, timeout },
    (t) =>
      withPython(async (python) => {
        const [ours, theirs] = [
          tempStore(t, `ours${extension}`),
          tempStore(t, `theirs${extension}`),
        ];
        const backend = await openBackend(ours);
        for (const [, value] of values) await backend.record({ value });
        await backend.close();
        const sources = values.map(([source]) => `dict(value=${source})`);
        await python.record(theirs, sources);
        assert.deepEqual(await python.has(ours, sources), values.map(() => true));
        for (const store of [ours, theirs]) {
          const read = await openBackend(store);
          assert.deepEqual(
            (await read.load()).map((row) => row["value"]),
            values.map(([, v]) => v),
          );
          for (const [, value] of values) assert.equal(await read.has({ value }), true);
          await read.close();
        }
      }),
  );

  test(`${extension}: the two append in turn to one store, which gains columns from both`, {
    skip,
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      const backend = await openBackend(store, { durability: "process" }); // open all the while
      const rows: { source: string; row: Row }[] = [];
      for (let n = 0; n < 10; n++) {
        const [source, row] = n < 4
          ? [`n=${n}`, { n }]
          : [`n=${n}, alpha=${n}.5`, { n, alpha: n + 0.5 }];
        const [more, column] = n < 7 ? ["", {}] : [", debug=True", { debug: true }];
        const ours = { by: "TypeScript", ...row };
        await backend.record(ours);
        assert.deepEqual(await python.has(store, [`dict(by='TypeScript', ${source})`]), [true]);
        await python.record(store, [`dict(by='Python', ${source}${more})`]);
        assert.equal(await backend.has({ by: "Python", ...row, ...column }), true);
        rows.push({ source: `dict(by='TypeScript', ${source})`, row: ours });
        rows.push({
          source: `dict(by='Python', ${source}${more})`,
          row: { by: "Python", ...row, ...column },
        });
      }
      const ownColumns = ({ _stet_timestamp, ...row }: Row): Row => row;
      assert.deepEqual((await backend.load()).map(ownColumns), rows.map(({ row }) => row));
      assert.deepEqual(
        await python.has(store, rows.map(({ source }) => source)),
        rows.map(() => true),
      );

      assert.equal(await backend.remove({ by: "Python", n: 3 }), 1);
      await python.remove(store, "dict(by='TypeScript', n=8)");
      assert.equal((await python.load(store)).length, 18);
      assert.equal((await backend.load()).length, 18);
      assert.equal(await backend.has({ by: "TypeScript", n: 8 }), false);
      await backend.close();
    }));
}

test(".csv: what pandas makes an empty cell of counts as None with `defaults`", {
  skip: whyNot(".csv"),
  timeout,
}, (t) =>
  withPython(async (python) => {
    const store = tempStore(t);
    await python.record(store, ["dict(seed=1, note=None)", "dict(seed=2, note='x')"]);
    assert.deepEqual(await python.has(store, ["dict(seed=1, note=None)"]), [false]);
    const fn = ({ seed, note }: { seed: number; note: string | null }): string => `${seed} ${note}`;
    const plain = once(fn, { store, quiet: true });
    const withDefault = once(fn, { store, quiet: true, defaults: { note: null } });
    assert.equal(await plain.has({ seed: 1, note: null }), false);
    assert.equal(await withDefault.has({ seed: 1, note: null }), true);
    assert.equal(await withDefault.has({ seed: 2, note: null }), false);
  }));

/** The lines of the table in docs/formats.md that tells what the two sides see of each other. */
function tableOfAgreement(): { header: readonly string[]; lines: readonly (readonly string[])[] } {
  const page = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
  const [header, , ...lines] = /^\| Python +\|.*\n(?:\|.*\n)+/m.exec(page)![0].trimEnd().split("\n")
    .map((line) =>
      line.slice(1, -1).split("|").map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"))
    );
  return { header: header!, lines };
}

const { header, lines } = tableOfAgreement();
for (const [column, what] of [...header.entries()].slice(2)) {
  const [, extension = "", maker] = /^(\.\w+)(?: of (ours|theirs))?$/.exec(what)!;
  test(`${what}: each sees of the other what docs/formats.md says`, {
    skip: whyNot(extension),
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      const backend = await openBackend(store, { durability: "process" });
      if (maker === "theirs") await python.record(store, ["dict(value='first')"]);
      const values = lines.map(([, source]) => evaluated(source!));
      for (const [n, value] of values.entries()) {
        await backend.record({ value, n, by: "TypeScript" });
      }
      const sources = (by: string): string[] =>
        lines.map(([source], n) => `dict(value=${source}, n=${n}, by='${by}')`);
      await python.record(store, [...sources("Python"), "dict(value='last')"]);
      const theySee = await python.has(store, sources("TypeScript"));
      const seen: string[] = [];
      for (const [n, value] of values.entries()) {
        const weSee = await backend.has({ value, n, by: "Python" });
        seen.push(weSee ? (theySee[n] ? "both" : "we") : theySee[n] ? "they" : "neither");
      }
      await backend.close();
      assert.deepEqual(
        lines.map(([source], i) => `${source}: ${seen[i]}`),
        lines.map((cells) => `${cells[0]}: ${cells[column]}`),
      );
    }));
}

/** Rows as a sweep makes them, and the types that each reader finds in their columns. */
const sweep: readonly Row[] = [
  { alpha: 0.1, seed: 1, model: "linear", debug: false, "result.loss": 0.25 },
  { alpha: 1, seed: 2, model: 'na"ï,ve', debug: true, "result.loss": 1e-5 },
  { alpha: 1e-5, seed: 3, model: "two words", debug: true, "result.loss": 3 },
];
const columns = ["alpha", "seed", "model", "debug", "result.loss"];

async function sweepStore(store: string): Promise<void> {
  const backend = await openBackend(store);
  for (const row of sweep) await backend.record(row);
  await backend.close();
}

for (const extension of [".csv", ".json", ".jsonl"]) {
  test(`${extension}: pandas and DuckDB read numbers, booleans, strings and timestamps as such`, {
    skip: whyNot(extension),
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      await sweepStore(store);
      const inPandas = await python.pandas_types(store);
      const { alpha, seed, model, debug, "result.loss": loss } = inPandas.types;
      assert.deepEqual([alpha, seed, debug, loss], ["float64", "int64", "bool", "float64"]);
      assert.match(model!, /^(?:str|string|object)$/); // pandas 3, with pyarrow, 2
      assert.match(inPandas.times, /^datetime64\[\w+, UTC\]$/);
      assert.deepEqual(
        inPandas.rows.map(({ _stet_timestamp, ...row }) => row),
        sweep.map((row) => ({ ...row })),
      );

      const inDuckdb = await python.duckdb_types(store);
      assert.deepEqual(columns.map((name) => inDuckdb.types[name]), [
        "DOUBLE",
        "BIGINT",
        "VARCHAR",
        "BOOLEAN",
        "DOUBLE",
      ]);
      assert.match(inDuckdb.types["_stet_timestamp"]!, /^TIMESTAMP/);
      assert.deepEqual(inDuckdb.rows, sweep.map((row) => columns.map((name) => row[name])));
      assert.deepEqual(inDuckdb.years, [[new Date().getUTCFullYear()]]);
    }));
}

test(".sqlite: sqlite3 and pandas read numbers as numbers, and SQL on them is numeric", {
  skip: whyNot(".sqlite"),
  timeout,
}, (t) =>
  withPython(async (python) => {
    const store = tempStore(t, "runs.sqlite");
    await sweepStore(store);
    assert.deepEqual(
      await python.sqlite_rows(
        store,
        `SELECT typeof(alpha), typeof(seed), typeof(model), debug, typeof("result.loss")
         FROM stet_records`,
      ),
      [
        ["real", "integer", "text", "False", "real"],
        ["integer", "integer", "text", "True", "real"],
        ["real", "integer", "text", "True", "integer"],
      ],
    );
    assert.deepEqual(
      await python.sqlite_rows(
        store,
        "SELECT max(alpha), sum(seed), julianday(max(_stet_timestamp)) > 2461000 FROM stet_records",
      ),
      [[1, 6, 1]],
    );
    const { types, times } = await python.pandas_types(store);
    const { alpha, seed, "result.loss": loss } = types;
    assert.deepEqual([alpha, seed, loss], ["float64", "int64", "float64"]);
    assert.match(times, /^datetime64\[\w+, UTC\]$/);
  }));

for (const extension of [".csv", ".json", ".sqlite"]) {
  test(`${extension}: pandas parses the timestamps of both sides in one column`, {
    skip: whyNot(extension),
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      await sweepStore(store);
      await python.record(store, ["dict(alpha=0.5, seed=9, model='forest', debug=False)"]);
      assert.match((await python.pandas_types(store)).times, /^datetime64\[\w+, UTC\]$/);
    }));
}
