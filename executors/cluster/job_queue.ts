import { createHash } from "node:crypto";
import { Connections } from "../../backends/postgres/connection/connections.ts";
import {
  parsePostgresUrl,
  type PostgresUrl,
} from "../../backends/postgres/connection/postgres_url.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { sleep } from "../../core/runtime/poll.ts";
import { loadPg } from "../../packages/pg.ts";
import { type Boss, type BossAttempt, type BossJob, loadPgBoss } from "../../packages/pg_boss.ts";
import { bossDatabase } from "./boss_database.ts";
import { type JobData, type JobOutput, KEY_LENGTH } from "./chunk.ts";

/** Schema of the tables of pg-boss: its own, since another program may use another version of it. */
export const QUEUE_SCHEMA = "stet_pgboss";

/** Number of connections for statements. */
const MAX_CONNECTIONS = 2;
/** Time without a heartbeat after which a job is given to another worker, in seconds. */
const HEARTBEAT_SECONDS = 15;
/** Interval of looking for jobs without a heartbeat, in seconds. */
const SUPERVISE_SECONDS = 5;
/** The longest time that pg-boss has for a job. Later it waits again, and finds its keys claimed. */
const EXPIRE_SECONDS = 24 * 3600;
/** Time that jobs wait for workers, and that the outputs of ended ones are kept, in seconds. */
const RETENTION_SECONDS = 365 * 24 * 3600, OUTPUT_SECONDS = 24 * 3600;
/** Number of further workers that get a job whose worker has died. */
const RETRIES = 2;
/** Number of times that an instance is started, and the pause after the first one, in milliseconds. */
const MAX_STARTS = 6, START_PAUSE_MS = 200;
/** Time limit of noting the end of an instance, in milliseconds: the server may be gone. */
const MAX_STOP_MS = 30_000;
/** Number of jobs in a page. */
const PAGE = 500;

/** The function whose runs are in a queue. */
export interface QueueOf {
  readonly label: string;
  /** Location of the store. */
  readonly location: string;
  readonly namespace: string | undefined;
}

/** State of a job. */
export interface JobState {
  readonly id: string;
  readonly state: "created" | "retry" | "active" | "completed" | "cancelled" | "failed";
  /** Its output, once it has ended. */
  readonly output: Partial<JobOutput> & { readonly message?: string } | null;
}

/** Answer to the heartbeat of a job. */
export interface Beat {
  readonly id: string;
  /** State of the job; undefined if it is gone. */
  readonly state: JobState["state"] | undefined;
  /** True if it is still with this worker. */
  readonly isMine: boolean;
  /** True if no more of its runs shall begin. */
  readonly isDrained: boolean;
}

/** Options of opening a queue. */
export interface QueueOptions {
  /** Name of this process among the instances of pg-boss. */
  readonly instance: string;
  /** Receives messages about trouble that passes. */
  readonly warn: (message: string) => void;
}

/** The queue of one function in pg-boss. */
export class JobQueue {
  readonly name: string;
  readonly #boss: Boss;
  readonly #connections: Connections;

  private constructor(name: string, boss: Boss, connections: Connections) {
    this.name = name;
    this.#boss = boss;
    this.#connections = connections;
  }

  /**
   * Opens the queue of a function, and makes its tables where they are missing.
   *
   * @throws {StoreError} If the server or the package is not there, or the server refuses.
   */
  static async open(url: string, of: QueueOf, { instance, warn }: QueueOptions): Promise<JobQueue> {
    const parsed = parsePostgresUrl(url);
    const purpose = `use the workers of "${parsed.location}"`;
    const pg = await loadPg(purpose);
    const { PgBoss } = await loadPgBoss(purpose);
    const connections = new Connections(pg, parsed, MAX_CONNECTIONS);
    let boss: Boss | undefined;
    try {
      const schema = await connections.use(async ({ facts }) => facts.schema);
      boss = new PgBoss({
        db: bossDatabase(connections, pg),
        schema: QUEUE_SCHEMA,
        schedule: false,
        supervise: true,
        superviseIntervalSeconds: SUPERVISE_SECONDS,
        monitorIntervalSeconds: SUPERVISE_SECONDS,
        instanceName: instance,
        instanceHeartbeatSeconds: HEARTBEAT_SECONDS,
        openTelemetry: { enabled: false },
        monitorVacuum: false,
        reindex: false,
      });
      let last = "";
      boss.on("error", (error) => {
        if (connections.isClosed || last === messageOf(error)) return;
        last = messageOf(error);
        warn(`[stet] Trouble with the queue of "${parsed.location}": ${last}`);
      });
      await started(boss);
      const name = queueName(of, parsed, schema);
      await boss.createQueue(name, {
        retryLimit: RETRIES,
        retryDelay: 0,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        expireInSeconds: EXPIRE_SECONDS,
        retentionSeconds: RETENTION_SECONDS,
        deleteAfterSeconds: OUTPUT_SECONDS,
      });
      return new JobQueue(name, boss, connections);
    } catch (error) {
      await boss?.stop({ graceful: false, close: false }).catch(() => {});
      await connections.close();
      if (error instanceof StoreError) throw error;
      const code = (error as { code?: unknown }).code;
      const remedy = code === "42501"
        ? `; it needs CREATE on the database once, or the schema ${QUEUE_SCHEMA}, owned by its role`
        : "";
      throw new StoreError(`Cannot ${purpose}: ${messageOf(error)}${remedy}`, { cause: error });
    }
  }

  /** Adds jobs. Those that wait already, or are active, stay as they are. */
  async send(jobs: readonly { readonly id: string; readonly data: JobData }[]): Promise<void> {
    if (jobs.length === 0) return;
    const ids = jobs.map(({ id }) => id);
    await this.#query(
      `DELETE FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND id = ANY ($2::uuid[]) AND state > 'active'`,
      [this.name, ids],
    );
    await this.#boss.insert(this.name, jobs, { returnId: true });
  }

  /** Returns the states of jobs that are there. */
  async states(ids: readonly string[]): Promise<JobState[]> {
    const rows = await this.#query(
      `SELECT id, state, CASE WHEN state > 'active' THEN output END FROM ${QUEUE_SCHEMA}.job
       WHERE name = $1 AND id = ANY ($2::uuid[])`,
      [this.name, ids],
    );
    return rows.map(([id, state, output]) => ({
      id: id!,
      state: state as JobState["state"],
      output: output === null || output === undefined ? null : JSON.parse(output),
    }));
  }

  /** Returns the newest outputs of jobs that workers ended. */
  async outputs(): Promise<JobOutput[]> {
    const rows = await this.#query(
      `SELECT output FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND state = 'completed'
       ORDER BY completed_on DESC LIMIT 10`,
      [this.name],
    );
    return rows.map(([output]) => JSON.parse(output ?? "{}"));
  }

  /** Returns the data of a job that waits or is active. Undefined if there is none. */
  async peek(): Promise<JobData | undefined> {
    const [row] = await this.#query(
      `SELECT data FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND state <= 'active' LIMIT 1`,
      [this.name],
    );
    return row && JSON.parse(row[0]!);
  }

  /** Returns the keys of the jobs that wait or are active. */
  async *waiting(): AsyncGenerator<{ readonly id: string; readonly keys: string }> {
    for (let after = "00000000-0000-0000-0000-000000000000";;) {
      const rows = await this.#query(
        `SELECT id, data->>'keys' FROM ${QUEUE_SCHEMA}.job
         WHERE name = $1 AND state <= 'active' AND id > $2 ORDER BY id LIMIT ${PAGE}`,
        [this.name, after],
      );
      for (const [id, keys] of rows) {
        if (keys && keys.length % KEY_LENGTH === 0) yield { id: id!, keys };
      }
      if (rows.length < PAGE) return;
      after = rows.at(-1)![0]!;
    }
  }

  /** Cancels jobs that wait, and has workers begin no more runs of those that are active. */
  async stop(ids: readonly string[]): Promise<void> {
    await this.#query(
      `UPDATE ${QUEUE_SCHEMA}.job SET state = 'cancelled', completed_on = now()
       WHERE name = $1 AND id = ANY ($2::uuid[]) AND state < 'active'`,
      [this.name, ids],
    );
    await this.#query(
      `UPDATE ${QUEUE_SCHEMA}.job SET output = '{"drain": true}'
       WHERE name = $1 AND id = ANY ($2::uuid[]) AND state = 'active'`,
      [this.name, ids],
    );
  }

  /** Cancels jobs. Workers end the runs of those that are active. */
  async cancel(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#boss.cancel(this.name, ids);
  }

  /** Cancels all jobs, and returns their number. */
  async cancelAll(): Promise<number> {
    const ids: string[] = [];
    for await (const { id } of this.waiting()) ids.push(id);
    await this.cancel(ids);
    return ids.length;
  }

  /** Gives jobs to this worker. */
  async fetch(count: number): Promise<BossJob[]> {
    return await this.#boss.fetch(this.name, { batchSize: count });
  }

  /** Sends the heartbeats of jobs that this worker has. */
  async beat(jobs: readonly BossAttempt[]): Promise<Beat[]> {
    const rows = await this.#query(
      `WITH mine AS (SELECT * FROM unnest($2::uuid[], $3::int[]) AS u(id, retry_count)),
       beat AS (
         UPDATE ${QUEUE_SCHEMA}.job j SET heartbeat_on = now() FROM mine
         WHERE j.name = $1 AND j.id = mine.id AND j.retry_count = mine.retry_count
           AND j.state = 'active' RETURNING j.id, j.output)
       SELECT mine.id, j.state, beat.id IS NOT NULL, coalesce(beat.output->'drain' = 'true', false)
       FROM mine LEFT JOIN beat ON beat.id = mine.id
       LEFT JOIN ${QUEUE_SCHEMA}.job j ON j.name = $1 AND j.id = mine.id`,
      [this.name, jobs.map(({ id }) => id), jobs.map(({ retryCount }) => retryCount)],
    );
    return rows.map(([id, state, isMine, isDrained]) => ({
      id: id!,
      state: state as JobState["state"] | undefined ?? undefined,
      isMine: isMine === "t",
      isDrained: isDrained === "t",
    }));
  }

  /** Ends a job. Does nothing if another worker has got it. */
  async complete({ id, retryCount }: BossAttempt, output: JobOutput): Promise<void> {
    await this.#boss.complete(this.name, { id, retryCount }, output);
  }

  /** Gives a job back, with the reason. Another worker gets it, unless too many have given it back. */
  async fail({ id, retryCount }: BossAttempt, error: unknown): Promise<void> {
    await this.#boss.fail(this.name, { id, retryCount }, { message: messageOf(error) });
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => void this.#connections.close(), MAX_STOP_MS);
    try {
      await this.#boss.stop({ graceful: false, close: false });
    } finally {
      clearTimeout(timer);
      await this.#connections.close();
    }
  }

  async #query(text: string, values: readonly unknown[]): Promise<(string | null)[][]> {
    return (await this.#connections.query(text, values)).rows as (string | null)[][];
  }
}

/** Starts an instance. Processes that make its tables at the same time can fail each other. */
async function started(boss: Boss): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      await boss.start();
      return;
    } catch (error) {
      const { code } = error as { code?: unknown };
      // Duplicate or missing tables, types and rows, and deadlocks.
      const isRace = typeof code === "string" &&
        /^(?:42P0[1-7]|42710|23505|40P01|3F000)$/.test(code);
      if (!isRace || tries === MAX_STARTS) throw error;
      await sleep(START_PAUSE_MS * tries * (0.5 + Math.random()));
    }
  }
}

/** Returns the name of a function's queue: the same on all machines that share the store. */
function queueName(
  { label, location, namespace = "" }: QueueOf,
  url: PostgresUrl,
  schema: string | undefined,
): string {
  const store = storeOf(location, url, schema);
  const hash = createHash("sha256").update(JSON.stringify([store, namespace, label])).digest("hex");
  return `stet.${hash.slice(0, 16)}.${label.replace(/[^\w.-]/g, "_").slice(0, 40)}`;
}

/** Returns the name of a store. Machines may reach the server by other names: a table's own is enough. */
function storeOf(location: string, url: PostgresUrl, schema: string | undefined): string {
  if (!location.startsWith("postgresql:")) return location;
  const store = parsePostgresUrl(location);
  return `${store.schema ?? url.schema ?? schema} ${store.table}`;
}
