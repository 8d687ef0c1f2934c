import type { OpenOptions } from "../../core/contract/backend.ts";
import { loadDuckDb } from "../../duckdb/duckdb.ts";
import { ColumnarBackend } from "../columnar/columnar_backend.ts";
import type { ColumnarFormat } from "../columnar/columnar_format.ts";
import { ParquetFile } from "./parquet_file.ts";
import { writeParquet } from "./parquet_writer.ts";

/**
 * A store in a Parquet file. Rows are recorded in a JSON Lines file next to it and compacted into it in
 * growing steps, and by `close`. Needs the package `@duckdb/node-api`.
 *
 * Columns are BIGINT, DOUBLE or BOOLEAN where all their values are; any other is VARCHAR with cell
 * text. An absent value is NULL.
 *
 * @example
 * ```ts ignore
 * import { ParquetBackend } from "@stet/stet/backends";
 *
 * const backend = new ParquetBackend("runs.parquet");
 * await backend.record({ alpha: 0.1, model: "a" });
 * await backend.close();
 * ```
 */
export class ParquetBackend extends ColumnarBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, parquet, options);
  }
}

/**
 * Opens the Parquet store at a path.
 *
 * @throws {StoreError} If the package `@duckdb/node-api` is not installed.
 */
export async function open(path: string, options: OpenOptions): Promise<ParquetBackend> {
  await loadDuckDb(`open store "${path}"`); // before anything runs whose row could not be kept
  return new ParquetBackend(path, options);
}

/** Parquet for the engine, by DuckDB. */
export const parquet: ColumnarFormat = {
  name: "Parquet",
  isCaseSensitive: false, // DuckDB's columns are not

  open: (held) => ParquetFile.open(held),
  write: writeParquet,
};
