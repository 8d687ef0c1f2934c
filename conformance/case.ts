import type { Engine } from "../core/contract/engine.ts";

/**
 * What a kind of store may lack. All else is the contract.
 *
 * - `"closing"`: use after `close` is an error.
 * - `"reopening"`: a store outlives its handle; opened again, it has its rows.
 * - `"sharing"`: several handles on one store see each other's changes.
 * - `"claims"`: claims and failures reach the other handles on the store.
 */
export type Capability = "closing" | "reopening" | "sharing" | "claims";

/** An open store with every optional member, core's defaults included. */
export interface Handle extends Engine {
  /** Whether the backend finds keys itself; core's default searches through all rows. */
  readonly isIndexed: boolean;
}

/** A store of its own for one case; nobody has made it yet. */
export interface FreshStore {
  /** The folder that the backend was given: empty. */
  readonly folder: string;
  /** Number of rows of a case about many rows. */
  readonly manyRows: number;
  /** Opens a handle on the store, and another when called again. The end of the case closes it. */
  open(): Promise<Handle>;
}

/** One claim about every backend, and how it is checked. */
export interface Case {
  /** The claim. */
  readonly name: string;
  /** What a backend must have for it. */
  readonly needs?: Capability;
  /** Rejects if it does not hold. */
  readonly check: (store: FreshStore) => Promise<void>;
}
