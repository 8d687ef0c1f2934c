import type { DuckDbConnection } from "../duckdb/duckdb.ts";
import { QueryError } from "./query_error.ts";

/** Interval of interrupts: one that comes between two statements has no effect. */
const INTERVAL_MS = 50;

/** Time-out of SQL on a connection. */
export class Deadline {
  readonly #timeout: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end: number;

  /** @param timeout Milliseconds until running SQL is interrupted. Default: never. */
  constructor(connection: DuckDbConnection, timeout: number | undefined) {
    this.#timeout = timeout;
    this.#end = performance.now() + (timeout ?? Infinity);
    const interrupt = (): void => {
      connection.interrupt();
      this.#timer = setTimeout(interrupt, INTERVAL_MS);
    };
    if (timeout !== undefined) this.#timer = setTimeout(interrupt, timeout);
  }

  /** @throws {QueryError} If the time is over. */
  check(): void {
    if (performance.now() < this.#end) return;
    throw new QueryError(
      `Cannot finish the SQL in ${this.#timeout} ms, the time that it was given: ` +
        `allow more (timeout), or ask for less`,
    );
  }

  /** Cancels it. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
