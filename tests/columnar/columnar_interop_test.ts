import assert from "node:assert/strict";
import { extname } from "node:path";
import { test } from "node:test";
import { once, openBackend, type Row } from "../../mod.ts";
import { type PythonSession, pythonSession } from "../python/python_session.ts";
import { pythonStet } from "../python/python_stet.ts";
import { tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const stet = pythonStet();
const missing = "missing" in stet ? `no Python package stet: ${stet.missing}` : false;
const timeout = 120_000;

/** Has a Python process do what a body asks. */
function withPython(body: (python: PythonSession) => Promise<void>): Promise<void> {
  if ("missing" in stet) throw new Error(stet.missing);
  return body(pythonSession(stet.command));
}

const rows: readonly Row[] = [
  { seed: 1, alpha: 0.1, debug: false, model: "linear", mixed: 1, "result.loss": 0.25 },
  { seed: 2, alpha: 3, debug: true, model: "two words", mixed: "x", "result.loss": 1e-5 },
];

/** The types that each reader finds in the columns, in order: integers, numbers, booleans, text. */
const types: Readonly<Record<string, readonly [RegExp, RegExp, RegExp, RegExp]>> = {
  pandas: [/^int64$/, /^float64$/, /^bool$/, /^(?:str|string|object)$/],
  polars: [/^Int64$/, /^Float64$/, /^Boolean$/, /^String$/],
  duckdb: [/^BIGINT$/, /^DOUBLE$/, /^BOOLEAN$/, /^VARCHAR$/],
  pyarrow: [/^int64$/, /^double$/, /^bool$/, /^(?:large_)?string$/],
};

const readers: readonly (readonly [extension: string, packages: readonly string[]])[] = [
  [".parquet", ["pandas", "polars", "duckdb", "pyarrow"]],
  [".arrow", ["pandas", "polars", "pyarrow"]],
  [".arrows", ["polars", "pyarrow"]],
];

for (const [extension, packages] of readers) {
  const skip = columnarSkips[extension] || missing;

  for (const reader of packages) {
    test(`${extension}: ${reader} reads what we write, in columns of its types`, {
      skip,
      timeout,
    }, (t) =>
      withPython(async (python) => {
        const store = tempStore(t, `runs${extension}`);
        const backend = await openBackend(store);
        for (const row of rows) await backend.record(row);
        await backend.close();
        const read = await python.columnar(store, reader);
        const [integer, double, boolean, text] = types[reader]!;
        const { seed, alpha, debug, model, mixed, "result.loss": loss } = read.types;
        for (
          const [type, expected] of [
            [seed, integer],
            [alpha, double],
            [debug, boolean],
            [model, text],
            [mixed, text],
            [loss, double],
          ] as const
        ) assert.match(type!, expected);
        assert.deepEqual(
          read.rows.map(({ _stet_timestamp, ...row }) => row),
          rows.map((row) => ({ ...row, mixed: String(row["mixed"]) })),
        );
      }));
  }

  for (const writer of packages.filter((name) => name !== "duckdb")) {
    test(`${extension}: once skips what is in a file that ${writer} wrote, and adds to it`, {
      skip,
      timeout,
    }, (t) =>
      withPython(async (python) => {
        const store = tempStore(t, `theirs${extension}`);
        await python.make_columnar(store, writer);
        const backend = await openBackend(store);
        const time = "2026-11-21T14:22:01.000Z";
        assert.deepEqual(await backend.load(), [
          { seed: 1, alpha: 0.5, debug: true, model: "linear", time },
          { seed: 2, alpha: 3, debug: false, model: "two words", time },
        ]);
        const work = once(
          ({ seed, model }: { seed: number; model: string }) => `${model} ${seed}`,
          {
            store: backend,
            quiet: true,
          },
        );
        assert.equal((await work.outcome({ seed: 2, model: "two words" })).status, "skipped");
        assert.equal((await work.outcome({ seed: 3, model: "linear" })).status, "ran");
        await backend.close();
        const seeds = (await python.columnar(store, "polars")).rows.map(({ seed }) => seed);
        assert.deepEqual(seeds, [1, 2, 3]);
        assert.equal(extname(store), extension);
      }));
  }
}

const skip = columnarSkips[".parquet"] || missing;

test(
  ".parquet: Python's stet finds our runs, and we find its",
  { skip, timeout },
  (t) =>
    withPython(async (python) => {
      const [ours, theirs] = [tempStore(t, "ours.parquet"), tempStore(t, "theirs.parquet")];
      const sources = [
        "dict(seed=1, alpha=0.1, model='linear', debug=True)",
        "dict(seed=2, alpha=1e-05, model='two words', debug=False)",
      ];
      const values: readonly Row[] = [
        { seed: 1, alpha: 0.1, model: "linear", debug: true },
        { seed: 2, alpha: 1e-5, model: "two words", debug: false },
      ];
      const backend = await openBackend(ours);
      for (const row of values) await backend.record(row);
      await backend.close();
      assert.deepEqual(await python.has(ours, sources), [true, true]);
      assert.deepEqual(await python.has(ours, ["dict(seed=3)"]), [false]);

      await python.record(theirs, [...sources, "dict(seed=3, note=None)"]);
      const read = await openBackend(theirs);
      const loaded = (await read.load()).map(({ _stet_timestamp, ...row }) => row);
      assert.deepEqual(loaded, [...values, { seed: 3, note: null }]);
      for (const row of values) assert.equal(await read.has(row), true);
      await read.record({ seed: 4 });
      await read.close();
      assert.equal((await python.load(theirs)).length, 4);
      assert.deepEqual(await python.has(theirs, [...sources, "dict(seed=4)"]), [true, true, true]);
    }),
);

test(
  ".parquet: Python's stet and pandas find integers and booleans of columns with absent cells",
  { skip, timeout },
  (t) =>
    withPython(async (python) => {
      const store = tempStore(t, "runs.parquet");
      const rows: readonly Row[] = [
        { seed: 1, debug: true },
        { seed: 2, beta: 9007199254740993n, flag: true, debug: false },
        { seed: 3, beta: 4, flag: false, debug: true },
      ];
      const first = await openBackend(store);
      for (const row of rows.slice(0, 2)) await first.record(row);
      await first.close();
      const second = await openBackend(store); // merged into the file that is there
      await second.record(rows[2]!);
      await second.close();
      const { types } = await python.columnar(store, "pandas");
      const { seed, beta, flag, debug } = types;
      assert.deepEqual([seed, beta, flag, debug], ["int64", "Int64", "boolean", "bool"]);
      const sources = [
        "dict(seed=1, debug=True)",
        "dict(seed=2, beta=9007199254740993, flag=True)",
        "dict(seed=3, beta=4, flag=False)",
        "dict(seed=3, beta=5)",
      ];
      assert.deepEqual(await python.has(store, sources), [true, true, true, false]);
    }),
);

for (const extension of [".parquet", ".arrow"]) {
  test(`${extension}: a file of ours that pyarrow wrote again, with our metadata, is read`, {
    skip: columnarSkips[extension] || missing,
    timeout,
  }, (t) =>
    withPython(async (python) => {
      const store = tempStore(t, `runs${extension}`);
      const first = await openBackend(store);
      for (let seed = 0; seed < 5; seed++) await first.record({ seed, ...seed > 2 && { beta: 1 } });
      await first.close();
      const second = await openBackend(store);
      assert.equal(await second.has({ seed: 0 }), true);
      await python.edit_columnar(store);
      const seeds = (await second.load()).map(({ seed }) => seed);
      assert.deepEqual(seeds, [1, 2, 3, 4, 4]);
      assert.equal(await second.has({ seed: 0 }), false);
      await second.record({ seed: 5 });
      await second.close();
      assert.equal((await python.columnar(store, "pyarrow")).rows.length, 6);
    }));
}
