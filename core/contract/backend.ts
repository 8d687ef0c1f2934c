/**
 * The contract of a backend: the code that keeps rows in one kind of store. A plugin can be written
 * from this file alone: implement the five methods of {@link Backend} and `close`, export
 * `open(location, options)` from a module ({@link BackendModule}), and name it, either once with
 * `registerBackend(".foo", () => import("./foo.ts"))` or per call with the option
 * `backends: { ".foo": () => import("./foo.ts") }`. `backends/memory.ts` is the smallest example, and
 * `testBackend` of `conformance/` tells whether a backend keeps what is promised here.
 *
 * @module
 */

import type { CellBatch } from "./cell_batch.ts";
import type { ColumnType } from "../keys/hash_params.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import type { Key } from "../keys/key.ts";
import type { Row, Value } from "../values/value.ts";

export type { MaybePromise };

/**
 * One open store. Columns are matched by their cell text (`1` and `"1"` differ, `1` and `1.0` do
 * not); a column given as `undefined` counts as not given.
 *
 * Required are the five methods of a store and `close`. Everything else is optional: what a backend
 * leaves out, core does with the five, correctly but slower, and claims then hold within this
 * process only, among all that opened the same `location` (of `":memory:"`, within one object).
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
  /** What the store is called in messages, and is known by: its path or URL. */
  readonly location: string;

  /** Whether a row agrees on all columns given. A column that no row has matches none. */
  has(columns: Row): MaybePromise<boolean>;

  /**
   * Adds a row, with `_stet_timestamp` (now, UTC, ISO 8601) unless it has one. Columns may be new.
   * When it returns the row is kept, as durably as the store was opened for.
   */
  record(row: Row): MaybePromise<void>;

  /** All rows, typed, oldest first. Empty if the store does not exist. */
  load(): MaybePromise<Row[]>;

  /**
   * Removes every row that agrees on all columns given, and resolves to how many there were.
   *
   * @throws {TypeError} If no column is given: `clear` says that.
   */
  remove(columns: Row): MaybePromise<number>;

  /** Removes all rows, and forgets all failures. Does nothing if the store does not exist. */
  clear(): MaybePromise<void>;

  /** Frees what the open store holds. Later calls are errors. */
  close(): MaybePromise<void>;

  /** Whether the store is there: false for a file that nobody made yet. Default: true. */
  exists?(): MaybePromise<boolean>;

  /**
   * The rows that are there when the first is read, oldest first, one at a time; not those that are
   * recorded meanwhile. Default: one call of `load`.
   */
  rows?(options?: RowsOptions): Iterable<Row> | AsyncIterable<Row>;

  /**
   * The values of these columns for each row, in their order, undefined where absent; the rows as
   * `rows` gives them, many at a time: for SQL, which reads all of them. Default: made of `rows`.
   */
  valueBatches?(columns: readonly string[]): Iterable<ValueBatch> | AsyncIterable<ValueBatch>;

  /**
   * The same as `rows`, many at a time as canonical cell text: for a store that has text and can do
   * without making values of it. Default: none, rows are read one at a time.
   */
  cells?(options?: RowsOptions): Iterable<CellBatch> | AsyncIterable<CellBatch>;

  /**
   * The cells of each row as the file spells them, unquoted, by column: for a file of another program that
   * holds nothing but text. Default: none, values have types.
   */
  texts?(): Iterable<TextRow> | AsyncIterable<TextRow>;

  /**
   * Adds many rows, in their order and in bounded memory, and resolves to how many. Others may record
   * between them. When it resolves, all are kept as `record` keeps one; if it rejects, the first so
   * many may be there. Default: `record` for each.
   */
  recordAll?(
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: RecordAllOptions,
  ): MaybePromise<number>;

  /**
   * The rows that were added since a mark, and the mark of now: to follow a store as it grows, and to
   * see whether it changed. Rows that come while these are read are for the next time. Default: all
   * rows, if any of them changed.
   *
   * @param mark What an earlier call of this object gave. Default: none, all rows are new.
   */
  rowsSince?(mark?: string): MaybePromise<RowsSince>;

  /** The columns of the store, in its order. Default: those of the rows of `load`. */
  columns?(): MaybePromise<readonly string[]>;

  /** The newest row with exactly this key. Default: a search through `load`. */
  find?(key: Key): MaybePromise<Row | undefined>;

  /** Whether `find` would give a row: the look of every call. Default: `find`. */
  hasKey?(key: Key): MaybePromise<boolean>;

  /**
   * Returns the `_stet_source` of the newest row with exactly this key: empty if the row has none,
   * undefined if there is no such row. The look of every call of a function that minds its source.
   * Default: `find`.
   */
  sourceOf?(key: Key): MaybePromise<string | undefined>;

  /**
   * Removes every row with exactly this key, and resolves to how many there were. Default: `remove`
   * with all columns of each such row, which must agree with no other row.
   */
  removeKey?(key: Key): MaybePromise<number>;

  /**
   * Removes every row with exactly one of these keys, which have one shape, in one step, and resolves to how
   * many there were. Default: `removeKey` for each.
   */
  removeKeys?(keys: readonly Key[]): MaybePromise<number>;

  /**
   * Looks and, if the key is not done and nobody runs it, claims it, in one step that no other
   * process can come between. Default: safe among all functions and Stores that were given this object.
   */
  claim?(key: Key, options?: ClaimOptions): MaybePromise<ClaimAnswer>;

  /**
   * Runs a body, and does what it asks of this store in one step where that is cheaper: claims and
   * what ends them share a lock and its costs, and rows are added by one write. The body is synchronous;
   * it may run more than once, if the lock turns out to be broken. What fails in it fails by itself, as
   * long as the body catches it; if the step fails as a whole, as on a full disk, none of it is done,
   * whatever the body was answered. Default: only runs the body.
   */
  together?<T>(body: () => T): MaybePromise<T>;

  /** The failures noted since each key last succeeded, oldest first. Default: none. */
  failures?(): MaybePromise<readonly Failure[]>;

  /**
   * Forgets failures, named by their params as `failures` gives them, and resolves to how many there were.
   * Default: forgets those noted through this object.
   */
  forget?(params: readonly Row[]): MaybePromise<number>;

  /** The keys that are being run now, and by whom. Default: those claimed through this object. */
  claims?(): MaybePromise<readonly HeldKey[]>;

  /**
   * What is wrong with the store and the files beside it. What living processes use is neither told
   * nor touched; a store that cannot be read is a finding, no error. Default: nothing.
   */
  verify?(options?: VerifyOptions): MaybePromise<readonly Finding[]>;
}

/** The rows since a mark. */
export interface RowsSince {
  /** The mark of now; the one that was given if nothing changed. */
  readonly mark: string;
  /** Whether these are all rows, and those before the mark count no more: some were removed or edited. */
  readonly isWhole: boolean;
  /** The rows, oldest first. To be gone through once. */
  readonly rows: Iterable<Row> | AsyncIterable<Row>;
}

/** The texts of one row, by column. */
export type TextRow = Readonly<Record<string, string>>;

/** Some rows, each as the values of the columns asked for. */
export type ValueBatch = readonly (readonly (Value | undefined)[])[];

/** What to read of each row. */
export interface RowsOptions {
  /** Only these columns. Default: all. */
  readonly columns?: readonly string[];
}

/** What is known of many rows before they come. */
export interface RecordAllOptions {
  /**
   * The columns that they will have, in this order: a store that names its columns once need then
   * not be written anew for each that is new, and is made even if no row comes. Default: not known.
   */
  readonly columns?: readonly string[];
  /**
   * The store whose rows these are, all of them and as they are: what can be read of it in a quicker
   * way may be read instead. Default: none.
   */
  readonly source?: Backend;
}

/** How to verify. */
export interface VerifyOptions {
  /**
   * Whether to mend what loses nothing: to move torn rows aside, to remove rows that equal an
   * earlier one in all but `_stet_timestamp`, `_stet_elapsed` and `_stet_source`, and files that
   * nobody uses.
   * Default: false, nothing is changed.
   */
  readonly repair?: boolean;
}

/** Something that is wrong with a store. */
export interface Finding {
  /** Of which kind. */
  readonly kind: FindingKind;
  /** What was found, and where. */
  readonly message: string;
  /** What was done about it; undefined if nothing was. */
  readonly repaired: string | undefined;
}

/**
 * Kinds of findings: bytes of a row that was cut off, a row that cannot be read, names with
 * white space around them, a row that is there twice, rows of one key that differ, a file that a dead process left, a record without its result file.
 */
export type FindingKind =
  | "torn"
  | "unreadable"
  | "header"
  | "repeated"
  | "conflict"
  | "leftover"
  | "missing result";

/** How to claim. */
export interface ClaimOptions {
  /** Whether the row that was found counts as done. Default: any row does. */
  readonly isDone?: (row: Row) => boolean;
  /**
   * For whom the key is claimed, if that is not this process. Default: this process, for as long as
   * it lives.
   */
  readonly lease?: Lease;
}

/**
 * A claim of somebody who is not on this machine, or whose life nobody here can see: it belongs to a
 * token and not to this process, and ends with its time.
 *
 * Whoever claims the key with the same token again renews it, from any process, and also when its
 * time is over, unless somebody else took the key. It outlives the process that made it.
 */
export interface Lease {
  /** What tells it from all other leases. Without white space. */
  readonly token: string;
  /** When it ends, in milliseconds since 1970. */
  readonly until: number;
  /** Who has it, for messages. */
  readonly holder?: string;
}

/** What a claim was answered. */
export type ClaimAnswer =
  | { readonly state: "claimed"; readonly claim: Claim }
  | { readonly state: "done" }
  | { readonly state: "busy"; readonly holder: string };

/**
 * "I am running this key now." Ends with one of its methods, or when its owner dies. Those of a lease
 * reject with a `LostClaimError`, and write nothing, once somebody else has claimed or
 * recorded the key.
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

/** A key that somebody runs. */
export interface HeldKey {
  /** The text of the key. */
  readonly key: string;
  /** Who runs it, for a message. */
  readonly holder: string;
}

/** Why a run failed. */
export interface FailureNote {
  /** The message of what was thrown. */
  readonly error: string;
  /** Its stack, if it had one. */
  readonly stack: string;
  /** How many attempts failed, one after the other. Default: 1. */
  readonly attempts?: number;
}

/** A run that failed and has not succeeded since. */
export interface Failure extends Omit<FailureNote, "attempts"> {
  /** The key's columns. */
  readonly params: Row;
  /** How many times it failed since it last succeeded. */
  readonly attempt: number;
  /** When it failed last, ISO 8601 in UTC. */
  readonly time: string;
  /** The machine on which it failed, where permissions allow to ask; else empty. */
  readonly host: string;
}

/** How a store is opened. */
export interface OpenOptions {
  /**
   * When a record counts as kept: `"power"` (default) after it is on the disk, `"process"` once the
   * operating system has it, which survives the death of the process but not of the machine.
   */
  readonly durability?: "power" | "process";
  /** Where repairs and doubts are told. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
  /**
   * The table of a `Store` that is to be opened, where a store has tables with typed columns. Others
   * take no notice.
   */
  readonly records?: RecordsTable;
}

/** A table of records. */
export interface RecordsTable {
  /** Its name. */
  readonly table: string;
  /** The types of the params' columns. Default: those of the table, or of the first params. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
}

/** What the module of a backend exports. */
export interface BackendModule {
  /**
   * Opens the store at a location. It need not exist: it is made by the first record.
   *
   * @param location What the user gave: a path (URLs `file:` come as paths) or a URL.
   */
  open(location: string, options: OpenOptions): MaybePromise<Backend>;
}

/** Loads the module of a backend when its first store is opened. */
export type BackendLoader = () => Promise<BackendModule>;

/** Backend loaders by extension (`".csv"`, lower case) or location (`":memory:"`). */
export type BackendTable = Readonly<Record<string, BackendLoader>>;
