/** The shortest time between two loads that nobody asked for, in milliseconds. */
const PAUSE_MS = 1000;

/**
 * Loads something again and again: never two loads at a time, and never an older answer after a newer one.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {(loaded: T) => void} onLoad
 * @param {(error: unknown) => void} onError
 */
export function loader(load, onLoad, onError) {
  /** @type {AbortController | undefined} */
  let current;
  let isWanted = false;
  let last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** The time of the next load. */
  let due = Infinity;

  async function run() {
    clearTimeout(timer);
    due = Infinity;
    isWanted = false;
    current?.abort();
    const mine = current = new AbortController();
    const began = performance.now();
    const outcome = await load(mine.signal).then(
      (loaded) => () => onLoad(loaded),
      (error) => () => onError(error),
    );
    if (current !== mine) return;
    current = undefined;
    // A server that is slow is asked less often.
    last = performance.now() + 2 * (performance.now() - began);
    if (isWanted) soon();
    outcome();
  }

  /**
   * Loads within a second or so, later after a slow load.
   *
   * @param {number} [pause] Milliseconds to wait instead, after a load that was slow for another reason.
   */
  function soon(pause) {
    isWanted = true;
    const now = performance.now();
    const at = pause === undefined ? Math.max(last + PAUSE_MS, now) : now + pause;
    if (current || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(run, at - now);
  }

  /** Gives up a load under way and any that is planned. */
  function stop() {
    clearTimeout(timer);
    due = Infinity;
    isWanted = false;
    current?.abort();
    current = undefined;
  }

  return { stop, /** Loads at once, in place of a load under way. */ now: () => void run(), soon };
}
