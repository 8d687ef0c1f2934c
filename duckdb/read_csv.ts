import { TIMESTAMP } from "../core/values/columns.ts";
import { globEscaped, sqlString } from "./sql_text.ts";

/** DuckDB's own limit for a line, in bytes. */
const MAX_LINE_BYTES = 2_000_000;
/** Read buffer of a thread: DuckDB's own 32 MB leave threads idle at the end. */
const BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/**
 * Returns the table function that reads a file of cell text as RFC 4180 spells it, in columns of VARCHAR.
 * Nothing is left to DuckDB's guesses, and a line of another form is an error.
 *
 * @param options Further options of `read_csv`.
 */
export function readCsv(path: string, columns: readonly string[], options: string): string {
  const types = columns.map((name) => `${name}: 'VARCHAR'`);
  return `read_csv(${sqlString(globEscaped(path))}, auto_detect=false, header=false, delim=',', ` +
    `quote='"', escape='"', comment='', new_line='\\n', nullstr='', strict_mode=true, ` +
    `columns={${types.join(", ")}}, ${options})`;
}

/** Returns the same for a CSV store, which has a header: columns `c0`, `c1` …. */
export function readStore(path: string, names: readonly string[]): string {
  const cells = names.map((_, i) => `c${i}`);
  return readCsv(path, cells, `skip=1, buffer_size=${BUFFER_BYTES}`);
}

/** Returns the condition in SQL under which a line of a CSV store is surely a row and no other header. */
export function rowCondition(names: readonly string[]): string {
  const time = names.indexOf(TIMESTAMP);
  // Every row has a time, which begins with a digit.
  if (time !== -1) return `c${time} IS NULL OR c${time} >= '0' AND c${time} < ':'`;
  const list = names.map((name) => sqlString(name)).join(", ");
  return [0, 1].map((i) => `c${i} IS NULL OR trim(c${i}) NOT IN (${list})`).join(" OR ");
}
