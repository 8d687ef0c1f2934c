import { barText } from "./bar_text.ts";
import { durationText } from "./duration_text.ts";

/** Progress of a sweep. */
export interface Progress {
  /** Number of runs that were recorded. */
  readonly ran: number;
  /** Number of runs that were done before. */
  readonly skipped: number;
  /** Number of runs that failed for good. */
  readonly failed: number;
  /** Number of combinations, if it is known. */
  readonly total: number | undefined;
  /** Runs per second, if it is known. */
  readonly rate: number | undefined;
  /** Seconds since the start. */
  readonly elapsed: number;
}

const MAX_BAR = 40;
const MIN_BAR = 8;
/** Width below which numbers take precedence over the bar. */
const NARROW = 50;

/**
 * Returns the progress line of a sweep, in at most `width` characters; the least important parts are left
 * out first.
 */
export function progressLine(progress: Progress, width: number): string {
  const parts = progressParts(progress);
  const share = shareOf(progress);
  let shown = parts;
  const line = (): string => shown.map(([, text]) => text).join("  ");
  const most = share === undefined || width < NARROW ? width : width - MIN_BAR - 1;
  while (line().length > most && shown.length > 1) {
    const last = Math.max(...shown.map(([rank]) => rank));
    shown = shown.filter(([rank]) => rank !== last);
  }
  const room = Math.min(MAX_BAR, width - line().length - 1);
  const bar = share === undefined || room < MIN_BAR ? "" : `${barText(share, room)} `;
  return `${bar}${line()}`.slice(0, width);
}

/** Returns the parts of a progress line in display order; the highest rank is the least important. */
export function progressParts(progress: Progress): (readonly [rank: number, text: string])[] {
  const { ran, skipped, failed, total, rate, elapsed } = progress;
  const finished = ran + skipped + failed;
  const left = total === undefined || rate === undefined
    ? undefined
    : Math.max(0, total - finished) / rate;
  const share = shareOf(progress);
  const parts: readonly (readonly [rank: number, text: string | undefined])[] = [
    [0, share === undefined ? undefined : `${Math.floor(share * 100)}%`.padStart(4)],
    [2, total === undefined ? `${finished} finished` : `${finished}/${total}`],
    [4, `${ran} ran`],
    [5, `${skipped} skipped`],
    [3, `${failed} failed`],
    [6, rate === undefined ? undefined : rateText(rate)],
    [
      1,
      left === undefined
        ? durationText(Math.floor(elapsed))
        : `${durationText(Math.ceil(left))} left`,
    ],
  ];
  return parts.flatMap(([rank, text]) => text === undefined ? [] : [[rank, text] as const]);
}

/** Finished share of the total, if it is known. */
function shareOf({ ran, skipped, failed, total }: Progress): number | undefined {
  return total === undefined || total === 0
    ? undefined
    : Math.min(1, (ran + skipped + failed) / total);
}

/** Slow runs are counted per minute or hour. */
function rateText(perSecond: number): string {
  const [unit, seconds] = perSecond >= 0.1
    ? ["s", 1] as const
    : perSecond * 60 >= 0.1
    ? ["min", 60] as const
    : ["h", 3600] as const;
  const rate = perSecond * seconds;
  return `${rate >= 9.95 ? Math.round(rate) : rate.toFixed(1)}/${unit}`;
}
