import type { CallSite } from "./call_site.ts";
import { StoreError } from "../errors.ts";
import type { Key } from "../keys/key.ts";
import { type Source, sourceOfFunction } from "../keys/source.ts";

/** The functions of one source that use one namespace of a store in this process. */
export interface Peers {
  /** True once a function of another source has taken their place. */
  isReplaced: boolean;
  /** The one that was wrapped last. */
  current: WrappedFunction;
  /** The maker of each key. */
  readonly makers: KeyMakers;
}

/** Number of functions that were wrapped in this process. */
let count = 0;

/** A function that `once` wrapped, and its identity among the functions of this process. */
export class WrappedFunction {
  readonly fn: (...args: unknown[]) => unknown;
  /** Name of the function in messages. */
  readonly label: string;
  /** A later one has a larger number. */
  readonly number = ++count;
  /** Set when its store is opened. */
  peers: Peers | undefined;
  /** Name of the function among those of its module; empty if it has none. */
  readonly #name: string;
  readonly #site: CallSite | undefined;
  #source: Source | undefined;

  /**
   * @param name Name that was given. Default: that of the function.
   * @param site Where it was wrapped.
   */
  constructor(
    fn: (...args: unknown[]) => unknown,
    label: string,
    name: string | undefined,
    site: CallSite | undefined,
  ) {
    this.fn = fn;
    this.label = label;
    this.#name = name ?? fn.name;
    this.#site = site;
  }

  /** Its source, read on first use. */
  get source(): Source {
    return this.#source ??= sourceOfFunction(this.fn);
  }

  /** True if another function has the same name and the same source. */
  equals({ fn, source }: WrappedFunction): boolean {
    return this.fn === fn || this.fn.name === fn.name && this.source.hash === source.hash;
  }

  /**
   * True if this function takes the place of an earlier one: of the same name and module, as an edited
   * cell of a notebook or a hot-reloaded module has it. Functions without a name count only where code
   * is known to be evaluated again.
   */
  replaces(other: WrappedFunction): boolean {
    const name = this.#name;
    const [site, othersSite] = [this.#site, other.#site];
    return this.number > other.number && name === other.#name && site !== undefined &&
      site.module === othersSite?.module && (name !== "" || site.isEvaluated);
  }
}

/** The function of each namespace of each store, in this process. */
export class FunctionsByStore {
  readonly #stores = new Map<unknown, Map<string, Peers>>();

  /**
   * Admits a function to a namespace of a store. A later one of the same name and module takes the
   * place of the earlier one.
   *
   * @param store Identity of the store. @param location Its name in messages.
   * @throws {StoreError} If a function of different source uses it: the keys of one would silently skip
   * the runs of the other.
   */
  admit(store: unknown, location: string, namespace: string, added: WrappedFunction): void {
    const spaces = this.#stores.get(store) ?? new Map<string, Peers>();
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
      `{ namespace: "${label === "anonymous" ? "…" : label}" }). If it is the same function, ` +
      `edited and evaluated again, give both the same name, name: "…": the later one then takes the ` +
      `earlier one's place`,
  );
}

/** Maximum number of keys: functions that differ in captured values mostly meet on the first. */
const MAX_KEYS = 10_000;

/** The function object, or its `this`, that made each key in this process. Bounded. */
class KeyMakers {
  /** True once a key of another maker was reported. */
  isReported = false;
  /** The id of the maker of each key, by the key's text. */
  readonly #keys = new Map<string, number>();
  readonly #ids = new WeakMap<object, number>();
  #count = 0;

  /** True if there is more than one maker. */
  get areMany(): boolean {
    return this.#count > 1;
  }

  /** Adds a function object or `this`. */
  add(maker: object): number {
    let id = this.#ids.get(maker);
    if (id === undefined) this.#ids.set(maker, id = ++this.#count);
    return id;
  }

  /** Notes that a maker makes a key. */
  made({ text }: Key, maker: object): void {
    if (this.#keys.size < MAX_KEYS || this.#keys.has(text)) this.#keys.set(text, this.add(maker));
  }

  /** True if a key was made in this process, by another maker. */
  isOthers({ text }: Key, maker: object): boolean {
    const id = this.add(maker);
    return (this.#keys.get(text) ?? id) !== id;
  }
}
