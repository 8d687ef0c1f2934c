import { setImmediate } from "node:timers";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";

/** An operation on the store for a request. */
interface Operation {
  /** Runs it, and returns the function that settles its promise. */
  run(): () => void;
  reject(error: unknown): void;
}

/** Runs the operations of requests that arrive at the same time in one batch of the store. */
export class Batcher {
  readonly #backend: Pick<Engine, "batch">;
  #waiting: Operation[] = [];
  #isBusy = false;

  constructor(backend: Pick<Engine, "batch">) {
    this.#backend = backend;
  }

  /** Runs an operation in the next batch; resolves to its result once the batch is kept. */
  do<T>(operation: () => MaybePromise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({
      run() {
        try {
          const result = operation();
          if (result instanceof Promise) result.catch(() => {}); // it may reject before it is settled
          return () => resolve(result);
        } catch (error) {
          return () => reject(error);
        }
      },
      reject,
    });
    if (this.#waiting.length === 1) this.#schedule();
    return promise;
  }

  /** Schedules a batch after all requests that have arrived are read, and the batch under way has ended. */
  #schedule(): void {
    if (!this.#isBusy) setImmediate(() => void this.#runBatch());
  }

  async #runBatch(): Promise<void> {
    this.#isBusy = true;
    const operations = this.#waiting;
    this.#waiting = [];
    try {
      let settles: (() => void)[] = [];
      await this.#backend.batch(() => settles = operations.map((operation) => operation.run()));
      for (const settle of settles) settle();
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#schedule();
  }
}
