import type { DuckDb, DuckDbConnection, DuckDbInstance, DuckDbResult } from "./duckdb.ts";
import { loadDuckDb } from "./duckdb.ts";

/** An empty database in memory. */
export interface Database {
  readonly duckdb: DuckDb;
  readonly instance: DuckDbInstance;
}

/** Extensions are neither installed nor loaded: nothing is downloaded. */
const NO_EXTENSIONS = {
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
};

let shared: Promise<Database> | undefined;

/**
 * Opens a database of its own.
 *
 * @param purpose The use of it, as the error says.
 * @throws {StoreError} If DuckDB is not installed.
 */
export async function openDatabase(
  purpose: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Database> {
  const duckdb = await loadDuckDb(purpose);
  const options = { ...NO_EXTENSIONS, ...settings };
  return { duckdb, instance: await duckdb.DuckDBInstance.create(":memory:", options) };
}

/** Opens a connection to the database that all Parquet stores share. A streamed result occupies one. */
export async function connect(): Promise<DuckDbConnection> {
  // Files are replaced under their names.
  shared ??= openDatabase("use Parquet", { enable_external_file_cache: "false" });
  return await (await shared).instance.connect();
}

/** Runs a body with a connection to the shared database, and closes the connection. */
export async function withConnection<T>(
  body: (connection: DuckDbConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect();
  try {
    return await body(connection);
  } finally {
    connection.closeSync();
  }
}

/** Returns the value in the first row and column of a result. */
export async function firstValue(result: DuckDbResult): Promise<unknown> {
  return (await result.fetchChunk())?.getColumns()[0]?.[0];
}
