import type { Backend } from "../contract/backend.ts";
import { ConditionVariable } from "../runtime/condition_variable.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";

/**
 * An open store of which functions share the backend, by reference count: it is closed when the last
 * function has released it and the calls and sweeps under way have ended.
 */
export class SharedStore {
  readonly engine: Engine;
  /** Removes the store from where others find it; undefined if its opener closes it. */
  readonly #remove: (() => void) | undefined;
  #users = 0;
  #calls = 0;
  #sweeps = 0;
  #isEnding = false;
  #closed: Promise<void> | undefined;
  /** Notified when the last call under way has ended. */
  readonly #idle = new ConditionVariable();

  constructor(backend: Backend, remove: (() => void) | undefined) {
    this.engine = engineOf(backend);
    this.#remove = remove;
  }

  /** True until the store is closed, or about to be. */
  get isOpen(): boolean {
    return !this.#isEnding;
  }

  /** Adds a function that uses the store. */
  retain(): void {
    this.#users++;
  }

  /** Takes a function back. Resolves when its calls have ended; the last one closes the store. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    await this.end();
  }

  /** Closes the store once the calls and sweeps under way have ended; waits for the calls. */
  async end(): Promise<void> {
    if (this.#remove) {
      this.#isEnding = true;
      this.#remove();
    }
    while (this.#calls > 0) await this.#idle.wait();
    if (this.#isEnding) await this.#closeIfIdle();
  }

  /** Runs the body of a call, during which the store stays open. */
  during<T>(body: () => MaybePromise<T>): MaybePromise<T> {
    const result = body();
    if (!(result instanceof Promise)) return result;
    this.#calls++; // nothing else ran since the call began
    return result.finally(() => {
      if (--this.#calls === 0) this.#idle.notifyAll();
    });
  }

  /** Begins a sweep, during which the store stays open. */
  beginSweep(): void {
    this.#sweeps++;
  }

  async endSweep(): Promise<void> {
    this.#sweeps--;
    if (this.#isEnding) await this.#closeIfIdle();
  }

  async #closeIfIdle(): Promise<void> {
    if (this.#calls > 0 || this.#sweeps > 0) return;
    await (this.#closed ??= Promise.resolve(this.engine.close()));
  }
}
