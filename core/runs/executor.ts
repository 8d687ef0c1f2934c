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
 * Where runs happen: in this thread, in worker processes, in programs of their own. It gets one attempt
 * at a time for each free place, and knows nothing of stores, keys and claims.
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
   * Gets ready, before anything runs. Throws what would make every run fail: a module without that
   * export, a program that is not there.
   */
  open?(): MaybePromise<void>;

  /**
   * Throws a `TypeError` if a job cannot be run here: a placeholder that is no param, an argument
   * that cannot be sent. Called before the job is claimed; nothing has run then if the sweep's params
   * are an array.
   */
  check?(job: Pick<Job, "params" | "args">): void;

  /**
   * Runs one attempt and gives what the function gave. Rejects with why it failed. Once the job's
   * signal is aborted it settles soon, and nothing of the attempt runs on after that, as far as it can
   * be stopped at all.
   */
  run(job: Job): Promise<unknown>;

  /** Ends what it holds, when the sweep ends, also if `open` threw. It may be opened again. */
  close?(): MaybePromise<void>;

  /**
   * Returns a dispatcher, for runs that workers claim, execute and record by themselves. The sweep then
   * neither claims nor calls `open` and `run`. Undefined: the sweep runs them by this executor. Called
   * before anything else.
   */
  dispatch?(sweep: DispatchedSweep): MaybePromise<Dispatcher | undefined>;
}
