import { setImmediate } from "node:timers";
import type { EndTimer } from "../../backends/postgres/connection/clock.ts";

/** An event. */
interface Event {
  readonly time: number;
  /** Events of the same time happen in the order of their numbers. */
  readonly number: number;
  call: (() => void) | undefined;
}

/** The events of a simulation, in the order of their time. Time is in milliseconds, and begins at 0. */
export class Timeline {
  /** A binary heap: the first event is the earliest. */
  readonly #events: Event[] = [];
  #count = 0;
  #now = 0;
  #random: number;
  /** The error that ends it, in a box. */
  #broken: { readonly error: unknown } | undefined;

  /** @param seed Seed of its random numbers: equal seeds give equal simulations. */
  constructor(seed: number) {
    this.#random = seed | 0;
  }

  get now(): number {
    return this.#now;
  }

  /** Returns a random number from 0 to below 1 (mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). */
  random(): number {
    this.#random = this.#random + 0x6d2b79f5 | 0;
    let x = Math.imul(this.#random ^ this.#random >>> 15, 1 | this.#random);
    x = x + Math.imul(x ^ x >>> 7, 61 | x) ^ x;
    return ((x ^ x >>> 14) >>> 0) / 2 ** 32;
  }

  /** Returns a random number between two. */
  between(least: number, most: number): number {
    return least + (most - least) * this.random();
  }

  /** Calls a function at a time, at once if that has passed. */
  at(time: number, call: () => void): EndTimer {
    const event: Event = { time: Math.max(time, this.#now), number: this.#count++, call };
    this.#push(event);
    return () => event.call = undefined;
  }

  /** Resolves after a time in milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.at(this.#now + ms, resolve));
  }

  /** Ends the run with an error: what is simulated is not what would happen. */
  break(error: unknown): void {
    this.#broken ??= { error };
  }

  /**
   * Lets events happen until a condition is true, or none is left.
   *
   * @throws The error that broke it.
   */
  async run(isOver: () => boolean): Promise<void> {
    while (this.#events.length > 0 && !isOver()) {
      const { time, call } = this.#pop();
      if (!call) continue;
      this.#now = time;
      call();
      await new Promise<void>((resolve) => void setImmediate(resolve)); // all promises settle meanwhile
      if (this.#broken) throw this.#broken.error;
    }
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(event, events[parent]!)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  #pop(): Event {
    const events = this.#events;
    const first = events[0]!;
    const last = events.pop()!;
    if (events.length === 0) return first;
    for (let at = 0;;) {
      let child = 2 * at + 1;
      if (child + 1 < events.length && isEarlier(events[child + 1]!, events[child]!)) child++;
      if (child >= events.length || !isEarlier(events[child]!, last)) {
        events[at] = last;
        return first;
      }
      events[at] = events[child]!;
      at = child;
    }
  }
}

function isEarlier(one: Event, other: Event): boolean {
  return one.time < other.time || one.time === other.time && one.number < other.number;
}
