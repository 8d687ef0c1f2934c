import { hash } from "node:crypto";
import fs from "node:fs";
import type { Engine } from "../contract/engine.ts";
import { StoreError } from "../errors.ts";
import { hashParams } from "../keys/hash_params.ts";
import { type Held, type HeldClaim, holdingClaim } from "../runs/held_claim.ts";
import { canonicalJson } from "../values/json.ts";
import { keyOf, keyShape, withValues } from "../keys/key.ts";
import { KeyRunner } from "../runs/key_runner.ts";
import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import type { Outcome } from "../runs/once_types.ts";
import { paramsOfRow, recordOfRow } from "./record.ts";
import { isReservedParam } from "../values/record_names.ts";
import { checkId, idOf, otherIds } from "./record_ids.ts";
import { recordParams } from "./record_params.ts";
import { columnsOf, recordsBackend, type TableColumns } from "../contract/records_backend.ts";
import type { ResultFiles } from "./result_files.ts";
import { writeNote } from "./result_note.ts";
import { isSameValue } from "../values/same_value.ts";
import type { CustomData, StoreRecord } from "./store_types.ts";
import type { Execute, Executed, Plan, Target } from "../runs/target.ts";
import { entryOf, isPlainObject, type Row, toValue } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";

const ID = keyShape(["id"]);

/** Options of {@linkcode StoreRuns}. */
export interface StoreRunsOptions {
  readonly runner: (params: never) => unknown;
  readonly columns: TableColumns | undefined;
  readonly files: ResultFiles;
  readonly isSynced: boolean;
  /** True if each run leaves a note. */
  readonly leavesNotes: boolean;
  readonly warn: (message: string) => void;
  readonly open: () => Promise<Engine>;
}

/** One run of a `Store` that is asked for. */
export interface StorePlan extends Plan {
  readonly id: string;
  /** True if the id was given, and is not the hash of the params. */
  readonly hasOwnId: boolean;
  /** As the store keeps them. */
  readonly params: Row;
  readonly customData: Row;
}

/** The runs of a `Store`: the way from params to a record and its result file. */
export class StoreRuns implements Target<StorePlan> {
  readonly label: string;
  readonly #options: StoreRunsOptions;
  #opening: Promise<Engine> | undefined;
  #engine: Engine | undefined;
  #columns: TableColumns | undefined;
  #isTableMade = false;
  /** Part of the names of unfinished files: other stores may share the folder. */
  #tag: string | undefined;
  readonly #runner = new KeyRunner<StorePlan>(this, "wait");
  /** Ids whose missing file was reported. */
  readonly #missing = new Set<string>();

  constructor(options: StoreRunsOptions) {
    this.#options = options;
    this.#columns = options.columns;
    this.label = options.runner.name || "runner";
  }

  /** True if each run leaves a note for another store. */
  get leavesNotes(): boolean {
    return this.#options.leavesNotes;
  }

  /** Opens the store for a sweep. */
  async begin(): Promise<() => void> {
    await this.open();
    return () => {};
  }

  async open(): Promise<void> {
    try {
      const engine = await (this.#opening ??= this.#options.open());
      this.#engine = engine;
      this.#tag ??= tagOf(engine.location);
      this.#columns = columnsOf(this.#columns, await recordsBackend(engine)?.recordColumns());
    } catch (error) {
      this.#opening = undefined; // by the next call, the folder may be there
      throw error;
    }
  }

  /** Has the next use open the store anew. Resolves when the runs under way have ended. */
  async forget(): Promise<void> {
    this.#opening = undefined;
    await this.#runner.settled();
  }

  /** The open store. */
  get engine(): Engine {
    return this.#engine!;
  }

  /** The columns that were declared or that the table has; undefined: any. */
  get columns(): TableColumns | undefined {
    return this.#columns;
  }

  /**
   * The run of params. Those that Python's model has a default for may be left out, where no columns
   * were declared: a run without one that is needed is refused when it is claimed.
   *
   * @throws {TypeError} If they do not fit.
   */
  plan(given: unknown, customData: CustomData = {}): StorePlan {
    const params = recordParams(given, this.#columns, !this.#options.columns);
    const own = customDataOf(customData, params);
    return { ...this.#planOf(given as object, params, own), item: given };
  }

  /** Returns the plan to look for a record by its id or by params. Params next to an id are compared. */
  planLook(which: unknown): StorePlan {
    const given = typeof which === "string" ? { id: which } : which;
    const isPartial = isPlainObject(given) && given["id"] !== undefined;
    const params = recordParams(given, this.#columns, isPartial || !this.#options.columns);
    return this.#planOf(given as object, params, {});
  }

  /** Its params by name, with `resultFile`: commands are given it as any other. */
  params({ id, params }: StorePlan): Row {
    return { ...params, resultFile: this.#options.files.pathOf(id) };
  }

  #planOf(given: object, params: Row, customData: Row): StorePlan {
    const { id: ownId, ...named } = given as Readonly<Record<string, unknown>>;
    const id = ownId === undefined ? idOf(params, this.#columns) : hashParams({ id: ownId });
    if (ownId !== undefined) checkId(id);
    const own = Object.entries(named).filter(([name]) => !isReservedParam(name));
    const resultFile = this.#options.files.pathOf(id);
    return {
      id,
      hasOwnId: ownId !== undefined,
      params,
      customData,
      identity: `${id} ${canonicalJson(params)}`,
      // The params too: failures are noted with them.
      key: withValues(keyOf(ID, { id }), { id, ...params }),
      args: [{ ...customData, ...Object.fromEntries(own), id, resultFile }],
    };
  }

  look(plan: StorePlan): MaybePromise<Row | undefined> {
    return andThen(
      andThen(this.engine.find(plan.key), (row) => row ?? this.#findOther(plan)),
      (row) => row && this.#ifDone(plan, row),
    );
  }

  /** Returns the plan under the id that its record has: {@linkcode otherIds}. */
  async resolve(plan: StorePlan): Promise<StorePlan> {
    if (plan.hasOwnId || await this.engine.find(plan.key)) return plan;
    const id = (await this.#findOther(plan))?.["id"];
    if (typeof id !== "string") return plan;
    return this.#planOf({ ...plan.args[0] as Row, id }, plan.params, plan.customData);
  }

  /** Returns the row of a plan under another id that Python's entropic may have given it. */
  async #findOther({ params, hasOwnId }: StorePlan): Promise<Row | undefined> {
    for (const id of hasOwnId ? [] : otherIds(params, this.#columns)) {
      const row = await this.engine.find(keyOf(ID, { id }));
      if (row && this.#differing(params, row).length === 0) return row;
    }
    return undefined;
  }

  #ifDone(plan: StorePlan, row: Row): Row | undefined {
    this.compare(plan, row);
    if (hasFile(row)) return row;
    if (!this.#missing.has(plan.id)) {
      this.#missing.add(plan.id);
      this.#options.warn(
        `[stet] Record ${plan.id} counts as missing: its result file ` +
          `"${String(row["result_file"])}" is gone`,
      );
    }
    return undefined;
  }

  /** Returns the outcome of a run whose row was found. */
  skipped({ params }: StorePlan, row: Row): Outcome<StoreRecord> {
    return { status: "skipped", params, value: this.recordOf(row) };
  }

  /**
   * Sees that a row was stored for the params that are asked for: ids can collide. Columns that were
   * not asked for may have been set by a patch.
   *
   * @throws {StoreError} If it was not; shows both.
   */
  compare({ id, params }: Pick<StorePlan, "id" | "params">, row: Row): void {
    const differing = this.#differing(params, row);
    if (differing.length === 0) return;
    throw new StoreError(
      `Cannot use record ${id} of "${this.engine.location}": it was stored for ` +
        `(${paramsText(paramsOfRow(row))}), and (${paramsText(params)}) is asked for: they ` +
        `differ in ${differing.map((name) => `"${name}"`).join(", ")}, and ids can collide, a ` +
        `record can be patched, and Python's entropic keeps the name of an enum but makes the id of ` +
        `its value; ask by the id, give one of them another, as { id: "…", … }, or delete the record`,
    );
  }

  /** The names of params that a row was not stored for. */
  #differing(params: Row, row: Row): string[] {
    const stored = paramsOfRow(row);
    return Object.keys(params).filter((name) =>
      !isSameValue(entryOf(params, name), entryOf(stored, name))
    );
  }

  /** The record that a row is. */
  recordOf(row: Row): StoreRecord {
    return recordOfRow(row, this.#columns, this.engine.location);
  }

  /**
   * Claims a run, unless it is done or busy. The claim is held until the body ends.
   *
   * @param isForced True to claim it though it is done.
   */
  async claim<T>(
    plan: StorePlan,
    body: (claim: HeldClaim) => Promise<T>,
    isForced = false,
  ): Promise<Held<T>> {
    if (!this.#isTableMade) {
      await this.#makeTable(plan);
      await this.#removeAbandoned();
    }
    let isClaimed = false; // from then on, an older row is there to be replaced
    const isDone = (row: Row): boolean => !isForced && !isClaimed && hasFile(row);
    const options = { label: this.label, warn: this.#options.warn, isDone };
    return await holdingClaim(this.engine, plan.key, options, (claim) => {
      isClaimed = true;
      return body(claim);
    });
  }

  /** Removes files that killed runs left in the results folder: their ids are not claimed. */
  async #removeAbandoned(): Promise<void> {
    for (const id of this.#options.files.begun(this.#tag!)) {
      const options = { label: this.label, warn: this.#options.warn, isDone: () => false };
      await holdingClaim(this.engine, keyOf(ID, { id }), options, async () => {
        this.#options.files.end(id, this.#tag!);
      });
    }
  }

  /** Makes the table, so that its faults show before anything runs. */
  async #makeTable({ key, params }: StorePlan): Promise<void> {
    const table = await recordsBackend(this.engine)?.recordColumns(key.values);
    this.#columns = columnsOf(this.#columns, table);
    this.#isTableMade = true;
    recordParams(params, this.#columns, !this.#options.columns); // other params may have made it
  }

  /** Runs, unless there is a record. Waits while another process runs it. */
  outcome(plan: StorePlan): MaybePromise<Outcome<unknown>> {
    return this.#runner.run(plan);
  }

  /** Runs though there is a record. */
  rerun(plan: StorePlan): Promise<Outcome<unknown>> {
    return this.#runner.rerun(plan);
  }

  checkShared(plan: StorePlan, { params }: Outcome<unknown>): void {
    this.compare(plan, params);
  }

  /** Executes a claimed run, keeps its result file and records it. Undefined if it was aborted. */
  async run(
    plan: StorePlan,
    claim: HeldClaim,
    execute: Execute,
  ): Promise<Outcome<unknown> | undefined> {
    const { id, params } = plan;
    const { files } = this.#options;
    try {
      files.begin(id, this.#tag!);
      const { executed, resultFile } = await this.#execute(plan, execute);
      if (executed.status === "aborted") return undefined;
      if (executed.status === "failed") {
        await claim.fail(executed.error, executed.attempts, executed.isPermanent);
        return { status: "failed", params, error: executed.error };
      }
      try {
        await files.keep(id, resultFile);
      } catch (error) {
        await claim.fail(error, 1);
        return { status: "failed", params, error };
      }
      return { status: "ran", params, value: await this.#record(plan, claim, executed.seconds) };
    } finally {
      files.end(id, this.#tag!);
    }
  }

  async #execute(
    { id, params, customData, args }: StorePlan,
    execute: Execute,
  ): Promise<{ readonly executed: Executed; readonly resultFile: string }> {
    const { files, runner } = this.#options;
    let attempt = 0;
    let resultFile = files.attemptPath(id, this.#tag!, attempt);
    const given = { ...args[0] as object, resultFile };
    const executed = await execute({
      id,
      params: { ...customData, ...params, resultFile },
      args: [given],
      // Attempts elsewhere all write to the first path; the one before is over by then.
      prepare: () => files.clearAttempt(id, this.#tag!),
      call: () => {
        // A path for each attempt: one that timed out may still write to its own.
        resultFile = files.attemptPath(id, this.#tag!, attempt++);
        return (runner as (params: object) => unknown)({ ...given, resultFile });
      },
    });
    return { executed, resultFile };
  }

  async #record(plan: StorePlan, claim: HeldClaim, seconds: number): Promise<StoreRecord> {
    const { id, params } = plan;
    const { files, leavesNotes, isSynced } = this.#options;
    const resultFile = files.pathOf(id);
    const customData = { ...plan.customData };
    if (!("elapsed_seconds" in customData)) {
      customData["elapsed_seconds"] = Math.round(seconds * 1e4) / 1e4;
    }
    if (leavesNotes) {
      const unfinished = files.unfinishedNote(id, this.#tag!);
      writeNote(files.noteOf(id), unfinished, { id, params, resultFile, customData }, isSynced);
    }
    return await this.record(claim, plan, resultFile, customData);
  }

  /** Records a claimed run. An older record keeps when it was made, and columns that are not given. */
  async record(
    claim: HeldClaim,
    { id, key, params }: StorePlan,
    resultFile: string,
    customData: Row,
  ): Promise<StoreRecord> {
    const before = await this.engine.find(key);
    const all = { ...before && paramsOfRow(before), ...params };
    const row = {
      id,
      ...all,
      result_file: resultFile,
      created_at: createdAt(before),
      custom_data: customData,
    };
    const record = this.recordOf(row);
    await claim.record(row);
    this.#missing.delete(id);
    const isWhole = Object.keys(this.#columns ?? {}).every((name) => Object.hasOwn(all, name));
    if (isWhole) return record;
    return this.recordOf(await this.engine.find(key) ?? row); // with the defaults of the table
  }
}

/** True if the result file of a record exists. */
function hasFile(row: Row): boolean {
  const { result_file: file } = row;
  return typeof file === "string" && fs.existsSync(file);
}

function tagOf(location: string): string {
  // A store in memory has no other users: none may take its files for those of a dead process.
  const text = location === ":memory:" ? `${Math.random()}` : location;
  return hash("sha256", text, "hex").slice(0, 8);
}

function customDataOf(customData: CustomData, params: Row): Row {
  const data = toValue(customData, "customData");
  if (!isPlainObject(data)) {
    throw new TypeError("Cannot use customData: it must be a plain object, { name: value, … }");
  }
  for (const name of Object.keys(data)) {
    if (!Object.hasOwn(params, name) && !isReservedParam(name)) continue;
    throw new TypeError(
      `Cannot use "${name}" in customData: it is a param or reserved, and the runner gets both ` +
        `together; rename it`,
    );
  }
  return data as Row;
}

/** Returns the time of a record: that of its first run, as in Python's entropic. */
function createdAt(before: Row | undefined): string {
  const time = before?.["created_at"];
  return typeof time === "string" && !Number.isNaN(Date.parse(time))
    ? time
    : new Date().toISOString();
}
