import fs from "node:fs";
import path from "node:path";
import type { Backend } from "../core/backend.ts";
import { type CompleteBackend, completeBackend } from "../core/complete_backend.ts";
import { messageOf, StoreError } from "../core/errors.ts";
import type { Registry, StoreOptions } from "../core/registry.ts";
import { openExisting } from "../core/status.ts";
import { readCells } from "./cell_table.ts";
import type { ColumnType } from "./column_type.ts";
import { type CsvFile, csvFile } from "./csv_file.ts";
import type { DuckDbResult } from "../packages/duckdb.ts";
import { explained } from "./explained.ts";
import { QueryError } from "./query_error.ts";
import { QueryResult } from "./query_result.ts";
import { runsView, type ViewColumn } from "./runs_view.ts";
import { Session } from "./session.ts";
import { sqlString } from "./sql_text.ts";
import { spool } from "./spool.ts";
import { checkKinds, readOnly, type Statement } from "./statement.ts";
import { guessedCell, typedCell, WRONG_GUESS } from "./typed_cell.ts";

/** Options of {@linkcode QueryFunction}. */
export interface QueryOptions extends Pick<StoreOptions, "backends"> {
  /**
   * Whether the SQL may read files: `read_csv('results/*.csv', filename=true)`. It may never write.
   * Default: false.
   */
  readonly allowFiles?: boolean;
  /** After how many milliseconds it is stopped. Default: never. */
  readonly timeout?: number;
  /** The most rows to give; `isCut` of the result tells whether there were more. Default: all. */
  readonly maxRows?: number;
}

/** The type of `query`. */
export type QueryFunction = (
  store: string | URL | Backend,
  sql: string,
  options?: QueryOptions,
) => Promise<QueryResult>;

/** The type of `queryToParquet`: resolves to how many rows were written. */
export type ParquetFunction = (
  store: string | URL | Backend,
  sql: string,
  path: string,
  options?: QueryOptions,
) => Promise<number>;

/** `query` over the kinds of store that a registry knows. */
export function createQuery(registry: Registry): QueryFunction {
  return (store, sql, options = {}) => opened(registry, store, options, (run) => run.result(sql));
}

/** Writes what SQL gives to a Parquet file, in one step. */
export function createQueryToParquet(registry: Registry): ParquetFunction {
  return async (store, sql, file, options = {}) => {
    const target = path.resolve(file);
    const partial = path.join(path.dirname(target), `.${path.basename(target)}.tmp`);
    const result = await opened(registry, store, options, async (run) => {
      const result = await run.result(sql, "rows.parquet");
      try {
        fs.copyFileSync(path.join(run.folder, "rows.parquet"), partial);
        fs.renameSync(partial, target);
      } catch (error) {
        if (fs.existsSync(partial)) fs.rmSync(partial);
        throw new StoreError(`Cannot write "${file}": ${messageOf(error)}`, { cause: error });
      }
      return result;
    });
    const [row] = await result.rows();
    return Number(row?.["Count"]);
  };
}

async function opened(
  registry: Registry,
  store: string | URL | Backend,
  { allowFiles = false, timeout, maxRows, ...rest }: QueryOptions,
  body: (run: Run) => Promise<QueryResult>,
): Promise<QueryResult> {
  checkLimit("timeout", timeout, "milliseconds");
  checkLimit("maxRows", maxRows, "rows");
  const isOpen = typeof store === "object" && !(store instanceof URL);
  const backend = isOpen ? store : await openExisting(registry, store, rest);
  try {
    const file = csvPath(backend);
    const files = file === undefined ? [] : [file];
    const session = await Session.open({ files, allowFiles, timeout });
    try {
      return await body(new Run(session, completeBackend(backend), file, maxRows));
    } catch (error) {
      session.close();
      throw error;
    }
  } finally {
    if (!isOpen) await backend.close();
  }
}

/** One statement on its way to its result. */
class Run {
  readonly #session: Session;
  readonly #backend: CompleteBackend;
  readonly #file: string | undefined;
  readonly #maxRows: number | undefined;
  #columns: readonly string[] = [];
  /** The file in the session's folder that takes the rows, if one does. */
  #parquet: string | undefined;

  constructor(
    session: Session,
    backend: CompleteBackend,
    file: string | undefined,
    maxRows: number | undefined,
  ) {
    this.#session = session;
    this.#backend = backend;
    this.#file = file;
    this.#maxRows = maxRows;
  }

  /** The session's own folder. */
  get folder(): string {
    return this.#session.folder;
  }

  /**
   * What the statement gives.
   *
   * @param parquet A file in the folder to write its rows to; the result is their count then.
   */
  async result(sql: string, parquet?: string): Promise<QueryResult> {
    this.#parquet = parquet;
    const { connection, folder } = this.#session;
    const statement = await readOnly(connection, sql);
    const file = this.#file === undefined
      ? undefined
      : csvFile(this.#file, path.join(folder, "copy.csv"));
    this.#columns = file?.names ?? await this.#backend.columns();
    await this.#checkNames(statement);
    return (file && await this.#ofFile(file, statement)) ?? await this.#ofRows(statement);
  }

  /** Sees that names are right before any row is read: over columns without values. */
  async #checkNames(statement: Statement): Promise<void> {
    const { connection } = this.#session;
    const columns = this.#columns.map((name) => ({ name, value: "NULL::VARCHAR" }));
    await connection.run(runsView(columns, "range(0)"));
    try {
      await this.#check(statement);
    } catch (error) {
      if (error instanceof QueryError) throw error;
      const { message, isMissing } = explained(error, this.#columns);
      if (isMissing) throw new QueryError(message, { cause: error });
    }
  }

  /**
   * From a CSV file as it stands; undefined if that cannot be, or would not give what the store holds.
   */
  async #ofFile(file: CsvFile, statement: Statement): Promise<QueryResult | undefined> {
    const types = new Map<string, ColumnType>();
    for (const [i, name] of file.names.entries()) {
      if (statement.isMentioned(name)) types.set(`c${i}`, file.guess(i));
    }
    for (;;) {
      try {
        return await this.#trial(file, types, statement);
      } catch (error) {
        this.#session.check();
        if (error instanceof QueryError) throw error;
        const [, cell = ""] = messageOf(error).split(WRONG_GUESS);
        // Anything else the rows explain: they tell whether it is the statement or the file.
        if (types.get(cell)?.kind !== "integer") return undefined;
        types.set(cell, { kind: "double" });
      }
    }
  }

  /** @throws {Error} Also if a type is another one; the message says which. */
  async #trial(
    file: CsvFile,
    types: ReadonlyMap<string, ColumnType>,
    statement: Statement,
  ): Promise<QueryResult | undefined> {
    const columns: ViewColumn[] = [];
    for (const [cell, type] of types) {
      const value = guessedCell(cell, type);
      if (value === undefined) return undefined;
      columns.push({ name: file.names[Number(cell.slice(1))]!, value });
    }
    const { connection } = this.#session;
    await connection.run(runsView(columns, readCells(file.table)));
    await this.#check(statement);
    // It is computed to its end: a guess that was wrong has shown.
    const result = await this.#start(statement);
    return file.isUnchanged() ? this.#finished(result) : undefined;
  }

  /** From the rows that the store gives. */
  async #ofRows(statement: Statement): Promise<QueryResult> {
    const { connection, folder } = this.#session;
    const { isMentioned } = statement;
    const check = (): void => this.#session.check();
    const spooled = await spool(
      this.#backend,
      path.join(folder, "rows.csv"),
      this.#columns.filter(isMentioned),
      check,
    );
    check();
    const columns = spooled.columns
      .map(({ name, cell, type }) => ({ name, value: typedCell(cell, type) }));
    try {
      await connection.run(runsView(columns, readCells(spooled.table)));
      await this.#check(statement);
      return this.#finished(await this.#start(statement));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * Runs the statement to its end: what DuckDB's client gives piece by piece while it is computed ends
   * without a word where an error does (https://github.com/duckdb/duckdb-rs/pull/832).
   */
  async #start({ sql, isSelect }: Statement): Promise<DuckDbResult> {
    const { connection, folder } = this.#session;
    // The statement was seen to be one that reads: nothing in it can end the brackets.
    const limit = this.#maxRows === undefined || !isSelect ? "" : ` LIMIT ${this.#maxRows + 1}`;
    if (this.#parquet === undefined) {
      return await connection.run(limit === "" ? sql : `SELECT * FROM (${sql}\n)${limit}`);
    }
    const target = sqlString(path.join(folder, this.#parquet));
    const rows = this.#maxRows === undefined ? "" : ` LIMIT ${this.#maxRows}`;
    return await connection.run(
      `COPY (SELECT * FROM (${sql}\n)${rows}) TO ${target} (FORMAT parquet)`,
    );
  }

  async #check({ sql }: Statement): Promise<void> {
    await checkKinds(this.#session.connection, this.#session.duckdb, sql);
  }

  #finished(result: DuckDbResult): QueryResult {
    const maxRows = this.#parquet === undefined ? this.#maxRows ?? Infinity : Infinity;
    return new QueryResult(this.#session, result, maxRows);
  }

  #explained(error: unknown): Error {
    try {
      this.#session.check();
    } catch (late) {
      return late as Error;
    }
    if (error instanceof StoreError) return error;
    return new QueryError(explained(error, this.#columns).message, { cause: error });
  }
}

/** The file of a store in CSV, if that is what a backend keeps its rows in. */
function csvPath(backend: Backend): string | undefined {
  const file = (backend as { readonly path?: unknown }).path;
  return typeof file === "string" && /\.csv$/i.test(file) && fs.existsSync(file) ? file : undefined;
}

function checkLimit(name: string, value: number | undefined, unit: string): void {
  if (value === undefined || Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(
    `Cannot run SQL with ${name} ${value}: it must be a whole number of ${unit}`,
  );
}
