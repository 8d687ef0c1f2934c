import fs from "node:fs";
import type { Backend } from "../core/contract/backend.ts";
import type { DuckDbConnection } from "./duckdb.ts";
import type { ColumnType } from "./column_type.ts";
import { csvFile } from "./csv_file.ts";
import { jsonFile } from "./json_file.ts";
import { parquetFile } from "./parquet_file.ts";

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

/** DuckDB takes a path with one of these for a pattern. */
const PATTERN = /[*?[\\]/;

/** The file of a store, if it is of a kind that DuckDB may be able to read. */
export function directPath(backend: Backend): string | undefined {
  const { path } = backend as { readonly path?: unknown };
  if (typeof path !== "string" || PATTERN.test(path)) return undefined;
  return /\.(?:csv|json|jsonl|ndjson|parquet)$/i.test(path) && fs.existsSync(path)
    ? path
    : undefined;
}

/**
 * That file, if it is in the form in which stet writes it. Anything else, and what only looks so, is for
 * the store's own reader.
 *
 * @param copy Where a copy goes if somebody may be writing the file: the rows that are there now.
 */
export async function directFile(
  path: string,
  copy: string,
  connection: DuckDbConnection,
): Promise<DirectFile | undefined> {
  if (/\.parquet$/i.test(path)) return await parquetFile(path, connection);
  const look = /\.csv$/i.test(path) ? csvFile : jsonFile;
  if (!fs.existsSync(`${path}-state`)) return look(path);
  // A record goes over the end of an array: a copy may have some of it before and some after.
  if (/\.json$/i.test(path)) return undefined;
  fs.copyFileSync(path, copy, fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(copy, 0o600);
  return look(copy);
}
