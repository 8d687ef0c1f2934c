import type { Progress } from "../display/progress_line.ts";
import type { Executor } from "../runs/executor.ts";
import type { Outcome } from "../runs/once_types.ts";
import type { Shard } from "./shard.ts";

/** Options of a sweep. */
export interface SweepOptions {
  /** Executor of the runs. Default: this thread, one run at a time unless `concurrency` says more. */
  readonly executor?: Executor;
  /** Number of runs at a time. Default: that of the executor; 1 in this thread. */
  readonly concurrency?: number;
  /**
   * Number of keys that are claimed before there is a place for their runs, so that claims and records of
   * short runs are joined in a store that answers later. Default: 0.
   */
  readonly claimAhead?: number;
  /**
   * The part of the params that this sweep takes, by position: several sweeps of the same params, each with
   * another `index` of the same `count`, look up each key once in all.
   */
  readonly shard?: Shard;
  /** Number of further attempts at a run that failed. Default: 0. */
  readonly retries?: number;
  /**
   * Pause before the first retry, in milliseconds. It doubles before each further one, up to a minute,
   * with a jitter of a quarter. Or a function that returns the pause, from the number of the attempt that
   * failed (1, 2, …) and its error. Default: 1000.
   */
  readonly retryDelay?: number | ((attempt: number, error: unknown) => number);
  /**
   * Decides on a run that failed, from its error and the number of the attempt (1, 2, …): the pause in
   * milliseconds before the next attempt; `false`: it failed for good, and later sweeps do not run it again;
   * undefined: it failed. `retries` is the maximum, by default 10 then. `httpRetry` is one for services.
   */
  readonly retry?: (error: unknown, attempt: number) => number | false | undefined;
  /** True to run keys again that failed for good before. Default: false, they count as failed. */
  readonly retryPermanent?: boolean;
  /**
   * True to adapt the number of attempts at a time to a service: it begins with 2 and grows up to `concurrency`,
   * and is halved when the service answers 429 or 503. Default: false.
   */
  readonly adaptive?: boolean;
  /**
   * Maximum number of failed runs before the sweep stops: a count, or below 1 a share of the runs that ended, from
   * the 20th on. Default: no limit.
   */
  readonly maxFailures?: number;
  /**
   * Maximum duration of an attempt, in milliseconds. Then it fails, and workers and commands are killed.
   * A function in this thread cannot be stopped: its later result is ignored.
   */
  readonly timeout?: number;
  /**
   * Reaction to a run that failed for good: `"continue"` with the others (default), or `"stop"` after the
   * runs under way.
   */
  readonly onError?: "continue" | "stop";
  /**
   * True to yield the outcomes of skipped runs too. `false` saves making them, and reading their values
   * from the store. Default: true.
   */
  readonly withSkipped?: boolean;
  /** Aborts the sweep. Runs under way are aborted too, and count as not run. */
  readonly signal?: AbortSignal;
  /** Stops the sweep: once it is aborted no run begins, and runs under way finish. */
  readonly stopSignal?: AbortSignal;
  /** Time after which no run begins: a Date, or milliseconds since 1970. Runs under way finish. */
  readonly deadline?: Date | number;
  /** Maximum number of attempts per second in this process, evenly spaced. Default: no limit. */
  readonly perSecond?: number;
  /**
   * True if Ctrl-C (SIGINT), SIGTERM, SIGQUIT and a closed terminal (SIGHUP) end the program properly: the
   * first finishes what runs, up to `graceSeconds`, the second aborts it; what finished is recorded, the
   * command that resumes is printed, and the process exits. Signals that the process was started to ignore,
   * as by `nohup`, stay ignored. `false` leaves signals to the program. Default: true.
   */
  readonly handleSignals?: boolean;
  /** Maximum time for runs under way after the first interrupt, in seconds. Default: no limit. */
  readonly graceSeconds?: number;
  /** The command that an interrupted sweep prints to resume it. Default: this process's own. */
  readonly resumeCommand?: string;
  /**
   * True to show the progress: a bar with rate and time left on a terminal, else a line every half minute.
   * Or a function that receives it ten times a second and at the end. Default: false.
   */
  readonly progress?: boolean | ((progress: Progress) => void);
  /** Receives messages. Default: standard error. */
  readonly log?: (message: string) => void;
}

/** Counts of a sweep. */
export interface SweepCounts {
  /** Runs that were done now. */
  readonly ran: number;
  /** Runs that were done before, or meanwhile by another process. */
  readonly skipped: number;
  /** Runs that failed for good. */
  readonly failed: number;
  /**
   * The reason why it ended before the end of its params: a failed run with `onError: "stop"`, `maxFailures`, its signal,
   * its deadline, an interrupt, or a consumer that left the loop.
   */
  readonly stopped?: "error" | "signal" | "deadline" | "interrupt" | "return";
}

/**
 * A sweep. It begins when it is awaited or iterated over, or when `done` is read, and reads its params once.
 *
 * Awaited, it resolves to its counts, as `done` does.
 *
 * As an iterable it yields the outcome of each run, in order of completion. Few outcomes are buffered: the
 * sweep waits for a slow consumer. Leaving the loop early stops it after the runs under way.
 */
export interface Sweep<R> extends AsyncIterable<Outcome<R>>, PromiseLike<SweepCounts> {
  /** Begins the sweep, and handles the error that broke it, as `catch` of its promise does. */
  catch<E = never>(
    onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<SweepCounts | E>;
  /** Begins the sweep, and calls a function at its end, as `finally` of its promise does. */
  finally(onEnded?: (() => void) | null): Promise<SweepCounts>;
  /** Resolves when the sweep has ended. Rejects if the store fails or an item makes no key. */
  readonly done: Promise<SweepCounts>;
  /** Counts so far. */
  readonly counts: SweepCounts;
}

/**
 * One item of a sweep's params: the fields of the function's params object, or its positional
 * arguments by name; as an array, all its arguments; or its only argument itself, if that is no object.
 */
export type SweepParams<A extends readonly unknown[]> =
  | A
  | ParamsObject<A>
  | OnlyArgument<A>;

/**
 * The only argument of a function, if it is no object.
 *
 * @internal
 */
type OnlyArgument<A extends readonly unknown[]> = A extends readonly [(infer Only)?]
  ? Extract<Only, NonNullable<Scalar>>
  : never;

/**
 * Params of one run as an object: the first argument, or all arguments by name.
 *
 * @internal
 */
type ParamsObject<A extends readonly unknown[]> = A extends readonly [infer First]
  ? First extends Scalar | readonly unknown[] ? NamedArguments : First
  : A extends readonly [(infer First)?] ? First extends Scalar | readonly unknown[] ? NamedArguments
    : NonNullable<First>
  : NamedArguments;

/**
 * Value that is no object of params.
 *
 * @internal
 */
type Scalar = string | number | bigint | boolean | null | undefined | Date;

/** Arguments by name. Types do not show the names: they are read from the function's source. */
interface NamedArguments {
  readonly [name: string]: unknown;
}
