import type { MaybePromise } from "../contract/backend.ts";
import type { Engine } from "../contract/engine.ts";
import type { Job } from "./executor.ts";
import type { Held, HeldClaim } from "./held_claim.ts";
import type { Key } from "../keys/key.ts";
import type { OnChange, Outcome } from "./once_types.ts";
import type { Row } from "../values/value.ts";

/**
 * A `once` function or a Store, as {@linkcode KeyRunner} and sweeps run it: the plan of a run, how its row
 * is looked up and judged, how it is claimed, executed and recorded.
 */
export interface Target<P extends Plan = Plan> {
  /** Name of the function in messages. */
  readonly label: string;
  /** The open store. */
  readonly engine: Engine;
  /** Tells apart functions that share a store. */
  readonly namespace?: string | undefined;
  /** Source of its rows, undefined if it is not known. */
  readonly source?: string | undefined;
  /**
   * Opens the store for a sweep. It stays open until the returned function is called.
   *
   * @throws {StoreError} If it cannot be used.
   */
  begin(): Promise<() => MaybePromise<void>>;
  /**
   * Returns the run of one item of a sweep's params.
   *
   * @throws {TypeError} If the item makes no key.
   */
  plan(item: unknown): P;
  /** Returns the params of a run by name, as outcomes show them. */
  params(plan: P): Row;
  /**
   * Returns the row of a run that is done, or undefined.
   *
   * @param isRead False if the cells are not needed: an empty row may replace it.
   * @param mayClaim True if a missing run is claimed, which looks again: a miss need not be certain.
   */
  look(plan: P, isRead: boolean, mayClaim?: boolean): MaybePromise<Row | undefined>;
  /** Returns the outcome of a run whose row was found. */
  skipped(plan: P, row: Row): Outcome<unknown>;
  /** Returns the plan under the key that its row has, where a row may have one of several. */
  resolve?(plan: P): MaybePromise<P>;
  /** Claims a run, unless it is busy, or done and not forced. The claim is held until the body ends. */
  claim<T>(
    plan: P,
    body: (claim: HeldClaim) => Promise<T>,
    isForced?: boolean,
  ): Promise<Held<T>>;
  /** Executes a claimed run and records its outcome. Undefined if it was aborted: nothing is noted. */
  run(plan: P, claim: HeldClaim, execute: Execute): Promise<Outcome<unknown> | undefined>;
  /** Location that the options of a function name; undefined if they name none, or an open store. */
  readonly ownStore?: string | undefined;
  /** Has a function use the store at a location, instead of that of its options. Only of functions. */
  relocate?(location: string): void;
  /** The store as options name it, if they do. Only of functions. */
  readonly store?: string | undefined;
  /** Reaction to rows of another source. Only of functions. */
  readonly onChange?: OnChange;
  /** Returns the open store. Only of functions. */
  backend?(): Promise<Engine>;
  /** Returns the names of the params of an item that are not in its key. Only of functions. */
  unused?(plan: P): readonly string[];
  /** True if it saves what its function returns. Only of functions. */
  readonly isSaving?: boolean;
  /** Saves what its function returns from now on, as the sweep of another process asks. Only of functions. */
  saveResults?(): void;
  /** True if nothing is printed about its runs. */
  readonly isQuiet?: boolean;
  /** True if every run leaves a note for other stores. */
  readonly leavesNotes?: boolean;
  /** Checks that the outcome of another call with the same key may answer this one. */
  checkShared(plan: P, outcome: Outcome<unknown>): void;
}

/** One run that is asked for. */
export interface Plan {
  readonly key: Key;
  /** Identity among the items of a sweep, where keys can collide. Default: the key's text. */
  readonly identity?: string;
  /** Arguments of the function. */
  readonly args: readonly unknown[];
  /** The item of a sweep's params that it was made of. */
  readonly item?: unknown;
}

/** Executes a run, with as many attempts as it takes. */
export type Execute = (job: RunJob) => Promise<Executed>;

/** A run to execute. */
export interface RunJob extends Omit<Job, "signal"> {
  /** To be called before each attempt. */
  prepare?(): void;
}

/** The result of executing a run. */
export type Executed = Finished | {
  /** The sweep was aborted: the run counts as neither done nor failed. */
  readonly status: "aborted";
};

/** The result of executing a run to its end. */
export type Finished =
  /** `seconds`: duration of the attempt that succeeded. */
  | { readonly status: "done"; readonly value: unknown; readonly seconds: number }
  | {
    readonly status: "failed";
    readonly error: unknown;
    readonly attempts: number;
    /** True if a later sweep does not run it again. */
    readonly isPermanent?: boolean;
  };

/** A function of a program. */
export type AnyFunction = (...args: unknown[]) => unknown;

/**
 * The brand of a `once` function or Store: a property, since a program may have several copies of stet, such as
 * that of its command line and that of its project.
 */
const BRAND = Symbol.for("stet.swept");
/** Version of {@linkcode Target}: raised when another copy could not use it. */
const VERSION = 1;

interface Brand {
  readonly version: number;
  readonly target: Target;
  readonly fn: AnyFunction;
}

/** Registers the target of a `once` function or Store, and the function that it runs. */
export function setTarget(swept: object, target: Target, fn: AnyFunction): void {
  const value: Brand = { version: VERSION, target, fn };
  Object.defineProperty(swept, BRAND, { value });
}

/**
 * Returns the target of a `once` function or Store, undefined for anything else.
 *
 * @throws {TypeError} If a copy of stet of another version has made it.
 */
export function targetOf(swept: object): Target | undefined {
  return brandOf(swept)?.target;
}

/**
 * Returns the function that a `once` function or Store runs; a plain function itself; undefined for anything
 * else.
 */
export function underlyingOf(x: unknown): AnyFunction | undefined {
  if (typeof x !== "function" && (typeof x !== "object" || x === null)) return undefined;
  return brandOf(x)?.fn ?? (typeof x === "function" ? x as AnyFunction : undefined);
}

function brandOf(x: object): Brand | undefined {
  const brand = Object.hasOwn(x, BRAND) ? (x as { readonly [BRAND]: Brand })[BRAND] : undefined;
  if (!brand || brand.version === VERSION) return brand;
  throw new TypeError(
    "Cannot use a function of another copy of stet: their versions do not fit; install one version",
  );
}
