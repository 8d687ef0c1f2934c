/** The maximum age of a recent run, in seconds. */
const MAX_AGE_SECONDS = 15 * 60;
/** The minimum number of runs before a pause is recognised. */
const MIN_RUNS = 5;
/** The minimum length of a pause, as a multiple of the usual time between runs, and in seconds. */
const MIN_PAUSE = 10;

/**
 * Returns how many runs end in a second at present; undefined if too few ended of late. Only runs after
 * the last long pause count, so that a sweep that was just restarted is not taken for a slow one.
 *
 * @param ends The ends of runs, the newest first, in seconds.
 * @param now The time in seconds.
 */
export function recentRate(ends: readonly number[], now: number): number | undefined {
  let count = 0;
  let oldest = now;
  for (const end of ends) {
    if (end > now) continue; // of another machine's clock
    if (now - end > MAX_AGE_SECONDS) break;
    const usual = (now - oldest) / Math.max(count, 1);
    if (count >= MIN_RUNS && oldest - end > MIN_PAUSE * Math.max(usual, 1)) break;
    oldest = end;
    count++;
  }
  return count < 2 || oldest === now ? undefined : (count - 1) / (now - oldest);
}
