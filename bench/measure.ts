import process from "node:process";

/** One row of the report: stet and the raw limit, measured in the same run. */
export interface Measurement {
  /** Label in the table. */
  readonly what: string;
  /** Rows in the store at the start. */
  readonly rows: number;
  readonly unit: "µs" | "ms" | "s" | "MB" | "/s";
  readonly stet: number;
  /** The least that any program must do for it. */
  readonly raw?: Raw;
  readonly target?: Target;
}

/** A raw limit: what was done, and what it took in the measurement's unit. */
export interface Raw {
  readonly what: string;
  readonly value: number;
}

/** Target for the value itself, or for its ratio to the raw limit. */
export interface Target {
  readonly of: "value" | "ratio";
  readonly is: "≤" | "≥";
  readonly limit: number;
}

/** Does something a number of times. */
export type Loop = (times: number) => void | Promise<void>;

/** Length and number of samples. */
export interface Sampling {
  readonly samples: number;
  /** The length of a sample, in milliseconds. */
  readonly length: number;
  /** Warm-up of a loop, in milliseconds. */
  readonly warmUp: number;
}

/** Returns the processor time of this process so far, in milliseconds: other processes do not count. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Returns the time of one turn of each loop, in microseconds: the median of several samples. The loops are
 * warmed up, and then take turns, so that what else the machine does falls on all of them.
 *
 * @param now Returns the time, in milliseconds. Default: `performance.now`.
 */
export async function compare<Name extends string>(
  loops: Readonly<Record<Name, Loop>>,
  { samples, length, warmUp }: Sampling,
  now: () => number = () => performance.now(),
): Promise<Record<Name, number>> {
  const entries = Object.entries<Loop>(loops);
  const times: number[] = [];
  for (const [, loop] of entries) times.push(await warmUpFor(warmUp, loop, length));
  const taken = entries.map((): number[] => []);
  for (let sample = 0; sample < samples; sample++) {
    for (const [i, [, loop]] of entries.entries()) {
      const start = now();
      await loop(times[i]!);
      taken[i]!.push((now() - start) * 1000 / times[i]!);
    }
  }
  return Object.fromEntries(entries.map(([name], i) => [name, median(taken[i]!)])) as Record<
    Name,
    number
  >;
}

/** Returns the time of a body, in milliseconds. */
export async function millisecondsOf(body: () => unknown): Promise<number> {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Warms a loop up; gives how many turns then fill a sample. */
async function warmUpFor(warmUp: number, loop: Loop, length: number): Promise<number> {
  await loop(1); // what is made on first use
  const end = performance.now() + warmUp;
  for (let times = 8;;) {
    const taken = await millisecondsOf(() => loop(times));
    const left = end - performance.now();
    if (left <= 0) return Math.ceil(times * length / taken);
    if (taken < left / 2) times *= 2;
  }
}
