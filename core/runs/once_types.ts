import type { Backend, BackendTable } from "../contract/backend.ts";
import type { Status } from "../contract/status_of.ts";
import type { Row } from "../values/value.ts";

/** Reaction to a row of another source that would answer a call. */
export type OnChange = "warn" | "rerun" | "error" | "ignore";

/** Options of {@linkcode once}. */
export interface OnceOptions<Name extends string = string> {
  /** The store: a path, a URL, or an open backend. Default: `_stet_store.csv`. */
  readonly store?: string | URL | Backend;
  /** The params that say which run it is. Default: all of them. */
  readonly key?: readonly Name[];
  /** Names of the positional arguments. Default: those in the function's source. */
  readonly paramNames?: readonly string[];
  /** Values that rows from before a param existed, and calls that leave it out, count as having. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** True to save the function's result, and to return it from skipped calls. Default: false. */
  readonly save?: boolean;
  /** True to run again where the row has no saved result. Default: false. */
  readonly rerunIfMissing?: boolean;
  /** Tells apart functions that share a store. */
  readonly namespace?: string;
  /**
   * Reaction to a row that another source made, such as the function before it was edited, or another
   * program: `"warn"` once on standard error (default), run again and replace the row (`"rerun"`), reject
   * (`"error"`), or take the row (`"ignore"`). Comments, layout, another runtime and rows without a
   * source make no difference.
   */
  readonly onChange?: OnChange;
  /**
   * The version of the function, in place of the hash of its source: rows of another version, or of
   * none, are another source's. Default: the hash counts.
   */
  readonly version?: string;
  /** Name of the function in messages. Default: its own, or that of the variable it is assigned to. */
  readonly name?: string;
  /**
   * Reaction to a key that another process is running: `"skip"` it, so that loops in several
   * processes share a grid, or `"wait"` for it. Default: `"wait"` with `save`, else `"skip"`.
   */
  readonly onBusy?: "skip" | "wait";
  /** `"power"` (default): a recorded run survives a power cut; `"process"`: a killed process. */
  readonly durability?: "power" | "process";
  /** True to log nothing about skipped calls. Default: false. */
  readonly quiet?: boolean;
  /** Receives a line for each skipped call. Default: skipped calls are summed up on standard error. */
  readonly log?: (message: string) => void;
  /** More kinds of store, by extension: `{ ".foo": () => import("./foo.ts") }`. */
  readonly backends?: BackendTable;
}

/** Options of `once`, and what the command line adds. */
export interface RunsOptions extends OnceOptions {
  /** The source of the rows, where a program makes them and the function does not. */
  readonly source?: string;
}

/** Outcome of a call. A skipped one, and one of another machine, has a value if its result is saved. */
export type Outcome<R> =
  | Ended<"ran", { readonly value: Awaited<R> }>
  | Ended<"skipped", { readonly value?: Awaited<R> }>
  | Ended<"busy">
  | Ended<"failed", { readonly error: unknown }>;

/**
 * An outcome with a status. `value` and `error` are undefined where there is none.
 *
 * @internal
 */
type Ended<S extends string, T = unknown> =
  & { readonly status: S; readonly params: Row }
  & T
  & { readonly [K in Exclude<"value" | "error", keyof T>]?: undefined };

/** A function that runs every combination of its params once. */
export interface OnceFunction<A extends unknown[], R> {
  /** Runs the function, or skips it; `undefined` if it was skipped and its result is not saved. */
  (...args: A): Promise<Awaited<R> | undefined>;
  /** Runs or skips, and resolves to the outcome. An error of the function is an outcome too. */
  outcome(...args: A): Promise<Outcome<R>>;
  /** Returns true if this call would be skipped as done. */
  has(...args: A): Promise<boolean>;
  /** Forgets that this call was done, or failed; true if it was. */
  reset(...args: A): Promise<boolean>;
  /** Returns the status of the store. */
  status(): Promise<Status>;
  /**
   * Waits for the calls under way and releases the store. It is closed, merged and tidied up when no
   * other function uses it; a sweep under way keeps it until it ends. A later call opens it again. An
   * open backend that was given stays open.
   */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The param names that a function with these arguments can have in its key. */
export type KeyNames<A extends readonly unknown[]> = NonNullable<A[0]> extends infer First
  ? First extends readonly unknown[] | ((...args: never[]) => unknown) | Date ? string
  : First extends object ? keyof First & string
  : string
  : string;

/** `unknown` if the key's names are params of the function, else a type that no function has. */
export type CheckKey<Name extends string, A extends readonly unknown[]> = string extends Name
  ? unknown
  : [Name] extends [KeyNames<A>] ? unknown
  : { readonly "key names no param of the function": Exclude<Name, KeyNames<A>> };

/** The context of a method that `once` may decorate: its callers can do without a value. */
export type OnceMethodContext<This, A extends unknown[], R> = [R] extends [void]
  ? MethodContext<This, A, R>
  : R extends Promise<infer Value> ? undefined extends Value ? MethodContext<This, A, R>
    : [Value] extends [void] ? MethodContext<This, A, R>
    : never
  : never;

/**
 * The context of a decorated method.
 *
 * @internal
 */
type MethodContext<This, A extends unknown[], R> = ClassMethodDecoratorContext<
  This,
  (this: This, ...args: A) => R
>;

/** The result of `once(options)`: wraps a function, or decorates a method. */
export interface OnceWrapper<Name extends string> {
  /** Decorates a method. */
  <This, A extends unknown[], R>(
    method: ((this: This, ...args: A) => R) & CheckKey<Name, A>,
    context: OnceMethodContext<This, A, R>,
  ): (this: This, ...args: A) => R;
  /** Wraps a function. */
  <A extends unknown[], R>(fn: ((...args: A) => R) & CheckKey<Name, A>): OnceFunction<A, R>;
}

/** The type of {@linkcode once}. */
export interface Once {
  /** Decorates a method. */
  <This, A extends unknown[], R>(
    method: (this: This, ...args: A) => R,
    context: OnceMethodContext<This, A, R>,
  ): (this: This, ...args: A) => R;
  /** Wraps a function. */
  <A extends unknown[], R>(
    fn: (...args: A) => R,
    options?: OnceOptions<KeyNames<NoInfer<A>>>,
  ): OnceFunction<A, R>;
  /** Options first, for `once(options)(fn)` and `@once(options)`. */
  <const Name extends string = string>(options: OnceOptions<Name>): OnceWrapper<Name>;
}
