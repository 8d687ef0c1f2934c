import { CELL_END } from "../../core/keys/key.ts";
import { canonicalCell, isCanonicalColumn, writeCell } from "../../core/values/cell.ts";
import { isKeyColumn, SOURCE } from "../../core/values/columns.ts";
import type { Column, Kind } from "./column_kind.ts";
import type { Connections } from "./connection/connections.ts";
import { MORE, ROW } from "./layout.ts";
import { selectionOf } from "./row_arrays.ts";
import type { RowPages, RowRange } from "./row_pages.ts";
import { type RunTable, STALE } from "./run_table.ts";
import { quoted } from "./sql_text.ts";

/** Number of rows of the first page, and maximum number of later ones. */
const FIRST_ROWS = 100, MAX_ROWS = 16_000;
/** Number of characters of a page from which the next one has fewer rows. */
const MAX_CHARACTERS = 1_000_000;

/** Some rows as canonical cell text, column by column. */
export interface CellPage {
  /** Number of rows. */
  readonly length: number;
  /**
   * The cells of each column, {@linkcode CELL_END} after each. An absent cell is empty. Columns without any cell may
   * be left out.
   */
  readonly columns: ReadonlyMap<string, string>;
}

interface ReadPage extends CellPage {
  /** Number of the last row. */
  readonly last: string;
  readonly isLast: boolean;
  readonly characters: number;
}

/** Reads cells of rows page by page. A column of a page is one text: no row is an object. */
export class CellPages {
  readonly #connections: Connections;
  readonly #table: RunTable;
  readonly #rows: RowPages;

  /**
   * @param rows Reads the pages on which a cell holds {@linkcode CELL_END}: cell text has no control characters, but
   * texts of other programs may.
   */
  constructor(connections: Connections, table: RunTable, rows: RowPages) {
    this.#connections = connections;
    this.#table = table;
    this.#rows = rows;
  }

  /**
   * Returns pages of rows, oldest first. The next page is requested while the caller has one.
   *
   * @param names The columns. Default: those of keys, and the source.
   */
  async *pages({ after, upTo }: RowRange, names?: readonly string[]): AsyncGenerator<CellPage> {
    let size = FIRST_ROWS;
    let next = this.#page(after, upTo, size, names);
    for (;;) {
      const page = await next;
      if (!page.isLast) {
        const fit = Math.floor(size * MAX_CHARACTERS / (page.characters + 1));
        size = Math.max(1, Math.min(size * 8, MAX_ROWS, fit));
        next = this.#page(page.last, upTo, size, names);
        next.catch(() => {}); // thrown when its turn comes
      }
      yield page;
      if (page.isLast) return;
    }
  }

  #page(
    after: string,
    upTo: string,
    size: number,
    names: readonly string[] | undefined,
  ): Promise<ReadPage> {
    return this.#table.using(async (known) => {
      const layout = known ?? await this.#table.refresh();
      if (!layout) {
        return { length: 0, columns: new Map(), last: after, isLast: true, characters: 0 };
      }
      const columns = names
        ? names.flatMap((name) => layout.columns.get(name) ?? [])
        : [...layout.columns.values()].filter(({ name }) => isRead(name));
      const selection = selectionOf(layout, columns.map(({ name }) => name));
      const { rows: table } = this.#table.names;
      const row = `r.${quoted(ROW)}`;
      // Relation t has no rows: its fields are the types of the columns.
      const { rows, fields } = await this.#connections.query(
        `SELECT c.relnatts, x.*, t.* FROM pg_class c
         LEFT JOIN (SELECT count(*), max(${row}), ${
          [...columns, MORE_COLUMN].map(joined).join(", ")
        }
           FROM (SELECT * FROM ${table} r WHERE ${row} > $2 AND ${row} <= $3
             ORDER BY ${row} LIMIT ${size}) AS r) AS x ON true
         LEFT JOIN (SELECT ${selection.sql.join(", ")} FROM ${table} r LIMIT 0) AS t ON true
         WHERE c.oid = $1::regclass`,
        [table, after, upTo],
      );
      const [attributes, count, last, ...texts] = (rows[0] ?? []) as (string | null)[];
      if (Number(attributes) !== layout.attributes || !selection.isCurrent(fields)) return STALE;
      const length = Number(count);
      const isLast = length < size;
      if (length === 0) return { length, columns: new Map(), last: after, isLast, characters: 0 };
      const page = cellsOf(columns, texts, length, names) ??
        await this.#pageOfRows({ after, upTo: last! }, names);
      let characters = 0;
      for (const text of texts) characters += text?.length ?? 0;
      return { ...page, last: last!, isLast, characters };
    });
  }

  /** Returns the cells of rows that are read one by one. */
  async #pageOfRows(range: RowRange, names: readonly string[] | undefined): Promise<CellPage> {
    const rows = await Array.fromAsync(this.#rows.rows(range, names));
    const columns = new Map<string, string[]>();
    for (const [i, row] of rows.entries()) {
      for (const [name, value] of Object.entries(row)) {
        if (names || isRead(name)) cellsIn(columns, name, rows.length)[i] = writeCell(value);
      }
    }
    return { length: rows.length, columns: textsOf(columns) };
  }
}

/** The cells that are in no column. */
const MORE_COLUMN: Pick<Column, "name" | "kind"> = { name: MORE, kind: "other" };

function isRead(name: string): boolean {
  return isKeyColumn(name) || name === SOURCE;
}

/** Returns the cells of a column of relation `r` as one text; null if there is none. */
function joined({ name, kind }: Pick<Column, "name" | "kind">): string {
  const column = `r.${quoted(name)}`;
  return `CASE WHEN count(${column}) > 0 THEN string_agg(${cellSql(column, kind)}, E'\\x1f') END`;
}

/** Returns a cell as text, empty if it is absent. */
function cellSql(column: string, kind: Kind): string {
  switch (kind) {
    case "boolean":
      return `CASE ${column} WHEN true THEN 'True' WHEN false THEN 'False' ELSE '' END`;
    case "other":
      return `concat(${column})`; // a cast to text may differ from the output
    default:
      return `COALESCE(${column}::text, '')`;
  }
}

/** Returns the cells of a page; undefined if one of them holds {@linkcode CELL_END}. */
function cellsOf(
  read: readonly Column[],
  texts: readonly (string | null)[],
  length: number,
  names: readonly string[] | undefined,
): CellPage | undefined {
  const columns = new Map<string, string>();
  for (const [i, { name, kind }] of read.entries()) {
    if (typeof texts[i] !== "string") continue;
    const cells = texts[i] + CELL_END;
    const isExact = kind === "bigint" || kind === "boolean";
    if (!isExact && kind !== "double" && countOf(cells) !== length) return undefined;
    columns.set(name, isExact || isCanonicalColumn(cells) ? cells : canonicalColumn(cells));
  }
  const more = texts[read.length]?.split(CELL_END) ?? []; // JSON has no control characters
  const others = new Map<string, string[]>();
  for (const [i, json] of more.entries()) {
    if (json === "") continue;
    for (const [name, other] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
      if (names ? !names.includes(name) : !isRead(name)) continue;
      const cell = canonicalCell(String(other));
      if (cell !== "") cellsIn(others, name, length, columns.get(name))[i] = cell;
    }
  }
  return {
    length,
    columns: others.size === 0 ? columns : new Map([...columns, ...textsOf(others)]),
  };
}

/** Returns the number of cells. */
function countOf(cells: string): number {
  let count = 0;
  for (let at = -1; (at = cells.indexOf(CELL_END, at + 1)) !== -1;) count++;
  return count;
}

function canonicalColumn(cells: string): string {
  return cells.split(CELL_END).map(canonicalCell).join(CELL_END);
}

/** Returns the cells of a column, which is added if need be. */
function cellsIn(
  columns: Map<string, string[]>,
  name: string,
  length: number,
  known?: string,
): string[] {
  let cells = columns.get(name);
  if (!cells) {
    cells = known?.split(CELL_END).slice(0, length) ?? Array<string>(length).fill("");
    columns.set(name, cells);
  }
  return cells;
}

function textsOf(columns: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  return new Map([...columns].map(([name, cells]) => [name, cells.join(CELL_END) + CELL_END]));
}
