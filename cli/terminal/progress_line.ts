import { barText } from "./bar_text.ts";
import { durationText } from "./duration_text.ts";

/** How far a sweep is. */
export interface Progress {
  readonly ran: number;
  readonly skipped: number;
  readonly failed: number;
  /** How many combinations there are; undefined: nobody knows. */
  readonly total: number | undefined;
  /** Runs per second, undefined as long as nobody knows. */
  readonly rate: number | undefined;
  /** Seconds since it began. */
  readonly elapsed: number;
}

const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;
/** Below so many characters numbers go before the bar. */
const NARROW = 50;

/**
 * Gives the line that shows how far a sweep is, in at most `width` characters: what does not fit is
 * left out, the least important first.
 */
export function progressLine(progress: Progress, width: number): string {
  const { ran, skipped, failed, total, rate, elapsed } = progress;
  const finished = ran + skipped + failed;
  const left = total === undefined || rate === undefined
    ? undefined
    : Math.max(0, total - finished) / rate;
  const share = total === undefined || total === 0 ? undefined : Math.min(1, finished / total);

  // In the order in which they are shown; those with the highest number go first when it is narrow.
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
  let shown = parts.filter(([, text]) => text !== undefined);
  const line = (): string => shown.map(([, text]) => text).join("  ");
  const most = share === undefined || width < NARROW ? width : width - SHORTEST_BAR - 1;
  while (line().length > most && shown.length > 1) {
    const last = Math.max(...shown.map(([rank]) => rank));
    shown = shown.filter(([rank]) => rank !== last);
  }
  const room = Math.min(LONGEST_BAR, width - line().length - 1);
  const bar = share === undefined || room < SHORTEST_BAR ? "" : `${barText(share, room)} `;
  return `${bar}${line()}`.slice(0, width);
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
