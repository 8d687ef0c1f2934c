import type { ColumnType } from "./column_type.ts";

/** A store's file that DuckDB can read as it stands, as far as a look at its ends tells. */
export interface DirectFile {
  /** The columns that were seen, in the store's order. */
  readonly names: readonly string[];
  /** SQL that lists the names of all columns; undefined if `names` are all. */
  readonly allNames: string | undefined;
  /** Whether a column has values of its type, and no cell text. Default: none has. */
  isTyped?(column: number): boolean;
  /** What stands after FROM: the cell text of these columns, as `c0`, `c1` … by their places in `names`. */
  from(columns: readonly number[]): string;
  /** What a column seems to be. */
  guess(column: number): ColumnType;
  /** Whether the file is still as it was when it was looked at. */
  isUnchanged(): boolean;
}
