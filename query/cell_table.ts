import { sqlString } from "./sql_text.ts";

/** A file of cell text that DuckDB reads: its columns are `c0`, `c1` … */
export interface CellTable {
  readonly path: string;
  /** How many lines to skip. */
  readonly head: 0 | 1;
  readonly columns: number;
  /** At least the length of the longest line, in bytes. */
  readonly longest: number;
}

/** DuckDB's own limit for a line, in bytes. */
const LONGEST = 2_000_000;
/** How much a thread reads at a time, in bytes: DuckDB's own 32 MB leave threads idle at the end. */
const BUFFER = 2 * LONGEST;

/**
 * The table function that reads a file of cell text. It leaves nothing to DuckDB's guesses, and what is
 * not as RFC 4180 says is an error.
 */
export function readCells({ path, head, columns, longest }: CellTable): string {
  const names = Array.from({ length: columns }, (_, i) => `c${i}: 'VARCHAR'`);
  const limits = longest > LONGEST ? `max_line_size=${longest}` : `buffer_size=${BUFFER}`;
  return `read_csv(${sqlString(path)}, auto_detect=false, header=false, skip=${head}, delim=',', ` +
    `quote='"', escape='"', comment='', new_line='\\n', nullstr='', strict_mode=true, ` +
    `columns={${names.join(", ")}}, ${limits})`;
}
