import type { MaybePromise } from "../core/contract/backend.ts";
import { LockError } from "../core/errors.ts";

/** How long to wait for a lock before giving up, in milliseconds. */
const TIMEOUT = 60_000;
/** The longest pause between two tries, and after how many tries it has grown to that. */
const LONGEST = 16, TRIES = 160;

/**
 * Tries again and again, after slowly growing pauses, until a try gives something.
 *
 * @param why What could not be done, for the error.
 * @throws {LockError} After a minute.
 */
export async function backOff<T>(
  attempt: () => MaybePromise<{ readonly result: T } | undefined>,
  why: () => string,
): Promise<T> {
  const start = performance.now();
  for (let tries = 0; performance.now() - start < TIMEOUT; tries++) {
    // It grows slowly: a lock is held for microseconds, and who has waited must not come off worse.
    // Jittered, so that those who wait do not come back in step.
    const pause = 1 + (LONGEST - 1) * Math.min(1, tries / TRIES);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pause));
    const done = await attempt();
    if (done) return done.result;
  }
  throw new LockError(`${why()}: it was taken for ${TIMEOUT / 1000} s`);
}
