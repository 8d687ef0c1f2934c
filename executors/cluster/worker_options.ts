import type { Executor } from "../../core/runs/executor.ts";

/** Options of `clusterWorker`. */
export interface ClusterWorkerOptions {
  /** Executor of the runs. They must be outside of this process, which has to send heartbeats. */
  readonly executor: Executor;
  /** Number of jobs at a time, with one run at a time each. Default: the number of processors. */
  readonly concurrency?: number;
  /** Drains the worker when it is aborted: runs under way finish, the rest is given back. */
  readonly signal?: AbortSignal;
  /** True if SIGTERM and Ctrl-C drain the worker, and a second one aborts its runs. Default: false. */
  readonly handleSignals?: boolean;
  /** Command that starts the worker, for messages. Default: `stet worker`. */
  readonly workerCommand?: string;
  /** Receives messages. Default: standard error. */
  readonly log?: (message: string) => void;
}

/** Counts of a worker. */
export interface ClusterWorkerCounts {
  /** Jobs that were finished. */
  readonly jobs: number;
  /** Runs that were recorded. */
  readonly ran: number;
  /** Runs that failed. */
  readonly failed: number;
}
