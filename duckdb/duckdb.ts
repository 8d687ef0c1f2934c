import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadPackage, type OptionalPackage } from "../packages/load_package.ts";

/** The package; exact, since for this version all platforms' binaries are published. */
export const DUCKDB: OptionalPackage = {
  name: "@duckdb/node-api",
  version: "1.5.5-r.5",
  permissions: ["ffi", "env"],
};

/**
 * The part of `@duckdb/node-api` that is used, in types of our own: an import of its types would make it a
 * dependency of every user of stet (https://duckdb.org/docs/stable/clients/node_neo/overview).
 *
 * @internal
 */
export interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options?: Readonly<Record<string, string>>): Promise<DuckDbInstance>;
  };
  readonly DuckDBDataChunk: { create(types: readonly DuckDbType[]): DuckDbNewChunk };
  readonly DOUBLE: DuckDbType;
  readonly VARCHAR: DuckDbType;
  readonly DuckDBTypeId: Readonly<Record<string, number | string>>;
  readonly StatementType: Readonly<Record<string, number | string>>;
}

/** An open database. */
export interface DuckDbInstance {
  connect(): Promise<DuckDbConnection>;
  closeSync(): void;
}

/** A connection to it. */
export interface DuckDbConnection {
  /** Runs statements to their end and resolves to the result of the last. */
  run(sql: string): Promise<DuckDbResult>;
  /** Runs a statement whose result is computed as it is read. */
  stream(sql: string): Promise<DuckDbResult>;
  extractStatements(sql: string): Promise<DuckDbStatements>;
  createAppender(table: string, schema: string, catalog: string): Promise<DuckDbAppender>;
  interrupt(): void;
  closeSync(): void;
}

/** The statements of a text. */
export interface DuckDbStatements {
  readonly count: number;
  prepare(index: number): Promise<DuckDbStatement>;
}

/** A statement that parses and binds. */
export interface DuckDbStatement {
  readonly statementType: number;
  readonly parameterCount: number;
  destroySync(): void;
}

/** A result, which is there as a whole, and read in chunks. */
export interface DuckDbResult {
  readonly rowCount: number;
  deduplicatedColumnNames(): string[];
  columnTypes(): readonly DuckDbType[];
  fetchChunk(): Promise<DuckDbChunk | null>;
  /** Returns some of the rows: 2048 in all chunks but the last. */
  getChunk(index: number): DuckDbChunk;
  /** Reads all values, column by column; no column if there is no row. */
  getColumns(): Promise<unknown[][]>;
}

/** Some rows of a result. */
export interface DuckDbChunk {
  readonly rowCount: number;
  getColumns(): unknown[][];
}

/** Rows for a table; at most 2048 at a time, and then the next ones. */
export interface DuckDbNewChunk {
  rowCount: number;
  reset(): void;
  /** The values of a column, for as many rows as there are now. */
  getColumnVector(column: number): DuckDbVector;
}

/** The values of a column of a chunk. */
export interface DuckDbVector {
  setItem(index: number, value: string | number | null): void;
  /** Copies the values that were set into the chunk. */
  flush(): void;
}

/** Adds rows to a table. */
export interface DuckDbAppender {
  appendDataChunk(chunk: DuckDbNewChunk): void;
  /** Adds the rest, and closes it. */
  closeSync(): void;
}

/**
 * The type of a column, or within one.
 *
 * @internal
 */
export interface DuckDbType {
  readonly typeId: number;
  /** The type of the items of lists and arrays, and of the values of maps. */
  readonly valueType?: DuckDbType;
  /** Of structs: the fields. */
  readonly entryNames?: readonly string[];
  readonly entryTypes?: readonly DuckDbType[];
  toString(): string;
}

/**
 * Loads DuckDB on first use.
 *
 * @param purpose The purpose, for the error.
 * @throws {StoreError} If it is not installed.
 */
export async function loadDuckDb(purpose = "run SQL"): Promise<DuckDb> {
  const module = await loadPackage(DUCKDB, purpose) as DuckDb & { readonly default?: DuckDb };
  if (process.versions["deno"] && !isWatched) {
    isWatched = true;
    process.once("exit", collect);
    globalThis.addEventListener("unload", collect); // of a file of tests, which has no "exit"
  }
  return module.DuckDBInstance ? module : module.default!;
}

let isWatched = false;

/**
 * Collects garbage. Deno (2.9.5) frees the memory of a chunk of a result twice, and
 * crashes, if the process ends while the chunk is found unused and not yet freed.
 */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
