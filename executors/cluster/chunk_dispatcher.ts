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

/** Maximum number of runs under way: they are what a coordinator keeps in memory. */
const MAX_RUNS = 40_000;
/** Maximum number of jobs under way. */
const MAX_JOBS = 4_000;
/** Maximum number of jobs, and of characters of their runs, in a statement. */
const MAX_JOINED_JOBS = 100, MAX_JOINED_CHARACTERS = 4_000_000;
/** Maximum number of jobs under way while no duration is known, and for how long, in milliseconds. */
const MAX_FIRST_JOBS = 64, FIRST_MS = 3_000;
/** Time that runs wait for others of their chunk, in milliseconds. */
const GATHER_MS = 100;
/** Maximum number of times that a run is sent. */
const MAX_SENDS = 3;
/** Divisor of the size of a chunk that is sent again: the run that fails it is alone in the end. */
const SPLIT = 8;
/** Pauses between two looks at the jobs, in milliseconds. */
const MIN_PAUSE_MS = 50, MAX_PAUSE_MS = 500;
/** Pause between two looks at the runs of active jobs, in milliseconds. */
const LOOK_PAUSE_MS = 5_000;

/** A run under way. */
interface Pending {
  readonly run: DispatchedRun;
  readonly resolve: (end: DispatchEnd) => void;
  readonly reject: (error: unknown) => void;
  /** Number of times that it was sent. */
  sends: number;
}

/** Runs that wait to be sent together. */
interface Chunk {
  readonly runs: readonly Pending[];
}

/** Hands runs to the workers of a queue, many in a job. */
export class ChunkDispatcher implements Dispatcher {
  readonly maxRuns = MAX_RUNS;
  readonly #queue: JobQueue;
  readonly #sweep: DispatchedSweep;
  readonly #sent: SentJobs;
  readonly #isDetached: boolean;
  readonly #attempts: JobData["attempts"];
  readonly #size = new ChunkSize();
  readonly #begun = performance.now();
  /** Runs that wait for others of their chunk. */
  #gathered: Pending[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  /** Chunks that wait to be sent. */
  readonly #chunks: Chunk[] = [];
  /** The jobs under way by id, with the runs that wait for them. */
  readonly #jobs = new Map<string, Pending[]>();
  #isSending = false;
  #watching: Promise<void> | undefined;
  #isClosed = false;
  /** Number of runs that were left to the workers, and of those among them that were sent before. */
  #left = 0;
  #leftBefore = 0;
  /** Settles when workers were told that the sweep stops. */
  #stopping: Promise<void> | undefined;
  /** The error that ended it, in a box: anything can be thrown. */
  #broken: { readonly error: unknown } | undefined;
  /** Notified when a job was sent or has ended, and when the sweep stops. */
  readonly #changed = new ConditionVariable();

  private constructor(
    queue: JobQueue,
    sweep: DispatchedSweep,
    sent: SentJobs,
    isDetached: boolean,
  ) {
    this.#queue = queue;
    this.#sweep = sweep;
    this.#sent = sent;
    this.#isDetached = isDetached;
    const { retryDelay, ...attempts } = sweep.attempts;
    this.#attempts = { ...attempts, ...typeof retryDelay === "number" && { retryDelay } };
    sweep.stopping.addEventListener("abort", this.#onStop);
    sweep.aborting.addEventListener("abort", this.#onStop);
  }

  /**
   * Returns the dispatcher of a sweep.
   *
   * @param isDetached True to leave the runs to the workers once they are sent.
   */
  static async open(
    queue: JobQueue,
    sweep: DispatchedSweep,
    isDetached: boolean,
  ): Promise<ChunkDispatcher> {
    const sent = await SentJobs.read(queue);
    const dispatcher = new ChunkDispatcher(queue, sweep, sent, isDetached);
    for (const output of await queue.outputs()) dispatcher.#size.learn(output);
    return dispatcher;
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
    if (id === undefined) this.#gather(pending);
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
      this.#sweep.log(`[stet] ${this.#left} runs were sent to workers${before}`);
    }
    await this.#queue.close();
  }

  /** Adds a run to the next chunk. */
  #gather(pending: Pending): void {
    this.#gathered.push(pending);
    const size = this.#size.next;
    if (this.#gathered.length >= size) this.#addChunk(this.#gathered.splice(0));
    else this.#gathering ??= setTimeout(() => this.#addGathered(), GATHER_MS);
  }

  #addGathered(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#gathered.length > 0) this.#addChunk(this.#gathered.splice(0));
  }

  #addChunk(runs: readonly Pending[]): void {
    this.#size.sent();
    this.#chunks.push({ runs });
    if (this.#isSending) return;
    this.#isSending = true;
    void this.#sendAll().catch((error) => this.#break(error)).finally(() =>
      this.#isSending = false
    );
  }

  /** Sends the chunks that wait, many in one statement. */
  async #sendAll(): Promise<void> {
    while (this.#chunks.length > 0) {
      if (this.#isFull) {
        await this.#changed.wait(FIRST_MS);
        continue;
      }
      if (this.#sweep.stopping.aborted) return this.#abortUnsent();
      const jobs = new Map<string, { readonly data: JobData; readonly runs: readonly Pending[] }>();
      let characters = 0;
      while (this.#chunks.length > 0 && jobs.size < MAX_JOINED_JOBS) {
        const { runs } = this.#chunks.shift()!;
        const data = this.#dataOf(runs);
        jobs.set(jobId(this.#queue.name, data.keys), { data, runs });
        characters += data.runs.reduce((sum, { length }) => sum + length, 0);
        if (characters > MAX_JOINED_CHARACTERS) break;
      }
      try {
        await this.#queue.send([...jobs].map(([id, { data }]) => ({ id, data })));
      } catch (error) {
        for (const { runs } of jobs.values()) this.#chunks.unshift({ runs }); // rejected as all others
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

  /** True while no more jobs shall be sent. */
  get #isFull(): boolean {
    if (this.#isDetached || this.#sweep.stopping.aborted) return false;
    const isFirst = !this.#size.isKnown && performance.now() - this.#begun < FIRST_MS;
    return this.#jobs.size >= (isFirst ? MAX_FIRST_JOBS : MAX_JOBS);
  }

  #dataOf(runs: readonly Pending[]): JobData {
    return {
      version: JOB_VERSION,
      source: this.#sweep.source ?? "",
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
    let lastLook = performance.now();
    for (let pause = MIN_PAUSE_MS; !this.#isClosed && !this.#broken;) {
      const start = performance.now();
      const ended = this.#jobs.size === 0 ? 0 : await this.#lookAtJobs();
      const time = performance.now() - start;
      pause = ended > 0 ? MIN_PAUSE_MS : Math.min(pause * 1.5, MAX_PAUSE_MS);
      if (start - lastLook > LOOK_PAUSE_MS) {
        await this.#lookAtRuns();
        lastLook = performance.now() + 10 * (performance.now() - start - time);
      }
      await this.#changed.wait(Math.max(pause, 3 * time));
    }
  }

  /** Settles the runs of jobs that have ended, and returns the number of those jobs. */
  async #lookAtJobs(): Promise<number> {
    const ids = [...this.#jobs.keys()];
    const states = await this.#queue.states(ids);
    const found = new Map(states.map((state) => [state.id, state]));
    const ended = ids.filter((id) => !/created|retry|active/.test(found.get(id)?.state ?? ""));
    await Promise.all(ended.map((id) => this.#settle(id, found.get(id))));
    if (ended.length > 0) this.#changed.notifyAll();
    return ended.length;
  }

  /** Settles the runs that are done in jobs that have not ended: a job may take long. */
  async #lookAtRuns(): Promise<void> {
    await Promise.all([...this.#jobs].map(async ([id, runs]) => {
      const areDone = await Promise.all(runs.map(({ run }) => run.isDone()));
      const left = runs.filter((pending, i) => {
        if (areDone[i]) pending.resolve({ status: "done" });
        return !areDone[i];
      });
      // Others may have been attached meanwhile.
      const added = this.#jobs.get(id)?.slice(runs.length) ?? [];
      if (left.length + added.length > 0) this.#jobs.set(id, [...left, ...added]);
      else this.#jobs.delete(id);
    }));
  }

  /** Settles the runs of a job that has ended, or is gone. */
  async #settle(id: string, job: JobState | undefined): Promise<void> {
    const runs = this.#jobs.get(id) ?? [];
    this.#jobs.delete(id);
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
    for (let i = 0; i < left.length; i += size) this.#addChunk(left.slice(i, i + size));
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
    for (const { runs } of [...this.#chunks.splice(0), { runs: this.#gathered.splice(0) }]) {
      for (const { resolve } of runs) resolve({ status: "aborted" });
    }
  }

  /** Rejects all runs under way. */
  #break(error: unknown): void {
    this.#broken ??= { error };
    const chunks = [...this.#chunks.splice(0), { runs: this.#gathered.splice(0) }];
    for (const runs of [...chunks.map(({ runs }) => runs), ...this.#jobs.values()]) {
      for (const { reject } of runs) reject(error);
    }
    this.#jobs.clear();
    this.#changed.notifyAll();
  }
}

function errorOf({ name, message, stack }: SentFailure): unknown {
  return receiveError({ name, message, stack, fields: {} });
}
