import { messageOf } from "../../../core/errors.ts";
import type { Pg, PgClient, PgOptions, PgResult } from "../../../packages/pg.ts";
import type { Clock, EndTimer } from "./clock.ts";
import { ConnectionError, isServerError } from "./postgres_errors.ts";
import type { Connecting } from "./pg_options.ts";

/** Time limit of a statement, in milliseconds. */
export const STATEMENT_MS = 30_000;
/** Time limit of a statement that reads or writes a whole table, in milliseconds. */
export const LONG_STATEMENT_MS = 1_800_000;
/** Time limit of connecting, in milliseconds. */
const CONNECT_MS = 10_000;

/**
 * Settings of a session, where it is this connection's own. The server ends statements that the client no longer
 * waits for, and notices a client that is cut off.
 */
const SETTINGS = {
  extra_float_digits: "1",
  jit: "off", // compiling a lookup takes longer than a thousand of them
  statement_timeout: `${STATEMENT_MS}`,
  idle_in_transaction_session_timeout: `${STATEMENT_MS}`,
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "4",
  tcp_user_timeout: "30000",
};

/** Facts about a server and a session. */
export interface ServerFacts {
  readonly version: string;
  readonly versionNumber: number;
  readonly encoding: string;
  /** The first schema of the search path that exists. */
  readonly schema: string | undefined;
  readonly processId: number;
  readonly isReadOnly: boolean;
}

const FACTS = `SELECT version(), current_setting('server_version_num'),
  current_setting('server_encoding'), current_schema(), pg_backend_pid()::text,
  current_setting('transaction_read_only')`;

/** A connection to the server or to a pooler. Takes one statement at a time. */
export class Connection {
  readonly facts: ServerFacts;
  readonly #client: PgClient;
  readonly #clock: Clock;
  #trouble: unknown;
  readonly #onEnd = new Set<() => void>();

  private constructor(client: PgClient, facts: ServerFacts, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.facts = facts;
  }

  /**
   * Connects.
   *
   * @throws The error of the server or the system, or a {@link ConnectionError} after ten seconds.
   */
  static async open(
    pg: Pg,
    { options, isTlsOptional }: Connecting,
    clock: Clock,
  ): Promise<Connection> {
    let client: PgClient;
    try {
      client = await connected(pg, options, clock);
    } catch (error) {
      if (!isTlsOptional || !/does not support SSL/.test(messageOf(error))) throw error;
      client = await connected(pg, { ...options, ssl: false }, clock);
    }
    try {
      const connection = new Connection(client, await factsOf(client, clock), clock);
      client.on("error", (error) => connection.#end(error));
      client.on("end", () => connection.#end(new Error("the connection was closed")));
      if (connection.isDirect) {
        const settings = Object.entries(SETTINGS);
        const calls = settings.map(([name, value]) => `set_config('${name}', '${value}', false)`);
        await connection.query(`SELECT ${calls.join(", ")}`);
      }
      client.unref();
      return connection;
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
  }

  /** True if the session is this connection's own: no pooler is in between. */
  get isDirect(): boolean {
    return this.#client.processID === this.facts.processId;
  }

  /** True once it is of no more use. */
  get isBroken(): boolean {
    return this.#trouble !== undefined;
  }

  /** Calls a function when the connection is lost. */
  onEnd(listener: () => void): void {
    this.#onEnd.add(listener);
  }

  /**
   * Executes a statement without a name.
   *
   * @param timeoutMs Time limit, after which the connection is destroyed.
   * @throws {ConnectionError} If the connection is lost or the time is over. @throws The error of the server.
   */
  async query(
    text: string,
    values: readonly unknown[] = [],
    timeoutMs: number = STATEMENT_MS,
  ): Promise<PgResult> {
    if (this.#trouble !== undefined) {
      throw new ConnectionError(messageOf(this.#trouble), false, { cause: this.#trouble });
    }
    this.#client.ref();
    try {
      return await limited(
        this.#client.query({ text, ...values.length > 0 && { values }, rowMode: "array" }),
        timeoutMs,
        this.#clock,
        () => this.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      );
    } catch (error) {
      if (isServerError(error)) throw error;
      this.#end(error);
      throw new ConnectionError(messageOf(error), true, { cause: error });
    } finally {
      if (!this.isBroken) this.#client.unref();
    }
  }

  /**
   * Executes statements without parameters in one transaction and one round trip, and returns their results. Each
   * of them sees what was committed before it, whatever isolation level is the role's default.
   */
  async script(statements: readonly string[]): Promise<readonly PgResult[]> {
    const all = ["BEGIN ISOLATION LEVEL READ COMMITTED", ...statements, "COMMIT"];
    try {
      const results = await this.query(all.join(";\n")) as PgResult | readonly PgResult[];
      return (results as readonly PgResult[]).slice(1, -1);
    } catch (error) {
      if (!this.isBroken) await this.query("ROLLBACK").catch(() => this.destroy(error));
      throw error;
    }
  }

  /** Destroys the connection. The statement under way may still be executed. */
  destroy(why: unknown = new Error("the connection was closed")): void {
    this.#end(why);
    this.#client.connection.stream.destroy();
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    if (this.isBroken) return;
    this.#trouble = new Error("the connection was closed");
    this.#client.ref();
    try {
      await limited(
        this.#client.end(),
        1000,
        this.#clock,
        () => this.#client.connection.stream.destroy(),
      );
    } catch {
      // It is gone all the same.
    }
  }

  #end(trouble: unknown): void {
    if (this.#trouble !== undefined) return;
    this.#trouble = trouble;
    for (const listener of this.#onEnd) listener();
  }
}

async function connected(pg: Pg, options: PgOptions, clock: Clock): Promise<PgClient> {
  const client = new pg.Client(options);
  client.on("error", () => {}); // the promise rejects with it
  const destroy = (): void => client.connection.stream.destroy();
  try {
    await limited(client.connect(), CONNECT_MS, clock, destroy);
    return client;
  } catch (error) {
    // Where a password is missing the client leaves the connection open, which the server closes a minute later.
    destroy();
    throw error;
  }
}

async function factsOf(client: PgClient, clock: Clock): Promise<ServerFacts> {
  const query = client.query({ text: FACTS, rowMode: "array" });
  const { rows } = await limited(
    query,
    CONNECT_MS,
    clock,
    () => client.connection.stream.destroy(),
  );
  const [version, number, encoding, schema, processId, isReadOnly] = rows[0] as string[];
  return {
    version: version!,
    versionNumber: Number(number),
    encoding: encoding!,
    schema: schema ?? undefined,
    processId: Number(processId),
    isReadOnly: isReadOnly === "on",
  };
}

/** Waits for a promise, and destroys what it waits for when a time is over. */
async function limited<T>(
  promise: Promise<T>,
  ms: number,
  clock: Clock,
  destroy: () => void,
): Promise<T> {
  let endTimer: EndTimer | undefined;
  const late = new Promise<never>((_, reject) => {
    endTimer = clock.after(ms, () => {
      reject(new ConnectionError(`no answer within ${ms / 1000} s`, true));
      destroy();
    });
  });
  promise.catch(() => {}); // a late error
  try {
    return await Promise.race([promise, late]);
  } finally {
    endTimer?.();
  }
}
