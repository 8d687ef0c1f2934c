/** The fewest runs that a rate is measured over. */
const FEWEST = 20;
/** How many durations are averaged. */
const RECENT = 100;

/** How quickly the runs of a sweep end, learned from those that ended and from recorded ones. */
export class Pace {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #durations: number[] = [];
  /** When runs ended, in seconds; the first is when the first one began. */
  readonly #ends: number[] = [];
  readonly #mostEnds: number;
  #isPrior = false;

  /**
   * @param concurrency How many runs there are at once.
   * @param perSecond How many may begin in a second.
   */
  constructor(concurrency: number, perSecond = Infinity) {
    this.#concurrency = Math.max(1, Math.min(concurrency, 1000));
    this.#limit = perSecond;
    this.#mostEnds = Math.max(FEWEST, 4 * this.#concurrency) + 1;
  }

  /** Durations of earlier runs, in seconds, for as long as there are no others. */
  learn(seconds: readonly number[]): void {
    if (this.#durations.length > 0 && !this.#isPrior) return;
    this.#durations.splice(0, Infinity, ...seconds.slice(-RECENT));
    this.#isPrior = true;
  }

  /** A run begins, at this time in seconds. */
  begin(now: number): void {
    if (this.#ends.length === 0) this.#ends.push(now);
  }

  /** A run ended that took so long. */
  end(now: number, seconds: number): void {
    if (this.#isPrior) this.#durations.length = 0;
    this.#isPrior = false;
    this.#durations.push(seconds);
    if (this.#durations.length > RECENT) this.#durations.shift();
    this.#ends.push(now);
    if (this.#ends.length > this.#mostEnds) this.#ends.shift();
  }

  /**
   * How many runs end in a second, or undefined as long as nobody knows or none has begun. As soon as each place had two
   * runs they are counted; before, it is what their durations come to.
   */
  rate(now: number): number | undefined {
    const count = this.#ends.length - 1;
    if (count >= Math.max(2, 2 * this.#concurrency) && now > this.#ends[0]!) {
      return count / (now - this.#ends[0]!);
    }
    const { length } = this.#durations;
    // While all is skipped, what runs once took says nothing.
    if (length === 0 || this.#ends.length === 0) return undefined;
    const mean = this.#durations.reduce((sum, seconds) => sum + seconds, 0) / length;
    return Math.min(this.#concurrency / Math.max(mean, 1e-6), this.#limit);
  }
}
