import { Buffer } from "node:buffer";
import fs from "node:fs";
import { readCell } from "../core/cell.ts";
import type { CellTable } from "./cell_table.ts";
import { type ColumnType, ColumnTypeFinder } from "./column_type.ts";

/** How much of each end of the file is looked at to guess types, in bytes. */
const SAMPLE = 1 << 16;
const LF = 10;

/** A CSV store that DuckDB can read as it stands. */
export interface CsvFile {
  readonly table: CellTable;
  readonly names: readonly string[];
  /** What a column seems to be, by both ends of the file. */
  guess(column: number): ColumnType;
  /** Whether the file is still as it was when it was looked at. */
  isUnchanged(): boolean;
}

/**
 * The CSV file of a store, if DuckDB can read it: a header on one line, lines that end with LF only, the
 * last one too. Anything else, and what only looks so, is for the store's own reader.
 *
 * @param copy Where a copy goes if somebody may be writing the file: the rows that are there now.
 */
export function csvFile(path: string, copy: string): CsvFile | undefined {
  if (!fs.existsSync(`${path}-state`)) return looked(path);
  fs.copyFileSync(path, copy, fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(copy, 0o600);
  return looked(copy);
}

function looked(path: string): CsvFile | undefined {
  const fd = fs.openSync(path, "r");
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile()) return undefined;
    const head = bytesAt(fd, 0, Math.min(SAMPLE, found.size));
    const tail = bytesAt(fd, Math.max(0, found.size - SAMPLE), Math.min(SAMPLE, found.size));
    if (tail.at(-1) !== LF || head.includes(13) || head.includes(0) || tail.includes(0)) {
      return undefined;
    }
    const [header, ...lines] = head.toString("utf8").split("\n");
    const names = fieldsOf(header!.replace(/^\ufeff/, ""));
    // A line that is blank is no row; a row of one column that is absent looks the same.
    if (!names || names.length < 2 || names.includes("")) return undefined;
    if (new Set(names).size < names.length || lines.length < 2) return undefined;
    const sample = [...lines.slice(0, -1), ...tail.toString("utf8").split("\n").slice(1, -1)]
      .map((line) => fieldsOf(line) ?? []);
    return {
      table: { path, head: 1, columns: names.length, longest: 0 },
      names,
      guess(column): ColumnType {
        const finder = new ColumnTypeFinder(names[column]!);
        for (const fields of sample) {
          const value = readCell(fields[column] ?? "");
          if (value !== undefined) finder.add(value);
        }
        return finder.type;
      },
      isUnchanged(): boolean {
        const now = fs.statSync(path, { throwIfNoEntry: false });
        return now !== undefined && now.ino === found.ino && now.size === found.size &&
          now.mtimeMs === found.mtimeMs;
      },
    };
  } finally {
    fs.closeSync(fd);
  }
}

/** The fields of one line; undefined if its quotes do not close on it. */
function fieldsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,"]*))(?:,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (!match) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (!match[0].endsWith(",")) return field.lastIndex === line.length ? fields : undefined;
  }
}

function bytesAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, at));
}
