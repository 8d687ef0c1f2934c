import fs from "node:fs";
import { setImmediate } from "node:timers";
import type {
  ClaimAnswer,
  ClaimOptions,
  Failure,
  HeldKey,
  MaybePromise,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import {
  Engine,
  type Finding,
  type RecordAllOptions,
  type RowsOptions,
  type TextRow,
  type VerifyOptions,
} from "../../core/contract/engine.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { FormatError, type StoreError } from "../../core/errors.ts";
import { type Key, keyShape } from "../../core/keys/key.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { isDetail, isReserved, orderColumns, SOURCE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { Durability } from "../files/durability.ts";
import { Freshness } from "../files/freshness.ts";
import { warnOfNetwork } from "../files/network_folder.ts";
import { realPath } from "../files/real_path.ts";
import { explaining } from "../files/system_error.ts";
import { Findings } from "../findings.ts";
import { recordBatches } from "../record_batches.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { StoreClaims } from "../state/store_claims.ts";
import { verifyLocked } from "../state/verify_locked.ts";
import { checkShared } from "./check_shared.ts";
import type { Format } from "./format.ts";
import { type ColumnsOf, StoreFile } from "./store_file.ts";
import { isReadable, verifyLog } from "./verify_log.ts";

/** Number of bytes that are read ahead at a time: a few milliseconds. */
const PART_BYTES = 512 * 1024;
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
/** Number of rows in one write. */
const BATCH = 500;

/**
 * A store in one text file that grows at its end: everything that its format does not say.
 *
 * A record is one append under the lock in the state file: refresh, check the tail, write, commit. Then the
 * file is synced, and the record is acknowledged. Looks use an index in memory that follows the file. The
 * lock is never held across an `await`.
 *
 * @internal
 */
export class FileBackend extends Engine {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly #file: StoreFile;
  readonly #claims: StoreClaims;
  readonly #durability: Durability;
  readonly #freshness = new Freshness();
  readonly #warn: (message: string) => void;
  /** The columns that answer a saved call, among so many names of a file. */
  #answers = { of: [] as readonly string[], count: 0, columns: [] as readonly string[] };
  #hasLocked = false;
  /** True while the body of a batch runs, which holds the lock. */
  #isBatch = false;

  constructor(
    location: string,
    format: Format,
    { durability, warn = console.warn }: OpenOptions,
  ) {
    super();
    this.path = realPath(location);
    this.#file = new StoreFile(this.path, format, warn);
    this.#claims = new StoreClaims(this.path, {
      locked: (body) => this.#locked(body),
      isDone: (key, options) => this.#isDone(this.#file.find(key), options),
      record: (key, row, options) => this.#recordClaimed(key, stamped(row), options),
    });
    this.#durability = new Durability(this.#file, durability, (error) => this.#end(error));
    this.#warn = warn;
  }

  get location(): string {
    return this.path;
  }

  exists(): boolean {
    return fs.existsSync(this.path);
  }

  protected override hasRows(): Promise<boolean> {
    return Promise.resolve(this.#reading(() => this.#file.rowCount > 0));
  }

  record(row: Row): MaybePromise<void> {
    const added = stamped(row); // before anything changes
    return this.#changing(() => this.#file.append([added]));
  }

  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    const count = await recordBatches(
      rows,
      columns,
      BATCH,
      stamped,
      (batch) => this.#locked(() => this.#file.append(batch, { columns })),
    );
    return await this.#durability.acknowledge(count);
  }

  override load(): MaybePromise<Row[]> {
    return this.#reading(() => [...this.#file.rows()]);
  }

  removeKeys(keys: readonly Key[]): MaybePromise<number> {
    return keys.length === 0 ? 0 : this.#changing(() => {
      const found = keys.filter((key) => this.#file.find(key) !== -1);
      if (found.length === 0) return 0;
      const before = this.#file.rowCount;
      this.#file.rewrite(found, []);
      Freshness.noteRemoval();
      return before - this.#file.rowCount;
    });
  }

  clear(): MaybePromise<void> {
    return this.#changing(() => {
      this.#file.remove();
      Freshness.noteRemoval();
      this.#claims.state.forgetAll();
    });
  }

  *rows({ columns }: RowsOptions = {}): Generator<Row> {
    this.#refresh(false);
    yield* this.#file.rows(columns);
  }

  /** Reads a large file in parts, between which other work can be done. */
  override async readAhead(estimate?: (rows: number) => void): Promise<void> {
    while (!this.#claims.isEnded && this.#file.readPart(PART_BYTES)) {
      const { rowCount, extent } = this.#file;
      const { size = 0 } = fs.statSync(this.path, { throwIfNoEntry: false }) ?? {};
      estimate?.(Math.round(rowCount * size / (extent?.end ?? size)));
      await nextTurn();
    }
  }

  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#reading(() => this.#file.rowsAfter(cursor));
  }

  override *cells({ columns }: RowsOptions = {}): Generator<CellBatch> {
    this.#refresh(false);
    yield* this.#file.cells(columns);
  }

  /** Returns the texts of each row, for formats whose values have no types. */
  protected *textRows(): Generator<TextRow> {
    this.#refresh(false);
    yield* this.#file.texts();
  }

  columns(): MaybePromise<readonly string[]> {
    this.#claims.checkOpen();
    if (this.#freshness.isUnread) {
      const named = this.#file.text.reading([], (_, { columns }) => columns);
      if (named.length > 0) return orderColumns(named, []); // the header is enough
    }
    return this.#reading(() => this.#file.columns);
  }

  override sourceOf(key: Key, mayClaim?: boolean): MaybePromise<string | undefined> {
    return this.#look(key, mayClaim, () => this.#file.sourceOf(key));
  }

  find(key: Key): MaybePromise<Row | undefined> {
    return this.#reading(() => this.#found(key));
  }

  override savedResult(key: Key, mayClaim?: boolean): MaybePromise<Row | undefined> {
    const columnsOf: ColumnsOf = (names) => this.#answerColumns(names);
    return this.#look(key, mayClaim, () => this.#found(key, columnsOf));
  }

  /**
   * Looks for a key in the rows that were read, and refreshes the file first where those do not tell.
   *
   * A recent hit is believed: rows are seldom removed. A miss is believed only after a refresh. Before a claim
   * that is the claim's own, under the lock, if this process has written to the file and so can take the lock.
   */
  #look<T>(
    key: Key,
    mayClaim: boolean | undefined,
    read: () => T | undefined,
  ): MaybePromise<T | undefined> {
    if (this.#file.isIndexed(key.shape)) {
      const isMissEnough = mayClaim && this.#file.hasWriter;
      if (this.#freshness.isFresh) {
        try {
          const found = read();
          if (found !== undefined || isMissEnough) return found;
        } catch (error) {
          if (!(error instanceof FormatError)) throw error; // else the file was changed: read it again
        }
      } else if (isMissEnough && this.#file.find(key) === -1) return undefined;
    }
    this.#file.expect(key.shape);
    return this.#reading(read);
  }

  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    return this.#locked(() => {
      const found = this.#file.find(key);
      const isDone = this.#isDone(found, options);
      if (found === -1) checkShared(this.path, this.#file.names, key);
      if (!isDone) this.#file.checkWritable();
      return this.#claims.answer(key, isDone, options);
    });
  }

  override batch<T>(body: () => T): MaybePromise<T> {
    return this.#locked(() => {
      this.#isBatch = true;
      try {
        return this.#file.inOneWrite(() => {
          const result = body();
          this.#claims.state.checkLocked();
          return result;
        });
      } finally {
        this.#isBatch = false;
      }
    });
  }

  failures(): MaybePromise<readonly Failure[]> {
    return this.#claims.failures();
  }

  forget(params: readonly Row[]): MaybePromise<number> {
    return this.#claims.forget(params);
  }

  /** Returns the plans of sweeps that are noted. */
  override plans(): readonly SweepPlan[] {
    return this.#claims.plans();
  }

  /** Notes the plan of a sweep next to the store. */
  override async notePlan(plan: SweepPlan): Promise<void> {
    await this.#claims.notePlan(plan);
  }

  held(): MaybePromise<readonly HeldKey[]> {
    return this.#claims.held();
  }

  override verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    return explaining(`Cannot verify "${this.path}"`, this.path, async () => {
      this.#claims.checkOpen();
      const findings = new Findings(repair);
      const wasReadable = isReadable(this.#file);
      await verifyLocked(this.#claims.state, findings, () => {
        if (!verifyLog(this.#file, findings, wasReadable) || !repair) return;
        const repeatsOf = keyShape(this.#file.columns.filter((name) => !isDetail(name)));
        const repeats = this.#file.repeatsOf(repeatsOf);
        if (repeats === 0) return;
        this.#file.rewrite({ repeatsOf }, []);
        findings.all.push(repeatedFinding(repeats, true));
      });
      return findings.all;
    });
  }

  /** Frees the file, the claims and the lock. Without failures to remember, the state file is removed. */
  async close(): Promise<void> {
    if (this.#claims.isEnded) return;
    await closeAfter(
      () => this.#durability.acknowledge(undefined), // for records that nobody waited for
      () => this.#claims.state.leave(),
      () => this.#end(),
    );
  }

  #recordClaimed(key: Key, row: Row, options: ClaimOptions): MaybePromise<void> {
    return this.#durability.acknowledge(this.#claims.finish(key, options, (kept) => {
      this.#claims.checkLease(key, options);
      // Another process may have recorded it if the state file was deleted meanwhile.
      const found = this.#file.find(key);
      if (found === -1) this.#file.append([row], { key });
      else if (!options.isDone?.(this.#file.rowAt(found))) this.#file.rewrite([key], [row]);
      if (!this.#isBatch) kept(); // the rows of a batch are written at its end
    }));
  }

  /** Returns true if the row at an offset, -1 for none, counts as done. */
  #isDone(offset: number, { isDone }: ClaimOptions): boolean {
    return offset !== -1 && (!isDone || isDone(this.#file.rowAt(offset)));
  }

  #found(key: Key, columns?: ColumnsOf): Row | undefined {
    const offset = this.#file.find(key);
    return offset === -1 ? undefined : this.#file.rowAt(offset, columns);
  }

  /** Returns the columns that answer a saved call. The names of JSON are one array, to which some are added. */
  #answerColumns(names: readonly string[]): readonly string[] {
    const { of, count } = this.#answers;
    if (of !== names || count !== names.length) {
      this.#answers = { of: names, count: names.length, columns: names.filter(isAnswerColumn) };
    }
    return this.#answers.columns;
  }

  #refresh(isLocked: boolean): void {
    this.#claims.checkOpen();
    this.#file.refresh(isLocked);
    this.#freshness.note();
  }

  /** Reads without the lock. What does not parse is read again under it: it may be half written. */
  #reading<T>(read: () => T): MaybePromise<T> {
    try {
      this.#refresh(false);
      return read();
    } catch (error) {
      if (!(error instanceof FormatError) || !this.#claims.state.exists()) throw error;
      return this.#locked(read, "lockToRead");
    }
  }

  /** Runs a body under the lock, the file refreshed. */
  #locked<T>(body: () => T, lock: "lock" | "lockToRead" = "lock"): MaybePromise<T> {
    this.#claims.checkOpen();
    if (this.#isBatch) return body();
    if (!this.#hasLocked) {
      this.#hasLocked = true;
      this.#catchUp();
      warnOfNetwork(this.path, this.#warn);
    }
    return this.#claims.state[lock](() => {
      this.#refresh(true);
      return body();
    }, () => this.#catchUp());
  }

  /** Reads what is new before the lock is taken, so that no other process waits meanwhile. */
  #catchUp(): void {
    try {
      this.#refresh(false);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // it is read again under the lock
    }
  }

  /** Runs a body that writes, and acknowledges it once it is as durable as promised. */
  #changing<T>(body: () => T): MaybePromise<T> {
    return this.#durability.acknowledge(this.#locked(body));
  }

  #end(why?: StoreError): StoreError {
    this.#file.close();
    return this.#claims.end(why);
  }
}

/** True if a column answers a saved call: a result, or the source. */
function isAnswerColumn(name: string): boolean {
  return name === SOURCE || isReserved(name) && !isDetail(name);
}
