import type { Database } from "./database.ts";
import type { Timeline } from "./timeline.ts";
import type { Worker } from "./worker.ts";

/**
 * Cause for which a key may be executed again: its worker was killed, cut off for longer than the lease, or its event
 * loop was blocked for longer than the lease while it had no session.
 */
export type Cause = "killed" | "cut" | "blocked";
/** Number of executions beyond one of a key, by cause. */
export type Repeats = Readonly<Record<Cause | "unexplained", number>>;

/** Maximum number of violations that are described. */
const MAX_DESCRIBED = 20;

/** The executions of all keys: the truth that no worker knows. */
export class Ledger {
  readonly #timeline: Timeline;
  readonly #database: Database;
  /** The last worker that executed each key, and when it began. */
  readonly #runners: Int32Array;
  readonly #begun: Float64Array;
  readonly #workers: Worker[] = [];
  readonly violations: string[] = [];
  readonly repeats: Record<keyof Repeats, number> = {
    ...{ killed: 0, cut: 0, blocked: 0, unexplained: 0 },
  };
  executions = 0;
  lateRecords = 0;
  longestWaitMs = 0;
  readonly waitedMs = { forDead: 0, forLiving: 0 };

  constructor(timeline: Timeline, database: Database) {
    this.#timeline = timeline;
    this.#database = database;
    this.#runners = new Int32Array(database.rows.length);
    this.#begun = new Float64Array(database.rows.length);
  }

  /** Adds a worker. Numbers begin at 1. */
  add(worker: Worker): void {
    this.#workers[worker.number] = worker;
  }

  /** Notes that a worker begins to execute a key that it has claimed. */
  begin(n: number, { number }: Worker): void {
    this.executions++;
    const before = this.#workers[this.#runners[n]!];
    if (this.#database.rows[n]! > 0) {
      this.repeats.unexplained++;
      this.violate(`key ${n} was executed though it has a row`);
    } else if (before) {
      const failure = before.failureSince(this.#begun[n]!);
      if (!failure) {
        this.repeats.unexplained++;
        this.violate(`key ${n} was executed by worker ${number} while ${before} ran it`);
      } else {
        this.repeats[failure.cause]++;
        const waited = this.#timeline.now - failure.time;
        if (failure.isDeath) this.longestWaitMs = Math.max(this.longestWaitMs, waited);
      }
    }
    this.#runners[n] = number;
    this.#begun[n] = this.#timeline.now;
  }

  /** Notes that a worker got the answer that its row is recorded. */
  recorded(n: number, { number }: Worker): void {
    const isThere = this.#database.rows[n] === 1 && this.#database.results[n] === number;
    if (!isThere) this.violate(`the row of key ${n} by worker ${number} is not there`);
  }

  /** Notes that the record of a worker, which began to execute the key at a time, was refused. */
  refused(n: number, worker: Worker, begun: number): void {
    this.lateRecords++;
    if (worker.failureSince(begun)) return;
    this.violate(`the record of key ${n} by ${worker}, which never failed, was refused`);
  }

  /** Notes that a worker waits for keys that others hold. */
  wait(ms: number, keys: Iterable<number>): void {
    let isForDead = true;
    for (const n of keys) {
      const runner = this.#workers[this.#runners[n]!];
      isForDead &&= !runner || runner.host.isDead || runner.host.isCut;
    }
    this.waitedMs[isForDead ? "forDead" : "forLiving"] += ms;
  }

  violate(state: string): void {
    if (this.violations.length < MAX_DESCRIBED) this.violations.push(state);
    else this.violations[MAX_DESCRIBED] = "and more";
  }
}
