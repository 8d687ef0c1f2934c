import fs from "node:fs";
import { canonicalCell } from "../../core/values/cell.ts";
import { NUMBER, ORDINARY, PLAIN, SPECIAL } from "../../core/values/cell_patterns.ts";
import { isFitName, orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { csvEnds } from "../../duckdb/csv_file.ts";
import { readStore, rowCondition } from "../../duckdb/read_csv.ts";
import { sqlString } from "../../duckdb/sql_text.ts";
import { CellBatchBuilder } from "../columnar/cell_batch_builder.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";
import { caseTwins, type Column } from "../columnar/columnar_format.ts";
import { NewColumns } from "../columnar/new_columns.ts";
import { cellSql, columnSql } from "./column_sql.ts";

/** Maximum number of values of a text column, by its sample, that is compared with them first. */
const MAX_VALUES = 8;

/** Values in their one spelling: words, and numbers of at most 15 digits. */
const CANONICAL = String
  .raw`None|True|False|0|-?[1-9][0-9]{0,14}|-?(?:0\.0{0,3}[1-9]|[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9])`;

/** The rows of a CSV store in SQL. */
export interface CsvContent {
  readonly columns: readonly Column[];
  /** Gives the columns of a new file. It ends with an error where a row is not as it seemed. */
  readonly sql: string;
  /** True if the file has not changed since its ends were read, and no other process uses it. */
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
export async function csvContent(
  path: string,
  first: readonly string[],
): Promise<CsvContent | undefined> {
  if (fs.existsSync(`${path}-state`)) return undefined; // somebody may be writing it
  const ends = csvEnds(path);
  if (!ends?.names.every(isFitName) || caseTwins(ends.names)) return undefined;
  const { names, rows: sample } = ends;
  const kinds = await kindsIn(names, sample);
  const cells = names.map((_, i) => `c${i}`);
  const values = new Map<string, string>();
  const isOne = [trueIf([`coalesce(${cells.join(", ")}) IS NOT NULL`])]; // else it may be no row
  for (const [i, name] of names.entries()) {
    const kind = kinds.get(name);
    const cell = cells[i]!;
    if (kind === undefined) isOne.push(trueIf([`${cell} IS NULL`]));
    else {
      const [quick, ...rest] = isOf(kind, cell, name, commonCells(sample, i));
      isOne.push(trueIf([quick, `${cell} IS NULL`, ...rest]));
      values.set(name, cellSql(cell, kind));
    }
  }
  isOne.push(trueIf([rowCondition(names)]));
  const now = sqlString(new Date().toISOString());
  const time = values.get(TIMESTAMP);
  const known = first.filter((name) => values.has(name));
  values.set(TIMESTAMP, time === undefined ? now : `coalesce(${time}, ${now})`);
  const ordered = orderColumns(known, values.keys());
  const columns = ordered.map((name) => ({ name, kind: kinds.get(name) ?? "text" }));
  const selected = columns.map(({ name, kind }) => columnSql(name, kind, values.get(name)!));
  return {
    columns,
    sql: `SELECT ${selected.join(", ")} FROM ${readStore(path, names)} ` +
      `WHERE ${isOne.join(" AND ")}`,
    isUnchanged: () => ends.isUnchanged() && !fs.existsSync(`${path}-state`),
  };
}

/** Returns the kinds of the columns that have a value in some rows. */
async function kindsIn(
  names: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<ReadonlyMap<string, ColumnKind>> {
  const batch = new CellBatchBuilder();
  for (const fields of rows) {
    for (const [i, name] of names.entries()) {
      batch.column(name).text(canonicalCell(fields[i] ?? ""));
    }
    batch.endRow();
  }
  const columns = new NewColumns(names);
  await columns.add(batch.take());
  return new Map(columns.all.map(({ name, kind }) => [name, kind]));
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
    if (found.size > MAX_VALUES) return [];
  }
  return [...found].filter((cell) => cell !== "" && canonicalCell(cell) === cell);
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

/** Returns the condition that a cell is a time as stet spells it. */
function isTime(cell: string): string {
  // Quicker than a regular expression. The cast skips white space at the start and before the hour.
  const isLike = ["0", "1", "2"].map((hour) => `${cell} LIKE '____-__-__T${hour}_:__:__.___Z'`);
  return `${cell} >= '0' AND ${cell} < ':' AND (${isLike.join(" OR ")}) AND ` +
    `TRY_CAST(${cell} AS TIMESTAMP) IS NOT NULL`;
}
