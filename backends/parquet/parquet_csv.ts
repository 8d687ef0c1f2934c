import fs from "node:fs";
import { canonicalCell, readCell } from "../../core/values/cell.ts";
import { NUMBER, ORDINARY, PLAIN, SPECIAL } from "../../core/values/cell_patterns.ts";
import { isFitName, orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { csvFields } from "../../core/values/csv_field.ts";
import { namesInLine } from "../../core/values/csv_names.ts";
import { fileEnds } from "../../duckdb/file_ends.ts";
import { rowCondition } from "../../duckdb/row_condition.ts";
import { globEscaped, sqlName, sqlString } from "../../duckdb/sql_text.ts";
import { type ColumnKind, joinKinds, kindOf, type SeenKind } from "../columnar/column_kind.ts";
import type { Column } from "../columnar/columnar_format.ts";
import { currentSignature } from "../files/held_file.ts";

/** How much DuckDB reads at a time, in bytes: pieces for all of its threads. */
const BUFFER = 1 << 22;
/** A text column with no more values than these, by its sample, is compared with them first. */
const MOST_VALUES = 8;

/** Values in their one spelling: words, and numbers of at most 15 digits. */
const CANONICAL = String
  .raw`None|True|False|0|-?[1-9][0-9]{0,14}|-?(?:0\.0{0,3}[1-9]|[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9])`;

/** The rows of a CSV store in SQL. */
export interface CsvContent {
  readonly columns: readonly Column[];
  /** Gives the columns of a new file. It ends with an error where a row is not as it seemed. */
  readonly sql: string;
  /** Whether the file is still as it was when it was looked at, and nobody else uses it. */
  isUnchanged(): boolean;
}

/**
 * The rows of a CSV store as DuckDB can read them by itself, in columns of the kinds that recording
 * them one after the other would give. The kinds are guessed by both ends of the file, and each cell is
 * checked. Undefined if the file cannot be read so: nobody may be writing it, its header is one line,
 * lines end with LF, the last one too.
 *
 * @param first Columns that come first, in this order.
 */
export function csvContent(path: string, first: readonly string[]): CsvContent | undefined {
  const signature = currentSignature(path);
  const looked = lookedAt(path);
  if (!looked) return undefined;
  const { names, sample } = looked;
  const kinds = names.map((_, i) => {
    let kind: SeenKind | undefined;
    for (const fields of sample) {
      const value = readCell(fields[i] ?? "");
      if (value !== undefined) kind = joinKinds(kind, kindOf(value));
    }
    return kind?.kind;
  });
  const cells = names.map((_, i) => `c${i}`);
  const values = new Map<string, string>();
  const isOne = [trueIf([`coalesce(${cells.join(", ")}) IS NOT NULL`])]; // else it may be no row
  for (const [i, name] of names.entries()) {
    const kind = kinds[i];
    const cell = cells[i]!;
    if (kind === undefined) isOne.push(trueIf([`${cell} IS NULL`]));
    else {
      const [quick, ...rest] = isOf(kind, cell, name, commonCells(sample, i));
      isOne.push(trueIf([quick, `${cell} IS NULL`, ...rest]));
      values.set(name, valueOf(kind, cell));
    }
  }
  isOne.push(trueIf([rowCondition(names)]));
  const now = sqlString(new Date().toISOString());
  const time = values.get(TIMESTAMP);
  const known = first.filter((name) => values.has(name));
  values.set(TIMESTAMP, time === undefined ? now : `coalesce(${time}, ${now})`);
  const ordered = orderColumns(known, values.keys());
  const columns = ordered.map((name) => `${values.get(name)!} AS ${sqlName(name)}`);
  return {
    columns: ordered.map((name) => ({ name, kind: kinds[names.indexOf(name)] ?? "text" })),
    sql: `SELECT ${columns.join(", ")} FROM read_csv(${sqlString(globEscaped(path))}, ` +
      `auto_detect=false, header=false, skip=1, delim=',', quote='"', escape='"', comment='', ` +
      `new_line='\\n', nullstr='', strict_mode=true, buffer_size=${BUFFER}, ` +
      `columns={${cells.map((cell) => `${cell}: 'VARCHAR'`).join(", ")}}) ` +
      `WHERE ${isOne.join(" AND ")}`,
    isUnchanged: () => currentSignature(path) === signature && !fs.existsSync(`${path}-state`),
  };
}

/** True if one of some conditions holds, tried in their order (that of OR is DuckDB's choice); else an error. */
function trueIf(conditions: readonly string[]): string {
  const cases = conditions.map((condition) => `WHEN ${condition} THEN true`);
  return `CASE ${cases.join(" ")} ELSE error('not as it seemed') END`;
}

/** The canonical cells of a column in some rows, if they are few. */
function commonCells(rows: readonly (readonly string[])[], column: number): readonly string[] {
  const found = new Set<string>();
  for (const fields of rows) {
    found.add(fields[column] ?? "");
    if (found.size > MOST_VALUES) return [];
  }
  return [...found].filter((cell) => cell !== "" && canonicalCell(cell) === cell);
}

/** The value of a cell that is of a kind. */
function valueOf(kind: ColumnKind, cell: string): string {
  switch (kind) {
    case "integer":
      return `TRY_CAST(${cell} AS BIGINT)`;
    case "double":
      return `TRY_CAST(${cell} AS DOUBLE) + 0.0::DOUBLE`; // not -0
    case "boolean":
      return `${cell} = 'True'`;
    case "text":
      return cell;
  }
}

/**
 * When a cell is of a kind, in a spelling that `valueOf` knows: one of these holds. The first is quick
 * and enough for most cells.
 */
function isOf(
  kind: ColumnKind,
  cell: string,
  name: string,
  common: readonly string[],
): [string, ...string[]] {
  switch (kind) {
    case "integer":
      return [`TRY_CAST(${cell} AS BIGINT)::VARCHAR = ${cell}`];
    case "double": {
      const value = `TRY_CAST(${cell} AS DOUBLE)`;
      // DuckDB's cast takes more than cells do; integers from 2^53 up are bigints.
      return [
        `abs(${value}) < 9007199254740992 AND NOT contains(${cell}, '_') AND ` +
        `NOT contains(${cell}, '+')`,
        `${value} IS NOT NULL AND regexp_full_match(${cell}, '${NUMBER}') AND ` +
        `(abs(${value}) < 9007199254740992 OR NOT regexp_full_match(${cell}, '[+-]?[0-9]+'))`,
      ];
    }
    case "boolean":
      return [`${cell} IN ('True', 'False')`];
    case "text": {
      const isOrdinary = `regexp_full_match(${cell}, '${ORDINARY}')`;
      const isPlain = `regexp_full_match(${cell}, '${PLAIN}') AND ` +
        `NOT regexp_full_match(${cell}, '${SPECIAL}')`;
      const rest = [isPlain, `regexp_full_match(${cell}, '${CANONICAL}')`];
      if (name === TIMESTAMP) return [isTime(cell), isOrdinary, ...rest];
      const isCommon = common.length > 0 && `${cell} IN (${common.map(sqlString).join(", ")})`;
      return isCommon ? [isCommon, isOrdinary, ...rest] : [isOrdinary, ...rest];
    }
  }
}

/** Whether a cell is a time as stet spells it. */
function isTime(cell: string): string {
  // Quicker than a regular expression. The cast skips white space at the start and before the hour.
  const isLike = ["0", "1", "2"].map((hour) => `${cell} LIKE '____-__-__T${hour}_:__:__.___Z'`);
  return `${cell} >= '0' AND ${cell} < ':' AND (${isLike.join(" OR ")}) AND ` +
    `TRY_CAST(${cell} AS TIMESTAMP) IS NOT NULL`;
}

/** The columns of a file and the fields of some rows; undefined if it is for the store's own reader. */
function lookedAt(
  path: string,
): { readonly names: readonly string[]; readonly sample: readonly string[][] } | undefined {
  const ends = fs.existsSync(`${path}-state`) ? undefined : fileEnds(path); // else somebody may be writing it
  if (!ends) return undefined;
  const [header, ...lines] = ends.first;
  const names = namesInLine(header!.replace(/^\ufeff/, ""));
  // A line that is blank is no row; a row of one column that is absent looks the same.
  if (!names || names.length < 2) return undefined;
  if (!names.every(isFitName)) return undefined;
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return undefined;
  return { names, sample: [...lines, ...ends.last].map((line) => csvFields(line) ?? []) };
}
