import type { OverTime } from "../view.ts";
import type { Selection } from "./selection.ts";

/** The maximum number of intervals of few and of many runs; few runs in many would be a comb. */
const MIN_INTERVALS = 12, MAX_INTERVALS = 120;
/** The maximum number of steps of the best number so far. */
const MAX_STEPS = 300;
/** The lengths of intervals in seconds: units that people count time by. */
const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const SIZES = [
  ...[1, 2, 5, 10, 15, 30].flatMap((size) => [size, size * MINUTE]),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map((days) => days * DAY),
].sort((a, b) => a - b);

/** Returns the runs by the time of their end; null if no time is known. */
export function overTimeOf(selection: Selection): OverTime | null {
  const { columns, failures, mask } = selection;
  const { ended } = columns;
  const failed = failures.map(({ time }) => Date.parse(time) / 1000).filter(Number.isFinite);
  let [least, most] = [Infinity, -Infinity];
  const widen = (time: number): void => {
    if (time < least) least = time;
    if (time > most) most = time;
  };
  if (mask) { for (let i = 0; i < columns.length; i++) if (mask[i] === 1) widen(ended[i]!); }
  if (!mask) [columns.times.first, columns.times.last].filter(Number.isFinite).forEach(widen);
  for (const time of failed) widen(time);
  if (least > most) return null;
  const runs = columns.length + failed.length;
  const limit = Math.min(Math.max(Math.ceil(2 * Math.sqrt(runs)), MIN_INTERVALS), MAX_INTERVALS);
  const size = SIZES.find((each) => (most - least) / each < limit - 1) ??
    Math.ceil((most - least) / (limit - 1));
  const start = Math.floor(least / size) * size;
  const count = Math.floor((most - start) / size) + 1;
  const counts = { done: Array<number>(count).fill(0), failed: Array<number>(count).fill(0) };
  for (let i = 0; i < columns.length; i++) {
    const time = ended[i]!;
    if ((!mask || mask[i] === 1) && !Number.isNaN(time)) {
      counts.done[Math.floor((time - start) / size)]!++;
    }
  }
  for (const time of failed) counts.failed[Math.floor((time - start) / size)]!++;
  return { start, interval_seconds: size, ...counts, best: bestSoFar(selection) };
}

/** Returns the runs at which the best number changed; of very many, the first, the last and some between. */
function bestSoFar({ columns, mask, numbers, sign }: Selection): OverTime["best"] {
  if (!numbers) return [];
  const steps: { run: number; value: number }[] = [];
  let [run, best] = [0, Infinity];
  for (let i = 0; i < columns.length; i++) {
    if (mask && mask[i] === 0) continue;
    run++;
    const value = sign * numbers[i]!;
    if (!(value < best) || !Number.isFinite(value)) continue;
    best = value;
    steps.push({ run, value: numbers[i]! });
  }
  if (steps.length <= MAX_STEPS) return steps;
  return Array.from(
    { length: MAX_STEPS },
    (_, i) => steps[Math.round(i * (steps.length - 1) / (MAX_STEPS - 1))]!,
  );
}
