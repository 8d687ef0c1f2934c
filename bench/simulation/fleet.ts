import type { Jobs } from "./jobs.ts";
import type { Ledger } from "./ledger.ts";
import type { Server } from "./server.ts";
import type { SimulationOptions } from "./simulation.ts";
import type { Timeline } from "./timeline.ts";
import type { Worker } from "./worker.ts";

/** What happens to workers. */
export const FAULTS = [
  "killed",
  "machine lost",
  "cut shorter than the lease",
  "cut longer than the lease",
  "connections reset",
  "event loop blocked",
  "drained",
] as const;
export type Fault = typeof FAULTS[number];

/** Durations of faults, in milliseconds. */
const SHORT_CUT_MS = [500, 18_000], LONG_CUT_MS = [35_000, 110_000], BLOCK_MS = [35_000, 120_000];
const DOWN_MS = [500, 40_000], REPLACED_MS = [2_000, 20_000], STARTED_MS = [0, 5_000];
const HOUR_MS = 3_600_000;

interface FleetParts extends SimulationOptions {
  readonly timeline: Timeline;
  readonly server: Server;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly startWorker: (number: number) => Worker;
}

/** The workers, and what happens to them and to the server. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #workers: Worker[] = [];
  #number = 0;
  readonly counts = Object.fromEntries(
    [...FAULTS, "gave up", "restart"].map((fault) => [fault, 0]),
  ) as Record<
    Fault | "gave up" | "restart",
    number
  >;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  start(): void {
    const { workers, faultsPerHour, restartsPerHour } = this.#parts;
    for (let i = 0; i < workers; i++) this.#add(STARTED_MS);
    this.#repeat(workers * faultsPerHour * FAULTS.length, () => this.#harm());
    this.#repeat(restartsPerHour, () => this.#restart());
  }

  /** Ends a worker that has not reached the server for so long that its store gave up. */
  giveUp(worker: Worker): void {
    if (worker.host.isDead) return;
    this.counts["gave up"]++;
    this.#end(worker);
  }

  /** Ends the process of a worker, and starts another one. */
  #end(worker: Worker): void {
    worker.host.isDead = true;
    this.#parts.server.leave(worker.host);
    this.#parts.jobs.expect(worker);
    this.#replace(worker);
  }

  #replace(worker: Worker): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    this.#add(REPLACED_MS);
  }

  #between([least, most]: readonly number[]): number {
    return this.#parts.timeline.between(least!, most!);
  }

  #add(after: readonly number[]): void {
    const { timeline, startWorker } = this.#parts;
    timeline.at(timeline.now + this.#between(after), () => {
      this.#workers.push(startWorker(++this.#number));
    });
  }

  /** Calls a function at random times, so often in an hour. */
  #repeat(perHour: number, call: () => void): void {
    if (perHour === 0) return;
    const { timeline } = this.#parts;
    const next = (): void => {
      const pause = -Math.log(1 - timeline.random()) * HOUR_MS / perHour;
      timeline.at(timeline.now + pause, () => {
        call();
        next();
      });
    };
    next();
  }

  #restart(): void {
    const { server } = this.#parts;
    if (server.refusal()) return;
    const ms = this.#between(DOWN_MS);
    server.restart(ms);
    this.counts.restart++;
  }

  #harm(): void {
    const { timeline, server, jobs } = this.#parts;
    const worker = this.#workers[Math.floor(timeline.random() * this.#workers.length)];
    const fault = FAULTS[Math.floor(timeline.random() * FAULTS.length)]!;
    if (!worker || worker.host.isDead || worker.isLeaving) return;
    const { host } = worker;
    this.counts[fault]++;
    const cut = (ms: number): void => {
      host.cut(ms);
      server.watch(host);
      jobs.expect(worker);
    };
    switch (fault) {
      case "killed":
        worker.fail("killed", Infinity, true);
        this.#end(worker);
        break;
      case "machine lost":
        worker.fail("killed", Infinity, true);
        host.isDead = true;
        cut(Infinity);
        this.#replace(worker);
        break;
      case "cut shorter than the lease":
        cut(this.#between(SHORT_CUT_MS));
        break;
      case "cut longer than the lease": {
        const ms = this.#between(LONG_CUT_MS);
        worker.fail("cut", ms);
        cut(ms);
        break;
      }
      case "connections reset":
        server.reset(host);
        break;
      case "event loop blocked": {
        const ms = this.#between(BLOCK_MS);
        host.block(ms);
        if (!server.database.hasLock(host)) worker.fail("blocked", ms);
        break;
      }
      case "drained":
        worker.isLeaving = true;
        this.#replace(worker);
        break;
    }
  }
}
