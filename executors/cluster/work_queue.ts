import { counted } from "../../core/display/counted.ts";
import { availableParallelism } from "node:os";
import { processName } from "../../backends/postgres/owner.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import { messageOf } from "../../core/errors.ts";
import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import type { Executor, Job } from "../../core/runs/executor.ts";
import { fingerprintOf } from "../../core/runs/fingerprint_of.ts";
import {
  beginInterruptible,
  endInterruptible,
  type Interruptible,
} from "../../core/runtime/interrupt.ts";
import { sleep } from "../../core/runtime/poll.ts";
import { printError } from "../../core/runtime/print_error.ts";
import { sweep } from "../../core/sweeps/sweep.ts";
import { checkOptions, type OptionForms } from "../../core/options/check_options.ts";
import { executor, flag, log, signal, text, wholeFrom } from "../../core/options/option_forms.ts";
import { type Target, targetOf } from "../../core/runs/target.ts";
import type { BossJob } from "../../packages/pg_boss.ts";
import { type JobData, jobId, type JobOutput, type RestJob } from "./chunk.ts";
import { CHUNK_SECONDS, sizeFor } from "./chunk_size.ts";
import { type Beat, JobQueue } from "./job_queue.ts";
import { ReceivedChunk } from "./received_chunk.ts";
import { checkJob, UnfitJobsError } from "./unfit_jobs_error.ts";
import type { ClusterWorkerCounts, ClusterWorkerOptions } from "./worker_options.ts";

/** Time after which a chunk that has runs left is given back, in milliseconds. */
const SLICE_MS = 3_000 * CHUNK_SECONDS;
/** Interval of heartbeats, in milliseconds. */
const BEAT_MS = 3_000;
/** Pauses between two looks for jobs, in milliseconds. */
const MIN_PAUSE_MS = 50, MAX_PAUSE_MS = 2_000;
/** Pause of a place after a job that could not be run, in milliseconds. */
const FAILED_PAUSE_MS = 1_000;
/** Work whose keys are claimed ahead, in seconds, and the maximum number of its runs. */
const AHEAD_SECONDS = 0.1, MAX_AHEAD = 100;

const OPTIONS: OptionForms<ClusterWorkerOptions> = {
  executor,
  concurrency: wholeFrom(1),
  signal,
  handleSignals: flag,
  workerCommand: text,
  log,
};

/** Works for the queue of a function until it is drained. See `clusterWorker`. */
export async function workQueue(
  swept: object,
  url: string,
  options: ClusterWorkerOptions,
): Promise<ClusterWorkerCounts> {
  checkOptions("work on a cluster", options, OPTIONS);
  const { log = printError, handleSignals = false } = options;
  let worker: QueueWorker | undefined;
  try {
    return await withQueue(swept, url, "worker", log, async (target, queue) => {
      worker = new QueueWorker(swept, target, queue, options, log);
      if (handleSignals) beginInterruptible(worker);
      return await worker.work();
    });
  } finally {
    if (worker && handleSignals) endInterruptible(worker); // ends the process after a signal
  }
}

/** Cancels the jobs of a function. See `cancelCluster`. */
export async function cancelQueue(swept: object, url: string): Promise<number> {
  return await withQueue(swept, url, "cancel", printError, (_, queue) => queue.cancelAll());
}

async function withQueue<T>(
  swept: object,
  url: string,
  role: string,
  warn: (message: string) => void,
  body: (target: Target, queue: JobQueue) => Promise<T>,
): Promise<T> {
  const target = targetOf(swept);
  if (!target) {
    throw new TypeError(
      "Cannot work on a cluster: give it a function that once() has wrapped, or a Store",
    );
  }
  const end = await target.begin();
  return await closeAfter(async () => {
    const { label, namespace, engine: { location } } = target;
    const options = { instance: `stet ${role} ${label}`, warn };
    const queue = await JobQueue.open(url, { label, location, namespace }, options);
    return await closeAfter(() => body(target, queue), () => queue.close());
  }, end);
}

/** A job under way. */
interface Running {
  readonly job: BossJob;
  /** Has no more runs begin. */
  readonly stop: AbortController;
  /** Ends the runs under way. */
  readonly abort: AbortController;
  /** True if the runs that are left are no longer wanted. */
  isDropped: boolean;
}

/** Runs the jobs of a queue, several at a time. */
class QueueWorker implements Interruptible {
  readonly #swept: object;
  readonly #target: Target;
  readonly #queue: JobQueue;
  readonly #options: ClusterWorkerOptions;
  readonly #log: (message: string) => void;
  readonly #concurrency: number;
  readonly #running = new Set<Running>();
  readonly #name = processName();
  readonly #counts = { jobs: 0, ran: 0, failed: 0 };
  /** Mean duration of a run in the last chunk, in seconds. */
  #seconds: number | undefined;
  #isDraining = false;
  #refusal: UnfitJobsError | undefined;
  readonly #changed = new ConditionVariable();

  constructor(
    swept: object,
    target: Target,
    queue: JobQueue,
    options: ClusterWorkerOptions,
    log: (message: string) => void,
  ) {
    this.#swept = swept;
    this.#target = target;
    this.#queue = queue;
    this.#options = options;
    this.#log = log;
    this.#concurrency = options.concurrency ?? availableParallelism();
  }

  /** Works until it is drained. */
  async work(): Promise<ClusterWorkerCounts> {
    const { executor, signal } = this.#options;
    const waiting = await this.#queue.peek();
    if (waiting) this.#check(waiting);
    const drain = (): void => this.#drain();
    signal?.addEventListener("abort", drain);
    if (signal?.aborted) drain();
    let beats: ReturnType<typeof setInterval> | undefined;
    try {
      await executor.open?.(); // throws what would make every run fail
      beats = setInterval(() => void this.#beat(), BEAT_MS);
      this.#log(
        `[stet] Waiting for runs of ${this.#target.label}, ${this.#concurrency} at once; Ctrl-C or ` +
          `SIGTERM drains`,
      );
      await this.#fetchJobs();
      while (this.#running.size > 0) await this.#changed.wait();
    } finally {
      clearInterval(beats);
      signal?.removeEventListener("abort", drain);
      await executor.close?.();
    }
    const { jobs, ran, failed } = this.#counts;
    this.#log(`[stet] ${ran} ran, ${failed} failed, in ${counted(jobs, "job")}`);
    if (this.#refusal) throw this.#refusal;
    return { ...this.#counts };
  }

  /** The first signal drains, the second aborts. */
  interrupt(times: 1 | 2): void {
    this.#drain();
    if (times === 1 && this.#running.size > 0) {
      this.#log(
        `[stet] Draining: finishing what runs (${
          counted(this.#running.size, "job")
        }); once more aborts it`,
      );
    }
    if (times === 1) return;
    for (const { abort } of this.#running) abort.abort(new Error("the worker was ended"));
  }

  /** Fetches no more jobs, and has no more runs begin. */
  #drain(): void {
    this.#isDraining = true;
    for (const { stop } of this.#running) stop.abort();
    this.#changed.notifyAll();
  }

  async #fetchJobs(): Promise<void> {
    for (let pause = MIN_PAUSE_MS; !this.#isDraining;) {
      const free = this.#concurrency - this.#running.size;
      if (free <= 0) {
        await this.#changed.wait();
        continue;
      }
      const jobs = await this.#fetch(free);
      for (const job of jobs) this.#begin(job);
      pause = jobs.length > 0 ? MIN_PAUSE_MS : Math.min(pause * 1.5, MAX_PAUSE_MS);
      // With all places taken it waits for one; else the queue was empty.
      if (jobs.length < free) await this.#changed.wait(pause * (0.5 + Math.random()));
    }
  }

  /** Fetches jobs. A server that cannot be reached for long has none. */
  async #fetch(count: number): Promise<BossJob[]> {
    try {
      return await this.#queue.fetch(count);
    } catch (error) {
      this.#log(`[stet] Cannot look for jobs: ${messageOf(error)}; trying again`);
      return [];
    }
  }

  #begin(job: BossJob): void {
    const running: Running = {
      job,
      stop: new AbortController(),
      abort: new AbortController(),
      isDropped: false,
    };
    this.#running.add(running);
    if (this.#isDraining) running.stop.abort(); // fetched as the signal came
    void this.#run(running).finally(() => {
      this.#running.delete(running);
      this.#changed.notifyAll();
    });
  }

  /** Runs a job to its end. Never rejects: what fails is given back. */
  async #run(running: Running): Promise<void> {
    const { job } = running;
    try {
      const data = job.data as JobData;
      this.#check(data);
      if (data.save) this.#target.saveResults?.();
      const output = await this.#runChunk(running);
      if (running.abort.signal.aborted) {
        return await this.#queue.fail(job, running.abort.signal.reason);
      }
      await this.#queue.complete(job, output);
      this.#counts.jobs++;
    } catch (error) {
      if (error instanceof UnfitJobsError) {
        this.#refusal = error;
        this.#drain();
      }
      this.#log(`[stet] Cannot run a job: ${messageOf(error)}; it is given back`);
      await this.#queue.fail(job, error).catch((trouble) =>
        this.#log(`[stet] Cannot give a job back: ${messageOf(trouble)}; its heartbeat ends`)
      );
      await sleep(FAILED_PAUSE_MS); // what failed may fail again at once
    }
  }

  async #runChunk(running: Running): Promise<JobOutput> {
    const { stop, abort } = running;
    const chunk = new ReceivedChunk(
      running.job,
      (item) => this.#target.params(this.#target.plan(item)),
    );
    const start = performance.now();
    let rest: Promise<RestJob[]> | undefined;
    const giveBack = (): void => {
      if (!running.isDropped && chunk.left > 0) {
        rest ??= this.#giveBack(running.job, chunk, (performance.now() - start) / 1000);
        rest.catch(() => {}); // thrown where it is awaited, which may be later
      }
    };
    let ran = 0;
    const sweeping = sweep(this.#swept, chunk.runs.map(({ item }) => item), {
      ...chunk.attempts,
      executor: this.#executorOf(chunk),
      concurrency: 1,
      claimAhead: this.#claimAhead,
      stopSignal: stop.signal,
      signal: abort.signal,
      retryPermanent: true, // the coordinator has left out the others
      handleSignals: false,
      log: this.#log,
    });
    const slice = setTimeout(() => stop.abort(), SLICE_MS);
    try {
      const outcomes = sweeping[Symbol.asyncIterator]();
      stop.signal.addEventListener("abort", giveBack); // after the sweep's own: no run begins any more
      if (stop.signal.aborted) giveBack();
      for (let next = await outcomes.next(); !next.done; next = await outcomes.next()) {
        const outcome = next.value;
        if (outcome.status === "skipped") chunk.skip(outcome.params);
        if (outcome.status === "failed") chunk.fail(outcome.params, outcome.error);
        if (outcome.status === "ran") ran++;
      }
    } finally {
      clearTimeout(slice);
      stop.signal.removeEventListener("abort", giveBack);
    }
    this.#counts.ran += ran;
    this.#counts.failed += chunk.failed.length;
    const { seconds } = chunk;
    if (seconds !== undefined) this.#seconds = seconds;
    return {
      worker: this.#name,
      ran,
      ...seconds !== undefined && { seconds },
      failed: chunk.failed,
      rest: await rest ?? [],
    };
  }

  /** Sends the runs of a chunk that were not begun as jobs of their own, for all workers. */
  async #giveBack(job: BossJob, chunk: ReceivedChunk, seconds: number): Promise<RestJob[]> {
    const begun = chunk.runs.length - chunk.left;
    const size = begun === 0 ? chunk.runs.length : sizeFor(seconds / begun); // those under way too
    // Ids of their own: the rest can be the whole job, which is active still.
    const parts = chunk.rest(size).map((data) => ({ id: jobId(job.id, data.keys), data }));
    await this.#queue.send(parts);
    return parts.map(({ id, data: { keys } }) => ({ id, keys }));
  }

  /** Returns the executor, with notes of what begins, and params as they were written. */
  #executorOf(chunk: ReceivedChunk): Executor {
    const { executor } = this.#options;
    return {
      concurrency: 1,
      check: (job) => executor.check?.(job),
      async run(job: Job): Promise<unknown> {
        const spelled = chunk.begin(job.params);
        const start = performance.now();
        try {
          return await executor.run(
            spelled ? Object.create(job, { params: { value: spelled } }) as Job : job,
          );
        } finally {
          chunk.took((performance.now() - start) / 1000);
        }
      },
    };
  }

  /** Number of runs whose keys are claimed ahead: of short runs only, so that no other worker waits for them. */
  get #claimAhead(): number {
    return Math.min(
      MAX_AHEAD,
      Math.floor(AHEAD_SECONDS / Math.max(this.#seconds ?? Infinity, 1e-6)),
    );
  }

  async #beat(): Promise<void> {
    const running = [...this.#running];
    if (running.length === 0) return;
    try {
      const beats = new Map(
        (await this.#queue.beat(running.map(({ job }) => job))).map((beat) =>
          [beat.id, beat] as const
        ),
      );
      for (const each of running) this.#heed(each, beats.get(each.job.id));
    } catch (error) {
      this.#log(`[stet] Cannot send heartbeats: ${messageOf(error)}`);
    }
  }

  /** Does what the answer to a heartbeat asks for. */
  #heed(running: Running, beat: Beat | undefined): void {
    if (!beat || beat.state === undefined || beat.state === "cancelled") {
      running.isDropped = true;
      running.abort.abort(new Error("the sweep was cancelled"));
    } else if (beat.isDrained) {
      running.isDropped = true;
      running.stop.abort();
    }
    // If another worker has got the job meanwhile, it finds the keys claimed: this one continues.
  }

  #check(data: JobData): void {
    const { label, engine: { location }, source } = this.#target;
    const fingerprint = (item: unknown): Fingerprint => fingerprintOf(this.#target.plan(item));
    const fn = { label, location, source, fingerprintOf: fingerprint };
    checkJob(data, fn, this.#options.workerCommand);
  }
}
