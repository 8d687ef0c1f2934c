import { parse } from "csv-parse/sync";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { canonicalCell, writeCell } from "../../core/values/cell.ts";
import type { Row } from "../../mod.ts";

/**
 * Says what is wrong with the rows that a reader made of a damaged file, by an independent reader of the
 * same bytes; undefined if nothing is.
 *
 * @param file A copy of the damaged file.
 * @param original The rows of the file before it was damaged.
 */
export type Judge = (
  file: string,
  rows: readonly Row[],
  original: readonly Row[],
) => string | undefined;

/** The judges by the name of the reader. Damaged files of other programs may give any rows. */
export const judges: Readonly<Record<string, Judge>> = {
  csv: judgeCsv,
  json: judgeJson,
  jsonl: judgeJson,
  sqlite: (file, rows) => judgeTable(file, "stet_records", rows),
  records: (file, rows) => judgeTable(file, "results", rows),
  pending: judgeJson,
  parquet: judgeChecked,
  arrow: judgeChecked,
  arrows: judgeChecked,
};

/** A file with checksums gives its own rows. */
function judgeChecked(
  _file: string,
  rows: readonly Row[],
  original: readonly Row[],
): string | undefined {
  return isDeepStrictEqual(rows, original)
    ? undefined
    : `${rows.length} rows, which are not the ${original.length} that were written`;
}

function judgeCsv(file: string, rows: readonly Row[]): string | undefined {
  const bytes = fs.readFileSync(file);
  const nul = bytes.indexOf(0);
  const after = nul === -1 ? -1 : bytes.indexOf("\n", nul);
  if (after !== -1 && hasRow(bytes.toString("latin1", after + 1))) {
    return "rows, where a NUL is before the last of them";
  }
  let records: string[][];
  try {
    records = parse(bytes, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch {
    return undefined; // a stray quote, which is refused by this parser and may be text to ours
  }
  const [header = [], ...lines] = records;
  const names = header.map((name) => name.trim());
  const expected = lines.filter((line) => !isBlank(line)).map((line) =>
    line.length === names.length ? textOf(names.map((name, i) => [name, line[i]!])) : undefined
  );
  return compare(rows, expected);
}

/** True if lines after a NUL are of more rows than the one that it is in. */
function hasRow(text: string): boolean {
  const ends = text.split("\n").filter((line) => /,\d{4}-[^,]+Z$/.test(line));
  return ends.length > 1 || ends.some((line) => line.split('"').length % 2 === 1);
}

function isBlank(line: readonly string[]): boolean {
  return line.length === 1 && line[0]!.trim() === "";
}

/** The rows of JSON Lines, or of an array, each on a line or a few. */
function judgeJson(file: string, rows: readonly Row[]): string | undefined {
  const expected: (string | undefined)[] = [];
  const lines = fs.readFileSync(file, "utf8").replace(/^\ufeff/, "").split("\n");
  for (let i = 0; i < lines.length; i++) {
    if (/^[\s,[\]]*$/.test(lines[i]!)) continue;
    const row = [1, 2, 3].map((count) => jsonRow(lines.slice(i, i + count).join("\n")));
    const used = row.findIndex((each) => each !== undefined);
    expected.push(row[used]);
    i += Math.max(used, 0);
  }
  if (expected[0]?.includes("_stet_generation")) expected.shift();
  return compare(rows, expected);
}

function jsonRow(line: string): string | undefined {
  let row: unknown;
  try {
    row = JSON.parse(line.replace(/^[\s,[]+|[\s,\]]+$/g, ""));
  } catch {
    return undefined;
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) return undefined;
  return textOf(
    // Numbers are left to our reader: this one loses digits.
    Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? value : "?"]),
  );
}

/** Compares with SQLite's own answer. */
function judgeTable(file: string, table: string, rows: readonly Row[]): string | undefined {
  const { length } = fs.readFileSync(file);
  if (length < 100) return length === 0 && rows.length === 0 ? undefined : "rows of no database";
  const header = fs.readFileSync(file).subarray(0, 100);
  const pageSize = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16);
  // Else SQLite itself does not believe the number of pages.
  const isCounted = header.readUInt32BE(24) === header.readUInt32BE(92);
  if (isCounted && header.readUInt32BE(28) * pageSize > length) {
    return "rows of a file that was cut short";
  }
  let count: number;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const all = db.prepare(`SELECT * FROM ${table} NOT INDEXED`);
    all.setReadBigInts(true);
    count = all.all().length;
  } catch (error) {
    return `rows, where SQLite says: ${error}`;
  } finally {
    db.close();
  }
  if (rows.some((row) => Object.keys(row).length === 0)) return "a row without cells";
  return rows.length === count ? undefined : `${rows.length} rows, where SQLite has ${count}`;
}

/** Of `expected`, what this reader cannot read is undefined: nothing after it may be among the rows. */
function compare(
  rows: readonly Row[],
  expected: readonly (string | undefined)[],
): string | undefined {
  const bad = expected.indexOf(undefined);
  // What cannot be read counts as torn only where nothing whole follows.
  const isTorn = bad !== -1 && expected.slice(bad).every((row) => row === undefined);
  if (bad !== -1 && !isTorn) return `rows, where line ${bad + 1} of the rows cannot be read`;
  const whole = bad === -1 ? expected : expected.slice(0, bad);
  const missing = whole.length - rows.length;
  // The last line may be half written.
  if (missing > 1 || missing < 0 && !isTorn) {
    return `${rows.length} rows, where ${whole.length} are there`;
  }
  const wrong = rows.slice(0, whole.length).findIndex((row, i) => !isSame(row, whole[i]!));
  return wrong === -1
    ? undefined
    : `row ${wrong + 1} is ${JSON.stringify(textOfRow(rows[wrong]!))}`;
}

/** The cells of strings and numbers; other values are `?` where the judge does not know them. */
function isSame(row: Row, expected: string): boolean {
  const found = new Map(JSON.parse(textOfRow(row)) as [string, string][]);
  const wanted = JSON.parse(expected) as [string, string][];
  return found.size === wanted.length &&
    wanted.every(([name, cell]) => cell === "?" ? found.has(name) : found.get(name) === cell);
}

function textOfRow(row: Row): string {
  return textOf(Object.entries(row).map(([name, value]) => [name, writeCell(value)]));
}

/** A row by its canonical cells, those that are absent left out. */
function textOf(cells: readonly (readonly [name: string, cell: string])[]): string {
  return JSON.stringify(
    cells.flatMap(([name, cell]) => {
      const canonical = cell === "?" ? cell : canonicalCell(cell);
      return canonical === "" ? [] : [[name, canonical]];
    }),
  );
}
