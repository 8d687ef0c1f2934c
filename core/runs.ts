import type { Claim, ClaimAnswer } from "./backend.ts";
import { checkParamName, ELAPSED, NAMESPACE } from "./columns.ts";
import type { CompleteBackend } from "./complete_backend.ts";
import { messageOf, ResultError } from "./errors.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "./key.ts";
import type { OnceOptions, Outcome } from "./once_types.ts";
import { resultColumns, resultOf } from "./result.ts";
import { type Signature, signatureOf } from "./signature.ts";
import type { Row } from "./value.ts";
import { paramsText } from "./value_text.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** The longest pause between two looks at a key that another process runs, in milliseconds. */
const LONGEST_PAUSE = 250;

/** The runs of one function: the way of a call from its arguments to its row. */
export class Runs {
  readonly #fn: AnyFunction;
  readonly #signature: Signature;
  readonly #options: OnceOptions;
  readonly #label: string;
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
    options: OnceOptions,
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
    this.#label = options.name ?? this.#signature.name;
    this.#log = options.quiet ? () => {} : options.log ?? console.log;
    this.#open = open;
  }

  /** Runs or skips a call. Rejects only if the store fails or the arguments make no key. */
  async outcome(self: unknown, args: readonly unknown[]): Promise<Outcome<unknown>> {
    const key = this.#keyOf(args);
    const backend = this.#backend ??= await this.#open(this.#label);
    const running = this.#running.get(key.text);
    if (running) return running;
    const done = await this.#lookUp(backend, key);
    if (done) return this.#skipped(key, done);
    // Again: another call may have begun while this one looked.
    const begun = this.#running.get(key.text);
    if (begun) return begun;
    const run = this.#claimAndRun(backend, key, self, args);
    this.#running.set(key.text, run);
    try {
      return await run;
    } finally {
      this.#running.delete(key.text);
    }
  }

  /** Whether a call would be skipped as done. */
  async has(args: readonly unknown[]): Promise<boolean> {
    return await this.#lookUp(await this.backend(), this.#keyOf(args)) !== undefined;
  }

  /** Forgets that a call was done; whether it was. */
  async reset(args: readonly unknown[]): Promise<boolean> {
    return await (await this.backend()).removeKey(this.#keyOf(args)) > 0;
  }

  /** The open store. */
  async backend(): Promise<CompleteBackend> {
    return this.#backend ??= await this.#open(this.#label);
  }

  #keyOf(args: readonly unknown[]): Key {
    const params = this.#signature.params(args);
    const columns = this.#signature.keyColumns(args);
    if (!columns) this.#checkNames(params);
    const { namespace } = this.#options;
    if (namespace !== undefined) params[NAMESPACE] = namespace;
    return keyOf(this.#shapeOf(columns), params);
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

  /** The row of a key that counts as done; without `save` an empty one stands for it. */
  async #lookUp(backend: CompleteBackend, key: Key): Promise<Row | undefined> {
    if (!this.#options.save && !this.#options.rerunIfMissing) {
      return await backend.hasKey(key) ? {} : undefined;
    }
    const row = await backend.find(key);
    return row && this.#isDone(row) ? row : undefined;
  }

  #isDone(row: Row): boolean {
    return !this.#options.rerunIfMissing || resultOf(row) !== undefined;
  }

  #skipped(key: Key, row: Row): Outcome<unknown> {
    const params = paramsOf(key);
    this.#log(`[stet] Skipping ${this.#label}(${paramsText(params)})`);
    return { status: "skipped", params, ...this.#options.save && { value: resultOf(row) } };
  }

  async #claimAndRun(
    backend: CompleteBackend,
    key: Key,
    self: unknown,
    args: readonly unknown[],
  ): Promise<Outcome<unknown>> {
    const { save, rerunIfMissing, onBusy = save ? "wait" : "skip" } = this.#options;
    const options = rerunIfMissing ? { isDone: (row: Row) => this.#isDone(row) } : {};
    for (let pause = 10;; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      const answer: ClaimAnswer = await backend.claim(key, options);
      if (answer.state === "claimed") return await this.#run(answer.claim, key, self, args);
      if (answer.state === "done") {
        const row = await this.#lookUp(backend, key);
        if (row) return this.#skipped(key, row);
        continue; // removed again in between
      }
      if (onBusy === "skip") {
        const params = paramsOf(key);
        this.#log(
          `[stet] Skipping ${this.#label}(${paramsText(params)}): ${answer.holder} runs it`,
        );
        return { status: "busy", params };
      }
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  }

  async #run(
    claim: Claim,
    key: Key,
    self: unknown,
    args: readonly unknown[],
  ): Promise<Outcome<unknown>> {
    const { values } = key; // read now: the function may change its params
    const start = performance.now();
    let returned: unknown;
    try {
      returned = await this.#fn.apply(self, [...args]);
    } catch (error) {
      await this.#noteFailure(claim, error);
      return { status: "failed", params: paramsOf(key), error };
    }
    const elapsed = Math.round((performance.now() - start) * 1000) / 1e6;
    if (!this.#options.save) {
      await claim.record({ ...values, [ELAPSED]: elapsed });
      return { status: "ran", params: paramsOf(key), value: returned };
    }
    let result: Row;
    try {
      result = resultColumns(returned);
    } catch (error) {
      await claim.record({ ...values, [ELAPSED]: elapsed });
      if (!(error instanceof ResultError)) throw error;
      return { status: "failed", params: paramsOf(key), error };
    }
    await claim.record({ ...values, ...result, [ELAPSED]: elapsed });
    // In the form in which a skipped call will return it.
    return { status: "ran", params: paramsOf(key), value: resultOf(result) };
  }

  /** The function's own error is the one to throw: trouble with noting it is only told. */
  async #noteFailure(claim: Claim, error: unknown): Promise<void> {
    const stack = error instanceof Error ? error.stack ?? "" : "";
    try {
      await claim.fail({ error: messageOf(error), stack });
    } catch (trouble) {
      console.warn(`[stet] Cannot note that ${this.#label}() failed: ${messageOf(trouble)}`);
    }
  }
}

function paramsOf(key: Key): Row {
  const { [NAMESPACE]: _, ...params } = key.values;
  return params;
}
