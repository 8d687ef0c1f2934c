import fs from "node:fs";
import type { Backend } from "../core/contract/backend.ts";
import type { DuckDbConnection } from "./duckdb.ts";
import { csvFile } from "./csv_file.ts";
import type { DirectFile } from "./direct_file.ts";
import { jsonFile } from "./json_file.ts";
import { parquetFile } from "./parquet_file.ts";

/** Characters that make a path a pattern in DuckDB. */
const PATTERN = /[*?[\\]/;

/** Returns the file of a store, if it is of a kind that DuckDB may be able to read. */
export function directPath(backend: Backend): string | undefined {
  const { path } = backend as { readonly path?: unknown };
  if (typeof path !== "string" || PATTERN.test(path)) return undefined;
  return /\.(?:csv|json|jsonl|ndjson|parquet)$/i.test(path) && fs.existsSync(path)
    ? path
    : undefined;
}

/**
 * Opens that file, if it has the form in which stet writes it. Every other form is for the store's own
 * reader.
 *
 * @param copy Path of a copy if a process may be writing the file: the rows that are there now.
 */
export async function directFile(
  path: string,
  copy: string,
  connection: DuckDbConnection,
): Promise<DirectFile | undefined> {
  if (/\.parquet$/i.test(path)) return await parquetFile(path, connection);
  const look = /\.csv$/i.test(path) ? csvFile : jsonFile;
  if (!fs.existsSync(`${path}-state`)) return look(path);
  // A record overwrites the end of an array: a copy may have parts of before and after.
  if (/\.json$/i.test(path)) return undefined;
  fs.copyFileSync(path, copy, fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(copy, 0o600);
  return look(copy);
}
