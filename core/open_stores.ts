import path from "node:path";
import type { Backend } from "./backend.ts";
import { type CompleteBackend, completeBackend } from "./complete_backend.ts";
import type { OnceOptions } from "./once_types.ts";
import { locationText, type Registry } from "./registry.ts";
import { FunctionsByStore } from "./store_functions.ts";
import type { WrappedFunction } from "./wrapped_function.ts";

/** The store of who names none. */
export const DEFAULT_STORE = "_stet_store.csv";

/** The stores of this process's functions. */
export interface Stores {
  /**
   * The store of a function, opened once for all that use it.
   *
   * @throws {StoreError} If a function of different source uses the store in the same namespace: the
   * keys of one would silently skip the runs of the other.
   */
  open(wrapped: WrappedFunction, options: OnceOptions): Promise<CompleteBackend>;
}

/** Opens stores through a registry. */
export function openStores(registry: Registry): Stores {
  const opened = new Map<string, Promise<Backend>>();
  const functions = new FunctionsByStore();

  async function backendOf(options: OnceOptions): Promise<Backend> {
    const { store = DEFAULT_STORE, backends, durability = "power" } = options;
    if (typeof store === "object" && !(store instanceof URL)) return store;
    const location = locationText(store);
    // A store in memory is its opener's own; a table of one's own may mean another kind of store.
    if (backends) return await registry.open(location, { durability, backends });
    if (location === ":memory:") return await registry.open(location);
    const isUrl = /^[a-z][a-z+]+:\/\//i.test(location);
    const name = `${durability} ${isUrl ? location : path.resolve(location)}`;
    let opening = opened.get(name);
    if (!opening) {
      opening = registry.open(location, { durability });
      opened.set(name, opening);
    }
    try {
      return await opening;
    } catch (error) {
      opened.delete(name); // by the next call, the folder may be there
      throw error;
    }
  }

  return {
    async open(wrapped, options): Promise<CompleteBackend> {
      const backend = await backendOf(options);
      const { location } = backend;
      const store = location === ":memory:" ? backend : location;
      functions.admit(store, location, options.namespace ?? "", wrapped);
      return completeBackend(backend);
    },
  };
}
