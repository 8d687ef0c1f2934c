import path from "node:path";
import type { BackendModule } from "../contract/backend.ts";
import { messageOf } from "../errors.ts";
import type { OnceOptions } from "./once_types.ts";
import { locationText, type Registry } from "../contract/registry.ts";
import { onReplaced } from "../runtime/replaced_module.ts";
import { SharedStore } from "./shared_store.ts";
import { FunctionsByStore } from "./store_functions.ts";
import type { WrappedFunction } from "./wrapped_function.ts";

/** Default store. */
export const DEFAULT_STORE = "_stet_store.csv";

/** The stores of this process's functions. */
export interface Stores {
  /** @throws {StoreError} If a function's store is of no kind that is known. Nothing is opened. */
  check(options: OnceOptions): void;
  /**
   * The store of a function, opened once for all that use it, and retained for this one.
   *
   * @throws {StoreError} If a function of different source uses the store in the same namespace: the
   * keys of one would silently skip the runs of the other.
   */
  open(wrapped: WrappedFunction, options: OnceOptions): Promise<SharedStore>;
}

/** Opens stores through a registry. */
export function openStores(registry: Registry): Stores {
  /** The open stores by the code that opened them, durability and place. */
  const opened = new Map<BackendModule, Map<string, Promise<SharedStore>>>();
  const functions = new FunctionsByStore();

  async function storeOf(options: OnceOptions): Promise<SharedStore> {
    const { store = DEFAULT_STORE, backends, durability = "power" } = options;
    if (typeof store === "object" && !(store instanceof URL)) {
      return new SharedStore(store, undefined); // its opener closes it
    }
    const location = locationText(store);
    const module = await registry.load(location, backends);
    const open = async (remove: () => void): Promise<SharedStore> =>
      new SharedStore(await module.open(location, { durability }), remove);
    // A store in memory is its opener's own.
    if (location === ":memory:") return await open(() => {});
    const byName = opened.get(module) ?? new Map<string, Promise<SharedStore>>();
    opened.set(module, byName);
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

  onReplaced(() => {
    for (const opening of [...opened.values()].flatMap((byName) => [...byName.values()])) {
      opening.then((store) => store.end()).catch((error) =>
        console.warn(`[stet] Cannot close a store of the module before: ${messageOf(error)}`)
      );
    }
  });

  return {
    check({ store = DEFAULT_STORE, backends }): void {
      if (typeof store === "string" || store instanceof URL) registry.check(store, backends);
    },
    async open(wrapped, options): Promise<SharedStore> {
      const store = await storeOf(options);
      const { location } = store.engine;
      const place = location === ":memory:" ? store.engine : location;
      functions.admit(place, location, options.namespace ?? "", wrapped);
      store.retain();
      return store;
    },
  };
}
