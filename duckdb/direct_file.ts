import type { Value } from "../core/values/value.ts";

/** A store's file that DuckDB can read by itself, as far as a look at its ends says. */
export interface DirectFile {
  /** The columns that were seen, in the store's order. */
  readonly names: readonly string[];
  /** SQL that lists the names of all columns; undefined if `names` are all. */
  readonly allNames: string | undefined;
  /** Returns true if a column has values of its type, and no cell text. Default: none has. */
  isTyped?(column: number): boolean;
  /** Returns the table for FROM: the cell text of columns, as `c0`, `c1` … by their places in `names`. */
  from(columns: readonly number[]): string;
  /** Returns the values of a column in some rows, undefined where absent. */
  sample(column: number): readonly (Value | undefined)[];
  /** Returns true if the file is still as it was when its ends were read. */
  isUnchanged(): boolean;
}
