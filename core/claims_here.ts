import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
} from "./backend.ts";
import type { CompleteBackend } from "./complete_backend.ts";
import { LostClaimError } from "./errors.ts";
import type { Key } from "./key.ts";
import type { Row } from "./value.ts";

/** Stands for the lease of this process. No lease has this token. */
const OURS: Lease = { token: "", until: Infinity, holder: "this process" };

/** Claims and failures that are known to one object only, of a store that keeps none itself. */
export class ClaimsHere {
  readonly #backend: CompleteBackend;
  readonly #leases = new Map<string, Lease>();
  readonly #failures = new Map<string, Failure>();

  constructor(backend: CompleteBackend) {
    this.#backend = backend;
  }

  /** Looks and claims. */
  async claim(key: Key, options: ClaimOptions = {}): Promise<ClaimAnswer> {
    const { text } = key;
    const { isDone = () => true, lease = OURS } = options;
    const holder = this.#otherHolderOf(text, lease);
    if (holder !== undefined) return { state: "busy", holder };
    const before = this.#leases.get(text);
    this.#leases.set(text, lease); // before the first await: two calls cannot both come this far
    try {
      const found = await this.#backend.find(key);
      if (!found || !isDone(found)) {
        return { state: "claimed", claim: this.#claimOf(key, options) };
      }
      this.#leases.delete(text);
      return { state: "done" };
    } catch (error) {
      if (before) this.#leases.set(text, before);
      else this.#leases.delete(text);
      throw error;
    }
  }

  /** The failures noted, oldest first. */
  failures(): Failure[] {
    return [...this.#failures.values()];
  }

  /** Forgets all failures. */
  forgetAll(): void {
    this.#failures.clear();
  }

  /** The keys that are held, and by whom. */
  claims(): HeldKey[] {
    return [...this.#leases.keys()].flatMap((key) => {
      const holder = this.#otherHolderOf(key, OURS);
      return holder === undefined ? [] : [{ key, holder }];
    });
  }

  #claimOf(key: Key, { isDone, lease }: ClaimOptions): Claim {
    const { text } = key;
    const ending = async (end: () => unknown): Promise<void> => {
      if (lease) await this.#checkLease(key, lease, isDone);
      try {
        await end();
      } finally {
        this.#leases.delete(text);
      }
    };
    return {
      record: (row) =>
        ending(() => {
          const keep = (found: Row | undefined) => this.#keep(key, row, found, isDone);
          // Another row may have come meanwhile, without a claim. At once where the store knows at once.
          const found = this.#backend.find(key);
          return found instanceof Promise ? found.then(keep) : keep(found);
        }),
      fail: (note) => ending(() => this.#fail(key, note)),
      release: () => ending(() => {}),
    };
  }

  async #keep(
    key: Key,
    row: Row,
    found: Row | undefined,
    isDone: ClaimOptions["isDone"],
  ): Promise<void> {
    if (!found || !isDone?.(found)) {
      if (found) await this.#backend.removeKey(key);
      await this.#backend.record(row);
    }
    this.#failures.delete(key.text);
  }

  /** Who holds a key, if it is not this lease. */
  #otherHolderOf(text: string, lease: Lease): string | undefined {
    const held = this.#leases.get(text);
    if (!held || Date.now() >= held.until) return undefined;
    if (lease !== OURS && held.token === lease.token) return undefined;
    return held.holder ?? "a client of a sidecar";
  }

  async #checkLease(key: Key, lease: Lease, isDone: ClaimOptions["isDone"]): Promise<void> {
    let holder = this.#otherHolderOf(key.text, lease);
    if (holder === undefined) {
      this.#leases.set(key.text, lease); // nobody can claim it during what follows
      const found = await this.#backend.find(key);
      if (!found || !(isDone?.(found) ?? true)) return;
      this.#leases.delete(key.text);
      holder = "somebody who has recorded it";
    }
    throw new LostClaimError(
      `Cannot end the claim ${lease.token}: its time was over, and the key went to ${holder}; ` +
        `nothing was written`,
    );
  }

  #fail(key: Key, { attempts = 1, ...note }: FailureNote): void {
    const attempt = (this.#failures.get(key.text)?.attempt ?? 0) + attempts;
    this.#failures.delete(key.text);
    const time = new Date().toISOString();
    this.#failures.set(key.text, { ...note, params: key.values, attempt, time, host: "" });
  }
}
