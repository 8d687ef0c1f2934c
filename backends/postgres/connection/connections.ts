import { StoreError } from "../../../core/errors.ts";
import type { Pg, PgResult } from "../../../packages/pg.ts";
import { checkServer } from "./check_server.ts";
import { type Clock, type EndTimer, systemClock } from "./clock.ts";
import { Connection, STATEMENT_MS } from "./connection.ts";
import { pgOptions } from "./pg_options.ts";
import { codeOf, ConnectionError, isCollision, isPassing, storeError } from "./postgres_errors.ts";
import type { PostgresUrl } from "./postgres_url.ts";

/** Time for which a lost server is tried again, and one that never answered, in milliseconds. */
const PATIENCE_MS = 120_000, FIRST_PATIENCE_MS = 2_000;
/** Pauses between two tries, in milliseconds. */
const MIN_PAUSE_MS = 20, MAX_PAUSE_MS = 2_000;

/** Time after which a connection without statements is closed, in milliseconds. */
const IDLE_MS = 60_000;

/** Options of a statement. */
export interface QueryOptions {
  /** Time limit, in milliseconds. A statement with a longer one than usual is repeatable. */
  readonly timeoutMs?: number;
  /** True if it may be executed twice. Default: true. False: one in doubt is an error. */
  readonly isRepeatable?: boolean;
}

/** The connections of an open store. Lost ones are made again. */
export class Connections {
  readonly #pg: Pg;
  readonly #url: PostgresUrl;
  readonly #max: number;
  readonly clock: Clock;
  /** Connections without a statement, the one used last at the end. */
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = [];
  #endTimer: EndTimer | undefined;
  readonly #all = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #count = 0;
  #hasAnswered = false;
  #isClosed = false;

  /** @param max Maximum number of connections for statements. */
  constructor(pg: Pg, url: PostgresUrl, max: number, clock: Clock = systemClock) {
    this.#pg = pg;
    this.#url = url;
    this.#max = max;
    this.clock = clock;
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
   * @throws {StoreError} If the server cannot be reached. @throws The error of the server.
   * @throws {ConnectionError} If it is not repeatable, and in doubt.
   */
  async query(
    text: string,
    values: readonly unknown[] = [],
    { timeoutMs = STATEMENT_MS, isRepeatable = true }: QueryOptions = {},
  ): Promise<PgResult> {
    // The server ends a statement of a session after the usual time, unless its transaction has another.
    if (timeoutMs > STATEMENT_MS) {
      return await this.transaction((query) => query(text, values), timeoutMs);
    }
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
      await query("BEGIN ISOLATION LEVEL READ COMMITTED"); // whatever the role's default is
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
    const start = this.clock.now();
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
      if (this.clock.now() + pause > start + patience) throw this.#storeError(trouble);
      await this.#sleep(pause * (0.5 + this.clock.random() / 2));
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Opens a connection that is not among those for statements. The caller closes it. */
  async open(): Promise<Connection> {
    this.checkOpen();
    try {
      const connection = await Connection.open(this.#pg, pgOptions(this.#url), this.clock);
      this.#all.add(connection);
      connection.onEnd(() => this.#all.delete(connection));
      if (!this.#hasAnswered) this.#checkServer(connection);
      if (this.#isClosed) await connection.close();
      return connection;
    } catch (error) {
      if (isPassing(error)) throw error;
      throw this.#storeError(error);
    }
  }

  #storeError(error: unknown): Error {
    return storeError(error, this.#url.location, this.#hasAnswered ? "use" : "open");
  }

  #checkServer(connection: Connection): void {
    try {
      checkServer(connection.facts, this.#url.location);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#hasAnswered = true;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endTimer?.();
    for (const next of this.#waiting.splice(0)) next();
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }

  async #acquire(): Promise<Connection> {
    for (;;) {
      this.checkOpen();
      const connection = this.#idle.pop()?.connection;
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
    else this.#idle.push({ connection, since: this.clock.now() });
    this.#waiting.shift()?.();
    if (this.#endTimer || this.#isClosed) return;
    this.#endTimer = this.clock.every(IDLE_MS / 2, () => this.#closeIdle());
  }

  #closeIdle(): void {
    const isOld = ({ since }: { readonly since: number }) => this.clock.now() - since > IDLE_MS;
    while (this.#idle[0] && isOld(this.#idle[0])) {
      this.#count--;
      void this.#idle.shift()!.connection.close();
    }
    if (this.#idle.length > 0) return;
    this.#endTimer?.();
    this.#endTimer = undefined;
  }
}
