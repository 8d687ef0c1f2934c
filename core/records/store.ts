import fs from "node:fs";
import path from "node:path";
import type { Backend, Failure } from "../contract/backend.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import { messageOf, StoreError } from "../errors.ts";
import type { HeldClaim } from "../runs/held_claim.ts";
import { ingest } from "./ingest.ts";
import { claimWaiting } from "../runs/key_runner.ts";
import type { Outcome } from "../runs/once_types.ts";
import { checkOptions, type OptionForms } from "../options/check_options.ts";
import { flag, location, log, names, oneOf, store, text } from "../options/option_forms.ts";
import { checkColumns } from "./record_columns.ts";
import { recordParams } from "./record_params.ts";
import { patchedRow } from "./record_patch.ts";
import { locationText, type Registry } from "../contract/registry.ts";
import { notOnReplaced, onReplaced } from "../runtime/replaced_module.ts";
import { ResultFiles } from "./result_files.ts";
import { isSameValue } from "../values/same_value.ts";
import { StoreRuns } from "./store_runs.ts";
import type {
  Columns,
  CustomData,
  IngestCounts,
  RecordKey,
  RecordPatch,
  StoreInit,
  StoreParams,
  StoreRecord,
} from "./store_types.ts";
import { sweep } from "../sweeps/sweep.ts";
import type { SweepOptions } from "../sweeps/sweep_types.ts";
import { setTarget } from "../runs/target.ts";
import type { Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Default store of a `Store`. */
const DEFAULT_STORE = "sqlite:///db.sqlite3";

const OPTIONS: OptionForms<StoreInit> = {
  runner: true,
  store,
  table: text,
  resultsDir: location,
  fileSuffix: text,
  columns: names,
  resultNotes: flag,
  durability: oneOf("power", "process"),
  warn: log,
  backends: names,
};

/** Maximum number of warnings about unreadable rows in one search. */
const MAX_WARNINGS = 10;

/**
 * Base of `Store` of mod.ts, which knows the kinds of store.
 *
 * @internal
 */
export class Store<C extends Columns = Columns> {
  readonly #runs: StoreRuns;
  readonly #files: ResultFiles;
  readonly #init: StoreInit<C>;
  readonly #warn: (message: string) => void;
  /** The backend that this object opened, and has to close. */
  #owned: Promise<Backend> | undefined;
  #isClosed = false;
  readonly #onReplaced = (): void => {
    this.#release().catch((error) =>
      this.#warn(`[stet] Cannot close a store of the module before: ${messageOf(error)}`)
    );
  };

  /** @param registry The kinds of store that are known. */
  constructor(init: StoreInit<C>, registry: Registry) {
    checkOptions("make a Store", init, OPTIONS);
    const { runner, resultsDir = "./results", fileSuffix = ".h5", columns, resultNotes } = init;
    if (typeof runner !== "function") {
      throw new TypeError(`Cannot make a Store: its runner is ${typeof runner}, not a function`);
    }
    if (/[/\\\p{Cc}]/u.test(fileSuffix)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(fileSuffix)} as fileSuffix: it must not hold "/", "\\" or ` +
          `control characters; the folder is resultsDir`,
      );
    }
    if (columns) checkColumns(columns);
    if (resultNotes) checkSuffixOfNotes(fileSuffix);
    const { durability = "power", warn = console.warn, store = DEFAULT_STORE } = init;
    if (typeof store === "string" || store instanceof URL) registry.check(store, init.backends);
    this.#init = init;
    this.#warn = warn;
    this.#files = new ResultFiles(locationText(resultsDir), fileSuffix, durability === "power");
    this.#runs = new StoreRuns({
      runner,
      columns,
      files: this.#files,
      isSynced: durability === "power",
      leavesNotes: resultNotes ?? false,
      warn,
      open: () => this.#open(registry),
    });
    setTarget(this, this.#runs, runner as (...args: unknown[]) => unknown);
  }

  /**
   * Returns the record of these params. The runner makes it if there is none. Rejects with the runner's
   * error. Calls at the same time for the same params share one run.
   *
   * @param customData Given to the runner, and stored with the record if this call runs it.
   */
  async runOrRetrieve(
    params: StoreParams<C>,
    customData: CustomData = {},
  ): Promise<StoreRecord<C>> {
    const runs = await this.#ready();
    return this.#valueOf(await runs.outcome(runs.plan(params, customData)));
  }

  /**
   * Runs in any case, and returns the new record. It replaces an older one, as its result file does.
   * Rejects with the runner's error; the older record and file are then unchanged.
   */
  async run(params: StoreParams<C>, customData: CustomData = {}): Promise<StoreRecord<C>> {
    const runs = await this.#ready();
    return this.#valueOf(await runs.rerun(runs.plan(params, customData)));
  }

  /** Returns the record of these params or of an id; undefined if there is none or its file is gone. */
  async retrieve(which: RecordKey<C>): Promise<StoreRecord<C> | undefined> {
    const runs = await this.#ready();
    const row = await runs.look(runs.planLook(which));
    return row && runs.recordOf(row) as StoreRecord<C>;
  }

  /**
   * Records a result file that was made elsewhere. The file stays where it is.
   *
   * @throws {Error} If there is no such file; `cause` has the code `ENOENT`.
   * @throws {StoreError} If these params have a record already.
   */
  async register(
    params: StoreParams<C>,
    resultFile: string | URL,
    customData: CustomData = {},
  ): Promise<StoreRecord<C>> {
    const runs = await this.#ready();
    const plan = await runs.resolve(runs.plan(params, customData));
    const file = path.normalize(locationText(resultFile));
    try {
      fs.statSync(file);
    } catch (cause) {
      throw new Error(
        `Cannot register "${file}" as the result of (${paramsText(plan.params)}): ` +
          `${messageOf(cause)}; make it first`,
        { cause },
      );
    }
    const registered = await claimWaiting(
      runs,
      plan,
      (claim) => runs.record(claim, plan, file, plan.customData),
    );
    if (registered) return registered.result as StoreRecord<C>;
    throw new StoreError(
      `Cannot register "${file}": there is a record ${plan.id} for (${paramsText(plan.params)}) ` +
        `already; delete that first`,
    );
  }

  /**
   * Returns the records of all these params, each once, in order of first appearance. Missing ones are
   * run. The params are read once.
   *
   * @throws {TypeError} If params do not fit; of an array, before anything runs.
   * @throws {Error} If runs failed (the first one's error is the `cause`) or the sweep was stopped
   * before its end. Runs that succeeded are recorded: the next call continues from there.
   */
  async sweep(
    params: Iterable<StoreParams<C>> | AsyncIterable<StoreParams<C>>,
    options: SweepOptions = {},
  ): Promise<StoreRecord<C>[]> {
    const runs = await this.#ready();
    const asked = new Map<string, Row>();
    const note = (item: unknown): void => noteParams(asked, runs.plan(item));
    const found = new Map<string, StoreRecord<C>>();
    const failures: unknown[] = [];
    const isArray = Array.isArray(params);
    if (isArray) params.forEach(note); // before anything runs
    const swept = sweep(this, isArray ? params : noted(params, note), options);
    for await (const outcome of swept) {
      if (outcome.status === "failed") failures.push(outcome.error);
      else if (outcome.status !== "busy") {
        const record = outcome.value as StoreRecord<C>;
        // A record of Python's entropic may have another id than the one that was asked for.
        const { id } = record;
        found.set(asked.has(id) ? id : runs.plan(outcome.params).id, record);
      }
    }
    const { stopped } = await swept.done;
    if (failures.length > 0) {
      throw new Error(
        `Cannot give all records of the sweep: ${failures.length} of ${asked.size} runs failed, the ` +
          `first with: ${messageOf(failures[0])}`,
        { cause: failures[0] },
      );
    }
    if (stopped !== undefined) {
      throw new Error(
        `Cannot give all records of the sweep: it was stopped (${stopped}) with ${found.size} done; ` +
          `sweep again to go on`,
      );
    }
    return [...asked.keys()].map((id) => found.get(id)!);
  }

  /**
   * Removes the record of these params or of an id, and returns true if there was one. With `removeFile`,
   * its result file too.
   */
  async delete(
    which: RecordKey<C>,
    { removeFile = false }: { readonly removeFile?: boolean } = {},
  ): Promise<boolean> {
    const runs = await this.#ready();
    const plan = await runs.resolve(runs.planLook(which));
    const row = await runs.engine.find(plan.key);
    if (!row) return false;
    runs.compare(plan, row);
    if (await runs.engine.removeKey(plan.key) === 0) return false;
    const { result_file: file } = row;
    if (!removeFile || typeof file !== "string") return true;
    try {
      const isOurs = path.resolve(file) === path.resolve(this.#files.pathOf(plan.id));
      fs.rmSync(file, { force: true, recursive: isOurs }); // a result may be a folder
    } catch (error) {
      this.#warn(`[stet] Cannot remove the result file "${file}": ${messageOf(error)}`);
    }
    return true;
  }

  /**
   * Yields the records that agree on all columns given (params, `id`, `resultFile`), or all, one at a time,
   * oldest first; `Array.fromAsync(store.find())` gives an array. Records whose file is gone are among
   * them. A row that is no record, such as one edited by hand, is left out with a warning.
   */
  async *find(columns: Partial<StoreParams<C>> = {}): AsyncGenerator<StoreRecord<C>> {
    const runs = await this.#ready();
    const wanted: Row = recordParams(columns, runs.columns, true);
    const { id, resultFile } = columns as { readonly id?: string; readonly resultFile?: string };
    if (id !== undefined) wanted["id"] = id;
    if (resultFile !== undefined) wanted["result_file"] = resultFile;
    const names = Object.keys(wanted);
    let unreadable = 0;
    for await (const row of yielding(runs.engine.rows())) {
      if (!names.every((name) => isSameValue(row[name], wanted[name]))) continue;
      let record: StoreRecord;
      try {
        record = runs.recordOf(row);
      } catch (error) {
        if (++unreadable <= MAX_WARNINGS) this.#warn(`[stet] Left out a row: ${messageOf(error)}`);
        continue;
      }
      yield record as StoreRecord<C>;
    }
    if (unreadable > MAX_WARNINGS) {
      this.#warn(`[stet] Left out ${unreadable - MAX_WARNINGS} more rows that cannot be read`);
    }
  }

  /**
   * Changes a record, and returns it; undefined if there is none. Entries of `customData`
   * are set, removed if null; an empty `customData` removes all. Columns are set, unless null or left
   * out. The id stays: when a param was changed, asking for the old one is an error that shows both.
   */
  async patch(
    which: RecordKey<C>,
    patch: RecordPatch<C>,
  ): Promise<StoreRecord<C> | undefined> {
    const runs = await this.#ready();
    const plan = await runs.resolve(runs.planLook(which));
    if (!await runs.engine.find(plan.key)) return undefined;
    const change = async (claim: HeldClaim): Promise<StoreRecord | undefined> => {
      const row = await runs.engine.find(plan.key);
      if (!row) return undefined;
      runs.compare(plan, row);
      const patched = patchedRow(row, patch, runs.columns);
      const record = runs.recordOf(patched);
      await claim.record(patched);
      return record;
    };
    return (await claimWaiting(runs, plan, change, true))!.result as StoreRecord<C> | undefined;
  }

  /**
   * Records the notes `<id>.json` that runs with `resultNotes` left in the results folder, notes of
   * Python's entropic too, and resolves to their counts. A note is deleted after its record is kept. A
   * note that cannot be read, or whose result file is missing or empty, stays, with a warning.
   *
   * @param options `overwrite`: true if notes replace existing records. Default: false.
   */
  async ingest(
    { overwrite = false }: { readonly overwrite?: boolean } = {},
  ): Promise<IngestCounts> {
    const { fileSuffix = ".h5" } = this.#init;
    checkSuffixOfNotes(fileSuffix);
    const runs = await this.#ready();
    const { folder } = this.#files;
    return await ingest(runs, { folder, fileSuffix, overwrite, warn: this.#warn });
  }

  /** Returns the runs that failed and have not succeeded since, with their errors, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    return await (await this.#ready()).engine.failures();
  }

  /** Closes the store. Later calls are errors. A backend that was given stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    notOnReplaced(this.#onReplaced);
    const owned = this.#owned;
    this.#owned = undefined;
    if (owned) await (await owned).close();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes the backend after the runs under way; a later call opens it again. */
  async #release(): Promise<void> {
    const owned = this.#owned;
    this.#owned = undefined;
    await this.#runs.forget();
    if (owned) await (await owned).close();
  }

  /** The runs, with the store open. */
  async #ready(): Promise<StoreRuns> {
    if (this.#isClosed) {
      throw new StoreError("Cannot use this Store: it was closed; make a new one");
    }
    await this.#runs.open();
    return this.#runs;
  }

  async #open(registry: Registry): Promise<Engine> {
    const { store = DEFAULT_STORE, table = "results", columns } = this.#init;
    const { durability = "power", backends } = this.#init;
    if (typeof store === "object" && !(store instanceof URL)) return engineOf(store);
    this.#owned ??= registry.open(store, {
      durability,
      warn: this.#warn,
      records: { table, ...columns && { columns } },
      ...backends && { backends },
    });
    onReplaced(this.#onReplaced);
    try {
      return engineOf(await this.#owned);
    } catch (error) {
      this.#owned = undefined;
      throw error;
    }
  }

  #valueOf(outcome: Outcome<unknown>): StoreRecord<C> {
    if (outcome.status === "failed") throw outcome.error;
    return (outcome as { readonly value: unknown }).value as StoreRecord<C>;
  }
}

/** @throws {TypeError} If result files could be taken for notes. */
function checkSuffixOfNotes(fileSuffix: string): void {
  if (fileSuffix.toLowerCase() !== ".json") return;
  throw new TypeError(
    `Cannot tell notes from result files: both are called <id>.json; choose another fileSuffix`,
  );
}

/** @throws {TypeError} If other params have the same id: one of them would be left out. */
function noteParams(
  asked: Map<string, Row>,
  { id, params }: { readonly id: string; readonly params: Row },
): void {
  const before = asked.get(id);
  if (!before) return void asked.set(id, params);
  const names = Object.keys({ ...before, ...params });
  if (names.every((name) => isSameValue(before[name], params[name]))) return;
  throw new TypeError(
    `Cannot sweep: (${paramsText(before)}) and (${paramsText(params)}) have the same id ${id}; ` +
      `give them ids of their own, as { id: "…", … }`,
  );
}

/** Yields the same params, and calls `note` with each before. */
async function* noted<T>(
  params: Iterable<T> | AsyncIterable<T>,
  note: (item: unknown) => void,
): AsyncGenerator<T> {
  for await (const item of params) {
    note(item);
    yield item;
  }
}
