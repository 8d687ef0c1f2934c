import process from "node:process";
import { isKeyColumn, pick } from "../values/columns.ts";
import { compareValues } from "../values/compare_values.ts";
import { DEFAULT_STORE, type Registry } from "../contract/registry.ts";
import { type Selection, selectRows, wholeNames } from "./select_rows.ts";
import { withStore } from "../contract/open_existing.ts";
import type { PrintOptions } from "./status.ts";
import { tableText } from "../display/table_text.ts";
import { entryOf, type Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";

/** Options of {@linkcode ls}. */
export interface LsOptions extends PrintOptions, Selection {
  /** Maximum number of rows. Default: 20. */
  readonly limit?: number;
  /** Number of rows to skip: the newest, or the first of the sorted ones. Default: 0. */
  readonly offset?: number;
  /**
   * Columns to sort by, the first counts most; with `-` before its name from the largest down.
   * Absent values come last. Default: the order of the store, the newest rows at the end.
   */
  readonly sort?: readonly string[];
  /**
   * True to print the columns too in which all rows are equal. Default: false, unless `columns` or `sort` names them.
   */
  readonly all?: boolean;
}

/** The type of {@linkcode ls}. */
export type LsFunction = (store?: string | URL, options?: LsOptions) => Promise<Row[]>;

/** `ls` over the kinds of store that a registry knows. */
export function createLs(registry: Registry): LsFunction {
  return async (store = DEFAULT_STORE, options = {}) => {
    const { limit = 20, offset = 0, sort, where, columns: asked, all, quiet, ...rest } = options;
    const { log = console.log } = rest;
    checkCount("limit", limit, 1);
    checkCount("offset", offset, 0);
    return await withStore(registry, store, rest, async (backend) => {
      const known = await backend.columns();
      const orders = sort?.map((text) => ({
        name: wholeNames([text.replace(/^-/, "")], known)[0]!,
        isDown: text[0] === "-",
      }));
      const columns = asked && wholeNames(asked, known);
      const names = orders?.map(({ name }) => name);
      const selected = await selectRows(backend, { where, columns }, names);
      const max = limit + offset;
      const { count, kept } = await best(selected.rows(), max, orders && comparison(orders));
      const rows = orders ? kept.slice(offset) : kept.slice(0, Math.max(kept.length - offset, 0));
      if (!quiet) {
        const equal = (all || columns ? [] : equalColumns(rows, selected.columns))
          .filter((name) => !names?.includes(name));
        const shown = selected.columns.filter((name) => !equal.includes(name));
        const width = process.stdout.columns || undefined;
        for (const line of tableText(rows, shown, { width, isExact: isKeyColumn })) log(line);
        const [first] = rows;
        const common = equal.length > 0 ? paramsText(pick(first!, equal)) : "";
        if (common !== "") log(`all rows: ${common} (--all shows these columns)`);
        const match = where === undefined ? "" : " that match";
        const which = orders ? "" : offset > 0 ? "older " : "the newest ";
        if (count > rows.length) log(`${which}${rows.length} of ${count} rows${match}`);
      }
      return columns ? rows.map((row) => pick(row, columns)) : rows;
    });
  };
}

/** Returns the columns in which all rows are equal; none if there is one row, or nothing else. */
function equalColumns(rows: readonly Row[], columns: readonly string[]): string[] {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return [];
  const equal = columns.filter((name) => {
    const value = entryOf(first, name);
    return others.every((row) => compareValues(entryOf(row, name), value) === 0);
  });
  return equal.length === columns.length ? [] : equal;
}

function comparison(
  orders: readonly { readonly name: string; readonly isDown: boolean }[],
): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name, isDown } of orders) {
      const [x, y] = [entryOf(a, name), entryOf(b, name)];
      const order = compareValues(x, y);
      if (order === 0) continue;
      return isDown && x !== undefined && y !== undefined ? -order : order;
    }
    return 0;
  };
}

/** Returns the last rows, or the first ones in an order, and the number of all; holds twice as many. */
async function best(
  rows: AsyncIterable<Row>,
  max: number,
  compare: ((a: Row, b: Row) => number) | undefined,
): Promise<{ readonly count: number; readonly kept: readonly Row[] }> {
  let count = 0;
  let kept: Row[] = [];
  /** The last row that counts so far; rows that sort after it do not. */
  let worst: Row | undefined;
  const cut = (): void => {
    if (compare) kept.sort(compare); // stable: equal ones in the order of the store
    kept = compare ? kept.slice(0, max) : kept.slice(-max);
    if (compare && kept.length === max) worst = kept.at(-1);
  };
  for await (const row of rows) {
    count++;
    if (worst && compare!(row, worst) >= 0) continue;
    kept.push(row);
    if (kept.length >= 2 * max) cut();
  }
  cut();
  return { count, kept };
}

function checkCount(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new RangeError(
    `Cannot list rows with ${name} ${count}: it must be a whole number from ${least} up`,
  );
}
