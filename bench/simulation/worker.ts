import type { Claim } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { LostClaimError } from "../../core/errors.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { Host } from "./host.ts";
import type { Job, Jobs } from "./jobs.ts";
import type { Cause, Ledger } from "./ledger.ts";
import type { Timeline } from "./timeline.ts";

/** Time that the keys of a job take, in milliseconds. */
const MIN_RUN_MS = 5_000, MAX_RUN_MS = 55_000;
/** Pauses before keys that others run are asked for again, in milliseconds. */
const MIN_PAUSE_MS = 10, MAX_PAUSE_MS = 2_000;

const shape = keyShape(["n"]);

/** What a worker works with. */
export interface WorkerParts {
  readonly host: Host;
  readonly backend: Engine;
  readonly timeline: Timeline;
  readonly ledger: Ledger;
  readonly jobs: Jobs;
}

/** A time in which a worker could lose claims. */
export interface Failure {
  readonly cause: Cause;
  readonly time: number;
  /** Time after which it has none of its claims at all. */
  readonly until: number;
  readonly isDeath: boolean;
}

/** A process that claims, executes and records the keys of one job after the other. */
export class Worker {
  readonly number: number;
  readonly host: Host;
  readonly #backend: Engine;
  readonly #parts: WorkerParts;
  readonly #failures: Failure[] = [];
  job: Job | undefined;
  /** True once it takes no more jobs. */
  isLeaving = false;

  constructor(number: number, parts: WorkerParts) {
    this.number = number;
    this.host = parts.host;
    this.#backend = parts.backend;
    this.#parts = parts;
    parts.ledger.add(this);
    parts.host.onSessionEnd = () => {
      if (parts.host.isBlocked) this.fail("blocked", 0);
    };
  }

  toString(): string {
    return `worker ${this.number}`;
  }

  /** Notes that it may lose claims from a time on. */
  fail(cause: Cause, ms: number, isDeath = false): void {
    const { now } = this.#parts.timeline;
    this.#failures.push({ cause, time: now, until: now + ms, isDeath });
  }

  /** Returns the first failure after a time, or undefined. */
  failureSince(time: number): Failure | undefined {
    return this.#failures.find(({ until }) => until >= time);
  }

  async work(): Promise<void> {
    const { jobs } = this.#parts;
    while (!this.isLeaving) {
      const job = await jobs.next(this);
      await this.#do(job);
      this.job = undefined;
      jobs.complete(job);
    }
    await this.#backend.close();
    this.host.isDead = true;
  }

  async #do({ from, to }: Job): Promise<void> {
    const left = new Set(Array.from({ length: to - from }, (_, i) => from + i));
    for (let pause = MIN_PAUSE_MS; left.size > 0; pause = Math.min(1.5 * pause, MAX_PAUSE_MS)) {
      const count = left.size;
      await this.#attempt(left);
      if (left.size === 0) return;
      if (left.size < count) pause = MIN_PAUSE_MS;
      this.#parts.ledger.wait(pause, left);
      await this.#sleep(pause);
    }
  }

  /** Claims keys, executes those that are free, and takes out those that are done. */
  async #attempt(left: Set<number>): Promise<void> {
    const { ledger, timeline } = this.#parts;
    const claims: (readonly [number, Claim])[] = [];
    await Promise.all(Array.from(left, async (n) => {
      const answer = await this.#backend.claim(keyOf(shape, { n }));
      if (answer.state === "done") left.delete(n);
      else if (answer.state === "claimed") claims.push([n, answer.claim]);
    }));
    if (claims.length === 0) return;
    const begun = timeline.now;
    for (const [n] of claims) ledger.begin(n, this);
    await this.#sleep(timeline.between(MIN_RUN_MS, MAX_RUN_MS));
    await Promise.all(claims.map(async ([n, claim]) => {
      try {
        await claim.record({ n, result: this.number });
        ledger.recorded(n, this);
        left.delete(n);
      } catch (error) {
        if (!(error instanceof LostClaimError)) throw error;
        ledger.refused(n, this, begun); // another worker has the key, or had it
        await claim.release();
      }
    }));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.host.clock.after(ms, resolve));
  }
}
