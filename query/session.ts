import path from "node:path";
import { TemporaryFolder } from "../core/runtime/temporary_folder.ts";
import { openDatabase } from "../duckdb/connect.ts";
import type { DuckDb, DuckDbConnection, DuckDbInstance } from "../duckdb/duckdb.ts";
import { sqlString } from "../duckdb/sql_text.ts";

/** What SQL may do in a session. */
export interface Rights {
  /** Files that it may read whatever else it may not. */
  readonly files: readonly string[];
  /** Whether it may read any file. */
  readonly allowFiles: boolean;
  /** How much memory it may take, in megabytes. Default: four fifths of the machine's. */
  readonly maxMemoryMb?: number | undefined;
}

/** An empty database in memory, with a folder for what does not fit there. */
export class Session {
  readonly duckdb: DuckDb;
  readonly connection: DuckDbConnection;
  readonly #folder: TemporaryFolder;
  readonly #instance: DuckDbInstance;
  #isClosed = false;

  private constructor(
    duckdb: DuckDb,
    instance: DuckDbInstance,
    connection: DuckDbConnection,
    folder: TemporaryFolder,
  ) {
    this.duckdb = duckdb;
    this.#instance = instance;
    this.connection = connection;
    this.#folder = folder;
  }

  /** A folder of its own, which is removed with it. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Opens one. No SQL of a user may be run before {@linkcode restrict}. */
  static async open(): Promise<Session> {
    const { duckdb, instance } = await openDatabase("run SQL");
    const connection = await instance.connect();
    return new Session(duckdb, instance, connection, new TemporaryFolder("stet-query-"));
  }

  /**
   * From then on SQL cannot change settings, load extensions or, unless it is allowed to, read files.
   */
  async restrict({ files, allowFiles, maxMemoryMb }: Rights): Promise<void> {
    const settings = [
      "GLOBAL TimeZone='UTC'",
      ...maxMemoryMb === undefined ? [] : [`memory_limit='${maxMemoryMb}MB'`],
      `temp_directory=${sqlString(path.join(this.folder, "spill"))}`,
      `allowed_paths=[${files.map(sqlString).join(", ")}]`,
      `allowed_directories=[${sqlString(this.folder)}]`,
      ...allowFiles ? [] : ["enable_external_access=false"], // it is on, and can only be turned off
      "lock_configuration=true",
    ];
    await this.connection.run(settings.map((setting) => `SET ${setting};`).join(" "));
  }

  /** Frees all of it, its folder too. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.connection.closeSync();
    this.#instance.closeSync();
    this.#folder.remove();
  }
}
