import process from "node:process";
import { closeAfter } from "../runtime/close_after.ts";
import { compareValues } from "../values/compare_values.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import type { Registry } from "../contract/registry.ts";
import { type Selection, selectRows } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";
import type { PrintOptions } from "./status.ts";
import { tableText } from "./table_text.ts";
import type { Row } from "../values/value.ts";

/** Options of {@linkcode ls}. */
export interface LsOptions extends PrintOptions, Selection {
  /** How many rows. Default: 20. */
  readonly limit?: number;
  /** How many rows to pass over: the newest, or the first of those sorted. Default: 0. */
  readonly offset?: number;
  /**
   * Columns to sort by, the first counts most; with `-` before its name from the largest down.
   * Absent values come last. Default: the order of the store, the newest rows at the end.
   */
  readonly sort?: readonly string[];
}

/** The type of {@linkcode ls}. */
export type LsFunction = (store?: string | URL, options?: LsOptions) => Promise<Row[]>;

/** `ls` over the kinds of store that a registry knows. */
export function createLs(registry: Registry): LsFunction {
  return async (store = DEFAULT_STORE, options = {}) => {
    const { limit = 20, offset = 0, sort, where, columns, quiet, log = console.log, ...rest } =
      options;
    checkCount("limit", limit, 1);
    checkCount("offset", offset, 0);
    const backend = engineOf(await openExisting(registry, store, rest));
    return await closeAfter(async () => {
      const orders = sort?.map(orderOf);
      const selected = await selectRows(
        backend,
        { ...where !== undefined && { where }, ...columns && { columns } },
        orders?.map(({ name }) => name),
      );
      const best = new Best(limit + offset, orders && comparison(orders));
      for await (const row of selected.rows()) best.add(row);
      const kept = best.rows();
      const rows = orders ? kept.slice(offset) : kept.slice(0, Math.max(kept.length - offset, 0));
      if (!quiet) {
        for (const line of tableText(rows, selected.columns, process.stdout.columns)) log(line);
        const what = where === undefined ? "" : " that match";
        if (best.count > rows.length) {
          log(
            `${
              orders ? "" : offset > 0 ? "older " : "the newest "
            }${rows.length} of ${best.count} rows${what}`,
          );
        }
      }
      return columns ? rows.map((row) => only(row, columns)) : rows;
    }, () => backend.close());
  };
}

interface Order {
  readonly name: string;
  readonly isDown: boolean;
}

function orderOf(text: string): Order {
  return text.startsWith("-")
    ? { name: text.slice(1), isDown: true }
    : { name: text, isDown: false };
}

function comparison(orders: readonly Order[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name, isDown } of orders) {
      const x = Object.hasOwn(a, name) ? a[name] : undefined;
      const y = Object.hasOwn(b, name) ? b[name] : undefined;
      const order = compareValues(x, y);
      if (order === 0) continue;
      return isDown && x !== undefined && y !== undefined ? -order : order;
    }
    return 0;
  };
}

/** The last rows, or the first ones in an order; twice as many are held at most. */
class Best {
  /** How many rows were added. */
  count = 0;
  readonly #most: number;
  readonly #compare: ((a: Row, b: Row) => number) | undefined;
  #rows: Row[] = [];
  /** The last row that counts so far: what comes after it does not. */
  #worst: Row | undefined;

  constructor(most: number, compare: ((a: Row, b: Row) => number) | undefined) {
    this.#most = most;
    this.#compare = compare;
  }

  add(row: Row): void {
    this.count++;
    if (this.#worst && this.#compare!(row, this.#worst) >= 0) return;
    this.#rows.push(row);
    if (this.#rows.length >= 2 * this.#most) this.#cut();
  }

  rows(): Row[] {
    this.#cut();
    return this.#rows;
  }

  #cut(): void {
    if (!this.#compare) {
      this.#rows = this.#rows.slice(-this.#most);
      return;
    }
    this.#rows.sort(this.#compare); // stable: equal ones in the order of the store
    this.#rows = this.#rows.slice(0, this.#most);
    if (this.#rows.length === this.#most) this.#worst = this.#rows.at(-1);
  }
}

function only(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(
    columns.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name]!]),
  );
}

function checkCount(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new RangeError(
    `Cannot list rows with ${name} ${count}: it must be a whole number from ${least} up`,
  );
}
