import { rowCondition } from "./row_condition.ts";
import { sqlString } from "./sql_text.ts";

/** Maximum length of a line in DuckDB. */
const MAX_LINE_BYTES = 2_000_000;
/** Size of the read buffer of a thread: DuckDB's own 32 MB leave threads idle at the end. */
const BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/**
 * Returns the same as a table that fails where a line may be another header: such a file is for the
 * store's own reader.
 */
export function readRows(path: string, names: readonly string[]): string {
  return `(SELECT * FROM ${readCells(path, names.length)} ` +
    `WHERE CASE WHEN ${rowCondition(names)} THEN true ELSE error('another header') END)`;
}

/**
 * Returns the table function that reads a CSV file with a header, as columns of cell text `c0`, `c1` … It
 * leaves nothing to DuckDB's guesses; a violation of RFC 4180 is an error.
 */
export function readCells(path: string, columns: number): string {
  const names = Array.from({ length: columns }, (_, i) => `c${i}: 'VARCHAR'`);
  return `read_csv(${sqlString(path)}, auto_detect=false, header=false, skip=1, delim=',', ` +
    `quote='"', escape='"', comment='', new_line='\\n', nullstr='', strict_mode=true, ` +
    `columns={${names.join(", ")}}, buffer_size=${BUFFER_BYTES})`;
}
