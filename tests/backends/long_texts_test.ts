import assert from "node:assert/strict";
import fs from "node:fs";
import { extname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalCell, fileText, readCell, writeCell } from "../../core/values/cell.ts";
import { csvField } from "../../core/values/csv_field.ts";
import { exportStore, openBackend, query, type Row } from "../../mod.ts";
import { duckDbRows, noPython, pythonRows } from "../other_readers.ts";
import { sharedRounds } from "../rounds.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { independentRows } from "../workers/independent_rows.ts";

const extensions = [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"];

/** Texts that a reader may take for something else: lines, quotes, formulas, cells of other values. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.array(
    fc.constantFrom(
      "\n",
      "\r",
      "\r\n",
      "\t",
      '"',
      ",",
      "=1+2",
      "'",
      " ",
      "é🦕",
      "1",
      "None",
      "[",
      "}",
    ),
    { maxLength: 10 },
  ).map((parts) => parts.join("")),
  fc.constantFrom(
    "1,a,2026-01-01T00:00:00.000Z\n2,b,2026-01-01T00:00:00.000Z",
    "a\n",
    "\na",
    "{\n}",
  ),
);

test("a string with newlines or tabs is itself in a file if it reads as itself", () => {
  for (const text of ["a\nb", "a\tb", "=1\n", "1\n2", 'a "b",\n\n\tc', "👩‍🚀\nz"]) {
    assert.equal(fileText(text), text.trim() === text ? text : writeCell(text));
  }
  for (
    const text of ["a\r\nb", "\na", "a\n", '"a\nb', "[a\nb", "{\n}", "a\n\x1b[1mb", "a\n\ud800"]
  ) {
    assert.equal(fileText(text), writeCell(text));
  }
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(readCell(fileText(text)), text);
      assert.equal(canonicalCell(fileText(text)), writeCell(text));
    }),
    { numRuns: sharedRounds(3000) },
  );
});

for (const extension of extensions) {
  test(
    `${extension}: any text is read back and found, and a text of lines is in the file as it is`,
    {
      skip: columnarSkips[extension] ?? false,
    },
    async (t) => {
      const folder = tempFolder(t);
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 6 }), async (texts) => {
          const store = join(folder, `${number++}${extension}`);
          const rows = texts.map((text, n): Row => ({ n, text, "result.text": text }));
          const backend = await openBackend(store, { durability: "process" });
          for (const row of rows) await backend.record(row);
          for (const row of rows) assert.equal(await backend.has(row), true);
          await backend.close();
          await assertHolds(store, rows);
          const written = await independentRows(store);
          assert.deepEqual(
            written.map((row) => [row["text"], row["result.text"]]),
            texts.map((text) => [fileText(text), fileText(text)]),
          );
        }),
        { numRuns: sharedRounds(extension.length > 5 || extension === ".arrow" ? 15 : 60) },
      );
    },
  );
}

test(".csv: Python's csv module and DuckDB read any text as it is in the file", {
  skip: noPython || columnarSkips[".parquet"] || false,
}, async (t) => {
  const store = tempStore(t);
  const texts = fc.sample(anyText, { numRuns: 500, seed: 11 });
  const backend = await openBackend(store, { durability: "process" });
  for (const [n, text] of texts.entries()) await backend.record({ n, text });
  await backend.close();
  const expected = texts.map(fileText);
  assert.deepEqual(pythonRows(store).slice(1).map((row) => row[1]), expected);
  const options = `delim=',', quote='"', escape='"', header=true, all_varchar=true, nullstr='-'`;
  const found = await duckDbRows(`SELECT text FROM read_csv('${store}', ${options})`);
  assert.deepEqual(found.map(({ text }) => text), expected);
});

test("SQL over texts of several lines is the same for DuckDB's reader as for the store's", {
  skip: columnarSkips[".parquet"] ?? false,
}, async (t) => {
  const rows = Array.from({ length: 3000 }, (_, n): Row => {
    const line = `${n},"line",2026-01-01T00:00:00.000Z`;
    return {
      n,
      text: n % 3 === 0 ? `one ${n}` : `${line}\n${line}\n\tlast, "${"x".repeat(n % 700)}"`,
    };
  });
  for (const extension of [".csv", ".jsonl", ".sqlite", ".parquet"]) {
    const store = tempStore(t, `runs${extension}`);
    const backend = await openBackend(store, { durability: "process" });
    for (const row of rows) await backend.record(row);
    await backend.close();
    const result = await query(store, "SELECT n, text FROM runs ORDER BY n");
    assert.deepEqual((await result.rows()).map((row) => ({ ...row })), rows, extension);
  }
});

test("rows whose texts an earlier version wrote as JSON are found, next to new ones", async (t) => {
  const text = 'two\nlines, "quoted"';
  const time = "2026-01-01T00:00:00.000Z";
  const files: Readonly<Record<string, string>> = {
    ".csv": `text,_stet_timestamp\n${csvField(JSON.stringify(text))},${time}\n`,
    ".jsonl": `{"text": ${JSON.stringify(JSON.stringify(text))}, "_stet_timestamp": "${time}"}\n`,
  };
  for (const [extension, content] of Object.entries(files)) {
    const store = tempStore(t, `runs${extension}`);
    fs.writeFileSync(store, content);
    await assertHolds(store, [{ text }]);
    const backend = await openBackend(store);
    await backend.record({ text });
    assert.equal(await backend.remove({ text }), 2);
    await backend.close();
  }
  const store = tempStore(t, "runs.sqlite");
  const backend = await openBackend(store);
  await backend.record({ text });
  await backend.close();
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(store);
  db.prepare("UPDATE stet_records SET text = ?").run(JSON.stringify(text));
  db.close();
  await assertHolds(store, [{ text }]);
});

test("an export keeps any text, from each kind of store to each", async (t) => {
  const folder = tempFolder(t);
  const kinds = extensions.filter((extension) => !columnarSkips[extension]);
  const texts = fc.sample(anyText, { numRuns: 200, seed: 7 });
  const rows = texts.map((text, n): Row => ({ n, text }));
  for (const from of kinds) {
    const store = join(folder, `runs${from}`);
    const backend = await openBackend(store, { durability: "process" });
    for (const row of rows) await backend.record(row);
    await backend.close();
    for (const to of kinds) {
      const target = join(folder, `${from.slice(1)}${to}`);
      await exportStore(store, target);
      await assertHolds(target, rows);
      const written = (await independentRows(target)).map((row) => row["text"]);
      assert.deepEqual(written, texts.map(fileText), `${from} to ${to}`);
    }
  }
});

async function assertHolds(store: string, rows: readonly Row[]): Promise<void> {
  const backend = await openBackend(store, { warn: assert.fail });
  const found = (await backend.load()).map(({ _stet_timestamp: _, ...row }) => row);
  assert.deepEqual(found, rows, extname(store));
  for (const row of rows) assert.equal(await backend.has(row), true, JSON.stringify(row));
  await backend.close();
}
