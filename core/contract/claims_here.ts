import type {
  Backend,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
} from "./backend.ts";
import { LostClaimError } from "../errors.ts";
import { canonicalJson } from "../values/json.ts";
import type { Key } from "../keys/key.ts";
import type { Row } from "../values/value.ts";

/** Stands for the lease of a claim of this process. No lease has this token. */
const OURS: Lease = { token: "", until: Infinity, holder: "this process" };

/** The claims of this process, by store: two that opened the same one, as its location says, share them. */
const leasesByStore = new Map<string, Map<string, Lease>>();

/** What is asked of the store. */
type Searched = Pick<Required<Backend>, "location" | "find">;

/** Claims and failures that are known to this process only, of a store that keeps none itself. */
export class ClaimsHere {
  readonly #backend: Searched;
  readonly #replace: (key: Key, isDone: ClaimOptions["isDone"], row: Row) => Promise<void>;
  readonly #leases: Map<string, Lease>;
  /** Those that were given by this object. */
  readonly #given = new WeakSet<Lease>();
  readonly #failures = new Map<string, Failure>();

  /** @param replace Adds a row, in the place of one of its key that does not count as done. */
  constructor(
    backend: Searched,
    replace: (key: Key, isDone: ClaimOptions["isDone"], row: Row) => Promise<void>,
  ) {
    const { location } = backend;
    this.#backend = backend;
    this.#replace = replace;
    this.#leases = leasesByStore.get(location) ?? new Map();
    if (location !== ":memory:") leasesByStore.set(location, this.#leases);
  }

  /** Looks and claims. */
  async claim(key: Key, options: ClaimOptions = {}): Promise<ClaimAnswer> {
    const { text } = key;
    const { isDone = () => true, lease = { ...OURS } } = options;
    const holder = this.#otherHolderOf(text, lease);
    if (holder !== undefined) return { state: "busy", holder };
    const before = this.#leases.get(text);
    this.#leases.set(text, lease); // before the first await: two calls cannot both come this far
    this.#given.add(lease);
    try {
      const found = await this.#backend.find(key);
      if (!found || !isDone(found)) {
        return { state: "claimed", claim: this.#claimOf(key, lease, options) };
      }
      this.#leases.delete(text);
      return { state: "done" };
    } catch (error) {
      if (before) this.#leases.set(text, before);
      else this.#leases.delete(text);
      throw error;
    }
  }

  /** Ends the claims that this object gave. */
  end(): void {
    for (const [text, lease] of this.#leases) {
      if (this.#given.has(lease)) this.#leases.delete(text);
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

  /** Forgets failures by their params; how many there were. */
  forget(params: readonly Row[]): number {
    const forgotten = new Set(params.map((each) => canonicalJson(each)));
    let count = 0;
    for (const [key, failure] of this.#failures) {
      if (!forgotten.has(canonicalJson(failure.params))) continue;
      this.#failures.delete(key);
      count++;
    }
    return count;
  }

  /** The keys that are held, and by whom. */
  claims(): HeldKey[] {
    return [...this.#leases.keys()].flatMap((key) => {
      const holder = this.#otherHolderOf(key, OURS);
      return holder === undefined ? [] : [{ key, holder }];
    });
  }

  #claimOf(key: Key, held: Lease, options: ClaimOptions): Claim {
    const { text } = key;
    const { isDone, lease } = options;
    const ending = async (end: () => unknown): Promise<void> => {
      if (lease) await this.#checkLease(key, lease, isDone);
      await end(); // if it rejects, the claim is still to be released
      const now = this.#leases.get(text);
      if (now === held || (lease && now?.token === lease.token)) this.#leases.delete(text);
    };
    return {
      record: (row) =>
        ending(async () => {
          await this.#replace(key, isDone, row);
          this.#failures.delete(text);
        }),
      fail: (note) => ending(() => this.#fail(key, note)),
      release: () => ending(() => {}),
    };
  }

  /** Who holds a key, if it is not this lease. */
  #otherHolderOf(text: string, lease: Lease): string | undefined {
    const held = this.#leases.get(text);
    if (!held || Date.now() >= held.until) return undefined;
    if (lease.token !== OURS.token && held.token === lease.token) return undefined;
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
