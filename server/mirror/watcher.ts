import type { Failure, HeldKey } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { messageOf } from "../../core/errors.ts";
import type { MirrorClient } from "./mirror_client.ts";

/** Between two looks at what others did, in milliseconds. */
const PAUSE = 500;
/** How soon a look follows a change made here: others may come with it. */
const SOON = 50;

/** What a look saw besides rows. */
export interface Sight {
  readonly claims: readonly HeldKey[];
  readonly failures: readonly Failure[];
  /** Why the store could not be read. */
  readonly problem: string | undefined;
}

/** Looks at a store for all who listen, as long as somebody does; the mirror is caught up when they hear. */
export class Watcher {
  readonly #backend: Engine;
  readonly #mirror: MirrorClient;
  readonly #waiting = new Set<() => void>();
  #listeners = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;
  #isHurried = false;
  #unfollow: (() => void) | undefined;
  #sight: Sight = { claims: [], failures: [], problem: undefined };

  constructor(backend: Engine, mirror: MirrorClient) {
    this.#backend = backend;
    this.#mirror = mirror;
  }

  /** What the last look saw. */
  get sight(): Sight {
    return this.#sight;
  }

  /** Begins to listen, and resolves after a look. */
  async join(): Promise<void> {
    if (this.#listeners++ === 0) {
      this.#unfollow = this.#mirror.onChanged(() => this.#hurry());
    }
    await this.#look();
  }

  /** Ends to listen. */
  leave(): void {
    if (--this.#listeners > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unfollow?.();
  }

  /** Resolves after the next look, after a time in milliseconds, or when the signal aborts. */
  next(most: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, most);
      this.#waiting.add(end);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  #hurry(): void {
    if (this.#isLooking) this.#isHurried = true;
    else this.#later(SOON);
  }

  #later(pause: number): void {
    clearTimeout(this.#timer);
    if (this.#listeners > 0) this.#timer = setTimeout(() => void this.#look(), pause);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return await this.next(PAUSE, new AbortController().signal);
    this.#isLooking = true;
    this.#isHurried = false;
    try {
      await this.#mirror.catchUp();
      const claims = await this.#backend.held();
      const failures = await this.#backend.failures();
      this.#sight = { claims, failures, problem: undefined };
    } catch (error) {
      this.#sight = { ...this.#sight, problem: messageOf(error) };
    } finally {
      this.#isLooking = false;
      for (const end of [...this.#waiting]) end();
      this.#later(this.#isHurried ? SOON : PAUSE);
    }
  }
}
