import type { Executor, Job } from "../runs/executor.ts";
import { MAX_TIMER_MS, sleep } from "../runtime/poll.ts";
import type { SweepOptions } from "./sweep_types.ts";
import type { Executed, RunJob } from "../runs/target.ts";

const MAX_RETRY_DELAY_MS = 60_000;
const ABORTED = { status: "aborted" } as const;

/** Executes the runs of a sweep: paced, each attempt with its time limit, failed ones again. */
export class Attempts {
  readonly #executor: Executor;
  readonly #options: SweepOptions;
  readonly #stop: AbortSignal;
  readonly #abort: AbortSignal;
  /** When the next attempt may begin, as `performance.now()` counts time. */
  #nextStart = 0;

  /**
   * @param stop Ends pauses, begins no run and repeats no attempt.
   * @param abort Ends attempts: their runs count as neither done nor failed.
   */
  constructor(executor: Executor, options: SweepOptions, stop: AbortSignal, abort: AbortSignal) {
    this.#executor = executor;
    this.#options = options;
    this.#stop = stop;
    this.#abort = abort;
  }

  /** Executes a run, with as many attempts as it takes. */
  async execute(job: RunJob): Promise<Executed> {
    const { retries = 0 } = this.#options;
    for (let attempts = 1;; attempts++) {
      await this.#pace();
      if (this.#abort.aborted || (this.#stop.aborted && attempts === 1)) return ABORTED;
      const start = performance.now();
      try {
        job.prepare?.();
        const value = await this.#attempt(job);
        return { status: "done", value, seconds: (performance.now() - start) / 1000 };
      } catch (error) {
        if (attempts <= retries && !this.#stop.aborted) {
          await sleep(this.#delay(attempts, error), this.#stop);
        }
        if (this.#abort.aborted) return ABORTED;
        if (attempts > retries || this.#stop.aborted) return { status: "failed", error, attempts };
      }
    }
  }

  async #attempt(job: RunJob): Promise<unknown> {
    const { timeout } = this.#options;
    if (timeout === undefined) return await this.#executor.run(withSignal(job, this.#abort));
    const end = new AbortController();
    const abort = (): void => end.abort(this.#abort.reason);
    this.#abort.addEventListener("abort", abort);
    const timer = setTimeout(() => {
      const error = new Error(`timed out after ${timeout} ms`);
      error.name = "TimeoutError";
      end.abort(error);
    }, Math.min(timeout, MAX_TIMER_MS));
    try {
      return await this.#executor.run(withSignal(job, end.signal));
    } catch (error) {
      throw end.signal.aborted ? end.signal.reason : error; // the executor may name another reason
    } finally {
      clearTimeout(timer);
      this.#abort.removeEventListener("abort", abort);
    }
  }

  #delay(attempt: number, error: unknown): number {
    const { retryDelay = 1000 } = this.#options;
    if (typeof retryDelay === "function") return retryDelay(attempt, error);
    const delay = Math.min(retryDelay * 2 ** (attempt - 1), MAX_RETRY_DELAY_MS);
    return delay * (0.75 + Math.random() / 2);
  }

  async #pace(): Promise<void> {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return;
    const now = performance.now();
    const start = Math.max(now, this.#nextStart);
    this.#nextStart = start + 1000 / perSecond;
    if (start > now) await sleep(start - now, this.#stop);
  }
}

/** Its other members stay as they are: some are computed when they are read. */
function withSignal(job: RunJob, signal: AbortSignal): Job {
  return Object.defineProperty(job, "signal", { value: signal, configurable: true }) as Job;
}
