import { parseCondition } from "../../core/tools/condition.ts";
import { whereOf } from "../../core/tools/where.ts";
import { type Row, setEntry, type Value } from "../../core/values/value.ts";
import type { Mirror } from "./mirror.ts";
import { BIG_SQL, fromMirror, JSON_SQL, NAN_SQL, NULL_SQL, type SqlValue } from "./mirror_value.ts";
import { type Sql, whereSql } from "./where_sql.ts";

/** A page of rows, and their order. */
export interface PageRequest {
  /** As in `stet ls --where`. Default: all rows. */
  readonly where?: string | undefined;
  /** Default: all columns. */
  readonly columns?: readonly string[] | undefined;
  /** Columns to sort by; with `-` before the name, descending. Default: the store's order. */
  readonly sort?: readonly string[] | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Returns a condition as SQL: `1` if there is none. @throws {SyntaxError} If it cannot be read. */
export function conditionOf(mirror: Mirror, text: string | undefined): Sql {
  if (text === undefined || text.trim() === "") return { text: "1", values: [] };
  const condition = parseCondition(text, mirror.columns);
  const sql = whereSql(mirror, condition);
  if (sql) return sql;
  // SQLite has no integers of such a size: rows are tested one by one.
  const isWanted = whereOf(condition);
  const positions: number[] = [];
  const { columns, table } = mirror;
  for (const cells of mirror.db.each(`SELECT ${cellsSql(mirror, columns)}, n FROM ${table}`)) {
    if (isWanted(rowOf(columns, cells))) positions.push(Number(cells.at(-1)));
  }
  return { text: "n IN (SELECT value FROM json_each(?))", values: [JSON.stringify(positions)] };
}

/**
 * Returns some rows, and the number of all that fulfil the condition. Absent values come last.
 *
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If a column is not there.
 */
export function selectPage(
  mirror: Mirror,
  { where, columns, sort = [], limit, offset }: PageRequest,
): { readonly rows: Row[]; readonly total: number } {
  const { text, values } = conditionOf(mirror, where);
  const order = [...sort.flatMap((each) => orderSql(mirror, each)), "n"].join(", ");
  const from = `FROM ${mirror.table} WHERE ${text}`;
  const rows = selectRows(mirror, `${from} ORDER BY ${order} LIMIT ? OFFSET ?`, [
    ...values,
    BigInt(limit),
    BigInt(offset),
  ], columns);
  const [[total] = []] = mirror.db.all(`SELECT count(*) ${from}`, values);
  return { rows, total: Number(total) };
}

/** Returns the newest rows after a position, oldest first. */
export function selectNewest(mirror: Mirror, position: number, limit: number): Row[] {
  const after = Math.max(position, mirror.count - limit);
  return selectRows(mirror, `FROM ${mirror.table} WHERE n > ? ORDER BY n`, [BigInt(after)]);
}

/** Returns the positions of the rows that fulfil a condition. */
export function selectPositions(mirror: Mirror, where: string): number[] {
  const { text, values } = conditionOf(mirror, where);
  const rows = mirror.db.all(`SELECT n FROM ${mirror.table} WHERE ${text}`, values);
  return rows.map(([n]) => Number(n));
}

/** Returns the value of a column in the row at a position. */
export function selectValue(mirror: Mirror, column: string, position: number): Value | undefined {
  const [[cell = null] = []] = mirror.db.all(
    `SELECT ${mirror.sql(column)} FROM ${mirror.table} WHERE n = ?`,
    [BigInt(position)],
  );
  return fromMirror(cell);
}

/** Returns the largest text of a column, or undefined. */
export function largestText(mirror: Mirror, column: string): string | undefined {
  if (mirror.kinds(column)[3] === 0) return undefined;
  const sql = mirror.sql(column);
  const [[text] = []] = mirror.db.all(
    `SELECT max(${sql}) FROM ${mirror.table} WHERE typeof(${sql}) = 'text'`,
  );
  return fromMirror(text!) as string;
}

function selectRows(
  mirror: Mirror,
  from: string,
  values: readonly SqlValue[],
  columns: readonly string[] = mirror.columns,
): Row[] {
  return mirror.db.all(`SELECT ${cellsSql(mirror, columns)} ${from}`, values)
    .map((cells) => rowOf(columns, cells));
}

function cellsSql(mirror: Mirror, columns: readonly string[]): string {
  return columns.map((name) => mirror.sql(name)).join(", ") || "NULL";
}

function rowOf(columns: readonly string[], cells: readonly SqlValue[]): Row {
  const row: Row = {};
  for (const [i, name] of columns.entries()) {
    const value = fromMirror(cells[i]!);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

/** Returns terms that sort as `compareValues` does; integers beyond int64 among each other nearly so. */
function orderSql(mirror: Mirror, text: string): string[] {
  const isDescending = text.startsWith("-");
  const name = isDescending ? text.slice(1) : text;
  const column = mirror.sql(name);
  const direction = isDescending ? "DESC" : "ASC";
  // Texts alone, as times are: several times as fast.
  if (mirror.kinds(name)[3] === mirror.count) return [`${column} ${direction}`];
  const digits = `CAST(CAST(substr(${column}, 2) AS TEXT) AS REAL)`;
  const value = mirror.hasBig(name)
    ? `CASE WHEN ${tagSql(column)} = ${BIG_SQL} THEN ${digits} ELSE ${column} END`
    : column;
  return [`${column} IS NULL`, `${rankSql(column)} ${direction}`, `${value} ${direction}`];
}

/** The rank of a value's kind: null, booleans, numbers, NaN, texts, arrays and objects. */
function rankSql(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN 4 WHEN 'blob' THEN CASE ${tagSql(column)} ` +
    `WHEN ${NULL_SQL} THEN 0 WHEN ${BIG_SQL} THEN 2 WHEN ${NAN_SQL} THEN 3 ` +
    `WHEN ${JSON_SQL} THEN 5 ELSE 1 END ELSE 2 END`;
}

function tagSql(column: string): string {
  return `substr(${column}, 1, 1)`;
}
