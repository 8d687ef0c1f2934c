import type { Engine } from "../../core/contract/engine.ts";
import { messageOf } from "../../core/errors.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import type { MirrorClient } from "./mirror_client.ts";
import { NOTHING_KNOWN, readState, type WatchedState } from "./store_facts.ts";

/** The poll interval for changes of other processes, in milliseconds. */
const POLL_INTERVAL_MS = 500;
/** The delay of a poll after a change made here, in milliseconds: others may come with it. */
const CHANGE_DELAY_MS = 50;

/** Polls a store for all subscribers, while there is one. The mirror has caught up when they wake. */
export class Watcher {
  readonly #backend: Engine;
  readonly #mirror: MirrorClient;
  /** Notified after each poll. */
  readonly #polled = new ConditionVariable();
  #subscribers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPolling = false;
  #hasChanged = false;
  #state: WatchedState = NOTHING_KNOWN;

  constructor(backend: Engine, mirror: MirrorClient) {
    this.#backend = backend;
    this.#mirror = mirror;
    mirror.onChanged(() => {
      if (this.#isPolling) this.#hasChanged = true;
      else this.#schedule(CHANGE_DELAY_MS);
    });
  }

  /** The state at the last poll. */
  get state(): WatchedState {
    return this.#state;
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
    // The first copy of a large store takes seconds: what runs and what failed is known before.
    const state = await readState(this.#backend, this.#state);
    this.#state = { ...state, problem: state.problem ?? this.#state.problem };
    try {
      await this.#mirror.catchUp();
      this.#state = state;
    } catch (error) {
      this.#state = { ...state, problem: messageOf(error) };
    } finally {
      this.#isPolling = false;
      this.#polled.notifyAll();
      this.#schedule(this.#hasChanged ? CHANGE_DELAY_MS : POLL_INTERVAL_MS);
    }
  }
}
