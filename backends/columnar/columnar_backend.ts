import type {
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
  type VerifyOptions,
} from "../../core/contract/engine.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { andThen } from "../../core/runtime/maybe_promise.ts";
import { checkColumn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { beforeExit, notBeforeExit } from "../files/before_exit.ts";
import { Freshness } from "../files/freshness.ts";
import { realPath } from "../files/real_path.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { StoreClaims } from "../state/store_claims.ts";
import { ColumnarFiles, type Place, STALE } from "./columnar_files.ts";
import type { ColumnarFormat } from "./columnar_format.ts";
import { COMPACTION, Compactor } from "./compactor.ts";
import { heldRows, holdStore, readingHeld } from "./held_store.ts";
import { verifyColumnar } from "./verify_columnar.ts";

/** A delta of more rows, and of more than half of the columnar file's, is compacted. */
const MIN_COMPACTED = 10_000;

/**
 * A store in a columnar file, which cannot grow: everything that its format does not say.
 *
 * Rows are recorded in the delta `<store>.pending.jsonl`, a JSON Lines store like any other, and compacted
 * into the columnar file in steps that grow with it, when the last process leaves, and after a crash when
 * the next one does (compactor.ts).
 *
 * @internal
 */
export class ColumnarBackend extends Engine {
  readonly #claims: StoreClaims;
  readonly #files: ColumnarFiles;
  readonly #compactor: Compactor;
  readonly #beforeExit = (): Promise<void> => this.#compactor.settleBeforeExit();

  /** @param minCompacted Default: 10,000. */
  constructor(
    location: string,
    format: ColumnarFormat,
    options: OpenOptions,
    minCompacted: number = MIN_COMPACTED,
  ) {
    super();
    const path = realPath(location);
    this.#claims = new StoreClaims(path, {
      locked: (body, { shape }) => this.#files.locked(body, shape),
      isDone: (key, { isDone }) => !isDone && this.#files.locate(key) !== undefined,
      record: (key, row, options) => this.#recordClaimed(key, stamped(row), options),
    });
    this.#files = new ColumnarFiles(path, format, options, this.#claims);
    this.#compactor = new Compactor(this.#files, minCompacted);
    beforeExit(this.#beforeExit);
  }

  /** The columnar file, with symbolic links resolved. */
  get path(): string {
    return this.#files.path;
  }

  /** The file of rows that are not compacted yet. */
  get pendingPath(): string {
    return this.#files.deltaPath;
  }

  get location(): string {
    return this.#files.path;
  }

  exists(): boolean {
    return this.#files.exists();
  }

  protected override async hasRows(): Promise<boolean> {
    return await this.#files.reading(() => this.#files.rowCount > 0);
  }

  record(row: Row): MaybePromise<void> {
    const added = stamped(row); // before anything changes
    return this.#files.changing(() => this.#compactor.append([added]));
  }

  /** Adds many rows; to a store that does not exist, in one go. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    options: RecordAllOptions = {},
  ): Promise<number> {
    options.columns?.forEach(checkColumn);
    this.#files.hasWritten = true;
    const exists = this.#files.exists();
    const written = exists ? undefined : await this.#compactor.recordAnew(rows, options);
    return written ?? await this.#files.durably(this.#compactor.appendAll(rows));
  }

  override async removeKey(key: Key): Promise<number> {
    const removed = await this.#rewriteDelta(key, []);
    return removed === STALE ? await this.#compactor.compact({ gone: [key] }) : removed;
  }

  async removeKeys(keys: readonly Key[]): Promise<number> {
    return keys.length === 0 ? 0 : await this.#compactor.compact({ gone: keys });
  }

  /** Removes the files. */
  async clear(): Promise<void> {
    await this.#files.changing(() => {
      this.#files.remove();
      this.#claims.state.forgetAll();
    });
  }

  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const held = await readingHeld(this.#files, () => holdStore(this.#files, columns));
    yield* heldRows(held, columns);
  }

  /** Returns the rows that were added since a cursor. A compaction moves rows and changes none. */
  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#files.reading(() => {
      const now = this.#files.cursor;
      if (cursor === now) return { cursor, isWhole: false, rows: [] };
      const start = this.#files.countAt(cursor);
      const rows = this.#rowsBetween(start, now);
      if (start !== undefined) return { cursor: now, isWhole: false, rows };
      return { cursor: now, isWhole: true, count: this.#files.rowCount, rows };
    });
  }

  /** Yields the rows from a number on that existed at a cursor. No file is opened before the first. */
  async *#rowsBetween(start: number | undefined, cursor: string): AsyncGenerator<Row> {
    const { end, held } = await readingHeld(this.#files, () => {
      const end = this.#files.countAt(cursor);
      return { end, held: end === undefined ? undefined : holdStore(this.#files) };
    });
    if (!held) {
      throw new StoreError(`Cannot read "${this.path}": rows were removed just now; read it again`);
    }
    yield* heldRows(held, undefined, start, end);
  }

  columns(): MaybePromise<readonly string[]> {
    return this.#files.reading(() => this.#files.names);
  }

  override sourceOf(key: Key): MaybePromise<string | undefined> {
    const { shape } = key;
    const { base, delta } = this.#files;
    // A recent hit is believed: rows are seldom removed.
    if (this.#files.areFresh && delta.isIndexed(shape) && base.isIndexed(shape)) {
      const source = this.#source(key);
      if (typeof source === "string") return source;
    }
    const source = this.#files.reading(() => this.#source(key), shape);
    return andThen(source, (it) => it === null ? super.sourceOf(key) : it);
  }

  #source(key: Key): string | null | undefined {
    const { base, delta } = this.#files;
    return delta.sourceOf(key) ?? base.sourceOf(key);
  }

  find(key: Key): MaybePromise<Row | undefined> {
    return andThen(this.#found(key), (found) => found?.row);
  }

  claim(key: Key, options: ClaimOptions = {}): MaybePromise<ClaimAnswer> {
    const { isDone } = options;
    if (isDone) return this.#claimUnlessDone(key, isDone, options);
    return this.#files.locked(
      () => this.#answer(key, this.#files.locate(key) !== undefined, options),
      key.shape,
    );
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

  async held(): Promise<readonly HeldKey[]> {
    return (await this.#claims.held()).filter(({ key }) => key !== COMPACTION);
  }

  override async verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    this.#claims.checkOpen();
    return await verifyColumnar(this.#files, this.#compactor, repair);
  }

  /**
   * Compacts the store, unless other processes use it, which then do, and frees the files, the claims and
   * the lock. Without failures to remember, the state file is removed.
   */
  async close(): Promise<void> {
    if (this.#claims.isEnded) return;
    await closeAfter(
      async () => {
        await this.#compactor.running;
        await this.#files.sync(); // for records whose promises were not awaited
        await this.#compactor.settle();
      },
      () => this.#claims.state.leave(),
      () => {
        notBeforeExit(this.#beforeExit);
        this.#files.end();
      },
    );
  }

  /** Returns the newest row of a key and its place. */
  #found(key: Key): MaybePromise<{ readonly place: Place; readonly row: Row } | undefined> {
    const found = this.#files.reading(() => {
      const place = this.#files.locate(key);
      if (!place) return undefined;
      const file = place.in === "delta" ? this.#files.delta : this.#files.base;
      return { place, row: file.rowAt(place.at) };
    }, key.shape);
    return andThen(
      found,
      (it) => it && andThen(it.row, (row) => row ? { place: it.place, row } : this.#found(key)),
    );
  }

  async #claimUnlessDone(
    key: Key,
    isDone: (row: Row) => boolean,
    options: ClaimOptions,
  ): Promise<ClaimAnswer> {
    for (;;) {
      const found = await this.#found(key);
      const isDoneNow = found !== undefined && isDone(found.row);
      const answer = await this.#files.locked(
        () =>
          this.#files.locate(key)?.id === found?.place.id
            ? this.#answer(key, isDoneNow, options)
            : STALE,
        key.shape,
      );
      if (answer !== STALE) return answer;
    }
  }

  #answer(key: Key, isDone: boolean, options: ClaimOptions): ClaimAnswer {
    if (!isDone) this.#files.checkWritable();
    return this.#claims.answer(key, isDone, options);
  }

  #recordClaimed(key: Key, row: Row, options: ClaimOptions): MaybePromise<void> {
    const { state } = this.#claims;
    const { lease } = options;
    const append = (kept: (isDone: boolean) => void): MaybePromise<void | typeof STALE> =>
      this.#files.locked(() => {
        // Another process may have recorded it if the state file was deleted meanwhile.
        if (this.#files.locate(key)) return STALE;
        this.#claims.checkLease(key, options);
        this.#compactor.append([row]);
        kept(true);
        state.finish(key.text, lease);
      }, key.shape);
    return andThen(
      this.#files.durably(state.ending(key.text, lease, append)),
      (appended) => appended === STALE ? this.#replace(key, row, options) : undefined,
    );
  }

  /** Replaces the rows of a key by another, unless they count as done. */
  async #replace(key: Key, row: Row, options: ClaimOptions): Promise<void> {
    const { isDone, lease } = options;
    const { state } = this.#claims;
    const found = await this.#found(key);
    const isDoneNow = found !== undefined && (isDone?.(found.row) ?? lease !== undefined);
    const checkLease = (): void => lease && state.checkLease(key.text, lease, isDoneNow);
    if (isDoneNow) await this.#files.locked(checkLease);
    else if (await this.#rewriteDelta(key, [row], checkLease) === STALE) {
      await this.#compactor.compact({ gone: [key], added: [row] });
    }
    await state.ending(key.text, lease, (kept) => {
      kept(true);
      return this.#files.locked(() => state.finish(key.text, lease));
    });
  }

  /**
   * Replaces the rows of a key by others, and returns the number of those removed; STALE if the columnar
   * file has one, so that it must be written anew.
   */
  #rewriteDelta(
    key: Key,
    added: readonly Row[],
    check = (): void => {},
  ): MaybePromise<number | typeof STALE> {
    return this.#files.changing(() => {
      check();
      const { base, delta } = this.#files;
      if (base.find(key) !== -1) return STALE;
      if (added.length === 0 && delta.find(key) === -1) return 0;
      for (const row of added) this.#files.checkNames(Object.keys(row));
      const before = delta.rowCount + added.length;
      delta.rewrite([key], added);
      Freshness.noteRemoval();
      return before - delta.rowCount;
    }, key.shape);
  }
}
