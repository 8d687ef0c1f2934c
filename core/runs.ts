import type { Claim, ClaimAnswer, MaybePromise } from "./backend.ts";
import { checkParamName, ELAPSED, NAMESPACE } from "./columns.ts";
import type { CompleteBackend } from "./complete_backend.ts";
import { messageOf, ResultError } from "./errors.ts";
import { hashRow } from "./hash_params.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "./key.ts";
import { nearestName } from "./nearest_name.ts";
import type { OnceOptions, Outcome } from "./once_types.ts";
import { resultColumns, resultOf } from "./result.ts";
import { type Signature, signatureOf } from "./signature.ts";
import type { Execute, Executed, Plan, Target } from "./target.ts";
import { isPlainObject, type Row } from "./value.ts";
import { paramsText } from "./value_text.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** The longest pause between two looks at a key that another process runs, in milliseconds. */
const LONGEST_PAUSE = 250;

/** Stands for the row of a run that is done where its cells are not asked for. */
const NO_CELLS: Row = {};

/** Options of `once`, and what the command line adds. */
export interface RunsOptions extends OnceOptions {
  /** More columns of stet's own to record with each run. */
  readonly columns?: Row;
}

/** The runs of one function: the way of a call from its arguments to its row. */
export class Runs implements Target {
  /** What messages call the function. */
  readonly label: string;
  readonly #fn: AnyFunction;
  readonly #signature: Signature;
  readonly #options: RunsOptions;
  readonly #log: (message: string) => void;
  readonly #open: (label: string) => Promise<CompleteBackend>;
  #backend: CompleteBackend | undefined;
  readonly #shapes = new Map<readonly string[] | undefined, KeyShape>();
  /** Runs under way, by key: calls with the same key share one. */
  readonly #running = new Map<string, Promise<Outcome<unknown>>>();
  /** Names of undeclared params that were found fit to be columns. */
  readonly #checked = new Set<string>();

  constructor(
    fn: AnyFunction,
    options: RunsOptions,
    open: (label: string) => Promise<CompleteBackend>,
  ) {
    const { key, paramNames, namespace } = options;
    this.#fn = fn;
    this.#signature = signatureOf(fn, {
      ...key && { key },
      ...paramNames && { paramNames },
    });
    for (const name of this.#signature.keyColumns([]) ?? []) checkParamName(name);
    if (namespace === "") {
      throw new TypeError(`Cannot wrap: namespace is empty; leave it out or give it a name`);
    }
    this.#options = options;
    this.label = options.name ?? this.#signature.name;
    this.#log = options.quiet ? () => {} : options.log ?? console.log;
    this.#open = open;
  }

  /** Runs or skips a call. Rejects only if the store fails or the arguments make no key. */
  async outcome(self: unknown, args: readonly unknown[]): Promise<Outcome<unknown>> {
    const plan = this.#planOf(args);
    const { text } = plan.key;
    if (!this.#backend) await this.open();
    const running = this.#running.get(text);
    if (running) return running;
    const row = await this.look(plan, true);
    if (row) return this.#told(this.skipped(plan, row));
    // Again: another call may have begun while this one looked.
    const begun = this.#running.get(text);
    if (begun) return begun;
    const run = this.#claimAndRun(plan, self);
    this.#running.set(text, run);
    try {
      return await run;
    } finally {
      this.#running.delete(text);
    }
  }

  /** Whether a call would be skipped as done. */
  async has(args: readonly unknown[]): Promise<boolean> {
    await this.open();
    return await this.look(this.#planOf(args), false) !== undefined;
  }

  /** Forgets that a call was done, or failed; true if it was. */
  async reset(args: readonly unknown[]): Promise<boolean> {
    const { key } = this.#planOf(args);
    const backend = await this.backend();
    const removed = await backend.removeKey(key);
    const failed = (await backend.failures()).map(({ params }) => params)
      .filter((params) => keyOf(key.shape, params).text === key.text);
    return removed + (failed.length > 0 ? await backend.forget(failed) : 0) > 0;
  }

  /** The open store. */
  async backend(): Promise<CompleteBackend> {
    return this.#backend ??= await this.#open(this.label);
  }

  async open(): Promise<void> {
    await this.backend();
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
  look({ key }: Plan, isRead: boolean): MaybePromise<Row | undefined> {
    const backend = this.#backend!;
    if ((isRead && this.#options.save) || this.#options.rerunIfMissing) {
      const row = backend.find(key);
      return row instanceof Promise ? row.then((it) => this.#ifDone(it)) : this.#ifDone(row);
    }
    const has = backend.hasKey(key);
    return has instanceof Promise
      ? has.then((it) => it ? NO_CELLS : undefined)
      : has
      ? NO_CELLS
      : undefined;
  }

  #ifDone(row: Row | undefined): Row | undefined {
    return row && this.#isDone(row) ? row : undefined;
  }

  #isDone(row: Row): boolean {
    return !this.#options.rerunIfMissing || resultOf(row) !== undefined;
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

  /** Claims a run, unless it is done or somebody runs it. */
  claim({ key }: Plan): MaybePromise<ClaimAnswer> {
    const options = this.#options.rerunIfMissing ? { isDone: (row: Row) => this.#isDone(row) } : {};
    return this.#backend!.claim(key, options);
  }

  async #claimAndRun(plan: Plan, self: unknown): Promise<Outcome<unknown>> {
    const { save, onBusy = save ? "wait" : "skip" } = this.#options;
    for (let pause = 10;; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      const answer = await this.claim(plan);
      if (answer.state === "claimed") {
        void plan.key.values; // read now: the function may change its params
        const executed = await this.#execute(self, plan.args);
        return await this.#keep(plan, answer.claim, executed);
      }
      if (answer.state === "done") {
        const row = await this.look(plan, true);
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

  /** Has a claimed run executed, records what came of it, and ends the claim. */
  async run(plan: Plan, claim: Claim, execute: Execute): Promise<Outcome<unknown> | undefined> {
    const { key, args } = plan;
    const { values } = key; // read now: the function may change its params
    const executed = await execute({
      get id(): string {
        return hashRow(values);
      },
      params: paramsOf(key),
      args,
      call: () => this.#fn(...args),
    });
    if (executed.status !== "aborted") return await this.#keep(plan, claim, executed);
    await claim.release();
    return undefined;
  }

  async #keep({ key }: Plan, claim: Claim, executed: Finished): Promise<Outcome<unknown>> {
    const params = paramsOf(key);
    if (executed.status === "failed") {
      const { error, attempts } = executed;
      await this.#noteFailure(claim, error, attempts);
      return { status: "failed", params, error };
    }
    const { value, seconds } = executed;
    const own = { ...this.#options.columns, [ELAPSED]: Math.round(seconds * 1e6) / 1e6 };
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
    await claim.record({ ...key.values, ...result, ...own });
    // In the form in which a skipped call will return it.
    return { status: "ran", params, value: resultOf(result) };
  }

  /** The function's own error is the one to throw: trouble with noting it is only told. */
  async #noteFailure(claim: Claim, error: unknown, attempts: number): Promise<void> {
    const stack = error instanceof Error ? error.stack ?? "" : "";
    try {
      await claim.fail({ error: messageOf(error), stack, attempts });
    } catch (trouble) {
      console.warn(`[stet] Cannot note that ${this.label}() failed: ${messageOf(trouble)}`);
    }
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
