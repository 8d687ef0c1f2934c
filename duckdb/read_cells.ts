import { rowCondition } from "./row_condition.ts";
import { sqlString } from "./sql_text.ts";

/** DuckDB's own limit for a line, in bytes. */
const LONGEST = 2_000_000;
/** How much a thread reads at a time, in bytes: DuckDB's own 32 MB leave threads idle at the end. */
const BUFFER = 2 * LONGEST;

/**
 * The same as a table that ends with an error where a line may be another header: such a file is for the
 * store's own reader.
 */
export function readRows(path: string, names: readonly string[]): string {
  return `(SELECT * FROM ${readCells(path, names.length)} ` +
    `WHERE CASE WHEN ${rowCondition(names)} THEN true ELSE error('another header') END)`;
}

/**
 * The table function that reads a CSV file with a header, as columns of cell text `c0`, `c1` … It leaves
 * nothing to DuckDB's guesses, and what is not as RFC 4180 says is an error.
 */
export function readCells(path: string, columns: number): string {
  const names = Array.from({ length: columns }, (_, i) => `c${i}: 'VARCHAR'`);
  return `read_csv(${sqlString(path)}, auto_detect=false, header=false, skip=1, delim=',', ` +
    `quote='"', escape='"', comment='', new_line='\\n', nullstr='', strict_mode=true, ` +
    `columns={${names.join(", ")}}, buffer_size=${BUFFER})`;
}
