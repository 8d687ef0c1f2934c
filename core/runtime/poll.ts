import { ConditionVariable } from "./condition_variable.ts";
import type { MaybePromise } from "./maybe_promise.ts";

/** Maximum duration of a timer, in milliseconds: a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Options of polling. */
export interface PollOptions {
  /** Mean of the first pause, in milliseconds. Default: 10. */
  readonly minMs?: number;
  /** Mean of the longest pause, in milliseconds. Default: 250. */
  readonly maxMs?: number;
  /** Factor from one pause to the next. Default: 1.5. */
  readonly growth?: number;
  /** Ends the polling after a time in milliseconds, with a last attempt. Default: never. */
  readonly timeoutMs?: number;
  /** Ends the polling, also in the middle of a pause. */
  readonly signal?: AbortSignal;
}

/**
 * Attempts again after each pause until an attempt returns a value, and returns that. Undefined if the
 * time is over or the signal aborts. Pauses grow, and are jittered, so that processes do not stay in step.
 *
 * @param attempt Its argument is a function that begins with the shortest pause again.
 */
export async function poll<T>(
  attempt: (reset: () => void) => MaybePromise<T | undefined>,
  { minMs = 10, maxMs = 250, growth = 1.5, timeoutMs = Infinity, signal }: PollOptions = {},
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  let pause = minMs;
  const reset = (): void => void (pause = minMs);
  for (;;) {
    const left = Math.max(end - performance.now(), 0);
    await sleep(Math.min(pause * (0.5 + Math.random()), left), signal);
    if (signal?.aborted) return undefined;
    pause = Math.min(pause * growth, maxMs);
    const result = await attempt(reset);
    if (result !== undefined) return result;
    if (performance.now() >= end) return undefined;
  }
}

/** Resolves after a time in milliseconds, or when a signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new ConditionVariable().wait(Math.min(ms, MAX_TIMER_MS), signal);
}
