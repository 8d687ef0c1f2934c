import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import { sourceIn } from "../values/columns.ts";
import { type Key, keyOf } from "../keys/key.ts";
import type { Row, Value } from "../values/value.ts";
import type { Backend, ClaimAnswer, ClaimOptions, Failure, HeldKey, RowsAfter } from "./backend.ts";
import type { CellBatch } from "./cell_batch.ts";
import { removedKey, subsetShape } from "./subset_shape.ts";
import type { SweepPlan } from "./sweep_plan.ts";

/**
 * The internal contract: an open store as the rest of the library uses it. Our own backends extend it and
 * override what they do quicker. `engineOf` adapts every other backend.
 *
 * @internal
 */
export abstract class Engine implements Backend {
  abstract readonly location: string;

  abstract exists(): MaybePromise<boolean>;
  abstract record(row: Row): MaybePromise<void>;
  abstract clear(): MaybePromise<void>;
  abstract close(): MaybePromise<void>;
  abstract rowsAfter(cursor?: string): MaybePromise<RowsAfter>;

  /** Returns the columns of the store, in its order. */
  abstract columns(): MaybePromise<readonly string[]>;

  /**
   * Returns the rows that exist when the first is read, oldest first, one at a time, in bounded memory.
   * Rows recorded during the reading are not among them.
   */
  abstract rows(options?: RowsOptions): Iterable<Row> | AsyncIterable<Row>;

  /** Returns the newest row with exactly this key, or undefined. */
  abstract find(key: Key): MaybePromise<Row | undefined>;

  /**
   * Adds many rows in their order, in bounded memory, and returns their number. Other processes may record
   * between them. All are kept as `record` keeps one when it resolves; a prefix of them may be if it rejects.
   */
  abstract recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: RecordAllOptions,
  ): MaybePromise<number>;

  /** Removes every row with exactly one of these keys, of one shape, in one step, and returns their number. */
  abstract removeKeys(keys: readonly Key[]): MaybePromise<number>;

  abstract claim(key: Key, options?: ClaimOptions): MaybePromise<ClaimAnswer>;
  abstract held(): MaybePromise<readonly HeldKey[]>;
  abstract failures(): MaybePromise<readonly Failure[]>;
  abstract forget(params: readonly Row[]): MaybePromise<number>;

  /**
   * Returns the rows as canonical cell text, many at a time, for a store that keeps text. Undefined for a
   * store that has none.
   */
  cells?(options?: RowsOptions): Iterable<CellBatch> | AsyncIterable<CellBatch>;

  /**
   * Returns the cells of each row as the file spells them, unquoted, for a file that holds nothing but text.
   * Undefined for a store whose values have types.
   */
  texts?(): Iterable<TextRow> | AsyncIterable<TextRow>;

  /**
   * Returns findings about the store and the files next to it. Files of living processes are neither reported
   * nor changed. A store that cannot be read is a finding and no error.
   */
  verify(_options?: VerifyOptions): MaybePromise<readonly Finding[]> {
    return [];
  }

  /** Returns the plans of sweeps that are noted, one of each namespace. Default: none are. */
  plans(): MaybePromise<readonly SweepPlan[]> {
    return [];
  }

  /**
   * Notes the plan of a sweep in place of the earlier one of its namespace, whose combinations stay if they
   * contain all of the new one's. It is not durable, and decides nothing. Default: nothing is noted.
   */
  notePlan(_plan: SweepPlan): MaybePromise<void> {}

  has(columns: Row): MaybePromise<boolean> {
    const shape = subsetShape(columns);
    return shape.columns!.length > 0 ? this.hasKey(keyOf(shape, columns)) : this.hasRows();
  }

  load(): MaybePromise<Row[]> {
    return Array.fromAsync(this.rows());
  }

  remove(columns: Row): MaybePromise<number> {
    return this.removeKey(removedKey(this.location, columns));
  }

  /** Returns true if the store has a row. */
  protected async hasRows(): Promise<boolean> {
    for await (const _ of this.rows({ columns: [] })) return true;
    return false;
  }

  /** Returns true if there is a row with exactly this key. */
  hasKey(key: Key): MaybePromise<boolean> {
    return andThen(this.sourceOf(key), (source) => source !== undefined);
  }

  /**
   * Returns the `_stet_source` of the newest row with exactly this key: empty if the row has none, undefined
   * if there is no such row. It is the look of a call whose result is not saved.
   *
   * @param _mayClaim True if the caller claims a missing key, which looks again: a miss need not be certain.
   */
  sourceOf(key: Key, _mayClaim?: boolean): MaybePromise<string | undefined> {
    return andThen(this.find(key), (row) => row && sourceIn(row));
  }

  /**
   * Returns the result columns and the `_stet_source` of the newest row with exactly this key, undefined if
   * there is no such row. It is the look of a call whose result is saved. Other columns of the row may be
   * among them. Default: the whole row.
   *
   * @param _mayClaim As for `sourceOf`.
   */
  savedResult(key: Key, _mayClaim?: boolean): MaybePromise<Row | undefined> {
    return this.find(key);
  }

  /** Removes every row with exactly this key, and returns their number. */
  removeKey(key: Key): MaybePromise<number> {
    return this.removeKeys([key]);
  }

  /** Returns the values of these columns for each row, undefined where absent, many rows at a time. */
  async *valueBatches(columns: readonly string[]): AsyncGenerator<ValueBatch> {
    let batch: (Value | undefined)[][] = [];
    for await (const row of this.rows({ columns })) {
      batch.push(columns.map((name) => Object.hasOwn(row, name) ? row[name] : undefined));
      if (batch.length < MAX_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * Reads the store ahead of its first use, in parts, so that a large one does not hold up the event loop.
   * Default: nothing is read.
   *
   * @param estimate Is called with the number of rows that the store may have, by its bytes.
   */
  readAhead(_estimate?: (rows: number) => void): MaybePromise<void> {}

  /**
   * Runs a synchronous body whose claims, and ends of claims, share one lock and one write where the store
   * can do that. The body may run more than once. An error that the body catches concerns its step alone;
   * an error of the batch, as on a full disk, undoes all of it.
   */
  batch<T>(body: () => T): MaybePromise<T> {
    return body();
  }
}

/** Maximum number of rows in a batch of values. */
const MAX_BATCH = 2048;

/**
 * The texts of one row, by column.
 *
 * @internal
 */
export type TextRow = Readonly<Record<string, string>>;

/**
 * Some rows, each as the values of the columns asked for.
 *
 * @internal
 */
export type ValueBatch = readonly (readonly (Value | undefined)[])[];

/**
 * Options of reading rows.
 *
 * @internal
 */
export interface RowsOptions {
  /** The columns to read. Default: all. */
  readonly columns?: readonly string[];
}

/**
 * Options of recording many rows.
 *
 * @internal
 */
export interface RecordAllOptions {
  /**
   * The columns that the rows will have, in this order. A store with a header then writes it once, and is
   * made even if no row comes. Default: not known.
   */
  readonly columns?: readonly string[];
  /** The store that all of these rows come from unchanged, to be read in a quicker way. Default: none. */
  readonly source?: Engine;
}

/** Options of verifying a store. */
export interface VerifyOptions {
  /**
   * True to repair what loses nothing: torn rows are moved to `<store>.torn`, rows are removed that equal an
   * earlier one in all but `_stet_timestamp`, `_stet_elapsed` and `_stet_source`, and unused files are
   * removed. Default: false, nothing is changed.
   */
  readonly repair?: boolean;
}

/** A fault of a store. */
export interface Finding {
  /** Kind of the fault. */
  readonly kind: FindingKind;
  /** The fault, and its place. */
  readonly message: string;
  /** The repair; undefined if there was none. */
  readonly repaired: string | undefined;
}

/**
 * Kinds of findings: bytes of a row that was cut off, a row that cannot be read, names with white space
 * around them, a repeated row, rows of one key that differ, a file of a dead process, a record without its
 * result file.
 */
export type FindingKind =
  | "torn"
  | "unreadable"
  | "header"
  | "repeated"
  | "conflict"
  | "leftover"
  | "missing result";
