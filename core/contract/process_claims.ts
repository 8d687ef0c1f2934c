import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Claims,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
} from "./backend.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import { LostClaimError } from "../errors.ts";
import { canonicalJson } from "../values/json.ts";
import type { Key } from "../keys/key.ts";
import type { Row } from "../values/value.ts";

/** The lease of a claim of this process. No client's lease has this token. */
const OURS: Lease = { token: "", until: Infinity, holder: "this process" };

/** The claims and failures of one store. */
interface Known {
  readonly leases: Map<string, Lease>;
  /** Times of claims in milliseconds since 1970, by key. */
  readonly since: Map<string, number>;
  readonly failures: Map<string, Failure>;
}

/** Claims and failures of this process by location. All objects that opened the same store share them. */
const knownByStore = new Map<string, Known>();

/** Claims and failures that this process alone knows, of a store that keeps none itself. */
export class ProcessClaims implements Claims {
  readonly #find: (key: Key) => MaybePromise<Row | undefined>;
  readonly #replace: (key: Key, isDone: ClaimOptions["isDone"], row: Row) => Promise<void>;
  readonly #leases: Map<string, Lease>;
  readonly #since: Map<string, number>;
  readonly #failures: Map<string, Failure>;
  /** The leases that this object gave. */
  readonly #given = new WeakSet<Lease>();

  /** @param replace Adds a row in place of one of its key that does not count as done. */
  constructor(
    location: string,
    find: (key: Key) => MaybePromise<Row | undefined>,
    replace: (key: Key, isDone: ClaimOptions["isDone"], row: Row) => Promise<void>,
  ) {
    const known = knownByStore.get(location) ??
      { leases: new Map(), since: new Map(), failures: new Map() };
    if (location !== ":memory:") knownByStore.set(location, known);
    this.#find = find;
    this.#replace = replace;
    this.#leases = known.leases;
    this.#since = known.since;
    this.#failures = known.failures;
  }

  async claim(key: Key, options: ClaimOptions = {}): Promise<ClaimAnswer> {
    const { text } = key;
    const { isDone = () => true, lease = { ...OURS } } = options;
    const holder = this.#otherHolderOf(text, lease);
    if (holder !== undefined) return { state: "busy", holder };
    const before = this.#leases.get(text);
    this.#leases.set(text, lease); // before the first await: two calls cannot both come this far
    if (before?.token !== lease.token || lease.token === OURS.token) {
      this.#since.set(text, Date.now());
    }
    this.#given.add(lease);
    try {
      const found = await this.#find(key);
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

  /** Ends the claims that this object gave to this process. Leases of clients outlive it. */
  end(): void {
    for (const [text, lease] of this.#leases) {
      if (lease.token === OURS.token && this.#given.has(lease)) this.#leases.delete(text);
    }
  }

  failures(): Failure[] {
    return [...this.#failures.values()];
  }

  /** Forgets all failures. */
  forgetAll(): void {
    this.#failures.clear();
  }

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

  held(): HeldKey[] {
    return [...this.#leases.keys()].flatMap((key) => {
      const holder = this.#otherHolderOf(key, OURS);
      const since = this.#since.get(key);
      if (holder === undefined) return [];
      return [{ key, holder, since: since === undefined ? since : new Date(since).toISOString() }];
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

  /** Returns the holder of a key, if it is another than this lease. */
  #otherHolderOf(text: string, lease: Lease): string | undefined {
    const held = this.#leases.get(text);
    if (!held || Date.now() >= held.until) return undefined;
    if (lease.token !== OURS.token && held.token === lease.token) return undefined;
    return held.holder ?? "a client of a sidecar";
  }

  async #checkLease(key: Key, lease: Lease, isDone: ClaimOptions["isDone"]): Promise<void> {
    let holder = this.#otherHolderOf(key.text, lease);
    if (holder === undefined) {
      this.#leases.set(key.text, lease); // no other can claim it meanwhile
      const found = await this.#find(key);
      if (!found || !(isDone?.(found) ?? true)) return;
      this.#leases.delete(key.text);
      holder = "a client that has recorded it";
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
