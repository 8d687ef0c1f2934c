import fs from "node:fs";
import { writeCell } from "../../core/values/cell.ts";
import { ORDINARY, PLAIN, SPECIAL } from "../../core/values/cell_patterns.ts";
import { isFitName, orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import type { Value } from "../../core/values/value.ts";
import { csvFile } from "../../duckdb/csv_file.ts";
import { sqlString } from "../../duckdb/sql_text.ts";
import { guessedCell } from "../../duckdb/typed_cell.ts";
import { CellColumnBuilder } from "../columnar/cell_batch_builder.ts";
import { type ColumnKind, columnKind, kindOfCells } from "../columnar/column_kind.ts";
import { caseTwins, type Column } from "../columnar/columnar_format.ts";
import { columnSql } from "./column_sql.ts";

/** Values in their one spelling: words, and numbers of at most 15 digits. */
const CANONICAL = String
  .raw`None|True|False|0|-?[1-9][0-9]{0,14}|-?(?:0\.0{0,3}[1-9]|[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9])`;

const WRONG = "error('not as it seemed')";

/** The rows of a CSV store in SQL. */
export interface CsvContent {
  readonly columns: readonly Column[];
  /** Gives the columns of a new file. It ends with an error where a row is not as it seemed. */
  readonly sql: string;
  /** True if the file has not changed since its ends were read, and no other process uses it. */
  isUnchanged(): boolean;
}

/**
 * Returns the rows of a CSV store as DuckDB can read them by itself, in columns of the kinds that recording
 * them one after the other would give. The kinds are guessed by both ends of the file, and each cell is
 * checked. Undefined if DuckDB cannot read the file, or another process may be writing it.
 *
 * @param first Columns that come first, in this order.
 */
export function csvContent(path: string, first: readonly string[]): CsvContent | undefined {
  const isInUse = (): boolean => fs.existsSync(`${path}-state`);
  const file = isInUse() ? undefined : csvFile(path);
  if (!file?.names.every(isFitName) || caseTwins(file.names)) return undefined;
  const kinds = new Map<string, ColumnKind>();
  const values = new Map<string, string>();
  const cells = file.names.map((_, i) => `c${i}`);
  const conditions = [`coalesce(${cells.join(", ")}) IS NOT NULL`]; // else it may be no row
  for (const [i, name] of file.names.entries()) {
    const kind = kindOf(name, file.sample(i));
    if (kind === undefined) conditions.push(`c${i} IS NULL`);
    else {
      kinds.set(name, kind);
      values.set(name, valueSql(name, `c${i}`, kind));
    }
  }
  const now = sqlString(new Date().toISOString());
  const time = values.get(TIMESTAMP);
  const known = first.filter((name) => values.has(name));
  values.set(TIMESTAMP, time === undefined ? now : `coalesce(${time}, ${now})`);
  const columns = orderColumns(known, values.keys())
    .map((name) => ({ name, kind: kinds.get(name) ?? "text" }));
  const selected = columns.map(({ name, kind }) => columnSql(name, kind, values.get(name)!));
  return {
    columns,
    sql: `SELECT ${selected.join(", ")} FROM ${file.from([])} ` +
      `WHERE CASE WHEN ${conditions.join(" AND ")} THEN true ELSE ${WRONG} END`,
    isUnchanged: () => file.isUnchanged() && !isInUse(),
  };
}

/** Returns the kind of a column with these values; undefined if it has none. */
function kindOf(name: string, values: readonly (Value | undefined)[]): ColumnKind | undefined {
  const cells = new CellColumnBuilder(name, values.length);
  for (const [i, value] of values.entries()) {
    if (value !== undefined) cells.text(writeCell(value));
    cells.endRows(i + 1);
  }
  const seen = kindOfCells(cells.take(), undefined);
  return seen && columnKind(seen);
}

/** Returns the value of a cell, which ends the query if the cell is of another kind, or not canonical text. */
function valueSql(name: string, cell: string, kind: ColumnKind): string {
  if (kind !== "text") {
    const value = guessedCell(cell, { kind }, `${cell} IS NULL`)!;
    return kind === "double" ? `(${value}) + 0.0::DOUBLE` : value; // not -0
  }
  const conditions = [
    `regexp_full_match(${cell}, '${ORDINARY}')`,
    `${cell} IS NULL`,
    `regexp_full_match(${cell}, '${PLAIN}') AND NOT regexp_full_match(${cell}, '${SPECIAL}')`,
    `regexp_full_match(${cell}, '${CANONICAL}')`,
  ];
  if (name === TIMESTAMP) conditions.unshift(isTime(cell));
  const cases = conditions.map((condition) => `WHEN ${condition} THEN ${cell}`);
  return `CASE ${cases.join(" ")} ELSE ${WRONG} END`;
}

/** Returns the condition that a cell is a time as stet spells it. */
function isTime(cell: string): string {
  // Quicker than a regular expression. The cast skips white space at the start and before the hour.
  const isLike = ["0", "1", "2"].map((hour) => `${cell} LIKE '____-__-__T${hour}_:__:__.___Z'`);
  return `${cell} >= '0' AND ${cell} < ':' AND (${isLike.join(" OR ")}) AND ` +
    `TRY_CAST(${cell} AS TIMESTAMP) IS NOT NULL`;
}
