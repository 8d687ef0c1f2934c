import { ConditionVariable } from "../runtime/condition_variable.ts";
import { closeAfter, suppress } from "../runtime/close_after.ts";
import { messageOf } from "../errors.ts";
import type { Executor, Job } from "../runs/executor.ts";
import { Fingerprint } from "../keys/fingerprint.ts";
import { FingerprintSet } from "../keys/fingerprint_set.ts";
import { haltInWorker } from "../runs/halt_in_worker.ts";
import { inProcess } from "../runs/in_process.ts";
import {
  beginInterruptible,
  endInterruptible,
  type Interruptible,
  ownCommand,
} from "../runtime/interrupt.ts";
import type { Outcome } from "../runs/once_types.ts";
import { printError } from "../runtime/print_error.ts";
import { checkSweepOptions } from "./sweep_options.ts";
import type { Sweep, SweepCounts, SweepOptions } from "./sweep_types.ts";
import { type Executed, type Plan, type RunJob, type Target, targetOf } from "../runs/target.ts";
import type { Row } from "../values/value.ts";
import { YieldTimer } from "../runtime/yield_timer.ts";

/** Params of a sweep, as they come. */
export type Items = Iterable<unknown> | AsyncIterable<unknown>;

/** How many outcomes are held for who iterates, before no more keys are looked up. */
const MOST_HELD = 64;
/** How many keys that others run are remembered before they are looked up again. */
const MOST_BUSY = 256;
/** The longest pause between two looks at keys that others run, in milliseconds. */
const LONGEST_PAUSE = 250;
/** The longest time that a timer can be set to, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_RETRY_DELAY = 60_000;

/** See `sweep` of mod.ts, which types it. */
export function sweep(swept: object, params: Items, options: SweepOptions = {}): Sweep<unknown> {
  const target = targetOf(swept);
  if (!target) {
    throw new TypeError(
      `Cannot sweep ${typeof swept === "function" ? `${swept.name || "anonymous"}()` : swept}: ` +
        `give it a function that once() has wrapped, or a Store`,
    );
  }
  if (typeof params !== "object" || params === null || !isIterable(params)) {
    throw new TypeError(
      `Cannot sweep ${target.label}: its params must be an array or other iterable, got ${
        params === null ? "null" : typeof params
      }; expandGrid({ name: values, … }) makes one`,
    );
  }
  checkSweepOptions(options);
  return new Sweeping(swept, target, params, options);
}

function isIterable(x: object): boolean {
  return Symbol.iterator in x || Symbol.asyncIterator in x;
}

type StopReason = NonNullable<SweepCounts["stopped"]>;

/** One sweep: each item's way from its key to its outcome. */
class Sweeping implements Sweep<unknown>, Interruptible {
  readonly #swept: object;
  readonly #target: Target;
  readonly #items: Items;
  readonly #options: SweepOptions;
  readonly #executor: Executor;
  readonly #concurrency: number;
  readonly #log: (message: string) => void;
  readonly #counts = { ran: 0, skipped: 0, failed: 0 };
  readonly #seen = new FingerprintSet();
  /** Keys that somebody else was running. */
  #busy: Plan[] = [];
  #running = 0;
  #begun: Promise<SweepCounts> | undefined;
  /** When it began, ISO 8601. */
  #time = "";
  #stopped: StopReason | undefined;
  /** The error that ends it, in a box: anything can be thrown. */
  #broken: { readonly error: unknown } | undefined;
  readonly #abort = new AbortController();
  readonly #sleepers = new Set<() => void>();
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** When the next attempt may begin, as `performance.now()` tells time. */
  #nextStart = 0;
  /** Outcomes for who iterates, once somebody does and until they leave. */
  #held: Outcome<unknown>[] | undefined;
  #isIterated = false;
  /** Notified when a place is free, an outcome was taken, or the sweep must stop. */
  readonly #stateChanged = new ConditionVariable();
  /** Notified when there is an outcome for the iterator. */
  readonly #outcomeReady = new ConditionVariable();

  constructor(swept: object, target: Target, items: Items, options: SweepOptions) {
    this.#swept = swept;
    this.#target = target;
    this.#items = items;
    this.#options = options;
    this.#executor = options.executor ?? inProcess();
    this.#concurrency = options.concurrency ?? this.#executor.concurrency;
    checkSweepOptions({ concurrency: this.#concurrency });
    this.#log = options.log ?? printError;
  }

  get done(): Promise<SweepCounts> {
    return this.#begin();
  }

  get counts(): SweepCounts {
    return { ...this.#counts, ...this.#stopped && { stopped: this.#stopped } };
  }

  [Symbol.asyncIterator](): AsyncIterator<Outcome<unknown>> {
    if (this.#isIterated) {
      throw new TypeError(
        "Cannot iterate over a sweep twice: begin another one, it skips what is done",
      );
    }
    this.#isIterated = true;
    const held: Outcome<unknown>[] = this.#held = [];
    let isOver = false;
    const over = (): void => {
      isOver = true;
      this.#outcomeReady.notifyAll();
    };
    const begun = this.#begin();
    begun.then(over, over);
    return {
      next: async () => {
        while (held.length === 0 && !isOver) await this.#outcomeReady.wait();
        const outcome = held.shift();
        if (outcome) {
          if (held.length === MOST_HELD / 2) this.#stateChanged.notifyAll();
          return { done: false, value: outcome };
        }
        this.#leave();
        await begun; // rejects with what broke it
        return { done: true, value: undefined };
      },
      return: async () => {
        this.#held = undefined;
        this.#stop("return");
        await begun;
        this.#leave();
        return { done: true, value: undefined };
      },
    };
  }

  /** The first interrupt has what runs finished, the second aborts it. */
  interrupt(times: 1 | 2): void {
    if (times === 2) return this.#abortWith(new Error("the sweep was interrupted"));
    this.#stop("interrupt");
    const { graceSeconds = Infinity } = this.#options;
    if (this.#running > 0) {
      const most = graceSeconds === Infinity ? "" : `, for ${graceSeconds} s at most`;
      this.#log(
        `[stet] Interrupted: finishing what runs (${this.#running})${most}; once more aborts it`,
      );
    }
    if (graceSeconds === Infinity) return;
    const abort = (): void => this.#abortWith(new Error("the sweep was interrupted"));
    setTimeout(abort, Math.min(graceSeconds * 1000, LONGEST_TIMER)).unref?.();
  }

  #begin(): Promise<SweepCounts> {
    if (this.#begun) return this.#begun;
    const begun = haltInWorker(this.#swept, this.#options.executor) ?? this.#go();
    begun.catch(() => {}); // told to who reads `done` or iterates
    return this.#begun = begun;
  }

  async #go(): Promise<SweepCounts> {
    const { handleSignals = true, signal, deadline } = this.#options;
    this.#time = new Date().toISOString();
    if (handleSignals) beginInterruptible(this);
    const onAbort = (): void => {
      this.#stop("signal");
      this.#abortWith(signal!.reason);
    };
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    if (deadline !== undefined) this.#stopAt(Number(deadline));
    try {
      const end = await this.#target.begin();
      await closeAfter(() => this.#runAll(), () => this.#executor.close?.(), end);
    } finally {
      clearTimeout(this.#deadline);
      signal?.removeEventListener("abort", onAbort);
      if (!this.#isIterated) this.#leave();
    }
    return this.counts;
  }

  async #runAll(): Promise<void> {
    try {
      await this.#executor.open?.();
      if (Array.isArray(this.#items)) await this.#checkAll(this.#items);
      await this.#goThrough();
      await this.#finishRunning();
      await this.#finishBusy();
    } catch (error) {
      this.#break(error);
    }
    await this.#finishRunning();
    if (this.#broken) throw this.#broken.error;
  }

  /** Whether somebody gets the outcomes of skipped runs. */
  get #givesSkipped(): boolean {
    return this.#held !== undefined && this.#options.withSkipped !== false;
  }

  /** What is wrong with an array's items is told before anything runs. */
  async #checkAll(items: readonly unknown[]): Promise<void> {
    const timer = new YieldTimer();
    for (const item of items) {
      this.#check(this.#target.plan(item));
      if (timer.isDue(64)) await timer.yield();
    }
  }

  #check(plan: Plan): void {
    this.#executor.check?.({ params: this.#target.params(plan), args: plan.args });
  }

  async #goThrough(): Promise<void> {
    const items = this.#iterate();
    let isExhausted = false;
    const timer = new YieldTimer();
    try {
      for (let count = 1; !this.#stopped; count++) {
        // Not before each key: reading the clock takes longer than looking one up.
        if (count % 64 === 0 && timer.isDue()) {
          await timer.yield();
          continue; // it may have been stopped meanwhile
        }
        const step = items.next();
        const { done, value } = step instanceof Promise ? await this.#unlessStopped(step) : step;
        if (done) {
          isExhausted = !this.#stopped; // what is stopped while it waits is not at its end
          return;
        }
        const plan = this.#target.plan(value);
        if (!this.#isNew(plan)) continue;
        const looked = this.#target.look(plan, this.#givesSkipped);
        const row = looked instanceof Promise ? await looked : looked;
        if (row) this.#skip(plan, row);
        else {
          await this.#begunRun(plan);
          if (timer.isDue()) await timer.yield();
        }
        while (this.#held && this.#held.length >= MOST_HELD && !this.#stopped) {
          await this.#stateChanged.wait();
        }
      }
    } finally {
      // Not waited for: an iterator that is waiting itself would never answer.
      if (!isExhausted) {
        (async () => await items.return?.())().catch((error) =>
          this.#log(`[stet] The params of the sweep failed as they were ended: ${messageOf(error)}`)
        );
      }
    }
  }

  #iterate(): Iterator<unknown> | AsyncIterator<unknown> {
    const items = this.#items;
    return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  /** A step of an async iterator, which may be long in coming. */
  async #unlessStopped(step: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    let hasArrived = false;
    step.then(() => {}, () => {}).then(() => {
      hasArrived = true;
      this.#stateChanged.notifyAll();
    });
    while (!hasArrived && !this.#stopped) await this.#stateChanged.wait();
    return hasArrived ? await step : { done: true, value: undefined };
  }

  /** Whether a key comes for the first time. */
  #isNew({ key, identity }: Plan): boolean {
    const { size } = this.#seen;
    const fingerprint = identity === undefined
      ? key.fingerprint
      : new Fingerprint().begin().text(identity).end();
    return this.#seen.add(fingerprint) === size;
  }

  /** Begins a run as soon as there is a place for it. */
  async #begunRun(plan: Plan): Promise<void> {
    this.#check(plan);
    while (this.#running >= this.#concurrency && !this.#stopped) await this.#stateChanged.wait();
    if (this.#stopped) return;
    this.#start(plan, false);
    if (this.#busy.length >= MOST_BUSY) await this.#lookAtBusy();
  }

  #start(plan: Plan, wasBusy: boolean): void {
    this.#running++;
    this.#claimAndRun(plan, wasBusy).catch((error) => this.#break(error)).finally(() => {
      this.#running--;
      this.#stateChanged.notifyAll();
    });
  }

  async #claimAndRun(plan: Plan, wasBusy: boolean): Promise<void> {
    const target = this.#target;
    const answer = await target.claim(plan, async (claim) => {
      if (this.#stopped) return;
      // It failed elsewhere while this sweep waited for it: that was its run.
      const error = wasBusy ? await target.failureSince(plan, this.#time) : undefined;
      if (error) return { status: "failed", params: target.params(plan), error } as const;
      return await target.run(plan, claim, (job) => this.#execute(job));
    });
    if (answer.state === "claimed") return answer.result && this.#emit(answer.result);
    const row = answer.state === "done" ? await target.look(plan, this.#givesSkipped) : undefined;
    if (row) this.#skip(plan, row);
    else this.#busy.push(plan);
  }

  async #finishRunning(): Promise<void> {
    while (this.#running > 0) await this.#stateChanged.wait();
  }

  /** Waits for the runs of others, and takes over those that end without being done. */
  async #finishBusy(): Promise<void> {
    for (let pause = 10; !this.#stopped; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      await this.#lookAtBusy();
      const plans = this.#busy;
      this.#busy = [];
      for (const plan of plans) {
        while (this.#running >= this.#concurrency) await this.#stateChanged.wait();
        if (!this.#stopped) this.#start(plan, true);
      }
      await this.#finishRunning();
      if (this.#busy.length === 0) return;
      if (this.#busy.length < plans.length) pause = 10;
      await this.#sleep(pause * (0.5 + Math.random()));
    }
  }

  /** Drops the keys that are done by now. */
  async #lookAtBusy(): Promise<void> {
    const plans = this.#busy;
    this.#busy = [];
    for (const plan of plans) {
      const row = await this.#target.look(plan, this.#givesSkipped);
      if (row) this.#skip(plan, row);
      else this.#busy.push(plan);
    }
  }

  async #execute(job: RunJob): Promise<Executed> {
    const { retries = 0 } = this.#options;
    for (let attempts = 1;; attempts++) {
      await this.#pace();
      if (this.#abort.signal.aborted || (this.#stopped && attempts === 1)) {
        return { status: "aborted" };
      }
      const start = performance.now();
      try {
        job.prepare?.();
        const value = await this.#attempt(job);
        return { status: "done", value, seconds: (performance.now() - start) / 1000 };
      } catch (error) {
        if (this.#abort.signal.aborted) return { status: "aborted" };
        if (attempts <= retries && !this.#stopped) await this.#sleep(this.#delay(attempts, error));
        if (this.#abort.signal.aborted) return { status: "aborted" };
        if (attempts > retries || this.#stopped) return { status: "failed", error, attempts };
      }
    }
  }

  async #attempt(job: RunJob): Promise<unknown> {
    const { timeout } = this.#options;
    const { signal } = this.#abort;
    if (timeout === undefined) return await this.#executor.run(withSignal(job, signal));
    const over = new AbortController();
    const abort = (): void => over.abort(signal.reason);
    signal.addEventListener("abort", abort);
    const timer = setTimeout(() => {
      const error = new Error(`timed out after ${timeout} ms`);
      error.name = "TimeoutError";
      over.abort(error);
    }, Math.min(timeout, LONGEST_TIMER));
    try {
      return await this.#executor.run(withSignal(job, over.signal));
    } catch (error) {
      // However the executor puts it, that is why.
      throw over.signal.aborted ? over.signal.reason : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  #delay(attempt: number, error: unknown): number {
    const { retryDelay = 1000 } = this.#options;
    if (typeof retryDelay === "function") return retryDelay(attempt, error);
    const delay = Math.min(retryDelay * 2 ** (attempt - 1), LONGEST_RETRY_DELAY);
    return delay * (0.75 + Math.random() / 2);
  }

  async #pace(): Promise<void> {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return;
    const now = performance.now();
    const start = Math.max(now, this.#nextStart);
    this.#nextStart = start + 1000 / perSecond;
    if (start > now) await this.#sleep(start - now);
  }

  /** Resolves after so many milliseconds, or when the sweep stops. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(ms, LONGEST_TIMER));
      this.#sleepers.add(wake);
    });
  }

  #stopAt(time: number): void {
    const rest = time - Date.now();
    if (rest <= 0) return this.#stop("deadline");
    this.#deadline = setTimeout(() => this.#stopAt(time), Math.min(rest, LONGEST_TIMER));
  }

  #stop(reason: StopReason): void {
    this.#stopped ??= reason;
    for (const wake of [...this.#sleepers]) wake();
    this.#stateChanged.notifyAll();
  }

  #abortWith(reason: unknown): void {
    this.#abort.abort(reason);
    this.#stop("interrupt");
  }

  #break(error: unknown): void {
    if (this.#broken) suppress(this.#broken.error, error);
    else this.#broken = { error };
    this.#stop("error");
  }

  #skip(plan: Plan, row: Row): void {
    this.#counts.skipped++;
    if (this.#held && this.#givesSkipped) this.#hold(this.#held, this.#target.skipped(plan, row));
  }

  #emit(outcome: Outcome<unknown>): void {
    if (outcome.status === "ran") this.#counts.ran++;
    else this.#counts.failed++;
    if (outcome.status === "failed" && this.#options.onError === "stop") this.#stop("error");
    if (this.#held) this.#hold(this.#held, outcome);
  }

  #hold(held: Outcome<unknown>[], outcome: Outcome<unknown>): void {
    held.push(outcome);
    this.#outcomeReady.notifyAll();
  }

  /** Its last step: after an interrupt, the process ends here. */
  #leave(): void {
    if (this.#stopped === "interrupt" && this.#options.handleSignals !== false) {
      const { ran, skipped, failed } = this.#counts;
      const { resumeCommand = ownCommand() } = this.#options;
      this.#log(
        `[stet] Interrupted: ${ran} ran, ${skipped} skipped, ${failed} failed. To go on: ${resumeCommand}`,
      );
    }
    endInterruptible(this);
  }
}

/** Its other members stay as they are: some are computed when they are asked for. */
function withSignal(job: RunJob, signal: AbortSignal): Job {
  return Object.defineProperty(job, "signal", { value: signal, configurable: true }) as Job;
}
