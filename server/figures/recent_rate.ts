/** How long ago a run may have ended to count as recent, in seconds. */
const RECENT = 15 * 60;
/** After so many runs a pause is known for one. */
const FEWEST = 5;
/** How many times the usual time between runs a pause is, and how many seconds at least. */
const PAUSE = 10;

/**
 * How many runs end in a second at present; undefined if too few ended of late. Only what came after the
 * last long pause counts, so that a sweep that was just started again is not taken for a slow one.
 *
 * @param ends When runs ended, the newest first, in seconds.
 * @param now The time in seconds.
 */
export function recentRate(ends: readonly number[], now: number): number | undefined {
  let count = 0;
  let oldest = now;
  for (const end of ends) {
    if (end > now) continue; // of another machine's clock
    if (now - end > RECENT) break;
    const usual = (now - oldest) / Math.max(count, 1);
    if (count >= FEWEST && oldest - end > PAUSE * Math.max(usual, 1)) break;
    oldest = end;
    count++;
  }
  return count < 2 || oldest === now ? undefined : (count - 1) / (now - oldest);
}
