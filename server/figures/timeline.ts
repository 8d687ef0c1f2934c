import type { Timeline } from "./figures_schemas.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { numberOf } from "../mirror/mirror_value.ts";

/** The maximum number of intervals. */
const MAX_INTERVALS = 120;
/** The lengths of intervals in seconds: units that people count time by. */
const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const SIZES = [
  ...[1, 2, 5, 10, 15, 30].flatMap((size) => [size, size * MINUTE]),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map((days) => days * DAY),
].sort((a, b) => a - b);

/**
 * Returns the timeline of all runs, or of the runs that ended in the last `seconds`.
 *
 * @param failures The times of failures, in seconds since 1970.
 * @param now The time in seconds.
 */
export function timelineOf(
  mirror: Mirror,
  failures: readonly number[],
  now: number,
  seconds = Infinity,
): Timeline {
  const since = seconds === Infinity ? -Infinity : now - seconds;
  const from = `FROM ${mirror.table} WHERE ended >= ?`;
  const [range = []] = mirror.db.all(`SELECT min(ended), max(ended) ${from}`, [since]);
  const failed = failures.filter((time) => time >= since);
  const times = [...range.map(numberOf), ...failed].filter((time) => time !== null);
  if (times.length === 0) return { start: null, bucket_seconds: 1, done: [], failed: [] };
  const least = times.reduce((a, b) => Math.min(a, b));
  const most = times.reduce((a, b) => Math.max(a, b));
  const size = SIZES.find((each) => (most - least) / each < MAX_INTERVALS - 1) ??
    Math.ceil((most - least) / (MAX_INTERVALS - 1));
  const start = Math.floor(least / size) * size;
  const count = Math.floor((most - start) / size) + 1;
  const timeline = {
    start,
    bucket_seconds: size,
    done: Array<number>(count).fill(0),
    failed: Array<number>(count).fill(0),
  };
  const rows = mirror.db.all(
    `SELECT CAST((ended - ?) / ? AS INTEGER), count(*) ${from} GROUP BY 1`,
    [start, size, least],
  );
  for (const [bucket, runs] of rows) timeline.done[numberOf(bucket)!] = numberOf(runs)!;
  for (const time of failed) timeline.failed[Math.floor((time - start) / size)]!++;
  return timeline;
}
