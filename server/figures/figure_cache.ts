import { setTimeout as sleep } from "node:timers/promises";
import { BoundedMap } from "../bounded_map.ts";
import type { Follower } from "./follower.ts";

/** Minimum recompute interval of a figure, as a multiple of its last computation time. */
const MIN_INTERVAL_FACTOR = 10;
/** The longest such interval, in milliseconds. */
const MAX_INTERVAL_MS = 5000;
/** The number of figures in the cache. */
const MAX_FIGURES = 64;

/** A figure, or the computation of one. */
interface Entry {
  readonly cursor: string;
  readonly state: string;
  readonly text: Promise<string>;
  /** Time and length of its computation; resolves also if it failed. */
  readonly computed: Promise<{ readonly at: number; readonly cost: number }>;
}

/**
 * Cache of figures as JSON. A figure is computed once for a state of the store, and again after ten times
 * as long as it took (5 s at most); requests wait for that.
 */
export class FigureCache {
  readonly #source: Pick<Follower, "catchUp">;
  readonly #entries = new BoundedMap<Entry>(MAX_FIGURES);

  constructor(source: Pick<Follower, "catchUp">) {
    this.#source = source;
  }

  /**
   * Returns a figure of the store as it is now or later.
   *
   * @param name Identifies the figure, with all its parameters.
   * @param state Changes with everything else that it depends on, besides the rows.
   */
  async get(name: string, compute: () => Promise<string>, state = ""): Promise<string> {
    let cursor = await this.#source.catchUp();
    const before = this.#entries.get(name);
    if (before && before.cursor !== cursor) {
      const { at, cost } = await before.computed;
      const left = Math.min(MIN_INTERVAL_FACTOR * cost, MAX_INTERVAL_MS) - (performance.now() - at);
      if (left > 0) await sleep(left);
      cursor = await this.#source.catchUp();
    }
    const found = this.#entries.get(name);
    if (found?.cursor === cursor && found.state === state) return await found.text;
    const start = performance.now();
    const text = compute();
    const computed = text.then(() => {}, () => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
    }).then(() => ({ at: performance.now(), cost: performance.now() - start }));
    const entry: Entry = { cursor, state, text, computed };
    this.#entries.set(name, entry);
    return await text;
  }
}
