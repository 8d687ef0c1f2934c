import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { table } from "../../backends/table.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { toRow } from "../../core/values/to_row.ts";
import { setEntry, type Value } from "../../core/values/value.ts";
import { once, type Row, StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { rounds } from "../rounds.ts";
import { tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

/** Texts of what files, quotes, encodings and trimming may trip over. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom(
      ..."ab_ \t\r\n\0\x1e\x1f\x7f\x85\ufeff\u00a0\u2028\"',;{[",
      "\ud800",
      "\udc00",
    ),
    maxLength: 6,
  }),
  fc.constantFrom("alpha", " alpha", "alpha ", "Alpha", "\ufeffalpha", "_stet_x", "result", "1"),
);

const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
);

const row: fc.Arbitrary<Row> = fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 4 })
  .map((entries) => {
    const made: Row = {};
    for (const [name, value] of entries) setEntry(made, name, value);
    return made;
  });

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openEngine(store, { warn: (message) => assert.fail(message) });
  const rows = await backend.load();
  await backend.close();
  return rows.map(({ _stet_timestamp: _, ...row }) => row);
}

/** How often; columnar files are written anew each time. */
const runs: Readonly<Record<string, number>> = { ".parquet": 8, ".arrow": 15, ".arrows": 15 };

for (const kind of Object.keys(table)) {
  if (!kind.startsWith(".") || [".ndjson", ".db", ".feather", ".sqlite3"].includes(kind)) continue;
  const skip = columnarSkips[kind] ?? false;
  test(`${kind}: a row is read back from the file as it was, or refused before it changes`, {
    skip,
  }, async (t) => {
    const store = tempStore(t, `runs${kind}`);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
        fs.rmSync(store, { force: true });
        const backend = await openEngine(store, { durability: "process" });
        const kept: Row[] = [];
        for (const row of rows) {
          try {
            await backend.record(row);
            kept.push(toRow(row));
          } catch (error) {
            assert(error instanceof TypeError || error instanceof StoreError, `${error}`);
          }
        }
        await backend.close();
        assert.deepEqual(await rowsIn(store), kept);
      }),
      { numRuns: rounds(runs[kind] ?? 80) },
    );
  });
}

test("a result of any names comes back as it was, and the store can be read", async (t) => {
  for (const kind of [".csv", ".json", ".jsonl", ".sqlite"]) {
    let runs = 0;
    const store = tempStore(t, `runs${kind}`);
    const results: readonly Row[] = [
      Object.fromEntries([["\ud800", 1], ["\ud801", 2]]),
      { "a\0b": 1 },
      { "": 1 },
      { "a ": 1, " a": 2, "\ufeffa": 3 },
      { a: "\ufeffx", b: "\ud800", c: "\0" },
    ];
    const options = { store, save: true, quiet: true };
    const give = once(({ n }: { n: number }) => {
      runs++;
      return results[n]!;
    }, options);
    for (const [n, result] of results.entries()) {
      assert.deepEqual(await give({ n }), result, kind);
      assert.deepEqual(await give({ n }), result, kind);
      assert.equal(runs, n + 1);
    }
    assert.equal((await rowsIn(store)).length, results.length);
  }
});

test("the message of a failure comes back as it was", async (t) => {
  const messages = ["\ufeffboom", "\ud800", "a\0b", '"', '"a"', "", "1", '"\ud800'];
  for (const kind of [".csv", ".sqlite"]) {
    const store = tempStore(t, `runs${kind}`);
    const backend = await openEngine(store);
    for (const [n, error] of messages.entries()) {
      const answer = await backend.claim(keyOf(keyShape(["n"]), { n }));
      assert(answer.state === "claimed");
      await answer.claim.fail({ error, stack: error });
    }
    await backend.close();
    const again = await openEngine(store);
    const failures = await again.failures();
    assert.deepEqual(failures.map(({ error }) => error), messages);
    assert.deepEqual(failures.map(({ stack }) => stack), messages);
    await again.close();
  }
});
