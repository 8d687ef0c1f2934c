/** Time for which a hit is believed without a look at the file. */
const FRESH_MS = 100;

/** Number of removals in this thread, from any store. */
let removals = 0;

/** Age of the last look at a file: a recent hit is believed, unless rows were removed since. */
export class Freshness {
  #refreshed = -Infinity;
  #removals = 0;

  /** Ends the freshness of every store, since rows were removed. */
  static noteRemoval(): void {
    removals++;
  }

  /** True if the file was never looked at. */
  get isUnread(): boolean {
    return this.#refreshed === -Infinity;
  }

  /** True if a hit is believed without a look at the file. */
  get isFresh(): boolean {
    return this.#removals === removals && performance.now() - this.#refreshed < FRESH_MS;
  }

  /** Notes that the file was looked at now. */
  note(): void {
    this.#refreshed = performance.now();
    this.#removals = removals;
  }
}
