import type { Fingerprint } from "../keys/fingerprint.ts";
import type { Row } from "../values/value.ts";

/** A sweep whose runs are dispatched. */
export interface DispatchedSweep {
  /** Name of the function in messages. */
  readonly label: string;
  /** Location of the store. */
  readonly location: string;
  /** Tells apart functions that share a store. */
  readonly namespace: string | undefined;
  /** Source of the function's rows, undefined if it is not known. */
  readonly source: string | undefined;
  /** True if the workers save what the function returns. */
  readonly save: boolean;
  /** Returns the fingerprint of the run of an item. @throws {TypeError} If the item makes no key. */
  fingerprintOf(item: unknown): Fingerprint;
  /** Options of attempts, as the sweep has them. */
  readonly attempts: AttemptLimits;
  /** Aborted when no more runs shall begin. Runs under way finish. */
  readonly stopping: AbortSignal;
  /** Aborted when runs under way shall end. */
  readonly aborting: AbortSignal;
  /** Receives messages. */
  log(message: string): void;
}

/** Limits of the attempts at a run. */
export interface AttemptLimits {
  /** Maximum duration of an attempt, in milliseconds. */
  readonly timeout?: number;
  /** Number of further attempts. */
  readonly retries?: number;
  /** Pause before the first retry, in milliseconds, or a function that returns the pause. */
  readonly retryDelay?: number | ((attempt: number, error: unknown) => number);
  /** Returns the pause before the next attempt. */
  readonly retry?: (error: unknown, attempt: number) => number | false | undefined;
  /** True to adapt the number of attempts at a time to a service. */
  readonly adaptive?: boolean;
}

/** A run to dispatch. */
export interface DispatchedRun {
  /** Identity among the runs of the store, equal in all processes. */
  readonly fingerprint: Fingerprint;
  /** The item of the sweep's params. */
  readonly item: unknown;
  /** Its params by name. */
  readonly params: Row;
  /** The params as they were written, for a command. Default: `params`. */
  readonly spelled?: Row;
  /** Looks the run up in the store. True if it is done. */
  isDone(): Promise<boolean>;
}

/** End of a dispatched run. */
export type DispatchEnd =
  /** `isDone` has returned true. */
  | { readonly status: "done" }
  | { readonly status: "failed"; readonly error: unknown }
  /** It was left to the workers, which run it later. */
  | { readonly status: "left" }
  /** The sweep was stopped, and the run was not begun or not finished. */
  | { readonly status: "aborted" };

/** Hands runs to workers, which claim and record them through the store. */
export interface Dispatcher {
  /** Maximum number of runs under way, which may change. It bounds the memory of a sweep. */
  readonly maxRuns: number;
  /** Hands over a run. Resolves when it has ended. */
  run(run: DispatchedRun): Promise<DispatchEnd>;
  /** Releases what it holds, after all runs have ended. */
  close(): Promise<void>;
}
