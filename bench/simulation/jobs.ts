import type { Timeline } from "./timeline.ts";
import type { Worker } from "./worker.ts";

/** A range of keys, as an engine delivers it: at least once. */
export interface Job {
  readonly from: number;
  readonly to: number;
  isDone: boolean;
}

/** Time after which an engine delivers the job of a worker without a heart-beat again, in milliseconds. */
const HEARTBEAT_MS = 10_000;
/** Portion of the jobs that are delivered twice though nothing is wrong. */
const TWICE = 0.005;

/** The jobs of an engine such as pg-boss. */
export class Jobs {
  readonly #timeline: Timeline;
  readonly #queue: Job[] = [];
  readonly #waiting: { readonly worker: Worker; readonly take: (job: Job) => void }[] = [];
  #left: number;
  idleMs = 0;

  constructor(timeline: Timeline, keys: number, jobKeys: number) {
    this.#timeline = timeline;
    for (let from = 0; from < keys; from += jobKeys) {
      this.#queue.push({ from, to: Math.min(from + jobKeys, keys), isDone: false });
    }
    this.#left = this.#queue.length;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  /** Delivers a job to a worker, as soon as there is one. */
  next(worker: Worker): Promise<Job> {
    const start = this.#timeline.now;
    return new Promise((resolve) => {
      this.#waiting.push({
        worker,
        take: (job) => {
          this.idleMs += this.#timeline.now - start;
          worker.host.run(() => resolve(job));
        },
      });
      this.#deliver();
    });
  }

  /** Notes that all keys of a job are done. */
  complete(job: Job): void {
    if (!job.isDone) this.#left--;
    job.isDone = true;
  }

  #deliver(): void {
    while (this.#waiting.length > 0 && this.#queue.length > 0) {
      const { worker, take } = this.#waiting.shift()!;
      if (worker.host.isDead) continue;
      const job = this.#queue.shift()!;
      if (job.isDone) {
        this.#waiting.unshift({ worker, take });
        continue;
      }
      worker.job = job;
      take(job);
      if (this.#timeline.random() < TWICE) this.#again(job, this.#timeline.between(0, 60_000));
      if (worker.host.isCut) this.expect(worker);
    }
  }

  /** Delivers the job of a worker that died or is cut off again, unless it comes back before. */
  expect(worker: Worker): void {
    const { job } = worker;
    if (!job) return;
    const lost = this.#timeline.now;
    this.#timeline.at(lost + HEARTBEAT_MS, () => {
      if (worker.host.isDead || worker.host.wasCutSince(lost)) this.#again(job, 0);
    });
  }

  #again(job: Job, ms: number): void {
    this.#timeline.at(this.#timeline.now + ms, () => {
      if (job.isDone) return;
      this.#queue.unshift(job);
      this.#deliver();
    });
  }
}
