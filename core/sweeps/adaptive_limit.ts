import { ConditionVariable } from "../runtime/condition_variable.ts";

/** Number of attempts at a time in the beginning. */
const START = 2;

/**
 * Limit of the attempts under way: additive increase, multiplicative decrease
 * (https://www.rfc-editor.org/rfc/rfc5681, section 3.1). It doubles with each round of successes until a service
 * throttles for the first time, then grows by one with each round. Throttling halves it, once for the attempts
 * under way, and no attempt begins before the pause that the service asks for is over.
 */
export class AdaptiveLimit {
  readonly #max: number;
  #limit: number;
  #running = 0;
  /** True until the service has throttled. */
  #isStarting = true;
  /** Number of cuts. An attempt that began before the last one makes no other. */
  #cuts = 0;
  /** No attempt begins before this time, in milliseconds of the monotonic clock. */
  #resumeAt = 0;
  readonly #changed = new ConditionVariable();

  /** @param max Maximum number of attempts at a time. */
  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(START, max);
  }

  /** Number of attempts that may be under way now. */
  get current(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for a place. Returns the function that releases it, with the pause if the service has throttled. */
  async acquire(stopping: AbortSignal): Promise<(end: "ran" | "failed" | number) => void> {
    while (!stopping.aborted) {
      const pause = this.#resumeAt - performance.now();
      if (pause <= 0 && this.#running < this.current) break;
      await this.#changed.wait(pause > 0 ? pause : undefined, stopping);
    }
    this.#running++;
    const cuts = this.#cuts;
    return (end) => {
      this.#running--;
      if (end === "ran") this.#grow();
      else if (end !== "failed") this.#cut(end, cuts);
      this.#changed.notifyAll();
    };
  }

  #grow(): void {
    const step = this.#isStarting ? 1 : 1 / this.#limit;
    this.#limit = Math.min(this.#max, this.#limit + step);
  }

  #cut(pause: number, cuts: number): void {
    this.#resumeAt = Math.max(this.#resumeAt, performance.now() + pause);
    if (cuts !== this.#cuts) return;
    this.#cuts++;
    this.#isStarting = false;
    this.#limit = Math.max(1, this.#limit / 2);
  }
}
