import { messageOf } from "../core/errors.ts";
import type { DuckDb, DuckDbConnection, DuckDbInstance, DuckDbResult } from "./duckdb.ts";
import { loadDuckDb } from "./duckdb.ts";

/** A connection that can stream a result. */
export interface Connection extends DuckDbConnection {
  stream(sql: string): Promise<DuckDbResult>;
}

let instance: Promise<DuckDbInstance> | undefined;

async function openInstance(): Promise<DuckDbInstance> {
  const { DuckDBInstance }: DuckDb = await loadDuckDb("use Parquet");
  return await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    enable_external_file_cache: "false", // files are replaced under their names
  });
}

/** Opens a connection: a streamed result occupies one. */
export async function connect(): Promise<Connection> {
  instance ??= openInstance();
  return await (await instance).connect() as Connection;
}

/** Returns all values of a result, column by column; no column if it has no row. */
export async function columnsOf(result: DuckDbResult): Promise<unknown[][]> {
  const columns: unknown[][] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return columns;
    for (const [i, values] of chunk.getColumns().entries()) {
      columns[i] = [...columns[i] ?? [], ...values];
    }
  }
}

/** Returns the message of DuckDB without the place in the SQL. */
export function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0]!;
}
