import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { extname } from "node:path";
import { test } from "node:test";
import { readCell, writeCell } from "../../core/values/cell.ts";
import { openBackend, type Row, type Value } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";

const page = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");

/** The text of a fenced block, by what follows its fence: `text runs.csv`. */
function block(info: string): string {
  const start = page.indexOf(`\`\`\`${info}\n`);
  assert.notEqual(start, -1, `docs/formats.md has a block ${info}`);
  const from = page.indexOf("\n", start) + 1;
  return page.slice(from, page.indexOf("\n```", from) + 1);
}

/** The cells of the table with this header, without their backquotes. */
function tableUnder(...header: string[]): string[][] {
  const pattern = new RegExp(`^\\| *${header.join(" *\\| *")} *\\|\\n.*\\n((?:\\|.*\\n)+)`, "m");
  const lines = pattern.exec(page)?.[1]?.trimEnd().split("\n");
  assert.ok(lines, `docs/formats.md has a table of ${header.join(", ")}`);
  return lines.map((line) =>
    line.slice(1, -1).split("|").map((cell) => cell.trim().replace(/^`+(.*?)`+$/s, "$1"))
  );
}

/** The value that an expression of TypeScript has. */
function evaluated<T>(source: string): T {
  return new Function(`return (${source.replace(/;\s*$/, "")})`)() as T; // deno fmt ends blocks so
}

/** What is in a store, as text. */
function textOf(store: string): string {
  if (extname(store) !== ".sqlite") return readFileSync(store, "utf8");
  const db = new DatabaseSync(store, { readOnly: true });
  try {
    const table = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'table'").get()!;
    const names = db.prepare("PRAGMA table_info(stet_records)").all().map(({ name }) => name);
    const values = names.map((name) => `quote("${name}")`).join(" || ',' || ");
    const rows = db.prepare(`SELECT ${values} AS row FROM stet_records ORDER BY rowid`).all();
    return [table["sql"], ...rows.map(({ row }) => `INSERT INTO stet_records VALUES(${row})`)]
      .map((statement) => `${statement};\n`).join("");
  } finally {
    db.close();
  }
}

for (const extension of [".csv", ".json", ".jsonl", ".sqlite"]) {
  test(`a ${extension} is written as docs/formats.md shows`, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const backend = await openBackend(store);
    for (const row of evaluated<Row[]>(block("ts rows"))) {
      await backend.record({ ...row, _stet_timestamp: "2026-11-21T14:22:01.123Z" });
    }
    await backend.close();
    assert.equal(textOf(store), block(`text runs${extension}`));
  });
}

for (const extension of [".csv", ".json"]) {
  test(`a ${extension} by hand is read as docs/formats.md says`, async (t) => {
    const store = tempStore(t, `reads${extension}`);
    writeFileSync(store, block(`text reads${extension}`));
    const backend = await openBackend(store);
    assert.deepEqual(await backend.load(), evaluated(block(`ts reads${extension}`)));
    await backend.close();
  });
}

test("cells are written as docs/formats.md shows, and read back", () => {
  for (const [source, cell] of tableUnder("value", "cell")) {
    const value = evaluated<Value | undefined>(source!);
    assert.equal(value === undefined ? "" : writeCell(value), cell, source);
    assert.deepEqual(readCell(cell!), Object.is(value, -0) ? 0 : value);
  }
});

test("cells of other tools are read as docs/formats.md says", () => {
  for (const [cell, source] of tableUnder("cell", "reads as")) {
    assert.deepEqual(readCell(cell!), evaluated(source!), cell);
  }
});
