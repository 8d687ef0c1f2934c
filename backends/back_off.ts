import type { MaybePromise } from "../core/backend.ts";
import { LockError } from "../core/errors.ts";

/** How long to wait for a lock before giving up, in milliseconds. */
const TIMEOUT = 60_000;
/** The longest pause between two tries. */
const LONGEST = 16;

/**
 * Tries again and again, after growing pauses, until a try gives something.
 *
 * @param why What could not be done, for the error.
 * @throws {LockError} After a minute.
 */
export async function backOff<T>(
  attempt: () => MaybePromise<{ readonly result: T } | undefined>,
  why: () => string,
): Promise<T> {
  const start = performance.now();
  for (let pause = 1; performance.now() - start < TIMEOUT; pause = Math.min(2 * pause, LONGEST)) {
    // Jittered, so that those who wait do not come back in step.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pause));
    const done = await attempt();
    if (done) return done.result;
  }
  throw new LockError(`${why()}: it was taken for ${TIMEOUT / 1000} s`);
}
