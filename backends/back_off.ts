import type { MaybePromise } from "../core/contract/backend.ts";
import { LockError } from "../core/errors.ts";
import { poll } from "../core/runtime/poll.ts";

/** Time after which waiting for a lock is given up, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Pauses grow slowly: a lock is held for microseconds, and a long wait must not become a longer one. */
const PAUSES = { minMs: 0.5, maxMs: 8, growth: 1.025, timeoutMs: TIMEOUT_MS };

/**
 * Polls for a lock until an attempt returns a result.
 *
 * @param why States what could not be done, for the error.
 * @throws {LockError} After a minute.
 */
export async function backOff<T>(
  attempt: () => MaybePromise<{ readonly result: T } | undefined>,
  why: () => string,
): Promise<T> {
  const done = await poll(attempt, PAUSES);
  if (done) return done.result;
  throw new LockError(`${why()}: it was taken for ${TIMEOUT_MS / 1000} s`);
}
