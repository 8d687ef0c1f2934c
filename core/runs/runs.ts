import type { MaybePromise } from "../contract/backend.ts";
import type { CallSite } from "./call_site.ts";
import { checkParamName, ELAPSED, NAMESPACE, sourceIn } from "../values/columns.ts";
import type { Engine } from "../contract/engine.ts";
import { ColumnError, ResultError } from "../errors.ts";
import { hashRow } from "../keys/hash_params.ts";
import { type Held, type HeldClaim, holdingClaim } from "./held_claim.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "../keys/key.ts";
import { nearestName } from "../values/nearest_name.ts";
import type { OnceOptions, Outcome } from "./once_types.ts";
import { resultColumns, resultOf, wholeResult } from "./result.ts";
import type { SharedStore } from "./shared_store.ts";
import { type Signature, signatureOf } from "../keys/signature.ts";
import { SourceWatch } from "./source_watch.ts";
import type { Execute, Executed, Plan, Target } from "./target.ts";
import { isPlainObject, type Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";
import { WrappedFunction } from "./wrapped_function.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** The longest pause between two looks at a key that another process runs, in milliseconds. */
const LONGEST_PAUSE = 250;

/** Stands for the row of a run that is done where its cells are not asked for. */
const NO_CELLS: Row = {};

/** Options of `once`, and what the command line adds. */
export interface RunsOptions extends OnceOptions {
  /** The source of the rows, where a program makes them and the function does not. */
  readonly source?: string;
}

/** The runs of one function: the way of a call from its arguments to its row. */
export class Runs implements Target {
  /** What messages call the function. */
  readonly label: string;
  readonly #fn: AnyFunction;
  readonly #signature: Signature;
  readonly #options: RunsOptions;
  readonly #log: (message: string) => void;
  readonly #open: (wrapped: WrappedFunction) => Promise<SharedStore>;
  readonly #wrapped: WrappedFunction;
  readonly #watch: SourceWatch;
  /** The store, from the first call until it is closed. */
  #store: SharedStore | undefined;
  #opening: Promise<SharedStore> | undefined;
  #backend: Engine | undefined;
  readonly #shapes = new Map<readonly string[] | undefined, KeyShape>();
  /** Runs under way, by key: calls with the same key share one. */
  readonly #running = new Map<string, Promise<Outcome<unknown>>>();
  /** Names of undeclared params that were found fit to be columns. */
  readonly #checked = new Set<string>();

  constructor(
    fn: AnyFunction,
    options: RunsOptions,
    site: CallSite | undefined,
    open: (wrapped: WrappedFunction) => Promise<SharedStore>,
  ) {
    const { key, paramNames, namespace } = options;
    this.#fn = fn;
    this.#signature = signatureOf(fn, {
      ...key && { key },
      ...paramNames && { paramNames },
      ...site && { module: site.module },
    });
    for (const name of this.#signature.keyColumns([]) ?? []) checkParamName(name);
    if (namespace === "") {
      throw new TypeError(`Cannot wrap: namespace is empty; leave it out or give it a name`);
    }
    this.#options = options;
    this.label = options.name ?? this.#signature.name;
    this.#log = options.quiet ? () => {} : options.log ?? console.log;
    this.#open = open;
    this.#wrapped = new WrappedFunction(fn, this.label, site);
    this.#watch = new SourceWatch(this.#wrapped, options);
  }

  /** Runs or skips a call. Rejects only if the store fails or the arguments make no key. */
  async outcome(self: unknown, args: readonly unknown[]): Promise<Outcome<unknown>> {
    const plan = this.#planOf(args);
    const { text } = plan.key;
    const store = this.#usable() ?? await this.#opened();
    store.beginCall();
    try {
      const running = this.#running.get(text);
      if (running) return await this.#shared(plan, self, running);
      const row = await this.look(plan, true, self);
      if (row) return this.#told(this.skipped(plan, row));
      // Again: another call may have begun while this one looked.
      const begun = this.#running.get(text);
      if (begun) return await this.#shared(plan, self, begun);
      const run = this.#claimAndRun(plan, self);
      this.#running.set(text, run);
      try {
        return await run;
      } finally {
        this.#running.delete(text);
      }
    } finally {
      store.endCall();
    }
  }

  /** Whether a call would be skipped as done. */
  async has(args: readonly unknown[]): Promise<boolean> {
    return await this.using(async () => await this.look(this.#planOf(args), false) !== undefined);
  }

  /** Forgets that a call was done, or failed; true if it was. */
  async reset(args: readonly unknown[]): Promise<boolean> {
    return await this.using(async (backend) => {
      const { key } = this.#planOf(args);
      const removed = await backend.removeKey(key);
      const failed = (await backend.failures()).map(({ params }) => params)
        .filter((params) => keyOf(key.shape, params).text === key.text);
      return removed + (failed.length > 0 ? await backend.forget(failed) : 0) > 0;
    });
  }

  /** Uses the store, which stays open meanwhile. */
  async using<T>(use: (backend: Engine) => Promise<T>): Promise<T> {
    const store = await this.#opened();
    store.beginCall();
    try {
      return await use(store.backend);
    } finally {
      store.endCall();
    }
  }

  /** The open store. */
  async backend(): Promise<Engine> {
    return (await this.#opened()).backend;
  }

  #shared(
    { key }: Plan,
    self: unknown,
    running: Promise<Outcome<unknown>>,
  ): Promise<Outcome<unknown>> {
    this.#watch.checkMaker(key, self);
    return running;
  }

  /** Opens the store for a sweep. It stays open until the function that is given is called. */
  async begin(): Promise<() => Promise<void>> {
    const store = await this.#opened();
    store.beginSweep();
    return () => store.endSweep();
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

  /** The open store, unless another function has taken this one's place. */
  #usable(): SharedStore | undefined {
    return this.#store?.isOpen && !this.#wrapped.peers!.isReplaced ? this.#store : undefined;
  }

  async #opened(): Promise<SharedStore> {
    return this.#usable() ?? await (this.#opening ??= this.#openStore());
  }

  async #openStore(): Promise<SharedStore> {
    const before = this.#store;
    try {
      const store = await this.#open(this.#wrapped);
      this.#store = store;
      this.#backend = store.backend;
      await before?.release();
      return store;
    } finally {
      this.#opening = undefined;
    }
  }

  /** The run of params by name, or of an array of arguments. */
  plan(item: unknown): Plan {
    if (Array.isArray(item)) return this.#planOf(item);
    if (!isPlainObject(item)) {
      const got = item === null ? "null" : typeof item;
      throw new TypeError(
        `Cannot sweep ${this.label}(): its params must be objects { name: value, … }, or arrays ` +
          `of arguments, got ${got}`,
      );
    }
    const { style, names = [] } = this.#signature;
    if (style !== "positional") return this.#planOf([item]);
    for (const name of Object.keys(item)) {
      if (!names.includes(name)) throw this.#noParam(name, names);
    }
    return this.#planOf(names.map((name) => item[name]));
  }

  /** Its params by name. */
  params({ key }: Plan): Row {
    return paramsOf(key);
  }

  #noParam(name: string, names: readonly string[]): TypeError {
    const nearest = nearestName(name, names);
    return new TypeError(
      `Cannot sweep ${this.label}(): it has no param "${name}"` +
        (nearest === undefined ? `, only ${names.join(", ")}` : `; did you mean "${nearest}"?`),
    );
  }

  #planOf(args: readonly unknown[]): Plan {
    const params = this.#signature.params(args);
    const columns = this.#signature.keyColumns(args);
    if (!columns) this.#checkNames(params);
    const { namespace } = this.#options;
    if (namespace !== undefined) params[NAMESPACE] = namespace;
    return { key: keyOf(this.#shapeOf(columns), params, columns), args };
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

  /** The row of a run that is done, at once if the store knows at once; an empty one if that will do. */
  look({ key }: Plan, isRead: boolean, self?: unknown): MaybePromise<Row | undefined> {
    const backend = this.#backend!;
    if ((isRead && this.#options.save) || this.#options.rerunIfMissing) {
      const row = backend.find(key);
      const answer = (it: Row | undefined): MaybePromise<Row | undefined> =>
        it && this.#isDone(it) ? this.#answer(key, it, sourceIn(it), self) : undefined;
      return row instanceof Promise ? row.then(answer) : answer(row);
    }
    const source = backend.sourceOf(key);
    const answer = (it: string | undefined): MaybePromise<Row | undefined> =>
      it === undefined ? undefined : this.#answer(key, NO_CELLS, it, self);
    return source instanceof Promise ? source.then(answer) : answer(source);
  }

  /** The row that answers a call, once it is known whose it is. */
  #answer(key: Key, row: Row, source: string, self: unknown): MaybePromise<Row | undefined> {
    const watch = this.#watch;
    watch.checkMaker(key, self);
    if (watch.onChange === "ignore" || watch.isWarned || !watch.isOther(source)) return row;
    if (watch.onChange === "rerun") return undefined;
    return watch.report(this.#backend!, key).then(() => row);
  }

  #isDone(row: Row): boolean {
    return (!this.#options.rerunIfMissing || resultOf(row) !== undefined) &&
      (this.#watch.onChange !== "rerun" || !this.#watch.isOther(sourceIn(row)));
  }

  /** The outcome of a run whose row was found. */
  skipped({ key }: Plan, row: Row): Outcome<unknown> {
    const params = paramsOf(key);
    return { status: "skipped", params, ...this.#options.save && { value: resultOf(row) } };
  }

  #told(skipped: Outcome<unknown>): Outcome<unknown> {
    this.#log(`[stet] Skipping ${this.label}(${paramsText(skipped.params)})`);
    return skipped;
  }

  /** Claims a run, unless it is done or busy. The claim is held until the body ends. */
  claim<T>({ key }: Plan, body: (claim: HeldClaim) => Promise<T>): Promise<Held<T>> {
    const mayRerun = this.#options.rerunIfMissing || this.#watch.onChange === "rerun";
    const isDone = mayRerun && { isDone: (row: Row) => this.#isDone(row) };
    return holdingClaim(this.#backend!, key, { label: this.label, ...isDone }, body);
  }

  async #claimAndRun(plan: Plan, self: unknown): Promise<Outcome<unknown>> {
    const { save, onBusy = save ? "wait" : "skip" } = this.#options;
    for (let pause = 10;; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      const answer = await this.claim(plan, async (claim) => {
        void plan.key.values; // read now: the function may change its params
        this.#watch.made(plan.key, self);
        return await this.#keep(plan, claim, await this.#execute(self, plan.args));
      });
      if (answer.state === "claimed") return answer.result;
      if (answer.state === "done") {
        const row = await this.look(plan, true, self);
        if (row) return this.#told(this.skipped(plan, row));
        continue; // removed again in between
      }
      if (onBusy === "skip") {
        const params = paramsOf(plan.key);
        this.#log(`[stet] Skipping ${this.label}(${paramsText(params)}): ${answer.holder} runs it`);
        return { status: "busy", params };
      }
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  }

  async #execute(self: unknown, args: readonly unknown[]): Promise<Finished> {
    const start = performance.now();
    try {
      const value = await this.#fn.apply(self, [...args]);
      return { status: "done", value, seconds: (performance.now() - start) / 1000 };
    } catch (error) {
      return { status: "failed", error, attempts: 1 };
    }
  }

  /** Executes a claimed run and records its outcome. Undefined if it was aborted. */
  async run(plan: Plan, claim: HeldClaim, execute: Execute): Promise<Outcome<unknown> | undefined> {
    const { key, args } = plan;
    const { values } = key; // read now: the function may change its params
    this.#watch.made(key, undefined);
    const executed = await execute({
      get id(): string {
        return hashRow(values);
      },
      params: paramsOf(key),
      args,
      call: () => this.#fn(...args),
    });
    return executed.status === "aborted" ? undefined : await this.#keep(plan, claim, executed);
  }

  async #keep({ key }: Plan, claim: HeldClaim, executed: Finished): Promise<Outcome<unknown>> {
    const params = paramsOf(key);
    if (executed.status === "failed") {
      const { error, attempts } = executed;
      await claim.fail(error, attempts);
      return { status: "failed", params, error };
    }
    const { value, seconds } = executed;
    const own = { [ELAPSED]: Math.round(seconds * 1e6) / 1e6, ...this.#watch.columns };
    if (!this.#options.save) {
      await claim.record({ ...key.values, ...own });
      return { status: "ran", params, value };
    }
    let result: Row;
    try {
      result = resultColumns(value);
    } catch (error) {
      await claim.record({ ...key.values, ...own });
      if (!(error instanceof ResultError)) throw error;
      return { status: "failed", params, error };
    }
    try {
      await claim.record({ ...key.values, ...result, ...own });
    } catch (error) {
      if (!(error instanceof ColumnError)) throw error; // nothing was written, and the claim is held
      await claim.record({ ...key.values, ...wholeResult(result), ...own });
    }
    // In the form in which a skipped call will return it.
    return { status: "ran", params, value: resultOf(result) };
  }

  /** The failure of a run that was noted since a time, if one was. */
  async failureSince({ key }: Plan, time: string): Promise<Error | undefined> {
    for (const failure of await this.#backend!.failures()) {
      if (failure.time < time || keyOf(key.shape, failure.params).text !== key.text) continue;
      return Object.assign(new Error(failure.error), { stack: failure.stack });
    }
    return undefined;
  }
}

type Finished = Exclude<Executed, { status: "aborted" }>;

function paramsOf(key: Key): Row {
  const { [NAMESPACE]: _, ...params } = key.values;
  return params;
}
