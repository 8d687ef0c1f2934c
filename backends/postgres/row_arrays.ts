import { writeCell } from "../../core/values/cell.ts";
import { type Row, setEntry, type Value } from "../../core/values/value.ts";
import { readCell } from "../../core/values/cell.ts";
import { type Column, decode, encode, fits, parameterType } from "./column_kind.ts";
import { type Layout, MORE } from "./layout.ts";
import { quoted, quotedList, textArray } from "./sql_text.ts";

/** Rows as a FROM item and the columns that it fills. */
export interface RowArrays {
  /** The columns that are inserted, as SQL. */
  readonly columns: string;
  /** Their values, of relation `v`. */
  readonly cells: string;
  /** Relation `v`, with the number `n` of each row from 1. */
  readonly relation: string;
  readonly values: readonly unknown[];
}

/** Returns rows, all of whose cells have a place in a table, as parameters of an INSERT. */
export function rowArrays(
  rows: readonly Row[],
  layout: Layout,
  firstParameter: number,
): RowArrays {
  const used = new Map<string, Column>();
  const more: (string | null)[] = [];
  let hasMore = false;
  for (const row of rows) {
    let cells: Record<string, string> | undefined;
    for (const [name, value] of Object.entries(row)) {
      const column = layout.columns.get(name);
      if (column && fits(value, column.kind)) used.set(name, column);
      else {
        cells ??= Object.create(null) as Record<string, string>;
        cells[name] = writeCell(value);
        hasMore = true;
      }
    }
    more.push(cells ? JSON.stringify(cells) : null);
  }
  const columns = [...used.values()];
  const values: unknown[] = columns.map(({ name, kind }) =>
    textArray(rows.map((row) => {
      const value = Object.hasOwn(row, name) ? row[name] : undefined;
      return value === undefined || !fits(value, kind) ? null : encode(value, kind);
    }))
  );
  const types = columns.map(({ kind }) => parameterType(kind));
  const names = columns.map((_, i) => `c${i}`);
  const cells = columns.map(({ type, kind }, i) =>
    type === parameterType(kind) ? `v.c${i}` : `v.c${i}::${type}`
  );
  const targets = columns.map(({ name }) => name);
  if (hasMore || columns.length === 0) {
    values.push(textArray(more));
    types.push("jsonb");
    names.push("m");
    cells.push("v.m");
    targets.push(MORE);
  }
  const arrays = types.map((type, i) => `$${firstParameter + i}::${type}[]`);
  return {
    columns: quotedList(targets),
    cells: cells.join(", "),
    relation: `unnest(${arrays.join(", ")}) WITH ORDINALITY AS v(${names.join(", ")}, n)`,
    values,
  };
}

/** Cells of a row that a statement selects. */
export interface Selection {
  /** The cells as SQL. The last one holds those that are in no column, if any of them is asked for. */
  readonly sql: readonly string[];
  /** Returns the row of the values of a result. */
  rowOf(values: readonly unknown[]): Row;
}

/**
 * Returns the selection of columns of a row.
 *
 * @param names The columns. Default: all.
 */
export function selectionOf(layout: Layout, names?: Iterable<string>, alias = "r"): Selection {
  const columns = names === undefined
    ? [...layout.columns.values()]
    : [...names].flatMap((name) => layout.columns.get(name) ?? []);
  const wanted = names && new Set(names);
  const hasMore = wanted === undefined || wanted.size > 0;
  const sql = columns.map(({ name }) => `${alias}.${quoted(name)}`);
  if (hasMore) sql.push(`${alias}.${quoted(MORE)}`);
  return {
    sql,
    rowOf(values) {
      const row: Row = {};
      for (const [i, { name, kind }] of columns.entries()) {
        const text = values[i];
        if (typeof text !== "string") continue;
        const value = decode(text, kind);
        if (value !== undefined) setEntry(row, name, value);
      }
      const more = hasMore ? values[columns.length] : null;
      if (typeof more === "string") addMore(row, more, wanted);
      return row;
    },
  };
}

function addMore(row: Row, json: string, wanted: ReadonlySet<string> | undefined): void {
  const cells = JSON.parse(json) as { readonly [name: string]: unknown };
  for (const name of Object.keys(cells)) {
    if (wanted && !wanted.has(name)) continue;
    const value: Value | undefined = readCell(String(cells[name]));
    if (value !== undefined) setEntry(row, name, value);
  }
}
