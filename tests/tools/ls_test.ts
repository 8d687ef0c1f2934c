import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { main } from "../../cli.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import { type Backend, ls, type Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { rounds } from "../rounds.ts";
import { tempStore } from "../temp_folder.ts";

const rows: readonly Row[] = Array.from({ length: 30 }, (_, seed) => ({
  alpha: seed % 5 / 10,
  seed,
  ...seed % 4 !== 0 && { "result.loss": seed * 7 % 30 },
}));

async function makeStore(store: string): Promise<void> {
  const backend = await openEngine(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
}

async function seeds(store: string, options: Parameters<typeof ls>[1]): Promise<unknown[]> {
  return (await ls(store, { quiet: true, ...options })).map(({ seed }) => seed);
}

test("ls gives the newest rows, and with an offset those before", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  assert.deepEqual(await seeds(store, { limit: 3 }), [27, 28, 29]);
  assert.deepEqual(await seeds(store, { limit: 3, offset: 2 }), [25, 26, 27]);
  assert.deepEqual(await seeds(store, { limit: 3, offset: 28 }), [0, 1]);
  assert.deepEqual(await seeds(store, { limit: 3, offset: 30 }), []);
  assert.deepEqual(await seeds(store, { limit: 3, offset: 99 }), []);
  assert.deepEqual(await seeds(store, { where: "alpha = 0.4 and seed > 10", limit: 2 }), [24, 29]);
});

test("ls takes columns by what is after the point in their names, where that is one column", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  assert.deepEqual(await seeds(store, { sort: ["-loss"], limit: 2 }), [17, 21]);
  const [row] = await ls(store, { quiet: true, columns: ["loss", "seed"], limit: 1 });
  assert.deepEqual(row, { "result.loss": 23, seed: 29 });
  const both = await openEngine(store, { durability: "process" });
  await both.record({ alpha: 1, seed: 31, "result.train.loss": 1 });
  await both.close();
  await assert.rejects(
    ls(store, { quiet: true, sort: ["loss"] }),
    /"loss": it can be result\.loss or result\.train\.loss; give the whole name/,
  );
});

test("ls gives the first rows in an order, absent values last, any page of them", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  const order = [["-result.loss", "seed"], ["alpha", "-result.loss"], ["result.loss"], ["-seed"]];
  const sort = fc.constantFrom(...order);
  const count = fc.integer({ min: 0, max: 35 });
  await fc.assert(
    fc.asyncProperty(sort, count, count, async (sort, limit, offset) => {
      const expected = rows.toSorted((a, b) => {
        for (const name of sort) {
          const [x, y] = [a, b].map((row) => row[name.replace("-", "")]);
          const order = compareValues(x, y);
          const isDown = name.startsWith("-") && x !== undefined && y !== undefined;
          if (order !== 0) return isDown ? -order : order;
        }
        return 0;
      }).slice(offset, offset + limit + 1);
      assert.deepEqual(
        await seeds(store, { sort, limit: limit + 1, offset }),
        expected.map(({ seed }) => seed),
      );
    }),
    { numRuns: rounds(30) },
  );
});

test("ls gives the columns that are asked for, though it sorts and selects by others", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  const columns = ["result.loss", "alpha"];
  assert.deepEqual(
    await ls(store, { columns, sort: ["-seed"], where: "seed < 9", limit: 2, quiet: true }),
    [{ alpha: 0.3 }, { "result.loss": 19, alpha: 0.2 }],
  );
  const lines: string[] = [];
  await ls(store, { columns, sort: ["seed"], limit: 2, log: (line) => void lines.push(line) });
  assert.deepEqual(lines, [
    "result.loss  alpha",
    "                 0",
    "          7    0.1",
    "2 of 30 rows",
  ]);
  lines.length = 0;
  const where = "alpha = 0.1";
  await ls(store, { where, sort: ["alpha"], limit: 2, log: (line) => void lines.push(line) });
  assert.match(lines[0]!, /^alpha /, "a column that is sorted by is shown, though all are equal");
});

test("ls never loads a store at once", async () => {
  const backend = await openEngine(":memory:");
  const streaming: Backend = {
    location: "streaming",
    has: (columns) => backend.has(columns),
    record: (row) => backend.record(row),
    load: () => assert.fail("it was loaded"),
    remove: (columns) => backend.remove(columns),
    clear: () => backend.clear(),
    close: () => backend.close(),
    rowsAfter: () => ({ cursor: "1", isWhole: true, rows }),
  };
  const backends = { ".foo": async () => ({ open: () => streaming }) };
  const found = await ls("runs.foo", { backends, sort: ["-seed"], limit: 1, quiet: true });
  assert.deepEqual(found.map(({ seed }) => seed), [29]);
});

test("stet ls filters, sorts and pages; what it is not given rightly is a wrong command line", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  const stet = async (...args: string[]): Promise<{ out: string[]; err: string; code: number }> => {
    const out: string[] = [], err: string[] = [];
    const code = await main(["ls", store, ...args], {
      log: (line) => out.push(line),
      error: (line) => err.push(line),
    });
    return { out, err: err.join("\n"), code };
  };
  const args = [
    "--where",
    "alpha > 0.2",
    "--sort",
    "-result.loss,alpha",
    "-n",
    "2",
    "--offset",
    "1",
  ];
  assert.deepEqual((await stet(...args, "--columns", "seed,result.loss")).out, [
    "seed  result.loss",
    "   3           21",
    "  19           13",
    "2 of 12 rows that match",
  ]);
  const json = (await stet(...args, "--json")).out.map((line) => JSON.parse(line));
  assert.equal(json.length, 2);
  for (
    const [args, message] of [
      [["--where", "alpha >"], /character 8: found the end/],
      [["--where", "los > 1"], /there is no column "los"/],
      [["--sort", "-sede"], /"sede": did you mean "seed"/],
      [["--columns", "alhpa"], /did you mean "alpha"/],
      [["--columns", "a,,b"], /--columns must be names/],
      [["--limit", "0"], /--limit must be a whole number from 1 up/],
      [["--offset", "-1"], /offset/],
    ] as const
  ) {
    const { code, err } = await stet(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, message);
  }
});
