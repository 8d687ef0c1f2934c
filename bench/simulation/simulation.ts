import { Connections } from "../../backends/postgres/connection/connections.ts";
import { parsePostgresUrl } from "../../backends/postgres/connection/postgres_url.ts";
import { PostgresBackend } from "../../backends/postgres/postgres_backend.ts";
import { StoreError } from "../../core/errors.ts";
import { simulatedPg } from "./client.ts";
import { type Fault, Fleet } from "./fleet.ts";
import { Host } from "./host.ts";
import { Jobs } from "./jobs.ts";
import { Ledger, type Repeats } from "./ledger.ts";
import { Server } from "./server.ts";
import { Timeline } from "./timeline.ts";
import { Worker } from "./worker.ts";

/** Options of a simulation. */
export interface SimulationOptions {
  readonly seed: number;
  readonly workers: number;
  readonly keys: number;
  /** Number of keys of a job, all of which run at a time. */
  readonly jobKeys: number;
  /** Faults of each kind, for each hour of each worker. */
  readonly faultsPerHour: number;
  /** Restarts of the server for each hour. */
  readonly restartsPerHour: number;
  /** How claims are held: `session` is the default of stores. */
  readonly claims?: "session" | "lease";
}

/** The result of a simulation. */
export interface SimulationReport {
  /** Simulated time, in seconds. */
  readonly seconds: number;
  readonly recorded: number;
  readonly executions: number;
  /** Executions beyond one of a key, by cause. */
  readonly repeats: Repeats;
  /** Records that were refused because their claim was lost. */
  readonly lateRecords: number;
  readonly faults: Readonly<Record<Fault | "gave up" | "restart", number>>;
  /** Longest time from the death of a worker to the next execution of a key that it ran, in seconds. */
  readonly longestWait: number;
  /** Time that workers waited for keys of dead or unreachable workers, of living ones, and for a job, in seconds. */
  readonly waited: {
    readonly forDead: number;
    readonly forLiving: number;
    readonly forJobs: number;
  };
  readonly statements: number;
  readonly peakSessions: number;
  readonly peakClaims: number;
  readonly deadlocks: number;
  /** What must not happen. */
  readonly violations: readonly string[];
}

/** Lease of a worker in the default configuration, in milliseconds. */
export const LEASE_MS = 30_000;
/** Simulated time after which the keys that are left count as stalled, as a multiple of what they take undisturbed. */
const MAX_SLOWDOWN = 20;
/** Mean time of a job, in milliseconds: see worker.ts. */
const JOB_MS = 30_000;

/**
 * Runs the real store, its claims, its leases and its connections over a simulated network, server and clock, with
 * many workers, while some of them fail.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, workers: count, keys, jobKeys, claims = "session" } = options;
  const timeline = new Timeline(seed);
  const server = new Server(timeline, keys);
  const ledger = new Ledger(timeline, server.database);
  const jobs = new Jobs(timeline, keys, jobKeys);
  const url = parsePostgresUrl(
    `postgresql://stet@simulated/stet?table=runs&pool=2&sslmode=disable&claims=${claims}`,
  );

  const startWorker = (number: number): Worker => {
    const host = new Host(timeline);
    const connections = new Connections(simulatedPg(host, server), url, url.pool - 1, host.clock);
    const backend = new PostgresBackend({ connections, url, schema: "public", warn: () => {} });
    const worker = new Worker(number, { host, backend, timeline, ledger, jobs });
    worker.work().catch((error: unknown) => {
      if (error instanceof StoreError) fleet.giveUp(worker);
      else ledger.violate(`${worker} failed: ${String(error)}`);
    });
    return worker;
  };

  const fleet = new Fleet({ timeline, server, jobs, ledger, startWorker, ...options });
  fleet.start();
  const limit = MAX_SLOWDOWN * JOB_MS * (2 + keys / (count * jobKeys));
  await timeline.run(() => jobs.isDone || timeline.now > limit);

  const violations = [...ledger.violations, ...server.database.faults];
  const missing = keys - server.database.recorded;
  if (missing > 0) violations.push(`${missing} keys were never recorded`);
  const { repeats, executions, lateRecords, longestWaitMs } = ledger;
  return {
    seconds: timeline.now / 1000,
    recorded: server.database.recorded,
    executions,
    repeats,
    lateRecords,
    faults: fleet.counts,
    longestWait: longestWaitMs / 1000,
    waited: {
      forDead: ledger.waitedMs.forDead / 1000,
      forLiving: ledger.waitedMs.forLiving / 1000,
      forJobs: jobs.idleMs / 1000,
    },
    statements: server.counts.statements,
    peakSessions: server.counts.sessions,
    peakClaims: server.database.counts.peakClaims,
    deadlocks: server.counts.deadlocks,
    violations,
  };
}
