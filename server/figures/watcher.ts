import { messageOf } from "../../core/errors.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { FiguresClient } from "./figures_client.ts";
import type { KnownFacts } from "./known_facts.ts";

/** The poll interval for changes of other processes, in milliseconds. */
const POLL_INTERVAL_MS = 500;
/** The delay of a poll after a change made here, in milliseconds: others may come with it. */
const CHANGE_DELAY_MS = 50;

/** The interval of looks at a poll that a store does not answer, in milliseconds. */
const SILENCE_INTERVAL_MS = 1000;

/** Polls a store for all subscribers, while there is one. The copy of rows has caught up when they wake. */
export class Watcher {
  readonly #known: KnownFacts;
  readonly #figures: FiguresClient;
  /** Notified after each poll. */
  readonly #polled = new ConditionVariable();
  #subscribers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPolling = false;
  #hasChanged = false;
  /** Why the rows could not be read. */
  #problem: string | undefined;

  constructor(known: KnownFacts, figures: FiguresClient) {
    this.#known = known;
    this.#figures = figures;
    figures.onChanged(() => {
      if (this.#isPolling) this.#hasChanged = true;
      else this.#schedule(CHANGE_DELAY_MS);
    });
  }

  /** The facts of the store at the last poll. */
  get facts(): ViewFacts {
    return this.#known.of(this.#figures, this.#problem);
  }

  /** Adds a subscriber, and resolves after a poll, or after a timeout in milliseconds. */
  async join(timeout = Infinity): Promise<void> {
    this.#subscribers++;
    const polled = this.#poll();
    await (timeout === Infinity ? polled : Promise.race([polled, this.next(timeout)]));
  }

  /** Removes a subscriber. */
  leave(): void {
    if (--this.#subscribers === 0) clearTimeout(this.#timer);
  }

  /** Resolves after the next poll, after a timeout in milliseconds, or when the signal aborts. */
  next(timeout: number, signal?: AbortSignal): Promise<void> {
    return this.#polled.wait(timeout, signal);
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#subscribers > 0) this.#timer = setTimeout(() => void this.#poll(), delay);
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return await this.next(POLL_INTERVAL_MS);
    this.#isPolling = true;
    this.#hasChanged = false;
    const silence = setInterval(() => {
      if (this.facts.problem !== null) this.#polled.notifyAll();
    }, SILENCE_INTERVAL_MS);
    // The first copy of a large store takes seconds: what runs and what failed is known before.
    try {
      await this.#known.read();
      await this.#figures.catchUp();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
    } finally {
      clearInterval(silence);
      this.#isPolling = false;
      this.#polled.notifyAll();
      this.#schedule(this.#hasChanged ? CHANGE_DELAY_MS : POLL_INTERVAL_MS);
    }
  }
}
