import { StoreError } from "../errors.ts";
import { KeyMakers } from "./key_makers.ts";
import type { Peers, WrappedFunction } from "./wrapped_function.ts";

interface Functions extends Peers {
  /** The one that was wrapped last. */
  current: WrappedFunction;
}

/** The function of each namespace of each store, in this process. */
export class FunctionsByStore {
  readonly #stores = new Map<unknown, Map<string, Functions>>();

  /**
   * Admits a function to a namespace of a store. A later one of the same name and module takes the
   * place of the earlier one.
   *
   * @param store Identity of the store. @param location Its name in messages.
   * @throws {StoreError} If a function of different source uses it: the keys of one would silently skip
   * the runs of the other.
   */
  admit(store: unknown, location: string, namespace: string, added: WrappedFunction): void {
    const spaces = this.#stores.get(store) ?? new Map<string, Functions>();
    this.#stores.set(store, spaces);
    const functions = spaces.get(namespace);
    if (functions && functions.current.equals(added)) {
      if (added.number > functions.current.number) functions.current = added;
      functions.makers.add(added.fn);
      added.peers = functions;
      return;
    }
    if (functions && !added.replaces(functions.current)) {
      throw refusal(location, added, functions.current);
    }
    if (functions) functions.isReplaced = true;
    const own = { current: added, isReplaced: false, makers: new KeyMakers() };
    own.makers.add(added.fn);
    added.peers = own;
    spaces.set(namespace, own);
  }
}

function refusal(location: string, added: WrappedFunction, other: WrappedFunction): StoreError {
  const { label } = added;
  const start = `Cannot run ${label}() on store "${location}": `;
  if (other.replaces(added)) {
    return new StoreError(
      `${start}a later once() of the same name in the same module, a function of different source, ` +
        `has taken its place; call that one, or give each a name and a store or namespace of its own`,
    );
  }
  return new StoreError(
    `${start}${other.label}(), a function of different source, uses it too, and each would skip ` +
      `what the other has done; give each a store of its own, or a namespace: once(${label}, ` +
      `{ namespace: "${
        label === "anonymous" ? "…" : label
      }" }). If it is the same function, edited ` +
      `and evaluated again, give both the same name, name: "…": the later one then takes the ` +
      `earlier one's place`,
  );
}
