/** Minimum number of runs for a measured rate. */
const MIN_RUNS = 20;
/** Number of durations that are averaged. */
const RECENT = 100;

/** Rate of the runs of a sweep, from the durations of ended and recorded ones. */
export class Pace {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #durations: number[] = [];
  /** End times of runs, in seconds; the first is the start of the first run. */
  readonly #ends: number[] = [];
  readonly #maxEnds: number;
  #isPrior = false;

  /**
   * @param concurrency Number of runs at once.
   * @param perSecond Maximum number of runs that begin in a second.
   */
  constructor(concurrency: number, perSecond = Infinity) {
    this.#concurrency = Math.max(1, Math.min(concurrency, 1000));
    this.#limit = perSecond;
    this.#maxEnds = Math.max(MIN_RUNS, 4 * this.#concurrency) + 1;
  }

  /** Sets the durations of earlier runs, in seconds; they count until a run ends. */
  learn(seconds: readonly number[]): void {
    if (this.#durations.length > 0 && !this.#isPrior) return;
    this.#durations.splice(0, Infinity, ...seconds.slice(-RECENT));
    this.#isPrior = true;
  }

  /** Notes that a run begins, at this time in seconds. */
  begin(now: number): void {
    if (this.#ends.length === 0) this.#ends.push(now);
  }

  /** Notes that a run ended, and its duration if that is known. */
  end(now: number, seconds?: number): void {
    if (this.#isPrior) this.#durations.length = 0;
    this.#isPrior = false;
    if (seconds !== undefined) this.#durations.push(seconds);
    if (this.#durations.length > RECENT) this.#durations.shift();
    this.#ends.push(now);
    if (this.#ends.length > this.#maxEnds) this.#ends.shift();
  }

  /**
   * Returns the number of runs that end in a second; undefined before the first run. It is counted once each
   * place had two runs, and computed from durations before.
   */
  rate(now: number): number | undefined {
    const count = this.#ends.length - 1;
    if (count >= Math.max(2, 2 * this.#concurrency) && now > this.#ends[0]!) {
      return count / (now - this.#ends[0]!);
    }
    const { length } = this.#durations;
    // While all is skipped, durations say nothing.
    if (length === 0 || this.#ends.length === 0) return undefined;
    const mean = this.#durations.reduce((sum, seconds) => sum + seconds, 0) / length;
    return Math.min(this.#concurrency / Math.max(mean, 1e-6), this.#limit);
  }
}
