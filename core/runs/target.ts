import type { MaybePromise } from "../contract/backend.ts";
import type { Job } from "./executor.ts";
import type { Held, HeldClaim } from "./held_claim.ts";
import type { Key } from "../keys/key.ts";
import type { Outcome } from "./once_types.ts";
import type { Row } from "../values/value.ts";

/**
 * What a sweep runs: a `once` function or a Store. It knows what an item's key is, how it is looked
 * up and claimed, and what is recorded of a run; when and where things run is the sweep's.
 */
export interface Target {
  /** What messages call it. */
  readonly label: string;
  /**
   * Opens the store for a sweep. It stays open until the function that is given is called.
   *
   * @throws {StoreError} If it cannot be used.
   */
  begin(): Promise<() => MaybePromise<void>>;
  /**
   * Which run an item of the sweep's params is.
   *
   * @throws {TypeError} If it makes no key.
   */
  plan(item: unknown): Plan;
  /** Its params by name, as outcomes show them. */
  params(plan: Plan): Row;
  /**
   * The row of a run that is done, or undefined.
   *
   * @param isRead Whether its cells are needed; else an empty one may stand for it.
   */
  look(plan: Plan, isRead: boolean): MaybePromise<Row | undefined>;
  /** The outcome of a run whose row was found. */
  skipped(plan: Plan, row: Row): Outcome<unknown>;
  /** Claims a run, unless it is done or busy. The claim is held until the body ends. */
  claim<T>(plan: Plan, body: (claim: HeldClaim) => Promise<T>): Promise<Held<T>>;
  /** Executes a claimed run and records its outcome. Undefined if it was aborted: nothing is noted. */
  run(plan: Plan, claim: HeldClaim, execute: Execute): Promise<Outcome<unknown> | undefined>;
  /** The failure of a run that was noted since a time (ISO 8601), if one was. */
  failureSince(plan: Plan, time: string): Promise<Error | undefined>;
}

/** One run that is asked for. */
export interface Plan {
  readonly key: Key;
  /** What tells it from other items of a sweep, where keys can collide. Default: the key's text. */
  readonly identity?: string;
  /** What the function is called with. */
  readonly args: readonly unknown[];
}

/** Executes a run, with as many attempts as it takes. */
export type Execute = (job: RunJob) => Promise<Executed>;

/** A run to execute. */
export interface RunJob extends Omit<Job, "signal"> {
  /** To be called before each attempt. */
  prepare?(): void;
}

/** What came of executing a run. */
export type Executed =
  /** `seconds`: how long the attempt took that succeeded. */
  | { readonly status: "done"; readonly value: unknown; readonly seconds: number }
  | { readonly status: "failed"; readonly error: unknown; readonly attempts: number }
  /** The sweep was aborted: the run counts as neither done nor failed. */
  | { readonly status: "aborted" };

const targets = new WeakMap<object, Target>();

/** Makes something known as what a sweep can run. */
export function setTarget(swept: object, target: Target): void {
  targets.set(swept, target);
}

/** What a sweep runs for a `once` function or Store; undefined for anything else. */
export function targetOf(swept: object): Target | undefined {
  return targets.get(swept);
}
