import { ConditionVariable } from "../runtime/condition_variable.ts";
import { closeAfter, suppress } from "../runtime/close_after.ts";
import { messageOf } from "../errors.ts";
import { attempts, inPlaces, pacer } from "./attempts.ts";
import type { Dispatcher } from "../runs/dispatcher.ts";
import { EndNotes, leftFailedText } from "./end_notes.ts";
import { dispatchRun } from "../runs/dispatch_run.ts";
import type { Executor } from "../runs/executor.ts";
import { fingerprintOf } from "../runs/fingerprint_of.ts";
import { FingerprintSet } from "../keys/fingerprint_set.ts";
import { haltInWorker } from "../runs/halt_in_worker.ts";
import { inProcess } from "../runs/in_process.ts";
import {
  beginInterruptible,
  endInterruptible,
  type Interruptible,
  ownCommand,
  ownNotedCommand,
} from "../runtime/interrupt.ts";
import { type Attempt, attemptRun, type Ended } from "../runs/key_runner.ts";
import type { Outcome } from "../runs/once_types.ts";
import { planOf } from "./plan_of.ts";
import { OutcomeStream } from "./outcome_stream.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import { MAX_TIMER_MS, poll } from "../runtime/poll.ts";
import { printError } from "../runtime/print_error.ts";
import { checkSweepOptions } from "./sweep_options.ts";
import { checkShard, type Items, shardItems } from "./shard.ts";
import type { Sweep, SweepCounts, SweepOptions } from "./sweep_types.ts";
import { type Execute, type Plan, type Target, targetOf } from "../runs/target.ts";
import { totalOf } from "./total.ts";
import { PermanentFailures } from "../runs/permanent_failures.ts";
import { shownAs } from "../display/add_figures.ts";
import { setView, type View } from "../display/set_view.ts";
import type { SweepProgress } from "../display/sweep_progress.ts";
import { shown } from "../values/described.ts";
import type { Row } from "../values/value.ts";
import { reportUnbegun } from "./unbegun.ts";
import { YieldTimer } from "../runtime/yield_timer.ts";

/** Maximum number of keys that others run before they are looked up again. */
const MAX_BUSY = 256;
/** Maximum number of keys that there is space for from the beginning. */
const MAX_EXPECTED = 2_000_000;
/** Number of runs that have ended before a share of them counts. */
const MIN_ENDED = 20;
/** Maximum number of keys that are looked up at once, in a store that answers later. */
const MAX_LOOK_AHEAD = 1_000;

/** See `sweep` of mod.ts, which declares its types. */
export function sweep(swept: object, params: Items, options: SweepOptions = {}): Sweep<unknown> {
  const target = targetOf(swept);
  if (!target) {
    throw new TypeError(
      typeof swept === "function"
        ? `Cannot sweep ${swept.name || "anonymous"}(): it is a plain function; wrap it, as in ` +
          `once(${swept.name || "train"}, { store: "runs.csv", save: true })`
        : `Cannot sweep: the first argument must be a function that once() has wrapped, or a Store, ` +
          `got ${shown(swept)}`,
    );
  }
  const isObject = typeof params === "object" && params !== null;
  if (!isObject || !(Symbol.iterator in params || Symbol.asyncIterator in params)) {
    throw new TypeError(
      `Cannot sweep ${target.label}: its params must be an array or other iterable, ` +
        `got ${shown(params)}; ` +
        `expandGrid({ name: values, … }) makes one`,
    );
  }
  checkSweepOptions(options);
  const { shard } = options;
  if (shard) checkShard(shard, params);
  const items = shard ? shardItems(params, shard) : params;
  return new Sweeping(swept, target, params, items, totalOf(params, shard), options);
}

/** A look that is under way, or was answered before an earlier one. */
interface Look {
  readonly plan: Plan;
  readonly looked: MaybePromise<Row | undefined>;
}

type StopReason = NonNullable<SweepCounts["stopped"]>;

/** One sweep: leads each item from its key to its outcome. */
class Sweeping implements Sweep<unknown>, Interruptible {
  readonly #swept: object;
  readonly #target: Target;
  /** All params, of which a shard runs its part. */
  readonly #params: Items;
  readonly #items: Items;
  /** Number of the items, if it is known. */
  readonly #total: number | undefined;
  readonly #options: SweepOptions;
  readonly #executor: Executor;
  /** Maximum number of runs under way in this process, with those whose keys are claimed ahead. */
  readonly #concurrency: number;
  readonly #log: (message: string) => void;
  readonly #counts = { ran: 0, skipped: 0, failed: 0 };
  readonly #seen: FingerprintSet;
  /** Keys that are looked up, in the order of the items. */
  readonly #looks: Look[] = [];
  /**
   * Maximum number of looks under way. Each key that is done adds one, so that it doubles with every round
   * trip; a key to run sets it back, so that the params are not read far ahead of the runs.
   */
  #lookAhead = 1;
  /** Keys that another process was running. */
  #busy: Plan[] = [];
  #running = 0;
  #begun: Promise<SweepCounts> | undefined;
  #isOver = false;
  /** Time of its begin, ISO 8601. */
  #time = "";
  #stopped: StopReason | undefined;
  /** The error that ends it, in a box: anything can be thrown. */
  #broken: { readonly error: unknown } | undefined;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  readonly #execute: Execute;
  readonly #pace: (() => Promise<void>) | undefined;
  /** Undefined while this process runs the runs. */
  #dispatcher: Dispatcher | undefined;
  /** Read before the first run. */
  #permanent: PermanentFailures | undefined;
  /** Number of keys that failed for good before. */
  #leftFailed = 0;
  readonly #notes = new EndNotes();
  /** Called as it begins. */
  readonly #unreport: () => void;
  #progress: SweepProgress | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #outcomes: OutcomeStream;
  /** Notified when a run has ended, when the buffer of outcomes has space, and when the sweep stops. */
  readonly #stateChanged = new ConditionVariable();

  constructor(
    swept: object,
    target: Target,
    params: Items,
    items: Items,
    total: number | undefined,
    options: SweepOptions,
  ) {
    this.#swept = swept;
    this.#target = target;
    this.#params = params;
    this.#items = items;
    this.#total = total;
    this.#seen = new FingerprintSet(Math.min(total ?? 0, MAX_EXPECTED));
    this.#options = options;
    this.#executor = options.executor ?? inProcess();
    const { concurrency = this.#executor.concurrency, claimAhead = 0, perSecond } = options;
    checkSweepOptions({ concurrency });
    this.#concurrency = concurrency + claimAhead;
    const { log = printError } = options;
    this.#unreport = reportUnbegun(target.label, log);
    this.#log = (line) => this.#progress ? this.#progress.above(() => log(line)) : log(line);
    const [stopping, aborting] = [this.#stopping.signal, this.#aborting.signal];
    const execute = attempts(this.#executor, options, stopping, aborting);
    this.#execute = claimAhead > 0 ? inPlaces(execute, concurrency, stopping) : execute;
    this.#pace = perSecond === undefined ? undefined : pacer(perSecond, stopping);
    this.#outcomes = new OutcomeStream({
      begin: () => this.#begin(),
      resume: () => this.#stateChanged.notifyAll(),
      stop: () => this.#stop("return"),
      leave: () => this.#leave(),
    });
  }

  static {
    setView(this.prototype, (sweep) => sweep.#view());
  }

  #view(): View {
    const { ran, skipped, failed } = this.#counts;
    const state = !this.#begun
      ? "not begun; await it, or iterate over it"
      : this.#stopped
      ? `stopped (${this.#stopped})`
      : this.#isOver
      ? "done"
      : "running";
    return {
      title: `Sweep of ${this.#target.label}(): ${state}`,
      columns: ["ran", "skipped", "failed", "of"],
      rows: [{ ran, skipped, failed, of: this.#total ?? "?" }],
    };
  }

  get done(): Promise<SweepCounts> {
    return this.#begin();
  }

  /** Begins the sweep, as `await` does. */
  then<T = SweepCounts, E = never>(
    onFulfilled?: ((counts: SweepCounts) => T | PromiseLike<T>) | null,
    onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return this.#begin().then(onFulfilled, onRejected);
  }

  catch<E = never>(
    onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<SweepCounts | E> {
    return this.#begin().catch(onRejected);
  }

  finally(onEnded?: (() => void) | null): Promise<SweepCounts> {
    return this.#begin().finally(onEnded);
  }

  get counts(): SweepCounts {
    const counts = { ...this.#counts, ...this.#stopped && { stopped: this.#stopped } };
    return shownAs(counts, this);
  }

  [Symbol.asyncIterator](): AsyncIterator<Outcome<unknown>> {
    return this.#outcomes.iterate();
  }

  /** The first interrupt finishes the runs under way, the second aborts them. */
  interrupt(times: 1 | 2): void {
    if (times === 2) return this.#abort(new Error("the sweep was interrupted"));
    this.#stop("interrupt");
    const { graceSeconds = Infinity } = this.#options;
    if (this.#running > 0) {
      const most = graceSeconds === Infinity ? "" : `, for ${graceSeconds} s at most`;
      const what = this.#dispatcher
        ? "cancelling what waits, workers finish what they run"
        : `finishing what runs (${this.#running})`;
      this.#log(`[stet] Interrupted: ${what}${most}; once more aborts it`);
    }
    if (graceSeconds === Infinity) return;
    const abort = (): void => this.#abort(new Error("the sweep was interrupted"));
    setTimeout(abort, Math.min(graceSeconds * 1000, MAX_TIMER_MS)).unref?.();
  }

  #begin(): Promise<SweepCounts> {
    if (this.#begun) return this.#begun;
    this.#unreport();
    const begun = haltInWorker(this.#swept, this.#options.executor) ?? this.#go();
    const end = (): void => void (this.#isOver = true);
    begun.then(end, end); // `done` and the iterator reject with it
    return this.#begun = begun;
  }

  async #go(): Promise<SweepCounts> {
    const { handleSignals = true, signal, stopSignal, deadline } = this.#options;
    this.#time = new Date().toISOString();
    if (handleSignals) beginInterruptible(this);
    const onAbort = (): void => {
      this.#stop("signal");
      this.#abort(signal!.reason);
    };
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    const onStop = (): void => this.#stop("signal");
    stopSignal?.addEventListener("abort", onStop);
    if (stopSignal?.aborted) onStop();
    if (deadline !== undefined) this.#stopAt(Number(deadline));
    try {
      const end = await this.#target.begin();
      await this.#showProgress();
      await closeAfter(
        () => this.#runAll(),
        () => this.#endProgress(),
        () => this.#dispatcher?.close(),
        () => this.#executor.close?.(),
        end,
      );
    } finally {
      clearTimeout(this.#deadline);
      signal?.removeEventListener("abort", onAbort);
      stopSignal?.removeEventListener("abort", onStop);
      if (!this.#outcomes.isIterated) this.#leave();
    }
    return this.counts;
  }

  async #runAll(): Promise<void> {
    try {
      await this.#open();
      if (Array.isArray(this.#items)) await this.#checkAll(this.#items);
      const noted = this.#notePlan();
      await this.#goThrough();
      await noted;
      await this.#finishRunning();
      await this.#finishBusy();
    } catch (error) {
      this.#break(error);
    }
    await this.#finishRunning();
    this.#logNotes();
    if (this.#broken) throw this.#broken.error;
  }

  /** Says which runs failed, unless the program got them, and which params made no difference. */
  #logNotes(): void {
    const { label, isQuiet = false, engine: { location } } = this.#target;
    if (isQuiet && !this.#options.log) return;
    const names = { label, location };
    const lines = [
      this.#outcomes.isIterated
        ? undefined
        : this.#notes.failures(names, this.#options.retry !== undefined),
      this.#leftFailed === 0 ? undefined : leftFailedText(this.#leftFailed),
      this.#stopped ? undefined : this.#notes.collapsed(names),
    ];
    for (const line of lines) if (line !== undefined) this.#log(line);
  }

  /** Notes its combinations in the store, where others read how far it is. The sweep does not depend on it. */
  async #notePlan(): Promise<void> {
    try {
      const { shard } = this.#options;
      const plan = planOf(this.#target, this.#params, {
        command: ownNotedCommand(),
        time: this.#time,
        ...shard && { shards: shard.count },
      });
      // The store may be of another copy of stet, which knows no plans.
      if (plan) await this.#target.engine.notePlan?.(plan);
    } catch (error) {
      this.#log(`[stet] Note: ${messageOf(error)}; progress elsewhere is of the runs seen`);
    }
  }

  async #showProgress(): Promise<void> {
    const { progress, perSecond } = this.#options;
    if (!progress) return;
    const { SweepProgress } = await import("../display/sweep_progress.ts");
    const { concurrency = this.#executor.concurrency } = this.#options;
    this.#progress = new SweepProgress(
      {
        total: this.#total,
        concurrency,
        perSecond,
        counts: () => this.#counts,
        log: (line) => this.#log(line),
      },
      progress,
      (error) => this.#break(error),
    );
  }

  #endProgress(): void {
    const progress = this.#progress;
    this.#progress = undefined;
    progress?.end();
  }

  /** Opens the dispatcher of the executor, else the executor. */
  async #open(): Promise<void> {
    const { timeout, retries, retryDelay, retry, adaptive } = this.#options;
    this.#dispatcher = await this.#executor.dispatch?.({
      label: this.#target.label,
      location: this.#target.engine.location,
      namespace: this.#target.namespace,
      source: this.#target.source,
      save: this.#target.isSaving ?? false,
      fingerprintOf: (item) => fingerprintOf(this.#target.plan(item)),
      attempts: {
        ...timeout !== undefined && { timeout },
        ...retries !== undefined && { retries },
        ...retryDelay !== undefined && { retryDelay },
        ...retry !== undefined && { retry },
        ...adaptive && { adaptive },
      },
      stopping: this.#stopping.signal,
      aborting: this.#aborting.signal,
      log: this.#log,
    });
    if (!this.#dispatcher) await this.#executor.open?.();
  }

  /** True while no more runs may begin. */
  get #isFull(): boolean {
    return this.#running >= (this.#dispatcher?.maxRuns ?? this.#concurrency);
  }

  /** True if a consumer gets the outcomes of skipped runs. */
  get #givesSkipped(): boolean {
    return this.#outcomes.isOpen && this.#options.withSkipped !== false;
  }

  /** Checks the items of an array before anything runs. */
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
    const given = this.#items;
    const items: Iterator<unknown> | AsyncIterator<unknown> = Symbol.asyncIterator in given
      ? given[Symbol.asyncIterator]()
      : given[Symbol.iterator]();
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
        const looked = this.#target.look(plan, this.#givesSkipped, true);
        if (looked instanceof Promise || this.#looks.length > 0) {
          const added = this.#addLook(plan, looked);
          if (added) await added;
        } else if (looked) this.#skip(plan, looked);
        else {
          await this.#begunRun(plan);
          if (timer.isDue()) await timer.yield();
        }
        while (this.#outcomes.isFull && !this.#stopped) await this.#stateChanged.wait();
      }
    } finally {
      // Not waited for: an iterator that is waiting itself would never answer.
      if (!isExhausted) {
        (async () => await items.return?.())().catch((error) =>
          this.#log(`[stet] The params of the sweep failed as they were ended: ${messageOf(error)}`)
        );
      }
      while (this.#looks.length > 0) await this.#stateChanged.wait();
    }
  }

  /** Adds a look. A promise resolves when another may begin. */
  #addLook(plan: Plan, looked: MaybePromise<Row | undefined>): Promise<void> | undefined {
    if (looked instanceof Promise) looked.catch(() => {}); // thrown when its turn comes
    this.#looks.push({ plan, looked });
    if (this.#looks.length === 1) this.#takeLooks().catch((error) => this.#break(error));
    return this.#looks.length < this.#lookAhead ? undefined : this.#untilLookFits();
  }

  async #untilLookFits(): Promise<void> {
    while (this.#looks.length >= this.#lookAhead && !this.#stopped) await this.#stateChanged.wait();
  }

  /** Takes the looks under way in their order, until there are none: skips what is done, runs the rest. */
  async #takeLooks(): Promise<void> {
    try {
      for (let look = this.#looks[0]; look; look = this.#looks[0]) {
        const row = look.looked instanceof Promise ? await look.looked : look.looked;
        if (!this.#stopped) {
          if (row) this.#skip(look.plan, row);
          else await this.#begunRun(look.plan);
        }
        while (this.#outcomes.isFull && !this.#stopped) await this.#stateChanged.wait();
        this.#looks.shift();
        this.#lookAhead = row || this.#dispatcher
          ? Math.min(this.#lookAhead + 1, MAX_LOOK_AHEAD)
          : this.#concurrency;
        this.#stateChanged.notifyAll();
      }
    } finally {
      await Promise.allSettled(this.#looks.splice(0).map(({ looked }) => looked));
      this.#stateChanged.notifyAll();
    }
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

  /** True if a key comes for the first time. */
  #isNew(plan: Plan): boolean {
    const { size } = this.#seen;
    const isNew = this.#seen.add(fingerprintOf(plan)) === size;
    if (isNew) this.#notes.addKey();
    else {
      const unused = this.#target.unused?.(plan) ?? [];
      this.#notes.addRepeated(unused, Object.keys(this.#target.params(plan)));
    }
    return isNew;
  }

  /** Begins a run as soon as there is a place for it. */
  async #begunRun(plan: Plan): Promise<void> {
    this.#check(plan);
    if (this.#options.retryPermanent !== true) {
      this.#permanent ??= new PermanentFailures(await this.#target.engine.failures());
      const error = this.#permanent.find(plan.key);
      if (error) return this.#leaveFailed(plan, error);
    }
    while (this.#isFull && !this.#stopped) await this.#stateChanged.wait();
    if (this.#stopped) return;
    this.#start(plan, false);
    if (this.#busy.length >= MAX_BUSY) await this.#lookAtBusy();
  }

  /** Counts a run that failed for good before. */
  #leaveFailed(plan: Plan, error: Error): void {
    this.#counts.failed++;
    this.#leftFailed++;
    this.#outcomes.push({ status: "failed", params: this.#target.params(plan), error });
  }

  #start(plan: Plan, wasBusy: boolean): void {
    this.#running++;
    this.#run(plan, wasBusy).catch((error) => this.#break(error)).finally(() => {
      this.#running--;
      this.#stateChanged.notifyAll();
    });
  }

  async #run(plan: Plan, wasBusy: boolean): Promise<void> {
    const ended = this.#progress?.begin();
    const end = this.#dispatcher
      ? await this.#dispatch(plan, this.#dispatcher)
      : await attemptRun(this.#target, plan, this.#execute, {
        // It failed elsewhere while this sweep waited for it: that was its run.
        failedSince: wasBusy ? this.#time : undefined,
        signal: this.#stopping.signal,
      });
    if (end.status === "ran" || end.status === "failed") ended?.();
    if (end.status === "busy") this.#busy.push(plan);
    else if (end.status !== "aborted") this.#emit(end);
  }

  async #dispatch(plan: Plan, dispatcher: Dispatcher): Promise<Attempt> {
    await this.#pace?.();
    if (this.#stopping.signal.aborted) return { status: "aborted" };
    return await dispatchRun(this.#target, plan, dispatcher, () => this.#outcomes.isOpen);
  }

  async #finishRunning(): Promise<void> {
    while (this.#running > 0) await this.#stateChanged.wait();
  }

  /** Waits for the runs of other processes, and takes over those that end without being done. */
  async #finishBusy(): Promise<void> {
    const round = async (reset?: () => void): Promise<true | undefined> => {
      await this.#lookAtBusy();
      const plans = this.#busy;
      this.#busy = [];
      for (const plan of plans) {
        while (this.#isFull) await this.#stateChanged.wait();
        if (!this.#stopped) this.#start(plan, true);
      }
      await this.#finishRunning();
      if (this.#busy.length < plans.length) reset?.();
      return this.#busy.length === 0 ? true : undefined;
    };
    if (!this.#stopped && !await round()) await poll(round, { signal: this.#stopping.signal });
  }

  /** Drops the keys that are done by now. */
  async #lookAtBusy(): Promise<void> {
    const plans = this.#busy;
    this.#busy = [];
    const looks = plans.map(async (plan) => await this.#target.look(plan, this.#givesSkipped));
    for (const [i, row] of (await Promise.all(looks)).entries()) {
      if (row) this.#skip(plans[i]!, row);
      else this.#busy.push(plans[i]!);
    }
  }

  #stopAt(time: number): void {
    const rest = time - Date.now();
    if (rest <= 0) return this.#stop("deadline");
    this.#deadline = setTimeout(() => this.#stopAt(time), Math.min(rest, MAX_TIMER_MS));
  }

  /** Begins no more runs. */
  #stop(reason: StopReason): void {
    this.#stopped ??= reason;
    this.#stopping.abort();
    this.#stateChanged.notifyAll();
  }

  #abort(reason: unknown): void {
    this.#aborting.abort(reason);
    this.#stop("interrupt");
  }

  #break(error: unknown): void {
    if (this.#broken) suppress(this.#broken.error, error);
    else this.#broken = { error };
    this.#stop("error");
  }

  #skip(plan: Plan, row: Row): void {
    this.#counts.skipped++;
    if (this.#givesSkipped) this.#outcomes.push(this.#target.skipped(plan, row));
  }

  #emit(outcome: Ended): void {
    this.#counts[outcome.status]++;
    if (outcome.status === "failed" && this.#options.onError === "stop") this.#stop("error");
    if (outcome.status === "failed") {
      this.#notes.addFailed(outcome.error);
      this.#checkFailures();
    }
    if (outcome.status !== "skipped" || this.#givesSkipped) this.#outcomes.push(outcome);
  }

  /** Stops the sweep if too many runs have failed. */
  #checkFailures(): void {
    const { maxFailures } = this.#options;
    if (maxFailures === undefined || this.#stopped) return;
    const failed = this.#counts.failed - this.#leftFailed;
    const ended = this.#counts.ran + failed;
    const isTooMany = maxFailures < 1
      ? ended >= MIN_ENDED && failed > maxFailures * ended
      : failed >= maxFailures;
    if (!isTooMany) return;
    this.#log(`[stet] Stopped: ${failed} of ${ended} runs failed, maxFailures is ${maxFailures}`);
    this.#stop("error");
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
