import process from "node:process";
import { setImmediate, setTimeout } from "node:timers";

/** Yield interval: how long a loop runs before the event loop gets its turn, in milliseconds. */
const YIELD_INTERVAL_MS = 20;

/** Yield timer of one long loop, whose steps begin with `if (timer.isDue(16)) await timer.yield()`. */
export class YieldTimer {
  #start = performance.now();
  #calls = 0;

  /**
   * True if the loop has run for the yield interval.
   *
   * @param stride Reads the clock at each call of so many: for steps that are quicker than the clock.
   */
  isDue(stride = 1): boolean {
    return ++this.#calls % stride === 0 && performance.now() - this.#start > YIELD_INTERVAL_MS;
  }

  /**
   * Resolves once the event loop has handled what was ready (requests, timers, signals), and starts the
   * interval anew.
   *
   * On Deno an immediate runs before sockets are polled, so that a loop of immediates lets no request in; a
   * timer of 0 ms (which takes 1 to 2 ms) does. Bun and Node poll before immediates.
   */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (process.versions.deno) setTimeout(resolve, 0);
      else setImmediate(resolve);
    });
    this.#start = performance.now();
  }
}

/** Number of rows between two reads of the clock. */
const ROWS_PER_CHECK = 16;

/** Returns the same rows, and yields to the event loop now and then. */
export async function* yielding<T>(rows: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  const timer = new YieldTimer();
  for await (const row of rows) {
    if (timer.isDue(ROWS_PER_CHECK)) await timer.yield();
    yield row;
  }
}
