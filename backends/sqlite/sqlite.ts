import fs from "node:fs";
import type {
  Backend,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  HeldKey,
  MaybePromise,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import {
  Engine,
  type Finding,
  type RecordAllOptions,
  type RowsOptions,
  type ValueBatch,
  type VerifyOptions,
} from "../../core/contract/engine.ts";
import type { TableColumns } from "../../core/contract/records_backend.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import { subsetShape } from "../../core/contract/subset_shape.ts";
import type { Key } from "../../core/keys/key.ts";
import { FormatError } from "../../core/errors.ts";
import { sourceIn } from "../../core/values/columns.ts";
import { toRow } from "../../core/values/to_row.ts";
import { type Row, toValue } from "../../core/values/value.ts";
import { realPath } from "../files/real_path.ts";
import { explaining } from "../files/system_error.ts";
import { Findings } from "../findings.ts";
import { MemoryBackend } from "../memory.ts";
import { recordBatches } from "../record_batches.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { StoreClaims } from "../state/store_claims.ts";
import { verifyLocked } from "../state/verify_locked.ts";
import { extentOf, MAX_ROW, type Page, pageOf, pagesAfter, type Select } from "./numbered_rows.ts";
import { recordsIn, RecordTable } from "./record_table.ts";
import { RowCursors } from "./row_cursors.ts";
import { RunTable } from "./run_table.ts";
import { damaged, integrityFaults, translating, trying } from "./sqlite_errors.ts";
import { rowOf } from "./statements.ts";
import { SqliteFile } from "./sqlite_file.ts";
import { sqlitePath } from "./sqlite_path.ts";
import type { Looked, Table } from "./table.ts";

/** Number of rows added in one transaction. */
const BATCH = 5000;

/**
 * A store in one table of an SQLite database: `stet_records`, with a column for each param, or the table of a
 * `Store`. SQLite's own transactions are its lock. Claims and failures are in a state file, as for every file
 * store.
 *
 * @example
 * ```ts
 * import { SqliteBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = new SqliteBackend("example_runs.sqlite");
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert(await backend.has({ alpha: 0.1 }));
 * await backend.close();
 * fs.unlinkSync("example_runs.sqlite");
 * ```
 */
export class SqliteBackend extends Engine {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly #table: Table;
  readonly #file: SqliteFile;
  readonly #claims: StoreClaims;
  readonly #cursors: RowCursors;

  /** Opens the store at a path. The first record makes the file. */
  constructor(path: string, { durability = "power", records }: OpenOptions = {}) {
    super();
    this.path = realPath(path);
    this.#table = records ? new RecordTable(this.path, records) : new RunTable(this.path);
    this.#claims = new StoreClaims(this.path, {
      locked: (body) => this.#locked(body),
      isDone: (key, options) => this.#isDone(this.#found(key, options), options),
      record: (key, row, options) => this.#recordClaimed(key, toRow(row), options),
    }, this.#table.stateSuffix);
    this.#file = new SqliteFile(this.path, this.#table, this.#claims, durability === "power");
    this.#cursors = new RowCursors(this.#table);
  }

  /** Path of the file, as messages show it. */
  get location(): string {
    return this.path;
  }

  /** Returns false while nothing has made the store. */
  exists(): boolean {
    return fs.existsSync(this.path);
  }

  /** Returns the table, for the database as it is now. */
  #open(): Table {
    this.#file.open();
    return this.#table;
  }

  #trying<T>(body: () => MaybePromise<T>): MaybePromise<T> {
    return trying(this.path, body);
  }

  /** Returns true if a row agrees on all columns given. */
  override has(columns: Row): MaybePromise<boolean> {
    const values = toValue(columns, "params") as Row; // without columns that are undefined
    const key = { shape: subsetShape(values), values };
    return this.#trying(() => this.#open().look(key, "none") !== undefined);
  }

  /** Returns true if there is a row with exactly this key. */
  override hasKey(key: Key): MaybePromise<boolean> {
    return this.#look(key, "none", (row) => row !== undefined);
  }

  /** Returns the newest row with exactly this key, or undefined. */
  find(key: Key): MaybePromise<Row | undefined> {
    return this.#look(key, "all", (row) => row);
  }

  /** Returns the `_stet_source` of the newest row with this key; empty if the row has none. */
  override sourceOf(key: Key): MaybePromise<string | undefined> {
    return this.#look(key, "source", (row) => row && sourceIn(row));
  }

  /** Returns the newest row with this key, with its result columns at least. */
  override savedResult(key: Key): MaybePromise<Row | undefined> {
    return this.#look(key, "result", (row) => row);
  }

  #look<T>(key: Key, looked: Looked, answer: (row: Row | undefined) => T): MaybePromise<T> {
    this.#table.checkKey(key);
    return this.#trying(() => answer(this.#open().look(key, looked)));
  }

  /** Returns the columns of the store, in its order. */
  columns(): MaybePromise<readonly string[]> {
    return this.#trying(() => this.#open().columns());
  }

  /** Returns the types of the params' columns, undefined if it is no table of records. */
  recordColumns(first?: Row): MaybePromise<TableColumns | undefined> {
    return this.#trying(() => {
      if (first && this.#table.types && this.#open().known().size === 0) {
        this.#file.write(() => this.#extend([], [first]));
      }
      return this.#open().types?.();
    });
  }

  /** Adds a row. It is committed when the promise resolves. */
  record(row: Row): MaybePromise<void> {
    const added = toRow(row); // before anything changes
    return this.#trying(() => this.#insert([added]));
  }

  /** Adds many rows in their order, a transaction for each batch, and returns their number. */
  recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    const add = (batch: readonly Row[]): MaybePromise<void> =>
      this.#trying(() => this.#insert(batch, columns));
    return recordBatches(rows, columns, BATCH, toRow, add);
  }

  #insert(rows: readonly Row[], columns: readonly string[] = []): void {
    const insert = (): void => rows.forEach((row) => this.#table.insert(row));
    this.#file.write(() => {
      this.#extend(columns, rows);
      if (rows.length === 1) insert();
      else this.#file.transaction(insert);
    });
  }

  #extend(columns: readonly string[], rows: readonly Row[]): void {
    const extend = this.#table.extension(columns, rows);
    if (extend) this.#file.transaction(extend);
  }

  /** Removes every row with one of these keys in one transaction, and returns their number. */
  removeKeys(keys: readonly Key[]): MaybePromise<number> {
    return this.#trying(() => {
      if (!this.#file.open()) return 0;
      const remove = (): number => keys.reduce((sum, key) => sum + this.#table.delete(key), 0);
      return this.#file.transaction(remove);
    });
  }

  /** Removes all rows and all failures. */
  async clear(): Promise<void> {
    await this.#trying(() => {
      if (this.#open().known().size === 0) return;
      this.#file.transaction(() => this.#table.statements!.run(`DELETE FROM ${this.#table.name}`));
    });
    const { state } = this.#claims;
    if (state.exists()) await state.lock(() => state.forgetAll());
  }

  /** Yields the rows, oldest first. The database is not locked between two rows. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    yield* this.#rowsBetween(-1n, await this.#lastRow(), columns);
  }

  /** Yields the values of these columns, a batch of rows at a time. */
  override async *valueBatches(columns: readonly string[]): AsyncGenerator<ValueBatch> {
    const pages = this.#pages(-1n, await this.#lastRow(), () => columns);
    for await (const { rows } of pages) yield rows;
  }

  #lastRow(): MaybePromise<bigint> {
    return this.#trying(() => extentOf(this.#open(), MAX_ROW, MAX_ROW).last);
  }

  async *#rowsBetween(
    after: bigint,
    upTo: bigint,
    columns?: readonly string[],
  ): AsyncGenerator<Row> {
    const select = (all: readonly string[]) =>
      columns ? all.filter((name) => columns.includes(name)) : all;
    for await (const { names, rows } of this.#pages(after, upTo, select)) {
      const read = rows.map((values) => rowOf(names, values));
      // Every row that was recorded has a time at least.
      if (!columns && read.some((row) => Object.keys(row).length === 0)) {
        throw damaged(this.path, "a row without cells");
      }
      yield* read;
    }
  }

  #pages(after: bigint, upTo: bigint, select: Select): AsyncGenerator<Page> {
    return pagesAfter(
      after,
      (last) => this.#trying(() => pageOf(this.#open(), this.path, last, select, upTo)),
    );
  }

  /** Returns the rows since a cursor. Values that other programs edit in place are not seen. */
  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#trying(() => {
      const { after, upTo, all, ...since } = this.#cursors.since(this.#file.open(), cursor);
      return { ...since, ...since.isWhole && { count: all }, rows: this.#rowsBetween(after, upTo) };
    });
  }

  /** Claims a key unless it is done or busy. Without a lease the claim ends with this process. */
  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    this.#table.checkKey(key);
    return this.#locked(() => {
      // A finished run has committed its row before it took this lock to end its claim.
      const found = this.#found(key, options);
      const isDone = this.#isDone(found, options);
      if (!isDone) {
        this.#table.checkFits(key, found);
        translating(this.path, () => this.#file.checkWritable());
      }
      return this.#claims.answer(key, isDone, options);
    });
  }

  #locked<T>(body: () => T): MaybePromise<T> {
    return this.#trying(() => this.#claims.state.lock(body));
  }

  /**
   * Returns the newest row with a key, with its cells if those decide whether it is done. Under the lock of the
   * state file, errors of the store are not its.
   */
  #found(key: Key, { isDone }: ClaimOptions): Row | undefined {
    return translating(this.path, () => this.#open().look(key, isDone ? "all" : "none"));
  }

  #isDone(found: Row | undefined, { isDone }: ClaimOptions): boolean {
    return found !== undefined && (!isDone || isDone(found));
  }

  async #recordClaimed(key: Key, row: Row, options: ClaimOptions): Promise<void> {
    if (options.lease) {
      return await this.#claims.finish(key, options, (kept) => {
        this.#claims.checkLease(key, options);
        const found = this.#found(key, {});
        translating(this.path, () => this.#put(key, row, found));
        kept();
      });
    }
    await this.#trying(() => {
      // Another process may have recorded it if the state file was deleted meanwhile.
      const found = this.#open().look(key, options.isDone ? "all" : "none");
      if (!found || !options.isDone?.(found)) this.#put(key, row, found);
    });
    const { state } = this.#claims;
    await state.ending(key.text, undefined, (kept) => {
      kept(true);
      return state.lock(() => state.finish(key.text));
    });
  }

  /** Adds the row of a key, in place of the one that was found. */
  #put(key: Key, row: Row, found: Row | undefined): void {
    if (!found) return this.#insert([row]);
    this.#file.transaction(() => {
      this.#table.delete(key);
      this.#insert([row]);
    });
  }

  /** Returns the plans of sweeps that are noted. */
  override plans(): readonly SweepPlan[] {
    return this.#claims.plans();
  }

  /** Notes the plan of a sweep next to the store. */
  override async notePlan(plan: SweepPlan): Promise<void> {
    await this.#claims.notePlan(plan);
  }

  /** Returns the keys that are claimed now, and their holders. */
  held(): MaybePromise<readonly HeldKey[]> {
    return this.#claims.held();
  }

  /** Returns the failures noted since each key last succeeded, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    return this.#claims.failures();
  }

  /** Forgets failures, named by their params, and returns their number. */
  forget(params: readonly Row[]): MaybePromise<number> {
    return this.#claims.forget(params);
  }

  /** Returns the faults of the database and of the state file. `repair` removes repeated rows. */
  override verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    return explaining(`Cannot verify "${this.path}"`, this.path, async () => {
      const findings = new Findings(repair);
      await verifyLocked(this.#claims.state, findings, () => {});
      try {
        findings.all.push(...await this.#trying(() => this.#faults(repair)));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        findings.addUnreadable([error]);
      }
      return findings.all;
    });
  }

  #faults(repair: boolean): readonly Finding[] {
    const connection = this.#file.open();
    if (!connection) return [];
    const faults = integrityFaults(connection.db, this.path);
    if (!repair || faults.length > 0) return faults;
    const repeats = this.#file.transaction(() => this.#table.deleteRepeats());
    return repeats > 0 ? [repeatedFinding(repeats, true)] : [];
  }

  /** Closes the database and ends the claims of this object. */
  close(): Promise<void> {
    return this.#file.close();
  }
}

/**
 * Opens the SQLite store at a path or URL: the table of a `Store` if that is asked for, or the table that is in
 * the file.
 */
export function open(location: string, options: OpenOptions): Backend {
  const path = sqlitePath(location);
  if (path === undefined) return new MemoryBackend();
  const records = options.records ?? recordsIn(path);
  return new SqliteBackend(path, { ...options, ...records && { records } });
}
