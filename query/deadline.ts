import type { DuckDbConnection } from "../packages/duckdb.ts";
import { QueryError } from "./query_error.ts";

/** The end of the time that SQL on a connection may take. */
export class Deadline {
  readonly #timeout: number | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end: number;

  /** @param timeout After how many milliseconds what runs is stopped. Default: never. */
  constructor(connection: DuckDbConnection, timeout: number | undefined) {
    this.#timeout = timeout;
    this.#end = performance.now() + (timeout ?? Infinity);
    if (timeout !== undefined) this.#timer = setTimeout(() => connection.interrupt(), timeout);
  }

  /** @throws {QueryError} If the time is over. */
  check(): void {
    if (performance.now() < this.#end) return;
    throw new QueryError(
      `Cannot finish the SQL in ${this.#timeout} ms, the time that it was given: ` +
        `allow more (timeout), or ask for less`,
    );
  }

  /** Lets it pass. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
