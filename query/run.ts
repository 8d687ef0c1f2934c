import path from "node:path";
import type { Engine } from "../core/contract/engine.ts";
import { messageOf, StoreError } from "../core/errors.ts";
import { type ColumnType, columnTypeOf } from "../duckdb/column_type.ts";
import { firstValue } from "../duckdb/connect.ts";
import type { DirectFile } from "../duckdb/direct_file.ts";
import type { DuckDbResult } from "../duckdb/duckdb.ts";
import { directFile } from "../duckdb/open_direct_file.ts";
import { sqlString } from "../duckdb/sql_text.ts";
import { guessedCell, WRONG_GUESS } from "../duckdb/typed_cell.ts";
import { COPIED, copyRows } from "./copy_rows.ts";
import { Deadline } from "./deadline.ts";
import { explained } from "./explained.ts";
import { QueryError } from "./query_error.ts";
import { QueryResult } from "./query_result.ts";
import { runsView, type ViewColumn } from "./runs_view.ts";
import type { Session } from "./session.ts";
import { checkKinds, limited, readOnly, type Statement } from "./statement.ts";

/** Name of a copy of the store's file in the session's folder. */
const COPY = "copy";

/** Limits of a run. */
export interface RunLimits {
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  readonly maxRows?: number | undefined;
}

/** A statement that is run: the command for DuckDB, and the statement of the user in it. */
interface Running extends Statement {
  readonly command: string;
}

/** One statement over the rows of a store. */
export class Run {
  readonly #session: Session;
  readonly #backend: Engine;
  readonly #path: string | undefined;
  readonly #limits: RunLimits;
  readonly #deadline: Deadline;

  /** @param file The store's file, if DuckDB may be able to read it. */
  constructor(session: Session, backend: Engine, file: string | undefined, limits: RunLimits) {
    this.#session = session;
    this.#backend = backend;
    this.#path = file;
    this.#limits = limits;
    this.#deadline = new Deadline(session.connection, limits.timeout);
  }

  /**
   * Returns the result of SQL that only reads.
   *
   * @param free Called when the result was read.
   */
  async result(sql: string, free: () => void): Promise<QueryResult> {
    const { maxRows } = this.#limits;
    const result = await this.#run(sql, (statement) => limited(statement, maxRows));
    return new QueryResult(this.#session.duckdb, result, maxRows ?? Infinity, free);
  }

  /** Writes the result of SQL that only reads to a Parquet file, and returns the number of its rows. */
  async toParquet(sql: string, file: string): Promise<number> {
    const { maxRows } = this.#limits;
    const limit = maxRows === undefined ? "" : ` LIMIT ${maxRows}`;
    const result = await this.#run(
      sql,
      (statement) =>
        `COPY (SELECT * FROM (${statement.sql}\n)${limit}) TO ${sqlString(file)} (FORMAT parquet)`,
    );
    return Number(await firstValue(result));
  }

  async #run(sql: string, commandOf: (statement: Statement) => string): Promise<DuckDbResult> {
    const { connection } = this.#session;
    try {
      const statement = await readOnly(connection, sql);
      const running = { ...statement, command: commandOf(statement) };
      return await this.#ofFile(running) ?? await this.#ofRows(running);
    } catch (error) {
      this.#deadline.check();
      throw error;
    } finally {
      this.#deadline.clear();
    }
  }

  /** Runs it over the store's file; undefined if DuckDB cannot read that, or not as the store does. */
  async #ofFile(running: Running): Promise<DuckDbResult | undefined> {
    const file = await this.#look();
    if (!file || !await this.#hasAllNames(file, running)) return undefined;
    const types = new Map<number, ColumnType>();
    for (const [i, name] of file.names.entries()) {
      if (running.mentioned.has(name)) types.set(i, columnTypeOf(name, file.sample(i)));
    }
    for (;;) {
      try {
        return await this.#trial(file, types, running);
      } catch (error) {
        this.#deadline.check();
        if (error instanceof QueryError) throw error;
        const [, cell = ""] = messageOf(error).split(WRONG_GUESS);
        const column = Number(cell.slice(1));
        // The error names all columns there are, not only those that are mentioned.
        if (cell === "" && explained(error, file.names).isMissing) {
          await this.#checkNames(running, file.names);
        }
        // Anything else the rows explain: they show whether the statement or the file is at fault.
        if (cell === "" || types.get(column)?.kind !== "integer") return undefined;
        types.set(column, { kind: "double" });
      }
    }
  }

  /** Returns the file, if DuckDB may be able to read it. */
  async #look(): Promise<DirectFile | undefined> {
    if (this.#path === undefined) return undefined;
    const { connection, folder } = this.#session;
    try {
      return await directFile(this.#path, path.join(folder, COPY), connection);
    } catch {
      this.#deadline.check();
      return undefined; // it is gone, or no Parquet: the store's own reader has the error
    }
  }

  /** Returns true if there are no columns that were not seen, or they cannot make a difference. */
  async #hasAllNames({ names, allNames }: DirectFile, { mentioned }: Statement): Promise<boolean> {
    if (allNames === undefined) return true;
    const seen = new Set(names);
    const known = new Set(names.map((name) => name.toLowerCase().replace(/^result\./, "")));
    if (mentioned.references && [...mentioned.references].every((name) => known.has(name))) {
      return true;
    }
    try {
      const all = await this.#session.connection.run(allNames);
      if (all.rowCount !== seen.size) return false;
      const found = (await all.fetchChunk())!.getColumns()[0]!;
      return found.every((name) => seen.has(String(name)));
    } catch {
      this.#deadline.check();
      return false; // it is no JSON: the store's own reader has the error
    }
  }

  /** @throws {Error} Also if a column is of another type; the message says which. */
  async #trial(
    file: DirectFile,
    types: ReadonlyMap<number, ColumnType>,
    running: Running,
  ): Promise<DuckDbResult | undefined> {
    const columns: ViewColumn[] = [];
    for (const [column, type] of types) {
      const cell = `c${column}`;
      const value = file.isTyped?.(column) ? cell : guessedCell(cell, type);
      if (value === undefined) return undefined;
      columns.push({ name: file.names[column]!, value });
    }
    // The result is complete: a wrong guess has ended it with an error.
    const result = await this.#over(columns, file.from([...types.keys()]), running);
    return file.isUnchanged() ? result : undefined;
  }

  /** Runs it over a copy of the store's rows. */
  async #ofRows(running: Running): Promise<DuckDbResult> {
    const all = await this.#backend.columns();
    await this.#checkNames(running, all);
    const names = all.filter((name) => running.mentioned.has(name));
    const check = (): void => this.#deadline.check();
    const columns = await copyRows(this.#backend, this.#session, names, check);
    check();
    try {
      return await this.#over(columns, COPIED, running);
    } catch (error) {
      check();
      if (error instanceof StoreError) throw error;
      throw new QueryError(explained(error, all).message, { cause: error });
    }
  }

  async #over(
    columns: readonly ViewColumn[],
    from: string,
    { sql, command }: Running,
  ): Promise<DuckDbResult> {
    const { connection, duckdb } = this.#session;
    await connection.run(runsView(columns, from));
    await checkKinds(connection, duckdb, sql);
    return await connection.run(command);
  }

  /** Checks names over columns without values, before any row is read. */
  async #checkNames({ sql }: Statement, names: readonly string[]): Promise<void> {
    const { connection, duckdb } = this.#session;
    const columns = names.map((name) => ({ name, value: "NULL::VARCHAR" }));
    await connection.run(runsView(columns, "range(0)"));
    try {
      await checkKinds(connection, duckdb, sql);
    } catch (error) {
      if (error instanceof QueryError) throw error;
      const { message, isMissing } = explained(error, names);
      if (isMissing) throw new QueryError(message, { cause: error });
    }
  }
}
