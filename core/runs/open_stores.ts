import path from "node:path";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Backend, BackendModule } from "../contract/backend.ts";
import type { Engine } from "../contract/engine.ts";
import { messageOf } from "../errors.ts";
import type { OnceOptions } from "./once_types.ts";
import { locationText, type Registry } from "../contract/registry.ts";
import { ConditionVariable } from "../runtime/condition_variable.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import { onReplaced } from "../runtime/replaced_module.ts";
import { FunctionsByStore, type WrappedFunction } from "./wrapped_function.ts";

/** Default store. */
export const DEFAULT_STORE = "_stet_store.csv";

/** The stores of this process's functions, opened through a registry. */
export class OpenStores {
  readonly #registry: Registry;
  /** The open stores by the code that opened them, durability and place. */
  readonly #opened = new Map<BackendModule, Map<string, Promise<SharedStore>>>();
  readonly #functions = new FunctionsByStore();

  constructor(registry: Registry) {
    this.#registry = registry;
    onReplaced(() => {
      for (const byName of this.#opened.values()) {
        for (const opening of byName.values()) {
          opening.then((store) => store.end()).catch((error) =>
            console.warn(`[stet] Cannot close a store of the module before: ${messageOf(error)}`)
          );
        }
      }
    });
  }

  /** @throws {StoreError} If a function's store is of no kind that is known. Nothing is opened. */
  check({ store = DEFAULT_STORE, backends }: OnceOptions): void {
    if (typeof store === "string" || store instanceof URL) this.#registry.check(store, backends);
  }

  /**
   * Returns the store of a function, opened once for all that use it, and retained for this one.
   *
   * @throws {StoreError} If a function of different source uses the store in the same namespace: the
   * keys of one would silently skip the runs of the other.
   */
  async open(wrapped: WrappedFunction, options: OnceOptions): Promise<SharedStore> {
    const store = await this.#storeOf(options);
    const { location } = store.engine;
    const place = location === ":memory:" ? store.engine : location;
    this.#functions.admit(place, location, options.namespace ?? "", wrapped);
    store.retain();
    return store;
  }

  async #storeOf(options: OnceOptions): Promise<SharedStore> {
    const { store = DEFAULT_STORE, backends, durability = "power" } = options;
    if (typeof store === "object" && !(store instanceof URL)) {
      return new SharedStore(store, undefined); // its opener closes it
    }
    const location = locationText(store);
    const module = await this.#registry.load(location, backends);
    const open = async (remove: () => void): Promise<SharedStore> =>
      new SharedStore(await module.open(location, { durability }), remove);
    // A store in memory is its opener's own.
    if (location === ":memory:") return await open(() => {});
    const byName = this.#opened.get(module) ?? new Map<string, Promise<SharedStore>>();
    this.#opened.set(module, byName);
    const isUrl = /^[a-z][a-z+]+:\/\//i.test(location);
    const name = `${durability} ${isUrl ? location : path.resolve(location)}`;
    let opening = byName.get(name);
    if (!opening) {
      const remove = (): void => void (byName.get(name) === opening && byName.delete(name));
      opening = open(remove);
      byName.set(name, opening);
      opening.catch(remove); // by the next call, the folder may be there
    }
    return await opening;
  }
}

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

  /** Begins a sweep, during which the store stays open, and returns a function that ends it. */
  beginSweep(): () => Promise<void> {
    this.#sweeps++;
    return async () => {
      this.#sweeps--;
      if (this.#isEnding) await this.#closeIfIdle();
    };
  }

  async #closeIfIdle(): Promise<void> {
    if (this.#calls > 0 || this.#sweeps > 0) return;
    await (this.#closed ??= Promise.resolve(this.engine.close()));
  }
}
