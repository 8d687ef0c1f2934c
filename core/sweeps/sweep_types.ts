import type { Executor } from "../runs/executor.ts";
import type { Outcome } from "../runs/once_types.ts";

/** How a sweep runs. */
export interface SweepOptions {
  /** Where runs happen. Default: in this thread, one at a time unless `concurrency` says more. */
  readonly executor?: Executor;
  /** How many runs at once. Default: as many as the executor can; 1 in this thread. */
  readonly concurrency?: number;
  /** How many more times a run that failed is tried. Default: 0. */
  readonly retries?: number;
  /**
   * How long to wait before trying again, in milliseconds: before the first retry, and twice as long
   * before each further one, up to a minute, give or take a quarter. Or a function that says it for
   * each, from the number of the attempt that failed (1, 2, …) and its error. Default: 1000.
   */
  readonly retryDelay?: number | ((attempt: number, error: unknown) => number);
  /**
   * How long an attempt may take, in milliseconds; then it fails, and workers and commands are
   * killed. A function in this thread cannot be stopped: what it returns later is ignored.
   */
  readonly timeout?: number;
  /**
   * Whether to go on with the other runs when one failed for good. `"stop"` finishes what runs.
   * Default: `"continue"`.
   */
  readonly onError?: "continue" | "stop";
  /**
   * Whether who iterates is given the outcomes of skipped runs too. `false` saves making them, and
   * reading their values from the store. Default: true.
   */
  readonly withSkipped?: boolean;
  /** Aborts the sweep: what runs is aborted too, and counts as not run. */
  readonly signal?: AbortSignal;
  /** When to begin no more runs: a Date, or milliseconds since 1970. What runs then is finished. */
  readonly deadline?: Date | number;
  /** How many attempts may begin per second, in this process, evenly spaced. Default: no limit. */
  readonly perSecond?: number;
  /**
   * True if Ctrl-C (SIGINT), SIGTERM, SIGQUIT and a closed terminal (SIGHUP) end the program properly: the
   * first finishes what runs, up to `graceSeconds`, the second aborts it; what finished is recorded, the
   * command that resumes is printed, and the process exits. Signals that the process was started to ignore,
   * as by `nohup`, stay ignored. `false` leaves signals to the program. Default: true.
   */
  readonly handleSignals?: boolean;
  /** How long what runs may take after the first interrupt, in seconds. Default: no limit. */
  readonly graceSeconds?: number;
  /** What an interrupted sweep prints as the command that resumes it. Default: this process's own. */
  readonly resumeCommand?: string;
  /** Where messages go. Default: `console.error`. */
  readonly log?: (message: string) => void;
}

/** What a sweep came to. */
export interface SweepCounts {
  /** Runs that were done now. */
  readonly ran: number;
  /** Runs that were done before, or meanwhile by another process. */
  readonly skipped: number;
  /** Runs that failed for good. */
  readonly failed: number;
  /**
   * Why it ended before all params were gone through, if it did: a failed run with `onError: "stop"`,
   * its signal, its deadline, an interrupt, or who iterated over it did not go on.
   */
  readonly stopped?: "error" | "signal" | "deadline" | "interrupt" | "return";
}

/**
 * A sweep. It begins when it is iterated over, or when `done` is read, and goes over its params once.
 *
 * As an iterable it gives the outcome of each run, in order of completion, and waits for who iterates:
 * few outcomes are ever held. Leaving the loop early stops it after what runs.
 */
export interface Sweep<R> extends AsyncIterable<Outcome<R>> {
  /** Resolves when all is over. Rejects if the store fails or an item makes no key. */
  readonly done: Promise<SweepCounts>;
  /** What it came to so far. */
  readonly counts: SweepCounts;
}

/**
 * One item of a sweep's params: the fields of the function's params object, or its positional
 * arguments by name; or, as an array, all its arguments.
 */
export type SweepParams<A extends readonly unknown[]> = A | ParamsObject<A>;

type ParamsObject<A extends readonly unknown[]> = A extends readonly [infer First]
  ? First extends Scalar | readonly unknown[] ? NamedArguments : First
  : A extends readonly [(infer First)?] ? First extends Scalar | readonly unknown[] ? NamedArguments
    : NonNullable<First>
  : NamedArguments;

type Scalar = string | number | bigint | boolean | null | undefined | Date;

/** Arguments by name: the names are read from the function's source, which types do not tell. */
interface NamedArguments {
  readonly [name: string]: unknown;
}
