import { setImmediate } from "node:timers";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";

/** An operation on the store for a request. */
interface Operation {
  /** Runs it, and returns the function that settles its promise. */
  run(): () => void;
  reject(error: unknown): void;
}

/**
 * Returns a function that runs an operation in the next batch of a store, with all others that arrive at the
 * same time. It resolves to the operation's result once the batch is kept.
 */
export function batcher(
  backend: Pick<Engine, "batch">,
): <T>(operation: () => MaybePromise<T>) => Promise<T> {
  let waiting: Operation[] = [];
  let isBusy = false;

  /** Schedules a batch after all requests that have arrived are read, and the batch under way has ended. */
  function schedule(): void {
    if (!isBusy) setImmediate(() => void runBatch());
  }

  async function runBatch(): Promise<void> {
    isBusy = true;
    const operations = waiting;
    waiting = [];
    try {
      let settles: (() => void)[] = [];
      await backend.batch(() => settles = operations.map((operation) => operation.run()));
      for (const settle of settles) settle();
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
    isBusy = false;
    if (waiting.length > 0) schedule();
  }

  return <T>(operation: () => MaybePromise<T>) => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    waiting.push({
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
    if (waiting.length === 1) schedule();
    return promise;
  };
}
