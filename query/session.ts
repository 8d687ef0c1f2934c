import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import {
  type DuckDb,
  type DuckDbConnection,
  type DuckDbInstance,
  loadDuckDb,
} from "../packages/duckdb.ts";
import { QueryError } from "./query_error.ts";
import { sqlString } from "./sql_text.ts";

/** What a session may do. */
export interface SessionOptions {
  /** Files that it may read whatever else it may not. */
  readonly files: readonly string[];
  /** Whether SQL may read any file. */
  readonly allowFiles: boolean;
  /** After how many milliseconds what runs is stopped. */
  readonly timeout: number | undefined;
}

/** Of results that nobody has read to their end. */
const folders = new Set<string>();
let isWatched = false;

/** An empty database in memory, with a folder for what does not fit there. */
export class Session {
  readonly duckdb: DuckDb;
  readonly connection: DuckDbConnection;
  /** A folder of its own, which goes with it. */
  readonly folder: string;
  readonly #instance: DuckDbInstance;
  readonly #timeout: number | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;
  #isClosed = false;

  private constructor(
    duckdb: DuckDb,
    instance: DuckDbInstance,
    connection: DuckDbConnection,
    folder: string,
    timeout: number | undefined,
  ) {
    this.duckdb = duckdb;
    this.#instance = instance;
    this.connection = connection;
    this.folder = folder;
    this.#timeout = timeout;
    if (timeout === undefined) return;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      connection.interrupt();
    }, timeout);
  }

  /**
   * Opens one. From then on SQL cannot change settings, load extensions or, unless it is allowed to,
   * read files.
   */
  static async open({ files, allowFiles, timeout }: SessionOptions): Promise<Session> {
    const duckdb = await loadDuckDb();
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "stet-query-")));
    if (!isWatched) process.once("exit", removeFolders);
    isWatched = true;
    folders.add(folder);
    const instance = await duckdb.DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const settings = [
      "TimeZone='UTC'",
      "autoinstall_known_extensions=false",
      "autoload_known_extensions=false",
      `temp_directory=${sqlString(path.join(folder, "spill"))}`,
      `allowed_paths=[${files.map(sqlString).join(", ")}]`,
      `allowed_directories=[${sqlString(folder)}]`,
      ...allowFiles ? [] : ["enable_external_access=false"], // it is on, and can only be turned off
      "lock_configuration=true",
    ];
    await connection.run(settings.map((setting) => `SET ${setting};`).join(" "));
    return new Session(duckdb, instance, connection, folder, timeout);
  }

  /** @throws {QueryError} If the time is over. */
  check(): void {
    if (!this.#isLate) return;
    throw new QueryError(
      `Cannot finish the SQL in ${this.#timeout} ms, the time that it was given: ` +
        `allow more (timeout), or ask for less`,
    );
  }

  /** Frees all of it, its folder too. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.connection.closeSync();
    this.#instance.closeSync();
    fs.rmSync(this.folder, { recursive: true, force: true });
    folders.delete(this.folder);
  }
}

function removeFolders(): void {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
}
