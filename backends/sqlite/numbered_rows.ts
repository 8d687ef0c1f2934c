import type { MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import type { Value } from "../../core/values/value.ts";
import type { SqlValue } from "./sql_value.ts";
import { damaged } from "./sqlite_errors.ts";
import { asciiLower, quoted } from "./statements.ts";
import type { Table } from "./table.ts";

/** Number of rows read at a time. */
const PAGE = 2000;

/** Largest number of a row. */
export const MAX_ROW = 2n ** 63n - 1n;

/** Names of SQLite for the number of a row. A column of that name hides it. */
export const ROW_NUMBERS = ["rowid", "_rowid_", "oid"];

/** Returns the columns to read, of those that a table has. One that it lacks is absent from its rows. */
export type Select = (columns: readonly string[]) => readonly string[];

/** Successive rows of a table. */
export interface Page {
  /** The columns read. */
  readonly names: readonly string[];
  /** Their values in each row, undefined where absent. */
  readonly rows: readonly (readonly (Value | undefined)[])[];
  /** Number of the last row. */
  readonly last: bigint;
}

/** A range of a table's rows. */
export interface Extent {
  readonly count: number;
  /** Number of the last row; -1 if there is none. */
  readonly last: bigint;
  /** Time at which that was recorded. */
  readonly time: string;
}

/** Extent of a table that does not exist. */
export const NO_ROWS: Extent = { count: 0, last: -1n, time: "" };

/** Returns a name for the number of a row that no column has. */
export function rowNumber(columns: ReadonlyMap<string, unknown>): string {
  const taken = new Set([...columns.keys()].map(asciiLower));
  return ROW_NUMBERS.find((name) => !taken.has(name)) ?? "rowid";
}

/**
 * Returns a page of the rows numbered after `after`. Those after `upTo` are left out here, not by the SQL:
 * where pages of the file are swapped, that would end the rows in their middle.
 *
 * @throws {FormatError} If the numbers do not ascend: such a page gives the same rows again for ever.
 */
export function pageOf(
  table: Table,
  path: string,
  after: bigint,
  select: Select,
  upTo: bigint,
): Page {
  const columns = table.known();
  const names = select([...columns.keys()]);
  if (columns.size === 0) return { names, rows: [], last: after };
  const number = rowNumber(columns);
  const selected = names.map((name) => columns.has(name) ? quoted(name) : "NULL");
  const found = table.statements!.all(
    `SELECT ${[...selected, number].join(", ")} FROM ${table.name} WHERE ${number} > ? ` +
      `ORDER BY ${number} LIMIT ${PAGE}`,
    [after],
  );
  if (table.known() !== columns) return pageOf(table, path, after, select, upTo); // a column came between
  let last = after;
  for (const row of found) {
    const next = row.at(-1) as bigint;
    if (next <= last) throw damaged(path, `row ${next} follows row ${last}`);
    last = next;
  }
  const within = found.filter((row) => row.at(-1) as bigint <= upTo);
  return {
    names,
    rows: within.map((row) => names.map((name, i) => table.decode(name, row[i]!))),
    last: (within.at(-1)?.at(-1) ?? after) as bigint,
  };
}

/** Yields the pages after a row, until one is empty. */
export async function* pagesAfter(
  after: bigint,
  read: (after: bigint) => MaybePromise<Page>,
): AsyncGenerator<Page> {
  const timer = new YieldTimer();
  for (let last = after;;) {
    if (timer.isDue()) await timer.yield();
    const page = await read(last);
    if (page.rows.length === 0) return;
    yield page;
    last = page.last;
  }
}

/**
 * Returns the newest row up to a number, and the number of rows after another: of all if that is undefined,
 * which SQLite counts without reading them.
 */
export function extentOf(table: Table, after: bigint | undefined, upTo: bigint): Extent {
  const columns = table.known();
  if (columns.size === 0) return NO_ROWS;
  const number = rowNumber(columns);
  const before = `FROM ${table.name} WHERE ${number} <= ?`;
  const timeOfLast = columns.has(table.time)
    ? `(SELECT ${quoted(table.time)} ${before} ORDER BY ${number} DESC LIMIT 1)`
    : "substr('', ?)";
  const counted = after === undefined ? table.name : `${table.name} WHERE ${number} > ?`;
  const [last, text, count] = table.statements!.get(
    `SELECT (SELECT max(${number}) ${before}), ${timeOfLast}, (SELECT count(*) FROM ${counted})`,
    [upTo, upTo, ...after === undefined ? [] : [after]],
  ) as [bigint | null, SqlValue, bigint];
  return { count: Number(count), last: last ?? -1n, time: String(text) };
}
