import { AdaptiveLimit } from "./adaptive_limit.ts";
import { isThrottled } from "./http_retry.ts";
import { shown } from "../values/described.ts";
import { ConditionVariable } from "../runtime/condition_variable.ts";
import type { Executor, Job } from "../runs/executor.ts";
import { MAX_TIMER_MS, sleep } from "../runtime/poll.ts";
import type { SweepOptions } from "./sweep_types.ts";
import type { Execute, Executed, RunJob } from "../runs/target.ts";

const MAX_RETRY_DELAY_MS = 60_000;
/** Maximum time that a result waits for others of its group, in milliseconds. */
const MAX_GROUP_MS = 50;
/** Number of further attempts at a run where `retry` is given. */
const DEFAULT_RETRIES = 10;

/**
 * Returns what executes the runs of a sweep: attempts are paced and have a time limit, failed ones are
 * repeated.
 *
 * @param stopping Ends pauses: no run begins, and no attempt is repeated.
 * @param aborting Ends attempts: their runs count as neither done nor failed.
 */
export function attempts(
  executor: Executor,
  options: SweepOptions,
  stopping: AbortSignal,
  aborting: AbortSignal,
): Execute {
  const { retry, retries = retry ? DEFAULT_RETRIES : 0, retryDelay = 1000 } = options;
  const { timeout, perSecond, adaptive, concurrency = executor.concurrency } = options;
  const pace = perSecond === undefined ? undefined : pacer(perSecond, stopping);
  const limit = adaptive ? new AdaptiveLimit(concurrency) : undefined;

  /** The pause before the next attempt; none if it is not repeated, `false` if it never is. */
  function delay(attempt: number, error: unknown): number | false | undefined {
    if (retry) return checkedPause("retry", retry(error, attempt), error);
    if (attempt > retries) return undefined;
    if (typeof retryDelay === "function") {
      return checkedPause("retryDelay", retryDelay(attempt, error), error);
    }
    const mean = Math.min(retryDelay * 2 ** (attempt - 1), MAX_RETRY_DELAY_MS);
    return mean * (0.75 + Math.random() / 2);
  }

  return async function execute(job): Promise<Executed> {
    for (let attempt = 1;; attempt++) {
      const release = await limit?.acquire(stopping);
      if (pace) await pace();
      if (aborting.aborted || (stopping.aborted && attempt === 1)) {
        release?.("failed");
        return { status: "aborted" };
      }
      const start = performance.now();
      try {
        job.prepare?.();
        const value = timeout === undefined
          ? await executor.run(withSignal(job, aborting))
          : await runWithin(timeout, executor, job, aborting);
        release?.("ran");
        return { status: "done", value, seconds: (performance.now() - start) / 1000 };
      } catch (error) {
        let pause: number | false | undefined;
        try {
          pause = delay(attempt, error);
        } finally {
          release?.(isThrottled(error) ? pause || 0 : "failed");
        }
        if (aborting.aborted) return { status: "aborted" };
        const isLast = typeof pause !== "number" || attempt > retries;
        if (!isLast && !stopping.aborted) await sleep(pause as number, stopping);
        if (aborting.aborted) return { status: "aborted" };
        if (isLast || stopping.aborted) {
          return { status: "failed", error, attempts: attempt, isPermanent: pause === false };
        }
      }
    }
  };
}

/** @throws {TypeError} If a function of the program returned no pause. Its cause is the error of the run. */
function checkedPause(name: string, pause: unknown, cause: unknown): number | false | undefined {
  if (pause === false || pause === undefined) return pause;
  if (typeof pause === "number" && pause >= 0) return pause;
  throw new TypeError(
    `Cannot retry: ${name} must return milliseconds, false or undefined, got ${shown(pause)}`,
    { cause },
  );
}

/**
 * Returns a function that resolves so many times per second at most, evenly spaced.
 *
 * @param limit Times per second.
 * @param stopping Ends pauses.
 */
export function pacer(limit: number, stopping: AbortSignal): () => Promise<void> {
  let nextStart = 0;
  return async function pace(): Promise<void> {
    const now = performance.now();
    const start = Math.max(now, nextStart);
    nextStart = start + 1000 / limit;
    if (start > now) await sleep(start - now, stopping);
  };
}

/**
 * Limits the number of runs that are executed at once. Further ones wait, and are aborted when no more runs
 * shall begin. Results are given in groups: a store joins their records, and the claims of the runs that follow.
 */
export function inPlaces(execute: Execute, places: number, stopping: AbortSignal): Execute {
  let running = 0;
  let waiting = 0;
  const isFree = new ConditionVariable();
  const groupEnded = new ConditionVariable();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function endGroup(): void {
    clearTimeout(timer);
    timer = undefined;
    groupEnded.notifyAll();
  }

  async function grouped(): Promise<void> {
    if (running + waiting === 0) return endGroup(); // no other result will come
    timer ??= setTimeout(endGroup, MAX_GROUP_MS);
    await groupEnded.wait(undefined, stopping);
  }

  return async function executeInPlace(job): Promise<Executed> {
    waiting++;
    while (running >= places && !stopping.aborted) await isFree.wait(undefined, stopping);
    waiting--;
    if (stopping.aborted) return { status: "aborted" };
    running++;
    let executed: Executed;
    try {
      executed = await execute(job);
    } finally {
      running--;
      isFree.notifyAll();
    }
    await grouped();
    return executed;
  };
}

async function runWithin(
  timeout: number,
  executor: Executor,
  job: RunJob,
  aborting: AbortSignal,
): Promise<unknown> {
  const end = new AbortController();
  const abort = (): void => end.abort(aborting.reason);
  aborting.addEventListener("abort", abort);
  const timer = setTimeout(() => {
    end.abort(Object.assign(new Error(`timed out after ${timeout} ms`), { name: "TimeoutError" }));
  }, Math.min(timeout, MAX_TIMER_MS));
  try {
    return await executor.run(withSignal(job, end.signal));
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error; // the executor may give another reason
  } finally {
    clearTimeout(timer);
    aborting.removeEventListener("abort", abort);
  }
}

/** Its other members stay as they are: some are computed when they are read. */
function withSignal(job: RunJob, signal: AbortSignal): Job {
  return Object.defineProperty(job, "signal", { value: signal, configurable: true }) as Job;
}
