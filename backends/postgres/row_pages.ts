import type { ValueBatch } from "../../core/contract/engine.ts";
import type { Row } from "../../core/values/value.ts";
import type { Connections } from "./connection/connections.ts";
import { ROW } from "./layout.ts";
import { selectionOf } from "./row_arrays.ts";
import { type RunTable, STALE } from "./run_table.ts";
import { quoted } from "./sql_text.ts";

/** Number of rows of the first page and of later ones. */
const FIRST_ROWS = 100, MAX_ROWS = 5_000;
/** Number of characters of a page from which the next one has fewer rows. */
const MAX_CHARACTERS = 4_000_000;

/** Some rows, and the number of the last one. */
interface Page {
  readonly rows: readonly Row[];
  readonly last: string;
  readonly isLast: boolean;
  readonly characters: number;
}

/** Bounds of reading: numbers of rows. */
export interface RowRange {
  /** The row before the first. */
  readonly after: string;
  readonly upTo: string;
  /** Numbers of further rows before the first, in their order. Default: none. */
  readonly also?: readonly string[];
}

/** Reads rows page by page: no transaction is open between two of them, and nothing is locked. */
export class RowPages {
  readonly #connections: Connections;
  readonly #table: RunTable;

  constructor(connections: Connections, table: RunTable) {
    this.#connections = connections;
    this.#table = table;
  }

  /** Returns the number of the last row; -1 if there is none. */
  async last(): Promise<string> {
    return await this.#table.using(async (known) => {
      if (!known && !await this.#table.refresh()) return "-1";
      const { rows } = await this.#connections.query(
        `SELECT COALESCE(max(${quoted(ROW)}), -1) FROM ${this.#table.names.rows}`,
      );
      return rows[0]![0] as string;
    });
  }

  /** Returns rows, oldest first. */
  async *rows(
    { after, upTo, also = [] }: RowRange,
    columns?: readonly string[],
  ): AsyncGenerator<Row> {
    if (also.length > 0) yield* (await this.#page(after, upTo, also.length, columns, also)).rows;
    let size = FIRST_ROWS;
    for (let last = after;;) {
      const page = await this.#page(last, upTo, size, columns);
      yield* page.rows;
      if (page.isLast) return;
      last = page.last;
      const fit = Math.floor(size * MAX_CHARACTERS / (page.characters + 1));
      size = Math.max(1, Math.min(size * 4, MAX_ROWS, fit));
    }
  }

  /** Returns values of rows, many rows at a time. */
  async *valueBatches(range: RowRange, columns: readonly string[]): AsyncGenerator<ValueBatch> {
    let batch: ValueBatch[number][] = [];
    for await (const row of this.rows(range, columns)) {
      batch.push(columns.map((name) => Object.hasOwn(row, name) ? row[name] : undefined));
      if (batch.length < 2048) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  #page(
    after: string,
    upTo: string,
    size: number,
    columns: readonly string[] | undefined,
    numbers?: readonly string[],
  ): Promise<Page> {
    return this.#table.using(async (known) => {
      const layout = known ?? await this.#table.refresh();
      if (!layout) return { rows: [], last: after, isLast: true, characters: 0 };
      const selection = selectionOf(layout, columns);
      const row = `r.${quoted(ROW)}`;
      const { rows } = await this.#connections.query(
        `SELECT c.relnatts, x.* FROM pg_class c LEFT JOIN (
           SELECT ${[row, ...selection.sql].join(", ")} FROM ${this.#table.names.rows} r
           WHERE ${numbers ? `${row} = ANY ($4::bigint[])` : `${row} > $2 AND ${row} <= $3`}
           ORDER BY ${row} LIMIT ${size}) AS x ON true
         WHERE c.oid = $1::regclass ${
          numbers ? "AND ($2::bigint IS NOT NULL OR $3::bigint IS NOT NULL)" : ""
        } ORDER BY x.${quoted(ROW)}`,
        [this.#table.names.rows, after, upTo, ...numbers ? [numbers] : []],
      );
      if (rows.length === 0 || Number(rows[0]![0]) !== layout.attributes) return STALE;
      const found = rows.filter(([, number]) => number !== null);
      let characters = 0;
      for (const values of found) {
        for (const value of values) if (typeof value === "string") characters += value.length;
      }
      return {
        rows: found.map(([, , ...values]) => selection.rowOf(values)),
        last: found.at(-1)?.[1] as string ?? after,
        isLast: found.length < size,
        characters,
      };
    });
  }
}
