import { StoreError } from "../../../core/errors.ts";
import { sleep } from "../../../core/runtime/poll.ts";
import type { Pg, PgResult } from "../../../packages/pg.ts";
import { checkServer } from "./check_server.ts";
import { Connection, STATEMENT_MS } from "./connection.ts";
import { pgOptions } from "./pg_options.ts";
import { codeOf, ConnectionError, isCollision, isPassing, storeError } from "./postgres_errors.ts";
import type { PostgresUrl } from "./postgres_url.ts";

/** Time for which a lost server is tried again, and one that never answered, in milliseconds. */
const PATIENCE_MS = 120_000, FIRST_PATIENCE_MS = 2_000;
/** Pauses between two tries, in milliseconds. */
const MIN_PAUSE_MS = 20, MAX_PAUSE_MS = 2_000;

/** Options of a statement. */
export interface QueryOptions {
  readonly timeoutMs?: number;
  /** True if it may be executed twice. Default: true. False: one in doubt is an error. */
  readonly isRepeatable?: boolean;
}

/** The connections of an open store. Lost ones are made again. */
export class Connections {
  readonly #pg: Pg;
  readonly #url: PostgresUrl;
  readonly #max: number;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #count = 0;
  #hasAnswered = false;
  #isClosed = false;

  /** @param max Maximum number of connections for statements. */
  constructor(pg: Pg, url: PostgresUrl, max: number) {
    this.#pg = pg;
    this.#url = url;
    this.#max = max;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws {StoreError} If the store was closed. */
  checkOpen(): void {
    if (!this.#isClosed) return;
    throw new StoreError(
      `Cannot use store "${this.#url.location}": it was closed; open it again`,
    );
  }

  /**
   * Executes a statement. It is sent again when the connection was lost, for two minutes.
   *
   * @throws The error of the server. @throws {ConnectionError} If it is not repeatable, and in doubt.
   */
  async query(
    text: string,
    values: readonly unknown[] = [],
    { timeoutMs = STATEMENT_MS, isRepeatable = true }: QueryOptions = {},
  ): Promise<PgResult> {
    return await this.use(
      (connection) => connection.query(text, values, timeoutMs),
      isRepeatable,
    );
  }

  /**
   * Runs statements in one transaction. All are executed again when the connection was lost.
   *
   * @param timeoutMs Time limit of each statement.
   */
  async transaction<T>(
    body: (query: (text: string, values?: readonly unknown[]) => Promise<PgResult>) => Promise<T>,
    timeoutMs: number = STATEMENT_MS,
  ): Promise<T> {
    return await this.use(async (connection) => {
      const query = (text: string, values: readonly unknown[] = []) =>
        connection.query(text, values, timeoutMs + 1000);
      await query("BEGIN");
      try {
        await query(
          "SELECT set_config('statement_timeout', $1, true), " +
            "set_config('idle_in_transaction_session_timeout', $1, true)",
          [`${timeoutMs}`],
        );
        const result = await body(query);
        await query("COMMIT");
        return result;
      } catch (error) {
        if (!connection.isBroken) await query("ROLLBACK").catch(() => connection.destroy(error));
        throw error;
      }
    });
  }

  /** Runs a body with a connection of its own, again when the connection was lost. */
  async use<T>(
    body: (connection: Connection) => Promise<T>,
    isRepeatable = true,
  ): Promise<T> {
    return await this.retrying(async () => {
      const connection = await this.#acquire();
      try {
        return await body(connection);
      } finally {
        this.#release(connection);
      }
    }, isRepeatable);
  }

  /** Runs a body, again when a connection was lost, for two minutes. */
  async retrying<T>(body: () => Promise<T>, isRepeatable = true): Promise<T> {
    const start = performance.now();
    for (let pause = MIN_PAUSE_MS;; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      this.checkOpen();
      let trouble: unknown;
      try {
        return await body();
      } catch (error) {
        const isDoubtful = error instanceof ConnectionError && error.isInDoubt;
        const isAgain = isCollision(error) || isPassing(error) && (isRepeatable || !isDoubtful);
        if (!isAgain) throw error;
        trouble = error;
      }
      const isStarting = codeOf(trouble) === "57P03";
      const patience = this.#hasAnswered || isStarting ? PATIENCE_MS : FIRST_PATIENCE_MS;
      if (performance.now() + pause > start + patience) throw trouble;
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  /** Opens a connection that is not among those for statements. The caller closes it. */
  async open(): Promise<Connection> {
    this.checkOpen();
    try {
      const connection = await Connection.open(this.#pg, pgOptions(this.#url));
      if (!this.#hasAnswered) checkServer(connection.facts, this.#url.location);
      this.#hasAnswered = true;
      this.#all.add(connection);
      connection.onEnd(() => this.#all.delete(connection));
      if (this.#isClosed) await connection.close();
      return connection;
    } catch (error) {
      if (isPassing(error)) throw error;
      throw storeError(error, this.#url.location, this.#hasAnswered ? "use" : "open");
    }
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const next of this.#waiting.splice(0)) next();
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }

  async #acquire(): Promise<Connection> {
    for (;;) {
      this.checkOpen();
      const connection = this.#idle.pop();
      if (connection && !connection.isBroken) return connection;
      if (connection) {
        this.#count--;
        continue;
      }
      if (this.#count < this.#max) break;
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    this.#count++;
    try {
      return await this.open();
    } catch (error) {
      this.#count--;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #release(connection: Connection): void {
    if (connection.isBroken) this.#count--;
    else this.#idle.push(connection);
    this.#waiting.shift()?.();
  }
}
