import { loadPackage, type OptionalPackage } from "./load_package.ts";

/** The package. Statements of ours read and write its tables: the version is exact. */
export const PG_BOSS: OptionalPackage = { name: "pg-boss", version: "12.38.0" };

/** The part of `pg-boss` that is used, in types of our own, as in pg.ts. */
export interface PgBossModule {
  readonly PgBoss: new (options: BossOptions) => Boss;
}

/** Options of an instance (https://pgboss.io/api/constructor). */
export interface BossOptions {
  readonly db: BossDatabase;
  readonly schema: string;
  readonly schedule: boolean;
  readonly supervise: boolean;
  readonly superviseIntervalSeconds: number;
  readonly monitorIntervalSeconds: number;
  readonly instanceName: string;
  readonly instanceHeartbeatSeconds: number;
  readonly openTelemetry: { readonly enabled: boolean };
  readonly monitorVacuum: boolean;
  readonly reindex: boolean;
}

/** Executes the statements of an instance. */
export interface BossDatabase {
  executeSql(text: string, values?: unknown[]): Promise<BossResult | BossResult[]>;
}

/** The result of a statement. */
export interface BossResult {
  readonly rows: Record<string, unknown>[];
}

/** An instance. */
export interface Boss {
  start(): Promise<unknown>;
  stop(options: { readonly graceful: boolean; readonly close: boolean }): Promise<void>;
  on(event: "error", listener: (error: Error) => void): void;
  createQueue(name: string, options: BossQueueOptions): Promise<void>;
  insert(
    name: string,
    jobs: readonly { readonly id: string; readonly data: object }[],
    options: { readonly returnId: true },
  ): Promise<string[] | null>;
  fetch(name: string, options: { readonly batchSize: number }): Promise<BossJob[]>;
  complete(name: string, job: BossAttempt, output: object): Promise<unknown>;
  fail(name: string, job: BossAttempt, output: object): Promise<unknown>;
  cancel(name: string, ids: readonly string[]): Promise<unknown>;
}

/** Options of a queue, inherited by its jobs. */
export interface BossQueueOptions {
  readonly retryLimit: number;
  readonly retryDelay: number;
  readonly heartbeatSeconds: number;
  readonly expireInSeconds: number;
  readonly retentionSeconds: number;
  readonly deleteAfterSeconds: number;
}

/** An attempt at a job. Once the job has been given to another worker, calls with it change nothing. */
export interface BossAttempt {
  readonly id: string;
  readonly retryCount: number;
}

/** A job that was fetched. */
export interface BossJob extends BossAttempt {
  readonly data: unknown;
}

/**
 * Loads `pg-boss`.
 *
 * @throws {MissingPackageError} If it is not installed.
 */
export async function loadPgBoss(purpose: string): Promise<PgBossModule> {
  return await loadPackage(PG_BOSS, purpose) as PgBossModule;
}
