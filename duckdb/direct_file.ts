import type { ColumnType } from "./column_type.ts";

/** The file of a store that DuckDB can read itself, as far as its ends show. */
export interface DirectFile {
  /** The columns that were seen, in the store's order. */
  readonly names: readonly string[];
  /** SQL that lists the names of all columns; undefined if `names` are all. */
  readonly allNames: string | undefined;
  /** True if a column has typed values, and no cell text. Default: none has. */
  isTyped?(column: number): boolean;
  /** Returns the FROM clause: the cell text of these columns, as `c0`, `c1` … by their places in `names`. */
  from(columns: readonly number[]): string;
  /** Returns the type of a column by a sample of its values. */
  guess(column: number): ColumnType;
  /** True if the file has not changed since it was looked at. */
  isUnchanged(): boolean;
}
