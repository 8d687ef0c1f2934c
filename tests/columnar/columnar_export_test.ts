import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { copyOfHeld } from "../../backends/files/copy_of_held.ts";
import { HeldFile } from "../../backends/files/held_file.ts";
import { csvContent } from "../../backends/parquet/parquet_csv.ts";
import { table } from "../../backends/table.ts";
import { exportStore as write } from "../../core/tools/export_store.ts";
import { Registry } from "../../core/contract/registry.ts";
import { openBackend, type Row } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { tempFolder } from "../temp_folder.ts";
import { formats } from "../workers/columnar_formats.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const timeout = 120_000;
const exportStore = write.bind(undefined, new Registry(table));

/** Cells as hands, other programs and stet write them. */
const cells: readonly fc.Arbitrary<string>[] = [
  fc.integer().map(String),
  fc.double().map((x) => String(x)),
  fc.constantFrom("1", "1.0", "007", "+5", "-0", "0", "1e5", "1e400", "1_000", "0x1F", ".5", "5."),
  fc.constantFrom("9007199254740993", "-9223372036854775808", "99999999999999999999", "5n", "7.50"),
  fc.constantFrom("True", "False"),
  fc.constantFrom("true", "TRUE", "None", "null", "nan", "NaN", "-inf", "Infinity", "inf"),
  fc.constantFrom("linear", "forest", "two words", "nothing", "index", "trueish", "é", "a_b", "#x"),
  fc.constantFrom('"1"', '"a\\nb"', "[1,2]", '{"a":1}', "[x", '"', "\u00a0x", "x\u2028", "a\tb"),
  fc.constantFrom("2026-11-21T14:22:01.123Z", "2026-11-21T\t4:22:01.123Z", "2026-11-21", "1-2"),
  fc.constantFrom("0.5", "0.00001", "-0.25", "123456.789", "1234567890.12345678"),
  fc.string({ maxLength: 6 }),
];

/** A column has cells of one sort, and now and then of another; some are absent. */
const column = fc.nat(cells.length - 1).chain((sort) =>
  fc.array(
    fc.oneof(
      { weight: 60, arbitrary: cells[sort]! },
      { weight: 5, arbitrary: fc.constant("") },
      { weight: 1, arbitrary: fc.oneof(...cells) },
    ),
    { minLength: 12, maxLength: 12 },
  )
);

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function loaded(store: string): Promise<{ readonly rows: Row[]; readonly kinds: unknown }> {
  const extension = store.slice(store.lastIndexOf("."));
  const held = HeldFile.open(store)!;
  const { columns } = await formats[extension]!.open(held);
  held.release();
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  return {
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).sort())),
    kinds: Object.fromEntries(columns.map(({ name, kind }) => [name, kind])),
  };
}

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  test(`${extension}: a CSV that is exported gives what recording its rows one by one gives`, {
    skip: columnarSkips[extension]!,
    timeout,
  }, async (t) => {
    const folder = tempFolder(t);
    let number = 0;
    let direct = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(column, { minLength: 2, maxLength: 4 }), async (columns) => {
        const name = join(folder, `${number++}`);
        const lines = Array.from(
          { length: 12 },
          (_, i) => [...columns.map((values) => quoted(values[i]!)), "2026-11-21T14:22:01.123Z"],
        );
        const header = [...columns.map((_, i) => `c${i}`), "_stet_timestamp"];
        const text = [header, ...lines].map((fields) => `${fields.join(",")}\n`).join("");
        writeFileSync(`${name}.csv`, text);
        const csv = await openBackend(`${name}.csv`);
        const rows = await csv.load();
        await csv.close();
        const [copied, recorded] = [`${name}${extension}`, `${name} recorded${extension}`];
        await exportStore(`${name}.csv`, copied);
        const backend = await openBackend(recorded, { durability: "process" });
        for (const row of rows) await backend.record(row);
        await backend.close();
        assert.deepEqual(await loaded(copied), await loaded(recorded));
        if (csvContent(`${name}.csv`, [])) direct++;
      }),
      { numRuns: rounds(15) },
    );
    assert.ok(direct > 0, `DuckDB could try ${direct} of ${number} files`);
  });
}

test("a CSV column with a value that its ends do not show is copied as the store reads it", {
  skip: columnarSkips[".parquet"]!,
  timeout,
}, async (t) => {
  const folder = tempFolder(t);
  const from = join(folder, "runs.csv");
  const strange = ["x", "1.5", "None", "9007199254740993", '"1"', " 7", "1_000", ""];
  const lines = Array.from({ length: 16_000 }, (_, i) => `${i},${i / 8 + 0.5},linear,\n`);
  for (const [i, cell] of strange.entries()) {
    const quotedCell = quoted(cell);
    const some = [...lines];
    some[8_000] = i % 2 === 0 ? `${quotedCell},0.5,linear,\n` : `1,${quotedCell},linear,late\n`;
    writeFileSync(from, ["seed,alpha,model,note\n", ...some].join(""));
    const csv = await openBackend(from);
    const rows = await csv.load();
    await csv.close();
    const to = join(folder, `${i}.parquet`);
    assert.equal(await exportStore(from, to), rows.length);
    const parquet = await openBackend(to);
    const copied = (await parquet.load()).map(({ _stet_timestamp, ...row }) => row);
    await parquet.close();
    assert.deepEqual(copied, rows);
  }
});

test("a copy of a held file is that file, whatever has its path, and goes with it", (t) => {
  const path = join(tempFolder(t), "file");
  writeFileSync(path, "one");
  const held = HeldFile.open(path)!;
  writeFileSync(`${path}.new`, "two");
  const copy = copyOfHeld(held);
  assert.equal(readFileSync(copy, "utf8"), "one");
  held.retain();
  held.release();
  assert.ok(existsSync(copy));
  held.release();
  assert.ok(!existsSync(dirname(copy)));
});
