import { counted } from "../../core/display/counted.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import type {
  DispatchedRun,
  DispatchedSweep,
  DispatchEnd,
  Dispatcher,
} from "../../core/runs/dispatcher.ts";
import { receiveError } from "../sent_error.ts";
import {
  encodeRun,
  JOB_VERSION,
  type JobData,
  jobId,
  keysIn,
  keyText,
  runName,
  type SentFailure,
} from "./chunk.ts";
import { ChunkSize, MAX_CHUNK } from "./chunk_size.ts";
import { encodeItem } from "./encode_item.ts";
import type { JobQueue, JobState } from "./job_queue.ts";
import { SentJobs } from "./sent_jobs.ts";

/** Bounds of the number of runs under way: a coordinator keeps about 3 KB for each. */
const MIN_RUNS = 10_000, MAX_RUNS = 40_000;
/** Number of jobs under way for each that a worker has, and of further ones. */
const JOBS_PER_ACTIVE = 2, FURTHER_JOBS = 4;
/** Maximum number of jobs under way. */
const MAX_JOBS = 4_000;
/** Maximum number of jobs, and of characters of their runs, in a statement. */
const MAX_JOINED_JOBS = 100, MAX_JOINED_CHARACTERS = 4_000_000;
/** Maximum number of jobs under way while no duration is known: the sizes of the others depend on it. */
const MAX_FIRST_JOBS = 64;
/** Time that runs wait for others of their chunk, in milliseconds. */
const GATHER_MS = 100;
/** Time without a worker before a warning, in milliseconds. */
const IDLE_MS = 10_000;
/** Maximum number of times that a run is sent. */
const MAX_SENDS = 3;
/** Divisor of the size of a chunk that is sent again: the run that fails it is alone in the end. */
const SPLIT = 8;
/** Pauses between two looks at the jobs, in milliseconds. */
const MIN_PAUSE_MS = 50, MAX_PAUSE_MS = 500;
/** Pause between two looks at the runs of active jobs, in milliseconds. */
const LOOK_PAUSE_MS = 10_000;

/** A run under way. */
interface Pending {
  readonly run: DispatchedRun;
  readonly resolve: (end: DispatchEnd) => void;
  readonly reject: (error: unknown) => void;
  /** Number of times that it was sent. */
  sends: number;
}

/** A job to send. */
interface NewJob {
  readonly data: JobData;
  readonly runs: readonly Pending[];
}

/** Options of {@linkcode ChunkDispatcher}. */
export interface DispatchOptions {
  /** True to leave the runs to the workers once they are sent. */
  readonly isDetached: boolean;
  /** Command that starts a worker, for messages. Default: `stet worker`. */
  readonly workerCommand: string | undefined;
}

/** Hands runs to the workers of a queue, many in a job. */
export class ChunkDispatcher implements Dispatcher {
  readonly #queue: JobQueue;
  readonly #sweep: DispatchedSweep;
  readonly #sent: SentJobs;
  readonly #isDetached: boolean;
  readonly #workerCommand: string;
  readonly #attempts: JobData["attempts"];
  readonly #size = new ChunkSize();
  /** Runs that are to be sent. */
  readonly #unsent: Pending[] = [];
  /** Chunks that are to be sent again. */
  readonly #again: Pending[][] = [];
  /** Sends runs that make no whole chunk. */
  #gathering: ReturnType<typeof setTimeout> | undefined;
  /** True if a chunk that is not whole may be sent. */
  #isDue = false;
  /** The jobs under way by id, with the runs that wait for them. */
  readonly #jobs = new Map<string, Pending[]>();
  /** Number of jobs that workers had at the last look. */
  #active = 0;
  /** Times of the last looks at the runs of active jobs. */
  readonly #looked = new Map<string, number>();
  /** Time of the last look at which a worker had a job; infinite after the warning that none has. */
  #taken = performance.now();
  #isSending = false;
  #watching: Promise<void> | undefined;
  #isClosed = false;
  /** Number of runs that were left to the workers, and of those among them that were sent before. */
  #left = 0;
  #leftBefore = 0;
  /** Settles when the stop of the sweep is noted in the queue, for its workers. */
  #stopping: Promise<void> | undefined;
  /** The error that ended it, in a box: anything can be thrown. */
  #broken: { readonly error: unknown } | undefined;
  /** Notified when a job was sent or has ended, and when the sweep stops. */
  readonly #changed = new ConditionVariable();

  private constructor(
    queue: JobQueue,
    sweep: DispatchedSweep,
    sent: SentJobs,
    { isDetached, workerCommand = "stet worker" }: DispatchOptions,
  ) {
    this.#queue = queue;
    this.#sweep = sweep;
    this.#sent = sent;
    this.#isDetached = isDetached;
    this.#workerCommand = workerCommand;
    const { retryDelay, ...attempts } = sweep.attempts;
    this.#attempts = { ...attempts, ...typeof retryDelay === "number" && { retryDelay } };
    sweep.stopping.addEventListener("abort", this.#onStop);
    sweep.aborting.addEventListener("abort", this.#onStop);
  }

  /** Returns the dispatcher of a sweep. */
  static async open(
    queue: JobQueue,
    sweep: DispatchedSweep,
    options: DispatchOptions,
  ): Promise<ChunkDispatcher> {
    const sent = await SentJobs.read(queue);
    const dispatcher = new ChunkDispatcher(queue, sweep, sent, options);
    for (const output of await queue.outputs()) dispatcher.#size.learn(output);
    return dispatcher;
  }

  /** Enough for each worker's job and the next one. */
  get maxRuns(): number {
    const jobs = JOBS_PER_ACTIVE * this.#active + FURTHER_JOBS;
    return Math.max(MIN_RUNS, Math.min(MAX_RUNS, jobs * this.#size.next));
  }

  run(run: DispatchedRun): Promise<DispatchEnd> {
    if (this.#broken) return Promise.reject(this.#broken.error);
    if (this.#sweep.stopping.aborted) return Promise.resolve({ status: "aborted" });
    const id = this.#sent.jobOf(run.fingerprint);
    if (id !== undefined && this.#isDetached) {
      this.#left++;
      this.#leftBefore++;
      return Promise.resolve({ status: "left" });
    }
    const { promise, resolve, reject } = Promise.withResolvers<DispatchEnd>();
    const pending: Pending = { run, resolve, reject, sends: 0 };
    if (id === undefined) this.#add(pending);
    else this.#attach(id, pending);
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep.stopping.removeEventListener("abort", this.#onStop);
    this.#sweep.aborting.removeEventListener("abort", this.#onStop);
    clearTimeout(this.#gathering);
    this.#changed.notifyAll();
    await this.#watching;
    await this.#stopping?.catch(() => {}); // its error has broken the sweep
    if (this.#isDetached) {
      const before = this.#leftBefore > 0 ? `, ${this.#leftBefore} of them before` : "";
      this.#sweep.log(`[stet] Sent ${counted(this.#left, "run")} to workers${before}`);
    }
    await this.#queue.close();
  }

  /** Adds a run to the unsent ones, which are sent at once if they make a chunk, else a little later. */
  #add(pending: Pending): void {
    this.#unsent.push(pending);
    if (this.#unsent.length >= this.#size.next) this.#send();
    else this.#gathering ??= setTimeout(() => this.#send(), GATHER_MS);
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isDue = true;
    if (this.#isSending) return;
    this.#isSending = true;
    void this.#sendAll().catch((error) => this.#break(error)).finally(() =>
      this.#isSending = false
    );
  }

  /** Sends the runs that wait, many jobs in one statement. */
  async #sendAll(): Promise<void> {
    while (this.#again.length > 0 || this.#unsent.length > 0) {
      if (this.#sweep.stopping.aborted) return this.#abortUnsent();
      if (this.#isFull) {
        await this.#changed.wait();
        continue;
      }
      const jobs = this.#takeJobs();
      if (jobs.size === 0) return; // the rest waits for others of its chunk
      try {
        await this.#queue.send([...jobs].map(([id, { data }]) => ({ id, data })));
      } catch (error) {
        for (const { runs } of jobs.values()) for (const { reject } of runs) reject(error);
        throw error;
      }
      for (const [id, { runs }] of jobs) {
        for (const pending of runs) {
          pending.sends++;
          if (!this.#isDetached) this.#attach(id, pending);
          else {
            this.#left++;
            pending.resolve({ status: "left" });
          }
        }
      }
      if (this.#sweep.stopping.aborted) this.#onStop();
    }
  }

  /** Takes runs for jobs that are sent together. */
  #takeJobs(): Map<string, NewJob> {
    const jobs = new Map<string, NewJob>();
    let characters = 0;
    while (
      jobs.size < MAX_JOINED_JOBS && characters < MAX_JOINED_CHARACTERS &&
      !this.#isFullWith(jobs.size)
    ) {
      const size = this.#size.next;
      const isWhole = this.#unsent.length >= size;
      if (!isWhole && !this.#isDue && this.#again.length === 0) break;
      const runs = this.#again.shift() ?? this.#unsent.splice(0, size);
      if (runs.length === 0) break;
      if (!isWhole) this.#isDue = false;
      this.#size.sent();
      const data = this.#dataOf(runs);
      jobs.set(jobId(this.#queue.name, data.keys), { data, runs });
      characters += data.runs.reduce((sum, { length }) => sum + length, 0);
    }
    return jobs;
  }

  /** True while no more jobs shall be sent. */
  get #isFull(): boolean {
    return this.#isFullWith(0);
  }

  #isFullWith(added: number): boolean {
    if (this.#isDetached) return false;
    return this.#jobs.size + added >= (this.#size.isKnown ? MAX_JOBS : MAX_FIRST_JOBS);
  }

  #dataOf(runs: readonly Pending[]): JobData {
    return {
      version: JOB_VERSION,
      source: this.#sweep.source ?? "",
      save: this.#sweep.save,
      keys: runs.map(({ run }) => keyText(run.fingerprint)).join(""),
      runs: runs.map(({ run: { item, params, spelled } }) =>
        encodeRun(
          encodeItem(item, "params"),
          spelled && runName(spelled) !== runName(params) ? spelled : undefined,
        )
      ),
      attempts: this.#attempts,
    };
  }

  /** Has a run wait for a job. */
  #attach(id: string, pending: Pending): void {
    const runs = this.#jobs.get(id);
    if (runs) runs.push(pending);
    else this.#jobs.set(id, [pending]);
    this.#watching ??= this.#watch().catch((error) => this.#break(error));
  }

  /** Looks at the jobs under way until it is closed. */
  async #watch(): Promise<void> {
    for (let pause = MIN_PAUSE_MS; !this.#isClosed && !this.#broken;) {
      const start = performance.now();
      const ended = this.#jobs.size === 0 ? 0 : await this.#lookAtJobs();
      pause = ended > 0 ? MIN_PAUSE_MS : Math.min(pause * 1.5, MAX_PAUSE_MS);
      await this.#changed.wait(Math.max(pause, 3 * (performance.now() - start)));
    }
  }

  /** Settles the runs of jobs that have ended, and returns the number of those jobs. */
  async #lookAtJobs(): Promise<number> {
    const ids = [...this.#jobs.keys()];
    const states = new Map((await this.#queue.states(ids)).map((state) => [state.id, state]));
    const ended = ids.filter((id) => !/created|retry|active/.test(states.get(id)?.state ?? ""));
    const active = ids.filter((id) => states.get(id)?.state === "active");
    this.#active = active.length;
    this.#warnIfIdle(ended.length + active.length > 0);
    await Promise.all([
      ...ended.map((id) => this.#settle(id, states.get(id))),
      this.#lookAtRuns(active),
    ]);
    if (ended.length > 0) this.#changed.notifyAll();
    return ended.length;
  }

  /** Warns once when no worker has taken a job for a while. */
  #warnIfIdle(isTaken: boolean): void {
    if (isTaken) this.#taken = performance.now();
    else if (performance.now() - this.#taken > IDLE_MS) {
      this.#taken = Infinity;
      this.#sweep.log(
        `[stet] No worker takes the ${
          counted(this.#jobs.size, "job")
        } that wait: start some with ` +
          this.#workerCommand,
      );
    }
  }

  /** Settles the runs that are done in jobs that take long. */
  async #lookAtRuns(active: readonly string[]): Promise<void> {
    const now = performance.now();
    const late = active.filter((id) => {
      const looked = this.#looked.get(id);
      const isLate = looked !== undefined && now - looked > LOOK_PAUSE_MS;
      if (looked === undefined || isLate) this.#looked.set(id, now);
      return isLate;
    });
    await Promise.all(late.map(async (id) => {
      const runs = this.#jobs.get(id) ?? [];
      const areDone = await Promise.all(runs.map(({ run }) => run.isDone()));
      const left = runs.filter((pending, i) => {
        if (areDone[i]) pending.resolve({ status: "done" });
        return !areDone[i];
      });
      if (left.length > 0) this.#jobs.set(id, left);
      else this.#forget(id);
    }));
  }

  #forget(id: string): void {
    this.#jobs.delete(id);
    this.#looked.delete(id);
  }

  /** Settles the runs of a job that has ended, or is gone. */
  async #settle(id: string, job: JobState | undefined): Promise<void> {
    const runs = this.#jobs.get(id) ?? [];
    this.#forget(id);
    const output = job?.output ?? {};
    this.#size.learn(output);
    const failures = new Map(output.failed?.map((failure) => [failure.run, failure]));
    const restJobs = new Map(
      output.rest?.flatMap(({ id, keys }) => keysIn(keys).map((key) => [key, id] as const)),
    );
    const again: Pending[] = [];
    // All looks at once, so that the store joins them.
    await Promise.all(runs.map(async (pending) => {
      if (await pending.run.isDone()) return pending.resolve({ status: "done" });
      const failure = failures.get(runName(pending.run.params));
      if (failure) return pending.resolve({ status: "failed", error: errorOf(failure) });
      again.push(pending);
    }));
    const lost = again.filter((pending) => {
      const rest = restJobs.get(keyText(pending.run.fingerprint));
      if (rest !== undefined) this.#attach(rest, pending);
      return rest === undefined;
    });
    this.#sendAgain(lost, job);
  }

  /** Sends runs again whose job has ended without them. */
  #sendAgain(runs: readonly Pending[], job: JobState | undefined): void {
    if (runs.length === 0) return;
    if (this.#sweep.stopping.aborted) {
      for (const { resolve } of runs) resolve({ status: "aborted" });
      return;
    }
    const left = runs.filter((pending) => {
      if (pending.sends < MAX_SENDS) return true;
      const how = job ? `${job.state}: ${job.output?.message ?? "without a reason"}` : "gone";
      const error = new Error(
        `workers got it ${pending.sends} times and did not run it; its job is ${how}`,
      );
      pending.resolve({ status: "failed", error });
      return false;
    });
    const size = Math.min(MAX_CHUNK, Math.ceil(runs.length / SPLIT));
    for (let i = 0; i < left.length; i += size) this.#again.push(left.slice(i, i + size));
    this.#send();
  }

  /** The sweep stops: nothing more is sent, jobs that wait are cancelled, active ones finish what runs. */
  readonly #onStop = (): void => {
    this.#abortUnsent();
    this.#changed.notifyAll();
    if (this.#isDetached) return;
    const ids = [...this.#jobs.keys()];
    const isAborted = this.#sweep.aborting.aborted;
    if (isAborted) {
      for (const runs of this.#jobs.values()) {
        for (const { resolve } of runs) resolve({ status: "aborted" });
      }
      this.#jobs.clear();
    }
    if (ids.length === 0) return;
    const stopped = isAborted ? this.#queue.cancel(ids) : this.#queue.stop(ids);
    this.#stopping = Promise.all([this.#stopping, stopped]).then(() => this.#changed.notifyAll());
    this.#stopping.catch((error) => this.#break(error));
  };

  #abortUnsent(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const unsent = [...this.#again.splice(0).flat(), ...this.#unsent.splice(0)];
    for (const { resolve } of unsent) resolve({ status: "aborted" });
  }

  /** Rejects all runs under way. */
  #break(error: unknown): void {
    this.#broken ??= { error };
    const runs = [...this.#again.splice(0), this.#unsent.splice(0), ...this.#jobs.values()];
    for (const { reject } of runs.flat()) reject(error);
    this.#jobs.clear();
    this.#changed.notifyAll();
  }
}

function errorOf({ name, message, stack }: SentFailure): unknown {
  return receiveError({ name, message, stack, fields: {} });
}
