import path from "node:path";
import { TemporaryFolder } from "../core/runtime/temporary_folder.ts";
import { type Database, openDatabase } from "../duckdb/connect.ts";
import type { DuckDb, DuckDbConnection, DuckDbInstance } from "../duckdb/duckdb.ts";
import { sqlString } from "../duckdb/sql_text.ts";

/** Rights of SQL in a session. */
export interface Rights {
  /** Files that it may always read. */
  readonly files: readonly string[];
  /** True if it may read any file. */
  readonly allowFiles: boolean;
  /** Maximum memory, in megabytes. Default: four fifths of the machine's. */
  readonly maxMemoryMb?: number | undefined;
}

/** An empty database in memory, with a folder for spilling. */
export class Session {
  readonly duckdb: DuckDb;
  readonly connection: DuckDbConnection;
  readonly #folder = new TemporaryFolder("stet-query-");
  readonly #instance: DuckDbInstance;
  #isClosed = false;

  private constructor({ duckdb, instance }: Database, connection: DuckDbConnection) {
    this.duckdb = duckdb;
    this.#instance = instance;
    this.connection = connection;
  }

  /** Its own folder, which is removed with it. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Opens one. No SQL of a user may be run before {@linkcode restrict}. */
  static async open(): Promise<Session> {
    const database = await openDatabase("run SQL");
    return new Session(database, await database.instance.connect());
  }

  /** Stops SQL from changing settings, loading extensions and, unless allowed, reading files. */
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
