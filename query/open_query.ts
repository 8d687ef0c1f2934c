import type { Backend } from "../core/backend.ts";
import { completeBackend } from "../core/complete_backend.ts";
import type { Registry, StoreOptions } from "../core/registry.ts";
import type { DuckDbConnection } from "../packages/duckdb.ts";
import { Deadline } from "./deadline.ts";
import { directPath } from "./direct_file.ts";
import { explained } from "./explained.ts";
import { checkLimit, openBoth, type QueryOptions } from "./query.ts";
import { QueryError } from "./query_error.ts";
import { QueryResult } from "./query_result.ts";
import { Run } from "./run.ts";
import type { Session } from "./session.ts";
import { checkKinds, limited, readOnly } from "./statement.ts";

/**
 * The rows that a store had when it was opened, in the memory of DuckDB, for any number of statements;
 * several may run at the same time. What is recorded later is not among them.
 */
export interface OpenQuery {
  /** The columns of the store, in its order. */
  readonly columns: readonly string[];
  /**
   * What SQL gives, as `query` does. The result holds on to nothing but itself.
   *
   * @throws {QueryError} If the SQL cannot be run, or not in its time.
   */
  run(sql: string, options?: Pick<QueryOptions, "timeout" | "maxRows">): Promise<QueryResult>;
  /** Frees the rows. Results that were not read to their end cannot be read on. */
  close(): void;
}

/** The type of `openQuery`. */
export type OpenQueryFunction = (
  store: string | URL | Backend,
  options?: Pick<StoreOptions, "backends">,
) => Promise<OpenQuery>;

/**
 * `openQuery` over the kinds of store that a registry knows: one read of the store, as long as one
 * `query` of all of it takes, and then each statement takes as long as DuckDB does.
 */
export function createOpenQuery(registry: Registry): OpenQueryFunction {
  return async (store, options = {}) => {
    const { backend, session, closeBackend } = await openBoth(registry, store, options);
    try {
      const file = directPath(backend);
      await session.restrict({ files: file === undefined ? [] : [file], allowFiles: false });
      const run = new Run(session, completeBackend(backend), file);
      return opened(session, await run.keep());
    } catch (error) {
      session.close();
      throw error;
    } finally {
      await closeBackend();
    }
  };
}

function opened(session: Session, columns: readonly string[]): OpenQuery {
  async function resultOn(
    connection: DuckDbConnection,
    sql: string,
    { timeout, maxRows }: Pick<QueryOptions, "timeout" | "maxRows">,
  ): Promise<QueryResult> {
    const statement = await readOnly(connection, sql);
    const deadline = new Deadline(connection, timeout);
    try {
      await checkKinds(connection, session.duckdb, statement.sql);
      const result = await connection.run(limited(statement, maxRows));
      return new QueryResult(session.duckdb, result, maxRows ?? Infinity, () => {});
    } catch (error) {
      deadline.check();
      if (error instanceof QueryError) throw error;
      throw new QueryError(explained(error, columns).message, { cause: error });
    } finally {
      deadline.clear();
    }
  }

  return {
    columns,
    async run(sql, options = {}): Promise<QueryResult> {
      checkLimit("timeout", options.timeout, "milliseconds");
      checkLimit("maxRows", options.maxRows, "rows");
      const connection = await session.connect();
      try {
        return await resultOn(connection, sql, options);
      } finally {
        connection.closeSync(); // a result is there as a whole
      }
    },
    close: () => session.close(),
  };
}
