import { setTimeout as sleep } from "node:timers/promises";
import type { Mirror } from "./mirror.ts";

/** A figure is made again, at the earliest, so many times later as it took. */
const REST = 10;
/** The longest such rest, in milliseconds. */
const LONGEST_REST = 5000;
/** How many figures are kept. */
const MOST = 64;

interface Made {
  readonly mark: string;
  readonly state: string;
  readonly text: string;
  /** When it was made, and how long that took. */
  readonly at: number;
  readonly cost: number;
}

/**
 * Figures of the mirror as JSON, each made once for a state of the store. However large that is and however
 * fast it grows, making them takes a tenth of the time at most: who asks waits.
 */
export class FigureCache {
  readonly #mirror: Mirror;
  readonly #made = new Map<string, Made>();

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  /**
   * A figure of the store as it is now or later.
   *
   * @param name Says which figure, with all that it is asked for.
   * @param make Makes it.
   * @param state What it depends on besides the rows.
   */
  async get(name: string, make: () => unknown, state = ""): Promise<string> {
    let mark = await this.#mirror.catchUp();
    const before = this.#made.get(name);
    if (before && before.mark !== mark) {
      const rest = Math.min(REST * before.cost, LONGEST_REST) - (performance.now() - before.at);
      if (rest > 0) {
        await sleep(rest);
        mark = await this.#mirror.catchUp();
      }
    }
    const made = this.#made.get(name);
    if (made?.mark === mark && made.state === state) return made.text;
    const start = performance.now();
    const text = JSON.stringify(make());
    const at = performance.now();
    this.#made.delete(name); // to the end: the oldest goes first
    this.#made.set(name, { mark, state, text, at, cost: at - start });
    if (this.#made.size > MOST) this.#made.delete(this.#made.keys().next().value!);
    return text;
  }
}
