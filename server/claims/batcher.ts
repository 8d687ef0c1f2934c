import { setImmediate } from "node:timers";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";

/** An operation on the store, and the promise of its result. */
interface Operation {
  run(): void;
  settle(): void;
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
    return new Promise((resolve, reject) => {
      let settle = (): void => {};
      this.#waiting.push({
        run() {
          try {
            const result = operation();
            settle = () => resolve(result);
            // It may reject before it is settled.
            if (result instanceof Promise) result.catch(() => {});
          } catch (error) {
            settle = () => reject(error);
          }
        },
        settle: () => settle(),
        reject,
      });
      if (this.#waiting.length === 1) this.#schedule();
    });
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
      await this.#backend.batch(() => {
        for (const operation of operations) operation.run();
      });
      for (const operation of operations) operation.settle();
    } catch (error) {
      for (const operation of operations) operation.reject(error);
    }
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#schedule();
  }
}
