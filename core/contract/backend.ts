/**
 * The contract of a backend: the code that keeps rows in one kind of store. A plugin can be written
 * from this file alone: implement the five methods of {@link Backend} and `close`, export
 * `open(location, options)` from a module ({@link BackendModule}), and name it, either once with
 * `registerBackend(".foo", () => import("./foo.ts"))` or per call with the option
 * `backends: { ".foo": () => import("./foo.ts") }`. `backends/memory.ts` is the smallest example,
 * docs/backends.md is the guide, and `testBackend` of `conformance/` checks what is promised here.
 * `@stet/stet/contract` exports the functions that match keys and rows as stet does.
 *
 * @module
 */

import type { ColumnType } from "../keys/hash_params.ts";
import type { Key } from "../keys/key.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import type { Row } from "../values/value.ts";

export type { MaybePromise };

/**
 * One open store. Columns match by their cell text (`1` and `"1"` differ, `1` and `1.0` do not). A column
 * given as `undefined` counts as not given.
 *
 * Five methods and `close` are required. Core derives each optional member that a backend lacks from
 * those: correct, but slower.
 *
 * @example
 * ```ts
 * import { type Backend, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const backend: Backend = await openBackend(":memory:");
 * await backend.record({ alpha: 0.1, seed: 42 });
 * assert(await backend.has({ seed: 42 }));
 * await backend.close();
 * ```
 */
export interface Backend {
  /** Path or URL of the store: its name in messages, and its identity among the stores of the process. */
  readonly location: string;

  /** Returns true if a row agrees on all columns given. A column that no row has matches none. */
  has(columns: Row): MaybePromise<boolean>;

  /**
   * Adds a row, with `_stet_timestamp` (now, UTC, ISO 8601) unless it has one. Columns may be new.
   * The row is kept when it returns, as durably as the store was opened for.
   */
  record(row: Row): MaybePromise<void>;

  /** Returns all rows, typed, oldest first; none if the store does not exist. */
  load(): MaybePromise<Row[]>;

  /**
   * Removes every row that agrees on all columns given, and returns their number.
   *
   * @throws {TypeError} If no column is given: `clear` removes all rows.
   */
  remove(columns: Row): MaybePromise<number>;

  /** Removes all rows and all failures. Does nothing if the store does not exist. */
  clear(): MaybePromise<void>;

  /** Releases what the open store holds. Later calls are errors. */
  close(): MaybePromise<void>;

  /** Returns false while nothing has made the store, such as its file. Default: always true. */
  exists?(): MaybePromise<boolean>;

  /**
   * Returns the rows that were added since a cursor, and the cursor of now: to follow a store as it grows,
   * and to read it in bounded memory. Rows recorded during the reading belong to the next call.
   * Default: `load`, all rows if any of them changed.
   *
   * @param cursor The cursor of an earlier call of this object. Default: none, all rows are new.
   */
  rowsAfter?(cursor?: string): MaybePromise<RowsAfter>;

  /** Access by exact key. Default: searches `load`. */
  readonly keys?: KeyAccess;

  /**
   * Claims and failures that every process sees. Default: those of this process, shared by all
   * objects with the same `location` (of `":memory:"`, within one object).
   */
  readonly claims?: Claims;
}

/** Access to the rows of a store by exact key. */
export interface KeyAccess {
  /** Returns the newest row with exactly this key. */
  find(key: Key): MaybePromise<Row | undefined>;
  /** Removes every row with exactly this key, and returns their number. */
  remove(key: Key): MaybePromise<number>;
}

/** The claims and failures of a store. */
export interface Claims {
  /**
   * Looks up a key and, if it is neither done nor claimed, claims it: one atomic step among all processes.
   */
  claim(key: Key, options?: ClaimOptions): MaybePromise<ClaimAnswer>;
  /** Returns the keys that are claimed now, and their holders. */
  held(): MaybePromise<readonly HeldKey[]>;
  /** Returns the failures noted since each key last succeeded, oldest first. */
  failures(): MaybePromise<readonly Failure[]>;
  /** Forgets failures, named by their params as `failures` returns them, and returns their number. */
  forget(params: readonly Row[]): MaybePromise<number>;
}

/** The rows after a cursor. */
export interface RowsAfter {
  /** The cursor of now; the given one if nothing changed. */
  readonly cursor: string;
  /** True if these are all rows, since some before the cursor were removed or edited. */
  readonly isWhole: boolean;
  /** Number of the rows, for a display of progress: nearly right, if it is known before they are read. */
  readonly count?: number;
  /** The rows, oldest first. Can be iterated once. */
  readonly rows: Iterable<Row> | AsyncIterable<Row>;
}

/** Options of a claim. */
export interface ClaimOptions {
  /** Returns true if a row that was found counts as done. Default: any row does. */
  readonly isDone?: (row: Row) => boolean;
  /** The lease that holds the claim. Default: none, this process holds it for as long as it lives. */
  readonly lease?: Lease;
}

/**
 * A lease on a key, for a client whose life this machine cannot see. It belongs to a fencing token and not to
 * this process, and ends with its time.
 *
 * A claim of the key with the same token renews it, from any process. An expired lease can still be renewed
 * unless another client has claimed the key since. A lease outlives the process that made it.
 */
export interface Lease {
  /** Fencing token: different for each lease, without white space. */
  readonly token: string;
  /** End of the lease, in milliseconds since 1970. */
  readonly until: number;
  /** Name of the client in messages. */
  readonly holder?: string;
}

/** The answer to a claim. */
export type ClaimAnswer =
  | { readonly state: "claimed"; readonly claim: Claim }
  | { readonly state: "done" }
  | { readonly state: "busy"; readonly holder: string };

/**
 * "I am running this key now." Ends with one of its methods, or when its owner dies. The methods of a leased
 * claim reject with a `LostClaimError`, and write nothing, once another client has claimed or recorded the
 * key.
 */
export interface Claim {
  /**
   * Adds the run's row and ends the claim. Replaces a row of the same key that did not count as
   * done, forgets the key's failure. If it rejects, `release` is called next.
   */
  record(row: Row): MaybePromise<void>;
  /** Notes that the run failed and ends the claim. If it rejects, `release` is called next. */
  fail(failure: FailureNote): MaybePromise<void>;
  /**
   * Ends the claim; nothing is noted. The key can be claimed again at once, also after `record` or `fail`
   * has rejected. Does nothing if the store was closed: the claim ended with it.
   */
  release(): MaybePromise<void>;
}

/** A key that is claimed. */
export interface HeldKey {
  /** The text of the key. */
  readonly key: string;
  /** Name of the process or client that runs it, for messages. */
  readonly holder: string;
  /** Version of stet of that process, if it is known. */
  readonly version?: string;
  /** Time of the claim, ISO 8601 in UTC; undefined if it is not known. */
  readonly since?: string | undefined;
}

/** The reason of a failed run. */
export interface FailureNote {
  /** The message of the error. */
  readonly error: string;
  /** Its stack; empty if it has none. */
  readonly stack: string;
  /** Number of attempts that failed, one after the other. Default: 1. */
  readonly attempts?: number;
}

/** A run that failed and has not succeeded since. */
export interface Failure extends Omit<FailureNote, "attempts"> {
  /** The key's columns. */
  readonly params: Row;
  /** Number of failures since the key last succeeded. */
  readonly attempt: number;
  /** Time of the last failure, ISO 8601 in UTC. */
  readonly time: string;
  /** Name of the machine on which it failed; empty where permissions hide it. */
  readonly host: string;
}

/** Options of opening a store. */
export interface OpenOptions {
  /**
   * The failures that a record survives once it returns: `"power"` (default), a power cut, since fdatasync has returned;
   * `"process"`, the death of the process but not of the machine.
   */
  readonly durability?: "power" | "process";
  /** Receives messages about repairs and doubts. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
  /** The table of a `Store`, for stores that have tables with typed columns. Others ignore it. */
  readonly records?: RecordsTable;
}

/** A table of records. */
export interface RecordsTable {
  /** Its name. */
  readonly table: string;
  /** The types of the params' columns. Default: those of the table, or of the first params. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
}

/** The module of a backend. */
export interface BackendModule {
  /**
   * Opens the store at a location. It need not exist: the first record makes it.
   *
   * @param location The location as the user wrote it: a path (a `file:` URL arrives as a path) or a URL.
   */
  open(location: string, options: OpenOptions): MaybePromise<Backend>;
}

/** Loads the module of a backend when its first store is opened. */
export type BackendLoader = () => Promise<BackendModule>;

/** Backend loaders by extension (`".csv"`, lower case) or location (`":memory:"`). */
export type BackendTable = Readonly<Record<string, BackendLoader>>;
