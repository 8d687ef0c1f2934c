import { setTimeout } from "node:timers";
import type { Lease } from "../../core/contract/backend.ts";
import { LostClaimError } from "../../core/errors.ts";
import { catching, type MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { isBusy } from "./state_database.ts";

/** Interval between attempts to release claims that ended on a full disk. */
const RELEASE_INTERVAL_MS = 1000;

/** A claim that has ended and is still in the database. */
export interface Unreleased {
  /** The token of its lease, if it has one. */
  readonly token: string | undefined;
  /** True if the key is done: its failure is then to be forgotten too. */
  readonly isDone: boolean;
}

/** The claims of this thread that have ended and are still in the database, as after a full disk. */
export class UnreleasedClaims {
  readonly #claims = new Map<string, Unreleased>();
  readonly #tryRelease: (claims: ReadonlyMap<string, Unreleased>) => boolean;
  /** The error that kept them there. */
  #cause: unknown;

  /** @param tryRelease Releases claims; false if another process has the lock. */
  constructor(tryRelease: (claims: ReadonlyMap<string, Unreleased>) => boolean) {
    this.#tryRelease = tryRelease;
  }

  /** Returns the ended claim of a key, if it is one of these. */
  get(key: string): Unreleased | undefined {
    return this.#claims.get(key);
  }

  /** @throws The error that kept the claim of a key in the database, if it is one of these. */
  check(key: string): void {
    if (this.#claims.has(key)) throw this.#cause;
  }

  /**
   * Ends a claim with a change of the store. An error after the change is kept is one of ending the claim
   * only, as on a full disk: the claim then counts as ended, and the next lock releases it.
   *
   * @param change Calls `kept` once nothing but the end of the claim is missing; `kept(true)` if the key
   * is done.
   */
  ending<T>(
    key: string,
    lease: Lease | undefined,
    change: (kept: (isDone?: boolean) => void) => MaybePromise<T>,
  ): MaybePromise<T | undefined> {
    let unreleased: Unreleased | undefined;
    const end = () =>
      change((isDone = false) => void (unreleased = { token: lease?.token, isDone }));
    return catching<MaybePromise<T | undefined>>(end, (error) => {
      if (!unreleased || error instanceof LostClaimError || isBusy(error)) throw error;
      this.#cause = error;
      if (this.#claims.size === 0) this.#releaseSoon();
      this.#claims.set(key, unreleased);
      return undefined;
    });
  }

  /** Releases the claims; false if another process has the lock. */
  release(): boolean {
    if (this.#claims.size === 0) return true;
    try {
      if (!this.#tryRelease(this.#claims)) return false;
      this.#claims.clear();
    } catch (error) {
      this.#cause = error; // there may be room the next time
    }
    return true;
  }

  /** Releases the claims by a timer: other processes wait for them, and this one may never lock again. */
  #releaseSoon(): void {
    setTimeout(() => {
      this.release();
      if (this.#claims.size > 0) this.#releaseSoon();
    }, RELEASE_INTERVAL_MS).unref();
  }

  /** Forgets the claims. */
  clear(): void {
    this.#claims.clear();
  }
}
