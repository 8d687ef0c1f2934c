import type { Engine } from "../core/contract/engine.ts";

/**
 * A capability that a kind of store may lack. All else is the contract.
 *
 * - `"closing"`: use after `close` is an error.
 * - `"reopening"`: a store outlives its handle; opened again, it has its rows.
 * - `"sharing"`: several handles on one store see each other's changes.
 * - `"claims"`: claims and failures reach the other handles on the store.
 */
export type Capability = "closing" | "reopening" | "sharing" | "claims";

/** An open store as the library uses it. */
export interface Handle extends Engine {
  /** True if the backend finds keys by an index. The default searches all rows. */
  readonly isIndexed: boolean;
}

/** A store of its own for one case, which does not exist yet. */
export interface FreshStore {
  /** The folder that the backend was given: empty. */
  readonly folder: string;
  /** Number of rows of a case about many rows. */
  readonly manyRows: number;
  /** Opens a handle on the store, and another when called again. The end of the case closes it. */
  open(): Promise<Handle>;
}

/** A claim about every backend, with its check. */
export interface Case {
  /** The claim. */
  readonly name: string;
  /** The capability that the claim needs. */
  readonly needs: Capability | undefined;
  /** Rejects if it does not hold. */
  readonly check: (store: FreshStore) => Promise<void>;
}

/** Checks by their claims. */
type Checks<Handles extends Handle[]> = Readonly<
  Record<string, (...args: [...Handles, FreshStore]) => Promise<void>>
>;

/** Returns cases whose checks get an open handle. */
export function withHandle(checks: Checks<[Handle]>, needs?: Capability): Case[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    needs,
    check: async (store) => await check(await store.open(), store),
  }));
}

/** Returns cases whose checks get two open handles on one store. */
export function withTwoHandles(checks: Checks<[Handle, Handle]>, needs: Capability): Case[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    needs,
    check: async (store) => await check(await store.open(), await store.open(), store),
  }));
}

/** Returns each case twice: with one handle in both roles, and with two on one store. */
export function withOneOrTwoHandles(checks: Checks<[Handle, Handle]>): Case[] {
  return Object.entries(checks).flatMap(([name, check]) => [
    ...withHandle({ [name]: (handle, store) => check(handle, handle, store) }),
    ...withTwoHandles({ [`between two handles, ${name}`]: check }, "claims"),
  ]);
}
