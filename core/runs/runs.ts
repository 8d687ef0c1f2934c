import type { CallSite } from "./call_site.ts";
import { checkParamName, ELAPSED, NAMESPACE, sourceIn } from "../values/columns.ts";
import type { Engine } from "../contract/engine.ts";
import { DEFAULT_STORE } from "../contract/registry.ts";
import { ColumnError, ResultError } from "../errors.ts";
import { hashRow } from "../keys/hash_params.ts";
import { type Held, type HeldClaim, holdingClaim } from "./held_claim.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "../keys/key.ts";
import { KeyRunner } from "./key_runner.ts";
import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import { nearestName } from "../values/nearest_name.ts";
import type { OnChange, Outcome, RunsOptions } from "./once_types.ts";
import { SkipSummary } from "./skip_summary.ts";
import { variableName } from "./variable_name.ts";
import { resultColumns, resultOf, wholeResult } from "./result.ts";
import type { SharedStore } from "./open_stores.ts";
import { type Signature, signatureOf } from "../keys/signature.ts";
import { SourceWatch } from "./source_watch.ts";
import type { AnyFunction, Execute, Finished, Plan, Target } from "./target.ts";
import { isPlainObject, type Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";
import { WrappedFunction } from "./wrapped_function.ts";

/** Stands for the row of a run that is done where its cells are not asked for. */
const NO_CELLS: Row = {};

/**
 * Opens the store of a function.
 *
 * @param location Location of another store than that of its options.
 */
export type OpenStore = (
  wrapped: WrappedFunction,
  location: string | undefined,
) => Promise<SharedStore>;

/** The runs of one function: the way of a call from its arguments to its row. */
export class Runs implements Target<CallPlan> {
  /** Name of the function in messages. */
  readonly label: string;
  readonly #fn: AnyFunction;
  readonly #signature: Signature;
  readonly #options: RunsOptions;
  readonly #runner: KeyRunner<CallPlan>;
  readonly #open: OpenStore;
  /** Location of the store that takes the place of the one of its options. */
  #location: string | undefined;
  readonly #wrapped: WrappedFunction;
  readonly #watch: SourceWatch;
  /** True if results are saved. */
  #isSaving: boolean;
  /** The store, from the first call until it is closed. */
  #store: SharedStore | undefined;
  #opening: Promise<SharedStore> | undefined;
  #engine: Engine | undefined;
  readonly #shapes = new Map<readonly string[] | undefined, KeyShape>();
  /** Names of undeclared params that were found fit to be columns. */
  readonly #checked = new Set<string>();

  constructor(
    fn: AnyFunction,
    options: RunsOptions,
    site: CallSite | undefined,
    open: OpenStore,
  ) {
    const { key, paramNames, namespace } = options;
    this.#fn = fn;
    const variable = site && !fn.name ? variableName(site) : undefined;
    this.#signature = signatureOf(fn, {
      ...key && { key },
      ...paramNames && { paramNames },
      ...site && { module: site.module },
      ...variable !== undefined && { name: variable },
    });
    for (const name of this.#signature.keyColumns([]) ?? []) checkParamName(name);
    if (namespace === "") {
      throw new TypeError(`Cannot wrap: namespace is empty; leave it out or give it a name`);
    }
    this.#options = options;
    this.label = options.name ?? this.#signature.name;
    this.#open = open;
    this.#wrapped = new WrappedFunction(fn, this.label, options.name, site);
    this.#watch = new SourceWatch(this.#wrapped, options);
    const { save = false, onBusy = save ? "wait" : "skip", quiet } = options;
    this.#isSaving = save;
    this.#runner = new KeyRunner(this, onBusy, quiet ? undefined : this.#onSkip());
  }

  /**
   * Runs or skips a call: at once if the store knows its row at once.
   *
   * @throws {StoreError} If the store fails. @throws {TypeError} If the arguments make no key.
   */
  outcome(self: unknown, args: readonly unknown[]): MaybePromise<Outcome<unknown>> {
    const plan = this.#planOf(args, self);
    const run = (store: SharedStore) => store.during(() => this.#runner.run(plan));
    const store = this.#usable();
    return store ? run(store) : this.#opened().then(run);
  }

  /** Returns true if a call would be skipped as done. */
  async has(args: readonly unknown[]): Promise<boolean> {
    return await this.using(async () => await this.look(this.#planOf(args), false) !== undefined);
  }

  /** Forgets that a call was done, or failed; true if it was. */
  async reset(args: readonly unknown[]): Promise<boolean> {
    return await this.using(async (engine) => {
      const { key } = this.#planOf(args);
      const removed = await engine.removeKey(key);
      const failed = (await engine.failures()).map(({ params }) => params)
        .filter((params) => keyOf(key.shape, params).text === key.text);
      return removed + (failed.length > 0 ? await engine.forget(failed) : 0) > 0;
    });
  }

  /** Uses the store, which stays open meanwhile. */
  async using<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
    const store = await this.#opened();
    return await store.during(() => use(store.engine));
  }

  get ownStore(): string | undefined {
    const { store } = this.#options;
    return typeof store === "string" || store instanceof URL ? String(store) : undefined;
  }

  /** Has the function use the store at a location, instead of that of its options, from its next opening on. */
  relocate(location: string): void {
    this.#location = location;
  }

  /** The store as its options name it; undefined if they hold an open one. */
  get store(): string | undefined {
    const { store = DEFAULT_STORE } = this.#options;
    const isOpen = typeof store === "object" && !(store instanceof URL);
    return this.#location ?? (isOpen ? undefined : String(store));
  }

  get onChange(): OnChange {
    return this.#watch.onChange;
  }

  /** Returns the open store. */
  async backend(): Promise<Engine> {
    return (await this.#opened()).engine;
  }

  /** The open store. */
  get engine(): Engine {
    return this.#engine!;
  }

  get isSaving(): boolean {
    return this.#isSaving;
  }

  saveResults(): void {
    this.#isSaving = true;
  }

  get isQuiet(): boolean {
    return this.#options.quiet ?? false;
  }

  get namespace(): string | undefined {
    return this.#options.namespace;
  }

  /** The source of its rows. Known once its store is open. */
  get source(): string | undefined {
    return this.#watch.own;
  }

  async begin(): Promise<() => Promise<void>> {
    return (await this.#opened()).beginSweep();
  }

  /**
   * Releases the store, which is closed unless other functions use it; a later call opens it again. Waits
   * for the calls under way.
   */
  async close(): Promise<void> {
    const store = await this.#opening?.catch(() => undefined) ?? this.#store;
    this.#store = undefined;
    await store?.release();
  }

  /** Returns the open store, unless another function has taken this one's place. */
  #usable(): SharedStore | undefined {
    return this.#store?.isOpen && !this.#wrapped.peers!.isReplaced ? this.#store : undefined;
  }

  async #opened(): Promise<SharedStore> {
    return this.#usable() ?? await (this.#opening ??= this.#openStore());
  }

  async #openStore(): Promise<SharedStore> {
    const before = this.#store;
    try {
      const store = await this.#open(this.#wrapped, this.#location);
      this.#store = store;
      this.#engine = store.engine;
      await before?.release();
      return store;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Returns the run of params by name, or of an array of arguments. */
  plan(item: unknown): CallPlan {
    if (Array.isArray(item)) return this.#planOf(item, undefined, item);
    const { style, names = [], only } = this.#signature;
    if (!isPlainObject(item)) {
      const isOnly = style === "either" || (style === "positional" && names.length === 1);
      if (isOnly && item !== undefined && item !== null) {
        return this.#planOf([item], undefined, item);
      }
      const got = item === null ? "null" : typeof item;
      throw new TypeError(
        `Cannot sweep ${this.label}(): its params must be objects { name: value, … }, or arrays ` +
          `of arguments, got ${got}`,
      );
    }
    if (only !== undefined && Object.hasOwn(item, only) && Object.keys(item).length === 1) {
      return this.#planOf([item[only]], undefined, item);
    }
    if (style !== "positional") {
      if (style === "object") this.#checkFields(item, names);
      return this.#planOf([item], undefined, item);
    }
    for (const name of Object.keys(item)) {
      if (!names.includes(name)) throw this.#noParam(name, names);
    }
    return this.#planOf(names.map((name) => item[name]), undefined, item);
  }

  params({ key }: Plan): Row {
    if (this.#options.namespace === undefined) return { ...key.values };
    const { [NAMESPACE]: _, ...params } = key.values;
    return params;
  }

  unused({ key, args, item }: CallPlan): readonly string[] {
    const isByName = isPlainObject(item) || this.#signature.style === "object";
    const given = isByName ? isPlainObject(item) ? item : args[0] : this.#signature.params(args);
    return Object.entries(given as object)
      .filter(([name, value]) => value !== undefined && !Object.hasOwn(key.values, name))
      .map(([name]) => name);
  }

  /**
   * Checks that no param is lost. The function reads its fields only, so all values of a misspelt one would
   * be one run, without it. Next to all fields, other params may pass through.
   */
  #checkFields(item: Readonly<Record<string, unknown>>, names: readonly string[]): void {
    if (names.every((name) => Object.hasOwn(item, name))) return;
    const { key, defaults = {} } = this.#options;
    const missing = names.filter((name) =>
      !Object.hasOwn(item, name) && (key?.includes(name) ?? true)
    );
    const isNeeded = missing.some((name) =>
      !this.#signature.defaults.has(name) && !Object.hasOwn(defaults, name)
    );
    for (const name of Object.keys(item)) {
      if (names.includes(name) || key?.includes(name)) continue;
      const nearest = nearestName(name, missing);
      if (isNeeded || nearest !== undefined) throw this.#noParam(name, nearest ? missing : names);
    }
  }

  #noParam(name: string, names: readonly string[]): TypeError {
    const nearest = nearestName(name, names);
    return new TypeError(
      `Cannot sweep ${this.label}(): it has no param "${name}"` +
        (nearest === undefined ? `, only ${names.join(", ")}` : `; did you mean "${nearest}"?`),
    );
  }

  #planOf(args: readonly unknown[], self?: unknown, item?: unknown): CallPlan {
    const params = this.#signature.params(args);
    const columns = this.#signature.keyColumns(args);
    if (!columns) this.#checkNames(params);
    const { namespace } = this.#options;
    if (namespace !== undefined) params[NAMESPACE] = namespace;
    return { key: keyOf(this.#shapeOf(columns), params, columns), args, self, item };
  }

  /** Rows of another namespace never count, so that column is in every key. */
  #shapeOf(columns: readonly string[] | undefined): KeyShape {
    let shape = this.#shapes.get(columns);
    if (!shape) {
      shape = keyShape(columns && [...columns, NAMESPACE], this.#options.defaults);
      this.#shapes.set(columns, shape);
    }
    return shape;
  }

  #checkNames(params: Readonly<Record<string, unknown>>): void {
    for (const name of Object.keys(params)) {
      if (this.#checked.has(name)) continue;
      checkParamName(name);
      this.#checked.add(name);
    }
  }

  look(
    { key, self }: CallPlan,
    isRead: boolean,
    mayClaim?: boolean,
  ): MaybePromise<Row | undefined> {
    const { rerunIfMissing } = this.#options;
    if ((isRead && this.#isSaving) || rerunIfMissing) {
      return andThen(
        this.engine.savedResult(key, mayClaim),
        (row) => row && this.#isDone(row) ? this.#answer(key, row, sourceIn(row), self) : undefined,
      );
    }
    return andThen(
      this.engine.sourceOf(key, mayClaim),
      (source) => source === undefined ? undefined : this.#answer(key, NO_CELLS, source, self),
    );
  }

  /** Returns the row that answers a call, unless its source says to run again. */
  #answer(key: Key, row: Row, source: string, self: unknown): MaybePromise<Row | undefined> {
    const watch = this.#watch;
    watch.checkMaker(key, self);
    if (watch.onChange === "ignore" || watch.isWarned || !watch.isOther(source)) return row;
    if (watch.onChange === "rerun") return undefined;
    return watch.report(this.engine, key).then(() => row);
  }

  #isDone(row: Row): boolean {
    return (!this.#options.rerunIfMissing || resultOf(row) !== undefined) &&
      (this.#watch.onChange !== "rerun" || !this.#watch.isOther(sourceIn(row)));
  }

  skipped(plan: CallPlan, row: Row): Outcome<unknown> {
    const params = this.params(plan);
    return this.#isSaving
      ? { status: "skipped", params, value: resultOf(row) }
      : { status: "skipped", params };
  }

  checkShared({ key, self }: CallPlan): void {
    this.#watch.checkMaker(key, self);
  }

  /** Returns the function that reports skipped calls: a line each for `log`, else sums on standard error. */
  #onSkip(): (outcome: Outcome<unknown>, holder?: string) => void {
    const { log } = this.#options;
    if (!log) {
      const summary = new SkipSummary(this.label);
      return (_, holder) => summary.add(holder !== undefined);
    }
    return ({ params }, holder) => {
      const why = holder === undefined ? "" : `: ${holder} runs it`;
      log(`[stet] Skipping ${this.label}(${paramsText(params)})${why}`);
    };
  }

  claim<T>(
    { key }: CallPlan,
    body: (claim: HeldClaim) => Promise<T>,
  ): Promise<Held<T>> {
    const mayRerun = this.#options.rerunIfMissing || this.#watch.onChange === "rerun";
    const isDone = mayRerun && { isDone: (row: Row) => this.#isDone(row) };
    return holdingClaim(this.engine, key, { label: this.label, ...isDone }, body);
  }

  async run(
    plan: CallPlan,
    claim: HeldClaim,
    execute: Execute,
  ): Promise<Outcome<unknown> | undefined> {
    const { key, args, self } = plan;
    const { values } = key; // read now: the function may change its params
    const params = this.params(plan);
    this.#watch.made(key, self);
    const executed = await execute({
      get id(): string {
        return hashRow(values);
      },
      params,
      args,
      call: () => this.#fn.call(self, ...args),
    });
    if (executed.status === "aborted") return undefined;
    return await this.#record(values, params, claim, executed);
  }

  async #record(
    values: Row,
    params: Row,
    claim: HeldClaim,
    executed: Finished,
  ): Promise<Outcome<unknown>> {
    if (executed.status === "failed") {
      const { error, attempts, isPermanent } = executed;
      await claim.fail(error, attempts, isPermanent);
      return { status: "failed", params, error };
    }
    const { value, seconds } = executed;
    const own = { [ELAPSED]: Math.round(seconds * 1e6) / 1e6, ...this.#watch.columns };
    if (!this.#isSaving) {
      await claim.record({ ...values, ...own });
      return { status: "ran", params, value };
    }
    let result: Row;
    try {
      result = resultColumns(value);
    } catch (error) {
      await claim.record({ ...values, ...own });
      if (!(error instanceof ResultError)) throw error;
      return { status: "failed", params, error };
    }
    try {
      await claim.record({ ...values, ...result, ...own });
    } catch (error) {
      if (!(error instanceof ColumnError)) throw error; // nothing was written, and the claim is held
      await claim.record({ ...values, ...wholeResult(result), ...own });
    }
    // In the form in which a skipped call will return it.
    return { status: "ran", params, value: resultOf(result) };
  }
}

/** One call that is asked for. */
interface CallPlan extends Plan {
  /** Its `this`. */
  readonly self?: unknown;
}
