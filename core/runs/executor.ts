import type { MaybePromise } from "../contract/backend.ts";
import type { DispatchedSweep, Dispatcher } from "./dispatcher.ts";
import type { Row } from "../values/value.ts";

/** One attempt at one run, as an executor gets it. */
export interface Job {
  /** Id of the run: 16 hex digits, the hash of its key. */
  readonly id: string;
  /** Its params by name, as the store keeps them. */
  readonly params: Row;
  /** Arguments of the function. */
  readonly args: readonly unknown[];
  /** Calls the function in this thread. */
  call(): unknown;
  /** Aborted when the attempt must end: its time is over, or the sweep was aborted. */
  readonly signal: AbortSignal;
}

/**
 * Place of execution: this thread, worker processes, or other programs. The sweep hands it at most
 * `concurrency` attempts at a time. An executor knows nothing of stores, keys and claims.
 *
 * @example
 * ```ts
 * import { type Executor, once, sweep } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const here: Executor = { concurrency: 2, run: async (job) => await job.call() };
 * const square = once(({ n }: { n: number }) => n * n, { store: new MemoryBackend(), save: true });
 * const { ran } = await sweep(square, [{ n: 1 }, { n: 2 }], { executor: here }).done;
 * assert.equal(ran, 2);
 * ```
 */
export interface Executor {
  /** Number of runs at a time. A sweep's `concurrency` takes precedence. */
  readonly concurrency: number;

  /**
   * Prepares the executor before the first run. Throws the error that would make every run fail, such as a
   * module without that export or a missing program.
   */
  open?(): MaybePromise<void>;

  /**
   * Throws a `TypeError` if a job cannot be run here: a placeholder that is no param, an argument
   * that cannot be sent. Called before the job is claimed; nothing has run then if the sweep's params
   * are an array.
   */
  check?(job: Pick<Job, "params" | "args">): void;

  /**
   * Runs one attempt and resolves to the function's result. Rejects with the function's error. Once the
   * job's signal is aborted the promise settles soon, and the attempt is stopped as far as that is possible.
   */
  run(job: Job): Promise<unknown>;

  /** Releases processes and other resources at the end of a sweep, also if `open` threw. May be opened again. */
  close?(): MaybePromise<void>;

  /**
   * Returns a dispatcher, for runs that workers claim, execute and record by themselves. The sweep then
   * neither claims nor calls `open` and `run`. Undefined: the sweep runs them by this executor. Called
   * before anything else.
   */
  dispatch?(sweep: DispatchedSweep): MaybePromise<Dispatcher | undefined>;
}
