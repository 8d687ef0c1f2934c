import { setImmediate } from "node:timers";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";

/** Something to do to the store, and who is told what came of it. */
interface Operation {
  run(): void;
  tell(): void;
  fail(error: unknown): void;
}

/** What requests that came at the same time ask of the store is done in one step of it. */
export class Together {
  readonly #backend: Pick<Engine, "batch">;
  #waiting: Operation[] = [];
  #isBusy = false;

  constructor(backend: Pick<Engine, "batch">) {
    this.#backend = backend;
  }

  /** Does something to the store soon, with what else is to be done to it; resolves to its result. */
  do<T>(ask: () => MaybePromise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let tell = (): void => {};
      this.#waiting.push({
        run() {
          try {
            const result = ask();
            tell = () => resolve(result);
            // It may reject before it is told.
            if (result instanceof Promise) result.catch(() => {});
          } catch (error) {
            tell = () => reject(error);
          }
        },
        tell: () => tell(),
        fail: reject,
      });
      if (this.#waiting.length === 1) this.#doSoon();
    });
  }

  /** After all requests that are there have been read, and what was begun has been done. */
  #doSoon(): void {
    if (!this.#isBusy) setImmediate(() => void this.#doAll());
  }

  async #doAll(): Promise<void> {
    this.#isBusy = true;
    const operations = this.#waiting;
    this.#waiting = [];
    try {
      await this.#backend.batch(() => {
        for (const operation of operations) operation.run();
      });
      for (const operation of operations) operation.tell();
    } catch (error) {
      for (const operation of operations) operation.fail(error);
    }
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#doSoon();
  }
}
