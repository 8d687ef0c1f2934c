import { readCell } from "../core/values/cell.ts";
import { csvFields } from "../core/values/csv_field.ts";
import { namesInLine } from "../core/values/csv_names.ts";
import { TIMESTAMP } from "../core/values/columns.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";
import { globEscaped, sqlString } from "./sql_text.ts";

/** DuckDB's own limit for a line, in bytes. */
const MAX_LINE_BYTES = 2_000_000;
/** Read buffer of a thread: DuckDB's own 32 MB leave threads idle at the end. */
const BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/**
 * Returns a CSV file as DuckDB reads it; undefined if it cannot: the header must be one line, and lines end
 * with LF only, the last one too. The query ends with an error where a line may be another header.
 */
export function csvFile(path: string): DirectFile | undefined {
  const ends = fileEnds(path);
  if (!ends) return undefined;
  const [header, ...lines] = ends.first;
  const names = namesInLine(header!.replace(/^\ufeff/, ""));
  // A line that is blank is no row; a row of one column that is absent looks the same.
  if (!names || names.length < 2 || names.includes("")) return undefined;
  if (new Set(names).size < names.length) return undefined;
  const rows = [...rowsOf(lines, names.length), ...rowsOf(ends.last, names.length)];
  const hasLines = rows.some((fields) => fields.some((field) => field.includes("\n")));
  return {
    names,
    allNames: undefined,
    from: () =>
      `(SELECT * FROM ${readStore(path, names, hasLines)} ` +
      `WHERE CASE WHEN ${rowCondition(names)} THEN true ELSE error('another header') END)`,
    sample: (column) => rows.map((fields) => readCell(fields[column] ?? "")),
    isUnchanged: ends.isUnchanged,
  };
}

/**
 * Returns the table function that reads a file of cell text as RFC 4180 spells it, in columns of VARCHAR.
 * Nothing is left to DuckDB's guesses, and a line of another form is an error.
 *
 * @param options Further options of `read_csv`.
 * @param hasLines True if a cell may have several lines. Parallel reading begins within them, and fails.
 */
export function readCsv(
  path: string,
  columns: readonly string[],
  options: string,
  hasLines: boolean,
): string {
  const types = columns.map((name) => `${name}: 'VARCHAR'`);
  return `read_csv(${sqlString(globEscaped(path))}, auto_detect=false, header=false, delim=',', ` +
    `quote='"', escape='"', comment='', new_line='\\n', nullstr='', strict_mode=true, ` +
    `columns={${types.join(", ")}}, ${hasLines ? "parallel=false, " : ""}${options})`;
}

/** Returns the same for a CSV store, which has a header: columns `c0`, `c1` …. */
function readStore(path: string, names: readonly string[], hasLines: boolean): string {
  const cells = names.map((_, i) => `c${i}`);
  return readCsv(path, cells, `skip=1, buffer_size=${BUFFER_BYTES}`, hasLines);
}

/**
 * Returns the texts of the rows in lines, of which the first may be within a row. A row has `count` fields; a
 * line at which none begins is skipped.
 */
function rowsOf(lines: readonly string[], count: number): readonly (readonly string[])[] {
  const isOdd = lines.map((line) => line.split('"').length % 2 === 0);
  const rows: string[][] = [];
  for (let first = 0; first < lines.length; first++) {
    let last = first;
    for (let isOpen = isOdd[last]!; isOpen && last + 1 < lines.length;) {
      last++;
      if (isOdd[last]) isOpen = false;
    }
    const fields = csvFields(lines.slice(first, last + 1).join("\n"));
    if (fields?.length !== count) continue;
    rows.push(fields);
    first = last;
  }
  return rows;
}

/** Returns the condition in SQL under which a line of a CSV store is surely a row and no other header. */
function rowCondition(names: readonly string[]): string {
  const time = names.indexOf(TIMESTAMP);
  // Every row has a time, which begins with a digit.
  if (time !== -1) return `c${time} IS NULL OR c${time} >= '0' AND c${time} < ':'`;
  const list = names.map((name) => sqlString(name)).join(", ");
  return [0, 1].map((i) => `c${i} IS NULL OR trim(c${i}) NOT IN (${list})`).join(" OR ");
}
