import path from "node:path";
import type { Engine } from "../core/contract/engine.ts";
import { messageOf, StoreError } from "../core/errors.ts";
import type { DuckDbResult } from "../duckdb/duckdb.ts";
import { type ColumnType, columnTypeOf } from "../duckdb/column_type.ts";
import { COPIED, copyRows } from "./copy_rows.ts";
import { Deadline } from "./deadline.ts";
import type { DirectFile } from "../duckdb/direct_file.ts";
import { directFile } from "../duckdb/open_direct_file.ts";
import { explained } from "./explained.ts";
import { QueryError } from "./query_error.ts";
import { QueryResult } from "./query_result.ts";
import { runsView, type ViewColumn } from "./runs_view.ts";
import type { Session } from "./session.ts";
import { sqlString } from "../duckdb/sql_text.ts";
import { checkKinds, limited, readOnly, type Statement } from "./statement.ts";
import { guessedCell, WRONG_GUESS } from "../duckdb/typed_cell.ts";

/** A copy of the store's file in the session's folder. */
const COPY = "copy";

/** How far a run may go. */
export interface RunLimits {
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  readonly maxRows?: number | undefined;
}

/** A statement over the rows of a store on its way to its result. */
export class Run {
  readonly #session: Session;
  readonly #backend: Engine;
  readonly #path: string | undefined;
  readonly #limits: RunLimits;
  #deadline: Deadline | undefined;
  #columns: readonly string[] = [];

  /** @param file The store's file, if DuckDB may be able to read it. */
  constructor(
    session: Session,
    backend: Engine,
    file: string | undefined,
    limits: RunLimits,
  ) {
    this.#session = session;
    this.#backend = backend;
    this.#path = file;
    this.#limits = limits;
  }

  /**
   * What SQL that only reads gives.
   *
   * @param free Is called when the result was read.
   */
  async result(sql: string, free: () => void): Promise<QueryResult> {
    const statement = await readOnly(this.#session.connection, sql);
    const { maxRows } = this.#limits;
    const result = await this.#resultOf(statement, limited(statement, maxRows));
    return new QueryResult(this.#session.duckdb, result, maxRows ?? Infinity, free);
  }

  /** Writes what SQL that only reads gives to a Parquet file; how many rows. */
  async toParquet(sql: string, file: string): Promise<number> {
    const statement = await readOnly(this.#session.connection, sql);
    const { maxRows } = this.#limits;
    const limit = maxRows === undefined ? "" : ` LIMIT ${maxRows}`;
    const copy = `COPY (SELECT * FROM (${statement.sql}\n)${limit}) TO ${sqlString(file)} ` +
      `(FORMAT parquet)`;
    const result = await this.#resultOf(statement, copy);
    return Number((await result.fetchChunk())!.getColumns()[0]![0]);
  }

  /** @param command What is run for the statement. */
  async #resultOf(statement: Statement, command: string): Promise<DuckDbResult> {
    this.#deadline = new Deadline(this.#session.connection, this.#limits.timeout);
    try {
      return await this.#ofFile(statement, command) ?? await this.#ofRows(statement, command);
    } catch (error) {
      this.#deadline.check();
      throw error;
    } finally {
      this.#deadline?.clear();
    }
  }

  /** From a file as it stands; undefined if that cannot be, or would not give what the store holds. */
  async #ofFile(statement: Statement, command: string): Promise<DuckDbResult | undefined> {
    const file = await this.#look();
    if (!file || !await this.#hasAllNames(file, statement)) return undefined;
    this.#columns = file.names;
    const types = new Map<number, ColumnType>();
    for (const [i, name] of file.names.entries()) {
      if (statement.mentioned.has(name)) types.set(i, columnTypeOf(name, file.sample(i)));
    }
    for (;;) {
      try {
        return await this.#trial(file, types, statement, command);
      } catch (error) {
        this.#deadline?.check();
        if (error instanceof QueryError) throw error;
        const [, cell = ""] = messageOf(error).split(WRONG_GUESS);
        const column = Number(cell.slice(1));
        // What is not there is told with all columns in sight.
        if (cell === "" && explained(error, file.names).isMissing) {
          await this.#checkNames(statement);
        }
        // Anything else the rows explain: they tell whether it is the statement or the file.
        if (cell === "" || types.get(column)?.kind !== "integer") return undefined;
        types.set(column, { kind: "double" });
      }
    }
  }

  /** The file, if DuckDB may be able to read it. */
  async #look(): Promise<DirectFile | undefined> {
    if (this.#path === undefined) return undefined;
    const { connection, folder } = this.#session;
    try {
      return await directFile(this.#path, path.join(folder, COPY), connection);
    } catch {
      this.#deadline?.check();
      return undefined; // it is gone, or no Parquet: the store's own reader tells
    }
  }

  /** Whether columns that were not seen cannot make a difference, or there are none. */
  async #hasAllNames({ names, allNames }: DirectFile, { mentioned }: Statement): Promise<boolean> {
    if (allNames === undefined) return true;
    const seen = new Set(names);
    const known = new Set([...seen].map((name) => name.toLowerCase().replace(/^result\./, "")));
    if (mentioned.references && [...mentioned.references].every((name) => known.has(name))) {
      return true;
    }
    try {
      const all = await this.#session.connection.run(allNames);
      if (all.rowCount !== seen.size) return false;
      const found = (await all.fetchChunk())!.getColumns()[0]!;
      return found.every((name) => seen.has(String(name)));
    } catch {
      this.#deadline?.check();
      return false; // it is no JSON: the store's own reader tells
    }
  }

  /** @throws {Error} Also if a type is another one; the message says which. */
  async #trial(
    file: DirectFile,
    types: ReadonlyMap<number, ColumnType>,
    statement: Statement,
    command: string,
  ): Promise<DuckDbResult | undefined> {
    const columns: ViewColumn[] = [];
    for (const [column, type] of types) {
      const cell = `c${column}`;
      const value = file.isTyped?.(column) ? cell : guessedCell(cell, type);
      if (value === undefined) return undefined;
      columns.push({ name: file.names[column]!, value });
    }
    const { connection } = this.#session;
    await connection.run(runsView(columns, file.from([...types.keys()])));
    await this.#check(statement);
    // It is computed to its end: a guess that was wrong has shown.
    const result = await connection.run(command);
    return file.isUnchanged() ? result : undefined;
  }

  /** From the rows that the store gives. */
  async #ofRows(statement: Statement, command: string): Promise<DuckDbResult> {
    const { connection } = this.#session;
    const check = (): void => this.#deadline?.check();
    this.#columns = await this.#backend.columns();
    await this.#checkNames(statement);
    const names = this.#columns.filter((name) => statement.mentioned.has(name));
    const columns = await copyRows(this.#backend, this.#session, names, check);
    check();
    try {
      await connection.run(runsView(columns, COPIED));
      await this.#check(statement);
      return await connection.run(command);
    } catch (error) {
      check();
      if (error instanceof StoreError) throw error;
      throw new QueryError(explained(error, this.#columns).message, { cause: error });
    }
  }

  /** Sees that names are right before any row is read: over columns without values. */
  async #checkNames(statement: Statement): Promise<void> {
    const columns = this.#columns.map((name) => ({ name, value: "NULL::VARCHAR" }));
    await this.#session.connection.run(runsView(columns, "range(0)"));
    try {
      await checkKinds(this.#session.connection, this.#session.duckdb, statement.sql);
    } catch (error) {
      if (error instanceof QueryError) throw error;
      const { message, isMissing } = explained(error, this.#columns);
      if (isMissing) throw new QueryError(message, { cause: error });
    }
  }

  async #check({ sql }: Statement): Promise<void> {
    await checkKinds(this.#session.connection, this.#session.duckdb, sql);
  }
}
